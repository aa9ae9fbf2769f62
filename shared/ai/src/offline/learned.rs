//! What labelled sentences teach beside the rules: how likely each intent is, from the words of a text and their parts.
//!
//! A linear classifier. Its weights are data (`data/intents.bin`), made of `data/tune.jsonl` by
//! `cargo run -p ai --example train`; nothing is learned while the bot runs.

use std::sync::LazyLock;

use dialog::Intent;

/// How many intents there are; their weights are in the order of [`Intent::ALL`].
pub const CLASSES: usize = Intent::COUNT;
/// Words and parts of words share so many weights for each intent.
pub const BUCKETS: usize = 1 << 15;
/// Longest part of a word that counts, in letters.
const LONGEST_PART: usize = 5;
/// At most so many words are looked at.
const MOST_WORDS: usize = 120;

/// A bucket and how much of the text it is.
pub type Feature = (u32, f32);

/// The weights in use.
pub(super) static MODEL: LazyLock<Model> =
    LazyLock::new(|| Model::read(include_bytes!("../../data/intents.bin")).expect("a test reads the file"));

/// A linear classifier with weights of one byte.
#[derive(Clone, Debug)]
pub struct Model {
    bias: [f32; CLASSES],
    /// What one step of a weight is worth.
    step: [f32; CLASSES],
    weights: &'static [u8],
}

impl Model {
    /// Reads weights as [`write()`] writes them; `None` if they are not that long.
    #[must_use]
    pub fn read(bytes: &'static [u8]) -> Option<Self> {
        let (head, weights) = bytes.split_at_checked(2 * 4 * CLASSES)?;
        let mut numbers = head.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap_or_default()));
        let mut next = || numbers.next().unwrap_or_default();
        let (bias, step) = (std::array::from_fn(|_| next()), std::array::from_fn(|_| next()));
        (weights.len() == CLASSES * BUCKETS).then_some(Self { bias, step, weights })
    }

    /// How likely each intent is; together 1.
    #[must_use]
    pub fn probabilities(&self, text: &str) -> [f32; CLASSES] {
        let features = features(text);
        softmax(std::array::from_fn(|class| {
            let of_class = &self.weights[class * BUCKETS..(class + 1) * BUCKETS];
            let sum: f32 =
                features.iter().map(|(at, value)| f32::from(of_class[*at as usize].cast_signed()) * value).sum();
            self.bias[class] + self.step[class] * sum
        }))
    }
}

/// Weights as bytes: biases, steps, then each intent's weights in steps.
#[must_use]
pub fn write(bias: &[f32; CLASSES], weights: &[Vec<f32>; CLASSES]) -> Vec<u8> {
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
pub fn softmax(numbers: [f32; CLASSES]) -> [f32; CLASSES] {
    let most = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = numbers.map(|number| (number - most).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// What a text is made of: its words, pairs of words, and parts of words. Spelling mistakes leave most parts whole.
#[must_use]
pub fn features(text: &str) -> Vec<Feature> {
    let words = words(text);
    let mut whole: Vec<u32> = words.iter().map(|word| bucket('w', word)).collect();
    whole.extend(words.windows(2).map(|pair| bucket('p', &pair.join(" "))));
    let mut parts = Vec::new();
    for word in &words {
        let letters: Vec<char> = format!("_{word}_").chars().collect();
        for length in 2..=LONGEST_PART {
            parts.extend(letters.windows(length).map(|part| bucket('c', &part.iter().collect::<String>())));
        }
    }
    let mut features = weighed(whole);
    features.extend(weighed(parts));
    features
}

/// Words in lower case, digits as «0».
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace('ё', "е");
    let pieces = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty());
    pieces.take(MOST_WORDS).map(without_digits).collect()
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
fn weighed(mut buckets: Vec<u32>) -> Vec<Feature> {
    buckets.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred at most")]
    let counted = buckets.chunk_by(|a, b| a == b).map(|same| (same[0], 1.0 + (same.len() as f32).ln()));
    let mut features: Vec<Feature> = counted.collect();
    let length = features.iter().map(|(_, value)| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    features.iter_mut().for_each(|(_, value)| *value /= length);
    features
}

/// FNV-1a, the same on every machine.
fn bucket(kind: char, text: &str) -> u32 {
    let start = (2_166_136_261_u32 ^ u32::from(kind)).wrapping_mul(16_777_619);
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    (hash ^ (hash >> 15)) & (BUCKETS as u32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_can_be_read_and_say_something() {
        let likely = MODEL.probabilities("продаю свою машину");
        assert!((likely.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(likely[0] > 0.6, "{likely:?}");
    }

    #[test]
    fn written_weights_are_read_back() {
        let mut weights: [Vec<f32>; CLASSES] = std::array::from_fn(|_| vec![0.0; BUCKETS]);
        weights[2][bucket('w', "машина") as usize] = 8.0;
        let bytes: &'static [u8] = write(&[0.0; CLASSES], &weights).leak();
        let likely = Model::read(bytes).expect("it is long enough").probabilities("Машина!");
        assert!(likely[2] > 0.9, "{likely:?}");
        assert!(Model::read(&[0; 10]).is_none());
    }

    #[test]
    fn any_text_has_likelihoods() {
        for text in ["", "\u{202e}", &"ы".repeat(10_000), &"а ".repeat(10_000), "🚗🚗🚗"] {
            assert!(MODEL.probabilities(text).iter().all(|likely| likely.is_finite()));
        }
    }
}
