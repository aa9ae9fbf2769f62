//! The texts of the conversation, in the customer's language.

use ::texts::{FluentValue, Language};

const LANGUAGE: Language = Language::Russian;

/// The text with this id: a message, or an attribute of one («gearbox.label»).
pub(crate) fn get(id: &str) -> String {
    LANGUAGE.text(id)
}

/// The text with this id and these arguments.
pub(crate) fn with<'a, const N: usize>(id: &str, arguments: [(&'a str, FluentValue<'a>); N]) -> String {
    LANGUAGE.text_with(id, arguments)
}

/// Whether there is such a text.
pub(crate) fn exists(id: &str) -> bool {
    LANGUAGE.has(id)
}

/// Every id of the texts of a conversation.
#[cfg(test)]
pub(crate) fn all_ids() -> Vec<String> {
    LANGUAGE.ids().into_iter().filter(|id| !id.starts_with("field-") && !id.starts_with("ai-")).collect()
}
