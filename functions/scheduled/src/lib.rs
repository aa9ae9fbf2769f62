//! Repairs by the clock: unsent requests, amoCRM tokens, alarms to the admin chat
