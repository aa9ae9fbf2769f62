//! Which number of a free sentence is the year, the price and the mileage: «продаю камри 2019, 85 тыс, хочу полтора».
//!
//! Numbers of the car's name are set aside first. What another number means follows, in this order, from its unit
//! («км», «г.в.», «руб»), from a word beside it («пробег», «цена», «торг»), from its shape (2019, millions), and last
//! from what the other numbers already are.

mod candidates;
mod index;
mod mentioned;
mod ordinals;
mod tokens;
mod words;

pub(crate) use self::candidates::{mileages, sums, years};
use self::mentioned::{Mentioned, Said, adjacent, mentioned};
pub(crate) use self::ordinals::spell_in_digits;
pub(crate) use self::tokens::answer_tokens;
use self::tokens::{MODEL, without_model, word};
use self::words::{AFTER_A_SUM, MILEAGE_WORDS, PERHAPS_MONEY_WORDS, YEAR_WORDS, is_of, is_said};
use crate::amount::lexer::{Kind, Token};
use crate::amount::{Amount, Scale, Unit};
use crate::{mileage, money, year};

/// What the numbers of a sentence mean. No number is used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// The year of manufacture.
    pub year: Option<i16>,
    /// Price or budget in whole roubles.
    pub money: Option<u64>,
    /// Mileage in whole kilometres.
    pub mileage: Option<u32>,
}

/// The numbers of `sentence`. Phones, dates, models («х5», «2114», «камри 70») and other things («6 лет», «150 л.с.»)
/// are left out.
#[must_use]
pub fn numbers(sentence: &str, this_year: i16) -> Numbers {
    let tokens = without_model(sentence);
    let mut numbers = Numbers::default();
    let mut ambiguous = Vec::new();
    let mut bare = Vec::new();
    let mut surest = None;
    for mentioned in mentioned(&tokens) {
        match guess(&mentioned, &tokens, this_year) {
            Guess::Year(year) => {
                let sureness = mentioned.year_of_car();
                if surest.is_none_or(|surest| sureness > surest) {
                    (numbers.year, surest) = (Some(year), Some(sureness));
                }
            }
            // «… до 2 млн» corrects what was said before it.
            Guess::Money(roubles) if mentioned.is_upper_end => numbers.money = Some(roubles),
            Guess::Money(roubles) => {
                numbers.money.get_or_insert(roubles);
            }
            Guess::Mileage(km) => {
                numbers.mileage.get_or_insert(km);
            }
            Guess::MoneyOrMileage { value, rather_money } => ambiguous.push((value, rather_money)),
            Guess::Bare(roubles) => bare.push(roubles),
            Guess::Nothing => {}
        }
    }
    resolve_ambiguous(&mut numbers, &ambiguous, &tokens);
    let is_offer = numbers.year.is_some() && names_model(&tokens);
    if let ([roubles], None, true) = (bare.as_slice(), numbers.money, is_offer)
        && (numbers.mileage.is_some() || *roubles >= BARE_PRICE_FROM)
    {
        numbers.money = Some(*roubles);
    }
    numbers
}

/// What a number means on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Year(i16),
    Money(u64),
    Mileage(u32),
    MoneyOrMileage {
        value: u64,
        rather_money: bool,
    },
    /// The price, where the rest of an offer is said: «рио 2013, 105 тыс. км, 780».
    Bare(u64),
    Nothing,
}

fn guess(mentioned: &Mentioned, tokens: &[Token], this_year: i16) -> Guess {
    let Mentioned { amount, before, after, .. } = mentioned;
    let year = || year::of_amount(amount, this_year).map_or(Guess::Nothing, Guess::Year);
    let said = mentioned.said();
    match amount.unit {
        // «80 км по трассе»: of a car that has driven less than this, people say that it is new.
        Some(Unit::Kilometres)
            if mentioned.is_distance()
                || (amount.whole() <= 1_000 && !is_said(after, MILEAGE_WORDS) && said != Some(Said::Mileage)) =>
        {
            return Guess::Nothing;
        }
        Some(Unit::Kilometres) => return kilometres(amount, false),
        // «маме 62 года»
        Some(Unit::Year) if amount.digits == 2 && (28..80).contains(&amount.whole()) && !names_car(tokens) => {
            return Guess::Nothing;
        }
        Some(Unit::Year) => return if amount.digits == 2 || amount.digits == 4 { year() } else { Guess::Nothing },
        Some(Unit::Other | Unit::Kopecks) => return Guess::Nothing,
        _ => {}
    }
    // «отдают за 1950»: hardly any car is that old.
    let is_sum = amount.whole() < 1_980 && is_after(before, &["за", "до"]);
    let year_like = amount.digits == 4 && matches!(year(), Guess::Year(_)) && !is_sum;
    let is_of_part =
        (mentioned.is_of_part || mentioned.is_of_code) && amount.unit.is_none() && amount.scale == Scale::One;
    if (said == Some(Said::Other) || is_of_part) && !year_like {
        return Guess::Nothing;
    }
    if amount.unit == Some(Unit::Roubles) {
        let price = money::of_amount(amount).ok().or_else(|| in_thousands(mentioned, tokens));
        return price.map_or(Guess::Nothing, Guess::Money);
    }
    // A model between the word and the number has the year: «цена на солярис 2021».
    let is_adjacent = |stems: &[&str]| adjacent(before).is_some_and(|word| is_of(word, stems));
    match said {
        // «продам ваз 2109 99-го» says of what year the car is, not how dear.
        None | Some(Said::Money) if mentioned.is_short_year(this_year) => return year(),
        // «400 тыс пробег 1,3 млн»: no car has driven that far.
        Some(Said::Mileage) if amount.whole() > FARTHEST && amount.scale == Scale::Million => {}
        Some(Said::Mileage) if !year_like || is_adjacent(MILEAGE_WORDS) => return kilometres(amount, true),
        Some(Said::Money) if !year_like || is_adjacent(&["бюджет", "цен"]) => {
            return money::of_bare_amount(amount).map_or(Guess::Nothing, Guess::Money);
        }
        _ if is_said(before, YEAR_WORDS) && matches!(amount.digits, 2 | 4) => return year(),
        _ if year_like => return year(),
        _ if mentioned.is_ordinal() => return Guess::Nothing,
        _ if after.first().is_some_and(|word| is_of(word, MILEAGE_WORDS)) => return kilometres(amount, true),
        _ => {}
    }
    if amount.scale == Scale::Million {
        return money::of_amount(amount).map_or(Guess::Nothing, Guess::Money);
    }
    let perhaps_money = is_perhaps_money(mentioned) || approximates(tokens, amount);
    let value = amount.whole();
    if amount.scale == Scale::Thousand || value >= money::MIN {
        let fits = (1_000..=money::MAX).contains(&value);
        return if fits { Guess::MoneyOrMileage { value, rather_money: perhaps_money } } else { Guess::Nothing };
    }
    // A bare small number is a sum only where sums are said, and nothing that it counts follows.
    let counts_nothing = after.is_empty() || is_said(&after[..1], AFTER_A_SUM);
    let said_in_words =
        amount.digits == 0 && !amount.is_whole() && matches!(tokens[amount.tokens.start].kind, Kind::Word(_));
    if counts_nothing && (perhaps_money || said_in_words || mentioned.bare_range()) {
        return money::of_bare_amount(amount).map_or(Guess::Nothing, Guess::Money);
    }
    if mentioned.stands_alone() {
        return money::of_bare_amount(amount).map_or(Guess::Nothing, Guess::Bare);
    }
    Guess::Nothing
}

/// «ниву продам, 190 рублей прошу»: no car costs that, but thousands are left out where a car's price is said.
fn in_thousands(mentioned: &Mentioned, tokens: &[Token]) -> Option<u64> {
    const SERVICES: &[&str] =
        &["провер", "осмотр", "диагност", "осаго", "каско", "страхов", "справк", "штраф", "выезд", "консульт", "час"];
    let bare = Amount { unit: None, ..mentioned.amount.clone() };
    let is_price = mentioned.said() == Some(Said::Money) || is_perhaps_money(mentioned);
    let is_service = tokens.iter().filter_map(word).any(|word| is_of(&word, SERVICES));
    let fits = bare.scale == Scale::One && (30..1_000).contains(&bare.whole());
    let price = money::of_bare_amount(&bare)?;
    (fits && is_price && !is_service && names_car(tokens)).then_some(price)
}

fn names_model(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.kind == Kind::Mark(MODEL))
}

fn names_car(tokens: &[Token]) -> bool {
    let words: Vec<String> = tokens.iter().filter_map(word).collect();
    names_model(tokens) || is_said(&words, &["машин", "авто", "тачк", "ласточк"])
}

/// Hardly any car has driven more kilometres.
const FARTHEST: u64 = 1_000_000;

/// Whether the words beside a number are said of money, though of other things too.
fn is_perhaps_money(Mentioned { before, after, .. }: &Mentioned) -> bool {
    let for_it =
        matches!(before.as_slice(), [.., za, it] if za == "за" && matches!(it.as_str(), "него" | "нее" | "все"));
    let on_hand = matches!(before.as_slice(), [.., on, hand] if on == "на" && hand == "руках");
    let asked =
        after.first().is_some_and(|word| matches!(word.as_str(), "хочу" | "хотим" | "прошу" | "просим" | "отдам"));
    let agreed = after.windows(2).any(|words| words == ["по", "рукам"]);
    asked || agreed || for_it || on_hand || is_after(before, PERHAPS_MONEY_WORDS)
}

fn is_after(before: &[String], words: &[&str]) -> bool {
    before.last().is_some_and(|last| words.contains(&last.as_str()))
}

/// «тысяч за 300»: the preposition is part of the amount.
fn approximates(tokens: &[Token], amount: &Amount) -> bool {
    matches!(tokens.get(amount.tokens.start + 1), Some(Token { kind: Kind::Word(word), .. }) if matches!(word.as_str(), "за" | "до"))
        && amount.tokens.len() > 2
}

/// The kilometres of an amount. Where a mileage is talked of, a bare number below a thousand is in thousands: «пробег
/// 85».
fn kilometres(amount: &Amount, in_thousands: bool) -> Guess {
    let mut amount = amount.clone();
    if in_thousands && amount.scale == Scale::One && amount.whole() < 1_000 {
        amount.millionths = amount.millionths.saturating_mul(1_000);
    }
    mileage::of_amount(&amount).map_or(Guess::Nothing, Guess::Mileage)
}

/// A bare number below this may be a mileage, unless that is said.
const BARE_PRICE_FROM: u64 = 300_000;

/// An ambiguous number below this is rather a mileage.
const RATHER_MONEY_FROM: u64 = 400_000;

/// Decides which of the ambiguous numbers is the sum and which the mileage, by what is known already.
fn resolve_ambiguous(numbers: &mut Numbers, ambiguous: &[(u64, bool)], tokens: &[Token]) {
    let roubles = |value: u64| Some(value).filter(|roubles| *roubles >= money::MIN);
    let mut open: Vec<u64> = Vec::new();
    for (value, rather_money) in ambiguous {
        if *rather_money && numbers.money.is_none() {
            numbers.money = roubles(*value);
        } else {
            open.push(*value);
        }
    }
    let kilometres = |value: u64| u32::try_from(value).ok().filter(|km| *km <= mileage::MAX);
    match (numbers.money, numbers.mileage, open.as_slice()) {
        (None, None, [one]) => {
            if *one >= RATHER_MONEY_FROM || !describes_own_car(tokens, numbers) {
                numbers.money = roubles(*one);
            } else {
                numbers.mileage = kilometres(*one);
            }
        }
        (None, None, [one, other, ..]) => {
            numbers.mileage = kilometres(*one.min(other));
            numbers.money = roubles(*one.max(other));
        }
        (Some(_), None, [one, ..]) => numbers.mileage = kilometres(*one),
        (None, Some(_), [one, ..]) => numbers.money = roubles(*one),
        _ => {}
    }
}

/// Whether the sentence describes the customer's own car, not one that is wanted.
fn describes_own_car(tokens: &[Token], numbers: &Numbers) -> bool {
    let words: Vec<String> = tokens.iter().filter_map(word).collect();
    let buys = is_said(&words, &["куп", "ищу", "ищем", "подбер", "подбор", "нужн", "присматр", "возьму", "бюджет"]);
    let sells =
        is_said(&words, &["прода", "сдам", "сдать", "сдаю", "сдаем", "оцен", "выкуп", "обмен", "трейд", "проверить"]);
    !buys && (numbers.year.is_some() || (names_car(tokens) && sells))
}

#[cfg(test)]
mod tests;
