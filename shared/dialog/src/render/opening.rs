//! When a manager calls or answers, in words.

use dealer::Calendar;
use lead::Seconds;
use texts::Language;

/// Days ahead for which the name of the day says which one is meant.
const NAMED_DAYS: i32 = 6;

/// The sentence that says when a manager calls. `opens_at`: when the dealer opens, if it was closed; once that is past,
/// a manager calls soon.
pub(super) fn call(opens_at: Option<Seconds>, now: Seconds, calendar: &Calendar, language: Language) -> String {
    let Some(opens_at) = opens_at.filter(|at| *at > now) else { return language.text("call") };
    let (day, time) = day_and_time(opens_at, now, calendar, language);
    language.text_with("call.from", [("day", day.into()), ("time", time.into())])
}

/// The sentence that says whether a manager who is called answers now or when the dealer opens.
pub(super) fn answer(now: Seconds, calendar: &Calendar, language: Language) -> String {
    match calendar.next_opening(now).filter(|opens_at| *opens_at > now) {
        None => language.text("talk-called"),
        Some(opens_at) => {
            let (day, time) = day_and_time(opens_at, now, calendar, language);
            language.text_with("talk-called.closed", [("day", day.into()), ("time", time.into())])
        }
    }
}

fn day_and_time(opens_at: Seconds, now: Seconds, calendar: &Calendar, language: Language) -> (String, String) {
    let opening = calendar.local(opens_at);
    (day(opens_at, now, calendar, language), format!("{}:{:02}", opening.hour(), opening.minute()))
}

/// The day of `at` as people call it at `now`, which is not later.
fn day(at: Seconds, now: Seconds, calendar: &Calendar, language: Language) -> String {
    let date = calendar.local(at).date();
    match (date - calendar.local(now).date()).get_days() {
        0 => language.text("opening-day.today"),
        1 => language.text("opening-day.tomorrow"),
        2..=NAMED_DAYS => {
            let weekday = i64::from(date.weekday().to_monday_one_offset());
            language.text_with("opening-day.weekday", [("weekday", weekday.into())])
        }
        _ => {
            let (day, month) = (i64::from(date.day()), i64::from(date.month()));
            language.text_with("opening-day.date", [("day", day.into()), ("month", month.into())])
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use jiff::{Timestamp, ToSpan};
    use proptest::prelude::*;

    use super::*;

    /// Monday to Friday 9-20 h, Saturday 10:30-18 h; the first week of January is off.
    fn calendar(zone: &str) -> Calendar {
        let holidays: Vec<String> = (1..=8).map(|day| format!("\"2027-01-{day:02}\"")).collect();
        let file = format!(
            "time_zone = \"{zone}\"\nholidays = [\"2026-12-31\", {}]\n[hours]\nMon-Fri = \"09:00-20:00\"\nSat = \"10:30-18:00\"",
            holidays.join(", ")
        );
        dealer::parse(&file).expect("the file has no fault").calendar
    }

    /// What a customer reads who sends a request then.
    fn promise(zone: &str, sent_at: &str) -> String {
        let calendar = calendar(zone);
        let now = at(sent_at);
        call(calendar.next_opening(now).filter(|at| *at > now), now, &calendar, Language::default())
    }

    fn at(moment: &str) -> Seconds {
        moment.parse::<Timestamp>().expect("it is a time").as_second()
    }

    #[test]
    fn the_day_is_named_as_people_name_it() {
        for (sent_at, said) in [
            ("2026-11-30T12:00:00+03", "Менеджер скоро с вами свяжется."),
            ("2026-11-30T08:59:59+03", "Позвоним сегодня с 9:00."),
            ("2026-12-01T00:01:00+03", "Позвоним сегодня с 9:00."),
            ("2026-11-30T20:00:00+03", "Позвоним завтра с 9:00."),
            ("2026-11-27T23:00:00+03", "Позвоним завтра с 10:30."),
            ("2026-11-28T18:00:00+03", "Позвоним в понедельник с 9:00."),
            ("2026-11-29T23:59:59+03", "Позвоним завтра с 9:00."),
            ("2026-12-30T21:00:00+03", "Позвоним 9 января с 10:30."),
            ("2027-01-02T12:00:00+03", "Позвоним 9 января с 10:30."),
            ("2027-01-03T12:00:00+03", "Позвоним в субботу с 10:30."),
            ("2027-01-08T12:00:00+03", "Позвоним завтра с 10:30."),
        ] {
            assert_eq!(promise("Europe/Moscow", sent_at), said, "{sent_at}");
        }
    }

    #[test]
    fn the_hour_is_the_dealers_also_when_clocks_change() {
        // The clocks of Berlin go back on 25 October 2026 and forward on 28 March 2027, both Sundays.
        for sent_at in ["2026-10-24T23:30:00+02", "2027-03-27T23:30:00+01"] {
            assert_eq!(promise("Europe/Berlin", sent_at), "Позвоним в понедельник с 9:00.", "{sent_at}");
        }
        assert_eq!(promise("Asia/Vladivostok", "2026-11-30T14:00:00+03"), "Позвоним завтра с 9:00.");
    }

    const WEEKDAYS: [&str; 7] =
        ["в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье"];
    const MONTHS: [&str; 12] = [
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ];

    /// The date that somebody thinks of who reads these words on that day.
    fn meant(words: &str, today: Date) -> Date {
        let is_meant = |date: &Date| match words {
            "сегодня" => *date == today,
            "завтра" => *date == today.tomorrow().expect("it is one"),
            _ if WEEKDAYS.contains(&words) => {
                *date > today && words == WEEKDAYS[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())]
            }
            _ => words == format!("{} {}", date.day(), MONTHS[usize::from(date.month().unsigned_abs()) - 1]),
        };
        today.series(1.day()).take(400).find(is_meant).unwrap_or_else(|| panic!("«{words}» is no day"))
    }

    proptest! {
        #[test]
        fn the_day_and_hour_that_are_named_are_those_at_which_the_dealer_opens(
            zone in prop::sample::select(vec!["Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Vladivostok"]),
            days in prop::sample::subsequence(vec!["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], 1..=7),
            opens in 0..23_u32,
            holidays in prop::collection::btree_set(1..=28_u32, 0..20),
            now in 1_790_000_000..1_830_000_000_i64,
        ) {
            let hours: Vec<String> = days.iter().map(|day| format!("{day} = \"{opens:02}:30-23:45\"")).collect();
            let month = &Timestamp::from_second(now).unwrap().to_string()[..7];
            let holidays: Vec<String> = holidays.iter().map(|day| format!("\"{month}-{day:02}\"")).collect();
            let (holidays, hours) = (holidays.join(", "), hours.join("\n"));
            let file = format!("time_zone = \"{zone}\"\nholidays = [{holidays}]\n[hours]\n{hours}");
            let calendar = dealer::parse(&file).expect("the file has no fault").calendar;

            let opening = calendar.next_opening(now).expect("it opens within two years");
            let said = call(Some(opening).filter(|at| *at > now), now, &calendar, Language::default());
            let Some(promise) = said.strip_prefix("Позвоним ") else {
                prop_assert!(calendar.is_open(now), "{}", said);
                return Ok(());
            };
            let (words, time) = promise.trim_end_matches('.').rsplit_once(" с ").expect("a day and an hour");
            prop_assert_eq!(meant(words, calendar.local(now).date()), calendar.local(opening).date());
            let local = calendar.local(opening);
            prop_assert_eq!(time, format!("{}:{:02}", local.hour(), local.minute()));
            prop_assert!(opening > now && !calendar.is_open(opening - 1));
        }
    }

    #[test]
    fn a_promise_that_is_past_is_not_repeated() {
        let calendar = calendar("Europe/Moscow");
        let opens_at = Some(at("2026-12-01T09:00:00+03"));
        let said = |now: &str| call(opens_at, at(now), &calendar, Language::default());
        assert_eq!(said("2026-12-01T08:59:59+03"), "Позвоним сегодня с 9:00.");
        assert_eq!(said("2026-12-01T09:00:00+03"), "Менеджер скоро с вами свяжется.");
        assert_eq!(said("2026-12-03T23:00:00+03"), "Менеджер скоро с вами свяжется.");
    }
}
