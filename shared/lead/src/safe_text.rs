//! Customers' words as a manager sees them in amoCRM and in the sales chat: they must not look like the bot's own
//! lines, and must not be links.

/// One line: for names of deals, tasks and contacts.
#[must_use]
pub fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A person's name in one line, without a second phone number for a manager to call.
#[must_use]
pub fn name_without_numbers(name: &str) -> String {
    let is_number = |word: &str| word.chars().filter(char::is_ascii_digit).count() >= MIN_PHONE_DIGITS;
    let name = one_line(name);
    // Numbers may be written with spaces, so words made of digits count together.
    let mut kept: Vec<&str> = Vec::new();
    let mut digits = 0;
    for word in name.split(' ') {
        let is_digits = word.chars().any(|char| char.is_ascii_digit()) && !word.chars().any(char::is_alphabetic);
        if is_digits {
            digits += word.chars().filter(char::is_ascii_digit).count();
        }
        if !is_number(word) {
            kept.push(word);
        }
    }
    if digits >= MIN_PHONE_DIGITS {
        kept.retain(|word| !word.chars().any(|char| char.is_ascii_digit()));
    }
    kept.join(" ")
}

/// Fewer digits are a year or a flat, not a phone number.
const MIN_PHONE_DIGITS: usize = 5;

/// Text of several lines: every line after the first begins with a bar, so that none looks like a line of the note.
#[must_use]
pub fn quoted(text: &str) -> String {
    let text = visible(text);
    let mut lines = text.split(is_line_break).map(str::trim_end).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| format!("{text}\n│ {line}"))
}

/// Without characters that turn the direction of writing, and with links that cannot be clicked but can still be read:
/// `https: //avito. ru/1`.
fn visible(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut chars = text.chars().filter(|char| !is_hidden_control(*char)).peekable();
    let mut before = ' ';
    while let Some(char) = chars.next() {
        safe.push(char);
        let next = chars.peek().copied().unwrap_or(' ');
        let is_dot_of_address = char == '.' && before.is_alphanumeric() && next.is_alphabetic();
        let is_scheme = char == ':' && next == '/';
        if is_dot_of_address || is_scheme {
            safe.push(' ');
        }
        before = char;
    }
    safe
}

const fn is_line_break(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Controls of the writing direction, and controls that no line break or tab needs.
fn is_hidden_control(char: char) -> bool {
    let is_bidi =
        matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_bidi || (char.is_control() && !is_line_break(char) && char != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_line_does_not_look_like_a_line_of_the_note() {
        assert_eq!(
            quoted("Звоните\nТелефон: +79990000000\r\n\r\nИмя: Олег"),
            "Звоните\n│ Телефон: +79990000000\n│ Имя: Олег"
        );
        assert_eq!(quoted("одна строка"), "одна строка");
        assert_eq!(quoted("a\u{2028}b\u{85}c"), "a\n│ b\n│ c");
    }

    #[test]
    fn links_can_be_read_and_not_clicked() {
        assert_eq!(quoted("см. https://pay.example.ru/1?a=b.c"), "см. https: //pay. example. ru/1?a=b. c");
        assert_eq!(quoted("www.site.рф tg://x 3.9 т.е. 18:00"), "www. site. рф tg: //x 3.9 т. е. 18:00");
    }

    #[test]
    fn nothing_turns_the_direction_of_writing() {
        assert_eq!(one_line("Анна\u{202e}97+\u{2066}x\u{0}"), "Анна97+x");
    }

    #[test]
    fn a_name_has_one_line_and_no_phone_number() {
        assert_eq!(name_without_numbers("Анна\n+7 999 000-00-00"), "Анна");
        assert_eq!(name_without_numbers("Анна +79990000000 срочно"), "Анна срочно");
        assert_eq!(name_without_numbers("Анна 2"), "Анна 2");
    }
}
