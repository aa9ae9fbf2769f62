//! A customer: says, taps, shares and sends, and sees what the bot does.

use simulators::telegram::{self, Fresh, How, KeyboardButton, MessageView, PersonError, Telegram, photo};

use crate::bot::Clock;

/// A customer whose actions wait until the bot has accepted them. They return the update's id.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Telegram id of the chat.
    pub chat: i64,
    /// The same customer in a hurry: actions return before the bot has heard of them.
    pub app: telegram::Person,
    telegram: Telegram,
    clock: Clock,
}

/// A button under a message: the message's id and what the button carries.
pub type Button = (i64, String);

impl Customer {
    pub(crate) fn new(app: telegram::Person, telegram: &Telegram, clock: &Clock) -> Self {
        Self { chat: app.chat, app, telegram: telegram.clone(), clock: clock.clone() }
    }

    /// Does something that is possible.
    pub async fn act<T>(&self, action: impl FnOnce(&telegram::Person) -> Result<T, PersonError>) -> T {
        let done = action(&self.app).unwrap_or_else(|error| panic!("{error}; last: {:#?}", self.app.last_from_bot()));
        self.settle().await;
        done
    }

    /// Types a message.
    pub async fn say(&self, text: &str) -> i64 {
        self.act(|app| app.say(text)).await
    }

    /// Presses the newest button with this text, under a message or in place of the keyboard.
    pub async fn tap(&self, button: &str) -> i64 {
        self.act(|app| app.tap(button)).await.unwrap_or_else(|| panic!("«{button}» only opens an address"))
    }

    /// Presses a button that may be gone already, by what it carries.
    pub async fn press(&self, (message_id, data): &Button) -> i64 {
        self.act(|app| app.press(*message_id, data)).await
    }

    /// Shares the own contact with this number.
    pub async fn share_contact(&self, phone: &str) -> i64 {
        self.act(|app| app.share_contact(phone)).await
    }

    /// Sends one photo.
    pub async fn send_photo(&self, n: u8) -> i64 {
        self.act(|app| app.send_photo(photo(n), None)).await
    }

    /// Sends an album of these photos: as many updates at once.
    pub async fn send_album(&self, numbers: std::ops::RangeInclusive<u8>) -> Vec<i64> {
        self.act(|app| app.send_album(numbers.map(photo).collect())).await
    }

    /// Telegram delivers an update again.
    pub async fn redeliver(&self, update: i64) {
        self.act(|_| self.telegram.redeliver(update)).await;
    }

    /// Waits until the bot has accepted everything.
    pub async fn settle(&self) {
        self.clock.settle(&self.telegram).await;
    }

    /// The own phone number, as Telegram shares it: without `+`.
    #[must_use]
    pub fn phone(&self) -> String {
        self.view().phone
    }

    fn view(&self) -> telegram::ChatView {
        self.app.view().expect("the chat is there")
    }

    /// Every message of the chat, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<MessageView> {
        self.view().messages
    }

    /// The newest button with this text under a message, to be pressed later, when it may be gone.
    #[must_use]
    pub fn button(&self, text: &str) -> Button {
        let messages = self.messages();
        let newest_first = messages.iter().rev();
        let buttons =
            newest_first.flat_map(|message| message.buttons.iter().flatten().map(move |button| (message.id, button)));
        let found = buttons.into_iter().find(|(_, button)| button.text == text);
        let (message, button) = found.unwrap_or_else(|| panic!("there is no button «{text}» under a message"));
        (message, button.callback_data.clone().unwrap_or_default())
    }

    /// Messages with buttons under them. More than one means that dead buttons stayed behind.
    #[must_use]
    pub fn messages_with_buttons(&self) -> Vec<MessageView> {
        self.messages().into_iter().filter(|message| !message.buttons.is_empty()).collect()
    }

    /// What is on the keyboard in place of the customer's own, row by row; empty without one.
    #[must_use]
    pub fn keyboard(&self) -> String {
        let rows = self.view().reply_keyboard.into_iter().flat_map(|keyboard| keyboard.rows);
        let row = |row: Vec<_>| row.iter().map(|key: &KeyboardButton| format!("[{}]", key.text)).collect::<String>();
        rows.map(row).collect::<Vec<_>>().join("\n")
    }

    /// No press brought up a window or line since the last look.
    pub fn sees_no_alert(&self) {
        let mut alerts = self.app.take_alerts();
        alerts.retain(|alert| !alert.text.is_empty());
        assert_eq!(alerts, [], "no alert was expected");
    }

    /// The next thing the bot did that was not looked at, other than taking buttons off an old message.
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
        let mut fresh = self.app.take_new();
        fresh.retain(|fresh| fresh.how != How::Keyboard);
        fresh
    }

    /// One new message or edit, which contains this.
    pub fn sees(&self, part: &str) {
        let screen = self.screen();
        assert!(screen.contains(part), "«{part}» is not in:\n{screen}");
    }

    /// Something new, the last of which contains this: for steps where a confirmation comes before the next question.
    pub fn finally_sees(&self, part: &str) {
        let read = self.reads();
        let last = read.last().map(String::as_str).unwrap_or_default();
        assert!(last.contains(part), "«{part}» is not in the last of:\n{read:#?}");
    }

    /// Presses «Отправить» and is thanked; returns the request's number.
    pub async fn send_request(&self) -> String {
        self.tap("✅ Отправить").await;
        self.the_request_was_sent()
    }

    /// One new message or edit, which thanks for the request; returns its number.
    #[must_use]
    pub fn the_request_was_sent(&self) -> String {
        let thanks = self.screen();
        assert!(thanks.starts_with("Спасибо! Заявка отправлена."), "no thanks:\n{thanks}");
        let number = thanks.lines().find_map(|line| line.strip_prefix("Номер заявки: "));
        number.unwrap_or_else(|| panic!("no number in {thanks}")).to_owned()
    }

    /// The bot was silent.
    pub fn sees_nothing(&self) {
        assert_eq!(self.reads(), Vec::<String>::new(), "the bot was expected to be silent");
    }

    /// The window or line that a press brought up.
    #[must_use]
    pub fn alert(&self) -> String {
        let alerts = self.app.take_alerts();
        assert_eq!(alerts.len(), 1, "one alert was expected: {alerts:?}");
        alerts.into_iter().map(|alert| alert.text).collect()
    }
}
