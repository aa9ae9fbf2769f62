//! Links to the bot, which say where a customer comes from.

use super::talk::Talk;
use crate::{BotCommand, Milestone};

const HOUR: i64 = 3600;

/// Goes through the shortest sale, from its first question.
fn finish_sale(talk: &mut Talk) {
    talk.say("Toyota Camry").tap("2019").say("85 тыс").say("1,5 млн").tap("⏭ Пропустить").say("Иван");
    talk.say("8 900 123-45-67").tap("⏭ Пропустить").tap("✅ Отправить");
}

/// The source of the latest request.
fn source(talk: &Talk) -> String {
    let source = &talk.requests.last().expect("a request").source;
    source.as_ref().map_or_else(|| "none".to_owned(), |source| source.parts().collect::<Vec<_>>().join(" / "))
}

#[test]
fn a_link_opens_its_questionnaire_and_goes_with_the_request() {
    let mut talk = Talk::new();
    talk.follow("s_avito__m_cpc__c_autumn__t_red__b_sell");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
    finish_sale(&mut talk);
    assert_eq!(source(&talk), "avito / cpc / autumn / red");
}

#[test]
fn a_link_without_a_known_questionnaire_opens_the_menu() {
    for payload in ["ad_7", "b_nonsense", "b_manager", "s_avito"] {
        let mut talk = Talk::new();
        talk.command(BotCommand::Start);
        let menu = talk.screen();
        talk.follow(payload);
        assert_eq!(talk.screen(), menu, "{payload}");
    }
}

#[test]
fn a_link_in_the_middle_of_a_dialog_asks_first_and_counts() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").follow("s_avito__b_buy");
    assert!(talk.screen().starts_with("Прервать заявку «Продажа авто»?"), "{}", talk.screen());
    talk.tap("Да, сбросить");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 1 из 8*");

    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.follow("s_avito__b_buy").tap("Нет, продолжить");
    finish_sale(&mut talk);
    assert_eq!(source(&talk), "avito");
    talk.tap("🚗 Продать авто").say("Kia Rio").tap("🏠 В начало").tap("Да, сбросить");
    assert!(talk.screen().starts_with("Выберите, чем помочь"), "the link was declined: {}", talk.screen());
}

#[test]
fn the_newest_link_of_the_last_day_counts() {
    let mut talk = Talk::new();
    talk.follow("s_old").wait(HOUR).follow("s_new").wait(HOUR).follow("b_sell");
    finish_sale(&mut talk);
    assert_eq!(source(&talk), "new", "the third link names no source");
    talk.wait(21 * HOUR).tap("🚗 Продать авто");
    finish_sale(&mut talk);
    assert_eq!(source(&talk), "new");
    talk.wait(2 * HOUR).tap("🚗 Продать авто");
    finish_sale(&mut talk);
    assert_eq!(source(&talk), "none", "a day later");
}

#[test]
fn the_conversation_is_stored_as_long_as_its_link_counts() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start);
    assert_eq!(talk.conversation.expires_at(), Some(talk.now + 1800));
    talk.follow("s_avito");
    assert_eq!(talk.conversation.expires_at(), Some(talk.now + 24 * HOUR));
}

#[test]
fn deleting_everything_deletes_where_the_customer_came_from() {
    let mut talk = Talk::new();
    talk.follow("s_avito").command(BotCommand::Delete).tap("Да, удалить");
    talk.command(BotCommand::Start).tap("🚗 Продать авто");
    finish_sale(&mut talk);
    assert_eq!(source(&talk), "none");
}

#[test]
fn a_link_that_telegram_delivers_twice_counts_once() {
    let mut talk = Talk::new();
    talk.follow("s_avito__b_sell");
    let before = talk.conversation.clone();
    talk.redeliver();
    assert_eq!(talk.conversation, before);
}

#[test]
fn what_the_customers_of_a_source_reach_is_counted_once() {
    use Milestone::{Confirmation, Name, Started};
    let reached = |talk: &Talk, before| talk.conversation.source_progress(before, talk.now);
    let mut talk = Talk::new();
    talk.follow("s_avito__m_cpc__b_legal");
    let start = reached(&talk, None).expect("it has started");
    assert_eq!((start.source.as_str(), start.milestones), ("avito", vec![Started]));
    let before = talk.conversation.progress();
    talk.tap("Страхование (ОСАГО / КАСКО)").tap("⬅️ Назад").tap("✅ Принять");
    assert_eq!(reached(&talk, before), None, "that question has no place in other questionnaires");
    talk.say("Нужен полис");
    assert_eq!(reached(&talk, before).map(|progress| progress.milestones), Some(vec![Name]));
    let before = talk.conversation.progress();
    talk.share("79001234567").tap("⏭ Пропустить");
    assert_eq!(reached(&talk, before).map(|progress| progress.milestones), Some(vec![Confirmation]));
    assert_eq!(reached(&talk, None).map(|progress| progress.milestones), Some(vec![Started, Name, Confirmation]));
    assert_eq!(talk.conversation.source_progress(None, talk.now + 24 * HOUR), None, "the link is forgotten");
    assert_eq!(reached(&Talk::in_branch("🚗 Продать авто"), None), None, "no link brought them");
}
