//! VINs and Russian plates.

use serde::{Deserialize, Serialize};

use crate::Wrong;

/// What identifies one vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum VehicleId {
    /// Vehicle identification number, ISO 3779.
    Vin {
        /// Seventeen Latin capitals and digits, without I, O and Q.
        vin: String,
        /// Whether the ninth character is the check digit. Only North America and China demand one, so a VIN without it is
        /// reported, not refused.
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

/// Words people put before the number itself, one or several, as [`characters`] leaves them. None can begin a number.
const LABELS: [&str; 12] =
    ["VIN", "ВИН", "ГОСЗНАК", "ГОСУДАРСТВЕННЫЙ", "ГОС", "НОМЕР", "НОМ", "ЗНАК", "КОД", "CODE", "ГРЗ", "АВТО"];

const VIN_LENGTH: usize = 17;

/// A VIN or a plate, with the letters in whichever alphabet and case; spaces, dashes and a label are dropped.
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadVehicleId`].
pub fn parse(typed: &str) -> Result<VehicleId, Wrong> {
    if typed.trim().is_empty() {
        return Err(Wrong::Empty);
    }
    let typed = characters(typed);
    let mut unlabelled = typed.as_str();
    while let Some(rest) = LABELS.iter().find_map(|label| unlabelled.strip_prefix(label)) {
        unlabelled = rest;
    }
    let characters: Vec<char> = unlabelled.chars().collect();
    if let Some(vin) = vin(&characters) {
        let check_digit_ok = check_digit(&vin) == vin.chars().nth(8);
        return Ok(VehicleId::Vin { vin, check_digit_ok });
    }
    plate(&characters).map(VehicleId::Plate).ok_or(Wrong::BadVehicleId)
}

/// In capitals, without what people put between the characters.
fn characters(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| {
            !(c.is_whitespace() || matches!(c, '-' | '–' | '—' | '_' | '.' | ':' | '*' | '|' | '/' | '№' | '#'))
        })
        .flat_map(char::to_uppercase)
        .collect()
}

fn latin(c: char) -> char {
    LOOKALIKES.iter().find(|(cyrillic, _)| *cyrillic == c).map_or(c, |(_, latin)| *latin)
}

fn cyrillic(c: char) -> Option<char> {
    LOOKALIKES.iter().find(|(cyrillic, latin)| *cyrillic == c || *latin == c).map(|(cyrillic, _)| *cyrillic)
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
    let country = |country: [char; 3]| characters.strip_suffix(&country);
    let characters = country(['R', 'U', 'S']).or_else(|| country(['Р', 'У', 'С'])).unwrap_or(characters);
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
        ] {
            let plate = parse(typed).map(|id| id.show()).unwrap_or_default();
            assert_eq!(plate, shown, "{typed}");
        }
    }

    #[test]
    fn what_is_neither() {
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
        fn no_text_makes_it_panic(typed in "\\PC{0,5000}") {
            let _ = parse(&typed);
        }
    }
}
