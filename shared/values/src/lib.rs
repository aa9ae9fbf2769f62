//! What people type: years, mileage, money, phones, VINs and plates, names, makes and models.
//!
//! Every parser takes text exactly as it came and never panics. There are three depths:
//!
//! - `parse` takes text that is the value and nothing else but usual words: «цена 1,35 млн руб».
//! - `read` also finds the value among other words: «1,35 млн, торг у капота». It returns a [`Typed`]: the value, the
//!   words around it as a remark for the manager, and a [`Doubt`] if the customer should confirm the value: several
//!   values fit, or a part of it is a guess. Words that only name the value («цена», «пробег») or its unit are not a
//!   remark. `read` never returns another value than `parse` where that returns one.
//! - [`sentence::numbers`] and [`car::find`] look for several values in a free sentence.
//!
//! Refused text has a [`Wrong`], which says what a message to the customer needs.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod amount;
pub mod car;
pub mod mileage;
pub mod money;
pub mod name;
pub mod phone;
pub mod phrase;
pub mod sentence;
pub mod sound;
pub mod text;
mod typed;
pub mod vehicle_id;
mod wrong;
pub mod year;

pub use car::Car;
pub use phone::Phone;
pub use phrase::Phrase;
pub use typed::{Doubt, Typed};
pub use vehicle_id::VehicleId;
pub use wrong::Wrong;
