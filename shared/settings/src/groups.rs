//! The settings: one struct for each concern.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use texts::Language;

use crate::Env;
use crate::http_client::has_certificates;

const DAY: i64 = 24 * 3600;

/// The bot at Telegram.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// `TELEGRAM_BOT_TOKEN`
    pub token: SecretString,
    /// `TELEGRAM_API_URL`
    pub api_url: String,
    /// `ADMIN_CHAT_ID`: where alerts go; without it they are only logged.
    pub admin_chat_id: Option<i64>,
    /// What customers and admins read.
    pub language: Language,
}

impl Telegram {
    /// Reads the group.
    pub fn read(env: &mut Env) -> Self {
        if !has_certificates() {
            env.problem("TELEGRAM_API_URL", "cannot be reached without CA certificates: install ca-certificates");
        }
        Self {
            token: env.required_secret("TELEGRAM_BOT_TOKEN"),
            api_url: env.address("TELEGRAM_API_URL", "https://api.telegram.org"),
            admin_chat_id: env.parsed("ADMIN_CHAT_ID"),
            language: Language::default(),
        }
    }
}

/// The conversation.
#[derive(Clone, Debug)]
pub struct Dialog {
    /// `SESSION_TTL_SECONDS`: how long a dialog is live after the last answer.
    pub session_ttl_seconds: i64,
    /// `PRIVACY_POLICY_URL`: the dealer's policy, linked where consent is given.
    pub privacy_policy_url: Option<String>,
}

impl Dialog {
    /// Reads the group.
    pub fn read(env: &mut Env) -> Self {
        let url = env.address("PRIVACY_POLICY_URL", "");
        Self {
            session_ttl_seconds: env.within("SESSION_TTL_SECONDS", 1800, 1..=7 * DAY),
            privacy_policy_url: Some(url).filter(|url| !url.is_empty()),
        }
    }
}

/// How the dealer's file is used. What is in it is not a setting: see the crate `dealer`.
#[derive(Clone, Copy, Debug)]
pub struct DealerFile {
    /// `CARQUERY_MINUTE_SECONDS`: how long a minute of the dealer's file lasts. Only for trying things out locally.
    pub minute_seconds: u32,
}

impl DealerFile {
    /// Reads the group.
    pub fn read(env: &mut Env) -> Self {
        Self { minute_seconds: env.within("CARQUERY_MINUTE_SECONDS", 60, 1..=60) }
    }
}

/// The amoCRM account.
#[derive(Clone, Debug)]
pub struct Amocrm {
    /// `AMOCRM_MOCK_MODE`: every call to amoCRM succeeds without being made.
    pub mock_mode: bool,
    /// `AMOCRM_BASE_URL`, or built from `AMOCRM_SUBDOMAIN`.
    pub base_url: String,
    /// `None` only in mock mode.
    pub auth: Option<Auth>,
    /// `AMOCRM_PIPELINE_ID`
    pub pipeline_id: Option<u64>,
    /// `AMOCRM_STATUS_ID`
    pub status_id: Option<u64>,
    /// `AMOCRM_RESPONSIBLE_USER_ID`
    pub responsible_user_id: Option<u64>,
    /// `AMOCRM_FIELD_*`
    pub fields: AmocrmFields,
    /// `AMOCRM_RATE_LIMIT`: requests a second that the account allows.
    pub rate_limit: u32,
    /// `CALLBACK_TASK_MINUTES`: when the call-back task is due; 0 switches it off.
    pub callback_task_minutes: u32,
    /// `RETRY_MAX_ATTEMPTS`: attempts of one call before the lead waits for the next round.
    pub retry_max_attempts: u32,
    /// `RETRY_BACKOFF_BASE`: the pause before try n is this to the power n-1, in seconds.
    pub retry_backoff_base: f64,
    /// What managers read.
    pub language: Language,
}

/// The hook through which amoCRM says that a deal was moved.
#[derive(Clone, Debug)]
pub struct AmocrmHook {
    /// `AMOCRM_WEBHOOK_SECRET`: part of the hook's address, because amoCRM signs nothing. `None`: no hook is taken.
    pub secret: Option<SecretString>,
}

impl AmocrmHook {
    /// Where amoCRM posts, before the secret.
    pub const PATH: &str = "/amocrm/webhook/";

    /// Reads the group.
    pub fn read(env: &mut Env) -> Self {
        let secret = env.secret("AMOCRM_WEBHOOK_SECRET");
        if let Some(secret) = &secret {
            let text = secret.expose_secret();
            let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
            if !(16..=128).contains(&text.len()) || !text.chars().all(is_allowed) {
                env.problem("AMOCRM_WEBHOOK_SECRET", "is not 16-128 characters A-Z a-z 0-9 _ -");
            }
        }
        Self { secret }
    }
}

/// How the bot signs in to the account.
#[derive(Clone, Debug)]
pub enum Auth {
    /// `AMOCRM_LONG_LIVED_TOKEN`
    LongLived(SecretString),
    /// An OAuth pair, kept in the Credentials table.
    OAuth(OAuth),
}

/// The integration whose OAuth pair is used.
#[derive(Clone, Debug)]
pub struct OAuth {
    /// `AMOCRM_CLIENT_ID`
    pub client_id: String,
    /// `AMOCRM_CLIENT_SECRET`
    pub client_secret: SecretString,
    /// `AMOCRM_REDIRECT_URI`
    pub redirect_uri: String,
}

/// Numeric ids that override the codes of custom fields, by code: `AMOCRM_FIELD_CAR_YEAR=9103`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AmocrmFields(pub BTreeMap<&'static str, u64>);

/// The ends of the `AMOCRM_FIELD_` variables; they are the codes of `lead::CrmField`.
const FIELD_CODES: [&str; 15] = [
    "TELEGRAM_ID",
    "TELEGRAM_USERNAME",
    "SERVICE_TYPE",
    "CAR_BRAND",
    "CAR_MODEL",
    "CAR_YEAR",
    "BUDGET",
    "MILEAGE",
    "TRANSMISSION",
    "DRIVE_TYPE",
    "BODY_TYPE",
    "VIN_NUMBER",
    "CHECK_TYPE",
    "SOURCE",
    "REQUEST_ID",
];

impl Amocrm {
    /// Reads the group.
    pub fn read(env: &mut Env) -> Self {
        let mock_mode = env.parsed_or("AMOCRM_MOCK_MODE", false);
        let default = Self::read_subdomain(env).unwrap_or_default();
        let base_url = env.address("AMOCRM_BASE_URL", &default);
        if base_url.is_empty() && !mock_mode && env.optional("AMOCRM_SUBDOMAIN").is_none() {
            env.problem("AMOCRM_SUBDOMAIN", "is not set (nor AMOCRM_BASE_URL, nor AMOCRM_MOCK_MODE=true)");
        }
        Self {
            mock_mode,
            base_url,
            auth: Self::read_auth(env, mock_mode),
            pipeline_id: env.parsed("AMOCRM_PIPELINE_ID"),
            status_id: env.parsed("AMOCRM_STATUS_ID"),
            responsible_user_id: env.parsed("AMOCRM_RESPONSIBLE_USER_ID"),
            fields: AmocrmFields(
                FIELD_CODES
                    .into_iter()
                    .filter_map(|code| Some((code, env.parsed(&format!("AMOCRM_FIELD_{code}"))?)))
                    .collect(),
            ),
            rate_limit: env.within("AMOCRM_RATE_LIMIT", 7, 1..=1000),
            callback_task_minutes: env.within("CALLBACK_TASK_MINUTES", 30, 0..=60 * 24 * 30),
            retry_max_attempts: env.within("RETRY_MAX_ATTEMPTS", 3, 1..=10),
            retry_backoff_base: env.within("RETRY_BACKOFF_BASE", 2.0, 0.0..=10.0),
            language: Language::default(),
        }
    }

    /// The account's address by `AMOCRM_SUBDOMAIN`: its name, or the address as people paste it.
    fn read_subdomain(env: &mut Env) -> Option<String> {
        let text = env.optional("AMOCRM_SUBDOMAIN")?;
        let address = account_address(&text);
        if address.is_none() {
            env.problem("AMOCRM_SUBDOMAIN", "is not the name of an account: give NAME of https://NAME.amocrm.ru");
        }
        address
    }

    fn read_auth(env: &mut Env, mock_mode: bool) -> Option<Auth> {
        let long_lived = env.secret("AMOCRM_LONG_LIVED_TOKEN").map(Auth::LongLived);
        let client_id = env.optional("AMOCRM_CLIENT_ID");
        let client_secret = env.secret("AMOCRM_CLIENT_SECRET");
        let redirect_uri = env.optional("AMOCRM_REDIRECT_URI");
        if mock_mode || long_lived.is_some() {
            return long_lived;
        }
        let (Some(client_id), Some(client_secret), Some(redirect_uri)) = (client_id, client_secret, redirect_uri)
        else {
            env.problem(
                "AMOCRM_LONG_LIVED_TOKEN",
                "is not set, nor are all of AMOCRM_CLIENT_ID, AMOCRM_CLIENT_SECRET and AMOCRM_REDIRECT_URI",
            );
            return None;
        };
        Some(Auth::OAuth(OAuth { client_id, client_secret, redirect_uri }))
    }
}

/// The address of an account by its subdomain. People also paste the whole address. `None` if it is not an account's.
#[must_use]
pub fn account_address(subdomain: &str) -> Option<String> {
    let host = subdomain.trim().trim_start_matches("https://").trim_end_matches('/').to_lowercase();
    let (name, domain) = host.split_once('.').unwrap_or((&host, "amocrm.ru"));
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
    (is_name && ["amocrm.ru", "amocrm.com", "kommo.com"].contains(&domain)).then(|| format!("https://{name}.{domain}"))
}

/// Retrying unsent requests.
#[derive(Clone, Copy, Debug)]
pub struct Delivery {
    /// `RETRY_INTERVAL_SECONDS`: how often unsent requests are looked for, and the first pause between attempts.
    pub retry_interval_seconds: i64,
    /// `LEAD_MAX_ATTEMPTS`: after this many failures a request waits for the operator.
    pub lead_max_attempts: u32,
}

impl Delivery {
    /// Reads the group.
    pub fn read(env: &mut Env) -> Self {
        Self {
            retry_interval_seconds: env.within("RETRY_INTERVAL_SECONDS", 300, 1..=DAY),
            lead_max_attempts: env.within("LEAD_MAX_ATTEMPTS", 20, 1..=100_000),
        }
    }
}

/// The language model.
#[derive(Clone, Debug)]
pub struct OpenAi {
    /// `OPENAI_API_KEY`
    pub api_key: Option<SecretString>,
    /// `OPENAI_BASE_URL`, without a trailing slash.
    pub base_url: String,
    /// `OPENAI_MODEL`: asked first.
    pub model: String,
    /// `OPENAI_FALLBACK_MODEL`: asked once when the first is unsure or fails.
    pub fallback_model: String,
    /// `OPENAI_MAX_TOKENS`
    pub max_tokens: u32,
    /// `OPENAI_TEMPERATURE`
    pub temperature: f32,
    /// `OPENAI_SMART_FALLBACK_CONFIDENCE`: below this confidence the second model is asked.
    pub smart_fallback_confidence: f32,
    /// `OPENAI_TIMEOUT_SECONDS`: of one call.
    pub timeout_seconds: u64,
    /// A model is configured: a key is set, or an address other than OpenAI's own.
    pub configured: bool,
    /// `None`: voice messages are declined.
    pub transcription: Option<Transcription>,
}

/// The model that turns voice messages into text.
#[derive(Clone, Debug)]
pub struct Transcription {
    /// `OPENAI_TRANSCRIBE_MODEL`
    pub model: String,
    /// `OPENAI_TRANSCRIBE_BASE_URL`, or that of the language model.
    pub base_url: String,
    /// `OPENAI_TRANSCRIBE_API_KEY`, or that of the language model.
    pub api_key: Option<SecretString>,
}

impl OpenAi {
    const OWN_ADDRESS: &str = "https://api.openai.com/v1";

    /// Reads the group.
    pub fn read(env: &mut Env) -> Self {
        let api_key = env.secret("OPENAI_API_KEY");
        let base_url = env.address("OPENAI_BASE_URL", Self::OWN_ADDRESS);
        let transcription = Transcription {
            model: env.text("OPENAI_TRANSCRIBE_MODEL", ""),
            base_url: env.address("OPENAI_TRANSCRIBE_BASE_URL", &base_url),
            api_key: env.secret("OPENAI_TRANSCRIBE_API_KEY").or_else(|| api_key.clone()),
        };
        let can_transcribe = !transcription.model.is_empty()
            && (transcription.api_key.is_some() || transcription.base_url != Self::OWN_ADDRESS);
        Self {
            transcription: can_transcribe.then_some(transcription),
            configured: api_key.is_some() || base_url != Self::OWN_ADDRESS,
            api_key,
            base_url,
            model: env.text("OPENAI_MODEL", "gpt-6-luna"),
            fallback_model: env.text("OPENAI_FALLBACK_MODEL", "gpt-6.1-terra"),
            max_tokens: env.within("OPENAI_MAX_TOKENS", 500, 1..=100_000),
            temperature: env.within("OPENAI_TEMPERATURE", 0.3, 0.0..=2.0),
            smart_fallback_confidence: env.within("OPENAI_SMART_FALLBACK_CONFIDENCE", 0.65, 0.0..=1.0),
            timeout_seconds: env.within("OPENAI_TIMEOUT_SECONDS", 10, 1..=60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_url(subdomain: &str) -> Result<String, String> {
        let mut env = Env::from_pairs([("AMOCRM_SUBDOMAIN", subdomain), ("AMOCRM_LONG_LIVED_TOKEN", "t")]);
        let settings = Amocrm::read(&mut env);
        env.finish(settings).map(|settings| settings.base_url).map_err(|error| error.to_string())
    }

    #[test]
    fn voice_messages_go_to_the_server_of_the_language_model_unless_another_is_set() {
        let transcription = |pairs: &[(&str, &str)]| {
            let mut env = Env::from_pairs(pairs.iter().copied());
            let read = OpenAi::read(&mut env).transcription?;
            Some((read.base_url, read.api_key.map(|key| key.expose_secret().to_owned())))
        };
        let key = ("OPENAI_API_KEY", "sk-1");
        let model = ("OPENAI_TRANSCRIBE_MODEL", "gpt-transcribe");
        let own = OpenAi::OWN_ADDRESS.to_owned();
        assert_eq!(transcription(&[key]), None);
        assert_eq!(transcription(&[model]), None, "nobody would take it");
        assert_eq!(transcription(&[key, model]), Some((own, Some("sk-1".to_owned()))));
        let other = ("OPENAI_TRANSCRIBE_BASE_URL", "http://127.0.0.1:9000/v1");
        let expected = Some(("http://127.0.0.1:9000/v1".to_owned(), Some("sk-2".to_owned())));
        assert_eq!(transcription(&[key, model, other, ("OPENAI_TRANSCRIBE_API_KEY", "sk-2")]), expected);
    }

    #[test]
    fn an_account_is_named_or_its_address_is_pasted() {
        for pasted in ["acme", "acme.amocrm.ru", "https://acme.amocrm.ru/", "ACME.amocrm.ru"] {
            assert_eq!(base_url(pasted).as_deref(), Ok("https://acme.amocrm.ru"), "{pasted}");
        }
        assert_eq!(base_url("acme.kommo.com").as_deref(), Ok("https://acme.kommo.com"));
        for wrong in ["acme.example.org", "www.acme.amocrm.ru", "acme/leads", "http://acme.amocrm.ru"] {
            let said = base_url(wrong).unwrap_err();
            assert!(said.contains("1 setting(s)") && said.contains("give NAME of https://NAME.amocrm.ru"), "{said}");
        }
    }
}
