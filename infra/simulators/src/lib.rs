//! Simulators of Telegram, amoCRM, `OpenAI` and SQS: state models behind real HTTP that can fail on demand. In front of a
//! DynamoDB stands a [`proxy`] that fails in the same ways.
//!
//! Each listens on 127.0.0.1, is as strict as the service it stands for, and takes a [`fault::Faults`] with which a test,
//! a soak program or a page of switches breaks it. [`journal::Journal`] lets its state survive a restart.

pub mod amocrm;
pub mod fault;
pub mod http;
pub mod journal;
pub mod openai;
pub mod proxy;
pub mod sqs;
pub mod telegram;
