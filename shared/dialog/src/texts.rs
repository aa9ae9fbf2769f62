//! The texts that people read: `texts/ru.ftl`, in Project Fluent's format.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::langid;

const RUSSIAN: &str = include_str!("../texts/ru.ftl");

static BUNDLE: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| {
    let mut bundle = FluentBundle::new_concurrent(vec![langid!("ru")]);
    // What customers typed is isolated where it needs it; isolating every number would litter the texts.
    bundle.set_use_isolating(false);
    let resource = match FluentResource::try_new(RUSSIAN.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource, // a test holds the file to be free of errors
    };
    bundle.add_resource_overriding(resource);
    bundle
});

/// The text with this id: a message, or an attribute of one («gearbox.label»).
pub(crate) fn get(id: &str) -> String {
    with(id, [])
}

/// The text with this id and these arguments.
pub(crate) fn with<'a, const N: usize>(id: &str, arguments: [(&'a str, FluentValue<'a>); N]) -> String {
    let text = format(id, &FluentArgs::from_iter(arguments));
    debug_assert!(text.is_some(), "there is no text {id}, or its arguments are wrong");
    text.unwrap_or_else(|| id.to_owned())
}

/// Whether there is such a text.
pub(crate) fn exists(id: &str) -> bool {
    let (message, attribute) = parts(id);
    BUNDLE.get_message(message).is_some_and(|message| match attribute {
        Some(attribute) => message.get_attribute(attribute).is_some(),
        None => message.value().is_some(),
    })
}

fn format(id: &str, arguments: &FluentArgs<'_>) -> Option<String> {
    let (message, attribute) = parts(id);
    let message = BUNDLE.get_message(message)?;
    let pattern = match attribute {
        Some(attribute) => message.get_attribute(attribute)?.value(),
        None => message.value()?,
    };
    let mut errors = Vec::new();
    let text = BUNDLE.format_pattern(pattern, Some(arguments), &mut errors);
    errors.is_empty().then(|| text.into_owned())
}

fn parts(id: &str) -> (&str, Option<&str>) {
    id.split_once('.').map_or((id, None), |(message, attribute)| (message, Some(attribute)))
}

/// Every id of the file: messages with a value, and attributes.
#[cfg(test)]
pub(crate) fn all_ids() -> Vec<String> {
    let mut ids = Vec::new();
    let mut message = "";
    for line in RUSSIAN.lines() {
        if let Some((id, _)) =
            line.split_once(" =").filter(|(id, _)| id.starts_with(|char: char| char.is_ascii_alphabetic()))
        {
            message = id;
            ids.push(id.to_owned());
        } else if let Some((id, _)) = line.strip_prefix("    .").and_then(|line| line.split_once(" =")) {
            ids.push(format!("{message}.{id}"));
        }
    }
    ids
}

/// What is wrong with the file.
#[cfg(test)]
pub(crate) fn errors() -> Vec<String> {
    match FluentResource::try_new(RUSSIAN.to_owned()) {
        Ok(_) => Vec::new(),
        Err((_, errors)) => errors.iter().map(ToString::to_string).collect(),
    }
}
