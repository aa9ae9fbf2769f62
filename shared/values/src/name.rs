//! A person's name.

use crate::Wrong;
use crate::text::is_invisible;

/// The longest name taken, in characters.
pub const MAX_CHARS: usize = 60;

/// A name as typed, with white space collapsed. Emoji and right-to-left text stay as they are.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::TooLong`], or [`Wrong::BadName`] if it has no visible letter.
pub fn parse(typed: &str) -> Result<String, Wrong> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(Wrong::Empty);
    }
    if name.chars().count() > MAX_CHARS {
        return Err(Wrong::TooLong { max: MAX_CHARS });
    }
    if name.chars().any(|char| char.is_alphabetic() && !is_invisible(char)) { Ok(name) } else { Err(Wrong::BadName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_as_typed_but_for_white_space() {
        for (typed, name) in [
            ("Иван", "Иван"),
            ("  Анна \n Мария\t ", "Анна Мария"),
            ("О'Нил-Смит", "О'Нил-Смит"),
            ("🚗 Ваня <b>&_</b>", "🚗 Ваня <b>&_</b>"),
            ("محمد", "محمد"),
            ("Я", "Я"),
            ("민\u{3164}수", "민\u{3164}수"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(name));
        }
    }

    #[test]
    fn other_text_is_not_a_name() {
        assert_eq!(parse(" \n "), Err(Wrong::Empty));
        assert_eq!(parse("+7 900 123-45-67"), Err(Wrong::BadName));
        assert_eq!(parse("😀"), Err(Wrong::BadName));
        for unseen in ["\u{3164}", "\u{115f}\u{1160}", "\u{ffa0}.", "\u{200b}\u{2800}"] {
            assert_eq!(parse(unseen), Err(Wrong::BadName), "{unseen:?}");
        }
        assert_eq!(parse(&"ы".repeat(60)).map(|name| name.chars().count()), Ok(60));
        assert_eq!(parse(&"ы".repeat(61)), Err(Wrong::TooLong { max: 60 }));
    }
}
