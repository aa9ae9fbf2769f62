//! What the team does in a customer's topic.

use dialog::{TeamAct, TeamAnswer, Verdict, decide_team};
use settings::Retry;
use storage::{SaveError, pause_after_conflict};
use talk::{Line, Said, Side, Topic};

use crate::decide::{Decided, count_talk};
use crate::{Bot, RetryLater};

/// Something that the team does in a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamSays {
    /// To the customer.
    Said(Said),
    /// `/close`
    Close,
    /// A command that does not exist.
    UnknownCommand,
    /// Anything, but by somebody who is not on the team.
    Stranger,
}

impl Bot {
    /// Handles what the team does in a topic. Returns false, and does nothing, if the topic is not a customer's.
    ///
    /// # Errors
    /// It was not handled. Telegram should deliver it again.
    pub async fn hear_team(&self, update_id: i64, topic: Topic, says: TeamSays) -> Result<bool, RetryLater> {
        let Some(chat_id) = self.relay.chat_of(topic).await? else { return Ok(false) };
        let act = match &says {
            TeamSays::Said(_) => TeamAct::Writes,
            TeamSays::Close => TeamAct::Closes,
            TeamSays::UnknownCommand => return self.tell_team(chat_id, update_id, "team-unknown-command").await,
            TeamSays::Stranger => return self.tell_team(chat_id, update_id, "team-stranger").await,
        };
        let (decided, answer) = self.decide_team_and_save(chat_id, act).await?;
        let line = match (answer, says) {
            (TeamAnswer::PassOn, TeamSays::Said(said)) => {
                Line { update_id: Some(update_id), at: (self.clock)(), to: Side::Customer, said }
            }
            (TeamAnswer::Banned, _) => self.word(update_id, "team-banned"),
            (TeamAnswer::NoConsent, _) => self.word(update_id, "team-no-consent"),
            (TeamAnswer::NothingToClose, _) => self.word(update_id, "team-nothing-to-close"),
            (TeamAnswer::Closed | TeamAnswer::PassOn, _) => self.word(update_id, "team-closed"),
        };
        self.relay.take(chat_id, None, &line).await?;
        if let Some(decided) = decided
            && let Err(error) = self.perform_unasked(chat_id, decided).await
        {
            tracing::warn!("a customer may not have read what becomes of the talk: {error}");
        }
        self.deliver_lines(chat_id, Some(&line)).await;
        Ok(true)
    }

    async fn tell_team(&self, chat_id: i64, update_id: i64, text: &str) -> Result<bool, RetryLater> {
        let line = self.word(update_id, text);
        self.relay.take(chat_id, None, &line).await?;
        self.deliver_lines(chat_id, Some(&line)).await;
        Ok(true)
    }

    async fn decide_team_and_save(
        &self,
        chat_id: i64,
        act: TeamAct,
    ) -> Result<(Option<Decided>, TeamAnswer), RetryLater> {
        let retry = Retry::DECISION;
        let now = (self.clock)();
        for tried in 1..=retry.tries {
            let (session, (moment, rules)) = futures::join!(self.sessions.load(chat_id), self.circumstances(now));
            let mut session = session?;
            let (verdict, answer) = decide_team(&session.value, act, &moment, &rules);
            let Verdict::Move { next, effects, .. } = verdict else { return Ok((None, answer)) };
            let had_talk = session.value.has_talk();
            session.value = *next;
            match self.sessions.save(chat_id, &mut session).await {
                Ok(()) => {
                    count_talk(had_talk, session.value.has_talk());
                    let (lead, source_progress, was_awaited) = (None, None, false);
                    return Ok((Some(Decided { effects, session, lead, source_progress, was_awaited }), answer));
                }
                Err(SaveError::Storage(error)) => return Err(error.into()),
                Err(SaveError::Conflict) => pause_after_conflict(retry, tried).await,
            }
        }
        Err(RetryLater::TooManyConflicts)
    }

    /// The bot's word to the team, for this update.
    fn word(&self, update_id: i64, text: &str) -> Line {
        let said = Said::Word(self.rules.language.text(text));
        Line { update_id: Some(update_id), at: (self.clock)(), to: Side::Team, said }
    }
}
