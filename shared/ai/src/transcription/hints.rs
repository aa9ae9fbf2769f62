//! What helps a server to hear right, and may be refused: compatible servers take less than OpenAI's.

/// Which hints a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hints {
    /// That Russian is spoken.
    pub(super) language: Language,
    /// Makes and models as they are spelled.
    pub(super) prompt: bool,
}

/// How a request says what is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// `language`, the name that most servers know.
    One,
    /// `languages[]`, in its place from gpt-transcribe on. A request may not have both:
    /// <https://developers.openai.com/cookbook/examples/migrating_from_whisper_to_gpt_transcribe>.
    List,
    Unsaid,
}

impl Default for Hints {
    fn default() -> Self {
        Self { language: Language::One, prompt: true }
    }
}

impl Hints {
    const NONE: Self = Self { language: Language::Unsaid, prompt: false };

    /// The hints to ask again with; `None` if the refusal is about something else.
    pub(super) fn after_refusal(self, status: u16, body: &str) -> Option<Self> {
        // Keys, rights, quotas and speed are not cured by fewer hints.
        if matches!(status, 401 | 403 | 408 | 429) {
            return None;
        }
        let body = body.to_lowercase();
        let (language, prompt) = (body.contains("language"), body.contains("prompt"));
        let next_language = match self.language {
            Language::One => Language::List,
            Language::List | Language::Unsaid => Language::Unsaid,
        };
        let fewer =
            Self { language: if language { next_language } else { self.language }, prompt: self.prompt && !prompt };
        if fewer != self {
            return Some(fewer);
        }
        // The server does not say what it dislikes.
        let is_about_the_rest = language || prompt || ["file", "audio", "model"].iter().any(|word| body.contains(word));
        (matches!(status, 400 | 422) && !is_about_the_rest && self != Self::NONE).then_some(Self::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_left_out() {
        let all = Hints::default();
        let pydantic = r#"{"detail":[{"type":"extra_forbidden","loc":["body","prompt"]}]}"#;
        assert_eq!(all.after_refusal(422, pydantic), Some(Hints { prompt: false, ..all }));
        let prose = r#"{"error":"Language hints are not supported by this model"}"#;
        let list = Hints { language: Language::List, ..all };
        assert_eq!(all.after_refusal(400, prose), Some(list));
        assert_eq!(list.after_refusal(400, prose), Some(Hints { language: Language::Unsaid, ..all }));
        assert_eq!(all.after_refusal(400, "Bad Request"), Some(Hints::NONE));
    }

    #[test]
    fn other_troubles_change_nothing() {
        let all = Hints::default();
        for (status, body) in [
            (401, "Incorrect API key"),
            (429, "Too many prompts"),
            (400, r#"{"error":{"message":"Audio file might be corrupted or unsupported","param":"file"}}"#),
            (404, "The model does not exist"),
            (502, "<html>Bad Gateway</html>"),
        ] {
            assert_eq!(all.after_refusal(status, body), None, "{body}");
        }
    }

    #[test]
    fn every_series_of_refusals_ends() {
        assert_eq!(Hints::NONE.after_refusal(400, "no"), None);
        assert_eq!(Hints::NONE.after_refusal(400, "prompt"), None);
    }
}
