//! The result of a run.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use simulators::amocrm::Deal;
use simulators::telegram::{ChatView, MessageView};

use super::customer::Visit;
use super::judgement::{EXAMPLES, Judgement};
use super::outside::Outside;
use super::{cards, stages, talks};

/// The figures of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Requests that customers were thanked for.
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
    /// From the deal to the card in the sales chat, in milliseconds.
    card_ms: Percentiles,
    /// From a line of a talk to its copy on the other side, in milliseconds.
    line_ms: Percentiles,
    /// Lines of talks, and how many of them came again.
    lines: [usize; 2],
    /// What came of the requests.
    judgements: Vec<Judgement>,
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

impl Visit {
    /// Whether this deal tells everything that came of the visit: each request and each form has left one note and one
    /// task, and each photo a file. A form that was finished after it had become a deal has left a second note.
    fn is_told_by(&self, deal: &Deal) -> bool {
        let is_hers = deal.contact.as_ref().is_some_and(|contact| contact.phones.contains(&self.phone));
        let is_in = |number: &str| {
            deal.notes.iter().any(|note| note.lines().next().is_some_and(|heading| heading.contains(number)))
                && deal.tasks.iter().filter(|task| task.text.contains(number)).count() == 1
        };
        let photos = usize::from(deal.name.contains("Продажа"));
        is_hers
            && self.left == deal.name.starts_with(UNFINISHED)
            && deal.files.len() == photos
            && deal.tasks.len() == self.sent.len().max(1)
            && self.sent.iter().all(|sent| is_in(&sent.number))
            && (!self.left || !deal.notes.is_empty())
    }
}

/// Requests, and forms left for good, that no deal tells of.
fn lost<'a>(visits: &'a [Visit], deals: &[Deal]) -> Vec<&'a Visit> {
    let has_something = |visit: &&Visit| visit.left || !visit.sent.is_empty();
    let is_lost = |visit: &&Visit| deals.iter().all(|deal| !visit.is_told_by(deal));
    visits.iter().filter(has_something).filter(is_lost).collect()
}

impl Report {
    /// What is not there yet, or wrong, in plain words.
    pub(super) fn missing(outside: &Outside, visits: &[Visit]) -> Vec<String> {
        let deals = outside.amocrm.deals();
        let lost = lost(visits, &deals);
        let some: Vec<&str> = lost.iter().map(|visit| visit.phone.as_str()).take(EXAMPLES).collect();
        let lost = (!lost.is_empty()).then(|| format!("{} deals, such as of {}", lost.len(), some.join(", ")));
        let (judgements, _) = judge(outside, visits, &deals);
        let wrong = judgements.iter().filter(|judgement| judgement.wrong > 0);
        lost.into_iter().chain(wrong.map(|judgement| format!("{}: {}", judgement.what, judgement.text()))).collect()
    }

    pub(super) fn of(outside: &Outside, visits: &[Visit], kills: usize, took: [Duration; 2]) -> Self {
        let deals = outside.amocrm.deals();
        let mut of_phone: HashMap<&str, usize> = HashMap::new();
        for contact in deals.iter().filter_map(|deal| deal.contact.as_ref()) {
            contact.phones.iter().for_each(|phone| *of_phone.entry(phone).or_default() += 1);
        }
        let sent = visits.iter().map(|visit| visit.sent.len()).sum::<usize>();
        let left = visits.iter().filter(|visit| visit.left).count();
        let twins = outside.amocrm.twins();
        // A second deal of the same person is a duplicate too, even with another number: nobody closes the first.
        let surplus: usize = of_phone.values().map(|count| count - 1).sum();
        let is_reminder = |message: &&MessageView| message.text.contains(REMINDER);
        let reminders = |chat: &ChatView| chat.messages.iter().filter(is_reminder).count();
        let chats = outside.telegram.chats().into_iter().filter_map(|chat| outside.telegram.chat(chat.id));
        let admin = outside.telegram.chat(outside.admin).map(|chat| chat.messages).unwrap_or_default();
        let deal_delays = visits
            .iter()
            .filter_map(|visit| outside.deal_of(&visit.phone)?.seen_at.checked_duration_since(visit.sent.first()?.at));
        let card_delays = visits.iter().filter_map(|visit| {
            let card_at = outside.card_seen_at(&visit.sent.first()?.number)?;
            card_at.checked_duration_since(outside.deal_of(&visit.phone)?.seen_at)
        });
        let (judgements, lines) = judge(outside, visits, &deals);
        let calls: u64 = outside.amocrm.faults().counts().values().sum();
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let crm_calls_per_request = calls as f64 / (sent + left).max(1) as f64;
        Self {
            sent,
            left,
            unanswered: visits.iter().filter(|visit| visit.unanswered).count(),
            lost: lost(visits, &deals).len(),
            reminded_twice: chats.filter(|chat| reminders(chat) > 1).count(),
            twins: [twins.deals.max(surplus), twins.contacts, twins.notes, twins.tasks],
            kills,
            alerts: admin.len(),
            given_up: admin.iter().filter(|message| message.text.starts_with('❌')).count(),
            reply_ms: Percentiles::of(visits.iter().flat_map(|visit| visit.replies.iter().copied()).collect()),
            deal_ms: Percentiles::of(deal_delays.collect()),
            card_ms: Percentiles::of(card_delays.collect()),
            line_ms: Percentiles::of(visits.iter().flat_map(|visit| visit.line_delays.iter().copied()).collect()),
            lines,
            judgements,
            crm_calls_per_request,
            seconds: took.map(|took| took.as_secs()),
        }
    }

    /// Whether nothing was lost and nothing duplicated.
    pub(super) fn is_fine(&self) -> bool {
        [self.unanswered, self.lost, self.reminded_twice, self.given_up] == [0; 4]
            && self.twins == [0; 4]
            && self.judgements.iter().all(|judgement| judgement.wrong == 0)
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
            ("deal→card", self.card_ms.shown()),
            ("line→copy", self.line_ms.shown()),
            ("lines of talks", format!("{}, of which came again {}", self.lines[0], self.lines[1])),
            ("amoCRM calls", format!("{:.1} a request", self.crm_calls_per_request)),
            ("took", format!("{} s talking, {} s in all", self.seconds[0], self.seconds[1])),
        ];
        let judgements = self.judgements.iter().map(|judgement| (judgement.what, judgement.text()));
        let rows = rows.into_iter().chain(judgements);
        rows.map(|(name, value)| format!("{name:<37} {value}")).collect::<Vec<_>>().join("\n")
    }
}

/// Judges what came of the requests; the second is the number of lines, and of those that came again.
fn judge(outside: &Outside, visits: &[Visit], deals: &[Deal]) -> (Vec<Judgement>, [usize; 2]) {
    let talks = talks::judge(outside, visits, deals);
    let mut judgements = cards::judge(outside, visits, deals);
    judgements.extend(talks.judgements);
    judgements.extend(stages::judge(outside, visits));
    (judgements, [talks.lines, talks.repeated])
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
