//! Tells the admins when nearly every question is left to the built-in rules though a model is set, and when that is
//! over.

use anyhow::Context;
use delivery::{AdminMessage, update_document};
use lead::Seconds;
use serde::{Deserialize, Serialize};
use storage::ModelQuestions;
use texts::Language;

use crate::Scheduled;

const KEY: &str = "model-outage";

/// Fewer questions in an hour say nothing about the model: a single one may have met a broken connection.
const LEAST_ASKED: u32 = 3;
/// For this long a message about a change may still have to be sent.
const RECENT: Seconds = 3600;

impl Scheduled {
    /// Looks at the last hour's questions. Returns whether the model is out.
    pub(crate) async fn watch_model(&self) -> anyhow::Result<bool> {
        let now = (self.bot.clock)();
        let questions = self.bot.counters.model_questions_of_last_hour(now).await;
        let questions = questions.context("the questions of the last hour cannot be read")?;
        let changed = update_document(&self.documents, KEY, |outage: &mut ModelOutage| {
            outage.note(questions, now);
            outage.clone()
        });
        let outage = changed.await.context("whether the model answers cannot be stored")?;
        if let Some(message) = outage.message(questions, now, self.language) {
            anyhow::ensure!(self.admins.tell(&message).await, "a message about the model cannot be written down");
        }
        Ok(matches!(outage, ModelOutage::Lasts { .. }))
    }
}

/// Whether the model answers, as the admins know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum ModelOutage {
    #[default]
    None,
    Lasts {
        since: Seconds,
    },
    Over {
        since: Seconds,
        until: Seconds,
    },
}

impl ModelOutage {
    /// It begins when nine of ten questions get no answer from the model, and ends when most get one. Anything in between
    /// changes nothing.
    fn note(&mut self, questions: ModelQuestions, now: Seconds) {
        let ModelQuestions { asked, failed } = questions;
        match *self {
            Self::Lasts { since } if failed * 2 < asked => *self = Self::Over { since, until: now },
            Self::None | Self::Over { .. } if asked >= LEAST_ASKED && failed * 10 >= asked * 9 => {
                *self = Self::Lasts { since: now };
            }
            _ => {}
        }
    }

    /// What the admins should have been told by now.
    fn message(&self, questions: ModelQuestions, now: Seconds, language: Language) -> Option<AdminMessage> {
        match *self {
            Self::Lasts { since } if now - since < RECENT => {
                let arguments = [("asked", questions.asked.into()), ("failed", questions.failed.into())];
                let text = language.text_with("model-outage", arguments);
                Some(AdminMessage { key: format!("model-outage:{since}"), text })
            }
            Self::Over { since, until } if now - until < RECENT => {
                let text =
                    language.text_with("model-outage-over", [("duration", language.duration(until - since).into())]);
                Some(AdminMessage { key: format!("model-outage-over:{since}"), text })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    const NOW: Seconds = 1_790_000_000;

    /// What the admins read when the hours go like this, looked at twice in each: questions, and those that failed.
    fn told(hours: &[(u32, u32)]) -> Vec<String> {
        let mut outage = ModelOutage::default();
        let mut told: Vec<AdminMessage> = Vec::new();
        for (hour, (asked, failed)) in (0..).zip(hours) {
            for now in [NOW + hour * 3600, NOW + hour * 3600 + 300] {
                let questions = ModelQuestions { asked: *asked, failed: *failed };
                outage.note(questions, now);
                let message = outage.message(questions, now, Language::Russian);
                told.extend(message.filter(|message| told.iter().all(|known| known.key != message.key)));
            }
        }
        told.into_iter().map(|message| message.text).collect()
    }

    #[test]
    fn an_outage_is_told_once_and_so_is_its_end() {
        assert_snapshot!(told(&[(20, 1), (10, 9), (10, 10), (0, 0), (10, 6), (9, 1), (9, 0)]).join("\n"), @"
        ⚠️ Модель не отвечает: за последний час на 9 вопросов из 10 ответили встроенные правила. Клиенты ошибок не видят. Что сделать: проверьте carquery doctor. Модель могли отключить, мог закончиться ключ или деньги на счёте.
        ✅ Модель снова отвечает на вопросы клиентов, перерыв 4 ч.
        ");
    }

    #[test]
    fn what_lies_between_is_not_news() {
        assert_eq!(told(&[(10, 8), (100, 89), (2, 2), (0, 0)]), [""; 0]);
        assert_eq!(told(&[(10, 9), (10, 5), (10, 9), (10, 8)]).len(), 1, "still the same outage");
    }

    #[test]
    fn the_next_outage_is_news_again() {
        assert_eq!(told(&[(3, 3), (3, 0), (3, 3), (3, 0)]).len(), 4);
    }
}
