//! Reads when a token ends. amoCRM's access and long-lived tokens are JWTs; nothing is verified here: it is our own
//! token.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use lead::Seconds;
use serde::Deserialize;

/// RFC 4648 §5. JWTs are not padded, but some issuers pad them.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
}

/// The `exp` claim, in seconds since the epoch; `None` for anything that is not a JWT with one.
pub(crate) fn expiry(token: &str) -> Option<Seconds> {
    let payload = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&BASE64.decode(payload).ok()?).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant; some issuers write fractions")]
    claims.exp.map(|exp| exp as Seconds)
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
