//! A customer: says, taps, shares and sends, and sees what the bot does.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use simulators::telegram::{Fresh, How, KeyboardButton, MessageView, Telegram};

/// A customer with Telegram in hand. Each action waits until the bot has answered Telegram.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Telegram id of the chat.
    pub chat: i64,
    telegram: Telegram,
    /// The functions' clock: a person does one thing a second.
    ahead: Arc<AtomicI64>,
}

/// A button under a message: the message's id and what the button carries.
pub type Button = (i64, String);

/// A photo as small as a JPEG gets; `n` makes it a different one.
#[must_use]
pub fn photo(n: u8) -> Vec<u8> {
    vec![0xff, 0xd8, 0xff, 0xe0, n, 0xff, 0xd9]
}

impl Customer {
    /// A chat that exists already.
    #[must_use]
    pub const fn known(chat: i64, telegram: Telegram, ahead: Arc<AtomicI64>) -> Self {
        Self { chat, telegram, ahead }
    }

    /// Types a message. Answers the update's id, as every action does.
    ///
    /// # Panics
    /// When the bot does not accept the update.
    pub async fn says(&self, text: &str) -> i64 {
        let update = self.telegram.say(self.chat, text).expect("the message is sent");
        self.settle().await;
        update
    }

    /// Presses the newest button with this text, under a message or in place of the keyboard.
    ///
    /// # Panics
    /// When there is no such button, or the bot does not accept the update.
    pub async fn taps(&self, button: &str) -> i64 {
        let update = match self.telegram.tap(self.chat, button) {
            Ok(Some(update)) => update,
            Ok(None) => panic!("«{button}» only opens an address"),
            Err(error) => {
                panic!("there is no button «{button}» ({error}): {:#?}", self.telegram.last_from_bot(self.chat))
            }
        };
        self.settle().await;
        update
    }

    /// Presses a button that may be gone already, by what it carries.
    ///
    /// # Panics
    /// When the bot does not accept the update.
    pub async fn presses(&self, (message_id, data): &Button) -> i64 {
        let update = self.telegram.press(self.chat, *message_id, data).expect("the press is sent");
        self.settle().await;
        update
    }

    /// Shares the own contact.
    ///
    /// # Panics
    /// When the bot does not accept the update.
    pub async fn shares_contact(&self, phone: &str) -> i64 {
        let update = self.telegram.share_contact(self.chat, phone, "Анна", true).expect("the contact is sent");
        self.settle().await;
        update
    }

    /// Sends one photo.
    ///
    /// # Panics
    /// When the bot does not accept the update.
    pub async fn sends_photo(&self, n: u8) -> i64 {
        let update = self.telegram.send_photo(self.chat, photo(n), None).expect("the photo is sent");
        self.settle().await;
        update
    }

    /// Sends an album of so many photos: as many updates at once.
    ///
    /// # Panics
    /// When the bot does not accept an update.
    pub async fn sends_album(&self, numbers: std::ops::RangeInclusive<u8>) -> Vec<i64> {
        let photos = numbers.map(|n| photo(n).into()).collect();
        let updates = self.telegram.send_album(self.chat, photos).expect("the album is sent");
        self.settle().await;
        updates
    }

    /// Receives nothing new from Telegram's side, but the same update once more.
    ///
    /// # Panics
    /// When the bot does not accept it.
    pub async fn is_heard_again(&self, update: i64) {
        self.telegram.redeliver(update).expect("the update is remembered");
        self.settle().await;
    }

    /// The newest button with this text under a message, to be pressed later, when it may be gone.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn button(&self, text: &str) -> Button {
        let chat = self.telegram.chat(self.chat).expect("the chat is there");
        let buttons = chat
            .messages
            .iter()
            .rev()
            .flat_map(|message| message.buttons.iter().flatten().map(move |button| (message.id, button)));
        let found = buttons.into_iter().find(|(_, button)| button.text == text);
        let (message, button) = found.unwrap_or_else(|| panic!("there is no button «{text}» under a message"));
        (message, button.callback_data.clone().unwrap_or_default())
    }

    /// Messages with buttons under them. More than one means that dead buttons stayed behind.
    #[must_use]
    pub fn messages_with_buttons(&self) -> Vec<MessageView> {
        let chat = self.telegram.chat(self.chat).expect("the chat is there");
        chat.messages.into_iter().filter(|message| !message.buttons.is_empty()).collect()
    }

    /// What is on the keyboard in place of the customer's own, row by row; empty without one.
    #[must_use]
    pub fn keyboard(&self) -> String {
        let keyboard = self.telegram.chat(self.chat).and_then(|chat| chat.reply_keyboard);
        let rows = keyboard.into_iter().flat_map(|keyboard| keyboard.rows);
        let row = |row: Vec<_>| row.iter().map(|key: &KeyboardButton| format!("[{}]", key.text)).collect::<String>();
        rows.map(row).collect::<Vec<_>>().join("\n")
    }

    /// No press brought up a window or line since the last look.
    ///
    /// # Panics
    /// When one did.
    pub fn sees_no_alert(&self) {
        let mut alerts = self.telegram.take_alerts(self.chat);
        alerts.retain(|alert| !alert.text.is_empty());
        assert_eq!(alerts, [], "no alert was expected");
    }

    /// Waits until the bot has accepted everything.
    ///
    /// # Panics
    /// When it does not in time.
    pub async fn settle(&self) {
        self.telegram.settle().await.expect("the bot accepts the update");
        self.ahead.fetch_add(1, Ordering::Relaxed);
    }

    /// The next thing the bot did that was not looked at, other than taking buttons off an old message.
    ///
    /// # Panics
    /// When it did nothing, or more than one thing: read those one by one with [`Self::reads`].
    pub fn screen(&self) -> String {
        let shown = self.reads();
        assert_eq!(shown.len(), 1, "one message or edit was expected: {shown:#?}");
        shown.into_iter().next().unwrap_or_default()
    }

    /// Everything the bot sent or edited since the last look.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        self.fresh().into_iter().map(|fresh| fresh.message.to_string()).collect()
    }

    /// Everything the bot did since the last look, other than taking buttons off an old message.
    #[must_use]
    pub fn fresh(&self) -> Vec<Fresh> {
        let mut fresh = self.telegram.take_new(self.chat);
        fresh.retain(|fresh| fresh.how != How::Keyboard);
        fresh
    }

    /// One new message or edit, which contains this.
    ///
    /// # Panics
    /// When it does not.
    pub fn sees(&self, part: &str) {
        let screen = self.screen();
        assert!(screen.contains(part), "«{part}» is not in:\n{screen}");
    }

    /// Something new, the last of which contains this: for steps where a confirmation comes before the next question.
    ///
    /// # Panics
    /// When it does not.
    pub fn finally_sees(&self, part: &str) {
        let read = self.reads();
        let last = read.last().map(String::as_str).unwrap_or_default();
        assert!(last.contains(part), "«{part}» is not in the last of:\n{read:#?}");
    }

    /// The bot was silent.
    ///
    /// # Panics
    /// When it was not.
    pub fn sees_nothing(&self) {
        assert_eq!(self.reads(), Vec::<String>::new(), "the bot was expected to be silent");
    }

    /// The window or line that a press brought up.
    ///
    /// # Panics
    /// When there was none, or several.
    #[must_use]
    pub fn alert(&self) -> String {
        let alerts = self.telegram.take_alerts(self.chat);
        assert_eq!(alerts.len(), 1, "one alert was expected: {alerts:?}");
        alerts.into_iter().map(|alert| alert.text).collect()
    }
}
