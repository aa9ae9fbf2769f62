//! The dealer's sales team: a group in Telegram with topics, and those who work in it.

use simulators::amocrm::{MANAGER, SECOND_MANAGER, THIRD_MANAGER};
use simulators::telegram::{BotRole, Fresh, Group, How, Person, PersonError, photo};

use crate::bot::{Bot, Clock};

/// Telegram id of the sales group, as the dealer's file has it.
pub const SALES_CHAT: i64 = -1_001_234_567_890;
/// Telegram id of whoever hears of requests that nobody takes.
pub const BOSS: i64 = 7_000_000_990;
/// Telegram id of the first of the team; the others follow.
const FIRST_MEMBER: i64 = 7_000_000_900;
/// Their users in amoCRM.
const USERS: [u64; 3] = [MANAGER, SECOND_MANAGER, THIRD_MANAGER];

/// The sections `[[team]]` and `[sales_chat]` of a dealer's file with these people, three at most.
#[must_use]
pub fn sales_team(names: &[&str]) -> String {
    let member = |((name, telegram_id), user): ((&&str, i64), u64)| {
        format!("[[team]]\nname = \"{name}\"\namocrm_user_id = {user}\ntelegram_id = {telegram_id}\n")
    };
    let members: String = names.iter().zip(FIRST_MEMBER..).zip(USERS).map(member).collect();
    format!("{members}[sales_chat]\nchat_id = {SALES_CHAT}\nescalate_after_minutes = 10\nescalate_to = {BOSS}\n")
}

impl Bot {
    /// The dealer has a sales group with these people, three at most, and a file that says so. The group has topics,
    /// which the bot manages; the boss has written to the bot.
    pub async fn has_sales_team(&self, names: &[&str]) -> SalesGroup {
        self.has_sales_team_and(names, "").await
    }

    /// The same, and the dealer's file has these further sections.
    pub async fn has_sales_team_and(&self, names: &[&str], sections: &str) -> SalesGroup {
        self.put_dealer_file(&(sales_team(names) + sections)).await;
        let group = self.telegram().supergroup_at(SALES_CHAT, "Продажи");
        for (name, id) in names.iter().zip(FIRST_MEMBER..) {
            group.member(&self.telegram().person_at(id, name, None));
        }
        self.telegram().person_at(BOSS, "Директор", None).mark_started();
        group.switch_topics(true);
        group.make_bot(BotRole::Admin { can_manage_topics: true });
        self.settle().await;
        self.sales_group()
    }

    /// The sales group.
    #[must_use]
    pub fn sales_group(&self) -> SalesGroup {
        SalesGroup { app: self.telegram().group(SALES_CHAT), topic: None }
    }

    /// The boss, in the private chat with the bot.
    #[must_use]
    pub fn boss(&self) -> crate::Customer {
        self.in_private_chat(BOSS)
    }

    /// Somebody of the team, in the sales group.
    #[must_use]
    pub fn team(&self, name: &str) -> TeamMember {
        let people = self.telegram().chats().into_iter().filter(|chat| chat.id >= FIRST_MEMBER && chat.id < BOSS);
        let id = people.into_iter().find(|chat| chat.first_name == name).map(|chat| chat.id);
        let person = self.telegram().customer(id.unwrap_or_else(|| panic!("{name} is not in the team")));
        TeamMember { app: self.sales_group().app.member(&person), clock: self.clock.clone(), group: self.sales_group() }
    }
}

/// The sales group, or one topic of it, as everybody in it reads it.
#[derive(Clone, Debug)]
pub struct SalesGroup {
    /// The group in the hands of its owner.
    pub app: Group,
    topic: Option<i64>,
}

impl SalesGroup {
    /// The topic whose name has this in it, the newest one of those.
    #[must_use]
    pub fn topic(&self, name: &str) -> Self {
        let topics = self.app.topics();
        let topic = topics.iter().rev().find(|topic| topic.name.contains(name));
        let topic = topic.unwrap_or_else(|| panic!("no topic is called «{name}»: {topics:?}"));
        self.topic_with_id(topic.id)
    }

    /// The topic with this `message_thread_id`.
    #[must_use]
    pub fn topic_with_id(&self, id: i64) -> Self {
        Self { topic: Some(id), app: self.app.clone() }
    }

    /// Names of the topics, in the order in which they were opened; closed ones with a lock.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        let name = |topic: &simulators::telegram::TopicView| {
            format!("{}{}", if topic.closed { "🔒 " } else { "" }, topic.name)
        };
        self.app.topics().iter().map(name).collect()
    }

    /// Everything the bot did here since the last look, other than taking buttons off an old message.
    #[must_use]
    pub fn fresh(&self) -> Vec<Fresh> {
        let mut fresh = match self.topic {
            Some(topic) => self.app.take_new_in(topic),
            None => self.app.take_new(),
        };
        fresh.retain(|fresh| fresh.how != How::Keyboard);
        fresh
    }

    /// Everything the bot sent or edited here since the last look.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        self.fresh().into_iter().map(|fresh| fresh.message.to_string()).collect()
    }

    /// The one new message or edit.
    pub fn screen(&self) -> String {
        let shown = self.reads();
        assert_eq!(shown.len(), 1, "one message or edit was expected: {shown:#?}");
        shown.into_iter().next().unwrap_or_default()
    }

    /// One new message or edit, which contains this.
    pub fn saw(&self, part: &str) {
        let screen = self.screen();
        assert!(screen.contains(part), "«{part}» is not in:\n{screen}");
    }

    /// The bot was silent here.
    pub fn saw_nothing(&self) {
        assert_eq!(self.reads(), Vec::<String>::new(), "the bot was expected to be silent");
    }
}

/// Somebody of the team, whose actions wait until the bot has accepted them. They return the update's id.
#[derive(Clone, Debug)]
pub struct TeamMember {
    /// The same person in a hurry: actions return before the bot has heard of them.
    pub app: Person,
    group: SalesGroup,
    clock: Clock,
}

impl TeamMember {
    /// The same person, writing in the topic whose name has this in it.
    #[must_use]
    pub fn in_topic(&self, name: &str) -> Self {
        self.in_topic_of(self.group.topic(name))
    }

    /// The same person, writing in the topic with this `message_thread_id`.
    #[must_use]
    pub fn in_topic_with_id(&self, id: i64) -> Self {
        self.in_topic_of(self.group.topic_with_id(id))
    }

    fn in_topic_of(&self, group: SalesGroup) -> Self {
        let app = self.app.in_topic(group.topic.unwrap_or_default());
        Self { app, group, ..self.clone() }
    }

    /// Opens a topic by hand; returns its `message_thread_id`.
    pub async fn opens_topic(&self, name: &str) -> i64 {
        self.act(|app| app.open_topic(name)).await
    }

    /// Does something that is possible.
    pub async fn act<T>(&self, action: impl FnOnce(&Person) -> Result<T, PersonError>) -> T {
        let done = action(&self.app).unwrap_or_else(|error| panic!("{error}"));
        self.clock.settle(self.app.telegram()).await;
        done
    }

    /// Types a message.
    pub async fn writes(&self, text: &str) -> i64 {
        self.act(|app| app.say(text)).await
    }

    /// Changes the last message of this person.
    pub async fn edits(&self, text: &str) -> i64 {
        let messages = self.group.app.view().map(|view| view.messages).unwrap_or_default();
        let mine = messages.iter().rev().find(|message| message.author == Some(self.app.id));
        let id = mine.expect("there is a message").id;
        self.act(|app| app.edit(id, text)).await
    }

    /// Presses the newest button of the group with this text.
    pub async fn taps(&self, button: &str) -> i64 {
        self.act(|app| app.tap(button)).await.unwrap_or_else(|| panic!("«{button}» only opens an address"))
    }

    /// Sends one photo.
    pub async fn sends_photo(&self, n: u8) -> i64 {
        self.act(|app| app.send_photo(photo(n), None)).await
    }

    /// Sends an album of these photos: as many updates at once.
    pub async fn sends_album(&self, numbers: std::ops::RangeInclusive<u8>) -> Vec<i64> {
        self.act(|app| app.send_album(numbers.map(photo).collect())).await
    }

    /// Closes the topic in which this person writes, by hand.
    pub async fn closes_topic(&self) -> i64 {
        let topic = self.group.topic.expect("this person writes in a topic");
        self.act(|app| app.close_topic(topic)).await
    }

    /// Deletes the topic in which this person writes, by hand. The bot is not told.
    pub fn deletes_topic(&self) {
        let topic = self.group.topic.expect("this person writes in a topic");
        self.app.delete_topic(topic).expect("the topic is there");
    }

    /// The window or line that a press brought up.
    #[must_use]
    pub fn alert(&self) -> String {
        let alerts = self.app.take_alerts();
        assert_eq!(alerts.len(), 1, "one alert was expected: {alerts:?}");
        alerts.into_iter().map(|alert| alert.text).collect()
    }
}
