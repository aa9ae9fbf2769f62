//! Free text: comments, wishes, the situation in a few words.

use crate::Wrong;

/// The text without white space around it; line breaks inside stay.
///
/// # Errors
/// [`Wrong::Empty`], or [`Wrong::TooLong`] when it has more than `max_chars` characters.
pub fn parse(typed: &str, max_chars: usize) -> Result<String, Wrong> {
    let text = typed.trim();
    if text.is_empty() {
        return Err(Wrong::Empty);
    }
    if text.chars().count() > max_chars { Err(Wrong::TooLong { max: max_chars }) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_with_its_lines() {
        assert_eq!(parse("  первая\nвторая <&_> 👍\n ", 1000).as_deref(), Ok("первая\nвторая <&_> 👍"));
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert_eq!(parse(&"ы".repeat(1000), 1000).map(|text| text.len()), Ok(2000));
        assert_eq!(parse(&"a".repeat(1001), 1000), Err(Wrong::TooLong { max: 1000 }));
        assert_eq!(parse("\u{a0}\n", 1000), Err(Wrong::Empty));
    }
}
