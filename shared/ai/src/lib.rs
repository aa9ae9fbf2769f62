#![doc = include_str!("../README.md")]

mod answered;
mod classifier;
pub mod eval;
mod guard;
mod model;
pub mod offline;

pub use answered::{Answered, CallLog, ModelCall};
pub use classifier::Classifier;

/// Every intent, in the order of the product's menu.
const INTENTS: [dialog::Intent; 7] = {
    use dialog::Intent::{Buy, Check, Faq, Find, Legal, Sell, Unknown};
    [Sell, Buy, Find, Check, Legal, Faq, Unknown]
};
