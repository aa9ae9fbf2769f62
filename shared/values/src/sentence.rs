//! The numbers of a free sentence, told apart: «продаю камри 2019, 85 тыс, хочу полтора».
//!
//! What a number is follows, in this order, from its unit («км», «г.в.», «руб»), from a word beside it («пробег», «бюджет»),
//! from its shape (2019, millions), and last from what the other numbers already are.

mod ordinals;

use crate::amount::lexer::{self, Kind, Token};
use crate::amount::{self, Amount, DASHES, Scale, Unit};
use crate::{car, mileage, money, year};

/// The numbers of a sentence, each taken for one thing only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Year of manufacture.
    pub year: Option<i16>,
    /// Price or budget in whole roubles.
    pub money: Option<u64>,
    /// Mileage in whole kilometres.
    pub mileage: Option<u32>,
}

/// What the numbers of `sentence` are. Numbers of phones, dates, models («х5», «2114») and of other things («6 лет», «150 л.с.»)
/// are none of them.
#[must_use]
pub fn numbers(sentence: &str, this_year: i16) -> Numbers {
    let tokens = without_model(sentence);
    let mut numbers = Numbers::default();
    let mut doubtful = Vec::new();
    for mentioned in mentioned(&tokens) {
        match guess(&mentioned, &tokens, this_year) {
            Guess::Year(year) => {
                numbers.year.get_or_insert(year);
            }
            // «… до 2 млн» corrects what was said before it.
            Guess::Money(roubles) if mentioned.is_upper_end => numbers.money = Some(roubles),
            Guess::Money(roubles) => {
                numbers.money.get_or_insert(roubles);
            }
            Guess::Mileage(km) => {
                numbers.mileage.get_or_insert(km);
            }
            Guess::MoneyOrMileage { value, rather_money } => doubtful.push((value, rather_money)),
            Guess::Nothing => {}
        }
    }
    settle(&mut numbers, &doubtful, &tokens);
    numbers
}

/// The year of manufacture in `sentence`.
#[must_use]
pub fn year(sentence: &str, this_year: i16) -> Option<i16> {
    numbers(sentence, this_year).year
}

/// The price or budget in `sentence`, in roubles.
#[must_use]
pub fn money(sentence: &str) -> Option<u64> {
    numbers(sentence, ANY_YEAR).money
}

/// The mileage in `sentence`, in kilometres.
#[must_use]
pub fn mileage(sentence: &str) -> Option<u32> {
    numbers(sentence, ANY_YEAR).mileage
}

/// Where the year does not matter: any number that looks like one of this century is a year, and no sum.
const ANY_YEAR: i16 = 2098;

/// The tokens of a sentence, but for the make and model: «камри 70», «крузак 200» have numbers of their own.
fn without_model(sentence: &str) -> Vec<Token> {
    let mut tokens = lexer::tokens(sentence);
    if let Some(found) = car::find(sentence) {
        let within = |token: &Token| token.span.start < found.span.end && found.span.start < token.span.end;
        for token in tokens.iter_mut().filter(|token| within(token)) {
            token.kind = Kind::Mark(MODEL);
        }
    }
    ordinals::spell_in_digits(&mut tokens);
    tokens
}

/// Stands where a make and model were.
const MODEL: char = '\u{fffc}';

/// An amount with what is said beside it.
struct Mentioned {
    amount: Amount,
    /// The words before it, up to the amount or the clause before; the nearest last.
    before: Vec<String>,
    /// The words after it, up to the next amount or the end of the clause, if they do not lead up to a next amount.
    after: Vec<String>,
    /// «до 2 млн», «1-2 млн».
    is_upper_end: bool,
}

/// How many words beside an amount may say what it is.
const WORDS_BESIDE: usize = 4;

/// Every amount of the sentence; of a range of sums or distances only the upper end, of years the lower.
fn mentioned(tokens: &[Token]) -> Vec<Mentioned> {
    let amounts = amount::all_amounts(tokens);
    let mut mentioned: Vec<Mentioned> = Vec::new();
    for (place, amount) in amounts.iter().enumerate() {
        let start = place.checked_sub(1).map_or(0, |before| amounts[before].tokens.end);
        let end = amounts.get(place + 1).map_or(tokens.len(), |next| next.tokens.start);
        let before = words_before(&tokens[start..amount.tokens.start]);
        let after = words_after(&tokens[amount.tokens.end..end], end < tokens.len());
        let mut this = Mentioned { is_upper_end: false, amount: amount.clone(), before, after };
        let range_from = place.checked_sub(1).map(|before| &amounts[before]);
        let range_from = range_from.filter(|lower| {
            is_range(&tokens[lower.tokens.end..amount.tokens.start])
                && looks_like_year(lower) == looks_like_year(amount)
        });
        if let Some(lower) = range_from {
            if looks_like_year(lower) {
                continue;
            }
            this.before = mentioned.pop().map(|lower| lower.before).unwrap_or_default();
            this.is_upper_end = true;
        }
        this.is_upper_end |= this.before.last().is_some_and(|word| word == "до");
        mentioned.push(this);
    }
    mentioned
}

/// Whether this is all that stands between the ends of a range.
fn is_range(between: &[Token]) -> bool {
    match between {
        [Token { kind: Kind::Mark(mark), .. }] => DASHES.contains(*mark),
        [Token { kind: Kind::Word(word), .. }] => word == "до",
        _ => false,
    }
}

fn looks_like_year(amount: &Amount) -> bool {
    amount.unit == Some(Unit::Year) || (amount.digits == 4 && (1950..2100).contains(&amount.whole()))
}

/// The words that lead up to an amount, within its clause.
fn words_before(tokens: &[Token]) -> Vec<String> {
    let clause = tokens.iter().rposition(ends_clause).map_or(tokens, |end| &tokens[end + 1..]);
    let words: Vec<String> = clause.iter().filter_map(word).collect();
    words[words.len().saturating_sub(WORDS_BESIDE)..].to_vec()
}

/// The words that follow an amount, within its clause. Where the next amount comes without a comma, the last word before it
/// is that one's: «2019 пробег 85».
fn words_after(tokens: &[Token], amount_follows: bool) -> Vec<String> {
    let end = tokens.iter().position(ends_clause);
    let clause = end.map_or(tokens, |end| &tokens[..end]);
    let mut words: Vec<String> = clause.iter().filter_map(word).collect();
    if amount_follows && end.is_none() {
        // «110 тысяч пробега хочу 400»: the genitive belongs to the number before it.
        words.retain(|word| word == OF_MILEAGE);
        words.truncate(1);
    }
    words.truncate(WORDS_BESIDE);
    words
}

fn word(token: &Token) -> Option<String> {
    match &token.kind {
        Kind::Word(word) => Some(word.clone()),
        _ => None,
    }
}

fn ends_clause(token: &Token) -> bool {
    matches!(token.kind, Kind::Mark(',' | ';' | '.' | '!' | '?' | '\n' | '(' | ')'))
}

/// «пробега», which follows its number; «пробег» precedes it.
const OF_MILEAGE: &str = "пробега";

/// What a number may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Year(i16),
    Money(u64),
    Mileage(u32),
    MoneyOrMileage { value: u64, rather_money: bool },
    Nothing,
}

/// Words that say what the number beside them is; compared by their beginning.
const MILEAGE_WORDS: &[&str] =
    &["пробег", "прош", "проех", "наезд", "наезж", "накат", "одометр", "спидометр", "километраж"];
const MONEY_WORDS: &[&str] = &[
    "бюджет",
    "цен",
    "стоимост",
    "стои",
    "сумм",
    "отда",
    "ден",
    "налич",
    "располага",
    "дорож",
    "дешев",
    "заплач",
    "плачу",
    "выкуп",
    "рубл",
    "продам",
    "оцен",
];
/// The same, but they are said of other things too.
const PERHAPS_MONEY_WORDS: &[&str] =
    &["до", "за", "хочу", "хотел", "хотим", "около", "максимум", "минимум", "районе", "пределах", "примерно"];
const YEAR_WORDS: &[&str] = &["год", "выпуск", "старше", "старее", "новее", "свежее", "моложе"];

fn is_said(words: &[String], stems: &[&str]) -> bool {
    words.iter().any(|word| is_of(word, stems))
}

fn is_of(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}

fn guess(mentioned: &Mentioned, tokens: &[Token], this_year: i16) -> Guess {
    let Mentioned { amount, before, after, .. } = mentioned;
    let year = || year::of_amount(amount, this_year).map_or(Guess::Nothing, Guess::Year);
    match amount.unit {
        Some(Unit::Kilometres) => return kilometres(amount, false),
        Some(Unit::Year) => return if amount.digits == 2 || amount.digits == 4 { year() } else { Guess::Nothing },
        Some(Unit::Roubles) => return money::of_amount(amount).map_or(Guess::Nothing, Guess::Money),
        Some(Unit::Other) => return Guess::Nothing,
        None => {}
    }
    // «прошу 900» asks for money, «прошла 900» has been driven.
    let nearest = before.iter().rev().find_map(|word| match word.as_str() {
        "прошу" | "просим" => Some(Said::Money),
        OF_MILEAGE if before.len() > 1 && before.last().is_some_and(|last| last != OF_MILEAGE) => None,
        word if is_of(word, MILEAGE_WORDS) => Some(Said::Mileage),
        word if is_of(word, MONEY_WORDS) => Some(Said::Money),
        _ => None,
    });
    let year_like = amount.digits == 4 && matches!(year(), Guess::Year(_));
    match nearest {
        Some(Said::Mileage) => return kilometres(amount, true),
        Some(Said::Money) if !year_like || is_said(before, &["бюджет", "цен"]) => {
            return money::of_bare_amount(amount).map_or(Guess::Nothing, Guess::Money);
        }
        _ if is_said(before, YEAR_WORDS) && matches!(amount.digits, 2 | 4) => return year(),
        _ if year_like => return year(),
        _ if after.first().is_some_and(|word| is_of(word, MILEAGE_WORDS)) => return kilometres(amount, true),
        _ => {}
    }
    if amount.scale == Scale::Million {
        return money::of_amount(amount).map_or(Guess::Nothing, Guess::Money);
    }
    let perhaps_money = before.last().is_some_and(|word| is_of_exactly(word, PERHAPS_MONEY_WORDS));
    let value = amount.whole();
    if amount.scale == Scale::Thousand || value >= 10_000 {
        let fits = (money::MIN..=money::MAX).contains(&value);
        return if fits { Guess::MoneyOrMileage { value, rather_money: perhaps_money } } else { Guess::Nothing };
    }
    // A bare small number is a sum only where sums are said, and nothing that it counts follows.
    let counts_nothing = after.is_empty() || is_said(&after[..1], AFTER_A_SUM);
    let said_in_words =
        amount.digits == 0 && !amount.is_whole() && matches!(tokens[amount.tokens.start].kind, Kind::Word(_));
    if counts_nothing && (perhaps_money || said_in_words) {
        return money::of_bare_amount(amount).map_or(Guess::Nothing, Guess::Money);
    }
    Guess::Nothing
}

/// What a word beside a number says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Money,
    Mileage,
}

/// Words that may follow a bare sum: «за 650 отдам», «до 2 максимум».
const AFTER_A_SUM: &[&str] = &[
    "отда",
    "торг",
    "максимум",
    "без",
    "с",
    "но",
    "и",
    "или",
    "на",
    "не",
    "в",
    "если",
    "можно",
    "срочно",
    "продам",
    "макс",
];

fn is_of_exactly(word: &str, words: &[&str]) -> bool {
    words.contains(&word)
}

/// The kilometres of an amount. Where a mileage is talked of, a bare number below a thousand is in thousands: «пробег 85».
fn kilometres(amount: &Amount, in_thousands: bool) -> Guess {
    let mut amount = amount.clone();
    if in_thousands && amount.scale == Scale::One && amount.whole() < 1_000 {
        amount.millionths = amount.millionths.saturating_mul(1_000);
    }
    mileage::of_amount(&amount).map_or(Guess::Nothing, Guess::Mileage)
}

/// Sums below this are rather a mileage, when nothing else tells.
const RATHER_MONEY_FROM: u64 = 400_000;

/// Decides on numbers that may be a sum or a mileage, by what is known already.
fn settle(numbers: &mut Numbers, doubtful: &[(u64, bool)], tokens: &[Token]) {
    let mut open: Vec<u64> = Vec::new();
    for (value, rather_money) in doubtful {
        if *rather_money && numbers.money.is_none() {
            numbers.money = Some(*value);
        } else {
            open.push(*value);
        }
    }
    let kilometres = |value: u64| u32::try_from(value).ok().filter(|km| *km <= mileage::MAX);
    match (numbers.money, numbers.mileage, open.as_slice()) {
        (None, None, [one]) => {
            if *one >= RATHER_MONEY_FROM || !sells(tokens, numbers) {
                numbers.money = Some(*one);
            } else {
                numbers.mileage = kilometres(*one);
            }
        }
        (None, None, [one, other, ..]) => {
            numbers.mileage = kilometres(*one.min(other));
            numbers.money = Some(*one.max(other));
        }
        (Some(_), None, [one, ..]) => numbers.mileage = kilometres(*one),
        (None, Some(_), [one, ..]) => numbers.money = Some(*one),
        _ => {}
    }
}

/// Whether a car that exists is described, rather than one that is looked for.
fn sells(tokens: &[Token], numbers: &Numbers) -> bool {
    let words: Vec<String> = tokens.iter().filter_map(word).collect();
    let buys = is_said(&words, &["куп", "ищу", "ищем", "подбер", "подбор", "нужн", "присматр", "возьму", "бюджет"]);
    !buys
        && (numbers.year.is_some()
            || is_said(&words, &["прода", "сда", "оцен", "выкуп", "обмен", "трейд", "проверить"]))
}

#[cfg(test)]
mod tests;
