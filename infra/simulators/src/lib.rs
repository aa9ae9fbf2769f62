//! Simulators of Telegram, amoCRM, OpenAI and SQS: state models behind real HTTP that can fail on demand
