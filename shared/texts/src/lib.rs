//! Every text that a customer, a manager or an admin reads, in Project Fluent's format: a folder for each language, a
//! file for each reader. A second language is a second folder and a variant of [`Language`].

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::{LanguageIdentifier, langid};

pub use fluent_bundle::FluentValue;

/// The language that somebody reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `ru/`
    #[default]
    Russian,
}

type Bundle = FluentBundle<FluentResource>;

static RUSSIAN: LazyLock<Bundle> = LazyLock::new(|| bundle(langid!("ru"), &Language::Russian.files()));

impl Language {
    /// Its files: what customers read, what they read when no model answers, what managers read in amoCRM, what admins
    /// read in their chat, what the sales team reads in its group, what the dealer's owner reads of the figures.
    const fn files(self) -> [&'static str; 6] {
        match self {
            Self::Russian => [
                include_str!("../ru/customer.ftl"),
                include_str!("../ru/ai.ftl"),
                include_str!("../ru/manager.ftl"),
                include_str!("../ru/admin.ftl"),
                include_str!("../ru/team.ftl"),
                include_str!("../ru/owner.ftl"),
            ],
        }
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::Russian => &RUSSIAN,
        }
    }

    /// The text with this id: a message, or an attribute of one (`gearbox.label`).
    #[must_use]
    pub fn text(self, id: &str) -> String {
        self.text_with(id, [])
    }

    /// The text with this id and these arguments.
    #[must_use]
    pub fn text_with<'a, const N: usize>(self, id: &str, arguments: [(&'a str, FluentValue<'a>); N]) -> String {
        let text = self.format(id, &FluentArgs::from_iter(arguments));
        debug_assert!(text.is_some(), "there is no text {id}, or its arguments are wrong");
        text.unwrap_or_else(|| id.to_owned())
    }

    /// A duration in seconds, in a few words: «14 мин».
    #[must_use]
    pub fn duration(self, seconds: i64) -> String {
        let (id, count) = match seconds {
            ..90 => ("duration-seconds", seconds),
            90..5400 => ("duration-minutes", (seconds + 30) / 60),
            _ => ("duration-hours", (seconds + 1800) / 3600),
        };
        self.text_with(id, [("count", count.into())])
    }

    /// Whether there is such a text.
    #[must_use]
    pub fn has(self, id: &str) -> bool {
        let (message, attribute) = message_and_attribute(id);
        self.bundle().get_message(message).is_some_and(|message| match attribute {
            Some(attribute) => message.get_attribute(attribute).is_some(),
            None => message.value().is_some(),
        })
    }

    /// The ids of all texts, in the order of the files: messages with a value, and attributes. For tests that hold the
    /// files and the code together.
    #[must_use]
    pub fn ids(self) -> Vec<String> {
        self.files().into_iter().flat_map(ids_in).collect()
    }

    /// The ids of the texts of a conversation, for the test that holds them together with the code.
    #[must_use]
    pub fn conversation_ids(self) -> Vec<String> {
        ids_in(self.files()[0])
    }

    fn format(self, id: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let bundle = self.bundle();
        let (message, attribute) = message_and_attribute(id);
        let message = bundle.get_message(message)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(arguments), &mut errors);
        errors.is_empty().then(|| text.into_owned())
    }
}

fn bundle(language: LanguageIdentifier, files: &[&str]) -> Bundle {
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // What customers typed is isolated where it needs it; isolating every number would litter the texts.
    bundle.set_use_isolating(false);
    for file in files {
        let resource = match FluentResource::try_new((*file).to_owned()) {
            Ok(resource) | Err((resource, _)) => resource, // a test keeps the files free of errors
        };
        bundle.add_resource_overriding(resource);
    }
    bundle
}

fn message_and_attribute(id: &str) -> (&str, Option<&str>) {
    id.split_once('.').map_or((id, None), |(message, attribute)| (message, Some(attribute)))
}

fn ids_in(file: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut message = "";
    for line in file.lines() {
        if let Some((id, value)) =
            line.split_once(" =").filter(|(id, _)| id.starts_with(|char: char| char.is_ascii_alphabetic()))
        {
            message = id;
            if !value.is_empty() || !is_attribute_only(file, id) {
                ids.push(id.to_owned());
            }
        } else if let Some((id, _)) = line.strip_prefix("    .").and_then(|line| line.split_once(" =")) {
            ids.push(format!("{message}.{id}"));
        }
    }
    ids
}

/// Whether the message has attributes but no text of its own.
fn is_attribute_only(file: &str, id: &str) -> bool {
    let after = file.lines().skip_while(|line| *line != format!("{id} =")).nth(1);
    after.is_some_and(|line| line.starts_with("    ."))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_files_are_well_formed_and_no_id_stands_twice() {
        let mut ids = HashSet::new();
        for file in Language::Russian.files() {
            assert!(
                FluentResource::try_new(file.to_owned()).is_ok(),
                "{:?}",
                FluentResource::try_new(file.to_owned()).err()
            );
            for id in ids_in(file) {
                assert!(ids.insert(id.clone()), "{id} stands twice");
                assert!(Language::Russian.has(&id), "{id} is not found");
            }
        }
    }

    #[test]
    fn a_plural_is_russian() {
        let photos = |count: i64| Language::Russian.text_with("photos-count", [("count", count.into())]);
        assert_eq!((photos(1), photos(2)), ("1 фото".to_owned(), "2 фото".to_owned()));
    }
}
