//! Simulators of Telegram, amoCRM, `OpenAI`, SQS and DynamoDB: state models behind real HTTP that can fail on demand.
//!
//! Each listens on 127.0.0.1, is as strict as the service it stands for, and takes a [`fault::Faults`] with which a
//! test, the soak or the page's switches break it. [`embedded::journal::Journal`] lets its state survive a restart.

pub mod amocrm;
pub mod dynamodb;
pub mod fault;
pub mod http;
pub mod openai;
pub mod served;
pub mod sqs;
pub mod telegram;
