//! The result of a run.

use std::collections::HashMap;
use std::time::Duration;

use lead::{Lead, Request};
use serde::Serialize;
use simulators::amocrm::Deal;
use simulators::telegram::{ChatView, MessageView};
use tokio::time::Instant;

use super::Outside;
use super::customer::Talk;

/// The figures of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Customers who were thanked.
    sent: usize,
    /// Customers who left their form half-way, for good.
    left: usize,
    /// Customers who got no answer.
    unanswered: usize,
    /// Requests, and forms left for good, without a complete deal.
    lost: usize,
    /// Customers who were reminded more than once.
    reminded_twice: usize,
    /// Duplicate deals, contacts, notes and tasks.
    twins: [usize; 4],
    kills: usize,
    /// Messages to the admins.
    alerts: usize,
    /// Requests that were given up, by the messages to the admins.
    given_up: usize,
    /// From what a customer does to the answer, in milliseconds.
    reply_ms: Percentiles,
    /// From «Отправить» to the deal, in milliseconds; of deals that were not there before.
    deal_ms: Percentiles,
    /// Calls to amoCRM for one request.
    crm_calls_per_request: f64,
    /// Until the last customer had finished, and in all, in seconds.
    seconds: [u64; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Percentiles {
    p50: u128,
    p99: u128,
    most: u128,
}

impl Percentiles {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        // Nearest rank: the smallest value that at least `percent` of 100 do not exceed.
        let at = |percent: usize| all.get((all.len() * percent).div_ceil(100).saturating_sub(1));
        let ms = |at: Option<&Duration>| at.map_or(0, Duration::as_millis);
        Self { p50: ms(at(50)), p99: ms(at(99)), most: ms(all.last()) }
    }

    fn shown(self) -> String {
        format!("p50 {} ms, p99 {} ms, most {} ms", self.p50, self.p99, self.most)
    }
}

/// How the name of a deal begins whose form was left half-way.
const UNFINISHED: &str = "Не закончил: ";
/// A part of the reminder.
const REMINDER: &str = "Ответы сохранены — продолжим?";

impl Talk {
    /// Whether this deal tells everything that came of the talk.
    pub(super) fn is_told_by(&self, deal: &Deal) -> bool {
        let is_hers = deal.contact.as_ref().is_some_and(|contact| contact.phones.contains(&self.phone));
        is_hers && self.left == deal.name.starts_with(UNFINISHED) && is_complete(deal)
    }
}

/// Whether the deal is complete: each step of a delivery has left one thing, and each photo a file. A form that was
/// finished after it had become a deal has left a second note.
fn is_complete(deal: &Deal) -> bool {
    let photos = usize::from(deal.name.contains("Продажа"));
    let notes = deal.notes.len().min(1);
    let left = 1 + usize::from(deal.contact.is_some()) + notes + deal.tasks.len();
    (left, deal.files.len()) == (crm_push::step_names(&Lead::new(Request::example(), 0)).count(), photos)
}

impl Report {
    pub(super) fn of(
        outside: &Outside,
        talked: &[Talk],
        seen: &HashMap<String, Instant>,
        kills: usize,
        took: [Duration; 2],
    ) -> Self {
        let deals = outside.amocrm.deals();
        let mut of_phone: HashMap<&str, usize> = HashMap::new();
        for contact in deals.iter().filter_map(|deal| deal.contact.as_ref()) {
            contact.phones.iter().for_each(|phone| *of_phone.entry(phone).or_default() += 1);
        }
        let thanked = talked.iter().filter(|talk| talk.thanked).count();
        let left = talked.iter().filter(|talk| talk.left).count();
        let is_lost = |talk: &&Talk| deals.iter().all(|deal| !talk.is_told_by(deal));
        let twins = outside.amocrm.twins();
        // A second deal of the same person is a duplicate too, even with another number.
        let surplus: usize = of_phone.values().map(|count| count - 1).sum();
        let is_reminder = |message: &&MessageView| message.text.contains(REMINDER);
        let reminders = |chat: &ChatView| chat.messages.iter().filter(is_reminder).count();
        let chats = outside.telegram.chats().into_iter().filter_map(|chat| outside.telegram.chat(chat.id));
        let admin = outside.telegram.chat(outside.admin).map(|chat| chat.messages).unwrap_or_default();
        let delays = talked.iter().filter_map(|talk| seen.get(&talk.phone)?.checked_duration_since(talk.sent_at?));
        let calls: u64 = outside.amocrm.faults().counts().values().sum();
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let crm_calls_per_request = calls as f64 / (thanked + left).max(1) as f64;
        Self {
            sent: thanked,
            left,
            unanswered: talked.len() - thanked - left,
            lost: talked.iter().filter(|talk| talk.thanked || talk.left).filter(is_lost).count(),
            reminded_twice: chats.filter(|chat| reminders(chat) > 1).count(),
            twins: [twins.deals.max(surplus), twins.contacts, twins.notes, twins.tasks],
            kills,
            alerts: admin.len(),
            given_up: admin.iter().filter(|message| message.text.starts_with('❌')).count(),
            reply_ms: Percentiles::of(talked.iter().flat_map(|talk| talk.replies.iter().copied()).collect()),
            deal_ms: Percentiles::of(delays.collect()),
            crm_calls_per_request,
            seconds: took.map(|took| took.as_secs()),
        }
    }

    /// Whether nothing was lost and nothing duplicated.
    pub(super) fn is_fine(&self) -> bool {
        [self.unanswered, self.lost, self.reminded_twice, self.given_up] == [0; 4] && self.twins == [0; 4]
    }

    /// A table for a terminal.
    pub(super) fn text(&self) -> String {
        let [deals, contacts, notes, tasks] = self.twins;
        let rows = [
            ("sent", self.sent.to_string()),
            ("left half-way", self.left.to_string()),
            ("reminded twice", self.reminded_twice.to_string()),
            ("unanswered", self.unanswered.to_string()),
            ("lost", self.lost.to_string()),
            ("duplicates", format!("{deals} deals, {contacts} contacts, {notes} notes, {tasks} tasks")),
            ("kill -9", self.kills.to_string()),
            ("alerts", format!("{}, of which given up {}", self.alerts, self.given_up)),
            ("reply", self.reply_ms.shown()),
            ("Отправить→deal", self.deal_ms.shown()),
            ("amoCRM calls", format!("{:.1} a request", self.crm_calls_per_request)),
            ("took", format!("{} s talking, {} s in all", self.seconds[0], self.seconds[1])),
        ];
        rows.map(|(name, value)| format!("{name:<15} {value}")).join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let all = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(Percentiles::of(all), Percentiles { p50: 50, p99: 99, most: 100 });
        assert_eq!(Percentiles::of(Vec::new()), Percentiles::default());
    }
}
