//! Telegram Bot API: the few types and calls the bot needs
