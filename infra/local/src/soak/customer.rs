//! A customer of the soak: patient, but presses a button again when nothing happens.

use std::collections::BTreeSet;
use std::time::Duration;

use simulators::telegram::{MessageView, Person, Telegram, photo};
use tokio::time::{Instant, sleep};

use super::sales::request_numbers;

/// How often a customer looks at the screen.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How long a customer waits before pressing a button again.
pub(super) const PRESS_AGAIN: Duration = Duration::from_secs(10);
/// How long a customer waits for an answer at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(300);
/// A person does not type faster.
pub(super) const PAUSE: Duration = Duration::from_millis(250);

/// How long a customer who comes back is away: longer than the bot waits before it makes a deal of the form.
const AWAY: Duration = Duration::from_secs(25);

/// How many of the bot's last messages are on the screen.
const LAST: usize = 6;
/// What stands before the number of a request that was sent.
const NUMBER: &str = "Номер заявки";

/// What a customer does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Say(&'static str),
    Tap(&'static str),
    SendPhoto,
    ShareContact,
}

use Act::{Say, SendPhoto, ShareContact, Tap};

/// Each act, with the text that one of the bot's last messages must contain afterwards.
type Script = &'static [(Act, &'static str)];

const SELL: Script = &[
    (Say("/start"), "Выберите"),
    (Tap("🚗 Продать авто"), "Шаг 1 из 8"),
    (Say("Toyota Camry"), "Шаг 2 из 8"),
    (Tap("2019"), "Шаг 3 из 8"),
    (Say("85 тыс"), "Шаг 4 из 8"),
    (Say("1,5 млн"), "Шаг 5 из 8"),
    (SendPhoto, "Принято фото: 1"),
    (Tap("✅ Готово"), "спрошу согласие"),
    (Tap("✅ Согласен"), "Шаг 6 из 8"),
    (Say("Анна"), "Шаг 7 из 8"),
    (ShareContact, "Шаг 8 из 8"),
    (Tap("⏭ Пропустить"), "Проверьте заявку"),
    (Tap("✅ Отправить"), NUMBER),
];

const LEGAL: Script = &[
    (Say("/start"), "Выберите"),
    (Tap("⚖️ Юридическая помощь"), "Шаг 1 из 5"),
    (Tap("Страхование (ОСАГО / КАСКО)"), "Шаг 2 из 5"),
    (Say("Страховая не платит"), "спрошу согласие"),
    (Tap("✅ Согласен"), "Шаг 3 из 5"),
    (Say("Пётр"), "Шаг 4 из 5"),
    (ShareContact, "Шаг 5 из 5"),
    (Tap("⏭ Пропустить"), "Проверьте заявку"),
    (Tap("✅ Отправить"), NUMBER),
];

/// The same service again, by somebody whom the bot knows.
const LEGAL_AGAIN: Script = &[
    (Say("/start"), "Выберите"),
    (Tap("⚖️ Юридическая помощь"), "Шаг 1 из 5"),
    (Tap("Страхование (ОСАГО / КАСКО)"), "Шаг 2 из 5"),
    (Say("И ещё один случай"), "верно?"),
    (Tap("✅ Да"), "Шаг 5 из 5"),
    (Tap("⏭ Пропустить"), "Проверьте заявку"),
    (Tap("✅ Отправить"), NUMBER),
];

/// What a customer does after giving the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    GoOn,
    /// Leave the form for good.
    Leave,
    ComeBack,
}

/// A customer who goes through a questionnaire.
pub(super) struct Visitor {
    pub(super) customer: Person,
    /// As Telegram shares it: without `+`.
    phone: String,
    script: Script,
    plan: Plan,
    /// The bot's messages up to this one belong to an earlier request.
    since: i64,
}

/// What a customer did, and what came of it.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// Which of the customers it is, from 0.
    pub(super) number: usize,
    pub(super) chat: i64,
    /// E.164.
    pub(super) phone: String,
    /// Requests whose thanks the customer read, in this order.
    pub(super) sent: Vec<Sent>,
    /// The customer left the form half-way, for good.
    pub(super) left: bool,
    /// No answer came.
    pub(super) unanswered: bool,
    /// How long each answer took.
    pub(super) replies: Vec<Duration>,
    /// Numbers of the requests whose «Взять» was pressed.
    pub(super) claimed: Vec<String>,
    pub(super) talk: Option<Talk>,
    /// How long lines took to the other side.
    pub(super) line_delays: Vec<Duration>,
    /// Stages to which the deal was moved, in this order.
    pub(super) stages: Vec<u64>,
}

/// A request that was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// Such as `K7QX-3M9Q`.
    pub(super) number: String,
    /// When «Отправить» was first pressed.
    pub(super) at: Instant,
}

/// What a customer and the team have said to each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Talk {
    /// `message_thread_id`
    pub(super) topic: i64,
    /// The messages of the customer's chat that are part of it: after the first id, up to the second.
    pub(super) ids: (i64, i64),
}

impl Visit {
    fn new(number: usize, chat: i64, phone: String) -> Self {
        Self {
            number,
            chat,
            phone,
            sent: Vec::new(),
            left: false,
            unanswered: false,
            replies: Vec::new(),
            claimed: Vec::new(),
            talk: None,
            line_delays: Vec::new(),
            stages: Vec::new(),
        }
    }
}

impl Visitor {
    /// A new customer.
    pub(super) fn new(telegram: &Telegram, number: usize) -> Self {
        let script = if number.is_multiple_of(4) { SELL } else { LEGAL };
        let plan = match number % 6 {
            2 => Plan::Leave,
            5 => Plan::ComeBack,
            _ => Plan::GoOn,
        };
        let customer = telegram.new_customer("Анна", Some(&format!("anna{number}")));
        Self { customer, phone: format!("7900{number:07}"), script, plan, since: 0 }
    }

    /// Talks to the bot until a request is finished, or the form is left.
    pub(super) async fn visit(&mut self, number: usize) -> Visit {
        let mut visit = Visit::new(number, self.customer.chat, format!("+{}", self.phone));
        self.fill_in(self.script, &mut visit).await;
        visit
    }

    /// Asks for the same service again; only of a visitor who has asked for legal help. False if no thanks came.
    pub(super) async fn come_again(&mut self, visit: &mut Visit) -> bool {
        self.since = self.messages().last().map_or(0, |message| message.id);
        self.plan = Plan::GoOn;
        self.fill_in(LEGAL_AGAIN, visit).await
    }

    /// Goes through a questionnaire. False if the form was left, or no answer came.
    async fn fill_in(&self, script: Script, visit: &mut Visit) -> bool {
        for (act, expected) in script {
            sleep(PAUSE).await;
            let begun = Instant::now();
            let before = self.numbers();
            if !self.act_until(*act, expected, &before, begun).await {
                tracing::warn!(chat = self.customer.chat, ?act, expected, "a customer went away without an answer");
                visit.unanswered = true;
                return false;
            }
            visit.replies.push(begun.elapsed());
            if *expected == NUMBER {
                let new = self.numbers().difference(&before).next().cloned();
                visit.sent.extend(new.map(|number| Sent { number, at: begun }));
            }
            match (act, self.plan) {
                (ShareContact, Plan::Leave) => {
                    visit.left = true;
                    return false;
                }
                (ShareContact, Plan::ComeBack) => sleep(AWAY).await,
                _ => {}
            }
        }
        true
    }

    async fn act_until(&self, act: Act, expected: &str, numbers: &BTreeSet<String>, begun: Instant) -> bool {
        let mut acted_at = begun;
        let mut presses = 1;
        self.act(act);
        while begun.elapsed() < PATIENCE {
            let is_there = if expected == NUMBER { self.numbers() != *numbers } else { self.reads(expected) };
            if is_there {
                return true;
            }
            if acted_at.elapsed() > PRESS_AGAIN {
                acted_at = Instant::now();
                presses += 1;
                // A reminder may have come in between. Its button leads back to the question, unless it is dead
                // already. What was said is not said again.
                let is_reminded = presses % 2 == 0 && self.customer.tap("▶️ Продолжить").is_ok();
                if !is_reminded && matches!(act, Tap(_)) {
                    self.act(act);
                }
            }
            sleep(LOOK_EVERY).await;
        }
        false
    }

    /// One of the last messages says so; the newest may be a late copy of an earlier one.
    fn reads(&self, expected: &str) -> bool {
        let messages = self.messages();
        let is_new = |message: &&MessageView| message.from == "bot" && message.id > self.since;
        messages.iter().rev().filter(is_new).take(LAST).any(|message| message.text.contains(expected))
    }

    /// The numbers of the requests that the customer was thanked for.
    fn numbers(&self) -> BTreeSet<String> {
        let messages = self.messages();
        let thanks = messages.iter().filter_map(|message| message.text.split_once(NUMBER));
        thanks.filter_map(|(_, number)| request_numbers(number).next().map(str::to_owned)).collect()
    }

    /// The customer's chat, oldest first.
    pub(super) fn messages(&self) -> Vec<MessageView> {
        self.customer.view().map(|chat| chat.messages).unwrap_or_default()
    }

    fn act(&self, act: Act) {
        let outcome = match act {
            Say(text) => self.customer.say(text).map(drop),
            Tap(button) => self.customer.tap(button).map(drop),
            SendPhoto => self.customer.send_photo(photo(1), None).map(drop),
            ShareContact => self.customer.share_contact(&self.phone).map(drop),
        };
        if let Err(error) = outcome {
            tracing::debug!(chat = self.customer.chat, ?act, "not possible now: {error}");
        }
    }
}
