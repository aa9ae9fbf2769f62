//! What a decision asks for.

use lead::Request;

use crate::{Conversation, Screen, Text};

/// What follows from an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Store the conversation (on condition that nobody else did meanwhile), then perform the effects.
    Move(Box<Conversation>, Vec<Effect>),
    /// Nothing to store; perform the effects, if any. Stale buttons, floods, redeliveries.
    Stay(Vec<Effect>),
    /// The same update is being handled elsewhere: look again in a moment. Whoever handles it is taken for dead in time.
    Busy,
}

/// One thing to do, in the order given. What the customer waits for comes first.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make this the current screen. After a [`Target::New`], tell [`Conversation::prompt_sent`] the message's id.
    Show {
        /// What to show.
        screen: Screen,
        /// Where.
        target: Target,
        /// Which prompt of the conversation it is, for [`Conversation::prompt_sent`].
        seq: u32,
    },
    /// A message that is not the current screen and keeps no buttons: it is sent before any later `Show`.
    Say(Screen),
    /// Answer a press: the button stops spinning, and shows `text`, as an alert if `alert`. Nobody waits for the result.
    AnswerPress {
        /// Of the press.
        callback_id: String,
        /// Nothing, or a short text (at most 200 characters).
        text: Option<String>,
        /// A window to close rather than a line that fades.
        alert: bool,
    },
    /// Take the buttons off an old prompt. Nobody waits for the result.
    DropKeyboard {
        /// The old prompt.
        message_id: i64,
    },
    /// A finished request: store it together with the conversation in one transaction, then queue it.
    Submit(Box<Request>),
    /// Find out what the customer wants, then decide again with [`crate::Input::Ai`].
    AskAi {
        /// The customer's text, at most 500 characters.
        question: String,
    },
    /// Delete everything stored about this chat, this conversation too.
    ForgetCustomer,
}

/// Where a screen goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A new message.
    New,
    /// In place of this message; as a new one if Telegram refuses to change it.
    Edit {
        /// The message to change.
        message_id: i64,
    },
}

impl Effect {
    /// A message that is not the current screen.
    #[must_use]
    pub fn say(text: Text) -> Self {
        Self::Say(Screen { text, keyboard: crate::Keyboard::None })
    }
}
