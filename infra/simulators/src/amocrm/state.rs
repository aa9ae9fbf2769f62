//! The account's state: what is in it, what a search can see of it, and what survives a restart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::fault::{Faults, now_ms};
use embedded::journal::{Entry, Journal};

use super::drive::Upload;
use super::hooks::{Event, Hook, Post};
use super::model::{Contact, Field, Id, Kind, Lead, Note, Pipeline, StoredFile, Tag, Task, User};
use super::oauth::Oauth;
use super::rate::RateLimit;
use super::search::SearchIndex;
use super::{Options, Trouble, seed};

/// Everything the simulator knows. Every `put_…` writes the journal before it returns, so before the answer leaves.
pub(super) struct AccountState {
    pub(super) options: Options,
    pub(super) oauth: Oauth,
    pub(super) rate: RateLimit,
    pub(super) trouble: Option<Trouble>,
    pub(super) leads: BTreeMap<Id, Lead>,
    pub(super) contacts: BTreeMap<Id, Contact>,
    pub(super) notes: BTreeMap<Id, Note>,
    pub(super) tasks: BTreeMap<Id, Task>,
    pub(super) tags: BTreeMap<Id, Tag>,
    pub(super) fields: BTreeMap<Id, Field>,
    pub(super) pipelines: BTreeMap<Id, Pipeline>,
    pub(super) files: BTreeMap<String, StoredFile>,
    pub(super) hooks: BTreeMap<Id, Hook>,
    pub(super) post: Post,
    /// Users who came after the account was opened.
    hired: BTreeMap<Id, User>,
    /// Users who have left since the account was opened.
    dismissed: BTreeSet<Id>,
    /// Uploads under way; a restart forgets them.
    pub(super) uploads: HashMap<String, Upload>,
    /// The bytes of files, when there is no journal to keep them beside.
    bytes: HashMap<String, Vec<u8>>,
    search: SearchIndex,
    next_id: Id,
    journal: Journal,
    changes: watch::Sender<u64>,
}

impl AccountState {
    /// The account as the journal left it, or a fresh one.
    pub(super) fn open(options: Options, faults: &Faults) -> io::Result<Self> {
        let (journal, entries) = Journal::open(options.journal.as_deref())?;
        let mut state = Self {
            oauth: Oauth::new(journal.clone(), &options),
            rate: RateLimit::new(&options),
            trouble: None,
            search: SearchIndex::new(u64::try_from(options.search_lag.as_millis()).unwrap_or(u64::MAX)),
            post: Post::new(faults.clone(), &options.hook_pauses),
            options,
            leads: BTreeMap::new(),
            contacts: BTreeMap::new(),
            notes: BTreeMap::new(),
            tasks: BTreeMap::new(),
            tags: BTreeMap::new(),
            fields: BTreeMap::new(),
            pipelines: BTreeMap::new(),
            files: BTreeMap::new(),
            hooks: BTreeMap::new(),
            hired: BTreeMap::new(),
            dismissed: BTreeSet::new(),
            uploads: HashMap::new(),
            bytes: HashMap::new(),
            next_id: seed::FIRST_FREE_ID,
            journal,
            changes: watch::channel(0).0,
        };
        for entry in entries {
            state.restore(entry)?;
        }
        state.seed();
        Ok(state)
    }

    fn restore(&mut self, entry: Entry) -> io::Result<()> {
        if let Ok(id) = entry.id.parse::<Id>() {
            self.next_id = self.next_id.max(id + 1);
        }
        match entry.kind.as_str() {
            "lead" => {
                let lead: Lead = record(entry)?;
                self.search.restore(lead.card.id, lead.card.search_text());
                self.leads.insert(lead.card.id, lead);
            }
            "contact" => {
                let contact: Contact = record(entry)?;
                self.search.restore(contact.card.id, contact.card.search_text());
                self.contacts.insert(contact.card.id, contact);
            }
            "note" => insert(&mut self.notes, record(entry)?, |note: &Note| note.id),
            "task" => insert(&mut self.tasks, record(entry)?, |task: &Task| task.id),
            "tag" => insert(&mut self.tags, record(entry)?, |tag: &Tag| tag.id),
            "field" => {
                let field: Field = record(entry)?;
                let options = field.enums.iter().map(|option| option.id).max().unwrap_or(0);
                self.next_id = self.next_id.max(options + 1);
                self.fields.insert(field.id, field);
            }
            "pipeline" => {
                let pipeline: Pipeline = record(entry)?;
                let stages = pipeline.statuses.iter().map(|stage| stage.id).max().unwrap_or(0);
                self.next_id = self.next_id.max(stages + 1);
                self.pipelines.insert(pipeline.id, pipeline);
            }
            "file" => insert(&mut self.files, record(entry)?, |file: &StoredFile| file.uuid.clone()),
            "hook" => insert(&mut self.hooks, record(entry)?, |hook: &Hook| hook.id),
            "user" => insert(&mut self.hired, record(entry)?, |user: &User| user.id),
            "dismissed" => drop(self.dismissed.insert(record(entry)?)),
            "grant" => self.oauth.restore(record(entry)?),
            kind => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("unknown entity «{kind}» in the journal"),
                ));
            }
        }
        Ok(())
    }

    /// Adds what every account has from the beginning, unless the journal brought it.
    fn seed(&mut self) {
        if self.pipelines.is_empty() {
            for pipeline in seed::pipelines() {
                self.put_pipeline(pipeline);
            }
        }
        let mut fields = seed::system_fields();
        if self.options.with_bot_fields {
            let codes = self.options.bot_field_codes;
            fields.extend(
                seed::bot_fields().into_iter().map(|field| Field { code: field.code.filter(|_| codes), ..field }),
            );
        }
        for field in fields {
            let known = |other: &Field| {
                other.id == field.id || (other.kind == field.kind && other.code.is_some() && other.code == field.code)
            };
            if !self.fields.values().any(known) {
                self.put_field(field);
            }
        }
    }

    /// A fresh id.
    pub(super) fn new_id(&mut self) -> Id {
        self.next_id += 1;
        self.next_id - 1
    }

    /// Follows the number of changes so far.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The account's clock, in seconds since the epoch.
    pub(super) fn now(&self) -> i64 {
        let now = i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX);
        now + self.options.ahead.load(Ordering::Relaxed)
    }

    /// Everybody who works in the account, or did.
    pub(super) fn users(&self) -> Vec<User> {
        let left = |user: &User| self.dismissed.contains(&user.id);
        let everybody = seed::users().into_iter().chain(self.hired.values().cloned());
        everybody.map(|user| User { is_active: user.is_active && !left(&user), ..user }).collect()
    }

    /// Somebody new works in the account, unless it has a user with this id.
    pub(super) fn hire(&mut self, id: Id, name: &str) {
        if self.user(id).is_some() {
            return;
        }
        let email = format!("user{id}@dealer.example");
        let user = User { id, name: name.to_owned(), email, is_admin: false, is_active: true };
        self.journal.upsert("user", id, &user);
        self.hired.insert(id, user);
    }

    /// A user of the account.
    pub(super) fn user(&self, id: Id) -> Option<User> {
        self.users().into_iter().find(|user| user.id == id)
    }

    /// A user leaves.
    pub(super) fn dismiss(&mut self, user: Id) {
        self.journal.upsert("dismissed", user, &user);
        self.dismissed.insert(user);
        self.changed();
    }

    /// Stores a subscription to hooks.
    pub(super) fn put_hook(&mut self, hook: Hook) {
        self.journal.upsert("hook", hook.id, &hook);
        self.hooks.insert(hook.id, hook);
    }

    /// Makes this address the only one that hears of deals.
    pub(super) fn subscribe(&mut self, destination: &str) {
        let others: Vec<Id> = self.hooks.keys().copied().collect();
        others.into_iter().for_each(|id| self.remove_hook(id));
        let hook = Hook::of_deals(self.new_id(), destination, self.now());
        self.put_hook(hook);
    }

    /// Ends a subscription to hooks.
    pub(super) fn remove_hook(&mut self, id: Id) {
        self.journal.remove("hook", id);
        self.hooks.remove(&id);
    }

    /// The common part of a card, if there is one of this kind and id.
    pub(super) fn card(&self, kind: Kind, id: Id) -> Option<&super::model::Card> {
        match kind {
            Kind::Leads => self.leads.get(&id).map(|lead| &lead.card),
            Kind::Contacts => self.contacts.get(&id).map(|contact| &contact.card),
        }
    }

    /// The pipeline deals go to when none is named.
    pub(super) fn main_pipeline(&self) -> Option<&Pipeline> {
        self.pipelines.values().find(|pipeline| pipeline.is_main)
    }

    /// Whether a search for `text` finds this card yet.
    pub(super) fn search_finds(&self, id: Id, text: &str) -> bool {
        self.search.finds(id, &text.to_lowercase(), now_ms())
    }

    /// The tag of this exact name, made if there is none.
    pub(super) fn tag_named(&mut self, kind: Kind, name: &str) -> Id {
        if let Some(tag) = self.tags.values().find(|tag| tag.kind == kind && tag.name == name) {
            return tag.id;
        }
        let tag = Tag { id: self.new_id(), kind, name: name.to_owned() };
        let id = tag.id;
        self.journal.upsert("tag", id, &tag);
        self.tags.insert(id, tag);
        id
    }

    /// Stores a deal.
    pub(super) fn put_lead(&mut self, lead: Lead) {
        self.journal.upsert("lead", lead.card.id, &lead);
        self.search.write(lead.card.id, lead.card.search_text(), now_ms());
        let event = match self.leads.insert(lead.card.id, lead.clone()) {
            Some(old) => Event::Changed(Box::new([old, lead])),
            None => Event::Added(lead),
        };
        self.post.tell(self, &event);
        self.changed();
    }

    /// Deletes a deal. Its notes and tasks are not seen any more.
    pub(super) fn delete_lead(&mut self, id: Id) {
        self.journal.remove("lead", id);
        if let Some(lead) = self.leads.remove(&id) {
            self.post.tell(self, &Event::Deleted(lead));
        }
        self.changed();
    }

    /// Gives the notes and tasks of one deal to another.
    pub(super) fn hand_over(&mut self, from: Id, to: Id) {
        let of_lead = |kind: Option<Kind>, entity: Option<Id>| kind == Some(Kind::Leads) && entity == Some(from);
        let notes: Vec<Note> =
            self.notes.values().filter(|note| of_lead(Some(note.kind), Some(note.entity_id))).cloned().collect();
        notes.into_iter().for_each(|note| self.put_note(Note { entity_id: to, ..note }));
        let tasks: Vec<Task> = self.tasks.values().filter(|task| of_lead(task.kind, task.entity_id)).cloned().collect();
        tasks.into_iter().for_each(|task| self.put_task(Task { entity_id: Some(to), ..task }));
    }

    /// Stores a contact.
    pub(super) fn put_contact(&mut self, contact: Contact) {
        self.journal.upsert("contact", contact.card.id, &contact);
        self.search.write(contact.card.id, contact.card.search_text(), now_ms());
        self.contacts.insert(contact.card.id, contact);
        self.changed();
    }

    /// Stores a note.
    pub(super) fn put_note(&mut self, note: Note) {
        self.journal.upsert("note", note.id, &note);
        self.notes.insert(note.id, note);
        self.changed();
    }

    /// Stores a task.
    pub(super) fn put_task(&mut self, task: Task) {
        self.journal.upsert("task", task.id, &task);
        self.tasks.insert(task.id, task);
        self.changed();
    }

    /// Stores the definition of a field.
    pub(super) fn put_field(&mut self, field: Field) {
        self.journal.upsert("field", field.id, &field);
        self.fields.insert(field.id, field);
        self.changed();
    }

    /// Stores a pipeline.
    pub(super) fn put_pipeline(&mut self, pipeline: Pipeline) {
        self.journal.upsert("pipeline", pipeline.id, &pipeline);
        self.pipelines.insert(pipeline.id, pipeline);
        self.changed();
    }

    /// Stores a file, its bytes first.
    pub(super) fn put_file(&mut self, file: StoredFile, bytes: Vec<u8>) -> io::Result<()> {
        match self.bytes_path(&file.uuid) {
            Some(path) => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                fs::write(path, bytes)?;
            }
            None => {
                self.bytes.insert(file.uuid.clone(), bytes);
            }
        }
        self.journal.upsert("file", &file.uuid, &file);
        self.files.insert(file.uuid.clone(), file);
        self.changed();
        Ok(())
    }

    /// The bytes of a stored file.
    pub(super) fn file_bytes(&self, uuid: &str) -> Option<Vec<u8>> {
        match self.bytes_path(uuid) {
            Some(path) => fs::read(path).ok(),
            None => self.bytes.get(uuid).cloned(),
        }
    }

    fn bytes_path(&self, uuid: &str) -> Option<PathBuf> {
        self.journal.path().map(|journal| journal.with_extension("files").join(uuid))
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

fn record<T: DeserializeOwned>(entry: Entry) -> io::Result<T> {
    serde_json::from_value(entry.value).map_err(io::Error::from)
}

fn insert<K: Ord, T>(records: &mut BTreeMap<K, T>, record: T, key: impl Fn(&T) -> K) {
    records.insert(key(&record), record);
}
