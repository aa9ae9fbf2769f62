//! Switches that break things, for a page that shows that nothing gets lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use simulators::amocrm::Amocrm;
use simulators::fault::{Fault, Faults, When};

/// What can be broken, by whose simulator breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Amocrm,
    Telegram,
    OpenAi,
    Queue,
}

impl Side {
    const fn title(self) -> &'static str {
        match self {
            Self::Amocrm => "amoCRM",
            Self::Telegram => "Telegram",
            Self::OpenAi => "Искусственный интеллект",
            Self::Queue => "Очередь",
        }
    }
}

/// What a switch does.
#[derive(Clone, Copy)]
enum Action {
    /// While it is on, calls of this route fail so.
    Break(&'static str, When, fn() -> Fault),
    /// Once.
    ExpireToken,
}

struct Definition {
    id: &'static str,
    side: Side,
    title: &'static str,
    hint: &'static str,
    action: Action,
}

const fn broken(
    id: &'static str,
    side: Side,
    title: &'static str,
    hint: &'static str,
    route: &'static str,
    fault: fn() -> Fault,
) -> Definition {
    Definition { id, side, title, hint, action: Action::Break(route, When::Always, fault) }
}

const SWITCHES: &[Definition] = &[
    broken(
        "crm_down",
        Side::Amocrm,
        "amoCRM не работает",
        "На каждый запрос — ошибка 502. Заявки дождутся, когда она заработает.",
        "*",
        || Fault::Html(502),
    ),
    broken(
        "crm_slow",
        Side::Amocrm,
        "amoCRM еле отвечает",
        "Каждый ответ идёт 4 секунды.",
        "*",
        || Fault::Hang(Duration::from_secs(4)),
    ),
    broken(
        "crm_limit",
        Side::Amocrm,
        "Слишком много запросов",
        "amoCRM отвечает 429 и просит подождать.",
        "* /api/v4/*",
        || Fault::TooMany { retry_after: 2 },
    ),
    broken(
        "crm_lost",
        Side::Amocrm,
        "Ответы теряются",
        "Сделка создаётся, но ответ о ней не доходит. Второй сделки быть не должно.",
        "POST /api/v4/*",
        || Fault::LoseAnswer,
    ),
    broken(
        "crm_hooks",
        Side::Amocrm,
        "Вебхуки теряются",
        "amoCRM не сообщает, что сделку передвинули. Бот узнает об этом сам, при ближайшей проверке.",
        "hook",
        || Fault::DropBefore,
    ),
    Definition {
        id: "crm_token",
        side: Side::Amocrm,
        title: "Просрочить токен",
        hint: "Следующий запрос получит 401, и бот сам обновит доступ.",
        action: Action::ExpireToken,
    },
    Definition {
        id: "telegram_errors",
        side: Side::Telegram,
        title: "Telegram отвечает через раз",
        hint: "Половина сообщений бота получает ошибку 502.",
        action: Action::Break("send*", When::Chance(0.5), || Fault::Html(502)),
    },
    broken(
        "telegram_slow",
        Side::Telegram,
        "Telegram тормозит",
        "Каждый ответ Telegram идёт 2 секунды.",
        "*",
        || Fault::Hang(Duration::from_secs(2)),
    ),
    Definition {
        id: "telegram_repeats",
        side: Side::Telegram,
        title: "Telegram присылает всё дважды",
        hint: "Ответ бота теряется, и то же сообщение клиента приходит снова.",
        action: Action::Break("webhook", When::Chance(0.5), || Fault::LoseAnswer),
    },
    broken(
        "ai_down",
        Side::OpenAi,
        "ИИ не работает",
        "Вопросы понимают встроенные правила, клиент ничего не замечает.",
        "POST /v1/chat/completions",
        || Fault::Status(500, r#"{"error":{"message":"The server had an error","type":"server_error"}}"#.to_owned()),
    ),
    broken(
        "voice_down",
        Side::OpenAi,
        "Речь не распознаётся",
        "На голосовое сообщение бот просит ответить текстом.",
        "POST /v1/audio/transcriptions",
        || Fault::Html(502),
    ),
    broken(
        "ai_slow",
        Side::OpenAi,
        "ИИ думает слишком долго",
        "Каждый ответ идёт 15 секунд.",
        "*",
        || Fault::Hang(Duration::from_secs(15)),
    ),
    broken("ai_nonsense", Side::OpenAi, "ИИ отвечает чепухой", "Вместо ответа — обрывок.", "*", || Fault::Garbage),
    broken(
        "queue_down",
        Side::Queue,
        "Очередь не принимает заявки",
        "Заявки остаются в базе, их подберёт проверка по расписанию.",
        "SendMessage*",
        || Fault::Status(503, "{}".to_owned()),
    ),
];

/// A switch as the page shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Switch {
    id: &'static str,
    group: &'static str,
    title: &'static str,
    hint: &'static str,
    /// It does something once instead of staying on.
    shot: bool,
    on: bool,
}

/// The switches of what is simulated.
#[derive(Clone)]
pub(crate) struct Switches {
    faults: HashMap<&'static str, Faults>,
    amocrm: Option<Amocrm>,
    /// Rules in force by switch.
    rules: Arc<Mutex<HashMap<&'static str, u64>>>,
}

impl Switches {
    pub(crate) fn new(amocrm: Option<Amocrm>, telegram: Option<Faults>, openai: Option<Faults>, queue: Faults) -> Self {
        let crm = amocrm.as_ref().map(|crm| crm.faults().clone());
        let sides =
            [(Side::Amocrm, crm), (Side::Telegram, telegram), (Side::OpenAi, openai), (Side::Queue, Some(queue))];
        Self {
            faults: sides.into_iter().filter_map(|(side, faults)| Some((side.title(), faults?))).collect(),
            amocrm,
            rules: Arc::default(),
        }
    }

    /// Every switch there is something for to break.
    pub(crate) fn list(&self) -> Vec<Switch> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        SWITCHES
            .iter()
            .filter(|switch| self.faults.contains_key(switch.side.title()))
            .map(|switch| Switch {
                id: switch.id,
                group: switch.side.title(),
                title: switch.title,
                hint: switch.hint,
                shot: matches!(switch.action, Action::ExpireToken),
                on: rules.contains_key(switch.id),
            })
            .collect()
    }

    /// Turns a switch; false if there is none of this name.
    pub(crate) fn set(&self, id: &str, on: bool) -> bool {
        let Some(switch) = SWITCHES.iter().find(|switch| switch.id == id) else { return false };
        let Some(faults) = self.faults.get(switch.side.title()) else { return false };
        match switch.action {
            Action::ExpireToken => {
                if let Some(amocrm) = &self.amocrm {
                    amocrm.expire_access_token();
                }
            }
            Action::Break(route, when, fault) => {
                let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(rule) = rules.remove(switch.id) {
                    faults.remove(rule);
                }
                if on {
                    rules.insert(switch.id, faults.add(route, when, fault()));
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_adds_its_fault_and_takes_only_it_away() {
        let (telegram, queue) = (Faults::default(), Faults::default());
        let own_rule = telegram.add("sendMessage", When::Always, Fault::DropBefore);
        let switches = Switches::new(None, Some(telegram.clone()), None, queue);

        assert!(switches.set("telegram_slow", true));
        assert!(switches.set("telegram_slow", true), "twice is once");
        assert_eq!(telegram.list().len(), 2);
        assert!(switches.list().iter().any(|switch| switch.id == "telegram_slow" && switch.on));

        assert!(switches.set("telegram_slow", false));
        assert_eq!(telegram.list().into_iter().map(|rule| rule.id).collect::<Vec<_>>(), [own_rule]);
    }

    #[test]
    fn what_is_real_has_no_switches() {
        let switches = Switches::new(None, None, None, Faults::default());
        assert!(switches.list().iter().all(|switch| switch.group == "Очередь"));
        assert!(!switches.set("crm_down", true));
    }
}
