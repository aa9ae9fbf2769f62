//! What words mean beside numbers.

use super::{Scale, Unit};

/// A numeral in words, in whole units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numeral {
    /// «двести», «сорок», «пять»: its value, and the value below which another may follow («двести сорок пять»).
    Plain(u64, u64),
    /// «полтора».
    OneAndAHalf,
    /// «пол», before a scale.
    Half,
}

/// Cardinals in the cases people write them in.
const CARDINALS: &[(u64, &[&str])] = &[
    (0, &["ноль", "нуль"]),
    (1, &["один", "одна", "одну", "одного", "одной", "одному", "одним"]),
    (2, &["два", "две", "двух", "двум", "двумя"]),
    (3, &["три", "трех", "трем", "тремя"]),
    (4, &["четыре", "четырех", "четырем", "четырьмя", "четыри"]),
    (5, &["пять", "пяти", "пятью"]),
    (6, &["шесть", "шести", "шестью"]),
    (7, &["семь", "семи", "семью"]),
    (8, &["восемь", "восьми", "восемью"]),
    (9, &["девять", "девяти", "девятью"]),
    (10, &["десять", "десяти", "десятью"]),
    (11, &["одиннадцать", "одиннадцати", "одинадцать"]),
    (12, &["двенадцать", "двенадцати", "двенацать"]),
    (13, &["тринадцать", "тринадцати", "тринацать"]),
    (14, &["четырнадцать", "четырнадцати"]),
    (15, &["пятнадцать", "пятнадцати", "пятнацать"]),
    (16, &["шестнадцать", "шестнадцати"]),
    (17, &["семнадцать", "семнадцати"]),
    (18, &["восемнадцать", "восемнадцати"]),
    (19, &["девятнадцать", "девятнадцати"]),
    (20, &["двадцать", "двадцати", "двацать"]),
    (30, &["тридцать", "тридцати", "тритцать"]),
    (40, &["сорок", "сорока"]),
    (50, &["пятьдесят", "пятидесяти", "пятдесят"]),
    (60, &["шестьдесят", "шестидесяти", "шестдесят"]),
    (70, &["семьдесят", "семидесяти", "семдесят"]),
    (80, &["восемьдесят", "восьмидесяти", "восемдесят"]),
    (90, &["девяносто", "девяноста"]),
    (100, &["сто", "ста"]),
    (200, &["двести", "двухсот", "двумстам", "двумястами"]),
    (300, &["триста", "трехсот", "тремстам", "тремястами"]),
    (400, &["четыреста", "четырехсот", "четырмястами"]),
    (500, &["пятьсот", "пятисот", "пятсот", "пятистам", "пятьюстами"]),
    (600, &["шестьсот", "шестисот", "шестсот", "шестистам", "шестьюстами"]),
    (700, &["семьсот", "семисот", "семсот", "семистам", "семьюстами"]),
    (800, &["восемьсот", "восьмисот", "восемсот", "восьмистам", "восемьюстами"]),
    (900, &["девятьсот", "девятисот", "девятсот", "девятистам", "девятьюстами"]),
];

/// The numeral a word is.
pub(crate) fn numeral(word: &str) -> Option<Numeral> {
    match word {
        "полтора" | "полторы" | "полутора" | "полтораста" | "полтара" => {
            return Some(Numeral::OneAndAHalf);
        }
        "пол" | "половина" | "половину" => return Some(Numeral::Half),
        _ => {}
    }
    let (value, _) = CARDINALS.iter().find(|(_, forms)| forms.contains(&word))?;
    let below = match value {
        100.. => 100,
        20.. => 10,
        _ => 0,
    };
    Some(Numeral::Plain(*value, below))
}

/// A word that multiplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Multiplier {
    pub(crate) factor: u64,
    /// A whole word, which means one if no number precedes it («миллион»); not an abbreviation («м»).
    pub(crate) alone: bool,
    /// A single letter, which may also be a preposition or another unit.
    pub(crate) letter: bool,
    /// The unit that is part of the word: «т.р.» written «тр».
    pub(crate) unit: Option<Unit>,
}

/// The multiplier a word is.
pub(crate) fn multiplier(word: &str) -> Option<Multiplier> {
    let plain = |factor, alone| Some(Multiplier { factor, alone, letter: false, unit: None });
    let letter = |factor| Some(Multiplier { factor, alone: false, letter: true, unit: None });
    let with = |factor, unit| Some(Multiplier { factor, alone: false, letter: false, unit: Some(unit) });
    match word {
        "т" | "t" | "к" | "k" => letter(1_000),
        "м" | "m" => letter(1_000_000),
        "тр" | "тыр" | "тысруб" => with(1_000, Unit::Roubles),
        "ткм" | "тк" => with(1_000, Unit::Kilometres),
        "кк" | "kk" | "мил" | "млн" | "mln" | "mil" => plain(1_000_000, false),
        "тыс" | "тысч" | "тык" | "тс" | "tys" | "tis" | "tyr" => plain(1_000, false),
        "млрд" => plain(1_000_000_000, false),
        // «сотка» is a hundred thousand, of roubles as of kilometres; a following «тысяч» changes nothing.
        "сотка" | "сотку" | "сотки" | "соток" | "соткой" | "сотня" | "сотню" | "сотни" | "сотен" | "сотней" => {
            plain(100_000, true)
        }
        "полтинник" | "полтинника" | "полтос" => plain(50_000, true),
        _ if word.starts_with("миллиард") => plain(1_000_000_000, true),
        _ if ["миллион", "мильон", "милион", "лимон", "million"].iter().any(|stem| word.starts_with(stem)) => {
            plain(1_000_000, true)
        }
        "лям" | "ляма" | "лямов" | "ляму" | "лямчик" | "лямчика" => plain(1_000_000, true),
        _ if THOUSAND_STEMS.iter().any(|stem| word.starts_with(stem)) => plain(1_000, true),
        _ => None,
    }
}

const THOUSAND_STEMS: &[&str] =
    &["тысяч", "тысеч", "тысящ", "тыщ", "косар", "штук", "tysya", "tysia", "tisya", "tisia"];

/// A multiplier in the genitive, which may precede the number of an approximation: «тысяч 800», «миллиона за два».
/// Returns the multiplier, and whether it is a plural, which means nothing without a number.
pub(super) fn genitive(word: &str) -> Option<(Multiplier, bool)> {
    let many = match word {
        "тысяч" | "тысеч" | "тыщ" | "косарей" | "штук" | "миллионов" | "милионов" | "лямов" | "лимонов" | "tysyach"
        | "tysiach" | "tisyach" => true,
        "миллиона" | "милиона" | "ляма" | "лимона" => false,
        _ => return None,
    };
    Some((multiplier(word)?, many))
}

/// «полмиллиона», «поляма»: the multiplier that one half is taken of.
pub(super) fn half_of(word: &str) -> Option<Multiplier> {
    let rest = word.strip_prefix("пол")?;
    let whole = if rest == "яма" { "ляма" } else { rest };
    multiplier(whole).filter(|multiplier| multiplier.alone)
}

/// The unit a word is.
pub(crate) fn unit(word: &str) -> Option<Unit> {
    const OTHER_WORDS: &[&str] = &[
        "л",
        "лс",
        "лет",
        "кг",
        "мм",
        "см",
        "шт",
        "раз",
        "раза",
        "дня",
        "дней",
        "день",
        "сут",
        "утра",
        "вечера",
        "минут",
        "мин",
        "hp",
        "ч",
        "час",
        "часа",
        "часов",
        "й",
        "ый",
        "ая",
        "ой",
        "я",
        "го",
    ];
    const OTHER_STEMS: &[&str] =
        &["литр", "лошад", "сил", "процент", "месяц", "недел", "балл", "тонн", "куб", "дюйм", "миль"];
    match word {
        "р" | "рэ" | "руб" | "r" | "rub" | "rur" => Some(Unit::Roubles),
        "коп" | "копеек" | "копейки" => Some(Unit::Kopecks),
        "км" | "km" => Some(Unit::Kilometres),
        "г" | "гв" | "гг" | "год" | "года" | "году" | "годов" | "годом" => Some(Unit::Year),
        _ if word.starts_with("рубл") => Some(Unit::Roubles),
        _ if word.starts_with("километр") => Some(Unit::Kilometres),
        _ if is_foreign_currency(word)
            || OTHER_WORDS.contains(&word)
            || OTHER_STEMS.iter().any(|stem| word.starts_with(stem)) =>
        {
            Some(Unit::Other)
        }
        _ => None,
    }
}

/// Whether a word is a currency other than the rouble.
pub(crate) fn is_foreign_currency(word: &str) -> bool {
    const STEMS: &[&str] = &["долл", "бакс", "тенге", "гривн", "юан"];
    matches!(word, "usd" | "eur" | "евро" | "kzt" | "byn" | "cny") || STEMS.iter().any(|stem| word.starts_with(stem))
}

/// Whether a word is a thing that a small number before it counts: «3 хозяина». A year is not a count: «2018 хозяин
/// один».
pub(crate) fn is_thing(word: &str) -> bool {
    const STEMS: &[&str] = &[
        "хозя",
        "владел",
        "человек",
        "мест",
        "двер",
        "колес",
        "комплект",
        "звезд",
        "цилиндр",
        "клапан",
        "машин",
        "вариант",
        "ступен",
        "скорост",
        "ключ",
        "подуш",
        "дет",
    ];
    STEMS.iter().any(|stem| word.starts_with(stem))
}

/// The unit a sign is.
pub(super) fn sign(mark: char) -> Option<Unit> {
    match mark {
        '₽' => Some(Unit::Roubles),
        '%' | '°' | '"' | '″' => Some(Unit::Other),
        _ if super::is_currency(mark) => Some(Unit::Other),
        _ => None,
    }
}

impl Scale {
    pub(super) fn of(factor: u64) -> Self {
        match factor {
            1_000_000.. => Self::Million,
            1_000.. => Self::Thousand,
            _ => Self::One,
        }
    }
}
