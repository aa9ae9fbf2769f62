//! The amounts of a sentence, each with the words beside it.

use std::ops::Range;

use super::ordinals;
use super::tokens::{MODEL, MODEL_WORD, ends_clause, word};
use super::words::{MILEAGE_WORDS, MONEY_WORDS, OTHER_SUMS, OTHER_SUMS_AFTER, is_of, is_said};
use crate::amount::lexer::{Kind, Token};
use crate::amount::{self, Amount, Scale, Unit};

/// An amount with the words beside it.
pub(super) struct Mentioned {
    pub(super) amount: Amount,
    /// The words before it, up to the amount or the clause before; the nearest last.
    pub(super) before: Vec<String>,
    /// The words after it, up to the next amount or the end of the clause, if they do not lead up to a next amount.
    pub(super) after: Vec<String>,
    /// «до 2 млн», «1-2 млн».
    pub(super) is_upper_end: bool,
    /// The lower end, if it is the upper end of a range.
    pub(super) lower: Option<Amount>,
    /// A model stands directly before it or after it.
    beside_model: bool,
    /// «2017+», «с 17-го».
    ending: Ending,
    /// «300 000 торг», «300 000 без торга».
    is_haggled: bool,
    /// A part of a car has this number: «70 кузов», «мотор 1600».
    pub(super) is_of_part: bool,
    /// Letters or a longer number make it a code: «оценка 4B», «гараж 6х4», «ZVW30-1234567».
    pub(super) is_of_code: bool,
}

/// What follows a number without a unit and may make it a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    None,
    Plus,
    Ordinal,
}

/// What a word beside a number says the number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Money,
    Mileage,
    /// A sum that is not the price.
    Other,
}

impl Mentioned {
    /// How likely it is the year of the car, not of its purchase.
    pub(super) fn year_of_car(&self) -> u8 {
        let bought = |word: &String| is_of(word, &["куп", "приобр", "прав", "стаж", "брал", "взял", "ввез", "дтп"]);
        if self.beside_model {
            2
        } else if self.before.iter().any(bought) && self.before.last().is_some_and(|word| word == "в") {
            0
        } else {
            1
        }
    }

    /// What the nearest telling word says.
    pub(super) fn said(&self) -> Option<Said> {
        let before = &self.before;
        if self.is_haggled || self.after.first().is_some_and(|word| word == "цена") {
            return Some(Said::Money);
        }
        let asks = before.last().is_some_and(|word| matches!(word.as_str(), "хочу" | "хотим" | "прошу" | "отдам"));
        let after = &self.after[..self.after.len().min(3)];
        let monthly =
            after.len() > 1 && after[0] == "в" && matches!(after[1].as_str(), "мес" | "год" | "неделю" | "день");
        if !asks && (monthly || is_said(after, OTHER_SUMS_AFTER)) {
            return Some(Said::Other);
        }
        // «прошу 900» asks for money, «прошла 900» has been driven.
        before.iter().rev().find_map(|word| match word.as_str() {
            "остальное" | "осталась" | "остался" => None,
            OF_MILEAGE if before.len() > 1 && before.last().is_some_and(|last| last != OF_MILEAGE) => None,
            word if is_of(word, MILEAGE_WORDS) => Some(Said::Mileage),
            word if is_of(word, MONEY_WORDS) => Some(Said::Money),
            word if !asks && is_of(word, OTHER_SUMS) => Some(Said::Other),
            _ => None,
        })
    }

    /// A distance between places, or what is counted per hour or litre: «100 км от города».
    pub(super) fn is_distance(&self) -> bool {
        let apart =
            self.after.first().is_some_and(|word| matches!(word.as_str(), "от" | "до" | "пути" | "езды" | "дороги"));
        let per = self.amount.scale == Scale::One
            && self.amount.whole() <= 1_000
            && (is_said(&self.before, &["достав", "ехать", "дорог", "расход", "литр", "пригн"])
                || self.before.last().is_some_and(|word| word == "на"));
        (apart || per) && !is_said(&self.before, MILEAGE_WORDS)
    }

    /// Whether two digits, or an ordinal, are a year though nothing says so: «камри 17+», «весту с 17-го».
    pub(super) fn is_short_year(&self, this_year: i16) -> bool {
        let two = self.amount.digits == 2 && self.amount.scale == Scale::One;
        let recent =
            i64::try_from(self.amount.whole()).is_ok_and(|year| (5..=i64::from(this_year) - 1_999).contains(&year));
        let last_century = (80..100).contains(&self.amount.whole());
        let has_model = self.before.iter().any(|word| word == MODEL_WORD);
        let begins = self.before.last().is_some_and(|word| {
            matches!(word.as_str(), "с" | "от" | "после" | "старше" | "моложе" | "новее" | "ниже" | MODEL_WORD)
        });
        let counts = self.after.first().is_some_and(|word| ordinals::rules_out_year(word));
        match self.ending {
            Ending::Plus => two && recent && has_model,
            Ending::Ordinal => two && (recent || last_century) && begins && !counts,
            Ending::None => false,
        }
    }

    /// «17-го», «30го».
    pub(super) fn is_ordinal(&self) -> bool {
        self.ending == Ending::Ordinal && self.amount.scale == Scale::One
    }

    /// A bare number with nothing beside it, which is not an engine's volume: «…, 780», «…, 1 450».
    pub(super) fn stands_alone(&self) -> bool {
        let cubic_centimetres = self.amount.digits == 4 && self.amount.whole().is_multiple_of(100);
        let fits = (50..10_000).contains(&self.amount.whole()) && self.amount.is_whole() && !cubic_centimetres;
        let is_alone = self.after.is_empty() && self.before.iter().all(|word| word == MODEL_WORD);
        fits && is_alone && self.amount.unit.is_none() && self.amount.scale == Scale::One && self.ending == Ending::None
    }

    /// The upper end of a range that can only be of sums, though nothing says so: «от 800 до 1200», «1,5-1,7».
    pub(super) fn bare_range(&self) -> bool {
        let Some(lower) = &self.lower else { return false };
        let from =
            self.before.last().is_none_or(|word| matches!(word.as_str(), "от" | "с" | "где" | "то" | MODEL_WORD));
        let engine = is_said(&self.before, &["двиг", "мотор", "объем", "литр"]);
        let hundreds = lower.whole() >= 100 && self.amount.whole() >= 100 && from;
        let millions = !lower.is_whole() && !engine;
        lower.scale == Scale::One && self.amount.scale == Scale::One && (hundreds || millions)
    }
}

/// How many words beside an amount may say what it is.
const WORDS_BESIDE: usize = 4;

/// Every amount of the sentence; of a range of sums or distances only the upper end, of years the lower.
pub(super) fn mentioned(tokens: &[Token]) -> Vec<Mentioned> {
    let amounts = amount::all_amounts(tokens);
    let mut mentioned: Vec<Mentioned> = Vec::new();
    for (place, amount) in amounts.iter().enumerate() {
        let start = place.checked_sub(1).map_or(0, |before| amounts[before].tokens.end);
        let end = amounts.get(place + 1).map_or(tokens.len(), |next| next.tokens.start);
        let is_model =
            |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.kind == Kind::Mark(MODEL));
        let mut this = Mentioned {
            amount: amount.clone(),
            before: words_before(&tokens[start..amount.tokens.start], place > 0),
            after: words_after(&tokens[amount.tokens.end..end], end < tokens.len()),
            is_upper_end: false,
            lower: None,
            beside_model: is_model(amount.tokens.start.checked_sub(1)) || is_model(Some(amount.tokens.end)),
            ending: ending(tokens, amount),
            is_haggled: is_haggled(&tokens[amount.tokens.end..]),
            is_of_part: is_of_part(tokens, amount),
            is_of_code: is_of_code(tokens, amount),
        };
        if let Some(before) = place.checked_sub(1) {
            let lower = &amounts[before];
            if let Some(lower) = years_from(tokens, lower, amount) {
                // The lower end has been mentioned; now it is known to be a year.
                if let Some(mentioned) = mentioned.last_mut() {
                    mentioned.amount = lower;
                }
                continue;
            }
            let upper = amount::upper_end(tokens, lower, amount, &["до"]);
            if let Some(upper) = upper.filter(|_| looks_like_year(lower) == looks_like_year(amount)) {
                this.before = mentioned.pop().map(|lower| lower.before).unwrap_or_default();
                this.amount = upper;
                this.lower = Some(lower.clone());
                this.is_upper_end = true;
            }
        }
        this.is_upper_end |= this.before.last().is_some_and(|word| word == "до");
        mentioned.push(this);
    }
    mentioned
}

/// The lower end of a range of years: «2015-2018», «17-19 гг», «с 15 по 18 год».
fn years_from(tokens: &[Token], from: &Amount, to: &Amount) -> Option<Amount> {
    amount::upper_end(tokens, from, to, &["до", "по"])?;
    let may_be = |amount: &Amount| {
        matches!(amount.digits, 2 | 4) && matches!(amount.unit, None | Some(Unit::Year)) && amount.scale == Scale::One
    };
    let are_years = (looks_like_year(from) && looks_like_year(to)) || (to.unit == Some(Unit::Year) && may_be(from));
    let mut from = from.clone();
    from.unit = Some(Unit::Year);
    (are_years && may_be(to)).then_some(from)
}

fn ending(tokens: &[Token], amount: &Amount) -> Ending {
    let last = amount.tokens.end.checked_sub(1).and_then(|last| tokens.get(last));
    let next = tokens.get(amount.tokens.end);
    match (last.map(|token| &token.kind), next) {
        (_, Some(Token { kind: Kind::Mark('+'), glued: true, .. })) => Ending::Plus,
        (Some(Kind::Word(word)), _) if matches!(word.as_str(), "й" | "го" | "ый" | "м") => Ending::Ordinal,
        _ => Ending::None,
    }
}

pub(super) fn looks_like_year(amount: &Amount) -> bool {
    amount.unit == Some(Unit::Year) || (amount.digits == 4 && (1950..2100).contains(&amount.whole()))
}

fn is_haggled(after: &[Token]) -> bool {
    let mut words = after.iter().map_while(word);
    let first = words.next().unwrap_or_default();
    first.starts_with("торг")
        || (matches!(first.as_str(), "с" | "без") && words.next().is_some_and(|word| word.starts_with("торг")))
}

fn is_of_part(tokens: &[Token], amount: &Amount) -> bool {
    const BEFORE: &[&str] = &["кузов", "поколен", "двиг", "мотор", "объем", "индекс", "сери"];
    const BEHIND: &[&str] = &["кузов", "поколен", "двиг", "мотор", "сери"];
    let is = |at: Option<usize>, parts: &[&str]| {
        at.and_then(|at| tokens.get(at)).and_then(word).is_some_and(|word| is_of(&word, parts))
    };
    is(amount.tokens.start.checked_sub(1), BEFORE) || is(Some(amount.tokens.end), BEHIND)
}

fn is_of_code(tokens: &[Token], amount: &Amount) -> bool {
    let is_letter = |token: &Token| matches!(&token.kind, Kind::Word(word) if word.chars().count() == 1);
    let is_number = |token: &Token| matches!(token.kind, Kind::Number(_));
    let is_glued = |at: usize| tokens.get(at).is_some_and(|token| token.glued);
    let Range { start, end } = amount.tokens;
    let goes_on = is_glued(end) && is_letter(&tokens[end]);
    let before = &tokens[..start];
    let follows = is_glued(start)
        && match before {
            [.., number, letter] if letter.glued && is_letter(letter) => is_number(number),
            [.., letters, number, dash] if dash.glued && number.glued && amount.digits > 4 => {
                dash.kind == Kind::Mark('-') && is_number(number) && matches!(letters.kind, Kind::Word(_))
            }
            _ => false,
        };
    goes_on || follows
}

/// The words that lead up to an amount, within its clause; a model is one of them. «пробега» directly behind another
/// amount is that one's: «200т пробега 750т».
fn words_before(tokens: &[Token], amount_precedes: bool) -> Vec<String> {
    let clause = tokens.iter().rposition(ends_clause).map_or(tokens, |end| &tokens[end + 1..]);
    let is_whole = clause.len() == tokens.len();
    let mut words: Vec<String> = Vec::with_capacity(clause.len());
    for token in clause {
        match &token.kind {
            Kind::Word(word) => words.push(word.clone()),
            Kind::Mark(MODEL) if words.last().is_none_or(|last| last != MODEL_WORD) => {
                words.push(MODEL_WORD.to_owned());
            }
            _ => {}
        }
    }
    if amount_precedes && is_whole && begins_with_mileage(&words) {
        words.remove(0);
    }
    words.split_off(words.len().saturating_sub(WORDS_BESIDE))
}

/// The words that follow an amount, within its clause. Where the next amount comes without a comma, the last word
/// before it is that one's: «2019 пробег 85».
fn words_after(tokens: &[Token], amount_follows: bool) -> Vec<String> {
    let end = tokens.iter().position(ends_clause);
    let clause = end.map_or(tokens, |end| &tokens[..end]);
    let mut words: Vec<String> = clause.iter().filter_map(word).collect();
    if amount_follows && end.is_none() {
        // «110 тысяч пробега хочу 400»: the genitive belongs to the number before it.
        let is_mileage = begins_with_mileage(&words) || words.iter().any(|word| word == OF_MILEAGE);
        words = is_mileage.then(|| OF_MILEAGE.to_owned()).into_iter().collect();
    }
    words.truncate(WORDS_BESIDE);
    words
}

/// Whether the mileage between two numbers is the first one's: «110 тысяч пробега 400», «180 тысяч пробег хочу 500».
fn begins_with_mileage(words: &[String]) -> bool {
    const ASKS: [&str; 8] = ["хочу", "хотим", "хотел", "прошу", "просим", "отдам", "цена", "за"];
    match words {
        [first, ..] if first == OF_MILEAGE => true,
        [first, next, ..] => is_of(first, MILEAGE_WORDS) && ASKS.contains(&next.as_str()),
        _ => false,
    }
}

/// «пробега», which follows its number; «пробег» precedes it.
const OF_MILEAGE: &str = "пробега";

/// The word that a number stands next to, but for words like «около»: «бюджет примерно до 2000».
pub(super) fn adjacent(before: &[String]) -> Option<&str> {
    const BETWEEN: &[&str] = &[
        "до",
        "в",
        "около",
        "примерно",
        "за",
        "на",
        "не",
        "больше",
        "более",
        "дороже",
        "выше",
        "максимум",
        "минимум",
        "где",
        "то",
        "от",
        "порядка",
        "районе",
        "пределах",
        "составляет",
        "мой",
        "наш",
        "у",
        "меня",
        "нас",
        "всего",
        "вопроса",
        "выкупа",
    ];
    before.iter().rev().map(String::as_str).find(|word| !BETWEEN.contains(word))
}
