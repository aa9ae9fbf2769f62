//! Makes text of customers and models harmless.

use values::text::is_bidi_control;

/// The text without control characters, except line breaks.
pub(crate) fn cleaned(text: &str) -> String {
    text.chars()
        .map(|char| if char == '\t' { ' ' } else { char })
        .filter(|char| !char.is_control() || *char == '\n')
        .collect()
}

/// The text in FSI…PDI if it has controls of the writing direction, so that they cannot affect the text around it.
pub(crate) fn isolated(text: &str) -> String {
    if text.contains(is_bidi_control) { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

/// The text with invisible breaks, so that Telegram finds no links, mentions, commands or tags in it.
pub(crate) fn unlinked(text: &str) -> String {
    const BREAK: char = '\u{200b}';
    let mut safe = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        safe.push(char);
        let follows = chars.peek().is_some_and(|next| next.is_alphanumeric() || *next == '_' || *next == '/');
        let links = match char {
            '@' | '#' | '$' | ':' => follows,
            '/' => follows && !before.is_alphanumeric() && !"/<>".contains(before), // Telegram's rule for commands
            '.' => follows && (before.is_alphanumeric() || before == '_' || before == '-'),
            _ => false,
        };
        if links {
            safe.push(BREAK);
        }
        before = char;
    }
    safe
}

/// The text, cut to a number of characters and bytes, with «…» at the end if something is cut off.
pub(crate) fn cut(text: &str, max_chars: usize, max_bytes: usize) -> String {
    if text.len() <= max_bytes && text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let room = max_bytes.saturating_sub('…'.len_utf8());
    let mut beginning: String = text
        .char_indices()
        .take(max_chars.saturating_sub(1))
        .take_while(|(at, char)| at + char.len_utf8() <= room)
        .map(|(_, char)| char)
        .collect();
    beginning.truncate(beginning.trim_end().len());
    beginning.push('…');
    beginning
}

/// Bytes of a cleaned text in JSON.
pub(crate) fn stored_len(text: &str) -> usize {
    text.len() + text.chars().filter(|char| matches!(char, '"' | '\\' | '\n')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telegram_finds_no_links_in_a_reply() {
        for (text, safe) in [
            ("https://evil.example/x", "https:|/|/evil.|example/x"),
            ("t.me/bot и @bot", "t.|me/bot и @|bot"),
            ("/delete #tag $TON", "/|delete #|tag $|TON"),
            ("сайт.рф", "сайт.|рф"),
            ("Да. Можно и так... 50/50 </b>", "Да. Можно и так... 50/50 </b>"),
        ] {
            assert_eq!(unlinked(text).replace('\u{200b}', "|"), safe);
        }
    }

    #[test]
    fn direction_controls_are_isolated() {
        assert_eq!(isolated("\u{202e}abc"), "\u{2068}\u{202e}abc\u{2069}");
        assert_eq!(isolated("שלום <b>"), "שלום <b>");
    }

    #[test]
    fn control_characters_are_dropped() {
        assert_eq!(cleaned("a\u{0}\tb\r\nc\u{7f}"), "a b\nc");
    }

    #[test]
    fn a_cut_text_ends_with_an_ellipsis() {
        assert_eq!(cut("привет", 6, 100), "привет");
        assert_eq!(cut("привет", 4, 100), "при…");
        assert_eq!(cut("привет", 6, 8), "пр…");
        assert_eq!(cut("👍👍", 6, 7), "👍…");
    }
}
