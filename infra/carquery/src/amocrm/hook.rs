//! The hook through which amoCRM says that deals were moved. Its address ends with a secret, which is never printed.

use amocrm::{Client, CrmError, Hook};
use secrecy::{ExposeSecret, SecretString};
use settings::{AmocrmHook, Env};

use crate::doctor::Finding;

/// What amoCRM is to tell.
const EVENTS: [&str; 1] = ["status_lead"];
/// The path of the address to which Telegram posts.
const UPDATES_PATH: &str = "/telegram/webhook";
/// The path of the hook's address, before the secret.
const PATH: &str = AmocrmHook::PATH;
/// What happens without a hook.
const WITHOUT: &str = "deals are looked at every hour only";

/// What of the settings says where the hook is.
pub(super) struct HookSettings {
    secret: Option<SecretString>,
    /// The bot's public address, if the stage knows it.
    address: Option<String>,
    /// The account is a simulator on this computer.
    is_simulated: bool,
}

/// The hook that the bot takes.
pub(super) struct OwnHook {
    address: String,
    /// The operator has named the address: hooks at others are old.
    is_given: bool,
    secret: SecretString,
}

/// How amoCRM knows the hook.
pub(super) enum HookState {
    Subscribed,
    /// These lead to the bot, and do not work: another secret, other events, or switched off by amoCRM.
    Broken(Vec<Hook>),
    Missing,
}

impl HookSettings {
    pub(super) fn read(env: &mut Env) -> Self {
        let of_updates = env.optional("TELEGRAM_WEBHOOK_URL");
        let address = of_updates.as_deref().and_then(|url| url.strip_suffix(UPDATES_PATH)).map(str::to_owned);
        Self {
            secret: AmocrmHook::read(env).secret,
            address: address.or_else(|| env.optional("CARQUERY_URL")),
            is_simulated: env.text("AMOCRM_BASE_URL", "").starts_with("http://127.0.0.1"),
        }
    }

    /// The hook; `given` is the address that the operator names. The error says why there is none.
    pub(super) fn own(&self, given: Option<&str>) -> Result<OwnHook, String> {
        let secret = self.secret.clone().ok_or_else(|| "AMOCRM_WEBHOOK_SECRET is not set".to_owned())?;
        let address = given.or(self.address.as_deref());
        let address = address.ok_or_else(|| "the bot's address is not known: add --address https://…".to_owned())?;
        if !address.starts_with("https://") && !self.is_simulated {
            return Err(format!("amoCRM cannot reach {address}: add --address https://…"));
        }
        Ok(OwnHook { address: address.trim_end_matches('/').to_owned(), is_given: given.is_some(), secret })
    }

    /// The hook to look for, and what to do if it does not work. Behind a proxy the stage does not know its address.
    fn to_check(&self) -> Result<(OwnHook, &'static str), String> {
        match (self.own(None), &self.secret) {
            (Err(_), Some(secret)) if self.is_behind_proxy() => {
                let hook = OwnHook { address: String::new(), is_given: false, secret: secret.clone() };
                Ok((hook, "`carquery amocrm setup --yes --address https://…`"))
            }
            (own, _) => Ok((own?, "`carquery amocrm setup --yes`")),
        }
    }

    fn is_behind_proxy(&self) -> bool {
        self.address.as_ref().is_some_and(|address| address.starts_with("http://"))
    }
}

impl OwnHook {
    /// As it may be shown.
    pub(super) fn shown(&self) -> String {
        let address = if self.address.is_empty() { "…" } else { &self.address };
        format!("{address}{PATH}…")
    }

    fn destination(&self) -> String {
        format!("{}{PATH}{}", self.address, self.secret.expose_secret())
    }

    pub(super) async fn state(&self, client: &Client) -> Result<HookState, CrmError> {
        Ok(self.state_among(client.hooks().await?))
    }

    /// A domain of the operator's own may lead to the same bot, so there only the secret counts.
    fn state_among(&self, hooks: Vec<Hook>) -> HookState {
        let end = format!("{PATH}{}", self.secret.expose_secret());
        let beginning = format!("{}{PATH}", self.address);
        let (mut broken, mut is_subscribed) = (Vec::new(), false);
        for hook in hooks {
            let is_own = hook.destination.starts_with(&beginning);
            let is_elsewhere = hook.destination.ends_with(&end) && !hook.destination.contains(".execute-api.");
            let works = !hook.disabled && EVENTS.iter().all(|event| hook.settings.iter().any(|told| told == event));
            let is_current = is_own || (is_elsewhere && !self.is_given);
            if hook.destination.ends_with(&end) && is_current && works {
                is_subscribed = true;
            } else if is_own || is_elsewhere {
                broken.push(hook);
            }
        }
        match (is_subscribed, broken.is_empty()) {
            (true, true) => HookState::Subscribed,
            (_, false) => HookState::Broken(broken),
            (false, true) => HookState::Missing,
        }
    }

    /// Subscribes the hook in place of those that do not work.
    pub(super) async fn subscribe(&self, client: &Client, state: &HookState) -> Result<(), CrmError> {
        if let HookState::Broken(hooks) = state {
            for hook in hooks {
                client.unsubscribe_hook(&hook.destination).await?;
            }
        }
        client.subscribe_hook(&self.destination(), &EVENTS).await
    }
}

/// Whether the hook works, for `amocrm check` and `doctor`. That an account's plan has no hooks is not a fault.
pub(super) async fn check(settings: &HookSettings, client: &Client) -> Finding {
    const NAME: &str = "amoCRM hook";
    let (hook, fix) = match settings.to_check() {
        Ok(hook) => hook,
        Err(reason) => return Finding::good(NAME, &without_own(&reason)),
    };
    match hook.state(client).await {
        Ok(HookState::Subscribed) => Finding::good(NAME, &format!("subscribed: {}", hook.shown())),
        // Whoever lets nobody in has none.
        Ok(HookState::Missing) if hook.address.is_empty() => Finding::good(NAME, &format!("none: {WITHOUT}")),
        Ok(HookState::Missing) => Finding::bad(NAME, &format!("is not subscribed: {WITHOUT}"), fix),
        Ok(HookState::Broken(hooks)) if hooks.iter().any(|hook| hook.disabled) => {
            Finding::bad(NAME, "was switched off by amoCRM: it had failed too often", fix)
        }
        Ok(HookState::Broken(_)) => Finding::bad(NAME, "has another secret or other events", fix),
        Err(error) => Finding::good(NAME, &without(&error)),
    }
}

/// Why there is no hook, in an account that refuses to say.
pub(super) fn without(error: &CrmError) -> String {
    format!("amoCRM gives no hooks ({}): {WITHOUT}", error.detail())
}

/// Why there is no hook, as far as the stage knows.
pub(super) fn without_own(reason: &str) -> String {
    format!("{reason}: {WITHOUT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: &str = "https://abc.execute-api.eu-central-1.amazonaws.com";
    const SECRET: &str = "0123456789abcdef";

    fn own(given: Option<&str>) -> Result<OwnHook, String> {
        let url = format!("{STACK}/telegram/webhook");
        let mut env = Env::from_pairs([("AMOCRM_WEBHOOK_SECRET", SECRET), ("TELEGRAM_WEBHOOK_URL", &url)]);
        HookSettings::read(&mut env).own(given)
    }

    fn state(hooks: &[(&str, &str, bool)]) -> &'static str {
        let hook = |(destination, event, disabled): &(&str, &str, bool)| Hook {
            destination: (*destination).to_owned(),
            settings: vec![(*event).to_owned()],
            disabled: *disabled,
        };
        match own(None).expect("there is one").state_among(hooks.iter().map(hook).collect()) {
            HookState::Subscribed => "subscribed",
            HookState::Broken(_) => "broken",
            HookState::Missing => "missing",
        }
    }

    #[test]
    fn the_hook_leads_where_updates_go_or_where_the_operator_says() {
        assert_eq!(own(None).map(|own| own.shown()), Ok(format!("{STACK}/amocrm/webhook/…")));
        let given = own(Some("https://bot.example.org/")).map(|own| own.shown());
        assert_eq!(given, Ok("https://bot.example.org/amocrm/webhook/…".to_owned()));
        assert!(own(Some("http://127.0.0.1:8080")).is_err(), "amoCRM cannot reach it");
        let mut env = Env::from_pairs([("CARQUERY_URL", "https://bot.example.org")]);
        let unset = HookSettings::read(&mut env).own(None).map(|own| own.shown());
        assert_eq!(unset, Err("AMOCRM_WEBHOOK_SECRET is not set".to_owned()));
    }

    #[test]
    fn a_new_address_takes_the_place_of_the_old_one() {
        let hook = own(Some("https://new.example.org")).expect("there is one");
        let settings = vec!["status_lead".to_owned()];
        let old = format!("https://old.example.org/amocrm/webhook/{SECRET}");
        let old = Hook { destination: old, settings, disabled: false };
        assert!(matches!(hook.state_among(vec![old.clone()]), HookState::Broken(hooks) if hooks == [old]));
    }

    #[test]
    fn behind_a_proxy_the_hook_is_known_by_its_secret() {
        let mut env = Env::from_pairs([("AMOCRM_WEBHOOK_SECRET", SECRET), ("CARQUERY_URL", "http://127.0.0.1:8080")]);
        let (hook, _) = HookSettings::read(&mut env).to_check().expect("there is one to look for");
        let known = |destination: &str, disabled| {
            let settings = vec!["status_lead".to_owned()];
            hook.state_among(vec![Hook { destination: destination.to_owned(), settings, disabled }])
        };
        let own = format!("https://bot.example.org/amocrm/webhook/{SECRET}");
        assert!(matches!(known(&own, false), HookState::Subscribed));
        assert!(matches!(known(&own, true), HookState::Broken(_)));
        let of_another = "https://bot.example.org/amocrm/webhook/fedcba9876543210";
        assert!(matches!(known(of_another, false), HookState::Missing));
    }

    #[test]
    fn a_hook_that_does_not_work_is_told_from_one_of_another_stack() {
        let here = format!("{STACK}/amocrm/webhook/{SECRET}");
        let of_another_secret = format!("{STACK}/amocrm/webhook/fedcba9876543210");
        let of_another_stack = format!("{}/amocrm/webhook/{SECRET}", STACK.replace("abc", "xyz"));
        let behind_a_domain = format!("https://bot.example.org/amocrm/webhook/{SECRET}");
        assert_eq!(state(&[]), "missing");
        assert_eq!(state(&[("https://other.example/hook", "status_lead", false)]), "missing");
        assert_eq!(state(&[(&of_another_stack, "status_lead", false)]), "missing");
        assert_eq!(state(&[(&here, "status_lead", false)]), "subscribed");
        assert_eq!(state(&[(&behind_a_domain, "status_lead", false)]), "subscribed");
        assert_eq!(state(&[(&here, "status_lead", true)]), "broken");
        assert_eq!(state(&[(&here, "add_lead", false)]), "broken");
        assert_eq!(state(&[(&here, "status_lead", false), (&of_another_secret, "status_lead", false)]), "broken");
    }
}
