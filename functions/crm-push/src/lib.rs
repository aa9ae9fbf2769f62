//! Delivers finished requests from the queue to amoCRM
