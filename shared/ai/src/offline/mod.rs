//! Understanding without a model: word stems, makes and models, numbers.
//!
//! It answers in microseconds, knows no doubt about being reachable, and speaks to the same form as the model does. What
//! words mean is data (`rules.txt`); this module weighs them together with what the sentence is made of.

pub mod learned;
mod replies;
mod rules;
mod words;

use std::borrow::Cow;

use dialog::{AiAnswer, Facts, Intent, MAX_QUESTION_CHARS};
use values::car::Car;
use values::sentence::Numbers;

use rules::{Feature, RULES};
use words::Word;

pub(crate) use replies::reply;

/// What was learned counts so much more than the rules: measured on sentences that neither had seen.
const LEARNED: f32 = 1.5;
/// From here on the rules need no second opinion on what has nothing to do with cars.
const SURE_NONSENSE: f32 = 0.7;
/// Without a word that the rules know, an intent has to be this likely.
const STRONG_LIKENESS: f32 = 0.6;
/// Below this score, words say too little to name an intent.
const ENOUGH: f32 = 2.0;

/// What `text` asks for. `this_year` tells years of manufacture from other numbers. Total: any text has an answer.
#[must_use]
pub fn classify(text: &str, this_year: i16) -> AiAnswer {
    let text = beginning(text, MAX_QUESTION_CHARS);
    let found = values::car::find(&without_vehicle_ids(text)).filter(|found| !is_replaced(&text[..found.span.start]));
    let (car, span) = found.map_or((None, None), |found| (Some(found.car), Some(found.span)));
    let numbers = values::sentence::numbers(text, this_year);
    let features = features(text, car.as_ref(), &numbers);
    let words = words::words(text, span);

    let mut scores = RULES.scores(&words, &features);
    add_shape(&mut scores, &features, &words);
    let (intent, confidence) = weighed(verdict(&scores), &learned::MODEL.probabilities(text));
    AiAnswer {
        intent,
        confidence,
        reply: reply(intent, confidence, car.as_ref(), text),
        facts: Facts {
            model: car.as_ref().and_then(|car| car.model.clone()),
            make: car.map(|car| car.brand),
            year: numbers.year,
            roubles: numbers.money.filter(|_| intent != Intent::Legal),
            km: numbers.mileage,
        },
    }
}

fn features(text: &str, car: Option<&Car>, numbers: &Numbers) -> Vec<Feature> {
    let features = [
        (Feature::Car, car.is_some()),
        (Feature::Model, car.is_some_and(|car| car.model.is_some())),
        (Feature::Money, numbers.money.is_some()),
        (Feature::Year, numbers.year.is_some()),
        (Feature::Mileage, numbers.mileage.is_some()),
        (Feature::Question, text.contains('?')),
        (Feature::Vin, text.split_whitespace().any(is_vehicle_id)),
        (Feature::Range, text.split_whitespace().any(is_range)),
    ];
    features.into_iter().filter(|(_, is_there)| *is_there).map(|(feature, _)| feature).collect()
}

/// Whether the car that follows `before` is the one to be replaced: «что взять вместо старого логана».
fn is_replaced(before: &str) -> bool {
    let mut words = before.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).rev();
    words.by_ref().take(3).any(|word| matches!(word.to_lowercase().as_str(), "вместо" | "взамен" | "смену" | "замену"))
}

/// Two numbers with a dash between, the smaller first: «17-19», «1,5-1,7», «2015–2018г».
fn is_range(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_digit());
    let number = |part: &str| part.replace(',', ".").parse::<f32>().ok().filter(|_| part.len() <= 4);
    let Some((from, to)) = word.split_once(['-', '–', '—']) else { return false };
    matches!((number(from), number(to)), (Some(from), Some(to)) if from < to)
}

/// A VIN, or a plate: letters and digits mixed, and nothing that could be a model («x5», «в200»).
fn is_vehicle_id(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let length = word.chars().count();
    (8..=17).contains(&length)
        && word.chars().filter(char::is_ascii_digit).count() >= 5
        && values::vehicle_id::parse(word).is_ok()
}

/// The text with its VINs and plates blanked, byte for byte: «X4XKL…» names no X4.
fn without_vehicle_ids(text: &str) -> Cow<'_, str> {
    let ids: Vec<&str> = text.split_whitespace().filter(|word| is_vehicle_id(word)).collect();
    ids.into_iter().fold(Cow::Borrowed(text), |text, id| Cow::Owned(text.replace(id, &" ".repeat(id.len()))))
}

/// What the make-up of a sentence says where words are few: an offer names year, mileage and price; a wish names a car or
/// a limit.
fn add_shape(scores: &mut [f32; Intent::COUNT], features: &[Feature], words: &[Word]) {
    let mut add = |intent: Intent, weight: f32| scores[intent as usize] += weight;
    let has = |feature| features.contains(&feature);
    const LIMITS: [&str; 12] = [
        "дороже",
        "больше",
        "более",
        "до",
        "бюджет",
        "от",
        "бюджета",
        "старше",
        "моложе",
        "новее",
        "меньше",
        "максимум",
    ];
    let is_limited = has(Feature::Range) || words.iter().any(|word| LIMITS.contains(&word.letters.as_str()));
    match (has(Feature::Car), has(Feature::Year), has(Feature::Mileage), has(Feature::Money)) {
        (true, true, true, _) if !is_limited => add(Intent::Sell, 3.0),
        (true, _, true, true) if !is_limited => add(Intent::Sell, 3.0),
        (true, true, false, true) if !is_limited => add(Intent::Sell, 3.0),
        (false, true, true, true) if !is_limited => add(Intent::Sell, 3.0),
        (true, ..) => add(Intent::Buy, if has(Feature::Model) { 2.0 } else { 1.5 }),
        (false, _, _, true) if words.len() <= 6 => add(Intent::Find, 1.0),
        _ => {}
    }
}

/// The strongest intent, and how sure that is: the more it outweighs the next one, the surer.
fn verdict(scores: &[f32; Intent::COUNT]) -> (Intent, f32) {
    let (mut first, mut second, mut intent) = (0.0_f32, 0.0_f32, Intent::Unknown);
    for (score, candidate) in scores.iter().zip(Intent::ALL) {
        if *score > first {
            (second, first, intent) = (first, *score, *candidate);
        } else if *score > second {
            second = *score;
        }
    }
    if first < ENOUGH {
        return (Intent::Unknown, 0.3);
    }
    let margin = 1.0 - (-(first - second) / 3.0).exp();
    let strength = (first / 5.0).min(1.0);
    (intent, 0.5 + 0.47 * margin * strength)
}

/// The verdict of the rules, weighed against what sentences like this one meant. Rules that are sure of nonsense or of an
/// attempt to command the bot have the last word; where they find nothing, a likeness has to be strong.
fn weighed((intent, confidence): (Intent, f32), likely: &[f32; Intent::COUNT]) -> (Intent, f32) {
    let strongest = likely.iter().copied().fold(0.0, f32::max);
    if intent == Intent::Unknown && (confidence >= SURE_NONSENSE || strongest < STRONG_LIKENESS) {
        return (intent, confidence);
    }
    let rest = (1.0 - confidence) / (Intent::COUNT - 1) as f32;
    let shares = Intent::ALL.iter().zip(likely).map(|(candidate, likely)| {
        let by_rules = if *candidate == intent { confidence } else { rest };
        (*candidate, (by_rules + LEARNED * likely) / (1.0 + LEARNED))
    });
    shares.fold((Intent::Unknown, 0.0), |best, share| if share.1 > best.1 { share } else { best })
}

/// The first `characters` of `text`.
pub(crate) fn beginning(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(end, _)| end);
    &text[..end]
}
