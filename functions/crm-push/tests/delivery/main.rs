//! The whole function, between an embedded DynamoDB and simulators of amoCRM, Telegram and SQS.
#![recursion_limit = "256"] // the SDK's futures are deep

mod exactly_once;
mod troubles;
mod world;
