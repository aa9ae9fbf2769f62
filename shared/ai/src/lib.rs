#![doc = include_str!("../README.md")]

mod answered;
mod classifier;
pub mod eval;
mod guard;
mod lenient;
mod model;
pub mod offline;

pub use answered::{Answered, CallLog, ModelCall};
pub use classifier::Classifier;
