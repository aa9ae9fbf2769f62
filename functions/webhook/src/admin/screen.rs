//! What is not in amoCRM, as the admins see it, with buttons to try again.

use std::fmt;
use std::str::FromStr;

use dealer::Calendar;
use delivery::Trouble;
use dialog::{Button, Keyboard, Screen, Text};
use lead::{Lead, LeadId, Seconds, Status};
use texts::Language;

const ONE: &str = "retry:";
const ALL: &str = "retry-all";

/// Longest reason that is shown, in characters.
const MAX_REASON: usize = 200;

/// A press on «Повторить».
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RetryPress {
    One(LeadId),
    All,
}

/// The data do not belong to such a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRetryPress;

/// At most 64 bytes: <https://core.telegram.org/bots/api#inlinekeyboardbutton>.
impl fmt::Display for RetryPress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(lead_id) => write!(out, "{ONE}{lead_id}"),
            Self::All => out.write_str(ALL),
        }
    }
}

impl FromStr for RetryPress {
    type Err = NoRetryPress;

    fn from_str(data: &str) -> Result<Self, NoRetryPress> {
        if data == ALL {
            return Ok(Self::All);
        }
        let lead_id = data.strip_prefix(ONE).ok_or(NoRetryPress)?;
        lead_id.parse().map(Self::One).map_err(|_| NoRetryPress)
    }
}

/// The requests that are not in amoCRM.
pub(super) struct Overview<'a> {
    pub(super) waiting: usize,
    pub(super) dead: usize,
    /// The oldest of both, oldest first.
    pub(super) oldest: &'a [Lead],
    pub(super) trouble: Option<&'a Trouble>,
}

impl Overview<'_> {
    pub(super) fn screen(&self, calendar: &Calendar, now: Seconds, language: Language) -> Screen {
        let time = |at: Seconds| calendar.local(at).strftime("%d.%m %H:%M").to_string();
        let mut text = Text::default();
        if self.oldest.is_empty() {
            text = text.push(&language.text("status-all-sent"));
        } else {
            let counts = [("waiting", self.waiting.into()), ("dead", self.dead.into())];
            text = text
                .bold(&language.text("status-heading"))
                .push("\n")
                .push(&language.text_with("status-counts", counts));
        }
        if let Some(trouble) = self.trouble {
            let reasons: Vec<String> = trouble.obstacles.iter().map(|obstacle| obstacle.text(language)).collect();
            let arguments = [("time", time(trouble.since).into()), ("reason", reasons.join("; ").into())];
            text = text.push("\n\n").push(&language.text_with("status-trouble", arguments));
        }
        for lead in self.oldest {
            let number = lead.lead_id.request_number();
            let heading = [("number", number.into()), ("time", time(lead.request.created_at).into())];
            text = text
                .push("\n\n")
                .bold(&language.text_with("status-request", heading))
                .push("\n")
                .push(&state(lead, time, now, language));
        }
        let more = (self.waiting + self.dead).saturating_sub(self.oldest.len());
        if more > 0 {
            text = text.push("\n\n").push(&language.text_with("status-more", [("count", more.into())]));
        }
        Screen { text, keyboard: self.keyboard(language) }
    }

    fn keyboard(&self, language: Language) -> Keyboard {
        let button = |text: String, press: RetryPress| vec![Button { text, data: press.to_string() }];
        let idle = self.oldest.iter().filter(|lead| !matches!(lead.status, Status::Sending { .. }));
        let mut rows: Vec<_> = idle
            .map(|lead| {
                let number = lead.lead_id.request_number().into();
                button(language.text_with("status-retry-one", [("number", number)]), RetryPress::One(lead.lead_id))
            })
            .collect();
        if rows.is_empty() {
            return Keyboard::None;
        }
        if self.waiting + self.dead > 1 {
            rows.push(button(language.text("status-retry-all"), RetryPress::All));
        }
        Keyboard::Inline(rows)
    }
}

/// What a request waits for, and why.
fn state(lead: &Lead, time: impl Fn(Seconds) -> String, now: Seconds, language: Language) -> String {
    let what = match lead.status {
        Status::Dead { at } => language.text_with("status-dead", [("time", time(at).into())]),
        Status::Pending { due_at } | Status::Retry { due_at, .. } if due_at > now => {
            language.text_with("status-waiting", [("time", time(due_at).into())])
        }
        Status::Pending { .. } | Status::Retry { .. } => language.text("status-due"),
        Status::Sending { .. } | Status::Sent { .. } => language.text("status-sending"),
    };
    match &lead.error_text {
        Some(reason) => format!("{what}\n{}", reason.chars().take(MAX_REASON).collect::<String>()),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use lead::{Backoff, Failure, Repeat, Request};

    use super::*;

    /// Monday, 2 March 2026, noon in Moscow.
    const NOON: Seconds = 1_772_442_000;

    fn lead(repeat: Repeat) -> Lead {
        let mut lead = Lead::new(Request { created_at: NOON - 600, ..Request::example() }, 60);
        lead.claim("worker", NOON - 300, 60).unwrap();
        let failure = Failure { repeat, reason: "refused".to_owned() };
        lead.fail(&failure, NOON - 300, Backoff { first: 600, longest: 600, max_attempts: 9 }, 0.0);
        lead.error_text = Some("amoCRM отказывает: нет поля".to_owned());
        lead
    }

    #[test]
    fn what_waits_is_shown_with_its_reason_and_a_button() {
        let dead = lead(Repeat::Never);
        let waiting = lead(Repeat::Later { pause: None, in_doubt: false });
        let oldest = [dead, waiting];
        let overview = Overview { waiting: 7, dead: 1, oldest: &oldest, trouble: None };
        let screen = overview.screen(&Calendar::default(), NOON, Language::Russian);
        let number = oldest[0].lead_id.request_number();
        assert_eq!(
            screen.text.text.replace(&number, "N"),
            "📋 Не переданы в amoCRM\nЖдут отправки: 7\nБот больше не пробует: 1\n\n\
             № N от 02.03 11:50\n❌ Бот больше не пробует с 02.03 11:55\namoCRM отказывает: нет поля\n\n\
             № N от 02.03 11:50\n⏳ Следующая попытка: 02.03 12:05\namoCRM отказывает: нет поля\n\n\
             И ещё 6, они новее."
        );
        let Keyboard::Inline(rows) = screen.keyboard else { panic!("no buttons") };
        let buttons: Vec<_> = rows.iter().flatten().map(|button| button.text.replace(&number, "N")).collect();
        assert_eq!(buttons, ["🔁 Повторить N", "🔁 Повторить N", "🔁 Повторить все"]);
    }

    #[test]
    fn when_everything_is_sent_there_is_nothing_to_press() {
        let overview = Overview { waiting: 0, dead: 0, oldest: &[], trouble: None };
        let screen = overview.screen(&Calendar::default(), NOON, Language::Russian);
        assert_eq!(screen.text.text, "✅ Все заявки переданы в amoCRM.");
        assert_eq!(screen.keyboard, Keyboard::None);
    }

    #[test]
    fn a_press_is_read_as_it_is_written() {
        let one = RetryPress::One("01JD0000000000000AK7QX3M9Q".parse().unwrap());
        for press in [one, RetryPress::All] {
            assert!(press.to_string().len() <= 64);
            assert_eq!(press.to_string().parse(), Ok(press));
        }
        for data in ["", "retry:", "retry:x", "take:01JD0000000000000AK7QX3M9Q", "3:send"] {
            assert_eq!(data.parse::<RetryPress>(), Err(NoRetryPress), "{data}");
        }
    }
}
