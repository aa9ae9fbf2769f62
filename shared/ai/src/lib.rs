#![doc = include_str!("../README.md")]

mod answered;
mod classifier;
pub mod eval;
mod facts;
mod guard;
mod lenient;
mod look_up;
mod model;
pub mod offline;
mod transcription;

pub use answered::{Answered, CallLog, ModelCall};
pub use classifier::Classifier;
pub use look_up::{Availability, LookUpError, look_up, look_up_transcription};
pub use transcription::{NotHeard, Transcriber};
