//! Voice messages: what was said is taken as if it had been typed.

use insta::assert_snapshot;

use super::talk::{Talk, answer};
use crate::{AiAnswer, Effect, Entities, Event, Input, Intent, Verdict};

fn sells_a_rio() -> AiAnswer {
    let entities =
        Entities { make: Some("Kia".into()), model: Some("Rio".into()), year: Some(2019), ..Entities::default() };
    AiAnswer { entities, ..answer(Intent::Sell, 0.92, "Поможем продать.") }
}

fn note(talk: &Talk) -> String {
    let request = talk.requests.last().expect("a request");
    request
        .answers
        .iter()
        .map(|line| format!("{}: {}\n", line.question, line.answer))
        .collect::<String>()
        .replace('\u{a0}', " ")
}

#[test]
fn a_spoken_sentence_begins_a_form_and_its_words_and_sound_go_with_the_request() {
    let mut talk = Talk::new();
    talk.speak("Продаю Киа Рио девятнадцатого года");
    assert_snapshot!(talk.screen(), @"🎙 Я услышал: Продаю Киа Рио девятнадцатого года");
    assert_eq!(talk.questions[0].1, "Продаю Киа Рио девятнадцатого года");
    talk.understand(sells_a_rio()).tap("🚗 Продать авто").tap("✅ Принять всё (2)");
    talk.speak("восемьдесят пять тысяч").say("1,5 млн").say("Анна").say("+79001234567");
    talk.tap("💬 Комментарий").speak("Не битая").tap("✅ Отправить");
    assert_snapshot!(note(&talk), @"
    Вопрос в чате: Продаю Киа Рио девятнадцатого года (голосом)
    Марка и модель: Kia Rio
    Год выпуска: 2019
    Пробег: 85 000 км (голосом: «восемьдесят пять тысяч»)
    Цена: 1 500 000 ₽
    Имя: Анна
    Телефон: +7 900 123-45-67
    Комментарий: Не битая (голосом)
    ");
    assert_eq!(talk.requests[0].voices.len(), 3);
    assert_eq!(talk.requests[0].voices[0], talk.recordings[0].1.file);
}

#[test]
fn a_spoken_answer_meets_the_steps_own_check() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019");
    talk.speak("не помню");
    assert!(talk.screen().contains("Не вижу здесь пробега"), "{}", talk.screen());
    talk.speak("85 тысяч");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    let said = talk.texts_from(talk.messages() - 1);
    assert_eq!(said[0], "🎙 Я услышал: 85 тысяч");
}

#[test]
fn an_answer_typed_over_a_spoken_one_is_not_marked() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").speak("85 тысяч").tap("⬅️ Назад").say("90 тысяч");
    talk.say("1,5 млн").tap("⏭ Пропустить").say("Анна").say("+79001234567").tap("⏭ Пропустить").tap("✅ Отправить");
    assert!(note(&talk).contains("Пробег: 90 000 км\n"), "{}", note(&talk));
}

#[test]
fn a_doubtful_spoken_answer_is_marked_once_it_is_confirmed() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").speak("85").tap("✅ Да");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    talk.say("1,5 млн").tap("⏭ Пропустить").say("Анна").say("+79001234567").tap("⏭ Пропустить").tap("✅ Отправить");
    assert!(note(&talk).contains("Пробег: 85 км (голосом: «85»)"), "{}", note(&talk));
}

#[test]
fn what_was_not_understood_gets_a_hint_and_the_dialog_stands_still() {
    for words in [None, Some(""), Some("  \n")] {
        let mut talk = Talk::in_branch("🚗 Продать авто");
        talk.speak_for(3).hear(words);
        assert!(talk.screen().contains("Не разобрал, что сказано в голосовом сообщении."), "{}", talk.screen());
        assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
    }
    let mut talk = Talk::new();
    talk.speak_for(3).hear(None);
    assert!(talk.screen().contains("Лучше всего я понимаю текст."), "{}", talk.screen());
}

#[test]
fn what_does_not_fit_is_not_listened_to() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.speak_for(121);
    assert!(talk.screen().contains("нужно не дольше двух минут"), "{}", talk.screen());
    talk.rules.hears_voice = false;
    talk.speak_for(3);
    assert!(talk.screen().contains("Голосовые сообщения я пока не понимаю."), "{}", talk.screen());
    talk.rules.hears_voice = true;
    talk.say("Kia Rio").tap("🏠 В начало").speak_for(3);
    assert!(talk.screen().contains("нажмите одну из кнопок"), "{}", talk.screen());
    assert!(talk.recordings.is_empty());
}

#[test]
fn words_that_come_after_the_customer_has_gone_on_answer_nothing() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").speak_for(3).say("85 тыс").hear(Some("90 тысяч"));
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    assert!(talk.screen().contains("Пока я слушал, вопрос сменился."), "{}", talk.screen());
}

#[test]
fn a_message_is_listened_to_once_however_often_it_is_delivered() {
    let mut talk = Talk::new();
    talk.speak_for(3);
    assert_eq!(talk.redeliver(), Verdict::Busy);
    talk.wait(25);
    assert!(
        matches!(&talk.redeliver(), Verdict::Move { effects, .. }
        if matches!(effects[..], [Effect::Transcribe { .. }])),
        "the first one died"
    );
    talk.hear(Some("Продаю Киа Рио"));
    assert_eq!((talk.recordings.len(), talk.questions.len()), (2, 1));
    assert_eq!(talk.redeliver(), Verdict::Busy);
    talk.wait(25);
    talk.redeliver();
    assert_eq!((talk.recordings.len(), talk.questions.len()), (2, 2), "its words are known");
    assert_eq!(talk.questions[1].1, "Продаю Киа Рио");
    talk.understand(sells_a_rio());
    let messages = talk.messages();
    assert!(matches!(talk.redeliver(), Verdict::Stay(_)));
    assert_eq!(talk.messages(), messages);
}

#[test]
fn words_that_nobody_waits_for_are_dropped() {
    let mut talk = Talk::new();
    talk.speak_for(3);
    let (update_id, voice) = talk.recordings[0].clone();
    talk.hear(Some("Продаю Киа Рио"));
    let before = talk.conversation.clone();
    let input = Input::Heard { voice, words: Some("Продаю Киа Рио".to_owned()) };
    let event = Event { update_id, message_id: None, reply_to: None, person: Default::default(), input };
    assert_eq!(talk.handle(&event), Verdict::Stay(Vec::new()));
    assert_eq!(talk.conversation, before);
}

#[test]
fn voice_messages_count_as_questions() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    for _ in 0..12 {
        talk.speak_for(2).hear(None);
    }
    assert_eq!(talk.recordings.len(), 10);
    assert!(talk.chat.values().any(|screen| screen.text.text.contains("Вопросов получилось слишком много")));
}
