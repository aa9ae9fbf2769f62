//! How days and times are written in the file: `Mon-Fri`, `09:00-20:00`, `Mon 09:00`, `2026-12-31`.

use std::fmt;

use jiff::civil::{Date, Weekday};

use crate::calendar::day_index;

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u16 = 24 * 60;

/// Names of the days, Monday first, as the file writes them and as the dealer reads them. Both may be used in the file.
const DAY_NAMES: [(&str, &str); 7] =
    [("Mon", "Пн"), ("Tue", "Вт"), ("Wed", "Ср"), ("Thu", "Чт"), ("Fri", "Пт"), ("Sat", "Сб"), ("Sun", "Вс")];

/// When the dealer is open on one day: minutes since midnight, the second one exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpeningTime {
    pub(crate) from: u16,
    pub(crate) to: u16,
}

/// What is wrong with opening hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadOpening {
    Unreadable,
    EndsBeforeStart,
}

impl OpeningTime {
    pub(crate) const ALL_DAY: Self = Self { from: 0, to: DAY_MINUTES };

    /// Reads `09:00-20:00`; the end may be `24:00`.
    pub(crate) fn parse(text: &str) -> Result<Self, BadOpening> {
        let (from, to) = text.split_once('-').ok_or(BadOpening::Unreadable)?;
        let from = parse_time(from).ok_or(BadOpening::Unreadable)?;
        let to = parse_time(to).ok_or(BadOpening::Unreadable)?;
        if from == DAY_MINUTES {
            return Err(BadOpening::Unreadable);
        }
        if from < to { Ok(Self { from, to }) } else { Err(BadOpening::EndsBeforeStart) }
    }
}

impl fmt::Display for OpeningTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", Clock(self.from), Clock(self.to))
    }
}

/// A time that comes once a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeeklyTime {
    pub(crate) weekday: Weekday,
    pub(crate) minute: u16,
}

impl WeeklyTime {
    /// When the digest comes unless the file says otherwise.
    pub(crate) const MONDAY_MORNING: Self = Self { weekday: Weekday::Monday, minute: 9 * 60 };

    /// Reads `Mon 09:00`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.trim().split_once(' ')?;
        let minute = parse_time(time).filter(|minute| *minute < DAY_MINUTES)?;
        Some(Self { weekday: parse_day(day)?, minute })
    }
}

impl fmt::Display for WeeklyTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", russian_day(self.weekday), Clock(self.minute))
    }
}

/// A time of day in minutes, shown as `09:00`.
struct Clock(u16);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Reads `Mon-Fri`, `Sat,Sun`, `Fri-Mon` (over the end of the week) and lists of these. A day that is named twice comes
/// twice.
pub(crate) fn parse_days(text: &str) -> Option<Vec<Weekday>> {
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => days.push(parse_day(part)?),
            Some((first, last)) => {
                let (first, last) = (parse_day(first)?, parse_day(last)?);
                days.extend(first.cycle_forward().take(first.until(last).unsigned_abs() as usize + 1));
            }
        }
    }
    Some(days)
}

/// Reads a date that exists, written as `2026-12-31`.
pub(crate) fn parse_date(text: &str) -> Option<Date> {
    let is_written_in_full = text.len() == "2026-12-31".len() && text.split('-').count() == 3;
    if is_written_in_full { text.parse().ok() } else { None }
}

/// The short Russian name of a day.
pub(crate) fn russian_day(day: Weekday) -> &'static str {
    DAY_NAMES[day_index(day)].1
}

/// The short English name of a day.
pub(crate) fn english_day(day: Weekday) -> &'static str {
    DAY_NAMES[day_index(day)].0
}

fn parse_day(text: &str) -> Option<Weekday> {
    let text = text.trim().to_lowercase();
    let index = DAY_NAMES.iter().position(|names| names.0.to_lowercase() == text || names.1.to_lowercase() == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(index).ok()?).ok()
}

/// Reads `09:00` or `9:00` as minutes since midnight; `24:00` is the end of the day.
fn parse_time(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |digits: &str| -> Option<u16> {
        let is_number = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok())?
    };
    let minute = number(hours)? * 60 + number(minutes).filter(|minute| *minute < 60 && minutes.len() == 2)?;
    (minute <= DAY_MINUTES).then_some(minute)
}
