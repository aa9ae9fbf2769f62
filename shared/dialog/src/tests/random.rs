//! Random actions in any order: the bot always answers and nothing breaks.

use lead::Consent;
use proptest::prelude::*;

use super::dealer_facts::informed;
use super::talk::{Talk, captioned, inline, photo};
use crate::{
    AiAnswer, AnsweredBy, BotCommand, Choices, Conversation, Effect, Entities, Input, Intent, Profile, TeamAct,
    TeamAnswer, Unsupported, Verdict, consent,
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Something that a customer, Telegram or the clock may do.
#[derive(Clone, Debug)]
enum Step {
    Say(String),
    Edit(u8, String),
    Tap(usize),
    TapKey(usize),
    PressOld(usize),
    PressAnything(String),
    Photo(u8),
    Album(u8, u8),
    Contact {
        phone: String,
        is_own: bool,
    },
    Command(usize),
    Link(String),
    Captioned(u8, String),
    Unsupported(Option<String>),
    Understand(AiAnswer),
    Speak(u32),
    Hear(Option<String>),
    Redeliver,
    Wait(i64),
    WaitUntilDue,
    /// The clock does what is due; the flag says whether the bot may write first.
    ClockStrikes(bool),
    LoseIds(bool),
    /// The team does something in the customer's topic.
    Team(TeamAct),
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => prop::sample::select(vec![
            "Toyota Camry", "тойота камри", "2019", "85 тыс", "1,5 млн", "Иван", "+7 900 123-45-67", "А123ВС77",
            "WBAFA51010LP00000", "⬅️ Назад", "🏠 В начало", "✅ Принять", "", "/start", "Для города", "Без разницы",
            "Где вы находитесь?", "парковка есть?", "А сколько стоит полировка фар?",
        ])
        .prop_map(str::to_owned),
        2 => "\\PC{0,40}",
        1 => any::<String>(),
        1 => "[👍\u{202e}\"\\\\\n]{900,1100}",
        1 => "[а-я]{900,1100}",
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => words().prop_map(Step::Say),
        2 => (0..3_u8, words()).prop_map(|(back, text)| Step::Edit(back, text)),
        20 => any::<usize>().prop_map(Step::Tap),
        6 => any::<usize>().prop_map(Step::TapKey),
        2 => any::<usize>().prop_map(Step::PressOld),
        1 => "\\PC{0,70}".prop_map(Step::PressAnything),
        2 => any::<u8>().prop_map(Step::Photo),
        2 => (any::<u8>(), 1..11_u8).prop_map(|(album, count)| Step::Album(album, count)),
        2 => ("[+0-9]{0,14}", any::<bool>()).prop_map(|(phone, is_own)| Step::Contact { phone, is_own }),
        2 => (0..COMMANDS.len()).prop_map(Step::Command),
        2 => prop_oneof!["[A-Za-z0-9_-]{1,64}", "s_[a-z]{60}", "b_(sell|buy|manager|none)"].prop_map(Step::Link),
        1 => (any::<u8>(), words()).prop_map(|(name, words)| Step::Captioned(name, words)),
        1 => prop::option::of(words()).prop_map(Step::Unsupported),
        3 => ai_answer().prop_map(Step::Understand),
        3 => (1..130_u32).prop_map(Step::Speak),
        3 => prop::option::weighted(0.9, words()).prop_map(Step::Hear),
        2 => Just(Step::Redeliver),
        3 => prop_oneof![0..HOUR, 0..9 * DAY].prop_map(Step::Wait),
        3 => any::<bool>().prop_map(Step::ClockStrikes),
        1 => any::<bool>().prop_map(Step::LoseIds),
        1 => prop::sample::select(vec![TeamAct::Writes, TeamAct::Closes]).prop_map(Step::Team),
    ]
}

const COMMANDS: [BotCommand; 7] = [
    BotCommand::Start,
    BotCommand::Menu,
    BotCommand::Help,
    BotCommand::Status,
    BotCommand::Privacy,
    BotCommand::Delete,
    BotCommand::Human,
];

fn ai_answer() -> impl Strategy<Value = AiAnswer> {
    let entities = (prop::option::of(words()), any::<Option<i16>>(), any::<Option<u64>>(), any::<Option<u32>>());
    let answered_by = prop::sample::select(vec![AnsweredBy::Nobody, AnsweredBy::Bot, AnsweredBy::Dealer(vec![1, 2])]);
    let told = (prop::sample::select(Intent::ALL), any::<f32>(), entities, answered_by, words());
    told.prop_map(|(intent, confidence, entities, answered_by, reply)| {
        let (make, year, roubles, km) = entities;
        AiAnswer {
            intent,
            confidence,
            entities: Entities { make: make.clone(), model: make, year, roubles, km },
            answered_by,
            reply,
        }
    })
}

/// What the bot has done so far, to see whether it answered a step.
fn traces(talk: &Talk) -> (i64, usize, usize, usize, usize, u32) {
    let seq = talk.conversation.prompt.seq;
    (talk.messages(), talk.popups.len(), talk.questions.len(), talk.requests.len(), talk.relayed.len(), seq)
}

fn live_buttons(talk: &Talk) -> Vec<(i64, String)> {
    let buttons =
        talk.chat.iter().flat_map(|(id, screen)| inline(screen).map(move |button| (*id, button.data.clone())));
    buttons.collect()
}

fn perform(talk: &mut Talk, old: &mut Vec<(i64, String)>, step: Step) {
    let before = traces(talk);
    let mut must_answer = true;
    match step {
        Step::Say(text) => drop(talk.say(&text)),
        Step::Edit(back, text) => {
            talk.edit(talk.last_update() - i64::from(back), &text);
            must_answer = false; // the text may be the same
        }
        Step::Tap(which) => {
            let buttons = live_buttons(talk);
            old.extend(buttons.iter().cloned());
            match buttons.get(which % buttons.len().max(1)) {
                Some((id, data)) => drop(talk.press(*id, data)),
                None => must_answer = false,
            }
        }
        Step::TapKey(which) => {
            let keys: Vec<_> = talk.keyboard().into_iter().flatten().collect();
            match keys.get(which % keys.len().max(1)) {
                Some(key) if key.request_contact => drop(talk.share("79001234567")),
                Some(key) => drop(talk.say(&key.text)),
                None => must_answer = false,
            }
        }
        Step::PressOld(which) => match old.get(which % old.len().max(1)).cloned() {
            Some((id, data)) => drop(talk.press(id, &data)),
            None => must_answer = false,
        },
        Step::PressAnything(data) => drop(talk.press(1, &data)),
        Step::Photo(name) => drop(talk.send_photo(&name.to_string())),
        Step::Album(album, count) => {
            let names: Vec<String> = (0..count).map(|number| format!("{album}-{number}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            talk.send_album(&album.to_string(), &names);
            must_answer = false; // the album may be known already
        }
        Step::Contact { phone, is_own } => drop(talk.input(Input::Contact { phone, is_own })),
        Step::Command(which) => drop(talk.command(COMMANDS[which])),
        Step::Link(payload) => drop(talk.follow(&payload)),
        Step::Captioned(name, words) => drop(talk.input(captioned(&name.to_string(), None, &words))),
        Step::Unsupported(caption) => {
            talk.input(Input::Unsupported { kind: Unsupported::Video, album: None, caption });
        }
        Step::Understand(understood) => {
            if !talk.questions.is_empty() {
                talk.understand(understood);
            }
            must_answer = false;
        }
        Step::Speak(seconds) => {
            talk.speak_for(seconds);
            must_answer = false; // its words are found out first
        }
        Step::Hear(words) => {
            if !talk.recordings.is_empty() {
                talk.hear(words.as_deref());
            }
            must_answer = false;
        }
        Step::Redeliver => {
            if talk.last_update() > 100 {
                let was_handled = talk.conversation.has_seen(talk.last_update());
                let requests = talk.requests.len();
                let verdict = talk.redeliver();
                let moves = matches!(&verdict, Verdict::Move { effects, .. } if !matches!(effects[..], [Effect::AskAi { .. } | Effect::Transcribe { .. }]));
                assert!(!(was_handled && moves), "state moves once for an update, but to ask the model again");
                assert!(!was_handled || talk.requests.len() == requests);
            }
            must_answer = false;
        }
        Step::Wait(seconds) => {
            talk.wait(seconds);
            must_answer = false;
        }
        Step::WaitUntilDue => {
            talk.now = talk.now.max(talk.conversation.due_at().unwrap_or_default());
            must_answer = false;
        }
        Step::ClockStrikes(may_write) => {
            talk.may_write = may_write;
            strike(talk);
            must_answer = false;
        }
        Step::Team(act) => {
            let was_open = talk.conversation.is_in_talk(talk.now + 2);
            let answer = talk.team(act);
            assert_eq!(answer == TeamAnswer::PassOn, act == TeamAct::Writes && talk.conversation.talk.is_some());
            assert_eq!(answer == TeamAnswer::Closed, act == TeamAct::Closes && was_open);
            must_answer = false;
        }
        Step::LoseIds(loses) => {
            talk.loses_ids = loses;
            must_answer = false;
        }
    }
    // A customer who asks too much is told once.
    let was_told = talk.conversation.questions.told_lately(talk.now);
    assert!(!must_answer || was_told || traces(talk) != before, "no answer");
    let kept_until = talk.conversation.expires_at().expect("nobody is banned");
    assert!(kept_until <= talk.now + 7 * DAY, "nothing is kept for ever");
    assert!(talk.conversation.due_at().is_none_or(|due_at| due_at < kept_until), "what is due is still there");
}

/// The clock strikes until nothing is due any more.
fn strike(talk: &mut Talk) {
    for _ in 0..3 {
        let (before, popups) = (talk.conversation.clone(), talk.popups.len());
        let (messages, requests, relayed) = (talk.messages(), talk.requests.len(), talk.relayed.len());
        let is_due = before.due_at().is_some_and(|due_at| due_at <= talk.now);
        let verdict = talk.clock_strikes();
        assert_eq!(matches!(verdict, Verdict::Move { .. }), is_due, "{verdict:?}");
        if before.talk.is_some() && talk.conversation.talk.is_none() {
            assert!(
                !before.is_in_talk(talk.now) && talk.relayed.len() > relayed,
                "the team hears that the talk is over"
            );
            assert!(talk.may_write || talk.messages() == messages);
        } else if talk.messages() > messages {
            let form = before.form().expect("a reminder is of a form");
            assert!(before.talk.is_none(), "a reminder does not interrupt a talk");
            assert!(form.may_be_reminded() && !talk.conversation.form().expect("it stays").may_be_reminded());
            assert!(talk.may_write && !before.profile().choices().reminders_off);
            assert!(talk.rules.dealer.calendar.is_open(talk.now));
            assert!(!before.is_cut_short(talk.now), "there is something to continue");
        }
        if let Some(request) = talk.requests.get(requests) {
            assert!(request.unfinished.is_some() && request.consent.is_some());
            assert!(talk.conversation.has_stored_lead(request.id) && !before.has_stored_lead(request.id));
        }
        assert_eq!(talk.popups.len(), popups);
        assert_eq!(talk.conversation.profile(), before.profile());
    }
    assert!(talk.conversation.due_at().is_none_or(|due_at| talk.now < due_at), "nothing is due for ever");
}

/// A dealer who wants to hear of everything, and a customer who has agreed to it.
fn talk(has_policy: bool) -> Talk {
    let mut talk = Talk::new();
    talk.rules.privacy_policy_url = has_policy.then(|| "https://dealer.example/privacy".to_owned());
    let file = "[hours]\n\"Mon-Sat\" = \"09:00-20:00\"\n[unfinished]\nresume_days = 7\n[sales_chat]\nchat_id = -100";
    talk.has_topics = true;
    *talk.dealer() = dealer::parse(file).expect("a dealer's file");
    let consent = Some(Consent { version: consent::version(&talk.rules), at: 1_780_000_000, update_id: 7 });
    let choices = Choices { consent, reminders_off: false };
    talk.conversation = Conversation::begin(Profile::default().with_choices(choices));
    talk
}

/// What happens to a form that is left half-way.
fn later() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop_oneof![6 => 0..HOUR, 3 => 0..DAY, 1 => 0..9 * DAY].prop_map(Step::Wait),
        4 => Just(Step::WaitUntilDue),
        8 => prop::bool::weighted(0.8).prop_map(Step::ClockStrikes),
        4 => any::<usize>().prop_map(Step::Tap),
        4 => step(),
    ]
}

/// A request is made once, and at most once unfinished before.
fn assert_requests_are_made_once(talk: &Talk) {
    let made: Vec<_> = talk.requests.iter().map(|request| (request.id, request.unfinished.is_none())).collect();
    assert!(made.iter().is_sorted_by(|a, b| a.0 != b.0 || a < b), "{made:?}");
    let once: std::collections::BTreeSet<_> = made.iter().collect();
    assert_eq!(once.len(), made.len(), "{made:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// [`Talk`] checks every screen against Telegram's limits and every stored state against its size.
    #[test]
    fn nothing_breaks(steps in prop::collection::vec(step(), 1..80), has_policy in any::<bool>()) {
        let mut talk = talk(has_policy);
        talk.dealer().facts = informed(Talk::new()).dealer().facts.clone();
        let mut old = Vec::new();
        for step in steps {
            perform(&mut talk, &mut old, step);
        }
        assert_requests_are_made_once(&talk);
        prop_assert!(talk.requests.iter().all(|request| request.consent.is_some()));
    }

    /// Customers who leave a form at any question and at any time, and come back or not.
    #[test]
    fn nothing_breaks_half_way(
        at in 0..7 * DAY,
        has_policy in any::<bool>(),
        answered in 1..9_usize,
        steps in prop::collection::vec(later(), 1..25),
    ) {
        let mut talk = talk(has_policy);
        talk.wait(at).tap_menu("🚗 Продать авто");
        for answer in ["Kia Rio", "2019", "85 тыс", "1,5 млн", "⏭ Пропустить", "Иван", "+79001234567", "Звоните"]
            .into_iter()
            .take(answered)
        {
            talk.say(answer);
        }
        let mut old = live_buttons(&talk);
        for step in steps {
            perform(&mut talk, &mut old, step);
        }
        assert_requests_are_made_once(&talk);
    }

    /// Data of buttons comes from outside.
    #[test]
    fn any_data_is_harmless(data in any::<String>()) {
        let mut talk = Talk::in_branch("🚗 Продать авто");
        talk.press(1, &data);
        prop_assert_eq!(talk.popups.len(), 1);
    }

    /// Photos of any album in any order are each kept once, at most ten.
    #[test]
    fn photos_are_kept_once(names in prop::collection::vec(0..20_u8, 1..30)) {
        let mut talk = Talk::in_branch("🚗 Продать авто");
        talk.say("Kia Rio").tap("2019").say("85 тыс").tap("На ваше усмотрение");
        for name in &names {
            talk.wait(1).at_once(photo(&name.to_string(), name.is_multiple_of(2).then_some("album")));
        }
        talk.tap("✅ Готово").say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить").tap("✅ Отправить");
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        prop_assert_eq!(talk.requests[0].photos.len(), distinct.len().min(10));
    }
}
