//! Understanding without a model: word stems, makes and models, numbers.
//!
//! What words mean is data (`rules.txt`), and so is how much the rules' scores, the words themselves and what the
//! sentence is made of weigh (`data/intents.bin`).

mod keyboard;
pub mod learned;
mod left_out;
mod replies;
mod rules;
mod words;

use std::borrow::Cow;
use std::ops::Range;

use dealer::Facts;
use dialog::{AiAnswer, AnsweredBy, Entities, Intent, MAX_QUESTION_CHARS};
use values::car::Car;
use values::sentence::Numbers;

use crate::facts;
use rules::{Feature, RULES};
use words::Word;

pub(crate) use replies::{is_about_the_bot, reply};

/// From this many points on, the rules know what a word is about.
const ENOUGH: f32 = 2.0;
/// How sure a single word can be that the rules know nothing of.
const UNKNOWN_WORD: f32 = 0.6;

/// What `text` asks for. `this_year` tells years of manufacture from other numbers. Total: any text has an answer.
#[must_use]
pub fn classify(text: &str, this_year: i16) -> AiAnswer {
    understood(&as_meant(text), this_year)
}

/// What `text` asks for, and which of the dealer's facts answer it.
#[must_use]
pub fn answer(text: &str, this_year: i16, known: &Facts) -> AiAnswer {
    let text = &as_meant(text);
    facts::settled_by_rules(understood(text, this_year), text, known)
}

fn understood(text: &str, this_year: i16) -> AiAnswer {
    let seen = Seen::of(text, this_year);
    let (intent, confidence) = seen.verdict();
    AiAnswer {
        intent,
        confidence,
        answered_by: AnsweredBy::Nobody,
        reply: reply(intent, confidence, seen.car.as_ref(), text),
        entities: Entities {
            model: seen.car.as_ref().and_then(|car| car.model.clone()),
            make: seen.car.map(|car| car.brand),
            year: seen.numbers.year,
            roubles: seen.numbers.money.filter(|_| intent != Intent::Legal),
            km: seen.numbers.mileage,
        },
    }
}

/// What speaks for one intent or another in `text`: what the weights in `data/intents.bin` are for.
#[must_use]
pub fn evidence(text: &str, this_year: i16) -> Vec<learned::Evidence> {
    Seen::of(&as_meant(text), this_year).evidence()
}

/// As much of `text` as is read, in the letters that were meant.
fn as_meant(text: &str) -> Cow<'_, str> {
    keyboard::as_meant(beginning(text, MAX_QUESTION_CHARS), |word| RULES.knows(&Word::new(word)))
}

/// What can be seen in a text without knowing what it asks for.
struct Seen<'a> {
    text: &'a str,
    car: Option<Car>,
    /// Where the car is named.
    span: Option<Range<usize>>,
    numbers: Numbers,
    features: Vec<Feature>,
    words: usize,
    /// How much the rules speak for each intent.
    scores: [f32; Intent::COUNT],
}

impl<'a> Seen<'a> {
    fn of(text: &'a str, this_year: i16) -> Self {
        let found = left_out::car_meant(without_vehicle_ids(text).into_owned());
        let (car, span) = found.map_or((None, None), |found| (Some(found.car), Some(found.span)));
        let numbers = values::sentence::numbers(text, this_year);
        let features = features(text, car.as_ref(), &numbers);
        let words = words::words(text, span.clone());
        let mut scores = RULES.scores(&words, &features);
        add_shape(&mut scores, &features, &words);
        Self { text, car, span, numbers, features, words: words.len(), scores }
    }

    fn evidence(&self) -> Vec<learned::Evidence> {
        learned::evidence(self.text, self.span.clone(), &self.features, &self.scores)
    }

    /// The likeliest intent, and how likely it is. A single word that the rules know nothing of is never sure.
    fn verdict(&self) -> (Intent, f32) {
        let (intent, likely) = learned::MODEL.likeliest(&self.evidence());
        let is_unknown_word = self.words <= 1 && self.scores.iter().all(|score| *score < ENOUGH);
        (intent, if is_unknown_word { likely.min(UNKNOWN_WORD) } else { likely })
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

/// What the make-up of a sentence says where words are few: an offer names year, mileage and price; a wish names a car
/// or a limit.
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

/// The first `characters` of `text`.
pub(crate) fn beginning(text: &str, characters: usize) -> &str {
    let end = text.char_indices().nth(characters).map_or(text.len(), |(end, _)| end);
    &text[..end]
}
