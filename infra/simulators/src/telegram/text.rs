//! What the Bot API accepts as a text: its length, its emptiness, its entities.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::params::Params;
use super::refusal::Refusal;

/// Longest message, in UTF-16 units.
const MAX_TEXT: usize = 4096;
/// Longest caption, in UTF-16 units.
const MAX_CAPTION: usize = 1024;

/// Kinds of entities that need nothing but their place.
const PLAIN_KINDS: [&str; 15] = [
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
];

/// A styled part of a text: <https://core.telegram.org/bots/api#messageentity>.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Such as `bold` or `text_link`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it starts, in UTF-16 units.
    pub offset: usize,
    /// How long it is, in UTF-16 units.
    pub length: usize,
    /// Where a `text_link` leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The message text of a call, as it is stored: trimmed, with entities that fit.
pub(super) fn message_text(params: &Params) -> Result<(String, Vec<Entity>), Refusal> {
    let Some(raw) = params.text("text") else { return Err(Refusal::bad_request("message text is empty")) };
    if params.has("parse_mode") {
        // Markup is not simulated: what customers type must never pass through it.
        return Err(Refusal::bad_request("unsupported parse_mode"));
    }
    let entities = match params.json("entities") {
        None => Vec::new(),
        Some(value) => entities(raw, &value)?,
    };
    let (text, entities) = trimmed(raw, entities);
    if !text.chars().any(is_visible) {
        return Err(Refusal::bad_request("text must be non-empty"));
    }
    if utf16_len(&text) > MAX_TEXT {
        return Err(Refusal::bad_request("message is too long"));
    }
    Ok((text, entities))
}

/// The caption of a call, if it has one.
pub(super) fn caption(params: &Params) -> Result<Option<(String, Vec<Entity>)>, Refusal> {
    let Some(raw) = params.text("caption") else { return Ok(None) };
    if params.has("parse_mode") {
        return Err(Refusal::bad_request("unsupported parse_mode"));
    }
    let entities = match params.json("caption_entities") {
        None => Vec::new(),
        Some(value) => entities(raw, &value)?,
    };
    let (text, entities) = trimmed(raw, entities);
    if utf16_len(&text) > MAX_CAPTION {
        return Err(Refusal::bad_request("message caption is too long"));
    }
    Ok(Some((text, entities)))
}

/// Length as Telegram counts it.
pub(super) fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What Telegram's servers find in a text by themselves, as far as bots look at it: commands and addresses.
pub(super) fn found_entities(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut offset = 0;
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end();
        let kind = if word.len() > 1 && word.starts_with('/') && is_command(&word[1..]) {
            Some("bot_command")
        } else if word.starts_with("https://") || word.starts_with("http://") {
            Some("url")
        } else if word.len() > 5 && word.starts_with('@') && is_command(&word[1..]) {
            Some("mention")
        } else {
            None
        };
        if let Some(kind) = kind {
            found.push(Entity { kind: kind.to_owned(), offset, length: utf16_len(word), url: None });
        }
        offset += utf16_len(part);
    }
    found
}

/// What Telegram makes of an address in a button or a link, or why it does not take it.
pub(super) fn check_url(address: &str) -> Result<(), &'static str> {
    if address.is_empty() {
        return Err("URL host is empty");
    }
    let full = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let Ok(url) = Url::parse(&full) else { return Err("Wrong HTTP URL") };
    match url.scheme() {
        "tg" | "ton" | "tonsite" => Ok(()),
        "http" | "https" => match url.host() {
            Some(url::Host::Domain(domain)) if domain.contains('.') => Ok(()),
            Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => Ok(()),
            _ => Err("Wrong HTTP URL"),
        },
        _ => Err("Unsupported URL protocol"),
    }
}

fn is_command(word: &str) -> bool {
    word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '@')
}

/// Whether a reader would see this character: not white space, not a mark for joining or direction.
fn is_visible(letter: char) -> bool {
    !letter.is_whitespace()
        && !letter.is_control()
        && !matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{2800}' | '\u{3164}')
}

fn entities(text: &str, value: &Value) -> Result<Vec<Entity>, Refusal> {
    let Some(items) = value.as_array() else {
        return Err(Refusal::bad_request("can't parse entities: expected an Array of MessageEntity"));
    };
    let mut entities = Vec::new();
    for item in items {
        if let Some(entity) = entity(item)? {
            check_bounds(text, &entity)?;
            entities.push(entity);
        }
    }
    entities.sort_by_key(|entity| (entity.offset, std::cmp::Reverse(entity.length)));
    Ok(entities)
}

/// One entity; `None` for an empty one, which Telegram leaves out.
fn entity(item: &Value) -> Result<Option<Entity>, Refusal> {
    let unreadable = |why: &str| Refusal::bad_request(format!("can't parse MessageEntity: {why}"));
    let whole = |name: &str| {
        let value = item.get(name).ok_or_else(|| unreadable(&format!("Can't find field \"{name}\"")))?;
        value.as_i64().ok_or_else(|| unreadable(&format!("Field \"{name}\" must be of type Number")))
    };
    let kind = item.get("type").and_then(Value::as_str).ok_or_else(|| unreadable("Can't find field \"type\""))?;
    let (offset, length) = (whole("offset")?, whole("length")?);
    let url = match kind {
        "text_link" => {
            let url = item.get("url").and_then(Value::as_str).ok_or_else(|| unreadable("Can't find field \"url\""))?;
            check_url(url).map_err(|why| Refusal::bad_request(format!("entity URL '{url}' is invalid: {why}")))?;
            Some(url.to_owned())
        }
        "pre" => None,
        kind if PLAIN_KINDS.contains(&kind) => None,
        _ => return Err(unreadable("Unsupported type specified")),
    };
    let offset = usize::try_from(offset)
        .map_err(|_| Refusal::bad_request(format!("receive an entity with incorrect offset {offset}")))?;
    let length = usize::try_from(length)
        .map_err(|_| Refusal::bad_request(format!("receive an entity with incorrect length {length}")))?;
    Ok((length > 0).then(|| Entity { kind: kind.to_owned(), offset, length, url }))
}

fn check_bounds(text: &str, entity: &Entity) -> Result<(), Refusal> {
    let (start, end) = (entity.offset, entity.offset + entity.length);
    let total = utf16_len(text);
    if start >= total {
        return Err(Refusal::bad_request(format!("entity begins after the end of the text at UTF-16 offset {start}")));
    }
    if end > total {
        let why =
            format!("entity beginning at UTF-16 offset {start} ends after the end of the text at UTF-16 offset {end}");
        return Err(Refusal::bad_request(why));
    }
    let mut units = 0;
    for (byte, letter) in text.char_indices() {
        let next = units + letter.len_utf16();
        if units < start && start < next {
            return Err(Refusal::bad_request(format!(
                "entity begins in a middle of a UTF-16 symbol at byte offset {byte}"
            )));
        }
        if units < end && end < next {
            let why = format!(
                "entity beginning at UTF-16 offset {start} ends in a middle of a UTF-16 symbol at byte offset {byte}"
            );
            return Err(Refusal::bad_request(why));
        }
        units = next;
    }
    Ok(())
}

/// Without the white space around it; entities move and shrink with it.
fn trimmed(raw: &str, entities: Vec<Entity>) -> (String, Vec<Entity>) {
    let text = raw.trim();
    let cut = utf16_len(raw) - utf16_len(raw.trim_start());
    let total = utf16_len(text);
    let entities = entities
        .into_iter()
        .filter_map(|entity| {
            let start = entity.offset.saturating_sub(cut).min(total);
            let end = (entity.offset + entity.length).saturating_sub(cut).min(total);
            (start < end).then(|| Entity { offset: start, length: end - start, ..entity })
        })
        .collect();
    (text.to_owned(), entities)
}
