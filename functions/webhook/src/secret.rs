//! The secret that Telegram sends with each update, so that nobody else can pretend to be Telegram.

use lead::Seconds;
use secrecy::{ExposeSecret, SecretString};
use settings::Env;
use subtle::ConstantTimeEq;

/// The secrets that are accepted.
#[derive(Clone, Debug)]
pub(crate) struct WebhookSecrets {
    /// `TELEGRAM_WEBHOOK_SECRET`
    current: SecretString,
    /// `TELEGRAM_WEBHOOK_SECRET_PREVIOUS`: `SECRET@UNTIL`. Telegram sends the secret that it was told last, which lags
    /// behind a deployment.
    previous: Option<(SecretString, Seconds)>,
}

/// Which secret an update came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Current,
    Previous,
    Wrong,
}

impl WebhookSecrets {
    /// Reads the settings.
    pub(crate) fn read(env: &mut Env) -> Self {
        let current = env.required_secret("TELEGRAM_WEBHOOK_SECRET");
        if !current.expose_secret().is_empty() && !is_allowed(current.expose_secret()) {
            env.problem("TELEGRAM_WEBHOOK_SECRET", "is not 1-256 characters A-Z a-z 0-9 _ -");
        }
        let stored = env.secret("TELEGRAM_WEBHOOK_SECRET_PREVIOUS");
        let previous = stored.as_ref().and_then(|stored| {
            let (secret, until) = stored.expose_secret().split_once('@')?;
            Some((SecretString::from(secret), until.parse().ok()?)).filter(|_| is_allowed(secret))
        });
        if stored.is_some() && previous.is_none() {
            env.problem("TELEGRAM_WEBHOOK_SECRET_PREVIOUS", "is not SECRET@UNTIL, with seconds since 1970");
        }
        Self { current, previous }
    }

    pub(crate) fn judge(&self, given: &[u8], now: Seconds) -> Given {
        let previous = self.previous.as_ref().filter(|(_, until)| now < *until);
        match previous {
            _ if is_secret(given, &self.current) => Given::Current,
            Some((previous, _)) if is_secret(given, previous) => Given::Previous,
            _ => Given::Wrong,
        }
    }
}

/// Whether Telegram takes it: <https://core.telegram.org/bots/api#setwebhook>.
fn is_allowed(secret: &str) -> bool {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    (1..=256).contains(&secret.len()) && secret.chars().all(is_allowed)
}

/// Compares in constant time, so that nobody can guess the secret piece by piece.
pub(crate) fn is_secret(given: &[u8], secret: &SecretString) -> bool {
    given.ct_eq(secret.expose_secret().as_bytes()).into()
}
