//! Whether each request has one card, whoever took it is responsible, and somebody heard if nobody did.

use std::collections::HashMap;

use simulators::amocrm::Deal;
use simulators::telegram::MessageView;

use super::customer::Visit;
use super::cut_off::RequestJob;
use super::judgement::{Finding, Judgement};
use super::outside::Outside;
use super::sales::{card_number, request_numbers, taken_by};

/// In the call that sends a card: the data of «Взять».
const IN_CARD: &str = "take:";
/// How the message to the boss begins.
const ESCALATION: &str = "⏰";

/// Judges the cards of `deals`.
pub(super) fn judge(outside: &Outside, visits: &[Visit], deals: &[Deal]) -> Vec<Judgement> {
    let group = outside.group();
    let mut cards: HashMap<String, Vec<&MessageView>> = HashMap::new();
    for card in group.iter() {
        if let Some(number) = card_number(card) {
            cards.entry(number).or_default().push(card);
        }
    }
    let mut requests: Vec<&str> = deals.iter().filter_map(|deal| deal.field("REQUEST_ID")).collect();
    requests.extend(visits.iter().flat_map(|visit| &visit.sent).map(|sent| sent.number.as_str()));
    requests.sort_unstable();
    requests.dedup();

    let mut missing = Judgement::new("requests without a card");
    let mut twice = Judgement::new("requests with two cards");
    for number in requests {
        let count = cards.get(number).map_or(0, Vec::len);
        let is_unknown =
            || outside.may_be_sent(&[number, IN_CARD]) || outside.is_cut_off(&RequestJob::new("card", number));
        missing.add(number, Finding::of(count > 0, is_unknown));
        twice.check(number, count <= 1);
    }

    let mut taken = Judgement::new("taken requests without their manager");
    for visit in visits.iter().filter(|visit| !visit.claimed.is_empty()) {
        let deal = outside.deal_of(&visit.phone).and_then(|seen| deals.iter().find(|deal| deal.id == seen.id));
        for number in &visit.claimed {
            let owner = cards.get(number).and_then(|cards| taken_by(cards.first()?));
            let is_handed_over = owner.zip(deal).is_some_and(|(owner, deal)| has_manager(deal, number, owner));
            taken.check(number, is_handed_over);
        }
    }
    [missing, twice, taken].into_iter().chain(escalations(outside, visits)).collect()
}

/// Whether deal, contact and the request's task have this manager.
fn has_manager(deal: &Deal, number: &str, name: &str) -> bool {
    let task = deal.tasks.iter().find(|task| task.text.contains(number));
    let responsible = [
        Some(&deal.responsible),
        deal.contact.as_ref().map(|contact| &contact.responsible),
        task.map(|task| &task.responsible),
    ];
    responsible.iter().all(|user| user.is_some_and(|user| user.starts_with(name)))
}

fn escalations(outside: &Outside, visits: &[Visit]) -> [Judgement; 2] {
    let told = outside.telegram.chat(outside.boss).map(|chat| chat.messages).unwrap_or_default();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for number in told.iter().filter_map(|message| request_numbers(&message.text).next()) {
        *counts.entry(number).or_default() += 1;
    }
    let mut twice = Judgement::new("requests nobody took, told twice");
    let mut missing = Judgement::new("requests nobody took, not told");
    for visit in visits {
        for number in visit.sent.iter().map(|sent| sent.number.as_str()) {
            let count = counts.get(number).copied().unwrap_or(0);
            twice.check(number, count <= 1);
            if !visit.claimed.iter().any(|claimed| claimed == number) {
                let is_unknown = || {
                    outside.may_be_sent(&[number, ESCALATION])
                        || outside.is_cut_off(&RequestJob::new("escalation", number))
                };
                missing.add(number, Finding::of(count == 1, is_unknown));
            }
        }
    }
    [twice, missing]
}
