//! The stored state of a chat.

use lead::{LeadId, Seconds, Source};
use serde::{Deserialize, Serialize};

use crate::Person;
use crate::albums::Albums;
use crate::bounded::push_bounded;
use crate::flood::Flood;
use crate::form::Form;
use crate::open_talk::OpenTalk;
use crate::place::{IdleScreen, Place, Question};
use crate::profile::Profile;
use crate::progress::{FunnelProgress, Milestone, SourceProgress};
use crate::prompt::{Notice, Prompt, PromptSent, Reply};
use crate::questions::Questions;
use crate::requests_today::RequestsToday;

/// Handled updates that are remembered.
const MAX_SEEN: usize = 20;

/// Relayed updates that are remembered.
const MAX_RELAYED: usize = 10;

/// How long the counters of minutes stay after everything else about the customer is deleted.
const COUNTERS_TTL: Seconds = 3600;

/// How long a link counts as what brought the customer.
const CLICK_TTL: Seconds = 24 * 3600;

/// The stored state of a chat. Its serialised form carries a version. A form of another version, or one of a
/// questionnaire that has changed, does not deserialise; the caller then starts with `Conversation::default()`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    v: Version,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) banned: bool,
    /// When the session ends.
    #[serde(default)]
    expires_at: Seconds,
    /// When the clock has something to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<Seconds>,
    #[serde(default)]
    pub(crate) place: Place,
    /// A question that covers the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) question: Option<Question>,
    /// A line above the current screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<Notice>,
    #[serde(default)]
    pub(crate) prompt: Prompt,
    #[serde(default, skip_serializing_if = "Profile::is_empty")]
    pub(crate) profile: Profile,
    /// The latest reply, to repeat it when Telegram delivers its update again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply: Option<Reply>,
    /// Handled updates, latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<i64>,
    #[serde(default)]
    pub(crate) flood: Flood,
    #[serde(default)]
    pub(crate) questions: Questions,
    #[serde(default, skip_serializing_if = "RequestsToday::is_empty")]
    pub(crate) requests_today: RequestsToday,
    /// Albums that were answered with a hint. Their other photos get none.
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    pub(crate) hinted_albums: Albums,
    /// The newest link with a source that the customer came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    click: Option<Click>,
    /// Albums with a caption that was taken as a free question. Their other captions are not.
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    pub(crate) asked_albums: Albums,
    /// A person of the dealer's has taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) talk: Option<OpenTalk>,
    /// Updates that went to the team, latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    relayed: Vec<i64>,
}

/// A press on a link to the bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Click {
    #[serde(flatten)]
    source: Source,
    at: Seconds,
}

impl Conversation {
    /// A conversation with a customer who has no stored session.
    #[must_use]
    pub fn begin(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }

    /// Notes the id of the message that shows prompt `seq`.
    pub fn prompt_sent(&mut self, seq: u32, message_id: i64) -> PromptSent {
        if self.prompt.seq == seq {
            self.prompt.message_id = Some(message_id);
            PromptSent::Noted
        } else if self.prompt.message_id == Some(message_id) {
            PromptSent::Reused
        } else {
            PromptSent::Outdated
        }
    }

    /// When the item may be deleted; `None` if it must stay, because the customer is banned.
    #[must_use]
    pub fn expires_at(&self) -> Option<Seconds> {
        let counts_until = self.click.as_ref().map_or(0, |click| click.at + CLICK_TTL);
        let form_kept_until = self.form().map_or(0, Form::kept_until);
        let talk_kept_until = self.talk.as_ref().map_or(0, OpenTalk::kept_until);
        let kept_until =
            [self.expires_at, counts_until, form_kept_until, talk_kept_until, self.requests_today.kept_until()];
        (!self.banned).then_some(kept_until.into_iter().max().unwrap_or_default())
    }

    /// When [`crate::decide_due`] has something to do, if nothing else happens before; `None` if it has not.
    #[must_use]
    pub fn due_at(&self) -> Option<Seconds> {
        self.due_at.filter(|_| !self.banned)
    }

    /// Whether the open dialog already has a stored lead with this id, which its request completes.
    #[must_use]
    pub fn has_stored_lead(&self, id: LeadId) -> bool {
        self.form().is_some_and(|form| form.id == id && form.is_in_crm())
    }

    /// The customer's Telegram account, as far as the open dialog knows it.
    #[must_use]
    pub fn person(&self, chat_id: i64) -> Person {
        let form = self.form();
        Person {
            chat_id,
            username: form.and_then(Form::username).map(str::to_owned),
            first_name: form.and_then(Form::name_at_telegram).unwrap_or_default().to_owned(),
        }
    }

    /// What is known of the customer.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Notes that the customer came by a link.
    pub(crate) fn note_click(&mut self, source: &Source, now: Seconds) {
        self.click = Some(Click { source: source.clone(), at: now });
    }

    /// Where the customer came from lately.
    pub(crate) fn source(&self, now: Seconds) -> Option<&Source> {
        self.click.as_ref().filter(|click| now < click.at + CLICK_TTL).map(|click| &click.source)
    }

    /// Whether the bot answers this chat at all.
    #[must_use]
    pub const fn is_banned(&self) -> bool {
        self.banned
    }

    /// Bans a customer or lifts the ban. A banned customer gets no answer but to `/delete`. The conversation of a
    /// banned customer never expires, so everything personal in it goes at once.
    pub fn set_banned(&mut self, banned: bool) {
        const LONG_AGO: Seconds = 0;
        if banned {
            *self = Self { prompt: self.prompt, ..self.counters_only(LONG_AGO) };
        }
        self.banned = banned;
    }

    /// Whether the answer to this update's question is still awaited.
    #[must_use]
    pub fn awaits_answer(&self, update_id: i64) -> bool {
        self.questions.waits_until(update_id).is_some()
    }

    /// What stays when everything about the customer is deleted: the ban and the counters, which hold no personal data.
    /// Otherwise `/delete` would lift the limits.
    #[must_use]
    pub fn counters_only(&self, now: Seconds) -> Self {
        Self {
            banned: self.banned,
            expires_at: now + COUNTERS_TTL,
            flood: self.flood.counters_only(),
            questions: self.questions.counters_only(),
            requests_today: self.requests_today,
            ..Self::default()
        }
    }

    /// The progress of the open dialog.
    #[must_use]
    pub fn progress(&self) -> Option<FunnelProgress> {
        self.form().map(FunnelProgress::of)
    }

    /// When the open dialog got its last answer.
    #[must_use]
    pub fn answered_at(&self) -> Option<Seconds> {
        self.form().map(Form::answered_at)
    }

    /// What the open dialog has reached since `before`, if a link has brought the customer lately.
    #[must_use]
    pub fn source_progress(&self, before: Option<FunnelProgress>, now: Seconds) -> Option<SourceProgress> {
        let source = self.source(now)?.name().to_owned();
        let milestones: Vec<Milestone> = self.progress()?.milestones_since(before).collect();
        (!milestones.is_empty()).then_some(SourceProgress { source, milestones })
    }

    /// The open dialog's form.
    pub(crate) fn form(&self) -> Option<&Form> {
        match &self.place {
            Place::Dialog(form) => Some(form),
            Place::Idle(_) => None,
        }
    }

    /// The open dialog's form.
    pub(crate) fn form_mut(&mut self) -> Option<&mut Form> {
        match &mut self.place {
            Place::Dialog(form) => Some(form),
            Place::Idle(_) => None,
        }
    }

    pub(crate) const fn has_ended(&self, now: Seconds) -> bool {
        now >= self.expires_at
    }

    /// Whether the session has ended and the open form waits to be continued.
    pub(crate) fn is_paused(&self, now: Seconds) -> bool {
        self.has_ended(now) && self.form().is_some_and(|form| now < form.kept_until())
    }

    /// Whether the session has ended while something was open that cannot be continued: a form that is not kept any
    /// more, or a yes-or-no question.
    pub(crate) fn is_cut_short(&self, now: Seconds) -> bool {
        let is_open = self.question.is_some() || matches!(self.place, Place::Dialog(_));
        self.has_ended(now) && is_open && !self.is_paused(now)
    }

    /// Whether the buttons on the screen are those that continue the form.
    pub(crate) const fn can_be_resumed_by_button(&self) -> bool {
        matches!(self.question, Some(Question::Resume { .. } | Question::Remind))
    }

    /// Whether the question in front is whether to continue the form.
    pub(crate) const fn asks_to_resume(&self) -> bool {
        matches!(self.question, Some(Question::Resume { .. }))
    }

    /// Whether the session has a screen and has not ended.
    pub(crate) const fn is_live(&self, now: Seconds) -> bool {
        self.prompt.seq != 0 && !self.has_ended(now)
    }

    /// Whether this update has been handled.
    pub(crate) fn has_seen(&self, update_id: i64) -> bool {
        self.seen.contains(&update_id)
    }

    /// Notes that an update is handled, and extends the session.
    pub(crate) fn touch(&mut self, update_id: i64, now: Seconds, session_ttl: Seconds) {
        if !self.has_seen(update_id) {
            push_bounded(&mut self.seen, update_id, MAX_SEEN);
        }
        let talk_until = self.talk.as_ref().map_or(0, OpenTalk::until);
        self.expires_at = (now + session_ttl).max(talk_until);
    }

    /// Goes to a screen outside any dialog.
    pub(crate) fn leave_to(&mut self, screen: IdleScreen) {
        self.place = Place::Idle(screen);
        self.question = None;
    }

    /// Starts a dialog.
    pub(crate) fn start(&mut self, form: Form) {
        self.place = Place::Dialog(Box::new(form));
        self.question = None;
        self.questions = self.questions.counters_only();
        self.asked_albums.clear(); // captions are free questions outside a dialog only
    }

    /// Forgets the customer. The number of the prompt stays, so that older buttons stay dead.
    pub(crate) fn forget(&mut self, now: Seconds) {
        *self = Self { prompt: self.prompt, ..self.counters_only(now) };
        self.leave_to(IdleScreen::Forgotten);
    }

    /// Whether a person has taken over at `now`.
    pub(crate) fn is_in_talk(&self, now: Seconds) -> bool {
        self.talk.as_ref().is_some_and(|talk| now < talk.until())
    }

    /// Whether a talk has begun and not been ended; it may have been silent for too long already.
    #[must_use]
    pub const fn has_talk(&self) -> bool {
        self.talk.is_some()
    }

    /// Whether this update went to the team.
    pub(crate) fn was_relayed(&self, update_id: i64) -> bool {
        self.relayed.contains(&update_id)
    }

    /// Notes that an update goes to the team.
    pub(crate) fn note_relayed(&mut self, update_id: i64) {
        push_bounded(&mut self.relayed, update_id, MAX_RELAYED);
    }

    /// Notes a line of the talk. The session lasts as long as the talk: what is on the screen stays as it is.
    pub(crate) fn talk_on(&mut self, now: Seconds) {
        let talk = self.talk.get_or_insert_with(|| OpenTalk::begin(now));
        talk.line_at(now);
        self.expires_at = self.expires_at.max(talk.until());
    }

    /// Lets the session last until then.
    pub(crate) fn extend(&mut self, until: Seconds) {
        self.expires_at = until;
    }

    /// Ends the talk, and what is on the screen about it.
    pub(crate) fn end_talk(&mut self) {
        self.talk = None;
        if self.question == Some(Question::Talk) {
            self.question = None;
        }
    }

    /// Whether the deletion of everything about the customer has begun.
    pub(crate) fn is_forgotten(&self) -> bool {
        matches!(self.place, Place::Idle(IdleScreen::Forgotten))
    }

    /// Starts a new session after the old one has ended. A form that is kept waits to be continued. Anything else that
    /// was open is dropped; a screen that works at any time, like the menu, stays.
    pub(crate) fn restart(&mut self, now: Seconds) {
        if self.is_cut_short(now) {
            self.leave_to(IdleScreen::NotStarted);
        } else if self.form().is_some() && !self.asks_to_resume() {
            self.question = Some(Question::Resume { instead: None });
        }
        self.notice = None;
        self.questions = self.questions.counters_only();
    }
}

/// Version of the stored form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Version;

#[derive(Debug, thiserror::Error)]
#[error("a conversation of version {0}")]
struct UnknownVersion(u8);

impl From<Version> for u8 {
    fn from(Version: Version) -> Self {
        1
    }
}

impl TryFrom<u8> for Version {
    type Error = UnknownVersion;

    fn try_from(version: u8) -> Result<Self, UnknownVersion> {
        if version == 1 { Ok(Self) } else { Err(UnknownVersion(version)) }
    }
}
