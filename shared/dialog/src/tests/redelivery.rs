//! Updates that Telegram delivers again, and messages of which it is not known whether they arrived.

use super::filling::sale;
use super::talk::Talk;
use crate::{BotCommand, Effect, Event, Input, Person, PromptSent, Target, Verdict};

#[test]
fn an_edited_screen_is_shown_again_on_redelivery() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Rio").tap("до 500 000 ₽");
    let before = talk.conversation.clone();
    let Verdict::Stay(effects) = talk.redeliver() else { panic!("nothing to store") };
    let Effect::Show { target: Target::Edit { message_id: 2 }, seq, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(*seq, before.prompt.seq);
    assert!(matches!(&effects[1], Effect::AnswerPress { text: None, .. }));
    assert_eq!(talk.header(), "*Покупка авто · Шаг 3 из 8*");
    assert_eq!(talk.conversation, before);
}

#[test]
fn a_new_screen_whose_id_was_noted_is_not_sent_again() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Rio");
    assert_eq!(talk.redeliver(), Verdict::Stay(vec![]));
}

#[test]
fn a_new_screen_that_may_be_lost_is_sent_again_after_a_while() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.loses_ids = true;
    talk.say("Kia Rio");
    assert_eq!(talk.wait(9).redeliver(), Verdict::Busy);
    talk.wait(1);
    let Verdict::Stay(effects) = talk.redeliver() else { panic!("nothing to store") };
    assert!(matches!(effects[..], [Effect::Show { target: Target::New, .. }]));
}

#[test]
fn a_lost_removal_of_the_phone_keyboard_is_repeated() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван");
    talk.loses_ids = true;
    talk.say("+79001234567").wait(10);
    let Verdict::Stay(effects) = talk.redeliver() else { panic!("nothing to store") };
    assert!(matches!(effects[..], [Effect::Send(_), Effect::Show { .. }]));
}

#[test]
fn a_redelivered_submit_submits_nothing() {
    let mut talk = sale();
    talk.tap("✅ Отправить");
    assert!(matches!(talk.redeliver(), Verdict::Stay(_)));
    assert_eq!(talk.requests.len(), 1);
    assert!(talk.screen().starts_with("Спасибо! Заявка отправлена."));
}

#[test]
fn an_older_update_delivered_again_changes_nothing() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Rio");
    let again = Event {
        update_id: talk.last_update(),
        message_id: None,
        reply_to: None,
        person: Person::default(),
        input: Input::Text("Kia Rio".into()),
    };
    talk.tap("до 500 000 ₽");
    assert_eq!(talk.handle(&again), Verdict::Stay(vec![]));
    assert_eq!(talk.header(), "*Покупка авто · Шаг 3 из 8*");
}

#[test]
fn a_press_whose_message_is_not_known_yet_still_edits_it() {
    let mut talk = Talk::new();
    talk.loses_ids = true;
    talk.command(BotCommand::Start).tap("🔍 Купить авто");
    assert_eq!(talk.messages(), 1);
    assert_eq!(talk.header(), "*Покупка авто · Шаг 1 из 8*");
}

#[test]
fn a_replaced_prompt_is_not_noted() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    let seq = talk.conversation.prompt.seq;
    talk.say("Kia Rio");
    let before = talk.conversation.clone();
    assert_eq!(talk.conversation.prompt_sent(seq, 77), PromptSent::Outdated);
    let current = talk.conversation.prompt.message_id.expect("it is known");
    assert_eq!(talk.conversation.prompt_sent(seq, current), PromptSent::Reused);
    assert_eq!(talk.conversation, before);
}

#[test]
fn a_prompt_that_was_sent_twice_leaves_no_buttons_behind() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.loses_ids = true;
    talk.say("Kia Rio");
    let (first, _) = talk.button("🏠 В начало").expect("it is there");
    talk.loses_ids = false;
    talk.wait(10).redeliver();
    let (second, data) = talk.button("от 3 000 000 ₽").expect("it is there again");
    assert_ne!(first, second);
    talk.press(first, &data);
    assert_eq!(talk.messages_with_buttons(), 1, "the other copy lost its buttons");
}
