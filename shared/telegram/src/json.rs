//! Lenient JSON. Telegram delivers an update again for a day unless it gets a 200, so one odd part must not make the
//! rest unreadable: a string may hold half of a surrogate pair, a number may come as a string, anything may be missing.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a value. Half of a surrogate pair becomes U+FFFD, and so does what is not UTF-8.
pub(crate) fn from_slice<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(json)
        .or_else(|_| serde_json::from_str(&without_lone_surrogates(&String::from_utf8_lossy(json))))
}

/// A whole number, also one in a string.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// A string, also one that came as a number.
pub(crate) fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The elements of a list; none if it is not a list.
pub(crate) fn elements(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The text with every escaped half of a surrogate pair replaced: JSON allows them, strings cannot hold them.
fn without_lone_surrogates(json: &str) -> String {
    const ESCAPE: usize = "\\u0000".len();
    let mut repaired = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        repaired.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, is_lone) = match surrogate(rest) {
            Some(0xd800..0xdc00) if matches!(surrogate(&rest[ESCAPE..]), Some(0xdc00..)) => (2 * ESCAPE, false),
            Some(_) => (ESCAPE, true),
            // The backslash and what it escapes, which may be another backslash.
            None => (rest.chars().take(2).map(char::len_utf8).sum(), false),
        };
        repaired.push_str(if is_lone { "\\ufffd" } else { &rest[..length] });
        rest = &rest[length..];
    }
    repaired + rest
}

/// The half of a surrogate pair that the text begins with.
fn surrogate(json: &str) -> Option<u16> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| (0xd800..0xe000).contains(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_half_pairs_are_replaced() {
        let cases = [
            (r#""\ud83d\ude00""#, r#""\ud83d\ude00""#),
            (r#""\ud83d""#, r#""\ufffd""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud83d""#, r#""\\ud83d""#),
            (r#""\\\ud83d\n""#, r#""\\\ufffd\n""#),
            (r#""\u0041 ё \ud8"#, r#""\u0041 ё \ud8"#),
            ("\\", "\\"),
        ];
        for (json, expected) in cases {
            assert_eq!(without_lone_surrogates(json), expected);
        }
    }
}
