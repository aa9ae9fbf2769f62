//! Opening hours through weekends, holidays and changes of the clock.

use std::time::Duration;

use dealer::{Calendar, Seconds, parse};
use jiff::Timestamp;
use proptest::prelude::*;

const MINUTE: Seconds = 60;
const DAY: Seconds = 24 * 60 * MINUTE;

const ZONES: [&str; 12] = [
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe", // clocks move by half an hour
    "Asia/Kolkata",        // half an hour off
    "Asia/Kathmandu",      // three quarters of an hour off
    "America/Sao_Paulo",   // days without midnight until 2019
    "America/St_Johns",    // clocks turned back over midnight until 2011
    "Pacific/Apia",        // 30 December 2011 did not exist
    "Africa/Casablanca",   // DST the other way round
    "America/Scoresbysund",
    "UTC",
];

fn calendar(text: &str) -> Calendar {
    parse(text).expect("the file has no fault").calendar
}

/// Moscow, Monday to Friday 9-20 h, at weekends 10-18 h.
fn moscow() -> Calendar {
    calendar(
        "holidays = [\"2026-12-31\", 2027-01-01]\n[hours]\nMon-Fri = \"09:00-20:00\"\n\"Sat,Sun\" = \"10:00-18:00\"",
    )
}

fn at(moment: &str) -> Seconds {
    moment.parse::<Timestamp>().expect("it is a time").as_second()
}

fn minutes(number: u64) -> Duration {
    Duration::from_mins(number)
}

#[test]
fn a_call_back_of_the_evening_waits_for_the_morning() {
    let calendar = moscow();
    let friday_evening = at("2026-11-27T19:50:00+03");
    assert!(calendar.is_open(friday_evening));
    assert_eq!(calendar.next_opening(friday_evening), Some(friday_evening));
    // 10 minutes are left on Friday, the other 20 are worked on Saturday.
    assert_eq!(calendar.task_due(friday_evening, minutes(30)), Some(at("2026-11-28T10:20:00+03")));

    let sunday_night = at("2026-11-29T23:30:00+03");
    assert!(!calendar.is_open(sunday_night));
    assert_eq!(calendar.next_opening(sunday_night), Some(at("2026-11-30T09:00:00+03")));
    assert_eq!(calendar.task_due(sunday_night, minutes(30)), Some(at("2026-11-30T09:15:00+03")));
}

#[test]
fn the_closing_minute_is_closed_and_the_opening_one_is_open() {
    let calendar = moscow();
    let (opening, closing) = (at("2026-11-30T09:00:00+03"), at("2026-11-30T20:00:00+03"));
    assert!(!calendar.is_open(opening - 1) && calendar.is_open(opening));
    assert!(calendar.is_open(closing - 1) && !calendar.is_open(closing));
    assert_eq!(calendar.add_working_time(closing - 30 * MINUTE, minutes(30)), Some(closing));
}

#[test]
fn holidays_are_closed_and_work_goes_on_after_them() {
    let calendar = moscow();
    let eve = at("2026-12-30T19:45:00+03");
    assert!(!calendar.is_open(at("2026-12-31T12:00:00+03")));
    assert_eq!(calendar.next_opening(at("2026-12-31T12:00:00+03")), Some(at("2027-01-02T10:00:00+03")));
    assert_eq!(calendar.add_working_time(eve, minutes(30)), Some(at("2027-01-02T10:15:00+03")));
    assert_eq!(calendar.open_time_between(eve, at("2027-01-02T10:15:00+03")), minutes(30));
}

#[test]
fn without_hours_it_is_always_open() {
    let calendar = Calendar::default();
    let night = at("2026-11-29T03:00:00+03");
    assert!(calendar.is_open(night));
    assert_eq!(calendar.task_due(night, minutes(30)), Some(night + 30 * MINUTE));
    assert_eq!(calendar.open_time_between(night, night + 40 * DAY), Duration::from_hours(40 * 24));
    assert_eq!(calendar.zone().iana_name(), Some("Europe/Moscow"));
}

#[test]
fn who_never_opens_is_never_open() {
    let first = jiff::civil::date(2026, 1, 1);
    let days: Vec<String> = first.series(jiff::ToSpan::days(1)).take(1500).map(|day| format!("\"{day}\"")).collect();
    let closed = calendar(&format!("holidays = [{}]", days.join(", ")));
    let now = at("2026-11-28T12:00:00Z");
    assert!(!closed.is_open(now));
    assert_eq!(closed.next_opening(now), None);
    assert_eq!(closed.add_working_time(now, minutes(1)), None);
    assert_eq!(closed.task_due(now, minutes(1)), None);
    assert_eq!(closed.open_time_between(now, now + 400 * DAY), Duration::ZERO);
}

#[test]
fn a_clock_that_jumps_over_the_opening_opens_at_the_jump() {
    let berlin = calendar("time_zone = \"Europe/Berlin\"\n[hours]\nSun = \"02:30-04:00\"");
    // On 28 March 2027 the clock goes from 2:00 to 3:00, in October it shows 2:30 twice.
    let jump = at("2027-03-28T01:00:00Z");
    assert_eq!(berlin.next_opening(jump - DAY), Some(jump));
    assert_eq!(berlin.open_time_between(jump - DAY, jump + DAY), minutes(60));
    let first_half_past_two = at("2027-10-31T00:30:00Z");
    assert_eq!(berlin.next_opening(first_half_past_two - DAY), Some(first_half_past_two));
    assert_eq!(berlin.open_time_between(first_half_past_two - DAY, first_half_past_two + DAY), minutes(150));
}

#[test]
fn hours_that_the_clock_jumps_over_are_not_an_opening() {
    let berlin = calendar("time_zone = \"Europe/Berlin\"\n[hours]\nSun = \"02:00-03:00\"");
    let jump = at("2027-03-28T01:00:00Z");
    assert_eq!(berlin.next_opening(jump - DAY), Some(at("2027-04-04T00:00:00Z")));
}

#[test]
fn a_clock_that_turns_back_over_midnight_closes_nobody() {
    let newfoundland = calendar("time_zone = \"America/St_Johns\"\n[hours]\nSun = \"00:00-01:00\"");
    // On Sunday, 7 November 2010, at 0:01 the clock went back to Saturday, 23:01.
    let sunday = at("2010-11-07T02:30:00Z");
    let saturday_again = sunday + 15 * MINUTE;
    assert_eq!(newfoundland.local(saturday_again).strftime("%a %H:%M").to_string(), "Sat 23:15");
    assert!(!newfoundland.is_open(sunday - 1) && newfoundland.is_open(sunday) && newfoundland.is_open(saturday_again));
    assert_eq!(newfoundland.open_time_between(saturday_again, saturday_again + 5 * MINUTE), minutes(5));
    assert_eq!(newfoundland.open_time_between(sunday - DAY, sunday + DAY), minutes(120));
}

#[test]
fn a_day_is_23_hours_long_when_the_clock_goes_forward() {
    let new_york = calendar("time_zone = \"America/New_York\"");
    let noon = at("2027-03-14T16:00:00Z");
    assert_eq!(new_york.day_start(noon), at("2027-03-14T05:00:00Z"));
    assert_eq!(new_york.day_start(noon + DAY) - new_york.day_start(noon), 23 * 60 * MINUTE);
    assert_eq!(new_york.local(noon).strftime("%d.%m %H:%M").to_string(), "14.03 12:00");
}

#[test]
fn customers_are_written_to_by_day() {
    let calendar = moscow();
    assert!(!calendar.is_daytime(at("2026-11-28T08:59:59+03")) && calendar.is_daytime(at("2026-11-28T09:00:00+03")));
    assert!(calendar.is_daytime(at("2026-11-28T20:59:59+03")) && !calendar.is_daytime(at("2026-11-28T21:00:00+03")));
    assert_eq!(calendar.next_daytime(at("2026-11-28T21:00:00+03")), at("2026-11-29T09:00:00+03"));
    assert_eq!(calendar.next_daytime(at("2026-11-28T03:00:00+03")), at("2026-11-28T09:00:00+03"));
    assert_eq!(calendar.next_daytime(at("2026-11-28T15:00:00+03")), at("2026-11-28T15:00:00+03"));
}

#[test]
fn the_digest_comes_once_a_week() {
    let dealer = parse("[digest]\nchat_id = 5\nat = \"Пн 09:30\"").expect("the file has no fault");
    let weekly = dealer.digest.expect("there is a digest").at;
    let monday = at("2026-11-30T09:30:00+03");
    assert_eq!(dealer.calendar.last_weekly(monday, weekly), monday);
    assert_eq!(dealer.calendar.last_weekly(monday - 1, weekly), monday - 7 * DAY);
    assert_eq!(dealer.calendar.last_weekly(at("2026-12-06T12:00:00+03"), weekly), monday);
}

#[test]
fn no_moment_is_too_early_or_too_late() {
    let calendar = moscow();
    for now in [i64::MIN, i64::MIN + 1, -1, 0, 253_402_300_799, i64::MAX - 1, i64::MAX] {
        let _ = calendar.is_open(now);
        let _ = calendar.task_due(now, Duration::MAX);
        let _ = calendar.add_working_time(now, minutes(90));
        let _ = calendar.open_time_between(now, now.saturating_add(DAY));
        let _ = (calendar.day_start(now), calendar.next_daytime(now), calendar.local(now));
    }
    assert_eq!(calendar.open_time_between(10, 5), Duration::ZERO);
}

/// A calendar with the same hours on some days of the week, now and then with holidays at the start of a month.
fn any_calendar() -> impl Strategy<Value = Calendar> {
    let hours = (0..1440_u16, 1..=1440_u16).prop_map(|(a, b)| if a < b { (a, b) } else { (b - 1, a + 1) });
    let day = prop::option::weighted(0.7, hours);
    let week = prop::collection::vec(day, 7).prop_filter("it opens some day", |days| days.iter().any(Option::is_some));
    (prop::sample::select(&ZONES[..]), week, any::<bool>()).prop_map(|(zone, week, has_holidays)| {
        let mut text = format!("time_zone = \"{zone}\"\n");
        if has_holidays {
            let years = 2009..2031;
            let dates = years.flat_map(|year| (1..=12).map(move |month| format!("{year}-{month:02}-01")));
            text.push_str(&format!("holidays = [{}]\n", dates.collect::<Vec<_>>().join(",")));
        }
        text.push_str("[hours]\n");
        for (day, hours) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].iter().zip(week) {
            if let Some((from, to)) = hours {
                let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
                text.push_str(&format!("{day} = \"{}-{}\"\n", clock(from), clock(to)));
            }
        }
        calendar(&text)
    })
}

/// Any second of 2010 to 2030, half of them within two days of a change of the clock in one of the zones.
fn any_moment() -> impl Strategy<Value = Seconds> {
    let changes: Vec<Seconds> = ZONES
        .iter()
        .flat_map(|zone| {
            let zone = jiff::tz::TimeZone::get(zone).expect("the zone is known");
            let from = Timestamp::from_second(1_262_304_000).expect("2010 exists");
            zone.following(from).take(40).map(|change| change.timestamp().as_second()).collect::<Vec<_>>()
        })
        .collect();
    let near_a_change = (prop::sample::select(changes), -2 * DAY..2 * DAY).prop_map(|(change, offset)| change + offset);
    prop_oneof![1_262_304_000..1_893_456_000_i64, near_a_change]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_next_opening_is_open_and_the_minute_before_is_not(calendar in any_calendar(), now in any_moment()) {
        let opening = calendar.next_opening(now).expect("it opens every week");
        prop_assert!(opening >= now);
        prop_assert!(calendar.is_open(opening));
        prop_assert_eq!(opening == now, calendar.is_open(now));
        if opening > now {
            prop_assert!(!calendar.is_open(opening - 1));
            prop_assert!(!calendar.is_open((opening - MINUTE).max(now)));
            prop_assert_eq!(calendar.open_time_between(now, opening), Duration::ZERO);
        }
    }

    #[test]
    fn working_time_that_is_added_is_open_time_between(
        calendar in any_calendar(), now in any_moment(), seconds in 0..20_000_u64,
    ) {
        let time = Duration::from_secs(seconds);
        let due = calendar.add_working_time(now, time).expect("it opens every week");
        prop_assert_eq!(calendar.open_time_between(now, due), time);
        // It is the earliest such moment.
        if due > now {
            prop_assert!(calendar.is_open(due - 1));
            prop_assert_eq!(calendar.open_time_between(now, due - 1), time - Duration::from_secs(1));
        }
    }

    #[test]
    fn open_time_adds_up(calendar in any_calendar(), now in any_moment(), a in 0..30 * DAY, b in 0..30 * DAY) {
        let (middle, end) = (now + a, now + a + b);
        let parts = calendar.open_time_between(now, middle) + calendar.open_time_between(middle, end);
        prop_assert_eq!(calendar.open_time_between(now, end), parts);
        prop_assert!(parts <= Duration::from_secs((a + b).unsigned_abs()));
    }

    #[test]
    fn a_day_begins_before_now_and_is_the_same_all_day(calendar in any_calendar(), now in any_moment()) {
        let start = calendar.day_start(now);
        prop_assert!(start <= now && now - start < 26 * 60 * MINUTE);
        prop_assert_eq!(calendar.local(start).date(), calendar.local(now).date());
    }

    #[test]
    fn the_next_daytime_is_daytime(calendar in any_calendar(), now in any_moment()) {
        let next = calendar.next_daytime(now);
        prop_assert!(next >= now && next - now < 14 * 60 * MINUTE + DAY);
        prop_assert!(calendar.is_daytime(next));
        prop_assert_eq!(next == now, calendar.is_daytime(now));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))] // each case looks at every minute of two days

    #[test]
    fn open_time_is_what_a_look_at_each_minute_counts(calendar in any_calendar(), now in any_moment()) {
        let now = now - now.rem_euclid(MINUTE);
        let open = (0..2 * 24 * 60).filter(|minute| calendar.is_open(now + minute * MINUTE)).count();
        prop_assert_eq!(calendar.open_time_between(now, now + 2 * DAY), minutes(open as u64));
    }
}
