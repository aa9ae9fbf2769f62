//! A person takes over.

use std::time::Duration;

use ::talk::{Body, Line, Said, Side};
use insta::assert_snapshot;

use super::filling::sale;
use super::talk::{Talk, answer, captioned};
use crate::{BotCommand, Effect, Input, Intent, TeamAct, TeamAnswer, Unsupported, Verdict, wants_person};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// A talk with a dealer whose sales chat has topics. It is 17:13 in Moscow, on a Monday.
pub(super) fn with_topics(mut talk: Talk) -> Talk {
    talk.has_topics = true;
    talk.dealer().sales_chat = dealer::parse("[sales_chat]\nchat_id = -100").expect("a dealer's file").sales_chat;
    talk
}

/// A talk in which a person was called.
fn called() -> Talk {
    let mut talk = with_topics(Talk::new());
    talk.command(BotCommand::Human);
    talk
}

/// What the team has read.
fn read(talk: &Talk) -> Vec<&str> {
    talk.relayed.iter().map(Line::words).collect()
}

#[test]
fn help_offers_a_person_who_then_hears_everything() {
    let mut talk = with_topics(Talk::new());
    talk.command(BotCommand::Help).tap("👤 Позвать человека");
    assert_snapshot!(talk.screen(), @r"
    Зову менеджера. Напишите прямо сюда, что нужно: всё передам, и ответ придёт в этот же чат.

    Сам я пока помолчу.

    [⬅️ Вернуться к боту]
    ");
    assert_snapshot!(read(&talk)[0], @r"
    👤 Клиент зовёт человека.

    Всё, что вы напишете в этой теме, получит клиент — от вашего имени. Его ответы появятся здесь. Бот пока молчит. Закончить разговор: /close
    ");
    let before = talk.messages();
    talk.say("Камри 2019 ещё в продаже?");
    let asked = talk.last_update();
    talk.say("/unknown").input(captioned("1", Some("a"), "вот такая")).share("+79001234567");
    talk.edit(asked, "Камри 2020 ещё в продаже?");
    talk.input(Input::Unsupported { kind: Unsupported::Document, album: None, caption: None });
    assert_eq!(talk.messages(), before, "the bot keeps quiet");
    assert!(talk.questions.is_empty());
    assert!(talk.relayed.iter().all(|line| line.to == Side::Team && line.update_id.is_some()));
    let kind = |line: &Line| match &line.said {
        Said::Word(_) => "word",
        Said::Edit(_) => "edit",
        Said::Message(message) => match &message.body {
            Body::Text(_) => "text",
            Body::Media { kind, .. } => kind.name(),
        },
    };
    let kinds: Vec<&str> = talk.relayed.iter().map(kind).collect();
    assert_eq!(kinds, ["word", "text", "text", "photo", "contact", "edit", "file"]);
    assert_eq!(read(&talk)[1..4], ["Камри 2019 ещё в продаже?", "/unknown", "вот такая"]);
    assert_eq!(talk.relayed[5].original(), talk.relayed[1].original());
    assert_eq!(talk.relayed[3].message().and_then(|message| message.album.as_deref()), Some("a"));
}

#[test]
fn a_person_is_offered_after_the_second_answer_that_does_not_help() {
    let mut talk = with_topics(Talk::new());
    talk.say("Что посоветуете?").understand(answer(Intent::Unknown, 0.9, "Расскажите подробнее."));
    assert!(talk.button("👤 Позвать человека").is_none());
    talk.say("Ну вообще").understand(answer(Intent::Unknown, 0.9, "Не понял вас."));
    assert_snapshot!(talk.screen(), @r"
    Не понял вас.

    Если проще объяснить человеку — позову.

    [👤 Позвать человека]
    [🏠 В начало]
    ");
    talk.tap("👤 Позвать человека");
    assert!(talk.screen().starts_with("Зову менеджера."), "{}", talk.screen());
    assert_snapshot!(read(&talk)[0], @r"
    👤 Клиент зовёт человека.

    Всё, что вы напишете в этой теме, получит клиент — от вашего имени. Его ответы появятся здесь. Бот пока молчит. Закончить разговор: /close

    Перед этим клиент спрашивал:
    • Что посоветуете?
    • Ну вообще
    ");
}

#[test]
fn outside_the_hours_the_customer_reads_when_somebody_will_be_there() {
    let cases = [
        ("Mon-Fri\" = \"09:00-20:00", 4 * HOUR, "завтра с 9:00"),
        ("Mon-Fri\" = \"18:00-20:00", 0, "сегодня с 18:00"),
        ("Wed\" = \"10:30-18:00", 0, "в среду с 10:30"),
        ("Tue\" = \"10:00-18:00", 24 * HOUR + 4 * HOUR, "29 сентября"),
    ];
    for (hours, later, when) in cases {
        let mut talk = with_topics(Talk::new());
        let file = format!("holidays = [\"2026-09-30\"]\n[hours]\n\"{hours}\"");
        let holidays = when == "29 сентября";
        let file = if holidays { file } else { file.replace("2026-09-30", "2026-01-01") };
        talk.dealer().calendar = dealer::parse(&file).expect("a dealer's file").calendar;
        talk.wait(later).command(BotCommand::Human);
        let opening = format!("Сейчас мы закрыты, менеджер ответит {when}");
        assert!(talk.screen().starts_with(&opening), "{}", talk.screen());
        assert_eq!(talk.relayed.len(), 1);
    }
}

#[test]
fn without_topics_the_button_leads_to_the_questionnaire_for_a_manager() {
    for has_chat in [false, true] {
        let mut talk = if has_chat { with_topics(Talk::new()) } else { Talk::new() };
        talk.has_topics = false;
        talk.command(BotCommand::Help).tap("👤 Позвать человека");
        assert_eq!(talk.header(), "*Вопрос менеджеру · Шаг 1 из 2*");
        talk.command(BotCommand::Human);
        assert_eq!(talk.header(), "*Вопрос менеджеру · Шаг 1 из 2*");
        assert!(talk.relayed.is_empty());
    }
    let mut talk = sale();
    talk.command(BotCommand::Human);
    assert!(talk.screen().starts_with("Прервать заявку «Продажа авто»?"), "{}", talk.screen());
    talk.tap("Нет, продолжить");
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    talk.command(BotCommand::Human).tap("Да, сбросить");
    assert_eq!(talk.header(), "*Вопрос менеджеру · Шаг 1 из 2*");
}

#[test]
fn a_form_waits_while_a_person_talks_and_is_offered_again() {
    let mut talk = with_topics(Talk::in_branch("🚗 Продать авто"));
    talk.say("Kia Rio").tap("2019").command(BotCommand::Human);
    assert!(read(&talk)[0].contains("Заявка «Продажа авто» не закончена, шаг «Пробег»."), "{}", read(&talk)[0]);
    assert_eq!(talk.messages_with_buttons(), 1, "the question for the mileage has lost its buttons");
    talk.say("85 тыс это много?");
    assert_eq!(talk.team(TeamAct::Writes), TeamAnswer::PassOn);
    assert_eq!(talk.team(TeamAct::Closes), TeamAnswer::Closed);
    assert_snapshot!(talk.screen(), @r"
    Разговор с менеджером закончен — снова на связи я, бот.

    Заявка «Продажа авто» ещё не отправлена: вы остановились на шаге «Пробег». Ответы сохраню ещё 7 дней.

    [Продолжить]
    [Начать заново]
    ");
    talk.tap("Продолжить").say("85 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    assert_eq!(talk.team(TeamAct::Closes), TeamAnswer::NothingToClose);
}

#[test]
fn the_team_may_begin_and_the_customer_reads_it_once() {
    let mut talk = with_topics(sale());
    assert_eq!(talk.team(TeamAct::Writes), TeamAnswer::PassOn);
    assert_snapshot!(talk.screen(), @"К разговору подключился менеджер. Теперь всё, что вы напишете, получит он, а я помолчу. Вернуться к боту: /menu");
    let before = talk.messages();
    assert_eq!(talk.team(TeamAct::Writes), TeamAnswer::PassOn);
    talk.say("Здравствуйте!");
    assert_eq!((talk.messages(), read(&talk)), (before, vec!["Здравствуйте!"]));
    talk.tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 1, "buttons work as usual");
    talk.say("Отправил");
    assert_eq!(read(&talk).len(), 2, "and the talk goes on");
}

#[test]
fn a_button_in_a_talk_shows_where_the_typed_goes() {
    let mut talk = with_topics(Talk::in_branch("🚗 Продать авто"));
    talk.say("Kia Rio");
    talk.team(TeamAct::Writes);
    talk.tap("2019");
    let screens = talk.texts_from(0);
    assert!(screens.iter().any(|screen| screen.contains("Сейчас с вами говорит менеджер")), "{screens:#?}");
    talk.say("85 тыс");
    assert_eq!(read(&talk), ["85 тыс"]);
    talk.command(BotCommand::Menu).tap("⬅️ Вернуться к боту");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
    assert_eq!(read(&talk).last(), Some(&"Клиент вернулся к боту. Если напишете сюда ещё, он всё равно получит."));
    talk.say("85 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
}

#[test]
fn every_command_but_those_about_data_shows_the_way_back() {
    for command in [BotCommand::Start, BotCommand::Menu, BotCommand::Help, BotCommand::Human] {
        let mut talk = called();
        talk.say("Здравствуйте").command(command);
        assert!(talk.screen().starts_with("Зову менеджера."), "{}", talk.screen());
        assert_eq!(talk.messages_with_buttons(), 1);
        talk.tap("⬅️ Вернуться к боту");
        assert!(talk.screen().starts_with("Снова на связи я, бот."), "{}", talk.screen());
        talk.say("Сколько стоит диагностика?");
        assert_eq!(talk.questions.len(), 1);
    }
    let mut talk = called();
    talk.follow("s_avito__b_sell");
    assert!(talk.screen().starts_with("Зову менеджера."), "{}", talk.screen());
    let before = talk.messages();
    talk.command(BotCommand::Privacy);
    assert!(talk.texts_from(before + 1)[0].starts_with("Какие данные хранятся"));
    talk.command(BotCommand::Delete).tap("Нет, оставить");
    assert!(talk.screen().starts_with("Зову менеджера."), "{}", talk.screen());
    talk.say("ещё здесь").command(BotCommand::Delete).tap("Да, удалить");
    assert!(talk.forgotten && talk.conversation.talk.is_none());
    let stored = serde_json::to_string(&talk.conversation).expect("it serialises");
    assert!(!stored.contains("relayed"), "{stored}");
}

#[test]
fn after_twelve_hours_of_silence_the_bot_is_back() {
    let mut talk = called();
    talk.wait(5 * HOUR).say("Ау");
    let said_at = talk.now;
    talk.wait(12 * HOUR - MINUTE).team(TeamAct::Writes);
    talk.wait_until_due();
    assert!(talk.now >= said_at + 24 * HOUR - MINUTE, "a line of the team counts as well");
    assert_snapshot!(talk.screen(), @r"
    Разговор с менеджером закончен — снова на связи я, бот.

    Если нужно что-то ещё, выберите в меню или напишите.

    [🚗 Продать авто] [🔍 Купить авто]
    [🎯 Подбор авто] [🔧 Проверка авто]
    [⚖️ Юридическая помощь] [💬 Задать вопрос]
    ");
    assert!(read(&talk).last().is_some_and(|word| word.starts_with("Больше 12 часов тишины")));
    assert_eq!(talk.conversation.due_at(), None);
    talk.tap("🚗 Продать авто");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
}

#[test]
fn nobody_is_woken_to_read_that_a_talk_is_over() {
    let mut talk = called();
    let hour = |talk: &Talk| talk.rules.dealer.calendar.local(talk.now).hour();
    assert_eq!(hour(&talk), 17);
    talk.wait(13 * HOUR).say("А вы ещё здесь?");
    assert_eq!(talk.questions.len(), 1, "at six in the morning the bot answers again");
    let mut talk = called();
    talk.wait_until_due();
    assert_eq!(hour(&talk), 9);
}

#[test]
fn a_form_is_offered_again_after_the_silence_and_not_reminded_of() {
    let mut talk = with_topics(Talk::in_branch("🚗 Продать авто"));
    talk.dealer().unfinished.remind_after = Some(Duration::from_mins(20));
    talk.say("Kia Rio").tap("2019").command(BotCommand::Human).wait_until_due();
    assert!(talk.screen().contains("Заявка «Продажа авто» ещё не отправлена"), "{}", talk.screen());
    assert_eq!(talk.conversation.due_at(), None, "that was as good as a reminder");
    talk.tap("Продолжить");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
}

#[test]
fn who_has_blocked_the_bot_is_not_told_that_the_talk_is_over() {
    let mut talk = called();
    talk.may_write = false;
    let before = talk.messages();
    talk.wait_until_due();
    assert_eq!((talk.messages(), talk.conversation.talk.is_some()), (before, false));
    assert_eq!(talk.relayed.len(), 2, "the team is");
}

#[test]
fn an_update_that_comes_again_is_passed_on_again_under_the_same_number() {
    let mut talk = called();
    for _ in 0..2 {
        let Verdict::Stay(effects) = talk.redeliver() else { panic!("it moves twice") };
        let [Effect::Relay { line, .. }] = &effects[..] else { panic!("{effects:?}") };
        assert_eq!(line.update_id, talk.relayed[0].update_id);
        talk.say("Здравствуйте");
        talk.relayed.swap(0, 1);
        talk.relayed.truncate(1);
        talk.relayed[0].update_id = Some(talk.last_update());
    }
}

#[test]
fn an_answer_of_the_model_does_not_interrupt_a_talk() {
    let mut talk = with_topics(Talk::new());
    talk.say("Сколько стоит диагностика?").command(BotCommand::Human);
    let before = talk.messages();
    talk.understand(answer(Intent::Faq, 0.9, "Пять тысяч."));
    assert_eq!(talk.messages(), before);
    assert!(read(&talk)[0].ends_with("• Сколько стоит диагностика?"));
}

#[test]
fn a_customer_who_is_banned_or_has_taken_the_consent_back_is_left_alone() {
    let mut talk = called();
    talk.conversation.set_banned(true);
    talk.say("Эй");
    assert_eq!(talk.relayed.len(), 1, "only the call");
    assert_eq!(talk.team(TeamAct::Writes), TeamAnswer::Banned);

    let mut talk = with_topics(Talk::new());
    talk.rules.privacy_policy_url = Some("https://dealer.example/privacy".to_owned());
    assert_eq!(talk.team(TeamAct::Writes), TeamAnswer::NoConsent);
    talk.command(BotCommand::Human);
    assert!(
        talk.screen().starts_with("Позову человека, как только вы согласитесь: он увидит ваше имя"),
        "{}",
        talk.screen()
    );
    talk.tap("Не сейчас");
    assert!(talk.screen().starts_with("Хорошо. Без согласия позвать человека не могу"), "{}", talk.screen());
    assert!(talk.relayed.is_empty());
    talk.command(BotCommand::Human).tap("✅ Согласен");
    assert!(talk.screen().starts_with("Зову менеджера."), "{}", talk.screen());
    talk.say("Здравствуйте").command(BotCommand::Privacy).tap("Отозвать согласие");
    assert_eq!(talk.team(TeamAct::Writes), TeamAnswer::NoConsent);
    talk.say("Сколько стоит диагностика?");
    assert_eq!((talk.relayed.len(), talk.questions.len()), (2, 1), "the talk has ended with the consent");
}

#[test]
fn floods_do_not_reach_the_team() {
    let mut talk = called();
    talk.wait(60);
    for number in 0..100 {
        talk.at_once(Input::Text(number.to_string()));
    }
    assert_eq!(talk.relayed.len(), 1 + 5);
    assert!(talk.screen().starts_with("Слишком быстро"), "{}", talk.screen());
}

#[test]
fn a_talk_ends_when_the_dealer_takes_the_sales_chat_away() {
    let mut talk = called();
    talk.dealer().sales_chat = None;
    talk.say("Сколько стоит диагностика?");
    assert_eq!((talk.relayed.len(), talk.questions.len()), (1, 1));
}

#[test]
fn telegram_is_asked_for_topics_only_when_a_person_is_wanted() {
    let mut talk = with_topics(Talk::new());
    talk.command(BotCommand::Help);
    let (message_id, data) = talk.button("👤 Позвать человека").expect("it is there");
    let event =
        |input| crate::Event { update_id: 1, message_id: None, reply_to: None, person: Default::default(), input };
    let press = |data: &str| {
        event(Input::Press { callback_id: String::new(), message_id: Some(message_id), data: data.to_owned() })
    };
    assert!(wants_person(&talk.conversation, &press(&data)));
    assert!(wants_person(&talk.conversation, &event(Input::Command(BotCommand::Human))));
    assert!(wants_person(&talk.conversation, &event(Input::Text("Позовите человека".to_owned()))));
    assert!(!wants_person(&talk.conversation, &press("1:home")));
    assert!(!wants_person(&talk.conversation, &event(Input::Text("человек".to_owned()))));
}
