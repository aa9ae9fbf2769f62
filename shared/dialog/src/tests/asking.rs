//! Free questions.

use insta::assert_snapshot;

use super::talk::{Talk, answer, captioned, photo};
use crate::{AiAnswer, BotCommand, Effect, Entities, Event, Input, Intent, Person, Unsupported, Verdict};

fn sells_a_camry() -> AiAnswer {
    AiAnswer {
        entities: Entities {
            make: Some("Toyota".into()),
            model: Some("Camry".into()),
            year: Some(2019),
            roubles: Some(1_500_000),
            km: Some(values::mileage::MAX + 1),
        },
        ..answer(Intent::Sell, 0.92, "Отличная машина! Оформим заявку на продажу?")
    }
}

#[test]
fn a_free_text_goes_to_the_model_without_a_button() {
    let mut talk = Talk::new();
    talk.say(&"ы".repeat(600));
    assert_eq!(talk.questions[0].1.chars().count(), 500);
    assert_eq!(talk.messages(), 0);
}

#[test]
fn the_button_invites_a_question() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start).tap("💬 Задать вопрос");
    assert_snapshot!(talk.screen(), @r"
    Напишите свой вопрос — одним сообщением, своими словами. Например: «Сколько стоит проверка машины перед покупкой?»

    [🏠 В начало]
    ");
    talk.tap("🏠 В начало").say("Сколько стоит проверка?");
    assert_eq!(talk.questions.len(), 1);
}

#[test]
fn a_sure_answer_offers_its_service_with_the_facts() {
    let mut talk = Talk::new();
    talk.say("Продаю камри 2019, хочу полтора").understand(sells_a_camry());
    assert_snapshot!(talk.screen(), @r"
    Отличная машина! Оформим заявку на продажу?

    [🚗 Продать авто]
    ");
    talk.tap("🚗 Продать авто");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 1 из 8*

    Я понял из вашего сообщения 3 ответа — проверьте, пожалуйста.

    Какой автомобиль продаёте? Напишите марку и модель.
    Например: Toyota Camry

    Текущее значение: Toyota Camry

    [✅ Принять]
    [✅ Принять всё (3)]
    [🏠 В начало]
    ");
    talk.tap("✅ Принять всё (3)");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*", "the mileage made no sense and was dropped");
    talk.say("85 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 6 из 8*", "the price is accepted already");
    talk.tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 1 500 000 ₽"));
}

#[test]
fn a_make_named_with_its_model_is_not_named_twice() {
    for (make, model, car) in [
        (Some("Toyota"), Some("Toyota Camry"), "Toyota Camry"),
        (Some("BMW"), Some("bmw"), "bmw"),
        (Some("Mini"), Some("Minivan"), "Mini Minivan"),
        (Some("Toyota "), None, "Toyota"),
        (None, Some("Camry"), "Camry"),
    ] {
        let mut talk = Talk::new();
        let told = AiAnswer {
            entities: Entities {
                make: make.map(str::to_owned),
                model: model.map(str::to_owned),
                ..Entities::default()
            },
            ..answer(Intent::Sell, 0.9, "Оформим?")
        };
        talk.say("Продаю").understand(told).tap("🚗 Продать авто");
        assert!(talk.screen().contains(&format!("Текущее значение: {car}\n")), "{}", talk.screen());
    }
}

#[test]
fn each_taken_answer_can_be_accepted_or_changed() {
    let mut talk = Talk::new();
    talk.say("Продаю камри 2019, хочу полтора").understand(sells_a_camry()).tap("🚗 Продать авто");
    talk.tap("✅ Принять");
    assert!(talk.screen().contains("Текущее значение: 2019"));
    talk.tap("2020").say("85 тыс");
    assert!(talk.screen().contains("Текущее значение: 1 500 000 ₽"));
    talk.tap("✅ Принять");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 6 из 8*");
}

#[test]
fn a_doubtful_answer_offers_the_menu_too() {
    let mut talk = Talk::new();
    talk.say("машина").understand(answer(Intent::Buy, 0.69, "Хотите купить автомобиль?"));
    assert_snapshot!(talk.screen(), @r"
    Хотите купить автомобиль?

    [🔍 Купить авто]
    [🏠 В начало]
    ");
    talk.tap("🏠 В начало");
    assert!(talk.screen().starts_with("Выберите, чем помочь"));
}

#[test]
fn three_unhelpful_answers_in_a_row_offer_a_manager() {
    let mut talk = Talk::new();
    talk.say("А").understand(answer(Intent::Unknown, 0.9, "Ответ А"));
    assert_snapshot!(talk.screen(), @r"
    Ответ А

    [🏠 В начало]
    ");
    talk.say("Б").understand(answer(Intent::Unknown, 0.9, "Ответ Б"));
    talk.say("В").understand(answer(Intent::Unknown, 0.9, "Ответ В"));
    assert_snapshot!(talk.screen(), @r"
    Ответ В

    Похоже, здесь лучше поможет человек. Оставьте имя и телефон — менеджер перезвонит и ответит.

    [👤 Передать вопрос менеджеру]
    [🏠 В начало]
    ");
    talk.tap("👤 Передать вопрос менеджеру");
    assert_eq!(talk.header(), "*Вопрос менеджеру · Шаг 1 из 2*");
    talk.say_all(&["Иван", "+79001234567"]);
    assert_snapshot!(talk.screen(), @r"
    *Вопрос менеджеру · Проверьте заявку*

    *Вопрос в чате:* А
    *Вопрос в чате:* Б
    *Вопрос в чате:* В
    *Имя:* Иван
    *Телефон:* +7 900 123-45-67

    Нажимая «✅ Отправить», вы соглашаетесь на обработку персональных данных.

    [✅ Отправить]
    [✏️ Изменить] [❌ Отменить]
    ");
    talk.tap("✅ Отправить");
    let request = &talk.requests[0];
    assert_eq!((request.branch.as_str(), request.deal_name().as_str()), ("manager", "Вопрос менеджеру — Иван"));
    let questions: Vec<&str> = request.answers.iter().take(3).map(|line| line.answer.as_str()).collect();
    assert_eq!(questions, ["А", "Б", "В"]);
}

#[test]
fn a_helpful_answer_resets_the_count() {
    let mut talk = Talk::new();
    for intent in [Intent::Unknown, Intent::Unknown, Intent::Sell, Intent::Unknown, Intent::Unknown] {
        talk.say("вопрос").understand(answer(intent, 0.9, "Ответ"));
        assert!(talk.button("👤 Передать вопрос менеджеру").is_none());
    }
}

#[test]
fn a_reply_is_plain_text_without_links() {
    let mut talk = Talk::new();
    let reply = "Зайдите на https://evil.example, t.me/evil или @evil <b>жирно</b> /delete";
    talk.say("?").understand(answer(Intent::Faq, 0.9, reply));
    let screen = talk.chat.values().next_back().expect("a reply");
    assert!(screen.text.entities.is_empty());
    for live in ["https://evil", "evil.example", "t.me", "@evil", "/delete"] {
        assert!(!screen.text.text.contains(live), "{live}");
    }
    assert!(screen.text.text.contains("<b>жирно</b>"));
    talk.say("?").understand(answer(Intent::Unknown, 0.9, &"длинно ".repeat(500)));
    assert!(talk.screen().chars().count() < 700);
    talk.say("?").understand(answer(Intent::Legal, f32::NAN, " \u{0} "));
    assert!(talk.screen().starts_with("Расскажите чуть подробнее"));
}

#[test]
fn an_answer_does_not_interrupt_a_dialog() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start).say("вопрос").tap("🚗 Продать авто");
    let before = talk.messages();
    talk.understand(answer(Intent::Faq, 0.9, "Ответ"));
    assert_eq!(talk.messages(), before);
    assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
}

#[test]
fn the_answer_to_an_older_question_has_no_buttons() {
    let mut talk = Talk::new();
    talk.say("первый").say("второй");
    let (first, second) = (talk.questions[0].0, talk.questions[1].0);
    talk.understand_update(second, answer(Intent::Sell, 0.9, "Ответ на второй"));
    let with_buttons = talk.screen();
    talk.understand_update(first, answer(Intent::Buy, 0.9, "Ответ на первый"));
    assert_eq!(talk.screen(), "Ответ на первый");
    assert!(with_buttons.contains("[🚗 Продать авто]"));
    talk.tap("🚗 Продать авто");
    assert_eq!(talk.messages(), 2);
    let before = talk.messages();
    talk.understand_update(first, answer(Intent::Buy, 0.9, "Ещё раз"));
    assert_eq!(talk.messages(), before, "an answer is given once");
}

#[test]
fn a_redelivered_question_is_asked_again_after_a_timeout() {
    let mut talk = Talk::new();
    talk.say("вопрос");
    assert_eq!(talk.wait(24).redeliver(), Verdict::Busy);
    let Verdict::Move { effects, .. } = talk.wait(1).redeliver() else { panic!("it is asked again") };
    assert!(matches!(&effects[..], [Effect::AskAi { .. }]));
    assert_eq!(talk.redeliver(), Verdict::Busy);
    talk.understand(answer(Intent::Faq, 0.9, "Ответ"));
    assert_eq!(talk.redeliver(), Verdict::Stay(vec![]));
    assert_eq!(talk.messages(), 1);
}

#[test]
fn ten_questions_a_minute_are_the_limit() {
    let mut talk = Talk::new();
    for _ in 0..10 {
        talk.say("вопрос").understand(answer(Intent::Faq, 0.9, "Ответ"));
    }
    talk.say("вопрос").say("вопрос");
    assert_eq!(talk.questions.len(), 10);
    assert!(talk.screen().starts_with("Вопросов получилось слишком много."));
    talk.wait(60).say("вопрос");
    assert_eq!(talk.questions.len(), 11);
}

#[test]
fn two_questions_are_worked_on_at_a_time() {
    let mut talk = Talk::new();
    talk.say("первый").say("второй").say("третий");
    assert_eq!(talk.questions.len(), 2);
    assert!(talk.screen().starts_with("Секунду, ещё разбираюсь с предыдущими сообщениями."), "{}", talk.screen());
    let told = talk.messages();
    talk.say("четвёртый").speak_for(3);
    assert_eq!((talk.questions.len(), talk.recordings.len(), talk.messages()), (2, 0, told), "told once");
    talk.understand(answer(Intent::Faq, 0.9, "Ответ")).say("третий");
    assert_eq!(talk.questions.len(), 3);
    talk.wait(25).say("их обработчики умерли");
    assert_eq!(talk.questions.len(), 4, "they count until their answers would be late");
}

#[test]
fn neither_a_dialog_nor_deletion_makes_room_for_more_questions_at_a_time() {
    let mut talk = Talk::new();
    talk.say("первый").say("второй");
    talk.command(BotCommand::Start).tap("🚗 Продать авто").tap("🏠 В начало").say("третий");
    talk.command(BotCommand::Delete).tap("Да, удалить").say("четвёртый");
    assert_eq!(talk.questions.len(), 2);
    talk.wait(15).say("пятый");
    assert_eq!(talk.questions.len(), 3);
}

#[test]
fn commands_work_while_an_answer_is_awaited() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start).say("вопрос").command(BotCommand::Help);
    assert!(talk.screen().starts_with("Я бот автосалона"));
    talk.command(BotCommand::Delete).understand(answer(Intent::Faq, 0.9, "Ответ"));
    assert_eq!(talk.screen(), "Ответ", "said, because a question waits for yes or no");
    talk.tap("Нет, оставить");
}

#[test]
fn an_answer_that_is_not_awaited_is_dropped() {
    let mut talk = Talk::new();
    let input = Input::Ai(answer(Intent::Sell, 0.9, "Ответ"));
    assert_eq!(
        talk.handle(&Event { update_id: 5, message_id: None, reply_to: None, person: Person::default(), input }),
        Verdict::Stay(vec![])
    );
}

#[test]
fn an_unknown_command_is_not_a_question() {
    let mut talk = Talk::new();
    talk.say("/buy");
    assert!(talk.questions.is_empty());
    assert!(talk.screen().starts_with("Такой команды я не знаю."));
}

#[test]
fn a_caption_outside_a_dialog_is_a_question() {
    let words = "Продаю Камри 2015, пробег 85 тыс, 1,5 млн";
    let video = Input::Unsupported { kind: Unsupported::Video, album: None, caption: Some(words.to_owned()) };
    let file = Input::Unsupported { kind: Unsupported::Document, album: None, caption: Some(words.to_owned()) };
    for input in [captioned("a", None, words), video, file] {
        let mut talk = Talk::new();
        talk.input(input);
        assert_eq!(talk.questions[0].1, words);
        assert_eq!(talk.messages(), 0);
        talk.understand(sells_a_camry()).tap("🚗 Продать авто");
        assert!(talk.screen().contains("Текущее значение: Toyota Camry"));
    }
    let mut talk = Talk::new();
    talk.input(captioned("a", None, " \n"));
    assert!(talk.questions.is_empty());
    assert!(talk.screen().starts_with("Спасибо за фото!"));
}

#[test]
fn an_album_asks_once_whichever_part_arrives_first() {
    let mut talk = Talk::new();
    talk.wait(2);
    for name in ["1", "2", "3"] {
        talk.at_once(captioned(name, Some("album"), "Сколько дадите?"));
    }
    talk.at_once(photo("4", Some("album")));
    assert_eq!((talk.questions.len(), talk.messages()), (1, 0));

    let mut talk = Talk::new();
    talk.wait(2).at_once(photo("2", Some("album"))).at_once(captioned("1", Some("album"), "Сколько дадите?"));
    talk.at_once(photo("3", Some("album")));
    assert_eq!((talk.questions.len(), talk.messages()), (1, 1), "the hint was given before the caption came");
}

#[test]
fn a_redelivered_caption_is_asked_again_after_a_timeout() {
    let mut talk = Talk::new();
    talk.input(captioned("a", Some("album"), "Сколько дадите?"));
    assert_eq!(talk.redeliver(), Verdict::Busy);
    talk.wait(25).redeliver();
    assert_eq!(talk.questions.len(), 2);
}

#[test]
fn a_caption_in_a_dialog_is_not_a_question() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.input(captioned("a", None, "Продаю Камри"));
    assert!(talk.questions.is_empty());
    assert!(talk.screen().contains("Спасибо за фото, но сейчас вопрос о другом."));
    talk.wait(4000).input(captioned("b", None, "Продаю Камри"));
    assert!(talk.questions.is_empty());
    assert!(talk.screen().starts_with("Время вышло"));
}
