//! Puts tokens together into an amount.

use super::lexer::{Kind, Number, Token};
use super::sum::Sum;
use super::words::{self, Multiplier, Numeral};
use super::{Amount, DASHES, MILLION, Scale, Unit};

/// The amount that begins at token `at`, if one does.
pub(super) fn amount_at(tokens: &[Token], at: usize) -> Option<Amount> {
    let Some((multiplier, many)) = word_at(tokens, at).and_then(words::genitive) else { return plain_at(tokens, at) };
    inverted(tokens, at, multiplier, many).or_else(|| if many { None } else { plain_at(tokens, at) })
}

/// An approximation with the multiplier first: «тысяч 800», «тысяч за семьсот», «миллиона полтора».
fn inverted(tokens: &[Token], at: usize, multiplier: Multiplier, many: bool) -> Option<Amount> {
    const BETWEEN: &[&str] = &["за", "под", "до", "в", "около", "от", "так", "эдак", "примерно"];
    const BEFORE_ONE: &[&str] = &["до", "за", "от", "около", "больше", "более", "меньше", "менее", "с", "в", "на"];
    let apart = word_at(tokens, at + 1).is_some_and(|word| BETWEEN.contains(&word));
    // «до миллиона 2 …» has a sum of its own before the other number.
    if !(many || apart) && at > 0 && word_at(tokens, at - 1).is_some_and(|word| BEFORE_ONE.contains(&word)) {
        return None;
    }
    let mut amount = plain_at(tokens, at + 1 + usize::from(apart))?;
    let most = if many { 10_000 } else { 100 };
    let fits = amount.scale == Scale::One && amount.millionths < most * MILLION && !amount.negative;
    let counts = word_at(tokens, amount.tokens.end).is_some_and(words::is_thing);
    if !fits || counts || !matches!(amount.unit, None | Some(Unit::Roubles | Unit::Kilometres)) {
        return None;
    }
    amount.millionths = amount.millionths.saturating_mul(multiplier.factor);
    amount.scale = Scale::of(multiplier.factor);
    amount.tokens.start = at;
    Some(amount)
}

/// The factor of the multiplier in front of an approximation. It also holds for the other end of a range.
pub(super) fn leading_factor(tokens: &[Token], amount: &Amount) -> Option<u64> {
    let (multiplier, _) = words::genitive(word_at(tokens, amount.tokens.start)?)?;
    (amount.tokens.len() > 1).then_some(multiplier.factor)
}

fn word_at(tokens: &[Token], at: usize) -> Option<&str> {
    match &tokens.get(at)?.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

/// The amount that begins at token `at` in the usual order.
fn plain_at(tokens: &[Token], at: usize) -> Option<Amount> {
    let mut reader = Reader { tokens, at, sum: Sum::default(), digits: 0, unit: None, settled: None };
    reader.read();
    let Reader { at: end, sum, digits, unit, .. } = reader;
    if sum.parts == 0 {
        return None;
    }
    let negative = at > 0 && tokens[at].glued && is_minus(tokens, at - 1);
    Some(Amount { millionths: sum.total(), scale: sum.scale, unit, digits, negative, tokens: at..end })
}

/// A dash that no number or word stands directly before.
fn is_minus(tokens: &[Token], dash: usize) -> bool {
    let is_dash = matches!(tokens[dash].kind, Kind::Mark(mark) if DASHES.contains(mark));
    let in_between = |before: &Token| match before.kind {
        Kind::Number(_) | Kind::Opaque => true,
        Kind::Word(_) => tokens[dash].glued,
        Kind::Mark(_) => false,
    };
    is_dash && !(dash > 0 && in_between(&tokens[dash - 1]))
}

/// Reads one amount from `at` on.
struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
    sum: Sum,
    digits: usize,
    unit: Option<Unit>,
    /// The state after the last multiplier, to go back to if what follows is not part of the number.
    settled: Option<(usize, Sum)>,
}

impl Reader<'_> {
    fn word(&self, ahead: usize) -> Option<&str> {
        match &self.tokens.get(self.at + ahead)?.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn mark(&self, ahead: usize) -> Option<char> {
        match self.tokens.get(self.at + ahead)?.kind {
            Kind::Mark(mark) => Some(mark),
            _ => None,
        }
    }

    fn read(&mut self) {
        while self.step() {}
        if self.sum.parts == 0 {
            return;
        }
        self.read_unit();
        if let Some((at, sum)) = self.settled.filter(|_| !self.tail_belongs()) {
            (self.at, self.sum, self.unit) = (at, sum, None);
            self.read_unit();
        }
    }

    /// Whether what was read after the last settled multiplier is part of the same number.
    fn tail_belongs(&self) -> bool {
        let Some((settled_at, settled)) = self.settled else { return true };
        if settled.parts == self.sum.parts {
            return true;
        }
        let Some(tail) = self.sum.open else {
            // The tail has a multiplier of its own: «1 млн 200 тыс», but not «за 1 млн 85 тыс км».
            return self.unit.is_none_or(|unit| unit == Unit::Roubles);
        };
        let in_words = matches!(self.tokens[settled_at].kind, Kind::Word(_));
        let hundreds = (100 * MILLION..1_000 * MILLION).contains(&tail);
        match settled.factor {
            1_000_000 => hundreds && self.unit.is_none_or(|unit| unit == Unit::Roubles),
            // «85 тыс 900» is more often two numbers than one, unless a unit follows or both are in words.
            1_000 if in_words => !matches!(self.unit, Some(Unit::Other | Unit::Year)),
            1_000 => hundreds && matches!(self.unit, Some(Unit::Roubles | Unit::Kilometres)),
            _ => false,
        }
    }

    /// Takes the next token or tokens, if they belong to the amount.
    fn step(&mut self) -> bool {
        let Some(token) = self.tokens.get(self.at) else { return false };
        // «230ткм 450тр» are two numbers.
        if self.unit.is_some() && self.settled.is_some_and(|(at, _)| at == self.at) {
            return false;
        }
        match &token.kind {
            Kind::Number(number) => self.step_number(*number),
            Kind::Word(word) => self.step_word(word),
            Kind::Mark('-') if token.glued && self.sum.parts > 0 => self.step_case_ending(),
            Kind::Mark('.') if self.settled.is_some_and(|(at, _)| at == self.at) => self.step_full_stop(),
            Kind::Mark(_) | Kind::Opaque => false,
        }
    }

    fn step_number(&mut self, number: Number) -> bool {
        // Digits that directly follow letters are a model («х5»), unless the letters were a multiplier («1м200»).
        let inside_a_word = self.tokens[self.at].glued
            && self.sum.parts == 0
            && self.at > 0
            && matches!(self.tokens[self.at - 1].kind, Kind::Word(_));
        // «1,6 млн 190 тыс» are two numbers.
        let follows_fraction = self.sum.factor == 1_000_000 && !self.sum.done.is_multiple_of(1_000_000 * MILLION);
        if inside_a_word || follows_fraction || self.sum.open.is_some() || (self.sum.parts > 0 && number.digits == 0) {
            return false;
        }
        let scaled = |word: &str| words::multiplier(word).is_some();
        let decimal = number.as_decimal.filter(|_| self.word(1).is_some_and(scaled));
        if self.sum.parts == 0 {
            self.digits = number.digits;
        }
        self.sum.begin(decimal.unwrap_or(number.millionths), 0);
        self.at += 1;
        true
    }

    fn step_word(&mut self, word: &str) -> bool {
        if self.is_glued_ending(word) {
            self.at += 1;
            return true;
        }
        if word == "с" && self.word(1).is_some_and(|next| next.starts_with("половин")) {
            return self.step_and_a_half();
        }
        match words::numeral(word) {
            Some(Numeral::Plain(value, room)) => return self.step_numeral(value, room),
            Some(Numeral::OneAndAHalf) if self.sum.parts == 0 => {
                self.sum.begin(MILLION * 3 / 2, 0);
                self.at += 1;
                return true;
            }
            Some(Numeral::Half) if self.sum.parts == 0 => {
                let skip = if self.mark(1) == Some('-') { 2 } else { 1 };
                let Some(multiplier) = self.word(skip).and_then(words::multiplier) else { return false };
                return self.step_half(multiplier, skip + 1);
            }
            _ => {}
        }
        if let Some(multiplier) = words::half_of(word).filter(|_| self.sum.parts == 0) {
            return self.step_half(multiplier, 1);
        }
        words::multiplier(word).is_some_and(|multiplier| self.step_multiplier(multiplier))
    }

    fn step_numeral(&mut self, value: u64, room: u64) -> bool {
        match self.sum.open {
            Some(open) if value < self.sum.room => self.sum.open = Some(open + value * MILLION),
            Some(open) if self.are_millions_and_hundreds(open, value) => {
                self.sum.multiply(1_000_000);
                self.sum.begin(value * MILLION, room);
            }
            Some(_) => return false,
            None => self.sum.begin(value * MILLION, room),
        }
        self.sum.room = room;
        self.at += 1;
        true
    }

    /// «два восемьсот» is 2 800 000. Not so directly behind a model («фокус два триста») and in a phone number.
    fn are_millions_and_hundreds(&self, open: u64, hundreds: u64) -> bool {
        let is_plain = self.sum.parts == 1 && self.digits == 0 && self.settled.is_none();
        let fits = (MILLION..=7 * MILLION).contains(&open) && self.sum.room == 0 && (100..=900).contains(&hundreds);
        let follows_name = self.at > 1 && !matches!(self.tokens[self.at - 2].kind, Kind::Word(_) | Kind::Mark(','));
        let rest = (1..).map_while(|ahead| self.word(ahead)).find(|word| match words::numeral(word) {
            Some(Numeral::Plain(value, _)) => value >= 100,
            _ => true,
        });
        let ends = rest.is_none_or(|word| {
            words::numeral(word).is_none()
                && words::multiplier(word).is_none()
                && words::unit(word).is_none_or(|unit| unit == Unit::Roubles)
        });
        is_plain && fits && !follows_name && ends
    }

    fn step_half(&mut self, multiplier: Multiplier, length: usize) -> bool {
        self.sum.begin(MILLION / 2, 0);
        self.at += length;
        self.close_part(multiplier);
        true
    }

    /// «два с половиной миллиона», «миллион с половиной».
    fn step_and_a_half(&mut self) -> bool {
        match self.sum.open {
            Some(open) => self.sum.open = Some(open.saturating_add(MILLION / 2)),
            None if self.sum.parts > 0 => {
                self.sum.done = self.sum.done.saturating_add((MILLION / 2).saturating_mul(self.sum.factor));
            }
            None => return false,
        }
        self.sum.room = 0;
        self.at += 2;
        self.settled = self.settled.map(|_| (self.at, self.sum));
        true
    }

    fn step_multiplier(&mut self, multiplier: Multiplier) -> bool {
        let nothing_open = self.sum.open.is_none();
        // «сотка тысяч» is a hundred thousand, not a hundred million.
        if nothing_open && self.sum.factor == 100_000 && multiplier.factor == 1_000 {
            self.at += 1;
            self.settled = Some((self.at, self.sum));
            return true;
        }
        if multiplier.factor >= self.sum.factor || (nothing_open && !multiplier.alone) {
            return false;
        }
        if multiplier.letter && !self.tokens[self.at].glued && !self.letter_stands_alone() {
            return false;
        }
        if nothing_open {
            self.sum.parts += 1;
        }
        self.at += 1;
        self.close_part(multiplier);
        true
    }

    /// «900 к» is thousands, «приеду в 9 к вам» is not: a separate letter counts only if no other word follows.
    fn letter_stands_alone(&self) -> bool {
        self.word(1).is_none_or(|next| words::unit(next).is_some())
    }

    fn close_part(&mut self, multiplier: Multiplier) {
        self.sum.multiply(multiplier.factor);
        self.unit = multiplier.unit;
        self.settled = Some((self.at, self.sum));
    }

    /// «2х миллионов», «5ти тыс»; neither «х5» nor a multiplier.
    fn is_glued_ending(&self, word: &str) -> bool {
        let follows_digits = self.tokens[self.at].glued && self.sum.open.is_some() && self.digits > 0;
        follows_digits
            && matches!(word, "х" | "ти" | "ух")
            && self.word(1).is_some_and(|next| words::multiplier(next).is_some())
    }

    /// «2-х миллионов», «5-ти тысяч».
    fn step_case_ending(&mut self) -> bool {
        let is_ending = self.word(1).is_some_and(|word| matches!(word, "х" | "ти" | "и" | "ух" | "м"));
        if is_ending {
            self.at += 2;
        }
        is_ending
    }

    /// The full stop of «тыс.», if more of the amount follows it: «тыс. руб.», «1 млн. 200 тыс.».
    fn step_full_stop(&mut self) -> bool {
        let unit_follows = self.word(1).is_some_and(|word| match words::unit(word) {
            Some(Unit::Other) => words::is_foreign_currency(word) || word.starts_with("миль"),
            unit => unit.is_some(),
        });
        let number_follows = self.sum.factor == 1_000_000
            && matches!(self.tokens.get(self.at + 1).map(|token| &token.kind), Some(Kind::Number(number)) if number.digits == 3);
        if !(unit_follows || number_follows) {
            return false;
        }
        self.at += 1;
        true
    }

    fn read_unit(&mut self) {
        if self.is_glued_ordinal() {
            self.at += 1;
            self.read_year_behind_ordinal();
            return;
        }
        let found = match self.tokens.get(self.at).map(|token| &token.kind) {
            Some(Kind::Word(word)) => words::unit(word),
            Some(Kind::Mark('-')) => self.word(1).and_then(words::unit), // «2019-го», «2018-й»
            Some(Kind::Mark(mark)) => words::sign(*mark),
            _ => None,
        };
        let Some(unit) = found else { return };
        if unit == Unit::Year && self.sum.scale != Scale::One {
            return;
        }
        let by_dash = self.mark(0) == Some('-');
        if by_dash && unit != Unit::Year {
            // An ordinal may be a year; it counts nothing.
            if self.word(1).is_some_and(|word| matches!(word, "й" | "го" | "ый" | "я" | "м")) {
                self.at += 2;
                self.read_year_behind_ordinal();
            }
            return;
        }
        self.at += if by_dash { 2 } else { 1 };
        self.unit = Some(unit);
        if unit == Unit::Year {
            self.skip_of_manufacture();
        } else if self.mark(0) == Some('.') && self.tokens[self.at].glued {
            self.at += 1;
        }
    }

    /// «2012й», «19го»: an ordinal with two or four digits, like a year.
    fn is_glued_ordinal(&self) -> bool {
        let is_glued = self.tokens.get(self.at).is_some_and(|token| token.glued);
        let ends = self.word(0).is_some_and(|word| matches!(word, "й" | "го" | "ый" | "ого"));
        is_glued && ends && matches!(self.digits, 2 | 4) && self.sum.scale == Scale::One
    }

    fn read_year_behind_ordinal(&mut self) {
        if self.word(0).is_some_and(|word| words::unit(word) == Some(Unit::Year)) {
            self.read_unit();
        }
    }

    /// The rest of «г.в.», «г/в», «год выпуска».
    fn skip_of_manufacture(&mut self) {
        let stop = usize::from(matches!(self.mark(0), Some('.' | '/')));
        let follows = self.word(stop).is_some_and(|word| word == "в" || word.starts_with("вып"));
        // «2019 г. в Москве» has the same letters; then the «в» has no full stop, which costs nothing to take.
        self.at += if follows { stop + 1 } else { stop };
        if follows && self.mark(0) == Some('.') {
            self.at += 1;
        }
    }
}
