//! `/api/v4/tasks`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::card;
use super::model::{Id, Kind, Task};
use super::reply::Reply;
use super::seed;
use super::state::AccountState;
use super::validation::{self, BATCH_LIMIT, Complaints, Draft, Object};

/// What a write call says about a task.
struct TaskChange {
    task_type_id: Option<Id>,
    text: Option<String>,
    complete_till: Option<i64>,
    duration: Option<i64>,
    entity: Option<(Kind, Id)>,
    responsible_user_id: Option<Id>,
    is_completed: Option<bool>,
    result: Option<String>,
    created_by: Option<Id>,
    created_at: Option<i64>,
}

impl TaskChange {
    fn read(state: &AccountState, object: &Object<'_>, complaints: &mut Complaints) -> Self {
        object.only(
            &[
                "id",
                "task_type_id",
                "text",
                "complete_till",
                "duration",
                "entity_id",
                "entity_type",
                "responsible_user_id",
                "is_completed",
                "result",
                "created_by",
                "updated_by",
                "created_at",
                "updated_at",
            ],
            complaints,
        );
        let task_type_id = object.id("task_type_id", complaints);
        if task_type_id.is_some_and(|id| seed::TASK_TYPES.iter().all(|(known, _)| *known != id)) {
            complaints.not_a_choice(object.at("task_type_id"));
        }
        let result = object.object("result", complaints);
        Self {
            task_type_id,
            text: object.text("text", complaints),
            complete_till: object.moment("complete_till", complaints),
            duration: object.integer("duration", complaints),
            entity: read_entity(state, object, complaints),
            responsible_user_id: card::person(state, object, "responsible_user_id", complaints),
            is_completed: object.flag("is_completed", complaints),
            result: result.and_then(|result| result.text("text", complaints)),
            created_by: card::author(state, object, "created_by", complaints),
            created_at: object.moment("created_at", complaints),
        }
    }

    fn apply(self, task: &mut Task, now: i64) {
        task.task_type_id = self.task_type_id.unwrap_or(task.task_type_id);
        task.text = self.text.unwrap_or_else(|| task.text.clone());
        task.complete_till = self.complete_till.unwrap_or(task.complete_till);
        task.duration = self.duration.unwrap_or(task.duration);
        if let Some((kind, id)) = self.entity {
            (task.kind, task.entity_id) = (Some(kind), Some(id));
        }
        task.responsible_user_id = self.responsible_user_id.unwrap_or(task.responsible_user_id);
        task.is_completed = self.is_completed.unwrap_or(task.is_completed);
        task.result = self.result.or(task.result.take());
        task.updated_at = now;
    }
}

/// What the task is about: both keys or neither, and it must exist.
fn read_entity(state: &AccountState, object: &Object<'_>, complaints: &mut Complaints) -> Option<(Kind, Id)> {
    match (object.get("entity_id").is_some(), object.get("entity_type").is_some()) {
        (false, false) => return None,
        (true, false) => complaints.missing(object.at("entity_type")),
        (false, true) => complaints.missing(object.at("entity_id")),
        (true, true) => {
            let id = object.id("entity_id", complaints)?;
            let Some(kind) = Kind::of(&object.text("entity_type", complaints)?) else {
                complaints.not_a_choice(object.at("entity_type"));
                return None;
            };
            if state.card(kind, id).is_some() {
                return Some((kind, id));
            }
            complaints.not_a_choice(object.at("entity_id"));
        }
    }
    None
}

/// `POST /tasks`.
pub(super) fn create(state: &mut AccountState, call: &Call<'_>) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| {
        object.required_text("text", complaints);
        if object.get("complete_till").is_none() {
            complaints.missing(object.at("complete_till"));
        }
        Some(TaskChange::read(state, object, complaints))
    })?;
    let mut written = Vec::with_capacity(drafts.len());
    let now = state.now();
    for Draft { request_id, change } in drafts {
        let mut task = Task {
            id: state.new_id(),
            task_type_id: 1,
            text: String::new(),
            complete_till: 0,
            duration: 0,
            kind: None,
            entity_id: None,
            responsible_user_id: call.caller.user_id,
            is_completed: false,
            result: None,
            created_by: change.created_by.unwrap_or(call.caller.user_id),
            created_at: change.created_at.unwrap_or(now),
            updated_at: 0,
        };
        change.apply(&mut task, now);
        written.push(json!({"id": task.id, "request_id": request_id, "_links": links(task.id, &call.base)}));
        state.put_task(task);
    }
    Ok(call.written("tasks", written))
}

/// `PATCH /tasks/{id}`.
pub(super) fn update(state: &mut AccountState, call: &Call<'_>, id: Id) -> Answer {
    let item = validation::single(call.body)?;
    let Some(mut task) = state.tasks.get(&id).cloned() else {
        return Err(Reply::problem(404, "Task not found"));
    };
    let drafts = validation::drafts(std::slice::from_ref(&item), |object, complaints| {
        Some(TaskChange::read(state, object, complaints))
    })?;
    let now = state.now();
    for Draft { change, .. } in drafts {
        change.apply(&mut task, now);
    }
    state.put_task(task);
    Ok(Reply::ok(&json!({"id": id, "updated_at": now, "_links": links(id, &call.base)})))
}

/// `GET /tasks`.
pub(super) fn list(state: &AccountState, call: &Call<'_>) -> Answer {
    let query = &call.query;
    let (ids, entities, responsible) = (query.ids("id"), query.ids("entity_id"), query.ids("responsible_user_id"));
    let (types, kinds) = (query.ids("task_type"), query.texts("entity_type"));
    let is_completed = query.texts("is_completed").and_then(|values| values.first().map(|value| *value == "1"));
    let updated_at = query.range("updated_at");
    let within = |wanted: &Option<Vec<Id>>, id: Option<Id>| {
        wanted.as_ref().is_none_or(|ids| id.is_some_and(|id| ids.contains(&id)))
    };
    let mut found: Vec<&Task> = state
        .tasks
        .values()
        .filter(|task| within(&ids, Some(task.id)) && within(&entities, task.entity_id))
        .filter(|task| within(&responsible, Some(task.responsible_user_id)) && within(&types, Some(task.task_type_id)))
        .filter(|task| kinds.as_ref().is_none_or(|kinds| task.kind.is_some_and(|kind| kinds.contains(&kind.plural()))))
        .filter(|task| is_completed.is_none_or(|wanted| wanted == task.is_completed))
        .filter(|task| updated_at.contains(&task.updated_at))
        .collect();
    match query.order() {
        Some(("complete_till", false)) => found.sort_by_key(|task| task.complete_till),
        Some(("complete_till", true)) => found.sort_by_key(|task| std::cmp::Reverse(task.complete_till)),
        Some((_, true)) => found.reverse(),
        _ => {}
    }
    query.page(&call.href(), "tasks", &found, |task| render(task, call))
}

fn links(id: Id, base: &str) -> Value {
    json!({"self": {"href": format!("{base}/api/v4/tasks/{id}")}})
}

fn render(task: &Task, call: &Call<'_>) -> Value {
    json!({
        "id": task.id,
        "created_by": task.created_by,
        "updated_by": task.created_by,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "responsible_user_id": task.responsible_user_id,
        "group_id": 0,
        "entity_id": task.entity_id,
        "entity_type": task.kind.map(Kind::plural),
        "duration": task.duration,
        "is_completed": task.is_completed,
        "task_type_id": task.task_type_id,
        "text": task.text,
        // An empty result is an empty list, as PHP writes an empty object.
        "result": task.result.as_ref().map_or_else(|| json!([]), |text| json!({"text": text})),
        "complete_till": task.complete_till,
        "account_id": seed::ACCOUNT_ID,
        "_links": links(task.id, &call.base),
    })
}
