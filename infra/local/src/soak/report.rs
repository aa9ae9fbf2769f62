//! The result of a run.

use std::collections::HashMap;
use std::time::Duration;

use lead::{Lead, Request};
use serde::Serialize;
use simulators::amocrm::Deal;
use tokio::time::Instant;

use super::Outside;
use super::customer::Talk;

/// The figures of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Customers who were thanked.
    sent: usize,
    /// Customers who got no answer.
    unanswered: usize,
    /// Requests without a complete deal.
    lost: usize,
    /// Duplicate deals, contacts, notes and tasks.
    twins: [usize; 4],
    kills: usize,
    /// Messages to the admins.
    alerts: usize,
    /// Requests that were given up, by the messages to the admins.
    given_up: usize,
    /// From what a customer does to the answer, in milliseconds.
    reply_ms: Percentiles,
    /// From «Отправить» to the deal, in milliseconds.
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

/// Whether the deal is complete: each step of a delivery has left one thing, and each photo a file.
pub(super) fn is_complete(deal: &Deal) -> bool {
    let photos = usize::from(deal.name.starts_with("Продажа"));
    let left = 1 + usize::from(deal.contact.is_some()) + deal.notes.len() + deal.tasks.len();
    let steps = crm_push::step_names(&Lead::new(Request::example(), 0)).count();
    (left, deal.files.len()) == (steps, photos)
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
        let mut complete: HashMap<&str, usize> = HashMap::new();
        for phone in deals.iter().filter(|deal| is_complete(deal)).filter_map(|deal| deal.contact.as_ref()) {
            phone.phones.iter().for_each(|phone| *complete.entry(phone).or_default() += 1);
        }
        let thanked: Vec<&Talk> = talked.iter().filter(|talk| talk.thanked).collect();
        let twins = outside.amocrm.twins();
        // A second deal of the same person is a duplicate too, even with another number.
        let surplus: usize = complete.values().map(|count| count - 1).sum();
        let admin = outside.telegram.chat(outside.admin).map(|chat| chat.messages).unwrap_or_default();
        let delays = talked.iter().filter_map(|talk| Some(seen.get(&talk.phone)?.duration_since(talk.sent_at?)));
        let calls: u64 = outside.amocrm.faults().counts().values().sum();
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let crm_calls_per_request = calls as f64 / thanked.len().max(1) as f64;
        Self {
            sent: thanked.len(),
            unanswered: talked.len() - thanked.len(),
            lost: thanked.iter().filter(|talk| !complete.contains_key(talk.phone.as_str())).count(),
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
        self.unanswered == 0 && self.lost == 0 && self.given_up == 0 && self.twins == [0; 4]
    }

    /// A table for a terminal.
    pub(super) fn text(&self) -> String {
        let [deals, contacts, notes, tasks] = self.twins;
        let rows = [
            ("sent", self.sent.to_string()),
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
