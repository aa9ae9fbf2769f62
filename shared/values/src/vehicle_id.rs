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
mod tests {
    use super::*;
    use crate::Doubt;

    fn vin(typed: &str) -> (String, bool) {
        match parse(typed) {
            Ok(VehicleId::Vin { vin, check_digit_ok }) => (vin, check_digit_ok),
            other => panic!("{typed}: {other:?}"),
        }
    }

    #[test]
    fn a_vin_is_normalised_and_its_check_digit_reported() {
        // The first is the worked example of 49 CFR 565; Russian and European makers leave the place free.
        assert_eq!(vin("1M8GDM9AXKP042788"), ("1M8GDM9AXKP042788".into(), true));
        assert_eq!(vin("11111111111111111"), ("11111111111111111".into(), true));
        assert_eq!(vin("xta21099-0y-2766380"), ("XTA210990Y2766380".into(), false));
        assert_eq!(vin("VIN: JTDKB20U 5 77596359").0, "JTDKB20U577596359");
        for labelled in ["VIN номер XTA210990Y2766380", "вин код XTA210990Y2766380", "vin code: xta210990y2766380"]
        {
            assert_eq!(vin(labelled).0, "XTA210990Y2766380", "{labelled}");
        }
        assert_eq!(vin("1М8GDМ9АХКР042788"), ("1M8GDM9AXKP042788".into(), true), "letters typed in Cyrillic");
    }

    #[test]
    fn a_plate_is_normalised_to_cyrillic() {
        for (typed, shown) in [
            ("А123ВС77", "А123ВС77"),
            ("а123вс777", "А123ВС777"),
            ("a123bc 777", "А123ВС777"),
            ("A 123 BC | 77 RUS", "А123ВС77"),
            ("х-001-ам-97", "Х001АМ97"),
            ("o000oo99", ""),
            ("0777OО199", "О777ОО199"),
            ("АВ 123 77", "АВ12377"),
            ("ав1234 77", "АВ123477"),
            ("1234ав77", "1234АВ77"),
            ("А1234 77", "А123477"),
            ("госномер к555кк 123", "К555КК123"),
            ("гос. номер м001мм01", "М001ММ01"),
            ("А123ВС77РУС", "А123ВС77"),
            ("а123вс 777 рус", "А123ВС777"),
            ("гос номер: а123вс77", "А123ВС77"),
            ("номер авто а123вс77", "А123ВС77"),
            ("[А123ВС77]", "А123ВС77"),
            ("(а123вс77)", "А123ВС77"),
            ("«А123ВС 77»", "А123ВС77"),
            ("а 123 вс 🇷🇺 77", "А123ВС77"),
            ("🇷🇺А123ВС77", "А123ВС77"),
            ("А123ВС77 🚗", "А123ВС77"),
            ("А123ВС, 77", "А123ВС77"),
            ("А123ВС+77", "А123ВС77"),
            ("А123ВС77!", "А123ВС77"),
            ("А123ВС\\77", "А123ВС77"),
            ("a123bc77ru", "А123ВС77"),
            ("ВС123А77", "ВС123А77"),
        ] {
            let plate = parse(typed).map(|id| id.show()).unwrap_or_default();
            assert_eq!(plate, shown, "{typed}");
        }
    }

    #[test]
    fn other_text_is_neither() {
        assert_eq!(parse("  "), Err(Wrong::Empty));
        for typed in [
            "нет",
            "1M8GDM9AXKP04278",   // 16
            "1M8GDM9AXKP0427880", // 18
            "IM8GDM9AXKP042788",  // I
            "1M8GDM9AXKPO42788",  // O
            "QM8GDM9AXKP042788",  // Q
            "ABCDEFGHJKLMNPRST",  // a sentence in Latin, not a number
            "Б123ВС77",           // no such letter on a plate
            "А123ВС",             // no region
            "А123ВС00",
            "А123ВС0777",
            "А123ВС077",
            "123",
            "🚗",
        ] {
            assert_eq!(parse(typed), Err(Wrong::BadVehicleId), "{typed}");
        }
    }

    #[test]
    fn a_vin_or_a_plate_is_found_among_words() {
        for (typed, shown, remark) in [
            ("А123ВС77", "А123ВС77", None),
            ("ВС123А77 (транзит)", "ВС123А77", Some("транзит")),
            ("транзит ВС 123 А 77", "ВС123А77", Some("транзит")),
            ("транзитный вс123а77", "ВС123А77", Some("транзитный")),
            ("камри, номер а123вс77", "А123ВС77", Some("камри, номер")),
            ("а 123 вс 77 регион", "А123ВС77", None),
            ("а123вс 🇷🇺 777, не битая", "А123ВС777", Some("не битая")),
            ("номера А123ВС77RUS, могу показать", "А123ВС77", Some("номера … могу показать")),
            ("госномер Х001АМ97 красивый", "Х001АМ97", Some("красивый")),
            ("мой номер к555кк 123", "К555КК123", None),
            ("VIN XTA210990Y2766380 Приора", "XTA210990Y2766380", Some("Приора")),
            ("вин: JTDKB20U 5 77596359 (праворукая)", "JTDKB20U577596359", Some("праворукая")),
            ("1M8GDM9AXKP042788 и птс оригинал", "1M8GDM9AXKP042788", Some("и птс оригинал")),
            ("А123ВС77, VIN XTA210990Y2766380", "А123ВС77", Some("VIN XTA210990Y2766380")),
            ("прицеп АВ1234 77 легковой", "АВ123477", Some("прицеп … легковой")),
            ("А123ВС77 А123ВС77", "А123ВС77", Some("А123ВС77")),
        ] {
            let read = read(typed);
            let expected = (shown.to_owned(), remark.map(str::to_owned), None);
            let read = read.map_or_else(|_| (String::new(), None, None), |id| (id.value.show(), id.remark, id.doubt));
            assert_eq!(read, expected, "{typed}");
        }
        let several = read("А123ВС77 или В456ОР99").unwrap();
        assert_eq!((several.value.show().as_str(), several.doubt), ("А123ВС77", Some(Doubt::SeveralValues)));
    }

    #[test]
    fn ordinary_words_are_neither() {
        for typed in [
            "не знаю, куплена в 2019 77 регион",
            "номера сейчас нет",
            "пробег 123 тыс, 2019 год",
            "XTA21099 потом скажу",
            "1M8GDM9AXKP04278 последнюю цифру не видно",
            "А123ВС без региона",
            "тел 8 900 123 45 67",
            "11111111111111111 это что",
        ] {
            assert_eq!(read(typed), Err(Wrong::BadVehicleId), "{typed}");
        }
    }

    #[test]
    fn every_wrong_character_in_a_vin_with_a_check_digit_is_noticed() {
        let good = "1M8GDM9AXKP042788";
        for place in (0..17).filter(|place| *place != 8) {
            let mut characters: Vec<char> = good.chars().collect();
            characters[place] = if characters[place] == '3' { '5' } else { '3' };
            let (_, ok) = vin(&characters.iter().collect::<String>());
            assert!(
                !ok || vin_value(characters[place]) == vin_value(good.chars().nth(place).unwrap()),
                "place {place}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn what_was_parsed_parses_to_itself(typed in "[АВЕКМНОРСТУХавекмнорстухABEKMHOPCTYX]{1}[0-9]{3}[АВЕКМНОРСТУХabekmhopctyx]{2}[1-9][0-9]{1,2}") {
            if let Ok(id) = parse(&typed) {
                proptest::prop_assert_eq!(parse(&id.show()), Ok(id));
            }
        }

        #[test]
        fn it_never_panics(typed in "\\PC{0,5000}") {
            let _ = read(&typed);
        }
    }
}
