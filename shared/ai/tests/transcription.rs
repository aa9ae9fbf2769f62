//! A voice message becomes words, against a server that is as strict as OpenAI's.

use std::time::Duration;

use ai::{NotHeard, Transcriber};
use bytes::Bytes;
use secrecy::SecretString;
use settings::Transcription;
use simulators::fault::{Fault, When};
use simulators::openai::{OpenAi, Options, Parameter, Recording, Words};

const PATIENCE: Duration = Duration::from_secs(5);
const KEY: &str = "sk-voice";

async fn server() -> OpenAi {
    let options =
        Options { api_key: Some(KEY.to_owned()), models: vec!["gpt-transcribe".to_owned()], ..Options::default() };
    OpenAi::start(options).await.unwrap()
}

fn transcriber(openai: &OpenAi, key: &str) -> Transcriber {
    let api_key = Some(SecretString::from(key));
    Transcriber::new(&Transcription { model: "gpt-transcribe".to_owned(), base_url: openai.url(), api_key })
}

async fn words(openai: &OpenAi) -> Result<String, NotHeard> {
    transcriber(openai, KEY).words(Bytes::from_static(b"OggS...."), PATIENCE).await
}

#[tokio::test]
async fn the_words_of_a_recording_are_heard_as_russian_with_cars_as_hints() {
    let openai = server().await;
    openai.hear(" Продаю Ладу Весту \n");
    assert_eq!(words(&openai).await.as_deref(), Ok("Продаю Ладу Весту"));
    let [recording] = &openai.recordings()[..] else { panic!("one call") };
    assert_eq!((recording.file_name.as_str(), recording.model.as_str()), ("voice.ogg", "gpt-transcribe"));
    assert_eq!(recording.language.as_deref(), Some("ru"));
    assert!(recording.prompt.as_deref().is_some_and(|prompt| prompt.contains("Веста")));
}

#[tokio::test]
async fn hints_that_a_server_refuses_are_left_out_from_then_on() {
    for words in [Words::OpenAi, Words::Pydantic, Words::Prose, Words::None] {
        let openai = server().await;
        openai.hear("Продаю Ладу Весту");
        openai.refuse(Parameter::Prompt, words);
        openai.refuse(Parameter::Language, words);
        openai.refuse(Parameter::Languages, words);
        let transcriber = transcriber(&openai, KEY);
        // Prompt, `language`, `languages`, and then the words; who says nothing, or repeats the request, loses all
        // hints.
        let first = match words {
            Words::OpenAi | Words::Pydantic => 4,
            Words::Prose => 3,
            Words::None => 2,
        };
        for calls in [first, 1] {
            let mark = openai.faults().mark();
            let heard = transcriber.words(Bytes::from_static(b"OggS...."), PATIENCE).await;
            assert_eq!(heard.as_deref(), Ok("Продаю Ладу Весту"), "{words:?}");
            assert_eq!(openai.faults().calls_since(mark).len(), calls, "{words:?}");
        }
        let heard = openai.recordings();
        let unhinted = |recording: &&Recording| {
            recording.prompt.is_none() && recording.language.is_none() && recording.languages.is_empty()
        };
        assert_eq!(heard.iter().filter(unhinted).count(), heard.len());
    }
}

#[tokio::test]
async fn the_language_is_said_by_the_name_that_the_model_knows() {
    let openai = server().await;
    openai.hear("Продаю Ладу Весту");
    openai.refuse(Parameter::Language, Words::OpenAi);
    assert_eq!(words(&openai).await.as_deref(), Ok("Продаю Ладу Весту"));
    let [recording] = &openai.recordings()[..] else { panic!("it was heard once") };
    assert_eq!((recording.language.as_deref(), &recording.languages[..]), (None, &["ru".to_owned()][..]));
    assert!(recording.prompt.is_some());
}

#[tokio::test]
async fn a_refused_hint_does_not_make_the_customer_wait_longer() {
    let openai = server().await;
    openai.refuse(Parameter::Prompt, Words::OpenAi);
    openai.faults().add("*", When::Times(9), Fault::Hang(Duration::from_millis(300)));
    let patience = Duration::from_millis(450);
    let heard = transcriber(&openai, KEY).words(Bytes::from_static(b"OggS"), patience).await;
    assert_eq!(heard, Err(NotHeard::Timeout));
}

#[tokio::test]
async fn silence_has_no_words() {
    let openai = server().await;
    for made_up in ["", "...", "Продолжение следует...", "Субтитры сделал DimaTorzok", "Спасибо за просмотр!"]
    {
        openai.hear(made_up);
        assert_eq!(words(&openai).await, Err(NotHeard::Silence), "{made_up}");
    }
}

#[tokio::test]
async fn a_failure_is_named_and_costs_one_call() {
    let openai = server().await;
    for (fault, expected) in [
        (Fault::Html(502), NotHeard::Status(502)),
        (Fault::TooMany { retry_after: 1 }, NotHeard::Status(429)),
        (Fault::Garbage, NotHeard::NoTranscription),
        (Fault::LoseAnswer, NotHeard::Connection),
    ] {
        let mark = openai.faults().mark();
        openai.faults().add("*", When::Times(1), fault);
        assert_eq!(words(&openai).await, Err(expected));
        assert_eq!(openai.faults().calls_since(mark).len(), 1, "{expected}");
    }
    let refused = transcriber(&openai, "sk-other").words(Bytes::from_static(b"OggS"), PATIENCE).await;
    assert_eq!(refused, Err(NotHeard::Status(401)));
    openai.faults().add("*", When::Times(1), Fault::Hang(Duration::from_secs(5)));
    let late = transcriber(&openai, KEY).words(Bytes::from_static(b"OggS"), Duration::from_millis(200)).await;
    assert_eq!(late, Err(NotHeard::Timeout));
}

#[tokio::test]
async fn no_more_is_read_than_an_answer_may_have() {
    let server = wiremock::MockServer::start().await;
    let endless = format!("{}{{\"text\":\"Продаю\"}}", " ".repeat(4 << 20));
    wiremock::Mock::given(wiremock::matchers::method("POST"))
        .respond_with(wiremock::ResponseTemplate::new(200).set_body_string(endless))
        .mount(&server)
        .await;
    let settings = Transcription { model: "whisper-1".to_owned(), base_url: server.uri(), api_key: None };
    let heard = Transcriber::new(&settings).words(Bytes::from_static(b"OggS...."), PATIENCE).await;
    assert_eq!(heard, Err(NotHeard::NoTranscription));
}
