//! Questions to the dealer: answered in the dealer's own words, or by a manager, and never by anybody's invention.

use insta::assert_snapshot;
use serde_json::{Value, json};
use simulators::fault::{Fault, When};
use simulators::openai::Answer;
use stories::{Bot, card, finish, give_name_and_phone, story};

const FACTS: &str = r#"
[[fact]]
questions = ["Сколько стоит диагностика?", "цена проверки"]
answer = "Комплексная проверка — 5 000 ₽, занимает около часа."
[[fact]]
questions = ["Где вы находитесь?", "адрес"]
answer = "Москва, Автозаводская улица, 1. Вход со двора."
"#;

/// The next answer of the model.
fn model_says(bot: &Bot, intent: &str, facts: Value, reply: &str) {
    let entities = json!({"brand": null, "model": null, "year": null, "budget": null, "mileage": null});
    let form = json!({"intent": intent, "confidence": 0.95, "entities": entities, "facts": facts, "reply": reply});
    bot.stack().openai().expect("the model is simulated").script(Answer::Json(form));
}

#[tokio::test]
async fn a_question_is_answered_in_the_dealers_words() {
    story(async |bot| {
        bot.put_dealer_file(FACTS).await;
        let anna = bot.customer("Анна");
        model_says(bot, "faq", json!([1, 2]), "Диагностика бесплатна, ждём вас на Тверской, 7!");
        anna.say("Почём осмотреть машину и куда её привезти?").await;
        assert_snapshot!(anna.screen(), @"
        Комплексная проверка — 5 000 ₽, занимает около часа.

        Москва, Автозаводская улица, 1. Вход со двора.
        [🏠 В начало]
        ");
        let asked = &bot.stack().openai().expect("the model is simulated").questions()[0];
        assert!(asked.instructions.contains("2. Где вы находитесь? | адрес"), "{}", asked.instructions);
        assert!(!asked.instructions.contains("5 000"), "what a fact says is not the model's business");
    })
    .await;
}

#[tokio::test]
async fn without_a_model_the_rules_choose_the_fact() {
    story(async |bot| {
        bot.put_dealer_file(FACTS).await;
        bot.stack().openai().expect("the model is simulated").faults().add("*", When::Always, Fault::Html(500));
        let anna = bot.customer("Анна");
        anna.say("скока стоит дианостика?").await;
        anna.sees("Комплексная проверка — 5 000 ₽, занимает около часа.");
    })
    .await;
}

#[tokio::test]
async fn what_no_fact_answers_goes_to_a_manager_in_one_press() {
    story(async |bot| {
        bot.put_dealer_file(FACTS).await;
        let anna = bot.customer("Анна");
        model_says(bot, "faq", json!([]), "Страховка стоит недорого.");
        anna.say("А сколько стоит страховка на такую машину?").await;
        anna.sees("[👤 Передать вопрос менеджеру]");
        anna.tap("👤 Передать вопрос менеджеру").await;
        anna.sees("Как к вам обращаться?");
        give_name_and_phone(&anna).await;
        let _ = anna.reads();
        let _ = anna.send_request().await;
        bot.deliver().await;
        let deal = card(&bot.next_deal());
        assert!(deal.starts_with("Вопрос менеджеру — Анна"), "{deal}");
        assert!(deal.contains("Вопрос в чате: А сколько стоит страховка на такую машину?"), "{deal}");
    })
    .await;
}

#[tokio::test]
async fn a_question_in_the_middle_of_a_form_is_answered_and_the_step_asked_again() {
    story(async |bot| {
        bot.put_dealer_file(FACTS).await;
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        anna.tap("🚗 Продать авто").await;
        anna.say("Toyota Camry").await;
        anna.tap("2019").await;
        let _ = anna.reads();
        anna.say("А где вы находитесь?").await;
        let read = anna.reads();
        assert_eq!(read[0], "Москва, Автозаводская улица, 1. Вход со двора.");
        assert!(read[1].contains("Шаг 3 из 8") && read[1].contains("Какой пробег"), "{read:#?}");
        assert_eq!(anna.messages_with_buttons().len(), 1, "the old prompt has lost its buttons");
        anna.say("А колёса зимние останутся у меня?").await;
        anna.sees("На этот вопрос ответит менеджер — передам его вместе с заявкой.");
        assert!(bot.stack().openai().expect("the model is simulated").questions().is_empty(), "no model is asked");

        anna.say("85 тыс").await;
        anna.tap("На ваше усмотрение").await;
        anna.tap("⏭ Пропустить").await;
        finish(&anna).await;
        bot.deliver().await;
        let deal = card(&bot.next_deal());
        assert!(deal.contains("Вопрос в чате: А колёса зимние останутся у меня?"), "{deal}");
        assert!(deal.contains("Пробег: 85\u{a0}000\u{a0}км"), "{deal}");
    })
    .await;
}

#[tokio::test]
async fn what_a_model_invents_is_never_seen() {
    let inventions = [
        ("faq", "Диагностика стоит 3000 рублей."),
        ("faq", "Да, работаем в воскресенье."),
        ("sell", "Выкупим вашу машину за час, дадим полтора миллиона!"),
        ("buy", "Такая Camry есть в наличии, сделаем скидку 10 %."),
        ("unknown", "Гарантируем лучшие условия, приезжайте завтра."),
        ("buy", "Скидка 20 %, приезжайте сегодня"),
        ("faq", "Скидка 20 %, приезжайте сегодня"),
    ];
    story(async |bot| {
        bot.put_dealer_file(FACTS).await;
        let anna = bot.customer("Анна");
        for (intent, invention) in inventions {
            model_says(bot, intent, json!([]), invention);
            anna.say("Расскажите о машине").await;
            let screen = anna.screen();
            let invented = invention.split_whitespace().filter(|word| word.chars().count() > 6);
            for word in invented.map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric())) {
                assert!(!screen.contains(word), "{invention}: {screen}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_fact_that_is_not_there_is_not_told() {
    story(async |bot| {
        bot.put_dealer_file(FACTS).await;
        let anna = bot.customer("Анна");
        model_says(bot, "faq", json!([7]), "По пятницам скидки.");
        anna.say("Есть скидки?").await;
        assert_snapshot!(anna.screen(), @"
        Точного ответа у меня нет, а придумывать не буду.

        Похоже, здесь лучше поможет человек. Оставьте имя и телефон — менеджер перезвонит и ответит.
        [👤 Передать вопрос менеджеру]
        [🏠 В начало]
        ");
    })
    .await;
}
