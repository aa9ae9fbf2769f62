//! Making foreign text harmless: what customers type and what a model writes.

use values::text::is_bidi_control;

/// Text as it is kept: without control characters, except line breaks.
pub(crate) fn cleaned(text: &str) -> String {
    text.chars()
        .map(|char| if char == '\t' { ' ' } else { char })
        .filter(|char| !char.is_control() || *char == '\n')
        .collect()
}

/// Text that can turn nothing around it: wrapped in FSI…PDI when it carries controls of the writing direction.
pub(crate) fn isolated(text: &str) -> String {
    if text.contains(is_bidi_control) { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

/// Text in which Telegram finds no links, mentions, commands or tags to make live.
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

/// The text's beginning: at most so many characters and bytes, with «…» in place of what is cut off.
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

/// How many bytes a cleaned text takes as JSON.
pub(crate) fn stored_len(text: &str) -> usize {
    text.len() + text.chars().filter(|char| matches!(char, '"' | '\\' | '\n')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_reply_is_live() {
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
    fn direction_controls_stay_inside() {
        assert_eq!(isolated("\u{202e}abc"), "\u{2068}\u{202e}abc\u{2069}");
        assert_eq!(isolated("שלום <b>"), "שלום <b>");
    }

    #[test]
    fn control_characters_are_dropped() {
        assert_eq!(cleaned("a\u{0}\tb\r\nc\u{7f}"), "a b\nc");
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(cut("привет", 6, 100), "привет");
        assert_eq!(cut("привет", 4, 100), "при…");
        assert_eq!(cut("привет", 6, 8), "пр…");
        assert_eq!(cut("👍👍", 6, 7), "👍…");
    }
}
