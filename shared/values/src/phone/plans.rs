//! Which numbers there are, by the numbering plans of the world.

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber, Type};

use super::Phone;

/// Whether it is «+7 9…», where every number is a mobile one. Nearly all customers have one; knowing it without the
/// library saves a cold start from unpacking the numbering plans of the world (60 ms and more). A test holds it against
/// the library.
pub(super) fn is_russian_mobile(e164: &str) -> bool {
    e164.len() == 12 && e164.starts_with("+79") && e164[1..].bytes().all(|digit| digit.is_ascii_digit())
}

/// The number as the library knows it, whether or not it exists.
pub(super) fn number(e164: &str) -> Option<PhoneNumber> {
    let parsed = phonenumber::parse(None, e164).ok()?;
    // In «+7 812…» and «+7 800…» the library takes the 8 for the trunk prefix, twice, and drops it: it is given two to
    // drop.
    if e164.starts_with("+78") && parsed.format().mode(Mode::E164).to_string() != e164 {
        return phonenumber::parse(None, format!("+788{}", &e164[2..])).ok();
    }
    Some(parsed)
}

/// What the numbering plans say of a number.
pub(super) enum Lookup {
    Found(Phone),
    /// It exists, but calling it costs a lot or reaches nobody: premium-rate, satellite, pagers.
    NotForCustomers,
    Unknown,
}

pub(super) fn lookup(e164: &str) -> Lookup {
    if is_russian_mobile(e164) {
        return Lookup::Found(Phone(e164.to_owned()));
    }
    let Some(number) = number(e164).filter(phonenumber::is_valid) else { return Lookup::Unknown };
    let normal = number.format().mode(Mode::E164).to_string();
    // The library drops a trunk prefix: a zero that people write behind the code of a foreign country, or a digit that
    // belongs to the number.
    let code = number.country().code().to_string();
    let zero_dropped = e164.replacen(&format!("+{code}0"), &format!("+{code}"), 1) == normal;
    if normal != e164 && !zero_dropped {
        return Lookup::Unknown;
    }
    // Satellite networks have codes of their own, without a country.
    let is_of_country = number.country().id().is_some();
    let is_ordinary = matches!(
        number.number_type(&DATABASE),
        Type::FixedLine | Type::Mobile | Type::FixedLineOrMobile | Type::TollFree | Type::Voip | Type::Uan
    );
    if is_of_country && is_ordinary { Lookup::Found(Phone(normal)) } else { Lookup::NotForCustomers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_agrees_on_russian_mobile_numbers() {
        for area in 900..=999 {
            let e164 = format!("+7{area}1234567");
            let number = number(&e164).unwrap();
            assert!(phonenumber::is_valid(&number), "{e164}");
            let shown = number.format().mode(Mode::International).to_string();
            assert_eq!(Phone(e164).show(), shown);
        }
    }
}
