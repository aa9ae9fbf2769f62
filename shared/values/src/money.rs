//! Money in roubles.

use std::ops::Range;

use crate::amount::lexer::{self, Kind, Token};
use crate::amount::{self, Amount, DASHES, Scale, Unit};
use crate::{Typed, Wrong, sentence};

/// The least that is taken, in roubles: no car costs less. Less is a number whose «тыс» or «млн» was left out: «900»,
/// «1200», «1.350».
pub const MIN: u64 = 10_000;

/// The most that is taken, in roubles.
pub const MAX: u64 = 1_000_000_000;

/// Words and signs around a sum that add nothing to it.
const FILLERS: &[&str] = &[
    "до",
    "за",
    "от",
    "около",
    "примерно",
    "приблизительно",
    "максимум",
    "не",
    "более",
    "больше",
    "выше",
    "дороже",
    "где",
    "то",
    "в",
    "пределах",
    "районе",
    "порядка",
    "цена",
    "цену",
    "бюджет",
    "бюджета",
    "стоимость",
    "сумма",
    "сумму",
    "хочу",
    "прошу",
    "и",
    "руб",
    "рублей",
    "рубли",
    "рублях",
    "р",
    "rub",
    "rur",
    "₽",
];

/// Usual words around a sum that a manager wants to know of.
const REMARKS: &[&str] = &["торг", "с", "торгом", "без", "торга", "наличными", "минимум", "ровно"];

/// Whole roubles: «1 500 000 р.», «1,5 млн», «900к», «полтора миллиона», «1м200», «до 2 млн». Of a range, the upper
/// end.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn parse(typed: &str) -> Result<u64, Wrong> {
    alone(typed).map(|(roubles, _)| roubles)
}

/// The same with other words around it: «хотелось бы 1 350 000, торг у капота». Doubtful are several sums, and a bare
/// number that may be in thousands or millions: «900» is 900 000.
///
/// # Errors
/// Those of [`parse`].
pub fn read(typed: &str) -> Result<Typed<u64>, Wrong> {
    alone(typed)
        .map(|(roubles, span)| Typed::at(typed, span, roubles, is_plain))
        .or_else(|wrong| Typed::among_words(typed, || sentence::sums(typed), is_plain).ok_or(wrong))
}

fn is_plain(word: &str) -> bool {
    FILLERS.contains(&word)
}

/// The sum that is all of the text but for usual words, and where it is.
fn alone(typed: &str) -> Result<(u64, Range<usize>), Wrong> {
    let tokens = lexer::tokens(typed);
    let mut amounts = amount::only_amounts(&tokens, |word| is_plain(word) || REMARKS.contains(&word))?;
    let (Some(first), Some(last)) = (amounts.first().cloned(), amounts.last().cloned()) else {
        return Err(Wrong::NotANumber);
    };
    amounts.retain(|amount| !is_kopecks(amount, &tokens));
    if let [from, to] = amounts.as_slice() {
        amounts = vec![amount::upper_end(&tokens, from, to, &["до"]).ok_or(Wrong::NotANumber)?];
    }
    match amounts.as_slice() {
        [amount] if matches!(amount.unit, None | Some(Unit::Roubles)) => {
            Ok((of_amount(amount)?, amount::span(&tokens, &first, &last)))
        }
        _ => Err(Wrong::NotANumber),
    }
}

/// «1 350 000 рублей 00 копеек», and as invoices have it: «1 350 000-00».
fn is_kopecks(amount: &Amount, tokens: &[Token]) -> bool {
    let is_glued_to = |marks: &str, at: usize| {
        tokens[at].glued && tokens[at + 1].glued && matches!(tokens[at].kind, Kind::Mark(mark) if marks.contains(mark))
    };
    let behind_dash = || amount.tokens.start.checked_sub(1).is_some_and(|before| is_glued_to(DASHES, before));
    amount.unit == Some(Unit::Kopecks) || (amount.whole() == 0 && amount.digits == 2 && behind_dash())
}

/// The roubles that an amount is.
pub(crate) fn of_amount(amount: &Amount) -> Result<u64, Wrong> {
    check(if amount.negative { 0 } else { amount.whole() })
}

/// Whether a customer may have typed this sum.
///
/// # Errors
/// [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn check(roubles: u64) -> Result<u64, Wrong> {
    match roubles {
        ..MIN => Err(Wrong::TooSmall { min: MIN.cast_signed() }),
        MIN..=MAX => Ok(roubles),
        _ => Err(Wrong::TooLarge { max: MAX.cast_signed() }),
    }
}

/// What a bare number means where a sum in thousands or millions is talked of: «бюджет 700», «за 1.2», «хочу полтора».
/// `None` when it may be either.
pub(crate) fn of_bare_amount(amount: &Amount) -> Option<u64> {
    let factor = match amount.whole() {
        _ if amount.scale != Scale::One => 1,
        1..=9 => 1_000_000,
        10..=29 | 0 => return None,
        30..=9_999 if amount.is_whole() => 1_000,
        10_000.. => 1,
        _ => return None,
    };
    let roubles = amount.millionths.saturating_mul(factor) / 1_000_000;
    (MIN..=MAX).contains(&roubles).then_some(roubles)
}

/// «1 500 000 ₽», with no-break spaces.
#[must_use]
pub fn show(roubles: u64) -> String {
    format!("{}\u{a0}₽", amount::grouped(roubles))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Doubt;

    #[test]
    fn sums_as_people_write_them() {
        for (typed, roubles) in [
            ("1,5 млн", 1_500_000),
            ("1,5 млн?", 1_500_000),
            ("1.5 млн.", 1_500_000),
            ("1.500 млн", 1_500_000),
            ("1 500 000 р.", 1_500_000),
            ("1 500 000 ₽", 1_500_000),
            ("1500000", 1_500_000),
            ("1500000руб", 1_500_000),
            ("1.500.000", 1_500_000),
            ("1,500,000", 1_500_000),
            ("1'500'000", 1_500_000),
            ("1.5м", 1_500_000),
            ("1.5 М", 1_500_000),
            ("1,5 миллиона рублей", 1_500_000),
            ("полтора миллиона", 1_500_000),
            ("полтора ляма", 1_500_000),
            ("миллион с половиной", 1_500_000),
            ("900к", 900_000),
            ("900K", 900_000),
            ("900 к", 900_000),
            ("900 тыс. руб.", 900_000),
            ("900т.р.", 900_000),
            ("900 т.р", 900_000),
            ("900тр", 900_000),
            ("900 тыщ", 900_000),
            ("900 косарей", 900_000),
            ("девятьсот тысяч", 900_000),
            ("2 ляма", 2_000_000),
            ("два лимона", 2_000_000),
            ("2-х миллионов", 2_000_000),
            ("до 2х млн", 2_000_000),
            ("2.5кк", 2_500_000),
            ("два с половиной миллиона", 2_500_000),
            ("1 млн 200 тыс", 1_200_000),
            ("1 млн. 200 тыс. руб.", 1_200_000),
            ("1м200", 1_200_000),
            ("1 млн 200", 1_200_000),
            ("миллион двести", 1_200_000),
            ("миллион двести пятьдесят тысяч", 1_250_000),
            ("миллион", 1_000_000),
            ("лям", 1_000_000),
            ("до 2 млн", 2_000_000),
            ("не дороже 2 млн рублей", 2_000_000),
            ("~ 2 млн", 2_000_000),
            ("около 850 000", 850_000),
            ("полмиллиона", 500_000),
            ("пол ляма", 500_000),
            ("пол-ляма", 500_000),
            ("поляма", 500_000),
            ("сотка", 100_000),
            ("500-700 тыс", 700_000),
            ("500 тыс. - 1 млн", 1_000_000),
            ("от 800 тыс. до 1,2 млн. руб.", 1_200_000),
            ("тысяч 800", 800_000),
            ("тысяч за семьсот", 700_000),
            ("тысяч 300-400", 400_000),
            ("миллиона полтора", 1_500_000),
            ("миллиона двухсот", 1_200_000),
            ("пятьсот-семьсот тысяч", 700_000),
            ("от 1 до 1,5 млн", 1_500_000),
            ("1 млрд", 1_000_000_000),
            ("10 000", 10_000),
            ("10 тыс", 10_000),
            ("10.500", 10_500),
            ("1200 тыс", 1_200_000),
            ("1.350 млн", 1_350_000),
            ("85 500 руб", 85_500),
            ("1500000,00", 1_500_000),
            ("RUB 1 350 000", 1_350_000),
            ("руб. 1 350 000", 1_350_000),
            ("₽1 350 000", 1_350_000),
            ("1 350 000₽💰", 1_350_000),
            ("💰💰 1,35 млн 🔥", 1_350_000),
            ("[1 350 000]", 1_350_000),
            ("1 350 000 рублей 00 копеек", 1_350_000),
            ("1 350 000 руб. 00 коп.", 1_350_000),
            ("1350000 руб 50 коп", 1_350_000),
            ("1 350 000-00", 1_350_000),
            ("1350000=", 1_350_000),
            ("1 350 000 RUR", 1_350_000),
            ("1 350 000 ₽.\n", 1_350_000),
        ] {
            assert_eq!(parse(typed), Ok(roubles), "{typed}");
        }
    }

    #[test]
    fn other_text_is_not_a_sum() {
        assert_eq!(parse("  "), Err(Wrong::Empty));
        for typed in [
            "900",
            "1.5",
            "999",
            "0",
            "полтора",
            "-500000",
            "-1,5 млн",
            "900 руб",
            "0,5 тыс",
            "700-900",
            "1 000",
            "1200",
            "до 1200",
            "1.350",
            "1,350 руб",
            "900-1200",
            "1500р",
            "5 тыс",
            "9999",
        ] {
            assert_eq!(parse(typed), Err(Wrong::TooSmall { min: 10_000 }), "{typed}");
        }
        for typed in ["1000000001", "2 млрд", "99999999999999999999999", "1000 млрд", "9999999999 млн"] {
            assert_eq!(parse(typed), Err(Wrong::TooLarge { max: 1_000_000_000 }), "{typed}");
        }
        for typed in [
            "договорная",
            "не знаю",
            "15000 $",
            "10 тыс долларов",
            "20000 евро",
            "1 млн или 2 млн",
            "85 тыс км",
            "2019 г.в.",
            "х5",
            "🚗",
            "руб",
            "млн",
            "12.05.2019",
            "+7 900 123-45-67",
            "1 500 000 за камри",
            "1 2 3",
            "тысяч",
            "500 - 1 млн. 200 - 300",
        ] {
            assert_eq!(parse(typed), Err(Wrong::NotANumber), "{typed}");
        }
    }

    #[test]
    fn a_sum_is_found_among_words() {
        for (typed, roubles, remark) in [
            ("1 350 000 торг уместен", 1_350_000, Some("торг уместен")),
            ("1,35 млн, торг у капота", 1_350_000, Some("торг у капота")),
            ("1 350 000 руб. Торг при осмотре", 1_350_000, Some("Торг при осмотре")),
            ("цена: 1 350 000 (можно дешевле)", 1_350_000, Some("можно дешевле")),
            ("хотелось бы 1 350 000", 1_350_000, Some("хотелось бы")),
            ("1 350 000 срочно", 1_350_000, Some("срочно")),
            ("RUB 1 350 000", 1_350_000, None),
            ("1 350 000 рублей 00 копеек", 1_350_000, None),
            ("1 350 000 с торгом", 1_350_000, Some("с торгом")),
            ("900 тыс, без торга!", 900_000, Some("без торга!")),
            ("отдам за 900 тысяч если быстро", 900_000, Some("отдам за … если быстро")),
            ("думаю миллион двести, но готов обсудить", 1_200_000, Some("думаю … но готов обсудить")),
            ("1 350 000 за камри", 1_350_000, Some("за камри")),
            ("850 т.р., с зимней резиной", 850_000, Some("с зимней резиной")),
            (
                "1 350 000 (один миллион триста пятьдесят тысяч) рублей",
                1_350_000,
                Some("(один миллион триста пятьдесят тысяч) рублей"),
            ),
            ("полтора ляма, машина того стоит", 1_500_000, Some("машина того стоит")),
            ("1 350 000, 2 хозяина, не битая", 1_350_000, Some("2 хозяина, не битая")),
            ("1 350 000, пробег 98 000", 1_350_000, Some("пробег 98 000")),
            ("1 350 000, двигатель 1.6, 123 л.с.", 1_350_000, Some("двигатель 1.6, 123 л.с.")),
            ("1 350 000, камри 70 2019 года", 1_350_000, Some("камри 70 2019 года")),
            ("1,35 млн, вложил 200 тыс в ремонт", 1_350_000, Some("вложил 200 тыс в ремонт")),
            ("не меньше 700 тысяч на руки", 700_000, Some("не меньше … на руки")),
            ("до 2 млн, можно в кредит", 2_000_000, Some("можно в кредит")),
            ("500-700 тыс, но чем дешевле тем лучше", 700_000, Some("но чем дешевле тем лучше")),
            ("1 350 000, тел. 8 900 123 45 67", 1_350_000, Some("тел. 8 900 123 45 67")),
            ("реальная цена 640000 рублей, звоните", 640_000, Some("реальная цена … звоните")),
            ("1.5 млн ❗️срочная продажа❗️", 1_500_000, Some("срочная продажа")),
            ("1,5 млн, торг до 1,4", 1_500_000, Some("торг до 1,4")),
            ("1 350 000 (торг 50 тыс)", 1_350_000, Some("торг 50 тыс")),
            ("1 350 000 руб.\nТорг при осмотре", 1_350_000, Some("Торг при осмотре")),
            ("1 350 000 рублей. Машина в идеале, 2019 год", 1_350_000, Some("Машина в идеале, 2019 год")),
            ("не 1,5 млн, а 1,4 млн", 1_400_000, Some("не 1,5 млн, а")),
        ] {
            let expected = Typed { value: roubles, remark: remark.map(str::to_owned), doubt: None };
            assert_eq!(read(typed), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn several_sums_and_bare_numbers_are_doubtful() {
        for (typed, roubles, doubt) in [
            ("1 млн или 2 млн", 1_000_000, Doubt::SeveralValues),
            ("1 350 000, за наличные 1 300 000", 1_350_000, Doubt::SeveralValues),
            ("было 1 500 000, стало 1 350 000", 1_500_000, Doubt::SeveralValues),
            ("1,5 млн или 1,4", 1_500_000, Doubt::SeveralValues),
            ("900", 900_000, Doubt::Guess),
            ("900, торг уместен", 900_000, Doubt::Guess),
            ("1.350", 1_350_000, Doubt::Guess),
            ("хочу полтора, срочно", 1_500_000, Doubt::Guess),
            ("от 700 до 900 если срочно", 900_000, Doubt::Guess),
        ] {
            let read = read(typed).map(|sum| (sum.value, sum.doubt));
            assert_eq!(read, Ok((roubles, Some(doubt))), "{typed}");
        }
    }

    #[test]
    fn words_with_other_numbers_are_not_a_sum() {
        for typed in [
            "не знаю, 2 хозяина",
            "камри 70",
            "2019 г.в., не битая",
            "пробег 85 тыс, торг",
            "15000 $ торг",
            "$15000, торг",
            "USD 20 000 за всё",
            "20000 евро, торг",
            "10 тыс долларов на руки",
            "10 тыс. долларов",
            "первый взнос 300 тысяч",
            "звоните 8 900 123 45 67",
            "12.05.2019 была оценка",
            "скидка 10%",
        ] {
            assert_eq!(read(typed), Err(Wrong::NotANumber), "{typed}");
        }
        assert_eq!(read(&format!("1 350 000 {}", "спасибо ".repeat(60))), Err(Wrong::NotANumber), "a whole letter");
    }

    #[test]
    fn it_is_shown_in_groups() {
        assert_eq!(show(1_000), "1\u{a0}000\u{a0}₽");
        assert_eq!(show(1_500_000), "1\u{a0}500\u{a0}000\u{a0}₽");
        assert_eq!(show(0), "0\u{a0}₽");
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_is_read_back(roubles in MIN..=MAX) {
            proptest::prop_assert_eq!(parse(&show(roubles)), Ok(roubles));
            let with_words = format!("хотелось бы {}, торг уместен", show(roubles));
            proptest::prop_assert_eq!(read(&with_words).map(Typed::certain), Ok(Some(roubles)));
            proptest::prop_assert_eq!(parse(&roubles.to_string()), Ok(roubles));
        }

        #[test]
        fn thousands_and_millions_agree_with_digits(thousands in 10_u64..=999_999) {
            proptest::prop_assert_eq!(parse(&format!("{thousands} тыс")), Ok(thousands * 1_000));
            let millions = format!("{},{:03} млн", thousands / 1_000, thousands % 1_000);
            proptest::prop_assert_eq!(parse(&millions), Ok(thousands * 1_000), "{}", millions);
        }

        #[test]
        fn it_never_panics(typed in "\\PC{0,5000}", like_a_sum in "[0-9тыскмлнруб .,-]{0,200}") {
            let _ = (read(&typed), read(&like_a_sum));
        }
    }
}
