//! What whoever runs a group does with it.

use std::sync::Arc;

use serde_json::json;

use super::group::{BotRole, GroupKind, Topic};
use super::state::State;
use super::view::{ChatView, Fresh};
use super::{Model, Person, Telegram, delivery};

/// A group in the hands of its owner.
#[derive(Clone, Debug)]
pub struct Group {
    /// Telegram id.
    pub chat: i64,
    telegram: Telegram,
}

impl Telegram {
    /// A basic group that the bot is in.
    pub fn new_group(&self, title: &str) -> Group {
        self.open_group(None, title, GroupKind::Basic { migrated_to: None })
    }

    /// A supergroup that the bot is in, without topics.
    pub fn new_supergroup(&self, title: &str) -> Group {
        self.open_group(None, title, GroupKind::Supergroup { topics: None })
    }

    /// The supergroup with this id, as a dealer's file names it; one that is there already stays as it is.
    pub fn supergroup_at(&self, chat: i64, title: &str) -> Group {
        if self.model.lock().group(chat).is_some() {
            return self.group(chat);
        }
        self.open_group(Some(chat), title, GroupKind::Supergroup { topics: None })
    }

    /// The group of this chat.
    #[must_use]
    pub fn group(&self, chat: i64) -> Group {
        Group { chat, telegram: self.clone() }
    }

    fn open_group(&self, id: Option<i64>, title: &str, kind: GroupKind) -> Group {
        let chat = self.model.lock().new_group(id, title, kind);
        self.model.changed();
        self.group(chat)
    }
}

impl Group {
    /// This person, in the group; they join it if they are not in it.
    pub fn member(&self, person: &Person) -> Person {
        self.change(|state| {
            state.change_group(self.chat, |group| {
                if !group.members.contains(&person.id) {
                    group.members.push(person.id);
                }
            });
        });
        person.in_group(self.chat)
    }

    /// Switches topics on or off. A basic group has none.
    pub fn switch_topics(&self, on: bool) {
        self.change(|state| {
            state.change_group(self.chat, |group| {
                if let GroupKind::Supergroup { topics } = &mut group.kind {
                    *topics = on.then(|| topics.take().unwrap_or_default());
                }
            });
        });
    }

    /// Says what the bot is in the group: an admin, a member, or thrown out. Returns the update that tells it.
    pub fn make_bot(&self, role: BotRole) -> i64 {
        let update = {
            let mut state = self.model().lock();
            let bot = self.model().bot_user();
            let was = state.change_group(self.chat, |group| {
                let was = group.bot_json(&bot);
                group.bot = role;
                (was, group.bot_json(&bot), group.members.first().copied())
            });
            let (old, new, owner) = was.unwrap_or_default();
            let from = owner.and_then(|owner| state.chats.get(&owner)).map(super::chat::Chat::user_json);
            let chat = state.chats.get(&self.chat).map(super::chat::Chat::chat_json);
            json!({"my_chat_member": {
                "chat": chat, "from": from, "date": 0, "old_chat_member": old, "new_chat_member": new,
            }})
        };
        delivery::emit(self.model(), update)
    }

    /// The group becomes a supergroup: a chat with another id, which the old one names from now on. Both say so in a
    /// message. Returns the new one.
    pub fn upgrade(&self) -> Self {
        let upgraded = {
            let mut state = self.model().lock();
            let owner = state.group(self.chat).and_then(|group| group.members.first().copied());
            let upgraded = state.upgrade(self.chat, owner.unwrap_or_default());
            upgraded.map(|(chat, told)| (chat, told.map(|id| state.update_of("message", id, &self.model().bot_user()))))
        };
        let Some((chat, updates)) = upgraded else { return self.clone() };
        updates.into_iter().for_each(|update| {
            delivery::emit(self.model(), update);
        });
        Self { chat, ..self.clone() }
    }

    /// Names of the topics and whether they are closed, by `message_thread_id`; empty without topics.
    #[must_use]
    pub fn topics(&self) -> Vec<TopicView> {
        let state = self.model().lock();
        let topics = state.group(self.chat).and_then(super::group::GroupChat::topics).into_iter().flatten();
        topics.map(|(id, Topic { name, closed })| TopicView { id: *id, name: name.clone(), closed: *closed }).collect()
    }

    /// Telegram ids of the members.
    #[must_use]
    pub fn members(&self) -> Vec<i64> {
        self.model().lock().group(self.chat).map(|group| group.members.clone()).unwrap_or_default()
    }

    /// What the bot is in the group.
    #[must_use]
    pub fn bot_role(&self) -> Option<BotRole> {
        self.model().lock().group(self.chat).map(|group| group.bot)
    }

    /// The group as its members see it.
    #[must_use]
    pub fn view(&self) -> Option<ChatView> {
        self.telegram.chat(self.chat)
    }

    /// What the bot did since this was last asked, oldest first.
    #[must_use]
    pub fn take_new(&self) -> Vec<Fresh> {
        self.telegram.customer(self.chat).take_new()
    }

    /// What the bot did in this topic since this was last asked, oldest first. The rest stays.
    #[must_use]
    pub fn take_new_in(&self, topic: i64) -> Vec<Fresh> {
        let mut state = self.model().lock();
        let Some(chat) = state.chats.get_mut(&self.chat) else { return Vec::new() };
        chat.fresh.extract_if(.., |fresh| fresh.message.topic == Some(topic)).collect()
    }

    fn model(&self) -> &Arc<Model> {
        &self.telegram.model
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.model().lock());
        self.model().changed();
    }
}

/// A topic as members see it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TopicView {
    /// `message_thread_id`
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Nobody but admins writes in it.
    pub closed: bool,
}
