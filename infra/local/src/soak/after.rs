//! What comes after the deal: the team takes the request and talks with the customer, managers move the deal, and the
//! customer comes again.

use std::time::Duration;

use simulators::telegram::{MessageView, Person, PersonError, photo};
use tokio::time::{Instant, sleep};

use super::customer::{LOOK_EVERY, PATIENCE, PAUSE, PRESS_AGAIN, Talk, Visit, Visitor};
use super::outside::Outside;
use super::sales::{TEAM, card_number, taken_by};
use super::stages::{CALLED, MEETING};

/// How long a card is waited for. What failed before it was sent is tried again after a minute.
const CARD_PATIENCE: Duration = Duration::from_secs(90);
/// How long a manager leaves a deal in a stage, so that its customer can hear of it.
const STAY: Duration = Duration::from_secs(3);
/// What the bot says in a topic when the talk is over; the second when `/close` came again because its answer was not
/// stored.
const CLOSED: [&str; 2] = ["Разговор закончен", "Разговор уже закончен"];

/// What is done to the deal of a request.
struct Plan {
    /// Members who press «Взять», at the same moment.
    takers: Vec<usize>,
    talks: bool,
    moves: Vec<Move>,
    comes_again: bool,
}

#[derive(Clone, Copy)]
enum Move {
    To(u64),
    /// amoCRM posts a hook about this stage once more.
    HookAgain(u64),
    Stay,
}

impl Plan {
    fn of(number: usize) -> Self {
        use Move::{HookAgain, Stay, To};
        let takers = match number % 5 {
            0 => vec![],
            1 | 2 => vec![number],
            _ => vec![number, number + 1],
        };
        let moves = match number % 7 {
            // Customers who come back: where a deal stands before its form is finished is not news.
            _ if number % 6 == 5 => vec![],
            1 => vec![To(CALLED)],
            2 => vec![To(CALLED), To(MEETING)],
            3 => vec![To(CALLED), Stay, To(MEETING)],
            4 => vec![To(CALLED), HookAgain(CALLED)],
            5 => vec![To(CALLED), Stay, To(MEETING), Stay, To(CALLED)],
            6 => vec![To(MEETING)],
            _ => vec![],
        };
        // Every fourth customer, beginning with the first, sells a car.
        Self { takers, talks: number.is_multiple_of(3), moves, comes_again: number % 4 == 1 }
    }
}

/// Plays it all.
pub(super) async fn play(visitor: &mut Visitor, visit: &mut Visit, outside: &Outside) {
    let plan = Plan::of(visit.number);
    let Some(request) = visit.sent.last().map(|sent| sent.number.clone()) else { return };
    if !until(PATIENCE, || outside.deal_of(&visit.phone).is_some()).await {
        return;
    }
    let card = find_card(&request, outside).await;
    if let Some(card) = &card {
        take(&request, card, &plan.takers, visit, outside).await;
        if let Some(topic) = card.topic.filter(|_| plan.talks) {
            Talking { visitor, visit, outside, topic }.talk().await;
        }
    }
    move_deal(&plan.moves, visit, outside).await;
    if plan.comes_again && visitor.come_again(visit).await {
        let Some(request) = visit.sent.last().map(|sent| sent.number.clone()) else { return };
        if let Some(card) = find_card(&request, outside).await {
            // Whoever has the customer takes the second request, too.
            let takers: Vec<usize> = plan.takers.first().copied().into_iter().collect();
            let takers = owner(visit, outside).map_or(takers, |owner| vec![owner]);
            take(&request, &card, &takers, visit, outside).await;
        }
    }
}

/// Waits until `is_so`; false if it takes longer than `patience`.
async fn until(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > patience {
            return false;
        }
        sleep(LOOK_EVERY).await;
    }
    true
}

fn card_of(request: &str, outside: &Outside) -> Option<MessageView> {
    let group = outside.group();
    group.iter().find(|message| card_number(message).as_deref() == Some(request)).cloned()
}

/// Waits for a card, unless it is lost.
async fn find_card(request: &str, outside: &Outside) -> Option<MessageView> {
    let is_lost = || outside.may_be_sent(&[request, "take:"]);
    until(CARD_PATIENCE, || outside.card_seen_at(request).is_some() || is_lost()).await;
    // A card whose answer was lost is seen a moment later.
    until(Duration::from_secs(1), || outside.card_seen_at(request).is_some()).await;
    card_of(request, outside)
}

/// Members press «Взять», again and again while nothing happens.
async fn take(request: &str, card: &MessageView, takers: &[usize], visit: &mut Visit, outside: &Outside) {
    let begun = Instant::now();
    if takers.is_empty() || !outside.sales.press_take(card, takers) {
        return;
    }
    visit.claimed.push(request.to_owned());
    while begun.elapsed() < PATIENCE {
        let is_taken = || card_of(request, outside).is_none_or(|card| card.buttons.iter().flatten().count() < 2);
        if until(PRESS_AGAIN, is_taken).await {
            return;
        }
        outside.sales.press_take(card, takers);
    }
}

/// The member who has taken the customer's first request.
fn owner(visit: &Visit, outside: &Outside) -> Option<usize> {
    let card = card_of(visit.claimed.first()?, outside)?;
    let name = taken_by(&card)?;
    TEAM.iter().position(|(member, _)| *member == name)
}

async fn move_deal(moves: &[Move], visit: &mut Visit, outside: &Outside) {
    let Some(deal) = outside.deal_of(&visit.phone) else { return };
    for step in moves {
        match step {
            Move::To(stage) => {
                outside.amocrm.move_deal(deal.id, *stage);
                visit.stages.push(*stage);
            }
            Move::HookAgain(stage) => outside.amocrm.forge_hook(deal.id, *stage),
            Move::Stay => sleep(STAY).await,
        }
    }
}

/// A talk in a customer's topic.
struct Talking<'a> {
    visitor: &'a Visitor,
    visit: &'a mut Visit,
    outside: &'a Outside,
    topic: i64,
}

impl Talking<'_> {
    async fn talk(mut self) {
        let after = self.last_message();
        let number = self.visit.number;
        let [olga, igor] = [number, number + 1].map(|n| self.outside.sales.member(n).in_topic(self.topic));
        let customer = self.visitor.customer.clone();

        // The customer is with the bot until the first line of the team comes.
        let line = self.line(1);
        let begun = Instant::now();
        wrote(&olga.say(&line));
        self.heard_by_customer(&line, begun).await;

        // Everybody at once.
        let lines: Vec<String> = (2..=5).map(|n| self.line(n)).collect();
        wrote(&customer.say(&lines[0]));
        wrote(&olga.say(&lines[1]));
        wrote(&igor.send_album(vec![photo(1), photo(2), photo(3)]));
        sleep(PAUSE).await;
        wrote(&customer.send_photo(photo(4), Some(&lines[2])));
        wrote(&igor.say(&lines[3]));
        self.heard_by_customer(&lines[3], Instant::now()).await;
        self.heard_by_team(&lines[2], Instant::now()).await;

        let line = self.line(6);
        wrote(&customer.send_album(vec![photo(5), photo(6)]));
        sleep(PAUSE).await;
        let begun = Instant::now();
        wrote(&customer.say(&line));
        self.heard_by_team(&line, begun).await;
        let line = self.line(7);
        let begun = Instant::now();
        wrote(&igor.send_photo(photo(7), Some(&line)));
        self.heard_by_customer(&line, begun).await;

        self.visit.talk = Some(Talk { topic: self.topic, ids: (after, self.last_message()) });
        self.close(&olga).await;
    }

    /// No other talk has this line.
    fn line(&self, n: usize) -> String {
        format!("строка {n} разговора {}", self.visit.number)
    }

    fn last_message(&self) -> i64 {
        self.visitor.messages().last().map_or(0, |message| message.id)
    }

    async fn heard_by_customer(&mut self, line: &str, begun: Instant) {
        let is_there = || self.visitor.messages().iter().any(|read| read.from == "bot" && read.text.ends_with(line));
        if until(PATIENCE, is_there).await {
            self.visit.line_delays.push(begun.elapsed());
        }
    }

    async fn heard_by_team(&mut self, line: &str, begun: Instant) {
        if until(PATIENCE, || self.team_reads(|text| text.ends_with(line))).await {
            self.visit.line_delays.push(begun.elapsed());
        }
    }

    fn team_reads(&self, is_it: impl Fn(&str) -> bool) -> bool {
        let group = self.outside.group();
        group.iter().any(|read| read.from == "bot" && read.topic == Some(self.topic) && is_it(&read.text))
    }

    /// Waits until the customer is with the bot again.
    async fn close(&self, member: &Person) {
        wrote(&member.say("/close"));
        until(PATIENCE, || self.team_reads(|text| CLOSED.iter().any(|closed| text.starts_with(closed)))).await;
    }
}

fn wrote<T>(outcome: &Result<T, PersonError>) {
    if let Err(error) = outcome {
        tracing::warn!("somebody cannot write: {error}");
    }
}
