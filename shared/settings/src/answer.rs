//! Answers of other servers, read up to a limit: without one, a process would read until its memory is full.

use bytes::{Bytes, BytesMut};

/// Why an answer was not read.
#[derive(Debug)]
pub enum Unread {
    /// The connection broke, or time was up.
    Broken(reqwest::Error),
    /// It has more bytes than allowed.
    TooLong,
}

/// Reads an answer of at most `most` bytes.
///
/// # Errors
/// See [`Unread`].
pub async fn read_within(mut answer: reqwest::Response, most: usize) -> Result<Bytes, Unread> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(Unread::Broken)? {
        if body.len() + chunk.len() > most {
            return Err(Unread::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
