//! Sessions: their end, dead buttons, floods, bans.

use super::filling::sale;
use super::talk::{Talk, photo};
use crate::{
    BotCommand, CONFIRMATION, Conversation, Effect, Event, Input, Person, Target, Unsupported, Verdict, funnel,
};

#[test]
fn old_buttons_answer_with_an_alert_and_change_nothing() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    let (message_id, back_home) = talk.button("🏠 В начало").expect("it is there");
    talk.say("Kia Rio");
    let before = talk.conversation.clone();
    talk.press(message_id, &back_home);
    for data in ["", "nonsense", "0:home", "1:open:sell", "99999999999:home"] {
        talk.press(message_id, data);
    }
    assert_eq!(talk.popups, ["! Кнопка больше не активна"; 6]);
    assert_eq!(talk.conversation, before);
}

#[test]
fn a_button_that_the_screen_does_not_have_is_dead() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    let (message_id, home) = talk.button("🏠 В начало").expect("it is there");
    let seq = home.split(':').next().expect("a number").to_owned();
    for action in ["send", "accept", "all", "skip", "back", "yes", "open:sell", "choose:any", "year:2020", "field:name"]
    {
        talk.press(message_id, &format!("{seq}:{action}"));
    }
    assert_eq!(talk.popups, ["! Кнопка больше не активна"; 10]);
    assert_eq!(talk.header(), "*Покупка авто · Шаг 1 из 8*");
}

#[test]
fn a_session_ends_after_thirty_minutes_of_silence() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.wait(1790).say("Kia Rio").wait(1790).tap("2019");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
    talk.wait(1800).say("85 тыс");
    assert!(talk.screen().starts_with("Заявка «Продажа авто» ещё не отправлена"), "{}", talk.screen());
    assert!(talk.questions.is_empty());
    assert_eq!(talk.messages_with_buttons(), 1);
}

#[test]
fn a_form_without_an_answer_ends_with_its_session() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.wait(1800).say("Kia Rio");
    assert!(talk.screen().starts_with("Время вышло: больше 30 минут не было ответа"), "{}", talk.screen());
    assert!(talk.questions.is_empty());
    assert_eq!(talk.messages_with_buttons(), 1);
}

#[test]
fn a_press_after_the_end_gets_an_alert_and_the_menu() {
    let mut talk = Talk::in_branch("🎯 Подбор авто");
    talk.wait(1800).tap("Для города");
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
    assert!(talk.screen().starts_with("Время вышло"));
    assert_eq!(talk.messages_with_buttons(), 1);
    talk.tap("🚗 Продать авто");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
}

#[test]
fn a_menu_without_a_dialog_works_however_late() {
    for (open, button, opened) in [
        (BotCommand::Start, "🚗 Продать авто", "*Продажа авто · Шаг 1 из 8*"),
        (BotCommand::Help, "🔍 Купить авто", "*Покупка авто · Шаг 1 из 8*"),
        (BotCommand::Privacy, "💬 Задать вопрос", "Напишите свой вопрос"),
    ] {
        let mut talk = Talk::new();
        talk.command(open).wait(100_000).tap(button);
        assert!(talk.screen().starts_with(opened), "{}", talk.screen());
        assert_eq!((talk.messages(), talk.popups.len()), (1, 0), "in place, and nothing pops up");
    }
}

#[test]
fn the_menu_after_a_request_works_however_late() {
    let mut talk = sale();
    talk.tap("✅ Отправить").wait(4000).tap("🔍 Купить авто");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 1 из 8*");
    assert!(talk.popups.is_empty());
}

#[test]
fn an_old_button_after_the_end_gets_the_plain_menu_if_nothing_was_open() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start);
    let (message_id, old) = talk.button("🚗 Продать авто").expect("it is there");
    talk.command(BotCommand::Help).wait(4000).press(message_id, &old);
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
    assert!(talk.screen().starts_with("Выберите, чем помочь"), "{}", talk.screen());
    assert_eq!(talk.messages_with_buttons(), 1);
}

#[test]
fn a_question_that_was_left_open_ends_with_the_session() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Delete).wait(4000).tap("Да, удалить");
    assert!(!talk.forgotten);
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
    assert!(talk.screen().starts_with("Время вышло"), "{}", talk.screen());
}

#[test]
fn a_press_in_a_conversation_that_is_gone_gets_the_menu() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    let (message_id, home) = talk.button("🏠 В начало").expect("it is there");
    talk.conversation = Conversation::default(); // DynamoDB has deleted it
    talk.press(message_id, &home);
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
    assert!(talk.screen().starts_with("Прежний разговор уже закрыт."));
}

#[test]
fn buttons_of_a_deleted_conversation_never_look_alive() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    let (message_id, data) = talk.button("🏠 В начало").expect("it is there");
    talk.conversation = Conversation::default();
    talk.command(BotCommand::Start).tap("🔍 Купить авто").press(message_id + 100, &data);
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
}

#[test]
fn anything_after_the_end_of_a_dialog_gets_the_menu() {
    let inputs = [
        Input::Unsupported { kind: Unsupported::Sticker, album: None, caption: None },
        Input::Contact { phone: "79001234567".into(), is_own: true },
        photo("a", Some("album")),
    ];
    for input in inputs {
        let mut talk = Talk::in_branch("🚗 Продать авто");
        talk.wait(4000).input(input);
        assert!(talk.screen().starts_with("Время вышло"));
        assert!(talk.requests.is_empty());
    }
}

#[test]
fn a_request_comes_with_the_move_that_ends_its_dialog() {
    let mut talk = sale();
    let (message_id, data) = talk.button("✅ Отправить").expect("it is there");
    let input = Input::Press { callback_id: "1".into(), message_id: Some(message_id), data };
    let person = Person { chat_id: 42, ..Person::default() };
    talk.wait(2);
    let verdict = talk.handle(&Event { update_id: 999, message_id: None, reply_to: None, person, input });
    let Verdict::Move { request: Some(request), effects, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(request.branch, "sell");
    assert!(matches!(
        effects[..],
        [Effect::Show { target: Target::Edit { .. }, .. }, Effect::AnswerPress { text: None, .. }]
    ));
}

#[test]
fn a_burst_is_cut_to_five_with_one_warning() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start).wait(2);
    let sticker = || Input::Unsupported { kind: Unsupported::Sticker, album: None, caption: None };
    for _ in 0..100 {
        talk.at_once(sticker());
    }
    let told = talk.texts_from(2);
    assert_eq!(told.len(), 6);
    assert!(told[5].starts_with("Слишком быстро"));
    talk.wait(1).at_once(sticker());
    assert!(talk.screen().starts_with("Симпатичный стикер!"));
}

#[test]
fn a_dropped_press_only_says_so() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start);
    let (message_id, data) = talk.button("🔍 Купить авто").expect("it is there");
    for _ in 0..4 {
        talk.at_once(Input::Unsupported { kind: Unsupported::Sticker, album: None, caption: None });
    }
    let input = Input::Press { callback_id: "1".into(), message_id: Some(message_id), data };
    talk.at_once(input);
    assert_eq!(talk.popups, ["Слишком быстро — нажмите ещё раз"]);
}

#[test]
fn albums_count_as_one() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").say("85 тыс").tap("На ваше усмотрение");
    talk.send_album("album", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    talk.at_once(Input::Text("хватит".into()));
    assert!(talk.screen().contains("Здесь жду фото"));
}

#[test]
fn a_banned_customer_gets_no_answer() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.conversation.set_banned(true);
    assert_eq!(talk.conversation.expires_at(), None);
    let before = talk.messages();
    talk.say("Kia Rio").command(BotCommand::Start).tap("🏠 В начало");
    assert_eq!(talk.messages(), before);
    talk.conversation.set_banned(false);
    talk.command(BotCommand::Start).tap("🚗 Продать авто");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
}

#[test]
fn a_state_of_another_version_or_questionnaire_does_not_read() {
    let talk = Talk::in_branch("🔍 Купить авто");
    let json = serde_json::to_value(&talk.conversation).expect("it serialises");
    assert!(serde_json::from_value::<Conversation>(json.clone()).is_ok());
    for (pointer, value) in
        [("/v", serde_json::json!(2)), ("/place/dialog/at", "gone".into()), ("/place/dialog/branch", "gone".into())]
    {
        let mut changed = json.clone();
        *changed.pointer_mut(pointer).expect(pointer) = value;
        assert!(serde_json::from_value::<Conversation>(changed).is_err(), "{pointer}");
    }
}

#[test]
fn the_funnel_counts_each_step_of_a_dialog_once() {
    let stops = |talk: &Talk, before| -> Vec<&str> {
        talk.conversation.progress().map(|progress| progress.stops_since(before).collect()).unwrap_or_default()
    };
    let mut talk = Talk::in_branch("🔍 Купить авто");
    assert_eq!(stops(&talk, None), ["car"]);
    let start = talk.conversation.progress();
    talk.say("Kia Rio");
    assert_eq!(stops(&talk, start), ["budget"]);
    let budget = talk.conversation.progress();
    talk.tap("⬅️ Назад").say("Kia Rio");
    assert_eq!(stops(&talk, budget), [""; 0], "going back and on again is not progress");

    let sale = sale();
    let (_, all) = funnel().find(|(branch, _)| *branch == "sell").expect("people sell cars");
    assert_eq!(stops(&sale, None), all);
    assert_eq!(all.last(), Some(&CONFIRMATION));
    assert_eq!(stops(&Talk::new(), None), [""; 0]);

    talk.tap("🏠 В начало").tap("Да, сбросить").tap("🚗 Продать авто");
    assert_eq!(stops(&talk, budget), ["car"], "another dialog starts from the beginning");
}

#[test]
fn a_question_after_the_end_goes_to_the_model_and_leaves_the_menu_working() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start).wait(4000).say("Сколько стоит проверка?");
    assert_eq!(talk.questions.len(), 1);
    talk.tap("🔍 Купить авто");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 1 из 8*");
    assert!(talk.popups.is_empty());
}

#[test]
fn a_leftover_phone_keyboard_gives_neither_questions_nor_answers() {
    let mut talk = Talk::new();
    talk.say("⬅️ Назад");
    assert!(talk.questions.is_empty());
    assert!(talk.screen().contains("Прежний разговор уже закрыт."));
    assert_eq!(talk.messages(), 2, "the keyboard is taken away first");

    let mut talk = Talk::new();
    talk.share("+79001234567");
    assert!(talk.screen().contains("Прежний разговор уже закрыт."));
    talk.tap("🚗 Продать авто").say("⬅️ Назад");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
    assert!(talk.screen().contains("Здесь нужен ответ текстом"));
}

#[test]
fn a_second_press_on_accept_is_not_a_comment() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say_all(&["Отказали", "Иван", "+79001234567"]).tap("⬅️ Назад");
    talk.tap("✅ Принять").say("✅ Принять");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*");
    talk.tap("⏭ Пропустить").tap("✅ Отправить");
    assert!(talk.requests[0].answers.iter().all(|answer| answer.question != "Комментарий"));
}

#[test]
fn a_button_that_was_left_behind_goes_when_it_is_pressed() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    let (old, data) = talk.button("🏠 В начало").expect("it is there");
    talk.say("Kia Rio");
    let Verdict::Stay(effects) = talk.handle(&Event {
        update_id: 777,
        message_id: None,
        reply_to: None,
        person: Person { chat_id: 42, ..Person::default() },
        input: Input::Press { callback_id: "late".to_owned(), message_id: Some(old), data },
    }) else {
        panic!("nothing to store")
    };
    assert!(
        matches!(effects[..], [Effect::DropKeyboard { message_id }, Effect::AnswerPress { alert: true, .. }] if message_id == old)
    );
}

#[test]
fn the_next_press_repairs_a_prompt_that_a_late_reply_has_overwritten() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    let (prompt, old) = talk.button("Страхование (ОСАГО / КАСКО)").expect("it is there");
    let late = talk.chat[&prompt].clone();
    talk.tap("Страхование (ОСАГО / КАСКО)");
    let current = talk.screen();
    // The redelivered press before it was answered by a slower worker: the message shows the first step again.
    talk.chat.insert(prompt, late);
    assert_ne!(talk.screen(), current);
    talk.press(prompt, &old);
    assert_eq!(talk.screen(), current);
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
}
