//! A week of the dealer's bot, counted, put into words, and its funnel drawn. Pure: what is counted is handed in.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod canvas;
mod picture;
mod report;
mod words;

pub use report::{Answer, LeftForm, Material, Report, WEEK};
