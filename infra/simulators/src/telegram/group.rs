//! Groups: who is in them, what the bot may do there, their topics.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::message::{Content, Message, Sender};
use super::refusal::Refusal;
use super::state::State;
use crate::fault::now_ms;

/// Messages and edits of a bot that a group takes in a minute. «In a group, bots are not able to send more than 20
/// messages per minute» (<https://core.telegram.org/bots/faq>); edits count, and so does opening a topic, whose service
/// message it is (<https://github.com/tdlib/td/issues/2592>).
const MESSAGES_PER_MINUTE: usize = 20;
/// The colour of a topic's icon where none is asked for.
const ICON_COLOR: i64 = 7_322_096;

/// What makes a chat a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GroupChat {
    pub(super) kind: GroupKind,
    /// Telegram ids.
    pub(super) members: Vec<i64>,
    pub(super) bot: BotRole,
    /// When the bot wrote or edited something in the last minute, in milliseconds since the epoch; oldest first.
    #[serde(skip)]
    writes_ms: VecDeque<u64>,
}

/// What kind of group it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum GroupKind {
    Basic {
        /// The supergroup that it has become.
        migrated_to: Option<i64>,
    },
    Supergroup {
        /// By `message_thread_id`, without «General»; `None` while topics are switched off.
        topics: Option<BTreeMap<i64, Topic>>,
    },
}

/// A topic of a supergroup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) closed: bool,
}

/// What the bot is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BotRole {
    /// It reads commands, replies to its messages and service messages, and nothing else.
    Member,
    /// It reads everything.
    Admin {
        /// It may open and close topics.
        can_manage_topics: bool,
    },
    /// It was thrown out.
    Kicked,
}

impl GroupChat {
    /// A group with this one member, and the bot.
    pub(super) fn new(kind: GroupKind) -> Self {
        Self { kind, members: Vec::new(), bot: BotRole::Member, writes_ms: VecDeque::new() }
    }

    /// Its topics, if it has topics.
    pub(super) const fn topics(&self) -> Option<&BTreeMap<i64, Topic>> {
        match &self.kind {
            GroupKind::Supergroup { topics } => topics.as_ref(),
            GroupKind::Basic { .. } => None,
        }
    }

    pub(super) const fn topics_mut(&mut self) -> Option<&mut BTreeMap<i64, Topic>> {
        match &mut self.kind {
            GroupKind::Supergroup { topics } => topics.as_mut(),
            GroupKind::Basic { .. } => None,
        }
    }

    /// The Bot API's name for its kind.
    pub(super) const fn kind_name(&self) -> &'static str {
        match self.kind {
            GroupKind::Basic { .. } => "group",
            GroupKind::Supergroup { .. } => "supergroup",
        }
    }

    /// Whether the bot may still use this chat.
    pub(super) fn admits_bot(&self) -> Result<(), Refusal> {
        if let GroupKind::Basic { migrated_to: Some(supergroup) } = self.kind {
            return Err(Refusal::migrated(supergroup));
        }
        if self.bot == BotRole::Kicked {
            return Err(Refusal::forbidden(&format!("bot was kicked from the {} chat", self.kind_name())));
        }
        Ok(())
    }

    /// Whether the bot may write into this topic; `None` is «General». Topic 1 is «General», too, but nothing can be
    /// sent to it by that number.
    pub(super) fn admits_into(&self, topic: Option<i64>) -> Result<(), Refusal> {
        let Some(id) = topic else { return Ok(()) };
        let topic = self.topics().and_then(|topics| topics.get(&id));
        let topic = topic.ok_or_else(|| Refusal::bad_request("message thread not found"))?;
        if topic.closed && !self.bot_manages_topics() {
            return Err(Refusal::bad_request("TOPIC_CLOSED"));
        }
        Ok(())
    }

    /// Whether the bot may open and close topics.
    pub(super) fn bot_manages_topics(&self) -> bool {
        self.bot == BotRole::Admin { can_manage_topics: true }
    }

    /// Counts one message or edit of the bot, if the group takes it now. `minute` is how long the limit looks back.
    pub(super) fn takes_another(&mut self, minute: Duration) -> Result<(), Refusal> {
        let (now, minute) = (now_ms(), u64::try_from(minute.as_millis()).unwrap_or(u64::MAX));
        while self.writes_ms.front().is_some_and(|at| now.saturating_sub(*at) >= minute) {
            self.writes_ms.pop_front();
        }
        if let (Some(oldest), true) = (self.writes_ms.front(), self.writes_ms.len() >= MESSAGES_PER_MINUTE) {
            return Err(Refusal::too_many((oldest + minute - now).div_ceil(1000)));
        }
        self.writes_ms.push_back(now);
        Ok(())
    }

    /// The Bot API's `ChatMember` of the bot.
    pub(super) fn bot_json(&self, bot: &Value) -> Value {
        match self.bot {
            BotRole::Member => json!({"user": bot, "status": "member"}),
            BotRole::Kicked => json!({"user": bot, "status": "kicked", "until_date": 0}),
            BotRole::Admin { can_manage_topics } => json!({
                "user": bot, "status": "administrator", "can_be_edited": false, "is_anonymous": false,
                "can_manage_chat": true, "can_delete_messages": true, "can_restrict_members": false,
                "can_promote_members": false, "can_change_info": false, "can_invite_users": true,
                "can_pin_messages": false, "can_manage_topics": can_manage_topics,
            }),
        }
    }
}

impl State {
    /// A new group of this kind; without an id it gets one as Telegram gives them.
    pub(super) fn new_group(&mut self, id: Option<i64>, title: &str, kind: GroupKind) -> i64 {
        let is_super = matches!(kind, GroupKind::Supergroup { .. });
        let id = id.unwrap_or_else(|| {
            let number = self.next_chat();
            if is_super { -1_000_000_000_000 - number } else { -number }
        });
        self.put_chat(id, title, None);
        // Message 1 says that the group was made, so that no topic has the number of «General».
        self.skip_message_id();
        self.change_chat(id, |chat| {
            chat.group = Some(GroupChat::new(kind));
            chat.started = true;
        });
        id
    }

    /// The group of this chat.
    pub(super) fn group(&self, chat: i64) -> Option<&GroupChat> {
        self.chats.get(&chat)?.group.as_ref()
    }

    /// Changes a group, then writes it down.
    pub(super) fn change_group<T>(&mut self, chat: i64, change: impl FnOnce(&mut GroupChat) -> T) -> Option<T> {
        let mut result = None;
        self.change_chat(chat, |chat| result = chat.group.as_mut().map(change));
        result
    }

    /// Opens a topic and returns its `message_thread_id`, which is the id of the service message that says so.
    pub(super) fn open_topic(&mut self, chat: i64, by: Sender, name: &str) -> i64 {
        let content = Content::service("forum_topic_created", json!({"name": name, "icon_color": ICON_COLOR}));
        let id = self.add_message(Message::new(chat, by, content));
        self.change_message(id, |message| message.topic = Some(id));
        let topic = Topic { name: name.to_owned(), closed: false };
        self.change_group(chat, |group| group.topics_mut().map(|topics| topics.insert(id, topic)));
        id
    }

    /// Changes a topic; `None` if it is not there. Otherwise the id of the service message that says so.
    pub(super) fn change_topic(&mut self, chat: i64, by: Sender, id: i64, change: &TopicChange) -> Option<i64> {
        self.change_group(chat, |group| {
            let topic = group.topics_mut()?.get_mut(&id)?;
            match change {
                TopicChange::Name(name) => name.clone_into(&mut topic.name),
                TopicChange::Closed(closed) => topic.closed = *closed,
            }
            Some(())
        })??;
        let content = match change {
            TopicChange::Name(name) => Content::service("forum_topic_edited", json!({"name": name})),
            TopicChange::Closed(true) => Content::service("forum_topic_closed", json!({})),
            TopicChange::Closed(false) => Content::service("forum_topic_reopened", json!({})),
        };
        Some(self.add_message(Message { topic: Some(id), ..Message::new(chat, by, content) }))
    }

    /// Deletes a topic with everything in it. No update tells the bot. False if it is not there.
    pub(super) fn delete_topic(&mut self, chat: i64, id: i64) -> bool {
        let removed = self.change_group(chat, |group| group.topics_mut()?.remove(&id));
        let there = removed.flatten().is_some();
        if there {
            let in_it = self.messages.values().filter(|message| message.chat == chat && message.topic == Some(id));
            let ids: Vec<i64> = in_it.map(|message| message.id).collect();
            ids.into_iter().for_each(|id| self.change_message(id, |message| message.deleted = true));
        }
        there
    }

    /// The group becomes a supergroup with another id, which the old one names from now on. Returns the new id and the
    /// two service messages.
    pub(super) fn upgrade(&mut self, chat: i64, by: i64) -> Option<(i64, [i64; 2])> {
        let (title, group) =
            self.chats.get(&chat).and_then(|chat| Some((chat.first_name.clone(), chat.group.clone()?)))?;
        let new = self.new_group(None, &title, GroupKind::Supergroup { topics: None });
        self.change_group(new, |upgraded| (upgraded.members, upgraded.bot) = (group.members, group.bot));
        let service = |field, other: i64| Content::service(field, json!(other));
        let left = Message::new(chat, Sender::Person(by), service("migrate_to_chat_id", new));
        let came = Message::new(new, Sender::Person(by), service("migrate_from_chat_id", chat));
        let told = [self.add_message(left), self.add_message(came)];
        self.change_group(chat, |group| group.kind = GroupKind::Basic { migrated_to: Some(new) });
        Some((new, told))
    }

    /// Whether Telegram tells the bot of this message. In a group whose bot is not an admin it reads commands, replies
    /// to it and service messages only: <https://core.telegram.org/bots/features#privacy-mode>.
    pub(super) fn bot_reads(&self, message: &Message) -> bool {
        let Some(group) = self.group(message.chat) else { return true };
        let replied = message.reply_to.and_then(|id| self.message(message.chat, id));
        match group.bot {
            BotRole::Kicked => false,
            BotRole::Admin { .. } => true,
            BotRole::Member => {
                message.text().starts_with('/')
                    || replied.is_some_and(|replied| replied.from_bot)
                    || matches!(message.content, Content::Service { .. })
            }
        }
    }
}

/// What can be changed about a topic.
#[derive(Clone, Debug)]
pub(super) enum TopicChange {
    Name(String),
    Closed(bool),
}
