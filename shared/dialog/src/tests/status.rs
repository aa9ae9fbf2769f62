//! `/status`.

use insta::assert_snapshot;
use lead::Seconds;

use super::talk::Talk;
use crate::{BotCommand, MAX_REQUESTS, RequestState, SentRequest};

const ACCEPTED_FOR_DIAGNOSTICS: u64 = 7102;
/// 2 March 2026, 22:30 in Moscow.
const EVENING: Seconds = 1_772_479_800;

fn request(n: u32, state: RequestState, stage: Option<u64>) -> SentRequest {
    SentRequest {
        id: format!("01JD000000000000{n:02}K7QX3M9Q").parse().expect("it is an id"),
        service: "Продажа авто".to_owned(),
        sent_at: EVENING,
        state,
        stage,
    }
}

#[test]
fn requests_are_listed_with_what_the_dealer_says_of_their_stage() {
    let mut talk = Talk::new();
    talk.dealer().stages.insert(ACCEPTED_FOR_DIAGNOSTICS, "Ваш автомобиль принят на диагностику.".to_owned());
    let before = talk.messages();
    talk.command(BotCommand::Status);
    assert_snapshot!(talk.texts_from(before + 1)[0], @"Заявок от вас пока нет. Отправите первую — здесь будет видно, что с ней.");
    talk.sent = vec![
        request(5, RequestState::Accepted, None),
        request(4, RequestState::InWork, Some(ACCEPTED_FOR_DIAGNOSTICS)),
        request(3, RequestState::InWork, Some(7105)),
        request(2, RequestState::Delivered, None),
        request(1, RequestState::Closed, Some(142)),
        request(0, RequestState::Closed, Some(142)),
    ];
    assert!(talk.sent.len() > MAX_REQUESTS);
    let before = talk.messages();
    talk.command(BotCommand::Status);
    assert_snapshot!(talk.texts_from(before + 1)[0], @"
    Ваши заявки

    № K7QX-3M9Q · Продажа авто · 02.03.2026
    Принята, передаём менеджеру.

    № K7QX-3M9Q · Продажа авто · 02.03.2026
    Ваш автомобиль принят на диагностику.

    № K7QX-3M9Q · Продажа авто · 02.03.2026
    В работе.

    № K7QX-3M9Q · Продажа авто · 02.03.2026
    Отправлена менеджеру.

    № K7QX-3M9Q · Продажа авто · 02.03.2026
    Завершена.
    ");
    assert!(talk.screen().starts_with("Выберите, чем помочь"), "the menu is below");
    assert_eq!(talk.messages_with_buttons(), 1);
}

#[test]
fn the_longest_texts_fit_into_one_message() {
    let mut talk = Talk::new();
    talk.dealer().stages.insert(ACCEPTED_FOR_DIAGNOSTICS, "🚗".repeat(dealer::MAX_TEXT / 2));
    talk.sent = vec![request(1, RequestState::InWork, Some(ACCEPTED_FOR_DIAGNOSTICS)); MAX_REQUESTS];
    talk.command(BotCommand::Status);
}

#[test]
fn an_error_that_was_read_is_not_repeated_below_the_status() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").say("давно");
    assert!(talk.screen().contains("Нужен один год"), "{}", talk.screen());
    talk.command(BotCommand::Status);
    assert!(!talk.screen().contains("Нужен один год"), "{}", talk.screen());
}

#[test]
fn status_in_a_dialog_comes_back_to_it_and_is_repeated_if_it_was_lost() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio");
    let before = talk.messages();
    talk.loses_ids = true;
    talk.command(BotCommand::Status).wait(11);
    assert_eq!(talk.header(), "*Продажа авто · Шаг 2 из 8*");
    assert_eq!(talk.messages(), before + 2);
    talk.loses_ids = false;
    talk.redeliver();
    let repeated = talk.texts_from(before + 3);
    assert!(repeated[0].starts_with("Заявок от вас пока нет") && repeated[1].contains("Шаг 2 из 8"), "{repeated:?}");
    talk.tap("2019");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
}
