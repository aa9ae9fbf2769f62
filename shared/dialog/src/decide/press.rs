//! Pressed buttons.

use values::Typed;

use super::turn::Turn;
use super::{consent, joining, limits, pause, talk};
use crate::action::Action;
use crate::answer::Value;
use crate::branches;
use crate::entities::Entities;
use crate::form::{Form, View};
use crate::place::{IdleScreen, MenuGreeting, Place, Question};
use crate::questionnaire::{Branch, Kind, Step};
use crate::request;
use crate::wishes::has_others;
use crate::{Intent, Verdict, answer};

pub(super) fn pressed(mut turn: Turn<'_>) -> Verdict {
    let Some(action) = turn.pressed_action() else { return turn.stale() };
    turn.next.notice = None;
    let now = turn.moment.now;
    if turn.before.is_paused(now) && !turn.before.can_be_resumed_by_button() {
        return turn.show(); // the question whether to continue takes the place of the old screen
    }
    match (turn.before.question, &turn.before.place) {
        (Some(question), _) => answered(turn, question, action),
        (None, Place::Idle(screen)) => on_idle_screen(turn, screen, action),
        (None, Place::Dialog(form)) => in_dialog(turn, form, action),
    }
}

/// An answer to the question in front.
fn answered(mut turn: Turn<'_>, question: Question, action: Action<'_>) -> Verdict {
    match (question, action) {
        (Question::Consent, _) => consent::answered(turn, action),
        (Question::ConsentToTalk, _) => talk::consent_answered(turn, action),
        (Question::Talk, Action::Home) => talk::left(turn),
        (Question::ToManager, Action::Yes) => talk::to_manager(turn),
        (Question::Forget | Question::Privacy, Action::No) if talk::is_open(turn.before, turn.moment, turn.rules) => {
            talk::show(turn)
        }
        (Question::Privacy, Action::TakeBack) => consent::take_back(turn),
        (Question::Reset, Action::Yes) => discard(turn, None),
        (Question::Switch(service), Action::Yes) => discard(turn, Some(service)),
        (Question::Forget, Action::Yes) => turn.forget(),
        (Question::Resume { .. } | Question::Remind, Action::Yes) => pause::resume(turn),
        (Question::Remind, Action::NotNow) => pause::put_off(turn),
        (Question::Remind, Action::NoReminders) => pause::stop_reminders(turn),
        (Question::Resume { instead }, Action::No) => discard(turn, instead),
        (_, Action::No) if turn.next.form().is_some() => {
            turn.next.question = None;
            turn.show()
        }
        (_, Action::No) => turn.open_menu(MenuGreeting::Plain),
        _ => turn.stale(),
    }
}

/// Discards the open form and starts the questionnaire of this service, or shows the menu.
fn discard(turn: Turn<'_>, service: Option<Intent>) -> Verdict {
    match service.and_then(Intent::branch).and_then(branches::find) {
        Some(branch) => start(turn, branch, &Entities::default()),
        None => turn.open_menu(MenuGreeting::Plain),
    }
}

fn on_idle_screen(mut turn: Turn<'_>, screen: &IdleScreen, action: Action<'_>) -> Verdict {
    match (screen, action) {
        (IdleScreen::Menu(_) | IdleScreen::Help | IdleScreen::Privacy, Action::Open(id)) => match branches::find(id) {
            Some(branch) if branch.in_menu => start(turn, branch, &Entities::default()),
            _ => turn.stale(),
        },
        (IdleScreen::Answer { offer: Some(offer), entities, .. }, Action::Open(id)) if offer == id => {
            match branches::find(id) {
                Some(branch) => start(turn, branch, entities),
                None => turn.stale(),
            }
        }
        (IdleScreen::Privacy, Action::TakeBack) => consent::take_back(turn),
        (IdleScreen::Help | IdleScreen::Answer { person: true, .. }, Action::Human) => talk::asked_for(turn),
        (IdleScreen::Menu(_) | IdleScreen::Help | IdleScreen::Privacy, Action::Ask) => {
            turn.next.leave_to(IdleScreen::Invitation);
            turn.show()
        }
        (IdleScreen::Invitation | IdleScreen::Answer { menu: true, .. }, Action::Home) => {
            turn.open_menu(MenuGreeting::Plain)
        }
        _ => turn.stale(),
    }
}

pub(super) fn start(mut turn: Turn<'_>, branch: &'static Branch, entities: &Entities) -> Verdict {
    if limits::has_sent_enough(&turn.next, turn.moment, turn.rules) {
        return limits::refuse_to_start(turn);
    }
    let mut form = Form::new(branch, turn.moment.fresh_id);
    form.prefill(entities, turn.moment.year);
    form.reserve(turn.next.profile.stored_len());
    form.offer_first_name(&turn.event.person.first_name);
    if !branch.in_menu {
        // It was offered because the answers did not help: the manager should know the questions.
        form.preface = turn.before.questions.recent().to_vec();
    }
    if let Place::Idle(IdleScreen::Answer { .. }) = &turn.before.place {
        let sentence = turn.before.questions.recent().last();
        let wishes_more = |sentence: &&String| branch.intent.is_some_and(|service| has_others(sentence, service));
        form.preface.extend(sentence.filter(wishes_more).cloned());
        if let Some((voice, words)) = turn.before.questions.spoken() {
            let has_words = !form.preface.is_empty();
            form.begin_spoken(voice, Some(words).filter(|_| !has_words));
        }
    }
    turn.next.start(form);
    turn.show()
}

fn in_dialog(turn: Turn<'_>, form: &Form, action: Action<'_>) -> Verdict {
    match (&form.view, action) {
        (View::Step | View::Other | View::Confirm, Action::Take) if form.respelled_car().is_some() => {
            turn.in_form(Form::take_spelling)
        }
        (View::Step | View::Other, Action::Yes) if form.unconfirmed().is_some() => turn.confirm_understood(),
        (View::Confirm, Action::Field(id)) if form.unasked().any(|step| step.id == id) => turn.in_form(|form| {
            form.edit(id);
        }),
        (View::Confirm, _) => confirmation(turn, form, action),
        (View::Fields, Action::Field(step)) if form.branch.position(step).is_some() => turn.in_form(|form| {
            form.edit(step);
        }),
        (View::Step, _) if form.step().kind == Kind::Phone => turn.stale(), // that step has no inline buttons
        (View::Step, Action::Back) if !form.has_back() => turn.stale(),
        (_, Action::Back) => turn.in_form(Form::back),
        (_, Action::Home) => home(turn),
        (View::Step, _) => at_step(turn, form, action),
        _ => turn.stale(),
    }
}

/// Goes back to the menu. If there are answers, asks first.
pub(super) fn home(mut turn: Turn<'_>) -> Verdict {
    if turn.next.form().is_some_and(Form::has_answers) {
        turn.next.question = Some(Question::Reset);
        return turn.show();
    }
    turn.open_menu(MenuGreeting::Plain)
}

fn at_step(mut turn: Turn<'_>, form: &Form, action: Action<'_>) -> Verdict {
    let step = form.step();
    match action {
        Action::Yes if turn.offers_profile() => take_profile(turn),
        Action::Other if turn.offers_profile() => turn.in_form(Form::decline_profile),
        Action::FirstName => match form.first_name().map(|name| Typed::alone(Value::Text(name.to_owned()))) {
            Some(name) if form.has_room_for(step, &name) => turn.answer(name),
            Some(_) => turn.hint_too_long(),
            None => turn.stale(),
        },
        Action::Choose(id) if has_choice(step, id) => {
            turn.in_form(|form| form.answer_with(Value::Choice(id.to_owned())))
        }
        Action::Year(year) if step.offers_years() => match answer::read(step, &year.to_string(), turn.moment.year) {
            Some(Ok(read)) => turn.in_form(|form| form.answer_with(read.value)),
            _ => turn.stale(),
        },
        Action::Other if step.has_other() => turn.in_form(Form::ask_other),
        Action::Accept if form.answer(step).is_some() => turn.in_form(Form::accept),
        Action::AcceptAll if form.acceptable_at_once().is_some() => turn.in_form(Form::accept_all),
        Action::Skip if step.optional => turn.in_form(|form| form.answer_with(Value::Skipped)),
        Action::Clear if step.kind == Kind::Photos => {
            turn.set_notice(turn.text("photos-cleared"));
            turn.in_form(Form::clear_photos)
        }
        _ => turn.stale(),
    }
}

/// Answers name and phone with those of an earlier request.
pub(super) fn take_profile(turn: Turn<'_>) -> Verdict {
    let known = turn.next.profile.contact().map(|(name, phone)| (name.to_owned(), phone.clone()));
    let Some((name, phone)) = known else { return turn.stale() };
    let read = Typed::alone(Value::Text(name.clone()));
    let fits = turn.next.form().is_some_and(|form| form.has_room_for(form.step(), &read));
    if fits { turn.in_form(|form| form.answer_contact(Some(name), phone)) } else { turn.hint_too_long() }
}

fn has_choice(step: &Step, id: &str) -> bool {
    step.choices().iter().any(|choice| choice.id == id)
}

fn confirmation(turn: Turn<'_>, form: &Form, action: Action<'_>) -> Verdict {
    match action {
        // The policy is newer than the form.
        Action::Send if consent::is_missing(&turn) => turn.show(),
        Action::Send if !turn.moment.takes_requests => limits::refuse_to_send(turn, "too-many-requests.of-all"),
        Action::Send if !form.is_in_crm() && limits::has_sent_enough(&turn.next, turn.moment, turn.rules) => {
            limits::refuse_to_send(turn, "too-many-requests.kept")
        }
        Action::Send => match request::finished(form, &turn.event.person, turn.moment.now, turn.language()) {
            Some(mut request) => {
                let mut turn = turn;
                request.source = turn.next.source(turn.moment.now).cloned();
                request.consent = consent::of_request(&mut turn);
                if !form.is_in_crm() {
                    limits::count_request(&mut turn.next, turn.moment, turn.rules);
                }
                let number = request.id.request_number();
                let joins = joining::joined_by(&turn, form, &request);
                turn.next.profile.remember(&request, joins.is_some());
                let joins = joins.map(|earlier| earlier.request_number());
                let opens_at = turn.rules.dealer.calendar.next_opening(turn.moment.now);
                let opens_at = opens_at.filter(|at| *at > turn.moment.now);
                turn.next.leave_to(IdleScreen::Menu(MenuGreeting::Sent { number, opens_at, joins }));
                turn.submit(request)
            }
            None => turn.in_form(|form| {
                form.go_to_missing();
            }),
        },
        Action::Change => turn.in_form(|form| form.view = View::Fields),
        Action::Cancel => turn.open_menu(MenuGreeting::Cancelled),
        _ => turn.stale(),
    }
}
