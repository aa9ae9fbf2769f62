//! When the dealer works: opening hours, holidays and a time zone, as arithmetic on instants.
//!
//! A boundary such as "09:00 on 28 March" is the first instant at which the local clock shows that time or a later one.
//! So a clock that jumps forward over a boundary opens or closes at the jump, and of an hour that comes twice the first
//! counts. This keeps the open periods in order and apart from each other in every time zone.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

use crate::Seconds;
use crate::hours::{OpeningTime, WeeklyTime};

/// How far ahead an opening is looked for, in seconds (two years).
const HORIZON: Seconds = 2 * 366 * 24 * 3600;
/// When a task is due that comes outside the opening hours, counted from the next opening.
const AFTER_OPENING: Duration = Duration::from_mins(15);
/// When the bot may write to a customer first, in minutes since local midnight.
const DAYTIME: Range<u16> = 9 * 60..21 * 60;

/// When the dealer works. Every method takes the time as an argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    pub(crate) zone: TimeZone,
    pub(crate) holidays: BTreeSet<Date>,
    /// Monday first; `None`: closed all day.
    pub(crate) week: [Option<OpeningTime>; 7],
}

/// Moscow time, always open.
impl Default for Calendar {
    fn default() -> Self {
        let zone = TimeZone::get("Europe/Moscow").expect("the time zone database is compiled in");
        Self { zone, holidays: BTreeSet::new(), week: [Some(OpeningTime::ALL_DAY); 7] }
    }
}

impl Calendar {
    /// Whether the dealer is open at `now`.
    #[must_use]
    pub fn is_open(&self, now: Seconds) -> bool {
        self.next_opening(now) == Some(now)
    }

    /// The first moment from `now` on at which the dealer is open: `now` itself during the opening hours. `None` when
    /// there is none within two years.
    #[must_use]
    pub fn next_opening(&self, now: Seconds) -> Option<Seconds> {
        self.open_periods(now, now.saturating_add(HORIZON)).next().map(|period| period.start.max(now))
    }

    /// The earliest moment by which the dealer has been open for `time` (in whole seconds) since `now`. `None` when
    /// that is more than two years ahead.
    #[must_use]
    pub fn add_working_time(&self, now: Seconds, time: Duration) -> Option<Seconds> {
        let mut left = Seconds::try_from(time.as_secs()).ok()?;
        if left == 0 {
            return Some(now);
        }
        for period in self.open_periods(now, now.saturating_add(HORIZON)) {
            let start = period.start.max(now);
            let available = period.end - start;
            if left <= available {
                return Some(start + left);
            }
            left -= available;
        }
        None
    }

    /// How long the dealer is open between two moments; nothing when `to` is not after `from`.
    #[must_use]
    pub fn open_time_between(&self, from: Seconds, to: Seconds) -> Duration {
        self.open_periods(from, to)
            .map(|period| period.end.min(to).saturating_sub(period.start.max(from)))
            .filter_map(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs)
            .sum()
    }

    /// When a task is due that gives the dealer `time` to act: after that much working time, or 15 minutes after the
    /// next opening when `now` is outside the opening hours. `None` when that is more than two years ahead.
    #[must_use]
    pub fn task_due(&self, now: Seconds, time: Duration) -> Option<Seconds> {
        let opening = self.next_opening(now)?;
        let time = if opening == now { time } else { AFTER_OPENING };
        self.add_working_time(opening, time)
    }

    /// The dealer's time zone.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The date and time that the dealer's clock shows at `now`.
    #[must_use]
    pub fn local(&self, now: Seconds) -> ZonedDateTime {
        timestamp(now).to_zoned_datetime(self.zone.clone())
    }

    /// When the local day of `now` began.
    #[must_use]
    pub fn day_start(&self, now: Seconds) -> Seconds {
        self.instant(self.local(now).date(), 0).unwrap_or(now)
    }

    /// Whether it is between 9 and 21 h local time, when the bot may write to a customer first.
    #[must_use]
    pub fn is_daytime(&self, now: Seconds) -> bool {
        let local = self.local(now);
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        DAYTIME.contains(&minute)
    }

    /// The first moment from `now` on that is between 9 and 21 h local time.
    #[must_use]
    pub fn next_daytime(&self, now: Seconds) -> Seconds {
        if self.is_daytime(now) {
            return now;
        }
        let today = self.local(now).date();
        let days = today.series(1.day()).take(2);
        days.filter_map(|date| self.instant(date, DAYTIME.start)).find(|start| *start > now).unwrap_or(now)
    }

    /// The last moment up to `now` when the local clock showed this time of the week.
    #[must_use]
    pub fn last_weekly(&self, now: Seconds, at: WeeklyTime) -> Seconds {
        let today = self.local(now).date();
        let days = today.series((-1).days()).take(9);
        days.filter(|date| date.weekday() == at.weekday)
            .filter_map(|date| self.instant(date, at.minute))
            .find(|moment| *moment <= now)
            .unwrap_or(Seconds::MIN)
    }

    /// The periods in which the dealer is open that overlap `from..until`, in order.
    fn open_periods(&self, from: Seconds, until: Seconds) -> impl Iterator<Item = Range<Seconds>> {
        let (first, last) = (self.local(from).date(), self.local(until).date());
        // Where a clock turns back over midnight, the next date has begun before this one ends.
        let last = last.tomorrow().unwrap_or(last);
        first
            .series(1.day())
            .take_while(move |date| *date <= last)
            .filter_map(|date| self.open_on(date))
            .filter(move |period| period.end > from)
    }

    fn open_on(&self, date: Date) -> Option<Range<Seconds>> {
        let hours = self.week[day_index(date.weekday())]?;
        if self.holidays.contains(&date) {
            return None;
        }
        let period = self.instant(date, hours.from)?..self.instant(date, hours.to)?;
        (!period.is_empty()).then_some(period)
    }

    /// The first instant at which the local clock shows `minute` of `date` or later. `None` outside the range of dates.
    fn instant(&self, date: Date, minute: u16) -> Option<Seconds> {
        let midnight = date.at(0, 0, 0, 0);
        let wanted = midnight.checked_add(SignedDuration::from_mins(i64::from(minute))).ok()?;
        let found = self.zone.to_ambiguous_timestamp(wanted);
        let is_skipped = matches!(found.offset(), AmbiguousOffset::Gap { .. });
        let earlier = found.earlier().ok()?;
        let instant = if is_skipped { self.zone.following(earlier).next()?.timestamp() } else { earlier };
        Some(instant.as_second())
    }
}

pub(crate) fn day_index(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}

/// The timestamp, or the last one that there is.
fn timestamp(now: Seconds) -> Timestamp {
    Timestamp::from_second(now).unwrap_or(if now < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
