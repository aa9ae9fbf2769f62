//! Free text: comments, wishes, the situation in a few words.

use crate::Wrong;

/// The text without white space around it; line breaks inside stay.
///
/// # Errors
/// [`Wrong::Empty`], or [`Wrong::TooLong`] when it has more than `max_chars` characters.
pub fn parse(typed: &str, max_chars: usize) -> Result<String, Wrong> {
    let text = typed.trim();
    if text.chars().all(is_unseen) {
        return Err(Wrong::Empty);
    }
    if text.chars().count() > max_chars { Err(Wrong::TooLong { max: max_chars }) } else { Ok(text.to_owned()) }
}

/// White space, and characters that only turn, join or fill: nothing of them is seen. Some count as letters, as the Hangul
/// fillers do.
#[must_use]
pub fn is_unseen(char: char) -> bool {
    let joins = matches!(char, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    let fills =
        matches!(char, '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    char.is_whitespace() || char.is_control() || joins || fills || turns(char) || selects(char)
}

/// Controls of the writing direction.
#[must_use]
pub const fn turns(char: char) -> bool {
    matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Characters that say how the one before is drawn: the colours of an emoji, the parts of a flag.
#[must_use]
pub const fn selects(char: char) -> bool {
    matches!(char, '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        for typed in [
            "\u{202e}\u{200f}",
            "\u{200b}\u{200d}\u{feff}",
            "\u{2800} \u{3164}",
            "\u{115f}\u{1160}\u{ffa0}",
            "\u{34f}\u{2063}\u{206a}\u{e0020}",
        ] {
            assert_eq!(parse(typed, 1000), Err(Wrong::Empty), "{typed:?}");
        }
        assert_eq!(parse("👍\u{fe0f}", 1000).as_deref(), Ok("👍\u{fe0f}"));
    }

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
