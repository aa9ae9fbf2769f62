//! The bot's commands and descriptions at Telegram.

use dialog::Language;
use serde_json::{Value, json};

use crate::{Api, ApiError};

/// Sets the commands and descriptions that customers see at Telegram.
///
/// # Errors
/// Telegram refuses them or does not respond.
pub async fn introduce(api: &Api, language: Language) -> Result<(), ApiError> {
    let commands: Value = dialog::commands(language)
        .into_iter()
        .map(|(command, description)| json!({ "command": command, "description": description }))
        .collect();
    api.call("setMyCommands", &json!({ "commands": commands })).await?;
    let (short, long) = dialog::descriptions(language);
    api.call("setMyShortDescription", &json!({ "short_description": short })).await?;
    api.call("setMyDescription", &json!({ "description": long })).await?;
    Ok(())
}
