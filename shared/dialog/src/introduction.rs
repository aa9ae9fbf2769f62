//! How the bot introduces itself at Telegram: its commands and descriptions.

use texts::Language;

/// The bot's commands with their descriptions, for `setMyCommands`.
#[must_use]
pub fn commands(language: Language) -> [(&'static str, String); 7] {
    [
        ("start", language.text("introduction-start")),
        ("menu", language.text("introduction-menu")),
        ("help", language.text("introduction-help")),
        ("status", language.text("introduction-status")),
        ("human", language.text("introduction-human")),
        ("privacy", language.text("introduction-privacy")),
        ("delete", language.text("introduction-delete")),
    ]
}

/// The short description (at most 120 characters) and the one shown before the first message (at most 512).
#[must_use]
pub fn descriptions(language: Language) -> (String, String) {
    (language.text("introduction-short"), language.text("introduction-long"))
}

#[cfg(test)]
mod tests {
    use texts::Language;

    #[test]
    fn descriptions_fit_into_telegrams_limits() {
        let (short, long) = super::descriptions(Language::default());
        assert!(short.chars().count() <= 120 && long.chars().count() <= 512);
        assert!(super::commands(Language::default()).iter().all(|(_, text)| text.chars().count() <= 256));
    }
}
