//! A request's card, as it is stored.

use lead::{Backoff, LeadId};
use serde::{Deserialize, Serialize};

use crate::Seconds;

/// A request's card, from the moment before it is sent. It is not part of the lead: a press must not wait for a worker
/// that has a lease on the lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub lead_id: LeadId,
    /// The customer's chat.
    pub chat_id: i64,
    /// The deal's page in amoCRM; `None` in mock mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_url: Option<String>,
    /// `None` while it is being sent, or when Telegram's answer was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<CardMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Take>,
    /// amoCRM does not know yet who has taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
}

/// A card's message in Telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardMessage {
    /// The group.
    pub group_id: i64,
    pub message_id: i64,
    /// The card's text is the caption of a photo.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_photo: bool,
}

/// Who has taken a request, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// The user in amoCRM.
    pub by: u64,
    pub at: Seconds,
}

/// The responsible user that is still to be set in amoCRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// When `scheduled` puts it on the queue again.
    pub due_at: Seconds,
    #[serde(default)]
    pub failures: u32,
}

/// The result of a press on «Взять».
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// This user has taken the request just now.
    Now,
    /// Somebody had taken it before.
    Before(Take),
}

impl Card {
    /// A card that is about to be sent.
    #[must_use]
    pub const fn new(lead_id: LeadId, chat_id: i64, deal_url: Option<String>) -> Self {
        Self { lead_id, chat_id, deal_url, message: None, taken: None, handover: None }
    }

    /// This user of amoCRM takes the request, unless somebody has it. `pressed` is the message with the button, in case
    /// its id is not known yet. The handover is due after `grace` seconds, in case its queue message is lost.
    pub fn take(&mut self, by: u64, pressed: CardMessage, now: Seconds, grace: Seconds) -> Taken {
        if let Some(take) = self.taken {
            return Taken::Before(take);
        }
        self.message.get_or_insert(pressed);
        self.taken = Some(Take { by, at: now });
        self.handover = Some(Handover { due_at: now + grace, failures: 0 });
        Taken::Now
    }

    /// The responsible user is set in amoCRM, or never can be.
    pub const fn finish_handover(&mut self) {
        self.handover = None;
    }

    /// amoCRM could not take it now: it is due again after a pause, which grows.
    pub fn fail_handover(&mut self, now: Seconds, backoff: Backoff, jitter: f64) {
        if let Some(handover) = &mut self.handover {
            handover.failures += 1;
            handover.due_at = now + backoff.pause(handover.failures, jitter);
        }
    }

    /// It was not tried: it is due again then.
    pub const fn postpone_handover(&mut self, due_at: Seconds) {
        if let Some(handover) = &mut self.handover {
            handover.due_at = due_at;
        }
    }

    /// The message's address, for members of the group; basic groups have none.
    #[must_use]
    pub fn message_url(&self) -> Option<String> {
        let CardMessage { group_id, message_id, .. } = self.message?;
        let id = group_id.to_string();
        Some(format!("https://t.me/c/{}/{message_id}", id.strip_prefix("-100")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: CardMessage = CardMessage { group_id: -1_001_234_567_890, message_id: 77, has_photo: false };

    fn card() -> Card {
        Card::new("01JD0000000000000AK7QX3M9Q".parse().unwrap(), 7, None)
    }

    #[test]
    fn the_first_press_takes_the_request_and_later_ones_change_nothing() {
        let mut card = card();
        assert_eq!(card.take(501, MESSAGE, 100, 60), Taken::Now);
        let taken = card.clone();
        assert_eq!(taken.handover, Some(Handover { due_at: 160, failures: 0 }));
        for user in [502, 501] {
            assert_eq!(card.take(user, MESSAGE, 200, 60), Taken::Before(Take { by: 501, at: 100 }));
        }
        assert_eq!(card, taken);
    }

    #[test]
    fn pauses_between_tries_to_set_the_responsible_user_grow() {
        let backoff = Backoff { first: 300, longest: 21_600, max_attempts: 20 };
        let mut card = card();
        card.take(501, MESSAGE, 0, 60);
        card.fail_handover(1000, backoff, 0.0);
        card.fail_handover(2000, backoff, 0.0);
        assert_eq!(card.handover, Some(Handover { due_at: 2600, failures: 2 }));
        card.finish_handover();
        card.fail_handover(3000, backoff, 0.0);
        assert_eq!(card.handover, None);
    }

    #[test]
    fn messages_of_supergroups_have_an_address() {
        let mut card = card();
        assert_eq!(card.message_url(), None);
        card.message = Some(MESSAGE);
        assert_eq!(card.message_url().as_deref(), Some("https://t.me/c/1234567890/77"));
        card.message = Some(CardMessage { group_id: -77, ..MESSAGE });
        assert_eq!(card.message_url(), None);
    }
}
