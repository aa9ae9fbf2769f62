//! VINs and Russian plates.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Typed, Wrong};

/// What identifies one vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum VehicleId {
    /// Vehicle identification number, ISO 3779.
    Vin {
        /// Seventeen Latin capitals and digits, without I, O and Q.
        vin: String,
        /// Whether the ninth character is the check digit. Only North America and China demand one, so a VIN without it
        /// is reported, not refused.
        check_digit_ok: bool,
    },
    /// Russian plate in Cyrillic capitals without spaces: «А123ВС777».
    Plate(String),
}

impl VehicleId {
    /// As a manager reads it.
    #[must_use]
    pub fn show(&self) -> String {
        match self {
            Self::Vin { vin, .. } => vin.clone(),
            Self::Plate(plate) => plate.clone(),
        }
    }
}

/// Letters of Russian plates (GOST R 50577) with the Latin ones that look the same.
const LOOKALIKES: [(char, char); 12] = [
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('У', 'Y'),
    ('Х', 'X'),
];

/// Shapes of plates: `L` a letter, `D` a digit; the region of two or three digits follows.
const PLATE_SHAPES: [&str; 6] = [
    "LDDDLL", // cars
    "LLDDD",  // taxis, buses
    "LLDDDD", // trailers
    "DDDDLL", // motorcycles, tractors
    "LDDDD",  // police
    "LLDDDL", // transit
];

/// Characters of the shortest plate without its region.
const SHORTEST_PLATE: usize = 5;

/// Words people put before the number itself, one or several, as [`characters`] leaves them. None can begin a number.
const LABELS: [&str; 12] =
    ["VIN", "ВИН", "ГОСЗНАК", "ГОСУДАРСТВЕННЫЙ", "ГОС", "НОМЕР", "НОМ", "ЗНАК", "КОД", "CODE", "ГРЗ", "АВТО"];

const VIN_LENGTH: usize = 17;

/// A VIN or a plate, with the letters in any alphabet and case; punctuation, emoji and a label are dropped.
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadVehicleId`].
pub fn parse(typed: &str) -> Result<VehicleId, Wrong> {
    if typed.trim().is_empty() {
        return Err(Wrong::Empty);
    }
    let typed = characters(typed);
    let characters: Vec<char> = without_labels(&typed).chars().collect();
    vin_of(&characters).or_else(|| plate(&characters).map(VehicleId::Plate)).ok_or(Wrong::BadVehicleId)
}

/// The same with other words around it: «ВС123А77 (транзит)». Doubtful are several VINs or several plates; of a VIN and
/// a plate the first is the value.
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadVehicleId`].
pub fn read(typed: &str) -> Result<Typed<VehicleId>, Wrong> {
    parse(typed)
        .map(Typed::alone)
        .or_else(|wrong| Typed::among_words(typed, || (among_words(typed), None), is_plain).ok_or(wrong))
}

/// Words that add nothing to a VIN or a plate.
fn is_plain(word: &str) -> bool {
    without_labels(&word.to_uppercase()).is_empty()
        || matches!(word, "регион" | "рег" | "й" | "rus" | "рус" | "мой" | "это")
}

/// Capitals without the labels they begin with.
fn without_labels(mut text: &str) -> &str {
    while let Some(rest) = LABELS.iter().find_map(|label| text.strip_prefix(label)) {
        text = rest;
    }
    text
}

/// The VINs or the plates among the words of a text, whichever come first, and where they are.
fn among_words(text: &str) -> Vec<(VehicleId, Range<usize>)> {
    let words = spans_of_words(text);
    let lower = text.to_lowercase();
    let is_announced = ["транзит", "прицеп", "мото"].iter().any(|kind| lower.contains(kind));
    let mut found: Vec<(VehicleId, Range<usize>)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest = (1..=MAX_WORDS)
            .rev()
            .find_map(|count| Some((at_words(text, words.get(at..at + count)?, is_announced)?, count)));
        let Some((id, count)) = longest else {
            at += 1;
            continue;
        };
        if found.first().is_none_or(|(first, _)| std::mem::discriminant(first) == std::mem::discriminant(&id)) {
            found.push((id, words[at].start..words[at + count - 1].end));
        }
        at += count;
    }
    found
}

/// The most words a VIN or a plate is written in: «А 123 ВС 77 RUS», «JTD KB20 U5 7759 6359».
const MAX_WORDS: usize = 6;

fn spans_of_words(text: &str) -> Vec<Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric();
    let starts = text.char_indices().scan(false, |inside, (at, c)| {
        let begins = is_word(c) && !*inside;
        *inside = is_word(c);
        Some(begins.then_some(at))
    });
    let end = |start: usize| text[start..].find(|c| !is_word(c)).map_or(text.len(), |length| start + length);
    starts.flatten().map(|start| start..end(start)).collect()
}

/// The VIN or plate that these words are. Several words that may be ordinary ones are none, unless `is_announced`: «в
/// 2019 77».
fn at_words(text: &str, words: &[Range<usize>], is_announced: bool) -> Option<VehicleId> {
    let joined: String = words.iter().map(|word| characters(&text[word.clone()])).collect();
    let characters: Vec<char> = joined.chars().collect();
    if let Some(id) = vin_of(&characters) {
        let has_letter = joined.contains(char::is_alphabetic);
        let has_number = words.len() == 1 || characters.iter().rev().take(4).all(char::is_ascii_digit);
        return Some(id).filter(|_| has_letter && has_number);
    }
    let first_word = text[words.first()?.clone()].chars().count();
    let is_car =
        |plate: &str| plate.chars().skip(4).take(2).all(char::is_alphabetic) && plate.starts_with(char::is_alphabetic);
    plate(&characters)
        .filter(|plate| is_announced || is_car(plate) || first_word >= SHORTEST_PLATE)
        .map(VehicleId::Plate)
}

/// In capitals, letters and digits only.
fn characters(typed: &str) -> String {
    typed.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

fn latin(c: char) -> char {
    LOOKALIKES.iter().find(|(cyrillic, _)| *cyrillic == c).map_or(c, |(_, latin)| *latin)
}

fn cyrillic(c: char) -> Option<char> {
    LOOKALIKES.iter().find(|(cyrillic, latin)| *cyrillic == c || *latin == c).map(|(cyrillic, _)| *cyrillic)
}

fn vin_of(characters: &[char]) -> Option<VehicleId> {
    let vin = vin(characters)?;
    let check_digit_ok = check_digit(&vin) == vin.chars().nth(8);
    Some(VehicleId::Vin { vin, check_digit_ok })
}

fn vin(characters: &[char]) -> Option<String> {
    let vin: String = characters.iter().map(|c| latin(*c)).collect();
    let has_digit = vin.chars().any(|c| c.is_ascii_digit());
    (characters.len() == VIN_LENGTH && has_digit && vin.chars().all(|c| vin_value(c).is_some())).then_some(vin)
}

/// What a character counts for in the check digit; `None` for those a VIN cannot have.
fn vin_value(c: char) -> Option<u32> {
    Some(match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        'A'..='H' => u32::from(c) - u32::from('A') + 1,
        'J'..='N' => u32::from(c) - u32::from('J') + 1,
        'P' => 7,
        'R' => 9,
        'S'..='Z' => u32::from(c) - u32::from('S') + 2,
        _ => return None,
    })
}

/// The check digit that belongs to this VIN (49 CFR 565.15).
fn check_digit(vin: &str) -> Option<char> {
    const WEIGHTS: [u32; VIN_LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = vin.chars().zip(WEIGHTS).filter_map(|(c, weight)| Some(vin_value(c)? * weight)).sum();
    match sum % 11 {
        10 => Some('X'),
        digit => char::from_digit(digit, 10),
    }
}

fn plate(characters: &[char]) -> Option<String> {
    const COUNTRIES: [&[char]; 4] = [&['R', 'U', 'S'], &['Р', 'У', 'С'], &['R', 'U'], &['Р', 'Ф']];
    let without_country = COUNTRIES.iter().find_map(|country| characters.strip_suffix(*country));
    let characters = without_country.unwrap_or(characters);
    PLATE_SHAPES.iter().find_map(|shape| plate_of_shape(characters, shape))
}

fn plate_of_shape(characters: &[char], shape: &str) -> Option<String> {
    let (body, region) = characters.split_at_checked(shape.len())?;
    let body: String = body
        .iter()
        .zip(shape.chars())
        .map(|(c, kind)| match (kind, c) {
            // O and 0 are one key apart and look the same; the place tells which is meant.
            ('L', '0') => Some('О'),
            ('L', c) => cyrillic(*c),
            (_, 'O' | 'О') => Some('0'),
            (_, c) => Some(*c).filter(char::is_ascii_digit),
        })
        .collect::<Option<_>>()?;
    let digits: Vec<char> = body.chars().filter(char::is_ascii_digit).collect();
    let region_exists = match region {
        [a, b] => a.is_ascii_digit() && b.is_ascii_digit() && (*a, *b) != ('0', '0'),
        [a, b, c] => matches!(a, '1'..='9') && b.is_ascii_digit() && c.is_ascii_digit(),
        _ => false,
    };
    let numbered = digits.iter().any(|digit| *digit != '0');
    (region_exists && numbered).then(|| body + &region.iter().collect::<String>())
}

#[cfg(test)]
mod tests;
