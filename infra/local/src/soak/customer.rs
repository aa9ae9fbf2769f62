//! A customer of the soak: patient, but presses a button again when nothing happens.

use std::time::Duration;

use simulators::telegram::{Person, Telegram, photo};
use tokio::time::{Instant, sleep};

/// How often a customer looks at the screen.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// How long a customer waits before pressing a button again.
const PRESS_AGAIN: Duration = Duration::from_secs(20);
/// How long a customer waits for an answer at all.
const PATIENCE: Duration = Duration::from_secs(300);
/// A person does not type faster.
const PAUSE: Duration = Duration::from_millis(250);

/// How long a customer who comes back is away: longer than the bot waits before it makes a deal of the form.
const AWAY: Duration = Duration::from_secs(25);

/// How many of the bot's last messages are on the screen.
const LAST: usize = 6;

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
    (Tap("✅ Отправить"), "Номер заявки"),
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
    (Tap("✅ Отправить"), "Номер заявки"),
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
    customer: Person,
    /// As Telegram shares it: without `+`.
    phone: String,
    script: Script,
    plan: Plan,
}

/// The course of a talk.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    /// E.164.
    pub(super) phone: String,
    /// When «Отправить» was first pressed.
    pub(super) sent_at: Option<Instant>,
    /// The customer read the thanks.
    pub(super) thanked: bool,
    /// The customer left the form half-way, for good.
    pub(super) left: bool,
    /// How long each answer took.
    pub(super) replies: Vec<Duration>,
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
        Self { customer: telegram.new_customer("Анна", None), phone: format!("7900{number:07}"), script, plan }
    }

    /// Talks to the bot until a request is finished, or the form is left.
    pub(super) async fn talk(self) -> Talk {
        let phone = format!("+{}", self.phone);
        let mut talk = Talk { phone, sent_at: None, thanked: false, left: false, replies: Vec::new() };
        for (act, expected) in self.script {
            sleep(PAUSE).await;
            let begun = Instant::now();
            if expected == &"Номер заявки" {
                talk.sent_at = Some(begun);
            }
            if !self.act_until(*act, expected, begun).await {
                tracing::warn!(chat = self.customer.chat, ?act, expected, "a customer went away without an answer");
                return talk;
            }
            talk.replies.push(begun.elapsed());
            match (act, self.plan) {
                (ShareContact, Plan::Leave) => {
                    talk.left = true;
                    return talk;
                }
                (ShareContact, Plan::ComeBack) => sleep(AWAY).await,
                _ => {}
            }
        }
        talk.thanked = true;
        talk
    }

    async fn act_until(&self, act: Act, expected: &str, begun: Instant) -> bool {
        let mut acted_at = begun;
        let mut presses = 1;
        self.act(act);
        while begun.elapsed() < PATIENCE {
            if self.reads(expected) {
                return true;
            }
            if matches!(act, Tap(_)) && acted_at.elapsed() > PRESS_AGAIN {
                acted_at = Instant::now();
                presses += 1;
                // A reminder may have come in between. Its button leads back to the question, unless it is dead
                // already.
                let is_reminded = presses % 2 == 0 && self.customer.tap("▶️ Продолжить").is_ok();
                if !is_reminded {
                    self.act(act);
                }
            }
            sleep(LOOK_EVERY).await;
        }
        false
    }

    /// One of the last messages says so; the newest may be a late copy of an earlier one.
    fn reads(&self, expected: &str) -> bool {
        let messages = self.customer.view().map(|chat| chat.messages).unwrap_or_default();
        let last = messages.iter().rev().filter(|message| message.from == "bot").take(LAST);
        last.into_iter().any(|message| message.text.contains(expected))
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
