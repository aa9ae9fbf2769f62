//! What people type: years, mileage, money, phones, VINs and plates, names, makes and models.
//!
//! Every parser takes text exactly as it came, is total (no input makes it panic) and says through [`Wrong`] what a
//! message to the customer needs. [`sentence`] and [`car::find`] read the same values out of a free sentence.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod amount;
pub mod car;
pub mod mileage;
pub mod money;
pub mod name;
pub mod phone;
pub mod sentence;
pub mod text;
mod typed;
pub mod vehicle_id;
mod wrong;
pub mod year;

pub use car::Car;
pub use phone::Phone;
pub use typed::{Doubt, Typed};
pub use vehicle_id::VehicleId;
pub use wrong::Wrong;
