//! What a message holds: <https://core.telegram.org/bots/api#message>.

use dialog::{BotCommand, Input, Unsupported, Voice};
use serde_json::Value;

use super::rich;
use crate::json::{elements, integer, string};

/// Bots cannot download larger files: <https://core.telegram.org/bots/api#getfile>.
const MAX_DOWNLOAD_BYTES: i64 = 20 * 1024 * 1024;

/// How files of images are called. Phones send a photo as a file with any MIME type or none.
const IMAGE_EXTENSIONS: [&str; 13] =
    ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "heic", "heif", "avif", "bmp", "gif", "tif", "tiff"];

/// Kinds of messages that the hint names. Any other is [`Unsupported::Other`].
const UNSUPPORTED: [(&str, Unsupported); 8] = [
    ("animation", Unsupported::Video), // before `document`, which is there too
    ("document", Unsupported::Document),
    ("voice", Unsupported::Voice),
    ("audio", Unsupported::Voice),
    ("video_note", Unsupported::Video),
    ("video", Unsupported::Video),
    ("sticker", Unsupported::Sticker),
    ("location", Unsupported::Location), // also a part of every `venue`
];

/// Service messages, which nobody wrote: the fields of `Message` that the documentation calls so, as of Bot API 10.3.
const SERVICE: [&str; 54] = [
    "boost_added",
    "channel_chat_created",
    "chat_background_set",
    "chat_owner_changed",
    "chat_owner_left",
    "chat_shared",
    "checklist_tasks_added",
    "checklist_tasks_done",
    "community_chat_added",
    "community_chat_removed",
    "connected_website",
    "delete_chat_photo",
    "direct_message_price_changed",
    "forum_topic_closed",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "gift",
    "gift_upgrade_sent",
    "giveaway_completed",
    "giveaway_created",
    "group_chat_created",
    "left_chat_member",
    "managed_bot_created",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "migrate_to_chat_id",
    "new_chat_members",
    "new_chat_photo",
    "new_chat_title",
    "paid_message_price_changed",
    "passport_data",
    "pinned_message",
    "poll_option_added",
    "poll_option_deleted",
    "proximity_alert_triggered",
    "refunded_payment",
    "successful_payment",
    "suggested_post_approval_failed",
    "suggested_post_approved",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "supergroup_chat_created",
    "unique_gift",
    "users_shared",
    "video_chat_ended",
    "video_chat_participants_invited",
    "video_chat_scheduled",
    "video_chat_started",
    "web_app_data",
    "write_access_allowed",
];

/// What the customer did; `None` for service messages.
pub(super) fn input(message: &Value) -> Option<Input> {
    if let Some(text) = text(message) {
        return Some(command(&text).unwrap_or(Input::Text(text)));
    }
    let album = string(&message["media_group_id"]);
    let caption = string(&message["caption"]);
    let contact = &message["contact"];
    if contact.is_object() {
        return Some(self::contact(contact, &message["from"]));
    }
    if let Some(voice) = voice(&message["voice"]) {
        return Some(Input::Voice(voice));
    }
    let sizes = elements(&message["photo"]).iter().filter(|size| size["file_id"].is_string());
    let largest = sizes.max_by_key(|size| integer(&size["width"]));
    let document = &message["document"];
    let is_image = is_image(document) && message["animation"].is_null();
    let is_too_large = integer(&document["file_size"]).is_some_and(|bytes| bytes > MAX_DOWNLOAD_BYTES);
    let file = largest.or((is_image && !is_too_large).then_some(document));
    if let Some(file_id) = file.and_then(|file| string(&file["file_id"])) {
        let unique_id = file.and_then(|file| string(&file["file_unique_id"])).unwrap_or_else(|| file_id.clone());
        return Some(Input::Photo { file_id, unique_id, album, caption });
    }
    let kind = if is_image && is_too_large { Unsupported::LargeImage } else { unsupported(message)? };
    Some(Input::Unsupported { kind, album, caption })
}

/// What the customer wrote in a message: its text or its caption.
pub(super) fn words(message: &Value) -> Option<String> {
    text(message).or_else(|| string(&message["caption"]))
}

/// The text of a message, also of a rich one.
fn text(message: &Value) -> Option<String> {
    string(&message["text"]).or_else(|| {
        let text = rich::plain_text(&message["rich_message"]);
        (!text.is_empty()).then_some(text)
    })
}

/// <https://core.telegram.org/bots/api#voice>
fn voice(voice: &Value) -> Option<Voice> {
    let file_id = string(&voice["file_id"])?;
    let unique_id = string(&voice["file_unique_id"]).unwrap_or_else(|| file_id.clone());
    let number = |name: &str| integer(&voice[name]).unwrap_or_default();
    Some(Voice {
        file: lead::Voice { file_id, unique_id },
        seconds: number("duration").try_into().unwrap_or_default(),
        bytes: number("file_size").try_into().unwrap_or_default(),
    })
}

fn contact(contact: &Value, from: &Value) -> Input {
    let owner = integer(&contact["user_id"]);
    Input::Contact {
        phone: string(&contact["phone_number"]).unwrap_or_default(),
        is_own: owner.is_some() && owner == integer(&from["id"]),
    }
}

/// Whether a file is an image by its MIME type or its name. The content is checked when it is downloaded.
fn is_image(document: &Value) -> bool {
    let mime_type = document["mime_type"].as_str().unwrap_or_default().to_lowercase();
    let name = document["file_name"].as_str().unwrap_or_default().to_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    mime_type.starts_with("image/") || IMAGE_EXTENSIONS.contains(&extension)
}

/// A kind that the bot does not accept; `None` for a service message.
fn unsupported(message: &Value) -> Option<Unsupported> {
    let has = |name: &str| message.get(name).is_some();
    if let Some((_, kind)) = UNSUPPORTED.into_iter().find(|(name, _)| has(name)) {
        return Some(kind);
    }
    (!SERVICE.into_iter().any(has)).then_some(Unsupported::Other)
}

/// `/start`, `/start@AutoBot`, `/start payload`.
fn command(text: &str) -> Option<Input> {
    let line = text.strip_prefix('/')?;
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let name = word.split('@').next()?.to_lowercase();
    let command = match name.as_str() {
        "start" => return Some(rest.trim().parse().map_or(Input::Command(BotCommand::Start), Input::Link)),
        "menu" => BotCommand::Menu,
        "help" => BotCommand::Help,
        "status" => BotCommand::Status,
        "human" => BotCommand::Human,
        "privacy" => BotCommand::Privacy,
        "delete" => BotCommand::Delete,
        _ => return None,
    };
    Some(Input::Command(command))
}
