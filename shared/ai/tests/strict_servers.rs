//! Models and servers that do not take every parameter: the form is filled at the first question all the same.

use std::time::{Duration, Instant};

use ai::{Availability, Classifier, LookUpError, look_up};
use dealer::Facts;
use dialog::Intent;
use secrecy::SecretString;
use serde_json::{Value, json};
use simulators::fault::{Fault, When};
use simulators::openai::{Answer, OpenAi, Options, Parameter, Words};

const CAMRY: &str = "продаю камри 2019, пробег 85 тыс, хочу 1.5 млн";
const COMPLETIONS: &str = "POST /v1/chat/completions";

fn form() -> Value {
    json!({
        "intent": "sell",
        "confidence": 0.93,
        "entities": { "brand": "Toyota", "model": "Camry", "year": 2019, "budget": 1_500_000, "mileage": 85_000 },
        "reply": "Поможем продать Camry!"
    })
}

async fn server() -> OpenAi {
    let options = Options {
        models: vec!["small".to_owned(), "smart".to_owned()],
        mind: std::sync::Arc::new(|_, _| form()),
        ..Options::default()
    };
    OpenAi::start(options).await.expect("a free port")
}

fn settings(server: &OpenAi) -> settings::OpenAi {
    settings::OpenAi {
        api_key: Some(SecretString::from("sk-test")),
        base_url: server.url(),
        model: "small".to_owned(),
        fallback_model: "smart".to_owned(),
        max_tokens: 500,
        temperature: 0.3,
        smart_fallback_confidence: 0.65,
        timeout_seconds: 2,
        transcription: None,
        configured: true,
    }
}

fn calls(server: &OpenAi) -> usize {
    usize::try_from(server.faults().counts().get(COMPLETIONS).copied().unwrap_or_default()).unwrap_or_default()
}

/// Asks twice; the first question brings the form, and the second takes one call.
async fn is_understood_at_once(server: &OpenAi) {
    let classifier = Classifier::new(&settings(server));
    let first = classifier.answer(CAMRY, 2026, &Facts::default()).await;
    assert_eq!((first.answer.intent, first.call.model.as_str()), (Intent::Sell, "small"), "{:?}", first.call);
    assert_eq!(first.answer.entities.km, Some(85_000));
    assert!(first.call.failures.is_empty(), "{:?}", first.call.failures);
    let before = calls(server);
    let second = classifier.answer(CAMRY, 2026, &Facts::default()).await;
    assert_eq!((second.call.model.as_str(), second.call.fallback), ("small", false));
    assert_eq!(calls(server), before + 1, "what was refused is remembered");
}

#[tokio::test]
async fn limit_temperature_and_schemas_are_refused_one_after_the_other() {
    for words in [Words::OpenAi, Words::Pydantic, Words::Prose] {
        let server = server().await;
        for parameter in [
            Parameter::MaxCompletionTokens,
            Parameter::MaxTokens,
            Parameter::Temperature,
            Parameter::JsonSchema,
            Parameter::JsonObject,
            Parameter::ReasoningEffort(&[]),
        ] {
            server.refuse(parameter, words);
        }
        is_understood_at_once(&server).await;
        assert_eq!(calls(&server), 8, "{words:?}");
    }
}

#[tokio::test]
async fn old_names_are_used_where_the_new_ones_are_refused() {
    let server = server().await;
    server.refuse(Parameter::MaxCompletionTokens, Words::OpenAi);
    is_understood_at_once(&server).await;
}

#[tokio::test]
async fn a_server_that_gives_no_reason_is_asked_plainly() {
    let server = server().await;
    server.refuse(Parameter::ReasoningEffort(&[]), Words::None);
    is_understood_at_once(&server).await;
}

#[tokio::test]
async fn instructions_find_a_role_that_the_server_takes() {
    for words in [Words::OpenAi, Words::Prose] {
        let server = server().await;
        server.refuse(Parameter::SystemRole, words);
        server.refuse(Parameter::DeveloperRole, words);
        is_understood_at_once(&server).await;
        let asked = server.questions().pop().expect("a question");
        assert!(asked.question.starts_with("You work for") && asked.question.contains(CAMRY));
    }
}

#[tokio::test]
async fn reasoning_models_get_the_least_effort_they_take() {
    for taken in [&["minimal", "low", "high"][..], &["low", "medium", "high"], &["high"]] {
        let server = server().await;
        server.refuse(Parameter::ReasoningEffort(taken), Words::OpenAi);
        server.refuse(Parameter::Temperature, Words::OpenAi);
        is_understood_at_once(&server).await;
    }
}

#[tokio::test]
async fn who_thinks_up_to_the_limit_gets_more_room() {
    let server = server().await;
    server.script(Answer::CutOff("<think>Hmm, Camry. A sale? {\"intent\":\"buy\"} or".to_owned()));
    let classifier = Classifier::new(&settings(&server));
    let answered = classifier.answer(CAMRY, 2026, &Facts::default()).await;
    assert_eq!((answered.answer.intent, answered.call.model.as_str()), (Intent::Sell, "small"));
    assert_eq!(answered.call.calls.len(), 2, "both calls cost money");
}

#[tokio::test]
async fn thoughts_and_drafts_are_not_the_answer() {
    let server = server().await;
    let draft = json!({ "intent": "buy", "confidence": 0.9, "reply": "Купим?" });
    server.script(Answer::Text(format!("<think>First: {draft}. Wrong.</think>\n```json\n{}\n```", form())));
    let answered = Classifier::new(&settings(&server)).answer(CAMRY, 2026, &Facts::default()).await;
    assert_eq!((answered.answer.intent, answered.call.model.as_str()), (Intent::Sell, "small"));
}

#[tokio::test]
async fn refusals_and_answers_share_the_time_of_one_call() {
    let server = server().await;
    server.refuse(Parameter::MaxCompletionTokens, Words::OpenAi);
    server.refuse(Parameter::Temperature, Words::OpenAi);
    server.faults().add(COMPLETIONS, When::Times(20), Fault::Hang(Duration::from_millis(900)));
    let started = Instant::now();
    let answered = Classifier::new(&settings(&server)).answer(CAMRY, 2026, &Facts::default()).await;
    assert!(started.elapsed() < Duration::from_millis(4_500), "{:?}", started.elapsed());
    assert_eq!(answered.answer.intent, Intent::Sell);
    assert_eq!(answered.call.failures[0], "timeout");
}

#[tokio::test]
async fn the_models_are_looked_up() {
    let server = server().await;
    server.set_shutdown_date("smart", "2027-01-14");
    let mut settings = settings(&server);
    settings.model = "gone".to_owned();
    let found = look_up(&settings).await.expect("the server has a list");
    let shutdown = Some(jiff::civil::date(2027, 1, 14));
    assert_eq!(
        found,
        [("gone".to_owned(), Availability::Missing), ("smart".to_owned(), Availability::Available { shutdown })]
    );
    let keyed = OpenAi::start(Options { api_key: Some("sk-right".to_owned()), ..Options::default() }).await;
    let keyed = keyed.expect("a free port");
    settings.base_url = keyed.url();
    assert_eq!(look_up(&settings).await, Err(LookUpError::Key(401)));
    settings.base_url = "http://127.0.0.1:1/v1".to_owned();
    assert_eq!(look_up(&settings).await, Err(LookUpError::NoConnection));
}
