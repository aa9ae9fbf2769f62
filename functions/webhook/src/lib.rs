//! Talks to the customer: Telegram webhook in, screens out, finished requests stored and queued
