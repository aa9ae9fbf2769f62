//! Money in roubles.

use crate::Wrong;
use crate::amount::{self, Amount, Scale, Unit};

/// The least that is taken, in roubles: no car costs less. Less is a number whose «тыс» or «млн» was left out: «900», «1200»,
/// «1.350».
pub const MIN: u64 = 10_000;

/// The most that is taken, in roubles.
pub const MAX: u64 = 1_000_000_000;

/// Words that may stand around a sum.
const FILLERS: &[&str] = &[
    "до",
    "за",
    "от",
    "около",
    "примерно",
    "приблизительно",
    "максимум",
    "минимум",
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
    "торг",
    "с",
    "торгом",
    "без",
    "торга",
    "наличными",
    "ровно",
    "и",
    "руб",
    "рублей",
];

/// Whole roubles: «1 500 000 р.», «1,5 млн», «900к», «полтора миллиона», «1м200», «до 2 млн». Of a range, the upper end.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn parse(typed: &str) -> Result<u64, Wrong> {
    let (mut amounts, tokens) = amount::only_amounts(typed, |word| FILLERS.contains(&word))?;
    if let [from, to] = amounts.as_slice() {
        amounts = vec![amount::upper_end(&tokens, from, to, &["до"]).ok_or(Wrong::NotANumber)?];
    }
    match amounts.as_slice() {
        [amount] if matches!(amount.unit, None | Some(Unit::Roubles)) => of_amount(amount),
        _ => Err(Wrong::NotANumber),
    }
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
        ] {
            assert_eq!(parse(typed), Ok(roubles), "{typed}");
        }
    }

    #[test]
    fn what_is_no_sum() {
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
    fn it_is_shown_in_groups() {
        assert_eq!(show(1_000), "1\u{a0}000\u{a0}₽");
        assert_eq!(show(1_500_000), "1\u{a0}500\u{a0}000\u{a0}₽");
        assert_eq!(show(0), "0\u{a0}₽");
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_is_read_back(roubles in MIN..=MAX) {
            proptest::prop_assert_eq!(parse(&show(roubles)), Ok(roubles));
            proptest::prop_assert_eq!(parse(&roubles.to_string()), Ok(roubles));
        }

        #[test]
        fn thousands_and_millions_agree_with_digits(thousands in 10_u64..=999_999) {
            proptest::prop_assert_eq!(parse(&format!("{thousands} тыс")), Ok(thousands * 1_000));
            let millions = format!("{},{:03} млн", thousands / 1_000, thousands % 1_000);
            proptest::prop_assert_eq!(parse(&millions), Ok(thousands * 1_000), "{}", millions);
        }

        #[test]
        fn no_text_makes_it_panic(typed in "\\PC{0,5000}", like_a_sum in "[0-9тыскмлнруб .,-]{0,200}") {
            let _ = (parse(&typed), parse(&like_a_sum));
        }
    }
}
