//! What to do after [`crate::SaveError::Conflict`].

use settings::Retry;

/// Waits before an item that another worker has changed is read again. The pause after `tried` tries is random, so that
/// of many workers at once each soon finds a free moment.
pub async fn pause_after_conflict(retry: Retry, tried: u32) {
    tokio::time::sleep(retry.pause(tried).mul_f64(rand::random())).await;
}
