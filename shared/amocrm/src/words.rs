//! amoCRM's words about a call that it refuses. They go into logs, so they are kept without what they repeat of the
//! customer.

use serde_json::Value;

/// Keys of a body under which customers' words and numbers stand.
const OF_CUSTOMERS: [&str; 3] = ["name", "text", "value"];
/// Shorter texts are left in: without «да» and «2» nothing could be read.
const SHORTEST: usize = 3;
/// A number with this many digits may be a phone, however amoCRM writes it.
const PHONE_DIGITS: usize = 10;
/// What stands for what is left out.
const LEFT_OUT: &str = "…";

/// What amoCRM must not repeat.
#[derive(Debug, Default)]
pub(crate) struct Words<'a> {
    /// The longest first.
    sent: Vec<&'a str>,
}

impl<'a> Words<'a> {
    /// About a call with this body.
    pub(crate) fn about(body: &'a Value) -> Self {
        let mut sent = Vec::new();
        collect(body, false, &mut sent);
        sent.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { sent }
    }

    /// At most `limit` characters of what amoCRM says.
    pub(crate) fn shown(&self, said: &str, limit: usize) -> String {
        let said = self.sent.iter().fold(said.to_owned(), |said, sent| said.replace(sent, LEFT_OUT));
        without_phones(&said).chars().take(limit).collect()
    }
}

fn collect<'a>(value: &'a Value, is_of_customer: bool, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if is_of_customer && text.chars().count() >= SHORTEST => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, is_of_customer, texts)),
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| collect(value, OF_CUSTOMERS.contains(&key.as_str()), texts));
        }
        _ => {}
    }
}

fn without_phones(text: &str) -> String {
    let is_of_number = |char: char| char.is_ascii_digit() || matches!(char, '+' | '-' | '(' | ')' | ' ' | '\u{a0}');
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.len() - rest.trim_start_matches(is_of_number).len();
        let (number, after) = rest.split_at(number);
        let is_phone = number.chars().filter(char::is_ascii_digit).count() >= PHONE_DIGITS;
        if is_phone {
            safe.push_str(&number.replacen(number.trim(), LEFT_OUT, 1));
        } else {
            safe.push_str(number);
        }
        let (other, after) = after.split_at(after.find(is_of_number).unwrap_or(after.len()));
        safe.push_str(other);
        rest = after;
    }
    safe
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_amocrm_repeats_of_the_customer_is_left_out() {
        let body = json!([{
            "name": "Анна Петрова",
            "custom_fields_values": [{ "field_code": "PHONE", "values": [{ "value": "+79161234567", "enum_code": "WORK" }] }],
        }]);
        let words = Words::about(&body);
        assert_eq!(words.shown("The name Анна Петрова is taken", 300), "The name … is taken");
        assert_eq!(
            words.shown("PHONE: «8 (916) 123-45-67» of 12345678 is no WORK number", 300),
            "PHONE: «…» of 12345678 is no WORK number"
        );
        assert_eq!(words.shown("Анна Петрова", 4), LEFT_OUT, "not even its beginning");
    }
}
