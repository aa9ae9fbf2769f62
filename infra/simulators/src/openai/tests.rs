//! What a client of the model gets to hear.

use std::sync::Arc;

use reqwest::multipart;
use serde_json::{Value, json};

use super::{Answer, Mood, OpenAi, Options, Parameter, QUOTA_EXCEEDED, Words};
use crate::fault::{Fault, When};

type Done = Result<(), Box<dyn std::error::Error>>;

fn keyed() -> Options {
    Options {
        api_key: Some("sk-right".to_owned()),
        models: vec!["gpt-4o-mini".to_owned(), "gpt-4o".to_owned()],
        mind: Arc::new(|_, question| json!({"intent": "sell", "confidence": 0.93, "reply": question, "whim": 1})),
        ..Options::default()
    }
}

fn schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["intent", "confidence", "year"],
        "properties": {
            "intent": {"type": "string", "enum": ["sell", "buy"]}, "confidence": {"type": "number"},
            "year": {"type": ["string", "null"]},
        },
    })
}

fn question(schema: &Value) -> Value {
    json!({
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Classify."}, {"role": "user", "content": "продать камри"}],
        "temperature": 0.3, "max_completion_tokens": 500,
        "response_format": {"type": "json_schema", "json_schema": {"name": "classification", "strict": true, "schema": schema}},
    })
}

async fn ask(openai: &OpenAi, key: &str, body: &Value) -> reqwest::Result<(u16, Value)> {
    let url = format!("{}/chat/completions", openai.url());
    let answer = reqwest::Client::new().post(url).bearer_auth(key).json(body).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

fn content(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_answer_keeps_to_the_schema() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    let (status, answer) = ask(&openai, "sk-right", &question(&schema())).await?;
    assert_eq!(status, 200);
    assert_eq!(content(&answer), r#"{"confidence":0.93,"intent":"sell","year":null}"#);
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert!(answer["usage"]["total_tokens"].as_u64() > Some(10));
    let asked = &openai.questions()[0];
    assert_eq!((asked.question.as_str(), asked.instructions.as_str()), ("продать камри", "Classify."));
    Ok(())
}

#[tokio::test]
async fn what_openai_refuses() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    let mut told = Vec::new();
    let with = |pointer: &str, value: Value| {
        let mut body = question(&schema());
        if let Some(place) = body.pointer_mut(pointer) {
            *place = value;
        }
        body
    };
    let property = "/response_format/json_schema/schema/properties/year";
    for (key, body) in [
        ("sk-wrong", question(&schema())),
        ("sk-right", json!({"messages": []})),
        ("sk-right", json!({"model": "gpt-4o"})),
        ("sk-right", with("/model", json!("gpt-9"))),
        ("sk-right", with("/messages", json!([]))),
        ("sk-right", with("/messages/0/role", json!("boss"))),
        ("sk-right", with("/messages/1/content", json!(7))),
        ("sk-right", with("/temperature", json!(3))),
        ("sk-right", with("/max_completion_tokens", json!(0))),
        ("sk-right", with("/response_format/json_schema/name", json!("with space"))),
        ("sk-right", with("/response_format/json_schema/schema/additionalProperties", json!(true))),
        ("sk-right", with("/response_format/json_schema/schema/required", json!(["intent"]))),
        ("sk-right", with(property, json!({"type": "string", "maxLength": 4}))),
        ("sk-right", with(property, json!({"type": "object", "properties": {"from": {"type": "string"}}}))),
        ("sk-right", with("/response_format", json!({"type": "json_object"}))),
    ] {
        let (status, answer) = ask(&openai, key, &body).await?;
        told.push(format!("{status} {}", answer["error"]["message"].as_str().unwrap_or_default()));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    401 Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.
    400 you must provide a model parameter
    400 Missing required parameter: 'messages'.
    404 The model `gpt-9` does not exist or you do not have access to it.
    400 Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.
    400 Invalid value: 'boss'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.
    400 Invalid type for 'messages[1].content': expected one of a string or array of objects.
    400 Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 3 instead.
    400 Invalid 'max_completion_tokens': integer below minimum value.
    400 Invalid 'response_format.json_schema.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.
    400 Invalid schema for response_format 'classification': In context=(), 'additionalProperties' is required to be supplied and to be false.
    400 Invalid schema for response_format 'classification': In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'confidence'.
    400 Invalid schema for response_format 'classification': In context=('properties', 'year'), 'maxLength' is not permitted.
    400 Invalid schema for response_format 'classification': In context=('properties', 'year'), 'additionalProperties' is required to be supplied and to be false.
    400 'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.
    "#);
    assert!(openai.questions().is_empty(), "no model was asked");
    Ok(())
}

#[tokio::test]
async fn what_a_server_does_not_take_is_refused_one_at_a_time() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    openai.refuse(Parameter::MaxCompletionTokens, Words::OpenAi);
    openai.refuse(Parameter::Temperature, Words::OpenAi);
    openai.refuse(Parameter::ReasoningEffort(&["low", "high"]), Words::OpenAi);
    openai.refuse(Parameter::SystemRole, Words::Pydantic);
    openai.refuse(Parameter::JsonSchema, Words::Prose);
    let mut body = question(&schema());
    body["reasoning_effort"] = json!("none");
    let mut told = Vec::new();
    for fix in [
        json!({}),
        json!({"max_completion_tokens": null, "max_tokens": 500}),
        json!({"temperature": null}),
        json!({"reasoning_effort": "low"}),
        json!({"messages": [{"role": "user", "content": "JSON, please: продать камри"}]}),
        json!({"response_format": {"type": "json_object"}}),
    ] {
        for (field, value) in fix.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        let (status, mut answer) = ask(&openai, "sk-right", &body).await?;
        answer.as_object_mut().map(|answer| answer.remove("request"));
        told.push(if status == 200 { "200".to_owned() } else { format!("{status} {answer}") });
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    400 {"error":{"code":"unknown_parameter","message":"Unrecognized request argument supplied: max_completion_tokens","param":"max_completion_tokens","type":"invalid_request_error"}}
    400 {"error":{"code":"unsupported_value","message":"Unsupported value: 'temperature' does not support 0.3 with this model. Only the default (1) value is supported.","param":"temperature","type":"invalid_request_error"}}
    400 {"error":{"code":"unsupported_value","message":"Unsupported value: 'none' is not supported with this model. Supported values are: 'low', 'high'.","param":"reasoning_effort","type":"invalid_request_error"}}
    422 {"detail":[{"input":"system","loc":["body","messages[0].role"],"msg":"Extra inputs are not permitted","type":"extra_forbidden"}]}
    400 {"error":"this backend cannot handle response_format yet"}
    200
    "#);
    Ok(())
}

#[tokio::test]
async fn the_list_of_models_says_when_one_is_switched_off() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    openai.set_shutdown_date("gpt-4o", "2027-01-14");
    let url = format!("{}/models", openai.url());
    let list: Value = reqwest::Client::new().get(url).bearer_auth("sk-right").send().await?.json().await?;
    assert_eq!(list["data"][0]["shutdown_date"], Value::Null);
    assert_eq!((&list["data"][1]["id"], &list["data"][1]["shutdown_date"]), (&json!("gpt-4o"), &json!("2027-01-14")));
    Ok(())
}

#[tokio::test]
async fn a_script_is_followed_and_moods_last() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    let body = question(&schema());
    openai.script(Answer::Fenced(json!({"intent": "buy"})));
    openai.script(Answer::Refusal("no".to_owned()));
    openai.script(Answer::CutOff("{\"intent\":".to_owned()));
    let (_, answer) = ask(&openai, "sk-right", &body).await?;
    assert_eq!(content(&answer), "```json\n{\"intent\":\"buy\"}\n```");
    let (_, answer) = ask(&openai, "sk-right", &body).await?;
    assert_eq!(answer["choices"][0]["message"]["refusal"], "no");
    let (_, answer) = ask(&openai, "sk-right", &body).await?;
    assert_eq!(answer["choices"][0]["finish_reason"], "length");

    openai.set_mood(Mood::Unsure { model: Some("gpt-4o-mini".to_owned()), confidence: 0.2 });
    let (_, answer) = ask(&openai, "sk-right", &body).await?;
    assert!(content(&answer).contains(r#""confidence":0.2"#));
    let mut other = body.clone();
    other["model"] = json!("gpt-4o");
    let (_, answer) = ask(&openai, "sk-right", &other).await?;
    assert!(content(&answer).contains(r#""confidence":0.93"#));
    openai.set_mood(Mood::Nonsense);
    let (_, answer) = ask(&openai, "sk-right", &body).await?;
    assert!(serde_json::from_str::<Value>(content(&answer)).is_err());
    Ok(())
}

#[tokio::test]
async fn an_account_without_money_and_a_busy_one_sound_different() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    let body = question(&schema());
    openai.faults().add("POST /v1/chat/completions", When::Times(1), Fault::Status(429, QUOTA_EXCEEDED.to_owned()));
    openai.faults().add("POST /v1/chat/completions", When::Times(1), Fault::TooMany { retry_after: 2 });
    assert_eq!(ask(&openai, "sk-right", &body).await?.1["error"]["code"], "insufficient_quota");
    assert_eq!(ask(&openai, "sk-right", &body).await?.1["error"]["code"], "rate_limit_exceeded");
    assert_eq!(ask(&openai, "sk-right", &body).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_limit_of_tokens_cuts_the_answer() -> Done {
    let openai =
        OpenAi::start(Options { mind: Arc::new(|_, _| json!({"reply": "я".repeat(300)})), ..Options::default() })
            .await?;
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "?"}], "max_tokens": 10});
    let (_, answer) = ask(&openai, "", &body).await?;
    assert_eq!(
        (&answer["choices"][0]["finish_reason"], &answer["usage"]["completion_tokens"]),
        (&json!("length"), &json!(10))
    );
    assert_eq!(content(&answer).chars().count(), 30);
    Ok(())
}

fn recording(name: &str, content: Vec<u8>, fields: &[(&'static str, &'static str)]) -> multipart::Form {
    let form = multipart::Form::new().part("file", multipart::Part::bytes(content).file_name(name.to_owned()));
    fields.iter().fold(form, |form, (field, value)| form.text(*field, *value))
}

async fn send(openai: &OpenAi, key: &str, form: multipart::Form) -> reqwest::Result<(u16, Value)> {
    let url = format!("{}/audio/transcriptions", openai.url());
    let answer = reqwest::Client::new().post(url).bearer_auth(key).multipart(form).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

#[tokio::test]
async fn a_recording_is_heard_as_told() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    openai.hear("Лада Веста");
    let fields = [("model", "gpt-4o-mini"), ("language", "ru"), ("prompt", "Машины")];
    let heard = send(&openai, "sk-right", recording("voice.ogg", b"OggS....".to_vec(), &fields)).await?;
    assert_eq!(heard, (200, json!({"text": "Лада Веста"})));
    let [recording] = &openai.recordings()[..] else { panic!("one recording") };
    assert_eq!((recording.file_name.as_str(), recording.size), ("voice.ogg", 8));
    assert_eq!((recording.language.as_deref(), recording.prompt.as_deref()), (Some("ru"), Some("Машины")));
    Ok(())
}

/// The message about formats: <https://github.com/B4PT0R/streamlit-mic-recorder/issues/10>; 25 MiB:
/// <https://help.openai.com/en/articles/7031512-whisper-api-faq>.
#[tokio::test]
async fn recordings_that_openai_refuses() -> Done {
    let openai = OpenAi::start(keyed()).await?;
    let sound = || b"OggS....".to_vec();
    let model = ("model", "gpt-4o-mini");
    let mut told = Vec::new();
    for (key, form) in [
        ("sk-wrong", recording("voice.ogg", sound(), &[model])),
        ("sk-right", multipart::Form::new().text("model", "gpt-4o-mini")),
        ("sk-right", recording("voice.ogg", sound(), &[])),
        ("sk-right", recording("voice.ogg", sound(), &[("model", "gpt-9")])),
        ("sk-right", recording("voice", sound(), &[model])),
        ("sk-right", recording("voice.opus", sound(), &[model])),
        ("sk-right", recording("voice.ogg", Vec::new(), &[model])),
        ("sk-right", recording("voice.ogg", b"<html>".to_vec(), &[model])),
        ("sk-right", recording("voice.ogg", [b"OggS".as_slice(), &vec![0; 25 << 20]].concat(), &[model])),
        ("sk-right", recording("voice.ogg", sound(), &[model, ("language", "russian")])),
        ("sk-right", recording("voice.ogg", sound(), &[model, ("speed", "2")])),
    ] {
        let (status, answer) = send(&openai, key, form).await?;
        let error = &answer["error"];
        told.push(format!("{status} {} {}", error["param"], error["message"].as_str().unwrap_or_default()));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    401 null Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.
    400 "file" you must provide a file parameter
    400 "model" you must provide a model parameter
    404 null The model `gpt-9` does not exist or you do not have access to it.
    400 null Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']
    400 null Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm']
    400 "file" Audio file is too short. Minimum audio length is 0.1 seconds.
    400 "file" Audio file might be corrupted or unsupported
    413 null Maximum content size limit (26214400) exceeded (26214404 bytes read)
    400 "language" Invalid language 'russian'. Language parameter must be specified in ISO-639-1 format.
    400 "speed" Unknown parameter: 'speed'.
    "#);
    assert_eq!(openai.recordings(), []);
    Ok(())
}
