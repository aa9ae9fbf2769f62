### What admins read in their Telegram chat (ADMIN_CHAT_ID).
