//! Free text: comments, wishes, the situation in a few words.

use icu_properties::CodePointSetData;
use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, VariationSelector};

use crate::Wrong;

/// The text without white space around it; line breaks inside stay.
///
/// # Errors
/// [`Wrong::Empty`], or [`Wrong::TooLong`] when it has more than `max_chars` characters.
pub fn parse(typed: &str, max_chars: usize) -> Result<String, Wrong> {
    let text = typed.trim();
    if text.chars().all(is_invisible) {
        return Err(Wrong::Empty);
    }
    if text.chars().count() > max_chars { Err(Wrong::TooLong { max: max_chars }) } else { Ok(text.to_owned()) }
}

/// Whether nothing of a character is drawn: white space, controls, joiners, fillers.
#[must_use]
pub fn is_invisible(char: char) -> bool {
    const BRAILLE_BLANK: char = '\u{2800}'; // drawn without a dot, though Unicode counts it among the symbols
    char.is_whitespace()
        || char.is_control()
        || char == BRAILLE_BLANK
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(char)
}

/// Whether a character controls the writing direction.
#[must_use]
pub fn is_bidi_control(char: char) -> bool {
    CodePointSetData::new::<BidiControl>().contains(char)
}

/// Whether a character says how the one before is drawn: as an emoji or as text.
#[must_use]
pub fn is_variation_selector(char: char) -> bool {
    CodePointSetData::new::<VariationSelector>().contains(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_text_is_empty() {
        for typed in [
            "\u{202e}\u{200f}",
            "\u{200b}\u{200d}\u{feff}",
            "\u{2800} \u{3164}",
            "\u{115f}\u{1160}\u{ffa0}",
            "\u{34f}\u{2063}\u{206a}\u{e0020}",
            "\u{ad}\u{61c}\u{17b4}\u{180e}\u{fe0f}\u{1bca0}",
        ] {
            assert_eq!(parse(typed, 1000), Err(Wrong::Empty), "{typed:?}");
        }
        assert_eq!(parse("👍\u{fe0f}", 1000).as_deref(), Ok("👍\u{fe0f}"));
    }

    #[test]
    fn direction_controls_and_variation_selectors_differ() {
        for control in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}".chars() {
            assert!(is_bidi_control(control) && !is_variation_selector(control), "{control:?}");
        }
        for selector in "\u{fe0e}\u{fe0f}\u{180b}\u{e0100}".chars() {
            assert!(is_variation_selector(selector) && !is_bidi_control(selector), "{selector:?}");
        }
        assert!(!is_bidi_control('а') && !is_variation_selector('а') && !is_invisible('а'));
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
