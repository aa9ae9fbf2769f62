//! Questions answered in the dealer's words, outside a dialog and in the middle of one.

use std::sync::Arc;

use dealer::{Dealer, Fact, Facts};
use insta::assert_snapshot;

use super::talk::{Talk, answer};
use crate::decide::aside_of;
use crate::form::Form;
use crate::questionnaire::{Branch, Kind, Parser};
use crate::{AiAnswer, AnsweredBy, BotCommand, Intent, Rules, branches};

const DEALER: &str = include_str!("../../../faq/data/dealer.toml");

fn dealer() -> Dealer {
    dealer::parse(DEALER).expect("a good file")
}

/// A talk with a dealer whose facts are known.
pub(super) fn informed(mut talk: Talk) -> Talk {
    talk.rules.dealer = Arc::new(dealer());
    talk
}

/// What is understood of a question that these facts answer.
fn answered_by(talk: &Talk, questions: &[&str]) -> AiAnswer {
    let facts = &talk.rules.dealer.facts;
    let ids = questions.iter().map(|question| facts.answering(question)[0].id()).collect();
    AiAnswer { answered_by: AnsweredBy::Dealer(ids), ..answer(Intent::Faq, 0.9, "Своими словами") }
}

#[test]
fn a_question_is_answered_in_the_dealers_words() {
    let mut talk = informed(Talk::new());
    let told = answered_by(&talk, &["Сколько стоит диагностика?", "Где вы находитесь?"]);
    talk.say("почём диагностика и где вы?").understand(told);
    assert_snapshot!(talk.screen(), @"
    Комплексная проверка — 5 000 ₽, занимает около часа.

    Москва, Автозаводская улица, 1. Вход со двора, пять минут от метро.

    [🏠 В начало]
    ");
}

#[test]
fn a_wish_with_a_question_gets_the_words_and_its_button() {
    let mut talk = informed(Talk::new());
    let told = answered_by(&talk, &["Сколько стоит диагностика?"]);
    talk.say("почём проверить камри?").understand(AiAnswer { intent: Intent::Check, ..told });
    assert_snapshot!(talk.screen(), @"
    Комплексная проверка — 5 000 ₽, занимает около часа.

    [🔧 Проверка авто]
    [🏠 В начало]
    ");
}

#[test]
fn what_no_fact_answers_goes_to_a_manager_in_one_press() {
    let mut talk = informed(Talk::new());
    talk.say("Сколько стоит страховка?").understand(answer(Intent::Faq, 0.9, "Точного ответа у меня нет."));
    assert_snapshot!(talk.screen(), @"
    Точного ответа у меня нет.

    Похоже, здесь лучше поможет человек. Оставьте имя и телефон — менеджер перезвонит и ответит.

    [👤 Передать вопрос менеджеру]
    [🏠 В начало]
    ");
    talk.tap("👤 Передать вопрос менеджеру").say_all(&["Иван", "+79001234567"]).tap("✅ Отправить");
    assert_eq!(talk.requests[0].answers[0].answer, "Сколько стоит страховка?");
}

#[test]
fn a_fact_that_the_file_has_lost_is_not_told() {
    let mut talk = informed(Talk::new());
    let told = answered_by(&talk, &["Сколько стоит диагностика?"]);
    talk.rules.dealer = Arc::default();
    talk.say("почём диагностика?").understand(told);
    assert!(talk.screen().starts_with("Своими словами"), "{}", talk.screen());
    assert!(talk.button("👤 Передать вопрос менеджеру").is_some());
}

#[test]
fn facts_that_do_not_fit_into_one_message_are_told_one() {
    let fact = |question: &str| Fact { questions: vec![question.to_owned()], answer: question[..2].repeat(3500) };
    let facts = vec![fact("Где вы находитесь?"), fact("Есть ли парковка?")];
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.rules.dealer = Arc::new(Dealer { facts: Facts::new(facts), ..Dealer::default() });
    talk.say("где вы находитесь и есть ли парковка?");
    let told = &talk.texts_from(talk.messages() - 1)[0];
    assert_eq!(*told, "Г".repeat(3500));
}

#[test]
fn what_the_bot_says_of_itself_needs_no_manager() {
    let mut talk = Talk::new();
    let told =
        AiAnswer { answered_by: AnsweredBy::Bot, ..answer(Intent::Faq, 0.9, "Мы помогаем продать.") };
    talk.say("Чем вы занимаетесь?").understand(told);
    assert!(talk.button("👤 Передать вопрос менеджеру").is_none());
}

#[test]
fn a_question_at_a_step_is_answered_and_the_step_asked_again() {
    let mut talk = informed(Talk::in_branch("🚗 Продать авто"));
    talk.say_all(&["Toyota Camry", "2019"]);
    let before = talk.messages();
    talk.say("а какие документы нужны для продажи?");
    assert_eq!(
        talk.texts_from(before + 1)[0],
        "Паспорт, ПТС и СТС. Если в ПТС вы не первый владелец — ещё договор купли-продажи."
    );
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
    assert_eq!((talk.messages() - before, talk.messages_with_buttons()), (2, 1));
    assert!(talk.questions.is_empty(), "no model is asked");
    talk.say("85 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
}

#[test]
fn a_question_of_somebody_who_comes_back_is_answered_before_the_form_is_continued() {
    let mut talk = informed(Talk::in_branch("🚗 Продать авто"));
    talk.say("Kia Rio").tap("2019").wait(24 * 3600).say("Сколько стоит диагностика?");
    assert_eq!(talk.texts_from(talk.messages() - 1)[0], "Комплексная проверка — 5 000 ₽, занимает около часа.");
    assert!(talk.screen().starts_with("Заявка «Продажа авто» ещё не отправлена"), "{}", talk.screen());
    talk.say("А кредит без первого взноса дадут?");
    assert!(talk.screen().starts_with("На этот вопрос ответит менеджер"), "{}", talk.screen());
    talk.tap("Продолжить");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
}

#[test]
fn the_words_are_told_again_when_the_update_is_redelivered() {
    let mut talk = informed(Talk::in_branch("🚗 Продать авто"));
    talk.loses_ids = true;
    talk.say("Где вы находитесь?").wait(20);
    let before = talk.messages();
    talk.redeliver();
    assert!(talk.texts_from(before + 1)[0].starts_with("Москва, Автозаводская"));
}

#[test]
fn a_question_at_the_phone_keeps_the_keyboard() {
    let mut talk = informed(Talk::in_branch("🔧 Проверка авто"));
    talk.tap("Техническая диагностика").say_all(&["Camry"]).tap("⏭ Пропустить").say("Иван");
    talk.say("а парковка у вас есть?");
    assert!(talk.screen().contains("По какому номеру вам позвонить?"));
    assert!(!talk.keyboard().is_empty());
}

#[test]
fn what_only_a_manager_can_answer_goes_with_the_request() {
    let mut talk = informed(Talk::in_branch("🔧 Проверка авто"));
    talk.tap("Техническая диагностика").say("а сколько стоит полировка фар?");
    assert_snapshot!(talk.screen(), @"
    *Проверка авто · Шаг 2 из 6*

    На этот вопрос ответит менеджер — передам его вместе с заявкой.

    Какой автомобиль проверяем? Напишите марку и модель.
    Например: Skoda Octavia

    [⬅️ Назад] [🏠 В начало]
    ");
    talk.say("Camry").tap("⏭ Пропустить").say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить").tap("✅ Отправить");
    assert_eq!(talk.requests[0].answers[0].answer, "а сколько стоит полировка фар?");
}

#[test]
fn a_comment_is_a_comment_even_if_it_asks() {
    let mut talk = informed(Talk::in_branch("⚖️ Юридическая помощь"));
    talk.tap("Возврат авто / спор с продавцом").say("Можно ли вернуть машину?");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 3 из 5*");
}

#[test]
fn a_question_at_the_confirmation_is_answered_and_changes_nothing() {
    let mut talk = informed(Talk::in_branch("🔧 Проверка авто"));
    talk.tap("Техническая диагностика").say("Camry").tap("⏭ Пропустить");
    talk.say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить");
    let confirmation = talk.screen();
    talk.say("где вы находитесь?");
    assert_eq!(talk.screen(), confirmation);
    talk.command(BotCommand::Help);
    assert_eq!(talk.screen(), confirmation);
}

#[test]
fn the_label_of_a_button_is_an_answer_whatever_the_facts() {
    let fact = |question: &str| Fact { questions: vec![question.to_owned()], answer: "Да.".to_owned() };
    let facts = ["робот", "назад", "пропустить"].map(fact).to_vec();
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.rules.dealer = Arc::new(Dealer { facts: Facts::new(facts), ..Dealer::default() });
    talk.say("Kia Rio").tap("до 500 000 ₽").tap("Любой").say("Назад");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 3 из 8*");
    talk.tap("✅ Принять").say("Робот");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 5 из 8*");
}

/// Typed answers by the kind of step that they answer.
const ANSWERS: &str = include_str!("answers.txt");

/// The forms that stand at a step of this kind.
fn forms(kind: &str) -> Vec<Form> {
    let is_of_kind = |kind: &str, step: &crate::questionnaire::Step| match (step.kind, step.parser()) {
        (Kind::Phone, _) => kind == "phone",
        (_, Some(Parser::Car)) => kind == "car",
        (_, Some(Parser::Year | Parser::YearFrom)) => kind == "year",
        (_, Some(Parser::Mileage)) => kind == "mileage",
        (_, Some(Parser::Price | Parser::Budget)) => kind == "money",
        (_, Some(Parser::Vehicle)) => kind == "vehicle",
        (_, Some(Parser::Name)) => kind == "name",
        (_, Some(Parser::Text { .. })) => kind == "text",
        _ => false,
    };
    let at = |branch: &'static Branch, id: &str| {
        let mut form = Form::new(branch, "01JD0000000000000000000001".parse().expect("an id"));
        form.edit(id);
        form
    };
    let steps = branches::ALL.into_iter().flat_map(|branch| branch.steps.iter().map(move |step| (branch, step)));
    steps.filter(|(_, step)| is_of_kind(kind, step)).map(|(branch, step)| at(branch, step.id)).collect()
}

fn is_aside(form: &Form, typed: &str, rules: &Rules) -> bool {
    aside_of(form, typed, rules, 2026).is_some()
}

#[test]
fn answers_are_never_taken_for_questions() {
    let rules = informed(Talk::new()).rules;
    let answers = ANSWERS.lines().filter_map(|line| line.split_once(": "));
    let mut count = 0;
    let mut taken = Vec::new();
    for (kind, typed) in answers {
        for form in forms(kind) {
            count += 1;
            if is_aside(&form, typed, &rules) {
                taken.push((kind, typed));
            }
        }
    }
    println!("{} of {count} answers were taken for questions", taken.len());
    assert!(count > 200 && taken.is_empty(), "{count}: {taken:?}");
}

/// Labelled questions to the dealer, at every kind of step that does not take any text.
#[test]
fn questions_are_seldom_taken_for_answers() {
    let rules = informed(Talk::new()).rules;
    let labelled = include_str!("../../../faq/data/strangers.jsonl")
        .lines()
        .chain(include_str!("../../../faq/data/held_out.jsonl").lines());
    let questions: Vec<String> = labelled
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a labelled question"))
        .filter(|case| case["facts"].as_array().is_some_and(|facts| !facts.is_empty()))
        .map(|case| case["text"].as_str().expect("a text").to_owned())
        .collect();
    for (kind, most) in [
        ("phone", 0.1),
        ("year", 0.1),
        ("mileage", 0.1),
        ("money", 0.1),
        ("vehicle", 0.1),
        ("car", 0.15),
        ("name", 0.15),
    ] {
        let form = &forms(kind)[0];
        let taken: Vec<&String> = questions.iter().filter(|text| !is_aside(form, text, &rules)).collect();
        let share = taken.len() as f64 / questions.len() as f64;
        println!("{kind}: {} of {} questions were taken for answers ({share:.3})", taken.len(), questions.len());
        assert!(share <= most, "{kind}: {taken:#?}");
    }
}
