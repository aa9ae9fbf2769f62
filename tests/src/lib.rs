//! The world of every test that needs one: the running bot, the customers who speak to it, and what they, the dealer
//! and the admins saw.
//!
//! ```text
//! story(async |bot| {
//!     let anna = bot.customer("Анна");
//!     anna.say("/start").await;
//!     anna.sees("Чем помочь?");
//! })
//! .await;
//! ```
//! The bot is the local stack: the real handlers over real HTTP, against the simulators and an embedded DynamoDB.
//! Nothing runs by itself: a test delivers the queue and runs the schedule when it wants to, so that races can be
//! staged. A story fails on anything left unread: a message nobody looked at, a deal, an update not accepted, a dead
//! letter, a twin.

mod bot;
mod card;
mod customer;
mod deals;
mod leads;
mod manager;
mod systems;
mod team;
mod walks;

pub use bot::{Bot, Setup, account, account_without_lag, story, story_with};
pub use card::{answers, card, has_its_tasks, is_complete, numbers_of};
pub use customer::{Button, Customer};
pub use leads::{ANNA, BORIS, failed, leave_at_the_price, read};
pub use simulators::telegram::photo;
pub use systems::{Failing, Mark, System, without_ids};
pub use team::{BOSS, SALES_CHAT, SalesGroup, TeamMember, sales_team};
pub use walks::{
    PHONE, fill_in_check, finish, give_name_and_phone, to_confirmation, to_confirmation_again, to_name_with_consent,
    to_photos, to_sent,
};
