//! Telegram Bot API: the few types and calls the bot needs.
//!
//! [`parse`] reads an update into a `dialog::Event`, or a [`TeamEvent`] if it is of a group; [`Api`] makes calls;
//! [`render`] turns a `dialog::Screen` into the JSON of a message. Updates are read field by field, because an update
//! with anything unexpected in it must still be understood: a library that describes the whole API refuses it.
//!
//! Source: <https://core.telegram.org/bots/api>.

mod api;
mod card;
mod error;
mod introduce;
mod json;
mod recipient;
pub mod render;
mod update;

pub use api::{Api, BotCall, MAX_CAPTION};
pub use error::ApiError;
pub use introduce::introduce;
pub use recipient::Recipient;
pub use update::{ALLOWED_UPDATES, Incoming, NotAnUpdate, TeamEvent, TeamInput, parse};
