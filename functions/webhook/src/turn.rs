//! One update: load, decide, save, perform.

use std::time::Duration;

use dialog::{Conversation, Effect, Event, Input, Moment, Progress, Verdict, decide};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use lead::{Lead, LeadId};
use settings::metrics::{self, Unit};
use storage::{SaveError, StorageError, Versioned};
use telegram::{ApiError, BotCall};
use tokio::time::{Instant, sleep};
use ulid::Ulid;

use crate::Webhook;

/// How often an update is decided anew because another one of the chat came first: an album is ten updates at once.
const MAX_CONFLICTS: u32 = 25;
/// How long an update waits for a twin of itself that is being handled. Lambda gives 30 s.
const MAX_WAIT: Duration = Duration::from_secs(26);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The update was not handled, or its answer did not reach the customer. Telegram should deliver it again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotNow {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Telegram(#[from] ApiError),
    #[error("too many updates of one chat at once")]
    Crowded,
}

impl Webhook {
    /// Handles an update. Returns a call for Telegram to carry out, whose result nobody needs.
    pub(crate) async fn turn(&self, event: Event) -> Result<Option<BotCall>, NotNow> {
        let started = Instant::now();
        let kind = kind_of(&event.input);
        let riding = self.decide_and_perform(event, started).await?;
        let elapsed = started.elapsed();
        metrics::put(
            &[("Updates", 1.0, Unit::Count), ("ReplyTime", elapsed.as_secs_f64() * 1000.0, Unit::Milliseconds)],
            &[("kind", kind)],
        );
        tracing::info!(kind, duration_ms = elapsed.as_millis(), "handled an update");
        Ok(riding)
    }

    async fn decide_and_perform(&self, mut event: Event, started: Instant) -> Result<Option<BotCall>, NotNow> {
        let (effects, session) = self.decide_and_save(&event, started).await?;
        let asked = self.perform(&event.person, effects, session).await?;
        let Some(question) = asked.question else { return Ok(asked.riding) };
        let (answer, logged) = self.ask(&event, &question).await;
        event.input = Input::Ai(answer);
        let (effects, session) = self.decide_and_save(&event, started).await?;
        // Without a session, the customer has had everything deleted meanwhile: then nothing is written down either.
        let is_forgotten = session.version == 0;
        let log = async {
            if !is_forgotten {
                self.log_question(&logged).await;
            }
        };
        let (answered, ()) = futures::join!(self.perform(&event.person, effects, session), log);
        Ok(asked.riding.or(answered?.riding))
    }

    /// The circumstances as they are now.
    pub(crate) fn moment(&self) -> Moment {
        let now = (self.clock)();
        let year = Timestamp::from_second(now).map_or(2026, moscow_year);
        Moment { now, year, fresh_id: LeadId(Ulid::generate()) }
    }

    /// Moves the conversation on, however many updates of the chat arrive at once.
    async fn decide_and_save(
        &self,
        event: &Event,
        started: Instant,
    ) -> Result<(Vec<Effect>, Versioned<Conversation>), NotNow> {
        let chat_id = event.person.chat_id;
        let mut conflicts = 0;
        // When it came in, however often it is decided anew: a burst belongs to the second it arrived in, or waiting for
        // each other would let all of it through.
        let mut moment = self.moment();
        loop {
            let mut session = self.sessions.load(chat_id).await?;
            let (conversation, effects) = match decide(&session.value, event, &moment, &self.rules) {
                Verdict::Stay(effects) => return Ok((effects, session)),
                Verdict::Move(conversation, effects) => (*conversation, effects),
                Verdict::Busy if started.elapsed() > MAX_WAIT => return Err(NotNow::Crowded),
                Verdict::Busy => {
                    sleep(LOOK_EVERY).await;
                    moment = self.moment();
                    continue;
                }
            };
            let before = session.value.progress();
            session.value = conversation;
            let after = session.value.progress();
            let request = effects.iter().find_map(|effect| match effect {
                Effect::Submit(request) => Some(request),
                _ => None,
            });
            let saved = match request {
                Some(request) => {
                    let lead = Lead::new((**request).clone(), self.grace);
                    self.sessions.finish(&event.person, &mut session, &lead).await
                }
                None => self.sessions.save(chat_id, &mut session).await,
            };
            match saved {
                Ok(()) => {
                    count_progress(before, after);
                    return Ok((effects, session));
                }
                Err(SaveError::Storage(error)) => return Err(error.into()),
                Err(SaveError::Conflict) => {
                    conflicts += 1;
                    if conflicts > MAX_CONFLICTS {
                        return Err(NotNow::Crowded);
                    }
                    // Longer each time: of many at once, most then find that others have settled it.
                    let longest = 40 << conflicts.min(5);
                    sleep(Duration::from_millis(rand::random_range(5..longest))).await;
                }
            }
        }
    }
}

/// The funnel: how many dialogs came to which step. The first step counts those started; where customers leave is where
/// the next step has fewer.
fn count_progress(before: Option<Progress>, after: Option<Progress>) {
    let Some(progress) = after else { return };
    for step in progress.stops_since(before) {
        metrics::put(&[("StepsReached", 1.0, Unit::Count)], &[("branch", progress.branch()), ("step", step)]);
    }
}

/// The year at the dealer's. Russia has had no summer time since 2014, so the offset of Moscow is fixed.
fn moscow_year(now: Timestamp) -> i16 {
    now.to_zoned_datetime(TimeZone::fixed(Offset::constant(3))).year()
}

/// For metrics and logs.
fn kind_of(input: &Input) -> &'static str {
    match input {
        Input::Command(_) => "command",
        Input::Text(_) => "text",
        Input::Press { .. } => "press",
        Input::Photo { .. } => "photo",
        Input::Contact { .. } => "contact",
        Input::Unsupported { .. } => "unsupported",
        Input::Ai(_) => "ai",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_begins_in_moscow() {
        let before: Timestamp = "2026-12-31T20:59:59Z".parse().unwrap();
        let after: Timestamp = "2026-12-31T21:00:00Z".parse().unwrap();
        assert_eq!((moscow_year(before), moscow_year(after)), (2026, 2027));
    }
}
