//! How likely each intent is, weighed by what labelled sentences have taught.
//!
//! A linear classifier over the words of a text, their parts, what else the text has, and the scores of the rules. Its
//! weights are data (`data/intents.bin`), made by `cargo run -p ai --example train`; nothing is learned while the bot
//! runs.

use std::ops::Range;
use std::sync::LazyLock;

use dialog::Intent;

use super::rules::Feature;
use super::words::CAR;

/// Everything that counts shares this many weights for each intent.
pub const BUCKETS: usize = 1 << 17;
/// Longest part of a word that counts, in letters.
const MAX_PART: usize = 5;
/// At most this many words count.
const MAX_WORDS: usize = 120;
/// How much a feature, the number of words, and the rules' score for an intent count beside all words together.
const FEATURE: f32 = 0.5;
const LENGTH: f32 = 0.3;
const SCORE: f32 = 0.5;
/// A rules' score that says much; beyond it more says little.
const HIGH_SCORE: f32 = 6.0;

/// A bucket, and how much it counts in a text.
pub type Evidence = (u32, f32);

/// The weights in use.
pub(super) static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::read(include_bytes!("../../data/intents.bin")).expect("a test reads the file"));

/// A linear classifier with weights of one byte.
#[derive(Clone, Debug)]
pub struct Model {
    bias: [f32; Intent::COUNT],
    /// What one step of a weight is worth.
    step: [f32; Intent::COUNT],
    weights: &'static [u8],
}

impl Model {
    /// Reads weights as [`write()`] writes them; `None` if they are not that long.
    #[must_use]
    pub fn read(bytes: &'static [u8]) -> Option<Self> {
        let (head, weights) = bytes.split_at_checked(2 * 4 * Intent::COUNT)?;
        let mut numbers = head.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap_or_default()));
        let mut next = || numbers.next().unwrap_or_default();
        let (bias, step) = (std::array::from_fn(|_| next()), std::array::from_fn(|_| next()));
        (weights.len() == Intent::COUNT * BUCKETS).then_some(Self { bias, step, weights })
    }

    /// How likely each intent is, in the order of [`Intent::ALL`]; together 1.
    #[must_use]
    pub fn probabilities(&self, evidence: &[Evidence]) -> [f32; Intent::COUNT] {
        softmax(std::array::from_fn(|intent| {
            let weights = &self.weights[intent * BUCKETS..(intent + 1) * BUCKETS];
            let sum: f32 =
                evidence.iter().map(|(at, value)| f32::from(weights[*at as usize].cast_signed()) * value).sum();
            self.bias[intent] + self.step[intent] * sum
        }))
    }

    /// The likeliest intent, and how likely it is.
    #[must_use]
    pub fn likeliest(&self, evidence: &[Evidence]) -> (Intent, f32) {
        let likely = Intent::ALL.iter().copied().zip(self.probabilities(evidence));
        likely.fold((Intent::Unknown, 0.0), |best, other| if other.1 > best.1 { other } else { best })
    }
}

/// Weights as bytes: biases, steps, then each intent's weights in steps.
#[must_use]
pub fn write(bias: &[f32; Intent::COUNT], weights: &[Vec<f32>; Intent::COUNT]) -> Vec<u8> {
    let largest = |weights: &Vec<f32>| weights.iter().fold(f32::MIN_POSITIVE, |most, weight| most.max(weight.abs()));
    let steps = weights.each_ref().map(|weights| largest(weights) / 127.0);
    let mut bytes: Vec<u8> = bias.iter().chain(&steps).flat_map(|number| number.to_le_bytes()).collect();
    for (weights, step) in weights.iter().zip(steps) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 127 steps")]
        bytes.extend(weights.iter().map(|weight| ((weight / step).round() as i8).cast_unsigned()));
    }
    bytes
}

/// Numbers as likelihoods.
#[must_use]
pub fn softmax(numbers: [f32; Intent::COUNT]) -> [f32; Intent::COUNT] {
    let most = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = numbers.map(|number| (number - most).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// What a text is made of: its words, pairs of words with at most one between, and parts of words, of which spelling
/// mistakes leave most whole; its features; and how much the rules speak for each intent.
pub(super) fn evidence(
    text: &str,
    car: Option<Range<usize>>,
    features: &[Feature],
    scores: &[f32; Intent::COUNT],
) -> Vec<Evidence> {
    let words = words(text, car);
    let bounded: Vec<&str> =
        std::iter::once("^").chain(words.iter().map(String::as_str)).chain(std::iter::once("$")).collect();
    let mut whole: Vec<u32> = words.iter().map(|word| bucket('w', word)).collect();
    whole.extend(bounded.windows(2).map(|pair| bucket('p', &pair.join(" "))));
    whole.extend(words.windows(3).map(|three| bucket('s', &format!("{} {}", three[0], three[2]))));
    let mut parts = Vec::new();
    for word in &words {
        let letters: Vec<char> = format!("_{word}_").chars().collect();
        for length in 2..=MAX_PART {
            parts.extend(letters.windows(length).map(|part| bucket('c', &part.iter().collect::<String>())));
        }
    }
    let mut evidence = weighed(whole);
    evidence.extend(weighed(parts));
    evidence.extend(features.iter().map(|feature| (bucket('f', feature.into()), FEATURE)));
    evidence.push((bucket('n', length_class(words.len())), LENGTH));
    let scores = Intent::ALL.iter().zip(scores);
    evidence.extend(scores.map(|(intent, score)| (bucket('r', intent.name()), SCORE * (score / HIGH_SCORE).tanh())));
    evidence
}

const fn length_class(words: usize) -> &'static str {
    match words {
        0..=2 => "two",
        3..=5 => "five",
        6..=10 => "ten",
        11..=20 => "twenty",
        _ => "more",
    }
}

/// Words in lower case and Cyrillic letters, digits as «0», the car as one word.
fn words(text: &str, car: Option<Range<usize>>) -> Vec<String> {
    let of = |text: &str| -> Vec<String> {
        let spaced = text.replace('?', " ? ");
        let pieces = spaced.split(|letter: char| !letter.is_alphanumeric() && letter != '?');
        pieces
            .filter(|piece| !piece.is_empty())
            .take(MAX_WORDS)
            .map(|piece| without_digits(&values::sound::letters(piece)))
            .collect()
    };
    let split = car.and_then(|car| Some((text.get(..car.start)?, text.get(car.end..)?)));
    let mut words = match split {
        None => of(text),
        Some((before, after)) => [of(before), vec![CAR.to_owned()], of(after)].concat(),
    };
    words.truncate(MAX_WORDS);
    words
}

fn without_digits(word: &str) -> String {
    let mut kept = String::with_capacity(word.len());
    for letter in word.chars().take(40) {
        let letter = if letter.is_numeric() { '0' } else { letter };
        if letter != '0' || !kept.ends_with('0') {
            kept.push(letter);
        }
    }
    kept
}

/// How often each bucket occurs, on a scale on which the whole has the length 1.
fn weighed(mut buckets: Vec<u32>) -> Vec<Evidence> {
    buckets.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    let counted = buckets.chunk_by(|a, b| a == b).map(|same| (same[0], 1.0 + (same.len() as f32).ln()));
    let mut evidence: Vec<Evidence> = counted.collect();
    let length = evidence.iter().map(|(_, value)| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    evidence.iter_mut().for_each(|(_, value)| *value /= length);
    evidence
}

/// FNV-1a, the same on every machine.
fn bucket(kind: char, text: &str) -> u32 {
    let start = (2_166_136_261_u32 ^ u32::from(kind)).wrapping_mul(16_777_619);
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    (hash ^ (hash >> 16)) & (BUCKETS as u32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence_of(text: &str) -> Vec<Evidence> {
        evidence(text, None, &[], &[0.0; Intent::COUNT])
    }

    #[test]
    fn the_weights_can_be_read_and_say_something() {
        let (intent, likely) = MODEL.likeliest(&super::super::evidence("продаю свою машину", 2026));
        assert!(intent == Intent::Sell && likely > 0.6, "{intent:?} {likely}");
    }

    #[test]
    fn written_weights_are_read_back() {
        let mut weights: [Vec<f32>; Intent::COUNT] = std::array::from_fn(|_| vec![0.0; BUCKETS]);
        weights[2][bucket('w', "машина") as usize] = 8.0;
        let bytes: &'static [u8] = write(&[0.0; Intent::COUNT], &weights).leak();
        let likely = Model::read(bytes).expect("it is long enough").probabilities(&evidence_of("Машина!"));
        assert!(likely[2] > 0.9, "{likely:?}");
        assert!((likely.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(Model::read(&[0; 10]).is_none());
    }

    #[test]
    fn any_text_has_likelihoods() {
        for text in ["", "\u{202e}", &"ы".repeat(10_000), &"а ".repeat(10_000), "🚗🚗🚗"] {
            assert!(MODEL.probabilities(&evidence_of(text)).iter().all(|likely| likely.is_finite()));
        }
    }

    #[test]
    fn the_car_is_one_word() {
        assert_eq!(words("Куплю камри 2019?", Some(11..21)), ["куплю", CAR, "0", "?"]);
    }
}
