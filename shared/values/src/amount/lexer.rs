//! Cuts text into numbers, words and marks.

use std::ops::Range;

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// In bytes of the text.
    pub(crate) span: Range<usize>,
    /// Directly behind the token before.
    pub(crate) glued: bool,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number in digits.
    Number(Number),
    /// Letters, in lower case and with «е» for «ё».
    Word(String),
    /// Any other character but white space.
    Mark(char),
    /// Digits that are not an amount: a phone number, a date, a time, a tyre size.
    Opaque,
}

/// A number in digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    /// In millionths.
    pub(crate) millionths: u64,
    /// How many digits, if it is whole and without separators; otherwise 0.
    pub(crate) digits: usize,
    /// The value when its only separator, taken for one of thousands, is a decimal one instead: «1.500 млн».
    pub(crate) as_decimal: Option<u64>,
}

/// The lower-case character, with «е» for «ё»: words are compared in this form.
pub(crate) fn fold(c: char) -> char {
    match c.to_lowercase().next().unwrap_or(c) {
        'ё' => 'е',
        lower => lower,
    }
}

/// The tokens of `text`.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: text.char_indices().collect(), end: text.len(), at: 0 };
    let mut tokens: Vec<Token> = Vec::new();
    while let Some(c) = lexer.peek(0) {
        if c.is_whitespace() && c != '\n' {
            lexer.at += 1;
            continue;
        }
        let start = lexer.offset(lexer.at);
        let kind = match tokens.last() {
            Some(Token { kind: Kind::Word(word), span, .. }) if span.end == start && is_code(word) => lexer.code(c),
            _ => lexer.token(c),
        };
        let glued = tokens.last().is_some_and(|before| before.span.end == start);
        tokens.push(Token { kind, span: start..lexer.offset(lexer.at), glued });
    }
    tokens
}

struct Lexer {
    chars: Vec<(usize, char)>,
    end: usize,
    at: usize,
}

/// More digits than this saturate.
const MAX_DIGITS: usize = 12;

/// The value of a number that is longer, in millionths: whole, and far above anything taken.
const SATURATED: u64 = u64::MAX / 1_000_000 * 1_000_000;

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).map(|(_, c)| *c)
    }

    fn offset(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.end, |(offset, _)| *offset)
    }

    fn is_digit(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|c| c.is_ascii_digit())
    }

    /// How many digits follow from `ahead` on.
    fn run(&self, ahead: usize) -> usize {
        (0..).take_while(|more| self.is_digit(ahead + more)).count()
    }

    /// Takes one token behind the letters of a code: «е39 525» has two numbers.
    fn code(&mut self, first: char) -> Kind {
        let length = self.run(0);
        if !(1..=3).contains(&length) || self.peek(length) != Some(' ') {
            return self.token(first);
        }
        let digits = self.take(length);
        Kind::Number(Number { millionths: millionths(&digits, ""), digits: length, as_decimal: None })
    }

    /// Takes one token; at least one character is consumed.
    fn token(&mut self, first: char) -> Kind {
        if let Some(length) = self.opaque() {
            self.at += length;
            return Kind::Opaque;
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        if first.is_alphabetic() {
            let mut word = String::new();
            while let Some(c) = self.peek(0).filter(|c| c.is_alphabetic()) {
                word.push(fold(c));
                self.at += 1;
            }
            return Kind::Word(word);
        }
        self.at += 1;
        Kind::Mark(first)
    }

    /// The length of digits that are not an amount.
    fn opaque(&self) -> Option<usize> {
        self.phone().or_else(|| self.date())
    }

    /// The length of a phone number: «+» and at least ten digits, or eleven of which the first is 7 or 8.
    fn phone(&self) -> Option<usize> {
        let plus = usize::from(self.peek(0) == Some('+'));
        if !self.is_digit(plus) {
            return None;
        }
        let (mut digits, mut length) = (0, 0);
        for ahead in plus.. {
            match self.peek(ahead) {
                Some(c) if c.is_ascii_digit() => {
                    digits += 1;
                    length = ahead + 1;
                }
                Some(' ' | '\u{a0}' | '-' | '(' | ')') if digits < 12 => {}
                _ => break,
            }
        }
        let is_phone = if plus == 1 {
            (10..=15).contains(&digits)
        } else {
            digits == 11 && matches!(self.peek(0), Some('7' | '8')) && self.peek(1) != Some('.')
        };
        is_phone.then_some(length)
    }

    /// The length of a date, time or size: «12.05.2019», «2019-05-12», «18:30», «205/55».
    fn date(&self) -> Option<usize> {
        let mut length = Some(self.run(0)).filter(|run| *run > 0)?;
        let mut parts = 1;
        let mut separator = None;
        while let Some(c) = self.peek(length).filter(|c| matches!(c, '.' | '-' | '/' | ':')) {
            let run = self.run(length + 1);
            if run == 0 || run == 3 && c == '.' || separator.is_some_and(|before| before != c) {
                break;
            }
            separator = Some(c);
            length += 1 + run;
            parts += 1;
        }
        let is_date = match separator? {
            ':' | '/' => true,
            _ => parts >= 3,
        };
        is_date.then_some(length)
    }

    /// Takes a number: digits in groups of three, perhaps with a decimal fraction.
    fn number(&mut self) -> Kind {
        let first = self.run(0);
        let mut integer: String = self.take(first);
        let (mut groups, mut separator) = (0, None);
        if (1..=3).contains(&first) && !integer.starts_with('0') {
            while let Some(c) = self.peek(0).filter(|c| is_group_separator(*c)) {
                let c = if c.is_whitespace() { ' ' } else { c };
                if separator.is_some_and(|before| before != c) || self.run(1) != 3 {
                    break;
                }
                separator = Some(c);
                groups += 1;
                self.at += 1;
                integer.push_str(&self.take(3));
            }
        }
        if groups == 1 && matches!(separator, Some('.' | ',')) {
            let (thousands, fraction) = integer.split_at(integer.len() - 3);
            let as_decimal = Some(millionths(thousands, fraction));
            return Kind::Number(Number { millionths: millionths(&integer, ""), digits: 0, as_decimal });
        }
        let fraction = self.fraction(groups > 0, integer.len());
        let whole = groups == 0 && fraction.is_empty();
        let digits = if whole { integer.len() } else { 0 };
        Kind::Number(Number { millionths: millionths(&integer, &fraction), digits, as_decimal: None })
    }

    fn take(&mut self, count: usize) -> String {
        let taken = self.chars.iter().skip(self.at).take(count).map(|(_, c)| *c).filter(char::is_ascii_digit).collect();
        self.at += count;
        taken
    }

    /// Takes a decimal fraction. After four digits a comma without a space separates a year from what follows.
    fn fraction(&mut self, grouped: bool, integer_digits: usize) -> String {
        let run = self.run(1);
        let separates = self.peek(0).is_some_and(|c| c == '.' || c == ',' && integer_digits != 4);
        if !separates || run == 0 || run > 6 || (grouped && run > 2) {
            return String::new();
        }
        self.at += 1;
        self.take(run)
    }
}

/// Whether letters directly before digits may be a code with them, «w211», rather than a word without its space, «до900
/// 000».
pub(crate) fn is_code(letters: &str) -> bool {
    const WORDS: &[&str] = &["до", "за", "от", "с", "по", "к", "на", "в", "р", "г", "м", "из", "не", "и", "а"];
    letters.chars().count() <= 2 && !WORDS.contains(&letters)
}

fn is_group_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '.' | ',' | '\'' | '’' | '_')
}

/// The value of «integer.fraction» in millionths; the fraction has at most six digits.
fn millionths(integer: &str, fraction: &str) -> u64 {
    let integer = integer.trim_start_matches('0');
    if integer.len() > MAX_DIGITS {
        return SATURATED;
    }
    format!("{integer}{fraction:0<6}").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens one after the other: numbers by value, `?` for opaque ones.
    fn cut(text: &str) -> String {
        let shown = tokens(text).into_iter().map(|token| match token.kind {
            Kind::Number(number) => format!("{}", number.millionths as f64 / 1e6),
            Kind::Word(word) => word,
            Kind::Mark(mark) => mark.to_string(),
            Kind::Opaque => "?".to_owned(),
        });
        shown.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn groups_of_three_are_one_number_and_others_are_not() {
        for (text, expected) in [
            ("85 000 км", "85000|км"),
            ("1\u{a0}500\u{202f}000₽", "1500000|₽"),
            ("1.500.000", "1500000"),
            ("1'500'000,50", "1500000.5"),
            ("2019 85 000", "2019|85000"),
            ("2019, 85", "2019|,|85"),
            ("2019,85 тыс", "2019|,|85|тыс"),
            ("1,5млн", "1.5|млн"),
            ("1м200", "1|м|200"),
            ("05 000", "5|0"),
            ("Ещё 10", "еще|10"),
            ("999999999999999999999", "18446744073709"),
            ("е39 525 000", "е|39|525000"),
            ("до900 000", "до|900000"),
            ("цена900 000", "цена|900000"),
        ] {
            assert_eq!(cut(text), expected, "{text}");
        }
    }

    #[test]
    fn phones_dates_and_sizes_are_not_amounts() {
        for text in
            ["+7 900 123-45-67", "8 (900) 123 45 67", "89001234567", "12.05.2019", "2019-05-12", "18:30", "205/55"]
        {
            assert_eq!(cut(text), "?", "{text}");
        }
        assert_eq!(cut("500-700"), "500|-|700");
    }

    proptest::proptest! {
        #[test]
        fn tokens_are_in_order_and_lie_within_the_text(text in "(\\PC|[0-9 .,'+:/-]){0,200}") {
            let mut end = 0;
            for token in tokens(&text) {
                proptest::prop_assert!(token.span.start >= end && token.span.end > token.span.start);
                proptest::prop_assert!(text.get(token.span.clone()).is_some());
                end = token.span.end;
            }
        }
    }
}
