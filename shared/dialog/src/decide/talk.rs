//! A person takes over: the bot passes on what customer and team say to each other, and keeps quiet.
//!
//! While a talk is open, buttons and the commands about data still work; everything else that the customer sends goes
//! to the team. A form that was open stays, and is offered again when the talk ends.

use lead::safe_text::name_without_numbers;
use talk::{Body, Edit, Line, Media, Message, Said, Side};
use values::{Phrase, phrase};

use super::turn::Turn;
use super::{DueChat, command, consent, due, pause, press};
use crate::action::Action;
use crate::entities::Entities;
use crate::form::Form;
use crate::place::{IdleScreen, MenuGreeting, Question};
use crate::prompt::Notice;
use crate::{
    BotCommand, Conversation, Effect, Event, Input, Keyboard, MANAGER_BRANCH, Moment, Person, Rules, Screen, Text,
    Unsupported, Verdict, branches, plain,
};

/// Longest name of a topic, in characters: <https://core.telegram.org/bots/api#createforumtopic>.
const MAX_TITLE: usize = 128;

/// Something that the team does in a customer's topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamAct {
    /// Writes to the customer.
    Writes,
    /// Ends the talk: `/close`.
    Closes,
}

/// The result of what the team did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TeamAnswer {
    /// The customer gets the message.
    PassOn,
    /// The customer is banned: nothing is passed on.
    Banned,
    /// The customer has not agreed to it, or not any more: nothing is passed on.
    NoConsent,
    /// The talk has ended.
    Closed,
    /// There was no talk to end.
    NothingToClose,
}

/// Whether the decision on an event depends on [`Moment::has_topics`].
#[must_use]
pub fn wants_person(before: &Conversation, event: &Event) -> bool {
    match &event.input {
        Input::Command(command) => *command == BotCommand::Human,
        Input::Text(text) | Input::Heard { words: Some(text), .. } => phrase::of(text) == Some(Phrase::CallPerson),
        Input::Press { data, .. } => {
            let calls = matches!(Action::parse(data), Some((_, Action::Human)));
            calls || before.question == Some(Question::ConsentToTalk)
        }
        _ => false,
    }
}

/// Decides what follows when the team does something in a customer's topic. The verdict's effects are for the customer.
#[must_use]
pub fn decide_team(before: &Conversation, act: TeamAct, moment: &Moment, rules: &Rules) -> (Verdict, TeamAnswer) {
    let nothing = Verdict::Stay(Vec::new());
    let is_open = is_open(before, moment, rules);
    match act {
        _ if before.banned => (nothing, TeamAnswer::Banned),
        TeamAct::Closes if !is_open => (nothing, TeamAnswer::NothingToClose),
        TeamAct::Writes if !is_open && !may_be_written_to(before, rules) => (nothing, TeamAnswer::NoConsent),
        TeamAct::Closes => {
            let mut next = before.clone();
            end(&mut next, moment, rules);
            next.extend(moment.now + rules.session_ttl);
            let effects = due::show_unasked(&mut next, moment, rules);
            (moved(next, effects, moment, rules), TeamAnswer::Closed)
        }
        TeamAct::Writes => {
            let mut next = before.clone();
            next.talk_on(moment.now);
            let text = Text::plain(rules.language.text("talk-joined"));
            let joined = Effect::Send(Screen { text, keyboard: Keyboard::None });
            let effects = if is_open { Vec::new() } else { vec![joined] };
            (moved(next, effects, moment, rules), TeamAnswer::PassOn)
        }
    }
}

fn moved(mut next: Conversation, effects: Vec<Effect>, moment: &Moment, rules: &Rules) -> Verdict {
    next.due_at = due::due_at(&next, rules, moment.now);
    Verdict::Move { next: Box::new(next), request: None, effects }
}

/// Whether the team may write first. A customer who took the agreement back was promised that nobody would.
fn may_be_written_to(conversation: &Conversation, rules: &Rules) -> bool {
    let choices = conversation.profile().choices();
    choices.consent.is_some() || rules.privacy_policy_url.is_none() && !choices.reminders_off
}

/// Whether a person has taken over.
pub(super) fn is_open(conversation: &Conversation, moment: &Moment, rules: &Rules) -> bool {
    rules.dealer.sales_chat.is_some() && conversation.is_in_talk(moment.now)
}

/// Something that the customer does while a talk is open.
pub(super) fn during(mut turn: Turn<'_>) -> Verdict {
    match &turn.event.input {
        Input::Press { .. } => press::pressed(turn),
        Input::Command(command @ (BotCommand::Status | BotCommand::Privacy | BotCommand::Delete)) => {
            command::given(turn, *command)
        }
        Input::Command(_) => show(turn),
        Input::Link(link) => {
            if let Some(source) = &link.source {
                turn.next.note_click(source, turn.moment.now);
            }
            show(turn)
        }
        _ => match said(turn.event) {
            Some(said) => {
                let line = line(&turn, said);
                pass_on(&mut turn, line);
                turn.store(Vec::new())
            }
            None => Verdict::Stay(Vec::new()),
        },
    }
}

/// `/human`, or the button that calls a person.
pub(super) fn asked_for(mut turn: Turn<'_>) -> Verdict {
    turn.next.notice = None;
    let has_topics = turn.moment.has_topics && turn.rules.dealer.sales_chat.is_some();
    if is_open(&turn.next, turn.moment, turn.rules) {
        show(turn)
    } else if !has_topics {
        offer_manager(turn)
    } else if consent::is_missing(&turn) {
        turn.next.question = Some(Question::ConsentToTalk);
        turn.show()
    } else {
        let line = call(&turn);
        pass_on(&mut turn, line);
        show(turn)
    }
}

/// Shows who answers when, and the way back to the bot.
pub(super) fn show(mut turn: Turn<'_>) -> Verdict {
    turn.next.notice = None;
    turn.next.question = Some(Question::Talk);
    turn.show()
}

/// A press on the screen that asks for the agreement before a person is called.
pub(super) fn consent_answered(mut turn: Turn<'_>, action: Action<'_>) -> Verdict {
    match action {
        Action::Agree(version) => {
            turn.next.question = None;
            consent::agree(&mut turn, version);
            asked_for(turn)
        }
        Action::No => {
            turn.next.question = None;
            let notice = turn.text("talk-declined");
            turn.set_notice(notice);
            if turn.next.form().is_some() { turn.show() } else { turn.open_menu(MenuGreeting::Plain) }
        }
        _ => turn.stale(),
    }
}

/// The customer goes back to the bot.
pub(super) fn left(mut turn: Turn<'_>) -> Verdict {
    if is_open(&turn.next, turn.moment, turn.rules) {
        let word = line(&turn, Said::Word(turn.text("team-customer-left")));
        turn.relay(word);
    }
    turn.next.end_talk();
    if turn.next.form().is_some() { pause::resume(turn) } else { turn.open_menu(MenuGreeting::TalkLeft) }
}

/// Discards the open form for the one that asks for name and phone.
pub(super) fn to_manager(turn: Turn<'_>) -> Verdict {
    match branches::find(MANAGER_BRANCH) {
        Some(manager) => press::start(turn, manager, &Entities::default()),
        None => turn.stale(),
    }
}

/// While a talk is open, says above a form where typed text goes.
pub(super) fn warn_of_typing(turn: &mut Turn<'_>) {
    let is_form = turn.next.form().is_some() && turn.next.question.is_none();
    if is_form && turn.next.notice.is_none() && is_open(&turn.next, turn.moment, turn.rules) {
        let notice = turn.text("talk-typed");
        turn.set_notice(notice);
    }
}

/// After this silence the bot answers again.
pub(super) fn fall_silent(next: &mut Conversation, chat: &DueChat, moment: &Moment, rules: &Rules) -> Vec<Effect> {
    let title = title_of(&next.person(chat.chat_id));
    end(next, moment, rules);
    let shown = if chat.may_write { due::show_unasked(next, moment, rules) } else { Vec::new() };
    let said = Said::Word(rules.language.text("team-talk-over"));
    let line = Line { update_id: None, at: moment.now, to: Side::Team, said };
    shown.into_iter().chain([Effect::Relay { line: Box::new(line), title }]).collect()
}

/// Ends the talk. A form that it interrupted is offered again, which is as good as a reminder.
fn end(next: &mut Conversation, moment: &Moment, rules: &Rules) {
    next.end_talk();
    next.notice = None;
    if next.form().is_none() || next.is_cut_short(moment.now) {
        next.leave_to(IdleScreen::Menu(MenuGreeting::TalkOver));
        return;
    }
    next.question = Some(Question::Resume { instead: None });
    next.notice = Some(Notice::Line(rules.language.text("talk-over")));
    if let Some(form) = next.form_mut() {
        form.note_reminded();
    }
}

/// What to pass on again when Telegram delivers an update again: it may have been lost on the way.
pub(super) fn again(turn: &Turn<'_>) -> Option<Effect> {
    if !turn.before.was_relayed(turn.event.update_id) {
        return None;
    }
    let line = said(turn.event).map_or_else(|| call(turn), |said| line(turn, said));
    Some(Effect::Relay { line: Box::new(line), title: title_of(&turn.event.person) })
}

/// What the customer's topic is called.
pub(super) fn title_of(person: &Person) -> String {
    let name = name_without_numbers(&person.first_name);
    let username = person.username.as_ref().map(|username| format!("@{username}"));
    let parts = [Some(name).filter(|name| !name.is_empty()), username];
    let title = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    if title.is_empty() { person.chat_id.to_string() } else { plain::cut(&title, MAX_TITLE, usize::MAX) }
}

/// Offers the questionnaire for a manager, because nobody can be called.
fn offer_manager(mut turn: Turn<'_>) -> Verdict {
    match turn.next.form() {
        Some(form) if form.branch.id == MANAGER_BRANCH => {
            turn.next.question = None;
            turn.show()
        }
        Some(_) => {
            turn.next.question = Some(Question::ToManager);
            turn.show()
        }
        None => to_manager(turn),
    }
}

fn pass_on(turn: &mut Turn<'_>, line: Line) {
    turn.next.talk_on(turn.moment.now);
    turn.next.note_relayed(turn.event.update_id);
    turn.relay(line);
}

/// Tells the team that the customer wants a person, and what the bot was asked before.
fn call(turn: &Turn<'_>) -> Line {
    let asked = turn.before.questions.recent().iter().map(|question| format!("• {question}"));
    let stop = turn.before.form().map(Form::stop_text).map(|stop| turn.text(&stop));
    let form = turn.before.form().zip(stop).map(|(form, stop)| {
        let arguments = [("service", turn.text(form.branch.id).into()), ("stop", stop.into())];
        turn.language().text_with("team-called.form", arguments)
    });
    let asked = asked.collect::<Vec<_>>().join("\n");
    let asked = (!asked.is_empty()).then(|| format!("{}\n{asked}", turn.text("team-called.asked")));
    let parts = [Some(turn.text("team-called")), form, asked];
    line(turn, Said::Word(parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")))
}

fn line(turn: &Turn<'_>, said: Said) -> Line {
    Line { update_id: Some(turn.event.update_id), at: turn.moment.now, to: Side::Team, said }
}

/// What the customer says with this event; `None` if it is not said to anybody.
fn said(event: &Event) -> Option<Said> {
    let id = event.message_id?;
    let body = match &event.input {
        Input::Text(text) => Body::Text(text.clone()),
        Input::Edited(text) => return Some(Said::Edit(Edit { id, author: None, text: text.clone() })),
        input => Body::Media { kind: media_in(input)?, caption: input.words().map(str::to_owned) },
    };
    let album = event.input.album().map(str::to_owned);
    Some(Said::Message(Message { id, reply_to: event.reply_to, album, author: None, body }))
}

/// What a message holds besides text; `None` for a text, and for what is not a message.
#[must_use]
pub const fn media_in(input: &Input) -> Option<Media> {
    let kind = match input {
        Input::Photo { .. } => return Some(Media::Photo),
        Input::Voice(_) => return Some(Media::Voice),
        Input::Contact { .. } => return Some(Media::Contact),
        Input::Unsupported { kind, .. } => *kind,
        Input::Command(_)
        | Input::Link(_)
        | Input::Text(_)
        | Input::Edited(_)
        | Input::Press { .. }
        | Input::Heard { .. }
        | Input::Ai(_) => return None,
    };
    Some(match kind {
        Unsupported::Voice => Media::Voice,
        Unsupported::Sticker => Media::Sticker,
        Unsupported::Video => Media::Video,
        Unsupported::Document | Unsupported::LargeImage => Media::File,
        Unsupported::Location => Media::Location,
        Unsupported::Other => Media::Other,
    })
}
