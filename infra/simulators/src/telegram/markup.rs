//! Keyboards: what the Bot API accepts as `reply_markup`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::refusal::Refusal;
use super::text::check_url;

/// Most buttons under one message.
const MAX_BUTTONS: usize = 100;

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineButton {
    /// What is on it.
    pub text: String,
    /// What a press sends to the bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<String>,
    /// What it opens instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A button in place of the customer's keyboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyboardButton {
    /// What is on it, and what it sends.
    pub text: String,
    /// Sends the customer's own contact instead.
    #[serde(default)]
    pub request_contact: bool,
    /// Sends the customer's place instead.
    #[serde(default)]
    pub request_location: bool,
}

/// Buttons in place of the customer's keyboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyKeyboard {
    /// The buttons.
    pub rows: Vec<Vec<KeyboardButton>>,
    /// Hidden after one use.
    #[serde(default)]
    pub one_time: bool,
    /// Shown in the empty input field.
    #[serde(default)]
    pub placeholder: Option<String>,
}

/// What a `reply_markup` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Markup {
    /// Buttons under the message; none means no buttons.
    Inline(Vec<Vec<InlineButton>>),
    /// A keyboard to show.
    Reply(ReplyKeyboard),
    /// The keyboard is to go.
    Remove,
    /// The answer field is to open.
    ForceReply,
}

/// Reads any `reply_markup`.
pub(super) fn markup(value: &Value) -> Result<Markup, Refusal> {
    let Some(object) = value.as_object() else { return Err(Refusal::bad_request("object expected as reply markup")) };
    if let Some(rows) = object.get("inline_keyboard") {
        return rows_of(rows, "inline_keyboard", inline_button).map(Markup::Inline);
    }
    if let Some(rows) = object.get("keyboard") {
        flag(value, "resize_keyboard")?;
        flag(value, "is_persistent")?;
        flag(value, "selective")?;
        let rows = rows_of(rows, "keyboard", keyboard_button)?;
        if rows.is_empty() {
            return Err(Refusal::bad_request("keyboard must be non-empty"));
        }
        let placeholder = object.get("input_field_placeholder").and_then(Value::as_str).map(str::to_owned);
        return Ok(Markup::Reply(ReplyKeyboard { rows, one_time: flag(value, "one_time_keyboard")?, placeholder }));
    }
    if flag(value, "remove_keyboard")? {
        return Ok(Markup::Remove);
    }
    if flag(value, "force_reply")? {
        return Ok(Markup::ForceReply);
    }
    Ok(Markup::Inline(Vec::new()))
}

/// Reads the `reply_markup` of an edit, which takes buttons under the message only.
pub(super) fn inline_markup(value: Option<&Value>) -> Result<Vec<Vec<InlineButton>>, Refusal> {
    match value.map(markup).transpose()? {
        None => Ok(Vec::new()),
        Some(Markup::Inline(rows)) => Ok(rows),
        Some(_) => Err(Refusal::bad_request("inline keyboard expected")),
    }
}

fn rows_of<B>(rows: &Value, field: &str, button: fn(&Value) -> Result<B, Refusal>) -> Result<Vec<Vec<B>>, Refusal> {
    let not_array = || Refusal::bad_request(format!("field \"{field}\" must be of type Array"));
    let mut result = Vec::new();
    let mut count = 0;
    for row in rows.as_array().ok_or_else(not_array)? {
        let row = row
            .as_array()
            .ok_or_else(|| Refusal::bad_request(format!("field \"{field}\" must be an Array of Arrays")))?;
        let row = row.iter().map(button).collect::<Result<Vec<_>, _>>()?;
        count += row.len();
        if !row.is_empty() {
            result.push(row);
        }
    }
    if field == "inline_keyboard" && count > MAX_BUTTONS {
        return Err(Refusal::bad_request("REPLY_MARKUP_TOO_LONG"));
    }
    Ok(result)
}

fn inline_button(value: &Value) -> Result<InlineButton, Refusal> {
    let unreadable = |why: &str| Refusal::bad_request(format!("can't parse inline keyboard button: {why}"));
    let text = button_text(value).map_err(|why| unreadable(&why))?;
    let filled =
        |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    // The real API takes the first of these it finds and ignores the rest.
    if let Some(url) = filled("url") {
        check_url(&url)
            .map_err(|why| Refusal::bad_request(format!("inline keyboard button URL '{url}' is invalid: {why}")))?;
        return Ok(InlineButton { text, callback_data: None, url: Some(url) });
    }
    let Some(data) = filled("callback_data") else {
        return Err(unreadable("Text buttons are unallowed in the inline keyboard"));
    };
    if data.len() > 64 {
        return Err(Refusal::bad_request("BUTTON_DATA_INVALID"));
    }
    Ok(InlineButton { text, callback_data: Some(data), url: None })
}

fn keyboard_button(value: &Value) -> Result<KeyboardButton, Refusal> {
    if let Some(text) = value.as_str() {
        return Ok(KeyboardButton { text: text.to_owned(), request_contact: false, request_location: false });
    }
    let unreadable = |why: &str| Refusal::bad_request(format!("can't parse keyboard button: {why}"));
    let text = button_text(value).map_err(|why| unreadable(&why))?;
    let wish = |name: &str| match value.get(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(unreadable(&format!("Field \"{name}\" must be of type Boolean"))),
    };
    Ok(KeyboardButton { text, request_contact: wish("request_contact")?, request_location: wish("request_location")? })
}

fn button_text(value: &Value) -> Result<String, String> {
    if !value.is_object() {
        return Err("KeyboardButton must be an Object".to_owned());
    }
    match value.get("text") {
        None => Err("Can't find field \"text\"".to_owned()),
        Some(Value::String(text)) if text.trim().is_empty() => Err("Button text must be non-empty".to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err("Field \"text\" must be of type String".to_owned()),
    }
}

fn flag(object: &Value, name: &str) -> Result<bool, Refusal> {
    match object.get(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Refusal::bad_request(format!("field \"{name}\" must be of type Boolean"))),
    }
}
