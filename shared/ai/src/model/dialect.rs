//! What a server takes, as far as its refusals have shown.
//!
//! Models come and go, and each takes other parameters. Nothing here looks at a model's name: a request starts with
//! everything, and what the server refuses is renamed or left out from then on.

use async_openai::types::chat::ReasoningEffort;

use super::refusal::{Parameter, complaints};

/// The least effort first.
const EFFORTS: [(&str, ReasoningEffort); 3] =
    [("none", ReasoningEffort::None), ("minimal", ReasoningEffort::Minimal), ("low", ReasoningEffort::Low)];

/// The factor on the set number of tokens once a model has spent them all on thinking.
const MORE_ROOM: u32 = 8;

/// Which parameters a request has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dialect {
    pub(super) limit: Limit,
    pub(super) takes_temperature: bool,
    pub(super) format: Format,
    /// `None` leaves it to the model.
    pub(super) effort: Option<ReasoningEffort>,
    pub(super) role: Role,
    /// The factor on the set number of tokens that an answer may have.
    pub(super) room: u32,
}

/// What the limit of tokens is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    MaxCompletionTokens,
    MaxTokens,
    None,
}

/// What the answer is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The form's JSON schema.
    Schema,
    /// Any JSON object.
    Json,
    /// Nothing: the prompt describes the form as well.
    Text,
}

/// Who gives the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    System,
    Developer,
    /// They stand in front of the customer's text.
    User,
}

impl Default for Dialect {
    /// Everything, by the names of OpenAI's present models.
    fn default() -> Self {
        Self {
            limit: Limit::MaxCompletionTokens,
            takes_temperature: true,
            format: Format::Schema,
            effort: Some(ReasoningEffort::None),
            role: Role::System,
            room: 1,
        }
    }
}

impl Dialect {
    /// Nothing but the messages.
    pub(super) fn plain() -> Self {
        Self { limit: Limit::None, takes_temperature: false, format: Format::Text, effort: None, ..Self::default() }
    }

    /// How to ask again after a refusal, and what was refused; `None` if the refusal is about something else.
    pub(super) fn after_refusal(&self, status: u16, body: &str) -> Option<(Self, &'static str)> {
        let body = body.to_lowercase();
        // A router of many servers has this answer when none of them takes every parameter.
        let is_of_router = status == 404 && body.contains("no endpoints found that");
        // Keys, rights, names, quotas, speed and gateways are not cured by other parameters.
        if matches!(status, 401 | 403 | 404 | 408 | 429 | 502..=504) && !is_of_router {
            return None;
        }
        // Some servers refuse what others cut off: an answer that does not fit.
        if body.contains("output limit was reached") {
            return self.with_more_room().map(|roomier| (roomier, "limit"));
        }
        let complaints = complaints(&body);
        let mut adapted = self.clone();
        let mut refused = None;
        for complaint in &complaints {
            let gives_way = |parameter: &&Parameter| adapted.give_way(**parameter, &body);
            refused = refused.or(complaint.iter().find(gives_way));
        }
        if let Some(refused) = refused {
            return Some((adapted, refused.into()));
        }
        // The server does not say what it dislikes.
        let plain = Self { role: self.role, room: self.room, ..Self::plain() };
        let is_about_content =
            ["content_filter", "context_length", "context length"].iter().any(|it| body.contains(it));
        let is_unnamed = (matches!(status, 400 | 422) || is_of_router) && complaints.is_empty() && !is_about_content;
        (is_unnamed && *self != plain).then_some((plain, "unnamed"))
    }

    /// The same with more room for an answer that the limit has cut off; `None` if it has that room already.
    pub(super) fn with_more_room(&self) -> Option<Self> {
        (self.room == 1 && self.limit != Limit::None).then(|| Self { room: MORE_ROOM, ..self.clone() })
    }

    /// Renames a parameter that was refused, or leaves it out. Returns false when there is nothing left of it.
    fn give_way(&mut self, parameter: Parameter, body: &str) -> bool {
        let before = self.clone();
        match parameter {
            Parameter::Limit => {
                self.limit = match self.limit {
                    Limit::MaxCompletionTokens => Limit::MaxTokens,
                    Limit::MaxTokens | Limit::None => Limit::None,
                }
            }
            Parameter::Temperature => self.takes_temperature = false,
            Parameter::ResponseFormat => {
                self.format = match self.format {
                    Format::Schema => Format::Json,
                    Format::Json | Format::Text => Format::Text,
                }
            }
            Parameter::ReasoningEffort => self.effort = self.next_effort(body),
            Parameter::Role => {
                self.role = match self.role {
                    Role::System => Role::Developer,
                    Role::Developer | Role::User => Role::User,
                }
            }
        }
        *self != before
    }

    /// The least effort after the refused one that the server says it knows; the next one if all it says is that the
    /// model has to think.
    fn next_effort(&self, body: &str) -> Option<ReasoningEffort> {
        const HAS_TO_THINK: [&str; 3] = ["mandatory", "cannot be disabled", "only works in thinking"];
        let refused = EFFORTS.iter().position(|(_, effort)| self.effort.as_ref() == Some(effort))?;
        let words: Vec<&str> = body.split(|letter: char| !letter.is_alphanumeric()).collect();
        let has_to_think = HAS_TO_THINK.iter().any(|it| body.contains(it));
        let rest = &EFFORTS[refused + 1..];
        let named = rest.iter().find(|(name, _)| words.contains(name));
        named.or_else(|| rest.first().filter(|_| has_to_think)).map(|(_, effort)| effort.clone())
    }
}

#[cfg(test)]
mod tests;
