//! The dealer's file, `dealer.toml`: what a dealer knows and changes without a deployment.
//!
//! [`parse()`] turns the text into a checked [`Dealer`], or returns every [`Fault`] at once, each with its line. The
//! text is what is stored; it is parsed on reading. Nothing here does I/O or looks at a clock.
//!
//! A section that the file leaves out is a feature that is off: no reminders, no joining of deals, no sales chat. A
//! section that is there switches its feature on, and keys that it leaves out have the defaults named at the fields
//! below. [`Limits`] always apply. An empty file is [`Dealer::default`].
//!
//! `dealer.example.toml` in the repository's root shows every key; a test holds the two together.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod calendar;
mod difference;
mod fact;
mod fault;
mod hours;
mod parse;
mod section;
mod team;

use std::collections::BTreeMap;
use std::time::Duration;

pub use calendar::Calendar;
pub use difference::difference;
pub use fact::{Fact, FactId, Facts};
pub use fault::{Fault, Problem, TomlType};
pub use hours::WeeklyTime;
pub use parse::parse;
pub use team::{Member, Team};

/// Seconds since the Unix epoch.
pub type Seconds = i64;

/// The ids of the questionnaires, which `branches` of a team member may name.
pub const BRANCHES: [&str; 6] = ["sell", "buy", "find", "check", "legal", "manager"];

/// The longest text that is sent to customers, in UTF-16 units. Telegram takes 4096; the rest is for what the bot adds.
pub const MAX_TEXT: usize = 3500;

/// The largest file in bytes. DynamoDB takes items of up to 400 KB.
pub const MAX_FILE: usize = 200_000;

/// Everything the dealer's file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dealer {
    /// `time_zone`, `holidays` and `[hours]`.
    pub calendar: Calendar,
    /// `[[team]]` in the order of the file.
    pub team: Team,
    /// `[sales_chat]`; `None`: requests are not shown in a group.
    pub sales_chat: Option<SalesChat>,
    /// `join_open_deal_days` of `[repeat]` (30): how old an open deal may be that a new request joins. `None`: every
    /// request makes a deal.
    pub join_open_deal_days: Option<u16>,
    /// `[unfinished]`.
    pub unfinished: Unfinished,
    /// `[stages]`: amoCRM's stage id and what the customer reads when the deal gets there.
    pub stages: BTreeMap<u64, String>,
    /// `[digest]`; `None`: no digest is sent.
    pub digest: Option<Digest>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[[fact]]` in the order of the file.
    pub facts: Facts,
}

impl Dealer {
    /// The same file with minutes that last `seconds`, so that reminders can be tried on a local stack without waiting.
    /// Opening hours and days stay as they are.
    #[must_use]
    pub fn with_minutes_of(mut self, seconds: u32) -> Self {
        let scale = |time: Duration| time / 60 * seconds;
        self.unfinished.remind_after = self.unfinished.remind_after.map(scale);
        self.unfinished.to_crm_after = self.unfinished.to_crm_after.map(scale);
        if let Some(escalation) = self.sales_chat.as_mut().and_then(|chat| chat.escalation.as_mut()) {
            escalation.after = scale(escalation.after);
        }
        self
    }
}

/// The group in which each delivered request is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesChat {
    /// The Telegram group; negative.
    pub chat_id: i64,
    /// Who hears of a request that nobody takes; `None`: nobody.
    pub escalation: Option<Escalation>,
    /// Whether the card shows the customer's phone (false).
    pub show_phone: bool,
}

/// What happens to a request that nobody takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// `escalate_after_minutes` (10) of working time.
    pub after: Duration,
    /// `escalate_to`: a person's or a group's Telegram id.
    pub to: i64,
}

/// What happens to a form that the customer leaves half-way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// `remind_after_minutes` (20) without an answer; `None`: no reminder.
    pub remind_after: Option<Duration>,
    /// `to_crm_after_minutes` (120) without an answer; `None`: it does not become a deal.
    pub to_crm_after: Option<Duration>,
    /// amoCRM's stage for such deals; `None`: the same as for finished requests.
    pub status_id: Option<u64>,
    /// How many days the customer can continue the form (7).
    pub resume_days: u16,
}

/// Without `[unfinished]`: no reminder and no deal, but the form can be continued for a week.
impl Default for Unfinished {
    fn default() -> Self {
        Self { remind_after: None, to_crm_after: None, status_id: None, resume_days: 7 }
    }
}

/// The weekly summary for the dealer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// A person's or a group's Telegram id.
    pub chat_id: i64,
    /// When it is sent (Monday, 09:00).
    pub at: WeeklyTime,
}

/// Bounds on what customers can cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one chat in a day (10).
    pub requests_a_day: u32,
    /// Questions to the language model in a day, of all customers together (3000).
    pub model_questions_a_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { requests_a_day: 10, model_questions_a_day: 3000 }
    }
}
