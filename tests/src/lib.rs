//! How stories are told: customers who speak to the running bot, and what they, the dealer and the admin saw.
//!
//! ```text
//! story(async |bot| {
//!     let anna = bot.customer("Анна");
//!     anna.says("/start").await;
//!     anna.sees("Чем помочь?");
//! })
//! .await;
//! ```
//! The bot is the local stack: the real handlers over real HTTP, against the simulators and an embedded DynamoDB. Nothing
//! runs by itself: a story delivers the queue and runs the schedule when it wants to, so that races can be staged. A story
//! fails on anything left unread: a message nobody looked at, a deal, an update not accepted, a dead letter, a twin.

mod bot;
mod card;
mod customer;
mod walks;

pub use bot::{Bot, Setup, account, story, story_with};
pub use card::card;
pub use customer::{Button, Customer, photo};
pub use walks::{PHONE, to_confirmation, to_photos, to_sent};
