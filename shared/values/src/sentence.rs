//! The numbers of a free sentence, told apart: «продаю камри 2019, 85 тыс, хочу полтора».
//!
//! What a number is follows, in this order, from its unit («км», «г.в.», «руб»), from a word beside it («пробег», «бюджет»),
//! from its shape (2019, millions), and last from what the other numbers already are.

mod ordinals;

use crate::amount::lexer::{self, Kind, Token};
use crate::amount::{self, Amount, Scale, Unit};
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
    spell_in_cyrillic(&mut tokens);
    ordinals::spell_in_digits(&mut tokens, MODEL);
    tokens
}

/// What says of numbers what they are, where the whole sentence is in Latin letters: «prodam solaris probeg 160 tys».
fn spell_in_cyrillic(tokens: &mut [Token]) {
    const LATIN: &[(&str, &str)] = &[
        ("probeg", "пробег"),
        ("probegom", "пробегом"),
        ("cena", "цена"),
        ("tsena", "цена"),
        ("price", "цена"),
        ("budget", "бюджет"),
        ("byudzhet", "бюджет"),
        ("god", "год"),
        ("goda", "года"),
        ("do", "до"),
        ("za", "за"),
        ("ot", "от"),
        ("prodam", "продам"),
        ("prodayu", "продаю"),
        ("kuplu", "куплю"),
        ("kuplyu", "куплю"),
        ("hochu", "хочу"),
        ("proshu", "прошу"),
    ];
    for token in tokens {
        if let Kind::Word(word) = &mut token.kind
            && let Some((_, cyrillic)) = LATIN.iter().find(|(latin, _)| latin == word)
        {
            (*cyrillic).clone_into(word);
        }
    }
}

/// Stands where a make and model were.
const MODEL: char = '\u{fffc}';

/// [`MODEL`] among words.
const MODEL_WORD: &str = "\u{fffc}";

/// An amount with what is said beside it.
struct Mentioned {
    amount: Amount,
    /// The words before it, up to the amount or the clause before; the nearest last.
    before: Vec<String>,
    /// The words after it, up to the next amount or the end of the clause, if they do not lead up to a next amount.
    after: Vec<String>,
    /// «до 2 млн», «1-2 млн».
    is_upper_end: bool,
    /// The lower end, if it is the upper end of a range.
    lower: Option<Amount>,
    /// A model stands directly before it or after it.
    beside_model: bool,
    /// «2017+», «с 17-го».
    ending: Ending,
}

/// What follows a number without a unit and may make it a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    None,
    Plus,
    Ordinal,
}

impl Mentioned {
    /// How likely it is the year of the car rather than of its purchase: the higher, the likelier.
    fn year_of_car(&self) -> u8 {
        let bought = |word: &String| is_of(word, &["куп", "приобр", "прав", "стаж", "брал", "взял", "ввез", "дтп"]);
        match () {
            () if self.beside_model => 2,
            () if self.before.iter().any(bought) && self.before.last().is_some_and(|word| word == "в") => 0,
            () => 1,
        }
    }
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

fn looks_like_year(amount: &Amount) -> bool {
    amount.unit == Some(Unit::Year) || (amount.digits == 4 && (1950..2100).contains(&amount.whole()))
}

/// The words that lead up to an amount, within its clause; a model is one of them. «пробега» directly behind another amount is
/// that one's: «200т пробега 750т».
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
    if amount_precedes && is_whole && words.first().is_some_and(|word| word == OF_MILEAGE) {
        words.remove(0);
    }
    words.split_off(words.len().saturating_sub(WORDS_BESIDE))
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
const MILEAGE_WORDS: &[&str] = &[
    "пробег",
    "пробеж",
    "прошел",
    "прошла",
    "прошли",
    "прошло",
    "проех",
    "наезд",
    "наезж",
    "накат",
    "набега",
    "намот",
    "одометр",
    "спидометр",
    "километраж",
    "показыва",
];
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
    "потол",
    "просит",
    "просят",
    "прошу",
    "просим",
    "скину",
    "уступ",
];
/// The same, but they are said of other things too.
const PERHAPS_MONEY_WORDS: &[&str] = &[
    "до",
    "за",
    "хочу",
    "хотел",
    "хотим",
    "хочет",
    "хотят",
    "около",
    "максимум",
    "минимум",
    "районе",
    "пределах",
    "примерно",
    "ориентировочно",
    "макс",
];
const YEAR_WORDS: &[&str] = &["год", "выпуск", "старше", "старее", "новее", "свежее", "моложе"];
/// Sums that are no price of a car: «первый взнос 300», «зарплата 80», «остаток кредита 200 тысяч».
const OTHER_SUMS: &[&str] = &[
    "взнос",
    "первонач",
    "остат",
    "остал",
    "выплат",
    "доплат",
    "доплач",
    "зарплат",
    "зарабат",
    "доход",
    "оклад",
    "платеж",
    "платит",
    "ежемес",
    "предоплат",
    "задат",
    "аванс",
    "штраф",
    "ремонт",
    "отремонт",
    "починк",
    "ущерб",
    "насчит",
    "навяз",
    "допы",
    "допов",
    "долг",
    "должен",
    "пошлин",
    "пени",
    "неусто",
    "утил",
    "компенс",
    "скидк",
    "бонус",
    "эвакуат",
    "вложил",
    "вложен",
    "потрат",
    "кэшб",
];
/// The same behind a sum: «300 тысяч первый взнос», «25 тысяч в месяц».
const OTHER_SUMS_AFTER: &[&str] = &[
    "взнос",
    "первонач",
    "предоплат",
    "доплат",
    "зарплат",
    "задат",
    "аванс",
    "штраф",
    "ежемес",
    "оклад",
    "доход",
    "месяц",
    "остат",
    "долг",
    "неусто",
    "компенс",
    "пени",
];

fn is_said(words: &[String], stems: &[&str]) -> bool {
    words.iter().any(|word| is_of(word, stems))
}

fn is_of(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}

/// The word that a number stands next to, but for words like «около»: «бюджет примерно до 2000».
fn adjacent(before: &[String]) -> Option<&str> {
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

/// What a word beside a number says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Money,
    Mileage,
    /// A sum that is no price.
    Other,
}

impl Mentioned {
    /// What the nearest word that says anything says.
    fn said(&self) -> Option<Said> {
        let before = &self.before;
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
    fn is_distance(&self) -> bool {
        let apart =
            self.after.first().is_some_and(|word| matches!(word.as_str(), "от" | "до" | "пути" | "езды" | "дороги"));
        let per = self.amount.scale == Scale::One
            && self.amount.whole() <= 1_000
            && (is_said(&self.before, &["достав", "ехать", "дорог", "расход", "литр", "пригн"])
                || self.before.last().is_some_and(|word| word == "на"));
        (apart || per) && !is_said(&self.before, MILEAGE_WORDS)
    }

    /// Whether two digits, or an ordinal, are a year though nothing says so: «камри 17+», «весту с 17-го».
    fn is_short_year(&self, this_year: i16) -> bool {
        let two = self.amount.digits == 2 && self.amount.scale == Scale::One;
        let recent =
            i64::try_from(self.amount.whole()).is_ok_and(|year| (5..=i64::from(this_year) - 1_999).contains(&year));
        let has_model = self.before.iter().any(|word| word == MODEL_WORD);
        let begins = self.before.last().is_some_and(|word| {
            matches!(word.as_str(), "с" | "от" | "после" | "старше" | "моложе" | "новее" | "ниже" | MODEL_WORD)
        });
        let counts = self.after.first().is_some_and(|word| ordinals::is_no_car(word));
        match self.ending {
            Ending::Plus => two && recent && has_model,
            Ending::Ordinal => two && recent && begins && !counts,
            Ending::None => false,
        }
    }

    /// The upper end of a range that can only be of sums, though nothing says so: «от 800 до 1200», «1,5-1,7».
    fn bare_range(&self) -> bool {
        let Some(lower) = &self.lower else { return false };
        let from =
            self.before.last().is_none_or(|word| matches!(word.as_str(), "от" | "с" | "где" | "то" | MODEL_WORD));
        let engine = is_said(&self.before, &["двиг", "мотор", "объем", "литр"]);
        let hundreds = lower.whole() >= 100 && self.amount.whole() >= 100 && from;
        let millions = !lower.is_whole() && !engine;
        lower.scale == Scale::One && self.amount.scale == Scale::One && (hundreds || millions)
    }
}

fn guess(mentioned: &Mentioned, tokens: &[Token], this_year: i16) -> Guess {
    let Mentioned { amount, before, after, .. } = mentioned;
    let year = || year::of_amount(amount, this_year).map_or(Guess::Nothing, Guess::Year);
    let said = mentioned.said();
    match amount.unit {
        Some(Unit::Kilometres) if mentioned.is_distance() => return Guess::Nothing,
        Some(Unit::Kilometres) => return kilometres(amount, false),
        Some(Unit::Year) => return if amount.digits == 2 || amount.digits == 4 { year() } else { Guess::Nothing },
        Some(Unit::Other) => return Guess::Nothing,
        _ => {}
    }
    let year_like = amount.digits == 4 && matches!(year(), Guess::Year(_));
    if said == Some(Said::Other) && !year_like {
        return Guess::Nothing;
    }
    if amount.unit == Some(Unit::Roubles) {
        return money::of_amount(amount).map_or(Guess::Nothing, Guess::Money);
    }
    // A model between the word and the number has the year: «цена на солярис 2021».
    let is_adjacent = |stems: &[&str]| adjacent(before).is_some_and(|word| is_of(word, stems));
    match said {
        Some(Said::Mileage) if !year_like || is_adjacent(MILEAGE_WORDS) => return kilometres(amount, true),
        Some(Said::Money) if !year_like || is_adjacent(&["бюджет", "цен"]) => {
            return money::of_bare_amount(amount).map_or(Guess::Nothing, Guess::Money);
        }
        _ if is_said(before, YEAR_WORDS) && matches!(amount.digits, 2 | 4) => return year(),
        _ if year_like => return year(),
        _ if mentioned.is_short_year(this_year) => return year(),
        _ if after.first().is_some_and(|word| is_of(word, MILEAGE_WORDS)) => return kilometres(amount, true),
        _ => {}
    }
    if amount.scale == Scale::Million {
        return money::of_amount(amount).map_or(Guess::Nothing, Guess::Money);
    }
    let for_it =
        matches!(before.as_slice(), [.., za, it] if za == "за" && matches!(it.as_str(), "него" | "нее" | "все"));
    let on_hand = matches!(before.as_slice(), [.., on, hand] if on == "на" && hand == "руках");
    let asked =
        after.first().is_some_and(|word| matches!(word.as_str(), "хочу" | "хотим" | "прошу" | "просим" | "отдам"));
    let perhaps_money =
        asked || for_it || on_hand || is_after(before, PERHAPS_MONEY_WORDS) || approximates(tokens, amount);
    let value = amount.whole();
    if amount.scale == Scale::Thousand || value >= 10_000 {
        let fits = (money::MIN..=money::MAX).contains(&value);
        return if fits { Guess::MoneyOrMileage { value, rather_money: perhaps_money } } else { Guess::Nothing };
    }
    // A bare small number is a sum only where sums are said, and nothing that it counts follows.
    let counts_nothing = after.is_empty() || is_said(&after[..1], AFTER_A_SUM);
    let said_in_words =
        amount.digits == 0 && !amount.is_whole() && matches!(tokens[amount.tokens.start].kind, Kind::Word(_));
    if counts_nothing && (perhaps_money || said_in_words || mentioned.bare_range()) {
        return money::of_bare_amount(amount).map_or(Guess::Nothing, Guess::Money);
    }
    Guess::Nothing
}

fn is_after(before: &[String], words: &[&str]) -> bool {
    before.last().is_some_and(|last| words.contains(&last.as_str()))
}

/// «тысяч за 300»: the preposition is part of the amount.
fn approximates(tokens: &[Token], amount: &Amount) -> bool {
    matches!(tokens.get(amount.tokens.start + 1), Some(Token { kind: Kind::Word(word), .. }) if matches!(word.as_str(), "за" | "до"))
        && amount.tokens.len() > 2
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
    "интерес",
    "нал",
    "хочу",
    "хотим",
    "прошу",
    "просим",
];

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
    let car = tokens.iter().any(|token| token.kind == Kind::Mark(MODEL))
        || is_said(&words, &["машин", "авто", "тачк", "ласточк"]);
    let sells =
        is_said(&words, &["прода", "сдам", "сдать", "сдаю", "сдаем", "оцен", "выкуп", "обмен", "трейд", "проверить"]);
    !buys && (numbers.year.is_some() || (car && sells))
}

#[cfg(test)]
mod tests;
