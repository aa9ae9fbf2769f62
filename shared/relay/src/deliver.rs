//! Delivers what waits in a talk.

use std::time::Duration;

use lead::Seconds;
use serde_json::json;
use talk::{Line, Said, Side, Talk, Topic};
use telegram::ApiError;
use tokio::time::{Instant, sleep};

use crate::held::Held;
use crate::{Relay, RelayError};

/// Seconds that a side waits after a failure that may be over soon.
const SHORT_PAUSE: Seconds = 3;

/// Seconds that a side waits after a refusal that a person has to fix.
const LONG_PAUSE: Seconds = 240;

/// How often the clock is looked at while Telegram's pause lasts.
const LOOK: Duration = Duration::from_millis(200);

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Nothing waits any more, or another worker delivers.
    All,
    /// Lines wait because Telegram asked for a pause or did not answer.
    Later,
    /// The team gets nothing until somebody has fixed what Telegram says.
    TeamUnreachable,
}

/// What a failed call means for the talk.
enum Failure {
    /// The side has to wait until then.
    Wait(Seconds),
    /// There is no such topic any more.
    TopicGone,
    TopicClosed,
    /// The customer has blocked the bot or is gone.
    CustomerGone,
    /// The group refuses everything.
    TeamGone,
    /// Only this line is refused.
    LineRefused,
}

impl Relay {
    /// Delivers the lines of a chat's talk; `group` is the sales chat. If Telegram asks for a pause, waits for it up to
    /// `patience`.
    ///
    /// # Errors
    /// What waits may or may not have been delivered.
    pub async fn deliver(&self, chat_id: i64, group: i64, patience: Duration) -> Result<Delivered, RelayError> {
        let until = Instant::now() + patience;
        let has_to_deliver = |talk: &Talk| talk.next((self.clock)()).is_some();
        let Some(mut held) = self.hold_if(chat_id, has_to_deliver).await? else { return Ok(Delivered::All) };
        let mut team_is_unreachable = false;
        loop {
            let Some(line) = held.talk().next((self.clock)()).cloned() else {
                if self.wait_for_pause(&held, until).await {
                    continue;
                }
                if held.release_if_done().await? {
                    break;
                }
                continue;
            };
            match self.deliver_line(&mut held, &line, group).await {
                Ok(()) if held.talk().is_delivered() => break,
                Ok(()) => {}
                Err(RelayError::Telegram(error)) => {
                    team_is_unreachable |= self.put_off(&mut held, &line, error).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(if team_is_unreachable {
            Delivered::TeamUnreachable
        } else if held.talk().is_delivered() {
            Delivered::All
        } else {
            Delivered::Later
        })
    }

    /// Waits until a side may get its lines again. False if that takes too long, or nobody waits.
    async fn wait_for_pause(&self, held: &Held, until: Instant) -> bool {
        let Some(paused_until) = held.talk().paused_until() else { return false };
        let pause = Duration::from_secs(u64::try_from(paused_until - (self.clock)()).unwrap_or_default());
        let over = Instant::now() + pause;
        if over > until {
            return false;
        }
        while (self.clock)() < paused_until {
            if Instant::now() > over + LOOK {
                return false; // the clock was set back
            }
            sleep(LOOK).await;
        }
        true
    }

    /// Sends a line. The error is the call that failed.
    async fn deliver_line(&self, held: &mut Held, line: &Line, group: i64) -> Result<(), RelayError> {
        let topic = match line.to {
            Side::Team => Some(self.open_topic(held, group).await?),
            Side::Customer => None,
        };
        let sent = match self.send(held.chat_id, held.talk(), line, topic).await {
            Err(error) if matches!(self.meaning(line.to, &error), Failure::TopicClosed) => {
                self.reopen(topic).await?;
                self.send(held.chat_id, held.talk(), line, topic).await
            }
            sent => sent,
        };
        match sent {
            Ok(copy) => held.update_last(|talk| talk.delivered(line, copy)).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Decides what a failed call means, and notes it. Returns whether the team cannot be reached.
    async fn put_off(&self, held: &mut Held, line: &Line, error: ApiError) -> Result<bool, RelayError> {
        let text = |id: &str| Said::Word(self.language.text(id));
        let now = (self.clock)();
        let word = |to: Side, said: Said| Line { update_id: None, at: now, to, said };
        match self.meaning(line.to, &error) {
            Failure::Wait(until) => {
                tracing::info!("a line waits: {error}");
                held.update(|talk| talk.pause(line.to, until)).await?;
            }
            // Even the first word in the new topic: somebody deletes each.
            Failure::TopicGone if line.said == text("team-topic-again") => {
                held.update(|talk| {
                    talk.forget_topic();
                    talk.pause(Side::Team, now + LONG_PAUSE);
                })
                .await?;
            }
            Failure::TopicGone => {
                tracing::info!("a topic was deleted: the talk goes on in another one");
                held.update(|talk| {
                    talk.forget_topic();
                    talk.put_first(word(Side::Team, text("team-topic-again")));
                })
                .await?;
            }
            Failure::TopicClosed => held.update(|talk| talk.pause(line.to, now + SHORT_PAUSE)).await?,
            Failure::CustomerGone => {
                tracing::info!("the customer has blocked the bot");
                if let Err(error) = self.customers.set_blocked(held.chat_id, true).await {
                    tracing::warn!("it was not noted that the customer has blocked the bot: {error}");
                }
                // The bot's own words are for nobody else.
                let is_said = !matches!(line.said, Said::Word(_));
                held.update(|talk| {
                    talk.undeliverable(line);
                    if is_said {
                        let _ = talk.take(word(Side::Team, text("team-blocked")));
                    }
                })
                .await?;
            }
            Failure::TeamGone => {
                tracing::error!("the sales chat takes no line of a customer: {error}");
                held.update(|talk| {
                    talk.pause(Side::Team, now + LONG_PAUSE);
                    if talk.tell_of_delay() {
                        let _ = talk.take(word(Side::Customer, text("talk-delayed")));
                    }
                })
                .await?;
                return Ok(true);
            }
            Failure::LineRefused => {
                tracing::warn!("a line cannot be passed on: {error}");
                let told = if line.to == Side::Customer { "team-not-copied" } else { "talk-not-copied" };
                let is_said = !matches!(line.said, Said::Word(_));
                held.update(|talk| {
                    talk.undeliverable(line);
                    if is_said {
                        let _ = talk.take(word(line.to.other(), text(told)));
                    }
                })
                .await?;
            }
        }
        Ok(false)
    }

    fn meaning(&self, to: Side, error: &ApiError) -> Failure {
        let now = (self.clock)();
        match (error, to) {
            (ApiError::TooManyRequests { retry_after }, _) => {
                Failure::Wait(now + Seconds::try_from(*retry_after).unwrap_or(LONG_PAUSE).max(1))
            }
            (ApiError::Unavailable { .. } | ApiError::Unreachable { .. }, _) => Failure::Wait(now + SHORT_PAUSE),
            (ApiError::Unauthorized, _) => Failure::Wait(now + LONG_PAUSE),
            (ApiError::Blocked, Side::Customer) => Failure::CustomerGone,
            (ApiError::Blocked | ApiError::Migrated { .. }, _) => Failure::TeamGone,
            (ApiError::NotModified | ApiError::CannotEdit, _) => Failure::LineRefused,
            (ApiError::Refused { method, description, .. }, Side::Team) => {
                let description = description.to_lowercase();
                if error.is_topic_gone() {
                    Failure::TopicGone
                } else if description.contains("topic_closed") || description.contains("topic closed") {
                    Failure::TopicClosed
                } else if description.contains("rights") || *method == OPEN {
                    Failure::TeamGone
                } else {
                    Failure::LineRefused
                }
            }
            (ApiError::Refused { .. }, Side::Customer) => Failure::LineRefused,
        }
    }

    /// The customer's topic in the group; opens one if there is none.
    pub(crate) async fn open_topic(&self, held: &mut Held, group: i64) -> Result<Topic, RelayError> {
        if let Some(topic) = held.talk().topic_in(group) {
            return Ok(topic);
        }
        let title = match held.talk().title() {
            "" => held.chat_id.to_string(),
            title => title.to_owned(),
        };
        let opened = self.api.call(OPEN, &json!({ "chat_id": group, "name": title })).await?;
        let id = opened["message_thread_id"].as_i64();
        let id =
            id.ok_or(ApiError::Unavailable { method: OPEN, reason: "no message_thread_id in the answer".into() })?;
        let topic = Topic { group, id };
        held.update(|talk| talk.opened(topic)).await?;
        Ok(topic)
    }

    /// Somebody closed the topic by hand: what the customer writes is still for the team.
    async fn reopen(&self, topic: Option<Topic>) -> Result<(), ApiError> {
        let Some(topic) = topic else { return Ok(()) };
        let reopened = self.api.call("reopenForumTopic", &parameters(topic)).await;
        match reopened {
            Err(error @ ApiError::Refused { .. }) => {
                tracing::info!("a topic was not reopened: {error}");
                Ok(())
            }
            reopened => reopened.map(drop),
        }
    }
}

/// <https://core.telegram.org/bots/api#createforumtopic>
const OPEN: &str = "createForumTopic";

pub(crate) fn parameters(topic: Topic) -> serde_json::Value {
    json!({ "chat_id": topic.group, "message_thread_id": topic.id })
}
