//! How the bot introduces itself at Telegram: its commands and descriptions.

use crate::texts;

/// The commands of the bot's menu with their descriptions, for `setMyCommands`.
#[must_use]
pub fn commands() -> [(&'static str, String); 5] {
    [
        ("start", texts::get("introduction-start")),
        ("menu", texts::get("introduction-menu")),
        ("help", texts::get("introduction-help")),
        ("privacy", texts::get("introduction-privacy")),
        ("delete", texts::get("introduction-delete")),
    ]
}

/// The short description (at most 120 characters) and the one shown before the first message (at most 512).
#[must_use]
pub fn descriptions() -> (String, String) {
    (texts::get("introduction-short"), texts::get("introduction-long"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn descriptions_are_as_short_as_telegram_wants_them() {
        let (short, long) = super::descriptions();
        assert!(short.chars().count() <= 120 && long.chars().count() <= 512);
        assert!(super::commands().iter().all(|(_, text)| text.chars().count() <= 256));
    }
}
