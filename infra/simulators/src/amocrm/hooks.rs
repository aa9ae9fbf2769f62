//! `/api/v4/webhooks`, and what the account posts to those who subscribe.
//!
//! Fault rules name deliveries «hook»: [`Fault::LoseAnswer`] lets the subscriber handle a hook whose answer is lost,
//! any other fault loses the hook on its way. Both make amoCRM try again after a pause.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::call::{Answer, Call};
use super::model::{Id, Lead};
use super::reply::Reply;
use super::seed;
use super::state::AccountState;
use super::validation::{self, Complaints, Object};
use crate::fault::{self, Fault, Faults, now_ms};

/// Name of deliveries for fault rules.
const ROUTE: &str = "hook";
/// How long an answer is waited for: <https://developers.kommo.com/docs/webhooks-general>.
const PATIENCE: Duration = Duration::from_secs(2);
/// After these many tries a hook that gets no answer, or a 5xx, is given up on; after the third of them, one that is
/// refused.
const MAX_TRIES: usize = 5;
const MAX_TRIES_OF_REFUSED: usize = 3;

/// Every event that can be subscribed to. The account tells of deals only.
const EVENTS: [&str; 22] = [
    "add_lead",
    "update_lead",
    "delete_lead",
    "restore_lead",
    "status_lead",
    "responsible_lead",
    "note_lead",
    "add_contact",
    "update_contact",
    "delete_contact",
    "restore_contact",
    "responsible_contact",
    "note_contact",
    "add_company",
    "update_company",
    "delete_company",
    "restore_company",
    "responsible_company",
    "note_company",
    "add_task",
    "delete_task",
    "responsible_task",
];

/// Somebody who is told of events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Hook {
    pub(super) id: Id,
    pub(super) destination: String,
    pub(super) settings: BTreeSet<String>,
    sort: i64,
    created_at: i64,
    created_by: Id,
}

impl Hook {
    /// Somebody who is told of everything that happens to deals.
    pub(super) fn of_deals(id: Id, destination: &str, now: i64) -> Self {
        let settings =
            EVENTS.iter().filter(|event| event.ends_with("_lead")).map(|event| (*event).to_owned()).collect();
        let (destination, created_by) = (destination.to_owned(), seed::ADMIN);
        Self { id, destination, settings, sort: 1, created_at: now, created_by }
    }
}

/// What has happened to a deal.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Added(Lead),
    Deleted(Lead),
    /// The deal before and after.
    Changed(Box<[Lead; 2]>),
}

impl Event {
    /// The bodies to post to this subscriber, as form fields.
    fn bodies(&self, state: &AccountState, wanted: &BTreeSet<String>) -> Vec<Vec<(String, String)>> {
        let mut bodies = Vec::new();
        let mut tell = |action: &str, lead: &Lead, more: &[(&str, String)]| {
            if wanted.contains(&format!("{action}_lead")) {
                bodies.push(form(state, action, lead, more));
            }
        };
        match self {
            Self::Added(lead) => tell("add", lead, &[]),
            Self::Deleted(lead) => tell("delete", lead, &[]),
            Self::Changed(pair) => {
                let [old, new] = pair.as_ref();
                tell("update", new, &[]);
                if (old.pipeline_id, old.status_id) != (new.pipeline_id, new.status_id) {
                    tell("status", new, &[("old_status_id", old.status_id.to_string())]);
                }
                let (was, is) = (old.card.responsible_user_id, new.card.responsible_user_id);
                if was != is {
                    tell("responsible", new, &[("old_responsible_user_id", was.to_string())]);
                }
            }
        }
        bodies
    }
}

/// The fields of one event, with PHP's nested keys; every value is a text.
fn form(state: &AccountState, action: &str, lead: &Lead, more: &[(&str, String)]) -> Vec<(String, String)> {
    let card = &lead.card;
    let mut fields = vec![("id".to_owned(), card.id.to_string()), ("name".to_owned(), card.name.clone())];
    fields.extend(
        [
            ("status_id", lead.status_id.to_string()),
            ("pipeline_id", lead.pipeline_id.to_string()),
            ("price", lead.price.to_string()),
            ("responsible_user_id", card.responsible_user_id.to_string()),
            ("modified_user_id", card.updated_by.to_string()),
            ("created_user_id", card.created_by.to_string()),
            ("date_create", card.created_at.to_string()),
            ("last_modified", card.updated_at.to_string()),
            ("created_at", card.created_at.to_string()),
            ("updated_at", card.updated_at.to_string()),
            ("account_id", seed::ACCOUNT_ID.to_string()),
        ]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    let mut form: Vec<(String, String)> =
        fields.into_iter().map(|(name, value)| (format!("leads[{action}][0][{name}]"), value)).collect();
    for (index, tag) in card.tags.iter().filter_map(|id| state.tags.get(id)).enumerate() {
        form.push((format!("leads[{action}][0][tags][{index}][id]"), tag.id.to_string()));
        form.push((format!("leads[{action}][0][tags][{index}][name]"), tag.name.clone()));
    }
    form.push(("account[id]".to_owned(), seed::ACCOUNT_ID.to_string()));
    form.push(("account[subdomain]".to_owned(), seed::SUBDOMAIN.to_owned()));
    form
}

/// Posts hooks.
#[derive(Clone)]
pub(super) struct Post {
    client: reqwest::Client,
    faults: Faults,
    /// Pauses between tries.
    pauses: Arc<[Duration]>,
    /// How many hooks are at their first try.
    under_way: watch::Sender<usize>,
}

impl Post {
    pub(super) fn new(faults: Faults, pauses: &[Duration]) -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap_or_default();
        Self { client, faults, pauses: pauses.into(), under_way: watch::channel(0).0 }
    }

    /// Tells every subscriber of this event. Needs a tokio runtime if there is one.
    pub(super) fn tell(&self, state: &AccountState, event: &Event) {
        for hook in state.hooks.values() {
            for body in event.bodies(state, &hook.settings) {
                self.send(hook.destination.clone(), body);
            }
        }
    }

    /// Posts one body, again while it is not accepted.
    pub(super) fn send(&self, destination: String, form: Vec<(String, String)>) {
        let (post, body) = (self.clone(), encoded(&form));
        self.under_way.send_modify(|count| *count += 1);
        tokio::spawn(async move {
            let mut outcome = post.attempt(&destination, &body).await;
            post.under_way.send_modify(|count| *count -= 1);
            for (tried, pause) in (1..).zip(post.pauses.iter()) {
                let most = if outcome == Outcome::Refused { MAX_TRIES_OF_REFUSED } else { MAX_TRIES };
                if outcome == Outcome::Accepted || tried >= most {
                    return;
                }
                tokio::time::sleep(*pause).await;
                outcome = post.attempt(&destination, &body).await;
            }
        });
    }

    /// Waits until every hook has been tried once.
    pub(super) async fn settle(&self) {
        let _ = self.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    async fn attempt(&self, destination: &str, body: &str) -> Outcome {
        let fault = self.faults.strike(ROUTE);
        match &fault {
            None | Some(Fault::LoseAnswer | Fault::LateAnswer(_)) => {}
            Some(Fault::Hang(pause)) => tokio::time::sleep(*pause).await,
            Some(_) => return Outcome::Unanswered,
        }
        let (at_ms, started) = (now_ms(), Instant::now());
        let request = self.client.post(destination).body(body.to_owned());
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("user-agent", "amoCRM-Webhooks/3.0");
        let status = request.send().await.map_or(0, |answer| answer.status().as_u16());
        self.faults.record(fault::Call {
            seq: 0,
            method: "POST".to_owned(),
            route: ROUTE.to_owned(),
            query: String::new(),
            status,
            at_ms,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            body: body.to_owned(),
        });
        match status {
            _ if fault == Some(Fault::LoseAnswer) => Outcome::Unanswered,
            100..300 => Outcome::Accepted,
            0 | 499 | 500.. => Outcome::Unanswered,
            _ => Outcome::Refused,
        }
    }
}

/// What came of a try.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused,
    Unanswered,
}

/// The body of a hook about a deal at this stage.
pub(super) fn forged(state: &AccountState, lead: &Lead, status: Id) -> Vec<(String, String)> {
    form(state, "status", &Lead { status_id: status, ..lead.clone() }, &[("old_status_id", lead.status_id.to_string())])
}

fn encoded(form: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// `GET /webhooks`.
pub(super) fn list(state: &AccountState, call: &Call<'_>) -> Answer {
    call.needs_admin()?;
    let wanted = call.query.texts("destination");
    let hooks = state.hooks.values();
    let found: Vec<&Hook> =
        hooks.filter(|hook| wanted.as_ref().is_none_or(|wanted| wanted.contains(&hook.destination.as_str()))).collect();
    call.query.page(&call.href(), "webhooks", &found, |hook| render(hook))
}

/// `POST /webhooks`. A destination that has subscribed before gets these events in place of the old ones; sources do
/// not say whether amoCRM adds or replaces.
pub(super) fn subscribe(state: &mut AccountState, call: &Call<'_>) -> Answer {
    call.needs_admin()?;
    let item = validation::single(call.body)?;
    let mut drafts = validation::drafts(std::slice::from_ref(&item), |object, complaints| {
        object.only(&["destination", "settings", "sort"], complaints);
        let settings = read_settings(object, complaints);
        let sort = object.integer("sort", complaints).unwrap_or(1);
        Some((destination(object, complaints)?, settings, sort))
    })?;
    let Some(draft) = drafts.pop() else { return Err(Reply::problem(400, "Request body must not be empty")) };
    let (destination, settings, sort) = draft.change;
    let known = state.hooks.values().find(|hook| hook.destination == destination).cloned();
    let hook = match known {
        Some(hook) => Hook { settings, sort, ..hook },
        None => Hook {
            id: state.new_id(),
            destination,
            settings,
            sort,
            created_at: state.now(),
            created_by: call.caller.user_id,
        },
    };
    let shown = render(&hook);
    state.put_hook(hook);
    Ok(Reply::created(&shown))
}

/// `DELETE /webhooks`, by address.
pub(super) fn unsubscribe(state: &mut AccountState, call: &Call<'_>) -> Answer {
    call.needs_admin()?;
    let item = validation::single(call.body)?;
    let destination = item.get("destination").and_then(Value::as_str).unwrap_or_default();
    let known = state.hooks.values().find(|hook| hook.destination == destination).map(|hook| hook.id);
    let Some(id) = known else { return Err(Reply::problem(404, "Webhook not found")) };
    state.remove_hook(id);
    Ok(Reply::nothing())
}

fn destination(object: &Object<'_>, complaints: &mut Complaints) -> Option<String> {
    let destination = object.required_text("destination", complaints)?;
    let is_address = url::Url::parse(&destination).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_address {
        complaints.wrong_type(object.at("destination"), "This value is not a valid URL.");
    }
    Some(destination)
}

fn read_settings(object: &Object<'_>, complaints: &mut Complaints) -> BTreeSet<String> {
    let Some(list) = object.get("settings").and_then(Value::as_array).filter(|list| !list.is_empty()) else {
        complaints.missing(object.at("settings"));
        return BTreeSet::new();
    };
    let mut settings = BTreeSet::new();
    for (index, value) in list.iter().enumerate() {
        match value.as_str().filter(|event| EVENTS.contains(event)) {
            Some(event) => drop(settings.insert(event.to_owned())),
            None => complaints.not_a_choice(format!("{}.{index}", object.at("settings"))),
        }
    }
    settings
}

fn render(hook: &Hook) -> Value {
    json!({
        "id": hook.id,
        "destination": hook.destination,
        "created_at": hook.created_at,
        "updated_at": hook.created_at,
        "account_id": seed::ACCOUNT_ID,
        "created_by": hook.created_by,
        "sort": hook.sort,
        "disabled": false,
        "settings": hook.settings,
    })
}
