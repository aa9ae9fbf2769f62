//! amoCRM API v4: client, tokens, and what a deal looks like
