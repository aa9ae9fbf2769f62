//! What is real and what is simulated: a part that has a setting is real.

use std::fmt;

use anyhow::{Context, bail};
use machine::Variables;
use settings::account_address;

/// Each of these means a real account.
const AMOCRM_KEYS: [&str; 3] = ["AMOCRM_LONG_LIVED_TOKEN", "AMOCRM_CLIENT_ID", "AMOCRM_CLIENT_SECRET"];

/// Which external systems are real.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Where customers are.
    pub telegram: TelegramPart,
    /// Where deals go.
    pub amocrm: AmocrmPart,
    /// Who understands free questions.
    pub openai: OpenAiPart,
}

/// Where customers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TelegramPart {
    /// On the page.
    Simulated,
    /// At Telegram, by long polling.
    Polling,
    /// At Telegram, by webhook.
    Webhook,
}

/// Where deals go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AmocrmPart {
    /// To the page.
    Simulated,
    /// To this account.
    Account(String),
    /// Nowhere: requests count as delivered.
    Off,
}

/// Who understands free questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenAiPart {
    /// A simulated model, which answers by the built-in rules.
    Simulated,
    /// The model at this address.
    Model(String),
}

impl Parts {
    /// Decides by the settings.
    ///
    /// # Errors
    /// `TELEGRAM_UPDATES` says something unknown, or amoCRM's keys are there without an account.
    pub(crate) fn of(variables: &Variables) -> anyhow::Result<Self> {
        let get = |name: &str| variables.get(name).map(String::as_str);
        let telegram = match (get("TELEGRAM_BOT_TOKEN"), get("TELEGRAM_UPDATES")) {
            (None, _) => TelegramPart::Simulated,
            (Some(_), None | Some("polling")) => TelegramPart::Polling,
            (Some(_), Some("webhook")) => TelegramPart::Webhook,
            (Some(_), Some(_)) => bail!("TELEGRAM_UPDATES is neither `polling` nor `webhook`"),
        };
        let subdomain = match get("AMOCRM_SUBDOMAIN") {
            Some(name) => Some(account_address(name).context("AMOCRM_SUBDOMAIN is not the name of an account")?),
            None => None,
        };
        let account = get("AMOCRM_BASE_URL").map(str::to_owned).or(subdomain);
        let amocrm = match (get("AMOCRM_MOCK_MODE"), account) {
            (Some("true"), _) => AmocrmPart::Off,
            (_, Some(url)) => AmocrmPart::Account(url),
            // Real requests must not go to a simulator because the account's name is missing.
            (_, None) => match AMOCRM_KEYS.into_iter().find(|name| get(name).is_some()) {
                Some(name) => bail!("{name} is set, but not whose it is: set AMOCRM_SUBDOMAIN or AMOCRM_BASE_URL too"),
                None => AmocrmPart::Simulated,
            },
        };
        let openai = match (get("OPENAI_BASE_URL"), get("OPENAI_API_KEY")) {
            (None, None) => OpenAiPart::Simulated,
            (url, _) => OpenAiPart::Model(url.unwrap_or("https://api.openai.com/v1").to_owned()),
        };
        Ok(Self { telegram, amocrm, openai })
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.telegram {
            TelegramPart::Simulated => writeln!(out, "  Telegram  simulated: customers are on the page")?,
            TelegramPart::Polling => writeln!(out, "  Telegram  real: asked for updates (long polling)")?,
            TelegramPart::Webhook => writeln!(out, "  Telegram  real: posts updates to /telegram/webhook")?,
        }
        match &self.amocrm {
            AmocrmPart::Simulated => writeln!(out, "  amoCRM    simulated: deals are on the page")?,
            AmocrmPart::Account(url) => writeln!(out, "  amoCRM    real: {url}")?,
            AmocrmPart::Off => writeln!(out, "  amoCRM    off (AMOCRM_MOCK_MODE=true): requests count as delivered")?,
        }
        match &self.openai {
            OpenAiPart::Simulated => write!(out, "  AI        simulated: built-in rules, no network"),
            OpenAiPart::Model(url) => write!(out, "  AI        real: {url}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(pairs: &[(&str, &str)]) -> anyhow::Result<Parts> {
        Parts::of(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn without_settings_everything_is_simulated() -> anyhow::Result<()> {
        let parts = parts(&[])?;
        assert_eq!(parts.telegram, TelegramPart::Simulated);
        assert_eq!(parts.amocrm, AmocrmPart::Simulated);
        assert_eq!(parts.openai, OpenAiPart::Simulated);
        Ok(())
    }

    #[test]
    fn what_has_a_setting_is_real() -> anyhow::Result<()> {
        let parts = parts(&[
            ("TELEGRAM_BOT_TOKEN", "1:a"),
            ("AMOCRM_MOCK_MODE", "false"),
            ("AMOCRM_SUBDOMAIN", "dealer"),
            ("OPENAI_API_KEY", "key"),
        ])?;
        assert_eq!(parts.telegram, TelegramPart::Polling);
        assert_eq!(parts.amocrm, AmocrmPart::Account("https://dealer.amocrm.ru".to_owned()));
        assert_eq!(parts.openai, OpenAiPart::Model("https://api.openai.com/v1".to_owned()));
        Ok(())
    }

    #[test]
    fn keys_without_an_account_are_a_mistake() {
        let error = parts(&[("AMOCRM_LONG_LIVED_TOKEN", "secret")]).expect_err("whose?").to_string();
        assert!(error.contains("AMOCRM_SUBDOMAIN") && !error.contains("secret"), "{error}");
        assert!(parts(&[("AMOCRM_LONG_LIVED_TOKEN", "secret"), ("AMOCRM_MOCK_MODE", "true")]).is_ok());
    }

    #[test]
    fn mock_mode_wins_over_an_account_and_a_webhook_needs_to_be_asked_for() -> anyhow::Result<()> {
        let pasted = parts(&[("AMOCRM_SUBDOMAIN", "https://dealer.kommo.com/")])?;
        assert_eq!(pasted.amocrm, AmocrmPart::Account("https://dealer.kommo.com".to_owned()));
        assert!(parts(&[("AMOCRM_SUBDOMAIN", "dealer.example.org")]).is_err());
        let both = parts(&[("AMOCRM_MOCK_MODE", "true"), ("AMOCRM_SUBDOMAIN", "dealer")])?;
        assert_eq!(both.amocrm, AmocrmPart::Off);
        let webhook = parts(&[("TELEGRAM_BOT_TOKEN", "1:a"), ("TELEGRAM_UPDATES", "webhook")])?;
        assert_eq!(webhook.telegram, TelegramPart::Webhook);
        assert!(parts(&[("TELEGRAM_BOT_TOKEN", "1:a"), ("TELEGRAM_UPDATES", "carrier pigeon")]).is_err());
        Ok(())
    }
}
