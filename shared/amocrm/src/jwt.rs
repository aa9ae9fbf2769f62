//! Reads when a token ends. amoCRM's access and long-lived tokens are JWTs; nothing is verified here, it is our own token.

use lead::Seconds;
use serde::Deserialize;

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
}

/// The `exp` claim, in seconds since the epoch; `None` for anything that is no JWT with one.
pub(crate) fn expiry(token: &str) -> Option<Seconds> {
    let payload = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&base64url(payload)?).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant; some issuers write fractions")]
    claims.exp.map(|exp| exp as Seconds)
}

/// Base64 with `-` and `_`, padding optional (RFC 4648 §5).
fn base64url(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for symbol in text.trim_end_matches('=').bytes() {
        let value = match symbol {
            b'A'..=b'Z' => symbol - b'A',
            b'a'..=b'z' => symbol - b'a' + 26,
            b'0'..=b'9' => symbol - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_lived_token_is_read_from_it() {
        // {"alg":"none"} . {"sub":"1","exp":1893456000}
        assert_eq!(expiry("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIiwiZXhwIjoxODkzNDU2MDAwfQ.x"), Some(1_893_456_000));
        // {"exp":1893456000.5}, padded
        assert_eq!(expiry("e30.eyJleHAiOjE4OTM0NTYwMDAuNX0=.x"), Some(1_893_456_000));
    }

    #[test]
    fn anything_else_has_no_known_end() {
        for text in ["", "abc", "a.b.c", "e30.e30.x", "e30.%%%.x"] {
            assert_eq!(expiry(text), None, "{text}");
        }
    }
}
