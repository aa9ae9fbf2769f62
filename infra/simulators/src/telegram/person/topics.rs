//! Topics of a group, as its members handle them.

use super::{Person, PersonError};
use crate::telegram::group::{GroupChat, TopicChange};
use crate::telegram::message::Sender;

impl Person {
    /// Opens a topic of the group and returns its `message_thread_id`.
    ///
    /// # Errors
    /// The person is not in the group, or it has no topics.
    pub fn open_topic(&self, name: &str) -> Result<i64, PersonError> {
        let id = {
            let mut state = self.model().lock();
            self.may_write(&state)?;
            let topics = state.group(self.chat).and_then(GroupChat::topics);
            topics.ok_or(PersonError::NoSuchChat(self.chat))?;
            state.open_topic(self.chat, Sender::Person(self.id), name)
        };
        self.tell(id);
        Ok(id)
    }

    /// Closes a topic by hand.
    pub fn close_topic(&self, topic: i64) -> Result<i64, PersonError> {
        self.change_topic(topic, &TopicChange::Closed(true))
    }

    /// Opens a closed topic by hand.
    pub fn reopen_topic(&self, topic: i64) -> Result<i64, PersonError> {
        self.change_topic(topic, &TopicChange::Closed(false))
    }

    /// Deletes a topic by hand, with everything in it. The bot is not told.
    pub fn delete_topic(&self, topic: i64) -> Result<(), PersonError> {
        let there = self.model().lock().delete_topic(self.chat, topic);
        self.model().changed();
        there.then_some(()).ok_or(PersonError::NoSuchTopic(topic))
    }

    fn change_topic(&self, topic: i64, change: &TopicChange) -> Result<i64, PersonError> {
        let sender = Sender::Person(self.id);
        let told = self.model().lock().change_topic(self.chat, sender, topic, change);
        told.map(|message| self.tell(message)).ok_or(PersonError::NoSuchTopic(topic))
    }
}
