//! Which contact is the customer's.
//!
//! amoCRM's `query` is a substring match over every filled field: it finds strangers too, and it does not see that
//! `8 (900) 123-45-67` and `+79001234567` are one phone. So it only collects candidates, and phones are compared here.

use crate::Contact;

/// Digits of a phone in one spelling, so that equal numbers are equal texts: `8 (900) 123-45-67`, `9001234567` and
/// `+7 900 1234567` are all `79001234567`. A number without «+» is taken for a Russian one, as its owner would dial it.
#[must_use]
pub fn phone_key(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    if phone.trim_start().starts_with('+') {
        return digits;
    }
    match (digits.len(), digits.as_bytes().first()) {
        (11, Some(b'8')) => format!("7{}", &digits[1..]),
        (10, Some(b'3'..=b'9')) => format!("7{digits}"),
        _ => digits.strip_prefix("00").map_or_else(|| digits.clone(), str::to_owned),
    }
}

/// The keys of every number in a phone field: managers put two numbers into one field, and extensions behind a number.
fn phone_keys(held: &str) -> Vec<String> {
    let lower = held.to_lowercase();
    let separated = [" или ", " и ", " or "].iter().fold(lower, |text, word| text.replace(word, "/"));
    separated.split(['/', ',', ';', '|', '\n']).flat_map(numbers_in).map(|number| phone_key(&number)).collect()
}

/// The numbers in a text without separators, extensions cut off.
fn numbers_in(text: &str) -> Vec<String> {
    let end = EXTENSIONS.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let text = text[..end].trim();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() <= MAX_NUMBER {
        return vec![text.to_owned()];
    }
    // Two numbers with only a space between them: cut at the second «+», else in the middle.
    match text[1..].find('+') {
        Some(at) => vec![text[..=at].to_owned(), text[at + 1..].to_owned()],
        None => [&digits[..digits.len() / 2], &digits[digits.len() / 2..]].map(str::to_owned).to_vec(),
    }
}

/// What an extension begins with.
const EXTENSIONS: [&str; 6] = ["доб", "вн", "ext", "x", "#", "*"];
/// E.164 has at most 15 digits.
const MAX_NUMBER: usize = 15;

/// What to search for, one after another until a contact of the phone is among the hits: the last ten digits as they
/// are stored by machines, and the end of a Russian number as people write it.
#[must_use]
pub fn search_terms(phone: &str) -> Vec<String> {
    let key = phone_key(phone);
    let last_ten = key[key.len().saturating_sub(10)..].to_owned();
    let mut terms = vec![last_ten];
    if key.len() == 11 && key.starts_with('7') {
        let (first, second, third) = (&key[4..7], &key[7..9], &key[9..]);
        terms.extend([format!("{first}-{second}-{third}"), format!("{first} {second} {third}")]);
    }
    terms
}

/// The contact that has this phone among `hits`; of several the one changed last, because that is the one in use.
#[must_use]
pub fn contact_of_phone<'a>(hits: &'a [Contact], phone: &str) -> Option<&'a Contact> {
    let wanted = phone_key(phone);
    hits.iter()
        .filter(|contact| !contact.is_deleted && contact.phones().any(|held| phone_keys(&held).contains(&wanted)))
        .max_by_key(|contact| (contact.updated_at, contact.id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn contact(id: u64, updated_at: i64, phones: &[&str]) -> Contact {
        let values: Vec<_> = phones.iter().map(|phone| json!({ "value": phone })).collect();
        serde_json::from_value(json!({
            "id": id, "updated_at": updated_at,
            "custom_fields_values": [{ "field_id": 9001, "field_code": "PHONE", "values": values }]
        }))
        .unwrap()
    }

    #[test]
    fn one_number_has_one_key_however_it_is_typed() {
        for typed in
            ["+79001234567", "+7 (900) 123-45-67", "89001234567", "8 900 123 45 67", "9001234567", "79001234567"]
        {
            assert_eq!(phone_key(typed), "79001234567", "{typed}");
        }
        assert_eq!(phone_key("+49 30 901820"), "4930901820");
        assert_eq!(phone_key("0049 30 901820"), "4930901820");
    }

    #[test]
    fn a_foreign_number_is_not_a_russian_one() {
        assert_ne!(phone_key("+49001234567"), phone_key("+79001234567"));
        assert_ne!(phone_key("+3725123456"), phone_key("3725123456"), "without «+» it is dialled in Russia");
    }

    #[test]
    fn a_stranger_whose_other_field_contains_the_digits_is_not_taken() {
        let stranger = contact(1, 900, &["+79990000000"]);
        let longer = contact(2, 800, &["+379001234567"]);
        let customer = contact(3, 100, &["8 (495) 000-00-00", "8 (900) 123-45-67"]);
        let hits = [stranger, longer, customer];
        assert_eq!(contact_of_phone(&hits, "+79001234567").map(|found| found.id), Some(3));
        assert_eq!(contact_of_phone(&hits[..2], "+79001234567"), None);
    }

    #[test]
    fn of_several_the_one_changed_last_is_taken() {
        let hits =
            [contact(7, 100, &["+79001234567"]), contact(5, 200, &["89001234567"]), contact(6, 200, &["+79001234567"])];
        assert_eq!(contact_of_phone(&hits, "+79001234567").map(|found| found.id), Some(6));
    }

    #[test]
    fn a_contact_without_fields_is_not_a_candidate() {
        let bare: Contact = serde_json::from_value(json!({ "id": 1, "custom_fields_values": null })).unwrap();
        assert_eq!(contact_of_phone(&[bare], "+79001234567"), None);
    }

    #[test]
    fn russian_numbers_are_also_searched_as_typed_by_hand() {
        assert_eq!(search_terms("+79001234567"), ["9001234567", "123-45-67", "123 45 67"]);
        assert_eq!(search_terms("+4930901820"), ["4930901820"]);
    }

    #[test]
    fn a_number_is_found_among_others_and_before_its_extension() {
        for field in [
            "8 (900) 123-45-67 / 8 (495) 000-00-00",
            "+7 495 000-00-00, +7 900 123-45-67",
            "84950000000; 89001234567",
            "8 495 000 00 00 или 8 900 123 45 67",
            "+79001234567 доб. 123",
            "8 (900) 123-45-67 вн.4",
            "+7 900 123 45 67 ext 12",
            "8 900 123-45-67 #12",
            "84950000000 89001234567",
            "+74950000000 +79001234567",
        ] {
            let held = [contact(1, 100, &[field])];
            assert!(contact_of_phone(&held, "+79001234567").is_some(), "{field}");
            assert!(contact_of_phone(&held, "+79001234568").is_none(), "{field}");
        }
    }

    #[test]
    fn no_field_of_a_phone_is_too_odd_to_be_read() {
        for field in ["", "+", "доб. 5", "нет", "🚗", "99999999999999999999999999", "+++++", "я 8 900"] {
            assert!(contact_of_phone(&[contact(1, 100, &[field])], "+79001234567").is_none(), "{field}");
        }
    }
}
