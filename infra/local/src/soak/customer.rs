//! A customer of the soak: patient, but presses a button again when nothing happens.

use std::time::Duration;

use simulators::telegram::Telegram;
use tokio::time::{Instant, sleep};

/// How often a customer looks at the screen.
const LOOK_EVERY: Duration = Duration::from_millis(25);
/// After so long without an answer a button is pressed again.
const PRESS_AGAIN: Duration = Duration::from_secs(20);
/// After so long a customer goes away.
const PATIENCE: Duration = Duration::from_secs(300);
/// A person does not type faster.
const PAUSE: Duration = Duration::from_millis(250);

/// So many messages of the bot fit on the screen.
const LAST: usize = 6;

/// What a customer does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Say(&'static str),
    Tap(&'static str),
    Photo,
    Contact,
}

use Act::{Contact, Photo, Say, Tap};

/// What is done, and what one of the bot's last messages contains when it was understood.
type Script = &'static [(Act, &'static str)];

const SELL: Script = &[
    (Say("/start"), "Выберите"),
    (Tap("🚗 Продать авто"), "Шаг 1 из 8"),
    (Say("Toyota Camry"), "Шаг 2 из 8"),
    (Tap("2019"), "Шаг 3 из 8"),
    (Say("85 тыс"), "Шаг 4 из 8"),
    (Say("1,5 млн"), "Шаг 5 из 8"),
    (Photo, "Принято фото: 1"),
    (Tap("✅ Готово"), "Шаг 6 из 8"),
    (Say("Анна"), "Шаг 7 из 8"),
    (Contact, "Шаг 8 из 8"),
    (Tap("⏭ Пропустить"), "Проверьте заявку"),
    (Tap("✅ Отправить"), "Номер заявки"),
];

const LEGAL: Script = &[
    (Say("/start"), "Выберите"),
    (Tap("⚖️ Юридическая помощь"), "Шаг 1 из 5"),
    (Tap("Страхование (ОСАГО / КАСКО)"), "Шаг 2 из 5"),
    (Say("Страховая не платит"), "Шаг 3 из 5"),
    (Say("Пётр"), "Шаг 4 из 5"),
    (Contact, "Шаг 5 из 5"),
    (Tap("⏭ Пропустить"), "Проверьте заявку"),
    (Tap("✅ Отправить"), "Номер заявки"),
];

/// A customer.
pub(super) struct Customer {
    telegram: Telegram,
    chat: i64,
    /// As Telegram shares it: without `+`.
    phone: String,
    script: Script,
}

/// How a talk went.
#[derive(Clone, Debug)]
pub(super) struct Talk {
    /// E.164.
    pub(super) phone: String,
    /// «Отправить» was pressed, first.
    pub(super) sent_at: Option<Instant>,
    /// The customer read the thanks.
    pub(super) thanked: bool,
    /// How long each answer took.
    pub(super) replies: Vec<Duration>,
}

impl Customer {
    /// Somebody new.
    pub(super) fn new(telegram: &Telegram, number: usize) -> Self {
        let chat = telegram.new_customer("Анна", None);
        let script = if number.is_multiple_of(4) { SELL } else { LEGAL };
        Self { telegram: telegram.clone(), chat, phone: format!("7900{number:07}"), script }
    }

    /// Talks to the bot until a request is finished.
    pub(super) async fn talk(self) -> Talk {
        let mut talk = Talk { phone: format!("+{}", self.phone), sent_at: None, thanked: false, replies: Vec::new() };
        for (act, expected) in self.script {
            sleep(PAUSE).await;
            let begun = Instant::now();
            if expected == &"Номер заявки" {
                talk.sent_at = Some(begun);
            }
            if !self.act_until(*act, expected, begun).await {
                tracing::warn!(chat = self.chat, ?act, expected, "a customer went away without an answer");
                return talk;
            }
            talk.replies.push(begun.elapsed());
        }
        talk.thanked = true;
        talk
    }

    async fn act_until(&self, act: Act, expected: &str, begun: Instant) -> bool {
        let mut acted_at = begun;
        self.act(act);
        while begun.elapsed() < PATIENCE {
            if self.reads(expected) {
                return true;
            }
            if matches!(act, Tap(_)) && acted_at.elapsed() > PRESS_AGAIN {
                acted_at = Instant::now();
                self.act(act);
            }
            sleep(LOOK_EVERY).await;
        }
        false
    }

    /// One of the last messages says so; the newest may be a late copy of an earlier one.
    fn reads(&self, expected: &str) -> bool {
        let messages = self.telegram.chat(self.chat).map(|chat| chat.messages).unwrap_or_default();
        let last = messages.iter().rev().filter(|message| message.from == "bot").take(LAST);
        last.into_iter().any(|message| message.text.contains(expected))
    }

    fn act(&self, act: Act) {
        let (telegram, chat) = (&self.telegram, self.chat);
        let outcome = match act {
            Say(text) => telegram.say(chat, text).map(drop),
            Tap(button) => telegram.tap(chat, button).map(drop),
            Photo => telegram.send_photo(chat, vec![0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9], None).map(drop),
            Contact => telegram.share_contact(chat, &self.phone, "Анна", true).map(drop),
        };
        if let Err(error) = outcome {
            tracing::debug!(chat, ?act, "not possible now: {error}");
        }
    }
}
