//! `/api/v4/leads/pipelines` and their stages. Writing needs an administrator.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::model::{Id, LOST, Pipeline, Stage, WON};
use super::seed;
use super::state::AccountState;
use super::validation::{self, BATCH_LIMIT, Complaints, Draft, Object};

/// A stage as a write call describes it; 142 and 143 are only renamed.
struct NewStage {
    closing: Option<Id>,
    name: String,
    sort: Option<i64>,
    color: String,
}

/// `GET /leads/pipelines`.
pub(super) fn list(state: &AccountState, call: &Call<'_>) -> Answer {
    let pipelines: Vec<&Pipeline> = state.pipelines.values().collect();
    call.query.page(&call.href(), "pipelines", &pipelines, |pipeline| render(pipeline))
}

/// `POST /leads/pipelines`: the inbox, «won» and «lost» come by themselves.
pub(super) fn create(state: &mut AccountState, call: &Call<'_>) -> Answer {
    call.needs_admin()?;
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| {
        object.only(&["name", "sort", "is_main", "is_unsorted_on", "_embedded"], complaints);
        let stages = object.object("_embedded", complaints).map(|embedded| {
            embedded.only(&["statuses"], complaints);
            embedded.objects("statuses", complaints).iter().filter_map(|entry| read_stage(entry, complaints)).collect()
        });
        Some((
            object.required_text("name", complaints)?,
            object.integer("sort", complaints),
            object.flag("is_main", complaints).unwrap_or(false),
            object.flag("is_unsorted_on", complaints).unwrap_or(true),
            stages.unwrap_or_else(Vec::new),
        ))
    })?;
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { request_id, change: (name, sort, is_main, is_unsorted_on, stages) } in drafts {
        let id = state.new_id();
        let mut statuses = vec![seed::inbox(state.new_id())];
        statuses.extend(seed::closing_stages());
        let sort = sort.unwrap_or(100);
        let mut pipeline = Pipeline { id, name, sort, is_main, is_unsorted_on, statuses };
        add_stages(state, &mut pipeline, stages);
        if is_main {
            let others: Vec<Pipeline> = state.pipelines.values().filter(|other| other.is_main).cloned().collect();
            others.into_iter().for_each(|other| state.put_pipeline(Pipeline { is_main: false, ..other }));
        }
        let mut shown = render(&pipeline);
        shown["request_id"] = json!(request_id);
        written.push(shown);
        state.put_pipeline(pipeline);
    }
    Ok(call.written("pipelines", written))
}

fn read_stage(object: &Object<'_>, complaints: &mut Complaints) -> Option<NewStage> {
    object.only(&["id", "name", "sort", "color"], complaints);
    let closing = object.id("id", complaints);
    if closing.is_some_and(|id| !matches!(id, WON | LOST)) {
        complaints.not_a_choice(object.at("id"));
    }
    let color = object.text("color", complaints);
    if color.as_deref().is_some_and(|color| !seed::COLORS.contains(&color)) {
        complaints.not_a_choice(object.at("color"));
    }
    Some(NewStage {
        closing,
        name: object.required_text("name", complaints)?,
        sort: object.integer("sort", complaints),
        color: color.unwrap_or_else(|| seed::COLORS[0].to_owned()),
    })
}

/// Adds or renames stages.
fn add_stages(state: &mut AccountState, pipeline: &mut Pipeline, stages: Vec<NewStage>) {
    for (new, place) in stages.into_iter().zip(2..) {
        let closing = pipeline.statuses.iter_mut().find(|stage| new.closing == Some(stage.id));
        if let Some(stage) = closing {
            stage.name = new.name;
            continue;
        }
        let sort = new.sort.unwrap_or(place * 10);
        pipeline.statuses.push(Stage { id: state.new_id(), name: new.name, sort, color: new.color, is_inbox: false });
    }
    pipeline.statuses.sort_by_key(|stage| (!stage.is_inbox, matches!(stage.id, WON | LOST), stage.sort));
}

fn render(pipeline: &Pipeline) -> Value {
    let statuses: Vec<Value> = pipeline.statuses.iter().map(|stage| render_stage(pipeline.id, stage)).collect();
    json!({
        "id": pipeline.id,
        "name": pipeline.name,
        "sort": pipeline.sort,
        "is_main": pipeline.is_main,
        "is_unsorted_on": pipeline.is_unsorted_on,
        "is_archive": false,
        "account_id": seed::ACCOUNT_ID,
        "_embedded": {"statuses": statuses},
    })
}

fn render_stage(pipeline: Id, stage: &Stage) -> Value {
    json!({
        "id": stage.id,
        "name": stage.name,
        "sort": stage.sort,
        "is_editable": !stage.is_inbox && !matches!(stage.id, WON | LOST),
        "pipeline_id": pipeline,
        "color": stage.color,
        "type": i32::from(stage.is_inbox),
        "account_id": seed::ACCOUNT_ID,
    })
}
