//! The actions of buttons, and how they are encoded in a button's data.

use crate::Button;

/// The action of a button. The button's data is `{seq}:{action}`, where `seq` is the number of its prompt. Buttons of
/// any other prompt are dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action<'a> {
    /// Start the questionnaire with this id.
    Open(&'a str),
    /// Invite a free question.
    Ask,
    /// Answer with the choice of this id.
    Choose(&'a str),
    Year(i16),
    /// Ask for a typed answer instead of the buttons.
    Other,
    /// Keep the current answer.
    Accept,
    /// Keep every answer taken from a free sentence.
    AcceptAll,
    /// Leave an optional question unanswered.
    Skip,
    /// Remove the photos.
    Clear,
    /// Use the catalogue's spelling for the answer before.
    Take,
    /// One step back.
    Back,
    /// Back to the menu.
    Home,
    /// Send the request.
    Send,
    /// Choose an answer to change.
    Change,
    /// Change the answer of the step with this id.
    Field(&'a str),
    /// Discard the request.
    Cancel,
    /// Answer with the customer's first name at Telegram.
    FirstName,
    /// Agree to the processing of personal data, as the text of this version says.
    Agree(&'a str),
    /// Take that agreement back.
    TakeBack,
    /// Yes to the question that covers the screen.
    Yes,
    /// No to the question that covers the screen.
    No,
    /// Do not continue the form yet.
    NotNow,
    /// Do not remind of forms any more.
    NoReminders,
    /// Call a person.
    Human,
}

impl<'a> Action<'a> {
    /// Reads a button's data. It comes from the customer's app, so it may be anything.
    pub(crate) fn parse(data: &'a str) -> Option<(u32, Self)> {
        let (seq, action) = data.split_once(':')?;
        let (word, argument) = action.split_once(':').map_or((action, None), |(word, rest)| (word, Some(rest)));
        let action = match (word, argument) {
            ("open", Some(branch)) => Self::Open(branch),
            ("choose", Some(choice)) => Self::Choose(choice),
            ("year", Some(year)) => Self::Year(year.parse().ok()?),
            ("field", Some(step)) => Self::Field(step),
            ("agree", Some(version)) => Self::Agree(version),
            (word, None) => Self::WITHOUT_ARGUMENT.into_iter().find(|known| known.word() == word)?,
            _ => return None,
        };
        Some((seq.parse().ok()?, action))
    }

    /// A button with this text for the action.
    pub(crate) fn button(self, seq: u32, text: impl Into<String>) -> Button {
        let word = self.word();
        let data = match self {
            Self::Open(argument) | Self::Choose(argument) | Self::Field(argument) | Self::Agree(argument) => {
                format!("{seq}:{word}:{argument}")
            }
            Self::Year(year) => format!("{seq}:{word}:{year}"),
            _ => format!("{seq}:{word}"),
        };
        Button { text: text.into(), data }
    }

    const WITHOUT_ARGUMENT: [Self; 19] = [
        Self::Ask,
        Self::Other,
        Self::Accept,
        Self::AcceptAll,
        Self::Skip,
        Self::Clear,
        Self::Take,
        Self::Back,
        Self::Home,
        Self::Send,
        Self::Change,
        Self::Cancel,
        Self::FirstName,
        Self::TakeBack,
        Self::Yes,
        Self::No,
        Self::NotNow,
        Self::NoReminders,
        Self::Human,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Ask => "ask",
            Self::Choose(_) => "choose",
            Self::Year(_) => "year",
            Self::Other => "other",
            Self::Accept => "accept",
            Self::AcceptAll => "all",
            Self::Skip => "skip",
            Self::Clear => "clear",
            Self::Take => "take",
            Self::Back => "back",
            Self::Home => "home",
            Self::Send => "send",
            Self::Change => "change",
            Self::Field(_) => "field",
            Self::Cancel => "cancel",
            Self::FirstName => "first-name",
            Self::Agree(_) => "agree",
            Self::TakeBack => "take-back",
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotNow => "not-now",
            Self::NoReminders => "no-reminders",
            Self::Human => "human",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_actions_are_decoded() {
        let with_argument = [
            Action::Open("sell"),
            Action::Choose("upto-1m"),
            Action::Year(2027),
            Action::Field("name"),
            Action::Agree("0123456789abcdef"),
        ];
        for action in Action::WITHOUT_ARGUMENT.into_iter().chain(with_argument) {
            let data = action.button(u32::MAX, "…").data;
            assert!(data.len() <= 64, "{data}");
            assert_eq!(Action::parse(&data), Some((u32::MAX, action)));
        }
    }

    #[test]
    fn other_data_is_refused() {
        for data in
            ["", ":", "1", "1:", "1:open", "1:back:again", "x:back", "-1:back", "1:year:next", "4294967296:back"]
        {
            assert_eq!(Action::parse(data), None, "{data}");
        }
    }
}
