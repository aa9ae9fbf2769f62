//! The stored state of a talk.

use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::line::{Line, Side};
use crate::note::{Note, Saying};

/// Seconds that a worker may deliver before another one takes over, unless it renews the lease.
pub const LEASE: Seconds = 30;

/// Seconds for which sayings are collected before they become a note.
pub const NOTE_EVERY: Seconds = 600;

/// Handled updates that are remembered. Telegram repeats an update within seconds or minutes.
const MAX_SEEN: usize = 100;

/// Messages of which the copy is known, for replies and edits.
const MAX_COPIES: usize = 100;

/// Most bytes of lines that wait; DynamoDB takes items of 400 KB.
const MAX_OUTBOX: usize = 150_000;

/// Most bytes of sayings that wait for a note. Above it the oldest go: they stay in the topic.
const MAX_UNNOTED: usize = 150_000;

/// What a line takes besides its words, in bytes.
const LINE_OVERHEAD: usize = 200;

/// A topic of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Topic {
    /// The group's chat id.
    pub group: i64,
    /// `message_thread_id`
    pub id: i64,
}

/// The outbox is full: the line is to come again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The talk of a chat, from the first line or card on. It stays when nobody talks, because its topic does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// `None`: none was opened yet, or it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    topic: Option<Topic>,
    /// What a new topic is called.
    #[serde(default)]
    title: String,
    /// In the order of delivery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outbox: Vec<Line>,
    /// Updates whose line was taken, latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    copies: Vec<Copied>,
    /// A worker delivers until then.
    #[serde(default)]
    leased_until: Seconds,
    /// Before then Telegram takes nothing for this side.
    #[serde(default)]
    pauses: Pauses,
    /// The album whose author the customer has read already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    named_album: Option<String>,
    /// The customer was told that the team does not get the lines yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    told_of_delay: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unnoted: Vec<Saying>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note_at: Option<Seconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Note>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Pauses {
    customer: Seconds,
    team: Seconds,
}

/// A message and its copy on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Copied {
    /// Who reads the copy.
    to: Side,
    original: i64,
    copy: i64,
}

impl Pauses {
    const fn of(self, side: Side) -> Seconds {
        match side {
            Side::Customer => self.customer,
            Side::Team => self.team,
        }
    }

    const fn set(&mut self, side: Side, until: Seconds) {
        match side {
            Side::Customer => self.customer = until,
            Side::Team => self.team = until,
        }
    }
}

impl Talk {
    /// The topic, if there is one in this group.
    #[must_use]
    pub fn topic_in(&self, group: i64) -> Option<Topic> {
        self.topic.filter(|topic| topic.group == group)
    }

    /// The latest topic, whatever group it is in.
    #[must_use]
    pub const fn topic(&self) -> Option<Topic> {
        self.topic
    }

    /// What a new topic is called.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Sets what a new topic is called.
    pub fn set_title(&mut self, title: &str) {
        title.clone_into(&mut self.title);
    }

    /// Notes the topic of the talk.
    pub fn opened(&mut self, topic: Topic) {
        if self.topic != Some(topic) {
            // Messages of another topic cannot be replied to.
            self.copies.clear();
        }
        self.topic = Some(topic);
    }

    /// Notes that the topic is gone. The next line opens another.
    pub fn forget_topic(&mut self) {
        self.topic = None;
        self.copies.clear();
    }

    /// Takes a line, unless it was taken before. Lines of one side are delivered in the order of their messages: those
    /// that were written at the same moment may be handled in any order.
    ///
    /// # Errors
    /// [`Full`] when too much waits.
    pub fn take(&mut self, line: Line) -> Result<(), Full> {
        let is_repeated = match line.update_id {
            Some(update_id) => self.seen.contains(&update_id),
            None => self.outbox.iter().any(|old| old.to == line.to && old.said == line.said),
        };
        if is_repeated {
            return Ok(());
        }
        let size = |line: &Line| line.words().len() + LINE_OVERHEAD;
        if self.outbox.iter().map(size).sum::<usize>() + size(&line) > MAX_OUTBOX {
            return Err(Full);
        }
        if let Some(update_id) = line.update_id {
            push_bounded(&mut self.seen, update_id, MAX_SEEN);
        }
        let written_later = |old: &Line| match (old.message(), line.message()) {
            (Some(old_message), Some(message)) => old.to == line.to && old_message.id > message.id,
            _ => false,
        };
        let at = self.outbox.iter().position(written_later).unwrap_or(self.outbox.len());
        self.outbox.insert(at, line);
        Ok(())
    }

    /// Puts the bot's own word before all that waits.
    pub fn put_first(&mut self, word: Line) {
        self.outbox.insert(0, word);
    }

    /// The next line to deliver at `now`.
    #[must_use]
    pub fn next(&self, now: Seconds) -> Option<&Line> {
        self.outbox.iter().find(|line| self.pauses.of(line.to) <= now)
    }

    /// Whether another part of this line's album was taken after it and waits: the worker that took that one delivers
    /// both.
    #[must_use]
    pub fn is_followed(&self, line: &Line) -> bool {
        let album_of = |line: &Line| Some((line.to, line.message()?.album.clone()?));
        let Some(album) = album_of(line) else { return false };
        let taken_at = |line: &Line| self.seen.iter().position(|seen| Some(*seen) == line.update_id);
        let others = self.outbox.iter().filter(|other| album_of(other).as_ref() == Some(&album));
        others.map(taken_at).any(|other| other > taken_at(line))
    }

    /// Whether the message before this line's was delivered, so that nothing written earlier can still come.
    #[must_use]
    pub fn follows_delivered(&self, line: &Line) -> bool {
        line.message().is_some_and(|message| self.copy_for(line.to, message.id - 1).is_some())
    }

    /// Whether nothing waits for delivery.
    #[must_use]
    pub const fn is_delivered(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Takes the lease, if nobody else has it. Returns whether it did.
    pub const fn lease(&mut self, now: Seconds) -> bool {
        let is_free = self.leased_until <= now || self.leased_until > now + 2 * LEASE; // the clock was set back
        if is_free {
            self.leased_until = now + LEASE;
        }
        is_free
    }

    /// Goes on with the lease.
    pub const fn keep_lease(&mut self, now: Seconds) {
        self.leased_until = now + LEASE;
    }

    /// Gives the lease back.
    pub const fn release(&mut self) {
        self.leased_until = 0;
    }

    /// A line was delivered as the message `copy`. If two workers have sent it, because one was slow and its lease ran
    /// out, it was said once all the same.
    pub fn delivered(&mut self, line: &Line, copy: i64) {
        let was_waiting = self.remove(line);
        self.told_of_delay &= line.to != Side::Team;
        if let Some(message) = line.message() {
            push_bounded(&mut self.copies, Copied { to: line.to, original: message.id, copy }, MAX_COPIES);
            if line.to == Side::Customer {
                self.named_album.clone_from(&message.album);
            }
        }
        let Some(saying) = Saying::of(line).filter(|_| was_waiting) else { return };
        self.note_at.get_or_insert(line.at + NOTE_EVERY);
        self.unnoted.push(saying);
        let size = |saying: &Saying| saying.words.len() + LINE_OVERHEAD;
        while self.unnoted.iter().map(size).sum::<usize>() > MAX_UNNOTED {
            self.unnoted.remove(0);
        }
    }

    /// A line cannot be delivered at all.
    pub fn undeliverable(&mut self, line: &Line) {
        self.remove(line);
    }

    /// Notes that the customer is being told that the team does not get the lines yet. Returns false if they know.
    pub const fn tell_of_delay(&mut self) -> bool {
        !std::mem::replace(&mut self.told_of_delay, true)
    }

    /// When a side that has to wait for its lines may get the first of them; `None` if none waits.
    #[must_use]
    pub fn paused_until(&self) -> Option<Seconds> {
        self.outbox.iter().map(|line| self.pauses.of(line.to)).min()
    }

    /// Telegram takes nothing for this side before `until`.
    pub const fn pause(&mut self, side: Side, until: Seconds) {
        self.pauses.set(side, until);
    }

    /// Whether the message has to name its author: the first one of an album does, and so does every message outside
    /// albums.
    #[must_use]
    pub fn names_author(&self, album: Option<&str>) -> bool {
        album.is_none() || self.named_album.as_deref() != album
    }

    /// The copy that `reader` has of a message of the other side.
    #[must_use]
    pub fn copy_for(&self, reader: Side, original: i64) -> Option<i64> {
        self.copies.iter().rev().find(|known| known.to == reader && known.original == original).map(|known| known.copy)
    }

    /// What `reader` calls the message that the other side replies to: the original of a copy, or the copy of an
    /// original.
    #[must_use]
    pub fn counterpart_for(&self, reader: Side, replied_to: i64) -> Option<i64> {
        let original = self.copies.iter().rev().find(|known| known.to == reader.other() && known.copy == replied_to);
        original.map(|known| known.original).or_else(|| self.copy_for(reader, replied_to))
    }

    /// When somebody has to look after the talk; `None` if nothing waits.
    #[must_use]
    pub fn due_at(&self) -> Option<Seconds> {
        let lines = self.outbox.iter().map(|line| self.pauses.of(line.to).max(self.leased_until)).min();
        let note = self.note.as_ref().map_or(self.note_at, |_| Some(self.note_at.unwrap_or_default()));
        [lines, note].into_iter().flatten().min()
    }

    /// Whether it is time for a note at `now`.
    #[must_use]
    pub fn has_note_due(&self, now: Seconds) -> bool {
        self.note_at.is_some_and(|at| at <= now)
    }

    /// The note to write on this deal: one that was begun, or what was said since the last.
    pub fn begin_note(&mut self, deal_id: u64) -> Option<&Note> {
        if self.note.is_none() {
            self.note = Note::of_first(&mut self.unnoted, deal_id);
        }
        self.note.as_ref()
    }

    /// The note that was begun.
    #[must_use]
    pub const fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// The note that was begun may be in amoCRM from now on.
    pub const fn doubt_note(&mut self) {
        if let Some(note) = &mut self.note {
            note.in_doubt = true;
        }
    }

    /// The note that was begun is written, or never will be.
    pub fn finish_note(&mut self) {
        self.note = None;
        self.note_at = self.unnoted.first().map(|saying| saying.at + NOTE_EVERY);
    }

    /// Writes the note later.
    pub const fn put_note_off(&mut self, until: Seconds) {
        self.note_at = Some(until);
    }

    /// There is no deal to write notes on: what was said stays in the topic alone.
    pub fn drop_sayings(&mut self) {
        self.unnoted.clear();
        self.note = None;
        self.note_at = None;
    }

    /// False if the line did not wait any more.
    fn remove(&mut self, line: &Line) -> bool {
        let at = self.outbox.iter().position(|waiting| waiting == line);
        at.map(|at| self.outbox.remove(at)).is_some()
    }
}

fn push_bounded<T>(list: &mut Vec<T>, item: T, limit: usize) {
    list.push(item);
    let surplus = list.len().saturating_sub(limit);
    list.drain(..surplus);
}

#[cfg(test)]
mod tests;
