//! The access token, ahead of time.

use amocrm::{CrmError, TokenState, refresh_is_due};
use anyhow::Context;
use delivery::{AdminMessage, consent_message};
use lead::Seconds;
use settings::metrics::{self, Unit};
use texts::Language;

use crate::Scheduled;

const DAY: Seconds = 24 * 3600;
/// How long before its end a token that nothing can refresh is announced, once a week.
const NOTICE: Seconds = 14 * DAY;

impl Scheduled {
    /// Refreshes the OAuth pair when that is due, and tells the admins when only they can help. Returns the token's state
    /// in a word.
    pub(crate) async fn look_after_token(&self) -> anyhow::Result<&'static str> {
        let Some(crm) = &self.crm else { return Ok("none") };
        let tokens = crm.tokens();
        let mut state = tokens.state().await.context("the tokens cannot be read")?;
        let mut word = "good";
        if refresh_is_due(&state, (self.bot.clock)()) {
            word = "refreshed";
            if let Err(error) = tokens.refresh_ahead().await {
                metrics::count("CrmErrors", "kind", error.kind());
                tracing::error!(%error, "the tokens are not refreshed");
                // A consent that is needed is told below; any other trouble may be over at the next run.
                if !matches!(error, CrmError::Reauth { .. }) {
                    return Err(error).context("the tokens are not refreshed");
                }
            }
            state = tokens.state().await.context("the tokens cannot be read")?;
        }
        let now = (self.bot.clock)();
        let unsent = match &state.consent_needed {
            Some(_) => self.bot.leads.count_unsent().await.unwrap_or_default(),
            None => 0,
        };
        if let Some(message) = message(&state, unsent, now, self.language) {
            self.admins.tell(&message).await;
        }
        if let Some(expires_at) = state.expires_at {
            #[expect(clippy::cast_precision_loss, reason = "seconds of a few years")]
            let left = (expires_at - now).max(0) as f64;
            metrics::put(&[("TokenSecondsLeft", left, Unit::Seconds)], &[]);
        }
        Ok(if state.consent_needed.is_some() { "consent needed" } else { word })
    }
}

/// What the admins should know about the token while `unsent` requests wait.
fn message(state: &TokenState, unsent: usize, now: Seconds, language: Language) -> Option<AdminMessage> {
    if let Some(consent) = &state.consent_needed {
        return consent_message(consent, unsent, language);
    }
    // An OAuth pair is refreshed; only a long-lived token simply ends.
    let expires_at = state.expires_at.filter(|_| state.refreshed_at.is_none())?;
    let left = expires_at - now;
    let text = match left {
        ..=0 => language.text("token-has-ended"),
        _ => language.text_with("token-ends-soon", [("days", (left / DAY).into())]),
    };
    let key = format!("token-ends:{expires_at}:{}", left.max(0) / (7 * DAY));
    (left < NOTICE).then_some(AdminMessage { key, text })
}

#[cfg(test)]
mod tests {
    use amocrm::ConsentNeeded;
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn needed_consent_is_reported_with_what_to_do() {
        let consent_needed = Some(ConsentNeeded { since: 7, reason: "Token has been revoked".to_owned() });
        let state = TokenState { expires_at: Some(9), refreshed_at: Some(0), consent_needed };
        let message = message(&state, 2, 10, Language::Russian).unwrap();
        assert_eq!(message.key, "consent:7");
        assert_snapshot!(message.text, @"🔑 amoCRM не пускает бота. Ждут: 2 заявки. Что сделать: скопируйте новый код на странице интеграции и в течение 20 минут выполните: carquery amocrm authorize CODE");
    }

    #[test]
    fn the_end_of_a_long_lived_token_is_announced_once_a_week() {
        let state = |expires_at| TokenState { expires_at: Some(expires_at), refreshed_at: None, consent_needed: None };
        assert_eq!(message(&state(15 * DAY), 0, 0, Language::Russian), None);
        let (first, same, second) = (
            message(&state(13 * DAY), 0, 0, Language::Russian),
            message(&state(13 * DAY), 0, DAY, Language::Russian),
            message(&state(13 * DAY), 0, 7 * DAY, Language::Russian),
        );
        assert_eq!(first.as_ref().unwrap().key, same.unwrap().key);
        assert_ne!(first.as_ref().unwrap().key, second.unwrap().key);
        assert_snapshot!(first.unwrap().text, @"🔑 Долгосрочный токен amoCRM закончится через 13 дней. Создайте новый в ключах интеграции и задайте AMOCRM_LONG_LIVED_TOKEN.");
        assert!(message(&state(0), 0, DAY, Language::Russian).unwrap().text.contains("закончился"));
    }

    #[test]
    fn a_pair_that_refreshes_itself_is_not_announced() {
        let state = TokenState { expires_at: Some(60), refreshed_at: Some(0), consent_needed: None };
        assert_eq!(message(&state, 0, 59, Language::Russian), None);
    }
}
