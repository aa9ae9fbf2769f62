//! Forms left half-way become requests too, if the customer has given a phone and agreed to its use.

use std::time::Duration;

use insta::assert_snapshot;
use lead::{Consent, PhoneSource, Request};

use super::requests::in_words;
use super::talk::Talk;
use crate::{BotCommand, Choices, Conversation, Input, Profile, Verdict, consent};

const MINUTE: i64 = 60;

/// A customer who has agreed to the processing of personal data, at a dealer who hears of unfinished forms after two
/// hours.
fn consenting() -> Talk {
    let mut talk = Talk::new();
    talk.dealer().unfinished.to_crm_after = Some(Duration::from_hours(2));
    agree(&mut talk);
    talk
}

/// Agrees to the text of today.
fn agree(talk: &mut Talk) {
    let consent = Consent { version: consent::version(&talk.rules), at: 1_780_000_000, update_id: 7 };
    let choices = Choices { consent: Some(consent), ..Choices::default() };
    talk.conversation = Conversation::begin(Profile::default().with_choices(choices));
}

/// A purchase up to the question for wishes.
fn purchase(talk: &mut Talk) -> &mut Talk {
    talk.command(BotCommand::Start).tap("🔍 Купить авто").say("Kia Rio").tap("до 500 000 ₽").tap("2021");
    talk.tap("АКПП").tap("Полный").say("Мария").share("79001234567")
}

fn unfinished(talk: &Talk) -> &Request {
    talk.requests.last().filter(|request| request.unfinished.is_some()).expect("an unfinished request")
}

#[test]
fn a_form_with_phone_and_consent_goes_to_the_manager_half_way() {
    let mut talk = consenting();
    talk.follow("s_avito");
    purchase(&mut talk);
    let left_at = talk.now;
    let messages = talk.messages();
    talk.wait_until_due();
    assert_eq!(talk.now, left_at + 120 * MINUTE);
    let request = unfinished(&talk);
    assert_snapshot!(in_words(request), @r"
    Покупка авто — Kia Rio — Мария
    Мария +79001234567 42 @ivan
    price Some(500000), 0 photos
    CAR_BRAND = Kia
    CAR_MODEL = Rio
    CAR_YEAR = 2021
    BUDGET = до 500 000 ₽
    TRANSMISSION = АКПП
    DRIVE_TYPE = Полный
    Марка и модель: Kia Rio
    Бюджет: до 500 000 ₽
    Год от: 2021
    Коробка передач: АКПП
    Привод: Полный
    Имя: Мария
    Телефон: +7 900 123-45-67
    ");
    assert_eq!(request.unfinished.as_deref(), Some("Пожелания"));
    assert_eq!(request.created_at, left_at);
    assert_eq!(request.consent, talk.conversation.profile().choices().consent);
    assert!(request.consent.is_some());
    assert_eq!(request.source.as_ref().and_then(|source| source.source.as_deref()), Some("avito"));
    assert_eq!(request.customer.phone_source, PhoneSource::OwnContact);
    assert_eq!(talk.messages(), messages, "the customer hears nothing of it");
    assert_eq!(talk.conversation.due_at(), None, "once is enough");
}

#[test]
fn the_page_on_privacy_says_so() {
    let mut talk = consenting();
    talk.command(BotCommand::Privacy);
    assert!(talk.screen().contains("чтобы вы могли продолжить. Если в ней есть телефон"), "{}", talk.screen());
}

#[test]
fn with_a_policy_its_consent_counts() {
    let mut talk = consenting();
    talk.rules.privacy_policy_url = Some("https://dealer.example/privacy".to_owned());
    agree(&mut talk);
    purchase(&mut talk).wait_until_due();
    assert_eq!(unfinished(&talk).consent, talk.conversation.profile().choices().consent);
}

#[test]
fn finishing_it_later_is_the_same_request() {
    let mut talk = consenting();
    talk.dealer().unfinished.to_crm_after = Some(Duration::from_mins(10));
    purchase(&mut talk).wait_until_due();
    let id = unfinished(&talk).id;
    assert!(talk.conversation.has_stored_lead(id));
    talk.say("Только белый").tap("✅ Отправить");
    let finished = talk.requests.last().expect("a request");
    assert_eq!((finished.id, &finished.unfinished), (id, &None));
    assert!(!talk.conversation.has_stored_lead(id), "the dialog is over");
}

#[test]
fn everything_but_the_press_on_send_is_unfinished_too() {
    let mut talk = consenting();
    purchase(&mut talk).tap("⏭ Пропустить").wait_until_due();
    assert_eq!(unfinished(&talk).unfinished.as_deref(), Some("Проверка и отправка"));
}

#[test]
fn a_customer_without_a_name_has_the_one_at_telegram() {
    let mut talk = consenting();
    talk.tap_menu("⚖️ Юридическая помощь").tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис");
    talk.input(Input::Contact { phone: "79110001122".into(), is_own: false }).wait_until_due();
    assert_eq!(unfinished(&talk).customer.name, "Иван");
    assert_eq!(unfinished(&talk).unfinished.as_deref(), Some("Имя"));
}

#[test]
fn nothing_goes_without_phone_or_consent_or_when_the_dealer_wants_none() {
    let mut no_phone = consenting();
    no_phone.tap_menu("🔍 Купить авто").say("Kia Rio");
    let mut no_consent = consenting();
    no_consent.conversation = Conversation::default();
    purchase(&mut no_consent);
    let mut outdated_consent = consenting();
    purchase(&mut outdated_consent);
    outdated_consent.rules.privacy_policy_url = Some("https://dealer.example/privacy".to_owned());
    outdated_consent.say("Только белый");
    let mut unwanted = consenting();
    unwanted.dealer().unfinished.to_crm_after = None;
    purchase(&mut unwanted);
    let mut deleting = consenting();
    purchase(&mut deleting).command(BotCommand::Delete);
    let mut finished = consenting();
    purchase(&mut finished).tap("⏭ Пропустить").tap("✅ Отправить");
    for talk in [no_phone, no_consent, outdated_consent, unwanted, deleting, finished] {
        assert_eq!(talk.conversation.due_at(), None, "{}", talk.screen());
    }
}

#[test]
fn who_answers_in_time_is_given_more() {
    let mut talk = consenting();
    talk.dealer().unfinished.to_crm_after = Some(Duration::from_mins(20));
    purchase(&mut talk);
    let due = talk.conversation.due_at().expect("the request");
    talk.now = due - 1;
    assert_eq!(talk.clock_strikes(), Verdict::Stay(Vec::new()));
    talk.say("Только белый");
    assert_eq!(talk.conversation.due_at(), Some(talk.now + 20 * MINUTE));
}

#[test]
fn a_banned_customer_is_left_alone() {
    let mut talk = consenting();
    purchase(&mut talk);
    talk.conversation.set_banned(true);
    assert_eq!(talk.conversation.due_at(), None);
    assert_eq!(talk.wait(120 * MINUTE).clock_strikes(), Verdict::Stay(Vec::new()));
}

#[test]
fn a_request_above_the_limits_waits_behind_others() {
    let mut talk = consenting();
    purchase(&mut talk);
    talk.takes_requests = false;
    talk.wait_until_due();
    assert!(talk.requests.is_empty());
    assert_eq!(talk.conversation.due_at(), Some(talk.now + 60 * MINUTE));
    talk.takes_requests = true;
    talk.wait_until_due();
    assert!(unfinished(&talk).unfinished.is_some());
    assert_eq!(talk.conversation.due_at(), None);
}

#[test]
fn an_unfinished_request_counts_and_is_counted_once() {
    let mut talk = consenting();
    talk.dealer().limits.requests_a_day = 1;
    purchase(&mut talk);
    talk.wait_until_due();
    assert_eq!(talk.requests.len(), 1);
    talk.say("Не важно").tap("Продолжить").tap("⏭ Пропустить").tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 2, "the same request, completed: {}", talk.screen());
    talk.tap("🔍 Купить авто");
    assert!(talk.screen().starts_with("Сегодня от вас уже много заявок"), "{}", talk.screen());
}
