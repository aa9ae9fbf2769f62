//! What a decision asks for.

use lead::Request;
use talk::Line;

use crate::{Conversation, Screen, Voice};

/// What follows from an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Store the new state, unless somebody else has stored another one meanwhile. Then perform the effects.
    Move {
        next: Box<Conversation>,
        /// A finished request: store it in the same transaction as the conversation, then queue it.
        request: Option<Box<Request>>,
        effects: Vec<Effect>,
    },
    /// Nothing to store; perform the effects, if any. Dead buttons, floods, redeliveries.
    Stay(Vec<Effect>),
    /// Another delivery of the same update is being handled: decide again in a moment. After a while the other one
    /// counts as dead.
    Busy,
}

/// One thing to do. Effects come in the order in which to perform them, with those that the customer waits for first.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make this the current screen. After [`Target::New`], call [`Conversation::prompt_sent`] with the message's id.
    Show {
        screen: Screen,
        target: Target,
        /// Number of the prompt, for [`Conversation::prompt_sent`].
        seq: u32,
    },
    /// Send a message that is not the current screen and has no buttons.
    Send(Screen),
    /// Send what has become of the chat's requests: [`crate::requests_screen`].
    SendRequests,
    /// Answer a press, so that the button stops spinning. Nobody waits for the result.
    AnswerPress {
        callback_id: String,
        /// At most 200 characters.
        text: Option<String>,
        /// Show the text in a window to close, not in a line that fades.
        alert: bool,
    },
    /// Remove the buttons of an old prompt. Nobody waits for the result.
    DropKeyboard { message_id: i64 },
    /// Find out what the customer wants, then decide again with [`crate::Input::Ai`].
    AskAi {
        /// At most 500 characters.
        question: String,
    },
    /// Find out what was said, then decide again with [`crate::Input::Heard`].
    Transcribe { voice: Voice },
    /// Pass a line on in the customer's talk with the team. Nobody waits for its delivery, but it must not get lost.
    Relay {
        line: Box<Line>,
        /// What the customer's topic is called.
        title: String,
    },
    /// Delete everything stored about this chat except [`Conversation::counters_only`].
    ForgetCustomer,
}

/// Where a screen goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A new message.
    New,
    /// This message; a new one if Telegram refuses to edit it.
    Edit { message_id: i64 },
}
