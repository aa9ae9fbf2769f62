//! The dealer's side of the page: deals, requests, the queue, switches.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use embedded::sqs::Item;
use lead::{Lead, LeadId, Seconds, Status};
use serde::Deserialize;
use serde_json::{Value, json};
use simulators::amocrm::{Amocrm, Closing, LOSS_REASONS};
use storage::QueueMessage;

use super::{Refusal, chats};
use crate::clock::until_nine;
use crate::core::Core;
use crate::parts::{AmocrmPart, OpenAiPart, TelegramPart};

/// How many of the newest requests the page shows.
const SHOWN: usize = 200;
/// How many deals are looked at for news that wait for the morning.
const MAX_NEWS: i32 = 200;

type Answer = Result<Json<Value>, Refusal>;

/// `GET /api/stack`: what is real, and who the bot is.
pub(super) async fn stack(State(core): State<Arc<Core>>) -> Answer {
    let dealer = core.dealer().await?;
    let commands = dialog::commands(core.language).into_iter();
    let telegram = match core.parts.telegram {
        TelegramPart::Simulated => json!({ "real": false, "title": "симулятор" }),
        TelegramPart::Polling => json!({
            "real": true, "title": "настоящий", "note": "Напишите боту со своего телефона: он отвечает, пока работает этот стенд."
        }),
        TelegramPart::Webhook => json!({
            "real": true, "title": "настоящий, вебхук", "note": "Бот ждёт сообщения на адресе /telegram/webhook этого стенда."
        }),
    };
    let amocrm = match &core.parts.amocrm {
        AmocrmPart::Simulated => json!({ "real": false, "title": "симулятор" }),
        AmocrmPart::Account(url) => json!({ "real": true, "title": "настоящий аккаунт", "url": url }),
        AmocrmPart::Off => json!({ "real": false, "off": true, "title": "выключен" }),
    };
    let openai = match &core.parts.openai {
        OpenAiPart::Simulated => json!({ "real": false, "title": "встроенные правила" }),
        OpenAiPart::Model(_) => json!({ "real": true, "title": "настоящая модель" }),
    };
    Ok(Json(json!({
        "bot": {
            "name": core.bot.name,
            "username": core.bot.username,
            "description": dialog::descriptions(core.language).1,
            "commands": commands.map(|(command, description)| json!({ "command": command, "description": description })).collect::<Value>(),
        },
        "ahead": core.clock.ahead(),
        "zone": dealer.calendar.zone().iana_name(),
        "loss_reasons": LOSS_REASONS.map(|(id, name)| json!({ "id": id, "name": name })),
        "telegram": telegram,
        "crm": amocrm,
        "ai": openai,
    })))
}

/// `GET /api/deals`: the deals of the simulated amoCRM.
pub(super) async fn deals(State(core): State<Arc<Core>>) -> Answer {
    let Some(amocrm) = &core.amocrm else { return Ok(Json(json!({ "deals": [] }))) };
    let mut deals = Vec::new();
    for deal in amocrm.deals().into_iter().take(SHOWN) {
        let files =
            deal.files.iter().enumerate().map(
                |(index, file)| json!({ "name": file.name, "url": format!("/api/deals/{}/files/{index}", deal.id) }),
            );
        let files: Value = files.collect();
        let mut view = serde_json::to_value(&deal).map_err(anyhow::Error::from)?;
        view["files"] = files;
        view["stages"] = json!(amocrm.stages(deal.pipeline_id));
        deals.push(view);
    }
    Ok(Json(json!({ "deals": deals })))
}

/// Where a manager moves a deal.
#[derive(Deserialize)]
pub(super) struct Move {
    stage: u64,
    loss_reason: Option<u64>,
}

/// `POST /api/deals/{deal}/stage`
pub(super) async fn move_deal(State(core): State<Arc<Core>>, Path(deal): Path<u64>, Json(to): Json<Move>) -> Answer {
    let amocrm = simulated_amocrm(&core)?;
    match to.loss_reason {
        Some(reason) => amocrm.close_deal(deal, Closing::Lost(reason)),
        None => amocrm.move_deal(deal, to.stage),
    }
    Ok(Json(json!({})))
}

/// The deal that is kept when another is merged into it.
#[derive(Deserialize)]
pub(super) struct Merge {
    into: u64,
}

/// `POST /api/deals/{deal}/merge`
pub(super) async fn merge_deal(State(core): State<Arc<Core>>, Path(deal): Path<u64>, Json(to): Json<Merge>) -> Answer {
    simulated_amocrm(&core)?.merge_deals(to.into, deal);
    Ok(Json(json!({})))
}

/// `POST /api/deals/{deal}/delete`
pub(super) async fn delete_deal(State(core): State<Arc<Core>>, Path(deal): Path<u64>) -> Answer {
    simulated_amocrm(&core)?.delete_deal(deal);
    Ok(Json(json!({})))
}

fn simulated_amocrm(core: &Core) -> Result<&Amocrm, Refusal> {
    core.amocrm.as_ref().ok_or_else(|| Refusal::unknown("Сделки — в настоящем amoCRM"))
}

/// How far the clock is set forward.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Forward {
    Minutes(u32),
    ToNine,
}

/// `POST /api/clock`: sets the stack's clock forward, then runs the schedule.
pub(super) async fn set_clock(State(core): State<Arc<Core>>, Json(forward): Json<Forward>) -> Answer {
    let seconds = match forward {
        Forward::Minutes(minutes) => Seconds::from(minutes) * 60,
        Forward::ToNine => {
            let dealer = core.dealer().await?;
            until_nine(&dealer.calendar, core.clock.now())
        }
    };
    core.clock.forward(seconds);
    core.changes.note(|now| now.clock += 1);
    core.run_schedule().await?;
    Ok(Json(json!({})))
}

/// `GET /api/deals/{deal}/files/{index}`: a file of a deal.
pub(super) async fn file(
    State(core): State<Arc<Core>>,
    Path((deal, index)): Path<(u64, usize)>,
) -> Result<Response, Refusal> {
    let missing = || Refusal::unknown("Такого файла нет");
    let amocrm = core.amocrm.as_ref().ok_or_else(missing)?;
    let deal = amocrm.deals().into_iter().find(|shown| shown.id == deal).ok_or_else(missing)?;
    let file = deal.files.get(index).ok_or_else(missing)?;
    let answer = core.http.get(&file.url).send().await.map_err(anyhow::Error::from)?;
    let bytes = answer.error_for_status().map_err(anyhow::Error::from)?.bytes().await.map_err(anyhow::Error::from)?;
    Ok(chats::stranger(picture_kind(&bytes), bytes))
}

/// The media type of these bytes, if a browser can show them.
fn picture_kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xFF, 0xD8, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => "application/octet-stream",
    }
}

/// `GET /api/requests`: the newest requests and their delivery, and what waits for an hour of the dealer's.
pub(super) async fn requests(State(core): State<Arc<Core>>) -> Answer {
    let leads = core.functions.leads.all().await?;
    let requests: Value = leads.iter().rev().take(SHOWN).map(|lead| request(&lead.value)).collect();
    Ok(Json(json!({ "requests": requests, "later": later(&core).await? })))
}

/// When customers hear of deals, when the dealer opens, and when it is day again; what need not be waited for is null.
async fn later(core: &Core) -> Result<Value, Refusal> {
    let now = core.clock.now();
    let calendar = core.dealer().await?.calendar;
    let functions = &core.functions;
    let deals = functions.aws.deals(&functions.tables);
    let day_at = calendar.next_daytime(now);
    let waiting = deals.due(day_at, MAX_NEWS).await?.into_iter().filter_map(|deal| {
        let at = deal.value.news_at().filter(|at| *at > now)?;
        Some(json!({ "deal": deal.value.deal_id, "at": at }))
    });
    Ok(json!({
        "news": waiting.collect::<Value>(),
        "opens_at": calendar.next_opening(now).filter(|at| *at > now),
        "day_at": (day_at > now).then_some(day_at),
    }))
}

fn request(lead: &Lead) -> Value {
    let status = match lead.status {
        Status::Pending { .. } => "pending",
        Status::Sending { .. } => "sending",
        Status::Retry { .. } => "retry",
        Status::Sent { .. } => "sent",
        Status::Dead { .. } => "dead",
    };
    json!({
        "id": lead.lead_id,
        "number": lead.lead_id.request_number(),
        "name": lead.request.deal_name(),
        "status": status,
        "due_at": lead.due_at(),
        "attempts": lead.attempts,
        "error": lead.error,
        "created_at": lead.request.created_at,
        "deal": lead.progress.deal_id(),
        "steps": steps(lead).into_iter().map(|(step, done)| json!({ "step": step, "done": done })).collect::<Value>(),
    })
}

/// The steps of a request's delivery in their order, and whether each is done.
fn steps(lead: &Lead) -> Vec<(&'static str, bool)> {
    let progress = &lead.progress;
    // A request that arrived without a step was not meant to have it.
    let has_arrived = matches!(lead.status, Status::Sent { .. });
    let taken = crm_push::step_names(lead).map(|step| (step, progress.id_of(step).is_some()));
    let mut steps: Vec<_> = taken.filter(|(_, done)| *done || !has_arrived).collect();
    if lead.request.file_count() > 0 {
        steps.push(("photos", progress.photos_done));
    }
    steps
}

/// `POST /api/requests/{id}/retry`: tries a request again at once, as `carquery leads retry` does.
pub(super) async fn retry(State(core): State<Arc<Core>>, Path(id): Path<String>) -> Answer {
    let missing = || Refusal::unknown("Такой заявки нет");
    let id: LeadId = id.parse().map_err(|_| missing())?;
    let mut lead = core.functions.leads.get(&id).await?.ok_or_else(missing)?;
    if !lead.value.revive(settings::system_clock()()) {
        return Err(Refusal(StatusCode::CONFLICT, "Эта заявка уже в amoCRM или отправляется".to_owned()));
    }
    core.functions.leads.save(&mut lead).await.map_err(anyhow::Error::from)?;
    core.changes.note(|now| now.requests += 1);
    core.functions.queue.enqueue(&lead).await?;
    Ok(Json(json!({})))
}

/// `POST /api/schedule`: runs the schedule now.
pub(super) async fn schedule(State(core): State<Arc<Core>>) -> Answer {
    core.run_schedule().await?;
    Ok(Json(json!({})))
}

/// `GET /api/queue`: messages that wait, are being handled, or could not be processed.
pub(super) async fn queue(State(core): State<Arc<Core>>) -> Answer {
    let view = core.sqs.queues.view();
    let items = |items: &[Item]| items.iter().map(queued).collect::<Value>();
    Ok(Json(json!({ "waiting": items(&view.waiting), "in_flight": items(&view.in_flight), "dead": items(&view.dead) })))
}

fn queued(item: &Item) -> Value {
    let message: Option<QueueMessage> = serde_json::from_str(&item.body).ok();
    json!({
        "id": item.id,
        "number": message.and_then(number_of),
        "receives": item.receives,
        "sent_at": settings::system_clock()() - Seconds::try_from(item.age_seconds).unwrap_or_default(),
    })
}

/// The number of the request that a message is about.
fn number_of(message: QueueMessage) -> Option<String> {
    match message {
        QueueMessage::Lead { lead_id, .. } => Some(lead_id.request_number()),
        QueueMessage::Deals { .. } => None,
    }
}

/// `POST /api/queue/redrive`: moves dead letters back to the queue.
pub(super) async fn redrive(State(core): State<Arc<Core>>) -> Answer {
    core.sqs.queues.redrive();
    Ok(Json(json!({})))
}

/// `GET /api/faults`: the switches.
pub(super) async fn faults(State(core): State<Arc<Core>>) -> Json<Value> {
    Json(json!({ "faults": core.switches.list() }))
}

/// The new state of a switch.
#[derive(Deserialize)]
pub(super) struct Turn {
    on: bool,
}

/// `POST /api/faults/{id}`
pub(super) async fn set_fault(State(core): State<Arc<Core>>, Path(id): Path<String>, Json(turn): Json<Turn>) -> Answer {
    if !core.switches.set(&id, turn.on) {
        return Err(Refusal::unknown("Такого переключателя нет"));
    }
    core.changes.note(|now| now.faults += 1);
    Ok(Json(json!({})))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(photos: &Value, progress: &Value, status: &Value) -> Lead {
        let id = "01KBA9Z6Y4TESTTESTTESTTEST";
        let request = json!({
            "id": id, "branch": "sell", "service": "Продажа авто", "topic": "Kia Rio",
            "customer": { "chat_id": 1, "name": "Анна", "phone": "+79001234567" },
            "fields": {}, "answers": [], "photos": photos, "created_at": 0,
        });
        let lead = json!({ "lead_id": id, "chat_id": 1, "request": request, "status": status, "progress": progress });
        serde_json::from_value(lead).unwrap()
    }

    #[test]
    fn the_steps_are_those_of_this_request_in_the_order_they_are_taken() {
        let pending = json!({ "is": "pending", "due_at": 0 });
        let photo = json!([{ "file_id": "a", "unique_id": "b" }]);
        let begun = lead(&photo, &json!({ "contact_id": 1, "deal_id": 2 }), &pending);
        let of_delivery = crm_push::step_names(&begun).map(|step| (step, ["contact", "deal"].contains(&step)));
        assert_eq!(steps(&begun), of_delivery.chain([("photos", false)]).collect::<Vec<_>>());
        let without_photos = lead(&json!([]), &json!({}), &pending);
        assert_eq!(steps(&without_photos).len(), crm_push::step_names(&without_photos).count());
    }

    #[test]
    fn a_request_that_was_to_have_no_task_has_arrived_in_full() {
        let progress = json!({ "contact_id": 1, "deal_id": 2, "note_id": 3 });
        let sent = lead(&json!([]), &progress, &json!({ "is": "sent", "at": 0 }));
        assert_eq!(steps(&sent), [("contact", true), ("deal", true), ("note", true)]);
    }
}
