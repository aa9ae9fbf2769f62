use serde_json::json;

use super::*;

fn after(dialect: &Dialect, status: u16, body: impl Into<String>) -> Dialect {
    let body: String = body.into();
    dialect.after_refusal(status, &body).map(|(dialect, _)| dialect).unwrap_or_else(|| panic!("{body}"))
}

fn openai(message: &str, param: &str, code: &str) -> String {
    let error = json!({ "message": message, "type": "invalid_request_error", "param": param, "code": code });
    json!({ "error": error }).to_string()
}

#[test]
fn what_openai_refuses_is_renamed_or_dropped() {
    let all = Dialect::default();
    let old_name = Dialect { limit: Limit::MaxTokens, ..all.clone() };
    let message =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    assert_eq!(after(&old_name, 400, openai(message, "max_tokens", "unsupported_parameter")).limit, Limit::None);
    let message = "Unsupported value: 'temperature' does not support 0.3 with this model. Only the default (1) value is supported.";
    let no_temperature = after(&all, 400, openai(message, "temperature", "unsupported_value"));
    assert_eq!(no_temperature, Dialect { takes_temperature: false, ..all.clone() });
    let message = "Unsupported value: 'messages[0].role' does not support 'system' with this model.";
    let role = after(&all, 400, openai(message, "messages[0].role", "unsupported_value")).role;
    assert_eq!(role, Role::Developer);
    let message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.";
    assert_eq!(after(&all, 400, openai(message, "response_format", "")).format, Format::Json);
}

#[test]
fn the_least_effort_is_what_the_server_names() {
    let all = Dialect::default();
    for (message, effort) in [
        (
            "Unsupported value: 'none' is not supported with the 'gpt-5-mini' model. Supported values are: 'minimal', 'low', 'medium', and 'high'.",
            Some(ReasoningEffort::Minimal),
        ),
        (
            "Unsupported value: 'none' is not supported with this model. Supported values are: 'low', 'medium', 'high', 'xhigh', and 'max'.",
            Some(ReasoningEffort::Low),
        ),
        ("Unrecognized request argument supplied: reasoning_effort", None),
    ] {
        assert_eq!(after(&all, 400, openai(message, "reasoning_effort", "unsupported_value")).effort, effort);
    }
    let low = Dialect { effort: Some(ReasoningEffort::Low), ..all };
    assert_eq!(after(&low, 400, "reasoning_effort: 'low' is not supported, use 'high'").effort, None);
}

#[test]
fn servers_speak_in_their_own_words() {
    let all = Dialect::default();
    let pydantic = json!({ "detail": [
        { "type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted", "input": 500 },
        { "type": "extra_forbidden", "loc": ["body", "reasoning_effort"], "msg": "Extra inputs are not permitted", "input": "none" },
    ] });
    let adapted = after(&all, 422, pydantic.to_string());
    assert_eq!(adapted, Dialect { limit: Limit::MaxTokens, effort: None, ..all.clone() });
    assert!(!after(&all, 400, r#"{"detail":"Unsupported parameter: temperature"}"#).takes_temperature);
    assert_eq!(after(&all, 400, r#"{"error":"model does not support thinking"}"#).effort, None);
    assert_eq!(after(&all, 500, "System role not supported").role, Role::Developer);
    let template = r#"{"object":"error","message":"Conversation roles: system message is not allowed","code":400}"#;
    assert_eq!(after(&all, 400, template).role, Role::Developer);
    let repeats_the_request = r#"{"message":"This backend has no structured outputs","request":{"temperature":0.3}}"#;
    assert_eq!(after(&all, 501, repeats_the_request).format, Format::Json);
}

/// What is different after each of these refusals, all of them real ones.
#[test]
fn refusals_of_many_servers_are_understood() {
    let all = Dialect::default();
    let low = || Dialect { effort: Some(ReasoningEffort::Low), ..all.clone() };
    let minimal = || Dialect { effort: Some(ReasoningEffort::Minimal), ..all.clone() };
    let unthinking = || Dialect { effort: None, ..all.clone() };
    let json = || Dialect { format: Format::Json, ..all.clone() };
    let old_limit = || Dialect { limit: Limit::MaxTokens, ..all.clone() };
    let developer = || Dialect { role: Role::Developer, ..all.clone() };
    for (server, status, body, adapted) in [
        (
            "vLLM",
            400,
            r#"{"object":"error","message":"Conversation roles must alternate user/assistant/user/assistant/...","type":"BadRequestError","param":null,"code":400}"#,
            developer(),
        ),
        (
            "vLLM",
            400,
            r#"{"object":"error","message":"[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 500}]","type":"BadRequestError","param":null,"code":400}"#,
            old_limit(),
        ),
        (
            "llama.cpp",
            500,
            r#"{"error":{"code":500,"message":"Error: Jinja Exception: Conversation roles must alternate user/assistant/user/assistant/...","type":"server_error"}}"#,
            developer(),
        ),
        (
            "llama.cpp",
            400,
            r#"{"error":{"code":400,"message":"Failed to parse grammar","type":"invalid_request_error"}}"#,
            json(),
        ),
        (
            "SGLang",
            400,
            r#"{"object":"error","message":"1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'reasoning_effort'), 'msg': \"Input should be 'low', 'medium' or 'high'\", 'input': 'none'}","type":"Bad Request","param":null,"code":400}"#,
            low(),
        ),
        (
            "Ollama",
            500,
            r#"{"error":{"message":"invalid think value: \"none\" (must be \"high\", \"medium\", \"low\")","type":"api_error","param":null,"code":null}}"#,
            low(),
        ),
        (
            "Ollama",
            400,
            r#"{"error":{"message":"\"llama3.1:8b\" does not support thinking","type":"invalid_request_error","param":null,"code":null}}"#,
            unthinking(),
        ),
        (
            "LM Studio",
            500,
            r#"{"error":"Exception: Only user, assistant and tool roles are supported, got system"}"#,
            developer(),
        ),
        ("LM Studio", 400, r#"{"error":"'response_format.type' must be 'json_object' or 'text'"}"#, json()),
        (
            "OpenRouter",
            400,
            r#"{"error":{"message":"Reasoning is mandatory for this endpoint and cannot be disabled.","code":400,"metadata":{"provider_name":null}}}"#,
            minimal(),
        ),
        (
            "OpenRouter",
            400,
            r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"Unrecognized request argument supplied: max_completion_tokens\"}}","provider_name":"X"}}}"#,
            old_limit(),
        ),
        (
            "OpenRouter",
            404,
            r#"{"error":{"message":"No endpoints found that can handle the requested parameters.","code":404}}"#,
            Dialect::plain(),
        ),
        (
            "Azure",
            400,
            r#"{"error":{"code":"BadRequest","message":"response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later","param":""}}"#,
            json(),
        ),
        (
            "Groq",
            400,
            r#"{"error":{"message":"`reasoning_effort` is not supported with this model","type":"invalid_request_error"}}"#,
            unthinking(),
        ),
        (
            "Groq",
            400,
            r#"{"error":{"message":"'reasoning_effort' : value is not one of the allowed values ['low','medium','high']","type":"invalid_request_error"}}"#,
            low(),
        ),
        (
            "Groq",
            400,
            r#"{"error":{"message":"Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.","type":"invalid_request_error","code":"json_validate_failed","failed_generation":"temperature"}}"#,
            json(),
        ),
        (
            "xAI",
            400,
            r#"{"code":"invalid-argument","error":"Model grok-4.20-0309-non-reasoning does not support parameter reasoningEffort."}"#,
            unthinking(),
        ),
        (
            "Cerebras",
            422,
            r#"{"message":"body.reasoning_effort: Input should be 'low', 'medium' or 'high'","type":"invalid_request_error","param":"validation_error","code":"wrong_api_format"}"#,
            low(),
        ),
        (
            "DeepSeek",
            400,
            r#"{"error":{"message":"This response_format type is unavailable now","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#,
            json(),
        ),
        (
            "DeepSeek",
            422,
            "Failed to deserialize the JSON body into the target type: response_format.type: unknown variant `json_schema`, expected `text` or `json_object` at line 1 column 132",
            json(),
        ),
        (
            "Mistral",
            422,
            r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs are not permitted","input":500}]},"type":"invalid_request_error","param":null,"code":null}"#,
            old_limit(),
        ),
        (
            "Gemini",
            400,
            r#"[{"error":{"code":400,"message":"Budget 0 is invalid. This model only works in thinking mode.","status":"INVALID_ARGUMENT"}}]"#,
            minimal(),
        ),
        (
            "LiteLLM",
            400,
            r#"{"error":{"message":"litellm.UnsupportedParamsError: gigachat does not support parameters: ['reasoning_effort'], for model=GigaChat-2. To drop these, set `litellm.drop_params=True`","type":"None","param":null,"code":"400"}}"#,
            unthinking(),
        ),
        (
            "Volcengine",
            400,
            r#"{"error":{"code":"InvalidParameter","message":"The parameter `response_format.type` specified in the request are not valid: invalid value: `json_schema`, supported values are: `json_object` and `text`.","param":"response_format.type","type":"BadRequest"}}"#,
            json(),
        ),
        (
            "Moonshot",
            400,
            r#"{"error":{"message":"invalid temperature: only 1 is allowed for this model","type":"invalid_request_error"}}"#,
            Dialect { takes_temperature: false, ..all.clone() },
        ),
        ("Zhipu", 400, r#"{"error":{"code":"1210","message":"API 调用参数有误，请检查文档。"}}"#, Dialect::plain()),
        (
            "OpenAI",
            400,
            r#"{"error":{"message":"Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens.","type":"invalid_request_error","param":null,"code":null}}"#,
            Dialect { room: MORE_ROOM, ..all.clone() },
        ),
    ] {
        assert_eq!(after(&all, status, body), adapted, "{server}: {body}");
    }
}

#[test]
fn a_word_that_names_nothing_to_give_way_does_not_hide_the_next() {
    let body = r#"{"error":"Model x-non-reasoning does not support temperature"}"#;
    let unthinking = after(&Dialect::default(), 400, body);
    assert_eq!((unthinking.effort.clone(), unthinking.takes_temperature), (None, true));
    assert!(!after(&unthinking, 400, body).takes_temperature);
}

#[test]
fn a_server_that_only_says_no_is_asked_plainly_once() {
    let plain = after(&Dialect::default(), 400, "Bad Request");
    assert_eq!(plain, Dialect::plain());
    assert_eq!(plain.after_refusal(400, "Bad Request"), None);
}

#[test]
fn other_troubles_change_nothing() {
    let all = Dialect::default();
    for (status, body) in [
        (401, openai("Incorrect API key provided", "", "invalid_api_key")),
        (429, openai("Rate limit reached: max_tokens per minute", "", "rate_limit_exceeded")),
        (404, openai("The model `gone` does not exist", "model", "model_not_found")),
        (400, openai("The response was filtered", "prompt", "content_filter")),
        (404, openai("The model `x-reasoning` does not exist", "", "model_not_found")),
        (502, "Bad Gateway: temperature".to_owned()),
        (500, r#"<!doctype html><div role="main">We think it is down</div>"#.to_owned()),
    ] {
        assert_eq!(all.after_refusal(status, &body), None, "{body}");
    }
}

#[test]
fn every_series_of_refusals_ends() {
    for refusal in ["max_tokens", "response_format", "temperature", "reasoning", "system role", "no"] {
        let mut dialect = Dialect::default();
        let steps = std::iter::from_fn(|| {
            dialect = dialect.after_refusal(400, refusal)?.0;
            Some(())
        });
        assert!(steps.take(10).count() < 5, "{refusal}");
    }
}
