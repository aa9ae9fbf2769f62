//! The agreement to the processing of personal data.

use insta::assert_snapshot;
use lead::Consent;

use super::filling::sale;
use super::talk::Talk;
use crate::{BotCommand, Choices, Conversation, Input, Profile, Rules};

const LEGAL: &str = "⚖️ Юридическая помощь";
const POLICY: &str = "https://dealer.example/privacy";

/// A talk with a dealer who has a policy.
fn with_policy() -> Talk {
    let mut talk = Talk::new();
    talk.rules = policy_at(&talk.rules, POLICY);
    talk.command(BotCommand::Start);
    talk
}

fn policy_at(rules: &Rules, url: &str) -> Rules {
    Rules { privacy_policy_url: Some(url.to_owned()), ..rules.clone() }
}

/// Answers the questions of the legal branch up to the name.
fn up_to_the_name(talk: &mut Talk) -> &mut Talk {
    talk.tap(LEGAL).tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис")
}

fn consent_of(talk: &Talk) -> Option<Consent> {
    talk.conversation.profile().choices().consent.clone()
}

#[test]
fn with_a_policy_consent_is_asked_before_the_name() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk);
    assert_snapshot!(talk.screen(), @r"
    Дальше понадобятся ваши имя и телефон, поэтому сначала спрошу согласие.

    Кто: автосалон, которому вы пишете.
    Для чего: менеджер свяжется с вами по этой заявке; имя и телефон останутся здесь для следующей.

    Отозвать согласие можно в любой момент: /privacy

    Политика обработки персональных данных <https://dealer.example/privacy>

    [✅ Согласен]
    [Не сейчас]
    ");
    talk.tap("✅ Согласен");
    let pressed = talk.last_update();
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 3 из 5*");
    talk.say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить");
    assert!(talk.screen().contains(&format!("Вы согласились на обработку персональных данных <{POLICY}>.")));
    talk.tap("✅ Отправить");
    let consent = talk.requests[0].consent.clone().expect("it goes with the request");
    assert_eq!((consent.update_id, consent.version.len()), (pressed, 16));
    assert_eq!(consent_of(&talk), Some(consent), "the press that counts is the one on its own screen");
}

#[test]
fn consent_is_asked_once() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk).tap("✅ Согласен").say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить");
    talk.tap("✅ Отправить");
    up_to_the_name(&mut talk);
    assert!(talk.screen().contains("Иван, +7 900 123-45-67 — верно?"), "{}", talk.screen());
    // The session is gone; the profile is not.
    talk.conversation = Conversation::begin(talk.conversation.profile().clone());
    talk.command(BotCommand::Start);
    up_to_the_name(&mut talk);
    assert!(talk.screen().contains("Иван, +7 900 123-45-67 — верно?"), "{}", talk.screen());
}

#[test]
fn a_new_policy_asks_again() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk).tap("✅ Согласен");
    let first = consent_of(&talk).expect("consent").version;
    talk.say("Иван");
    talk.rules = policy_at(&talk.rules, "https://dealer.example/privacy-2027");
    talk.say("+79001234567");
    assert!(talk.screen().contains("<https://dealer.example/privacy-2027>"), "{}", talk.screen());
    talk.tap("✅ Согласен").tap("⏭ Пропустить").tap("✅ Отправить");
    let second = talk.requests[0].consent.clone().expect("consent").version;
    assert_ne!(first, second);
}

#[test]
fn a_press_agrees_to_the_text_that_was_shown() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk);
    talk.rules = policy_at(&talk.rules, "https://dealer.example/privacy-2027");
    talk.tap("✅ Согласен");
    assert_eq!(consent_of(&talk), None);
    assert!(talk.screen().contains("<https://dealer.example/privacy-2027>"), "{}", talk.screen());
    talk.tap("✅ Согласен");
    assert!(consent_of(&talk).is_some());
}

#[test]
fn a_form_that_is_older_than_the_policy_is_not_sent_without_consent() {
    let mut talk = sale();
    talk.rules = policy_at(&talk.rules, POLICY);
    talk.tap("✅ Отправить");
    assert!(talk.requests.is_empty());
    talk.tap("✅ Согласен").tap("✅ Отправить");
    assert_eq!(talk.requests[0].consent, consent_of(&talk));
}

#[test]
fn who_does_not_agree_gets_the_menu_and_can_come_back() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk).tap("Не сейчас");
    assert!(talk.screen().starts_with("Хорошо, имя и телефон не спрашиваю"), "{}", talk.screen());
    assert!(talk.button("🚗 Продать авто").is_some());
    assert_eq!(consent_of(&talk), None);
    up_to_the_name(&mut talk);
    assert!(talk.button("✅ Согласен").is_some());
}

#[test]
fn whatever_comes_instead_of_the_answer_is_not_taken() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk).say("Иван");
    let hint = "Сначала, пожалуйста, ответьте кнопкой: без согласия имя и телефон я не принимаю.";
    assert!(talk.screen().starts_with(hint) && talk.button("✅ Согласен").is_some(), "{}", talk.screen());
    talk.share("79001234567");
    assert!(talk.screen().starts_with(&format!("Спасибо за контакт, но сейчас вопрос о другом. {hint}")));
    let stored = serde_json::to_string(&talk.conversation).expect("it serialises");
    assert!(!stored.contains("9001234567"), "{stored}");
    talk.command(BotCommand::Menu).tap("Нет, продолжить");
    assert!(talk.button("✅ Согласен").is_some(), "the question is still there");
    talk.tap("✅ Согласен");
    assert!(talk.screen().contains("Как к вам обращаться?"), "{}", talk.screen());
}

#[test]
fn a_contact_that_is_shared_early_waits_for_the_consent() {
    let mut talk = with_policy();
    talk.tap(LEGAL).share("79001234567");
    let stored = serde_json::to_string(&talk.conversation).expect("it serialises");
    assert!(!stored.contains("9001234567"), "{stored}");
}

#[test]
fn a_question_handed_to_a_manager_needs_consent_too() {
    let mut talk = with_policy();
    for _ in 0..3 {
        let reply = super::talk::answer(crate::Intent::Faq, 0.9, "Не знаю");
        talk.say("Что у вас с парковкой?").understand(reply);
    }
    talk.tap("👤 Передать вопрос менеджеру");
    assert!(talk.button("✅ Согласен").is_some(), "{}", talk.screen());
}

#[test]
fn without_a_policy_the_press_on_send_is_the_consent() {
    let mut talk = sale();
    assert_eq!(consent_of(&talk), None);
    talk.tap("✅ Отправить");
    let consent = talk.requests[0].consent.clone().expect("it goes with the request");
    assert_eq!((consent.at, consent.update_id), (talk.now, talk.last_update()));
    assert_eq!(consent_of(&talk), Some(consent));
}

#[test]
fn privacy_shows_the_consent_and_takes_it_back() {
    let mut talk = with_policy();
    talk.command(BotCommand::Privacy);
    assert!(talk.button("Отозвать согласие").is_none(), "there is none");
    up_to_the_name(&mut talk).tap("✅ Согласен").say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить");
    talk.tap("✅ Отправить").command(BotCommand::Privacy);
    assert!(
        talk.screen().contains("Согласие на обработку персональных данных вы дали 21.09.2026."),
        "{}",
        talk.screen()
    );
    talk.tap("Отозвать согласие");
    assert!(talk.screen().starts_with("Согласие отозвано."), "{}", talk.screen());
    assert_eq!(talk.conversation.profile().choices(), &Choices { consent: None, reminders_off: true });
    up_to_the_name(&mut talk);
    assert!(talk.button("✅ Согласен").is_some(), "{}", talk.screen());
}

#[test]
fn in_a_form_privacy_can_be_read_and_consent_taken_back() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk).tap("✅ Согласен").say("Иван").command(BotCommand::Privacy);
    let screen = talk.screen();
    assert!(screen.ends_with("[Отозвать согласие]\n[⬅️ Вернуться]"), "{screen}");
    talk.say("+79001234567");
    assert!(talk.screen().starts_with("Здесь, пожалуйста, нажмите одну из кнопок."), "{}", talk.screen());
    talk.tap("⬅️ Вернуться");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 4 из 5*");
    talk.command(BotCommand::Privacy).tap("Отозвать согласие");
    assert!(talk.screen().starts_with("Согласие отозвано."), "{}", talk.screen());
    let stored = serde_json::to_string(&talk.conversation).expect("it serialises");
    assert!(!stored.contains("Иван"), "{stored}");
}

#[test]
fn deletion_takes_the_consent_with_it() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk).tap("✅ Согласен").command(BotCommand::Delete).tap("Да, удалить");
    assert_eq!(talk.conversation.profile(), &Profile::default());
}

#[test]
fn a_redelivered_press_agrees_once() {
    let mut talk = with_policy();
    up_to_the_name(&mut talk).tap("✅ Согласен");
    let consent = consent_of(&talk);
    talk.redeliver();
    assert_eq!(consent_of(&talk), consent);
    talk.input(Input::Text("Иван".into()));
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 4 из 5*");
}
