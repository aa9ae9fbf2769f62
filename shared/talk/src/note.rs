//! What was said, for a note of the deal.

use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::line::{Body, Line, Media, Said};

/// Longest part of a text that goes into a note, in characters.
const MAX_WORDS: usize = 1_500;

/// Most characters of one note's lines. amoCRM takes notes of 20 000 characters; each line has a time and a name
/// besides.
const MAX_NOTE: usize = 12_000;

/// What a line's time and name take in a note, in characters.
const NAME_AND_TIME: usize = 80;

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saying {
    pub at: Seconds,
    /// Who of the team; `None`: the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What it was, if not text alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub words: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// Of its update.
    pub update_id: i64,
}

/// A note that is being written: it is fixed before it is offered to amoCRM, so that it can be recognised there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub deal_id: u64,
    pub sayings: Vec<Saying>,
    /// amoCRM may have it already: its answer was lost, or the worker died.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_doubt: bool,
}

impl Saying {
    /// What a line says; `None` for the bot's own words.
    #[must_use]
    pub fn of(line: &Line) -> Option<Self> {
        let (author, media, edited) = match &line.said {
            Said::Word(_) => return None,
            Said::Message(message) => match &message.body {
                Body::Text(_) => (&message.author, None, false),
                Body::Media { kind, .. } => (&message.author, Some(*kind), false),
            },
            Said::Edit(edit) => (&edit.author, None, true),
        };
        let words = line.words().chars().take(MAX_WORDS).collect();
        Some(Self {
            at: line.at,
            author: author.clone(),
            media,
            words,
            edited,
            update_id: line.update_id.unwrap_or_default(),
        })
    }

    fn length(&self) -> usize {
        self.words.chars().count() + NAME_AND_TIME
    }
}

impl Note {
    /// The number by which the note is found in amoCRM: that of its first update.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.sayings.first().map_or(0, |saying| saying.update_id)
    }

    /// Takes as many sayings as fit into one note, the oldest first.
    pub(crate) fn of_first(sayings: &mut Vec<Saying>, deal_id: u64) -> Option<Self> {
        let mut length = 0;
        let fitting = sayings.iter().take_while(|saying| {
            length += saying.length();
            length <= MAX_NOTE
        });
        let fitting = fitting.count();
        (fitting > 0).then(|| Self { deal_id, sayings: sayings.drain(..fitting).collect(), in_doubt: false })
    }
}
