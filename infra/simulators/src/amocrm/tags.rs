//! `/api/v4/{leads|contacts}/tags`.

use serde_json::json;

use super::call::{Answer, Call};
use super::model::{Kind, Tag};
use super::validation::{self, BATCH_LIMIT, Draft};
use super::world::World;

/// `GET`: `query` is part of a name, `filter[name]` a whole one.
pub(super) fn list(world: &World, call: &Call<'_>, kind: Kind) -> Answer {
    let text = call.query.plain("query").unwrap_or_default().to_lowercase();
    let (ids, names) = (call.query.ids("id"), call.query.texts("name"));
    let found: Vec<&Tag> = world
        .tags
        .values()
        .filter(|tag| tag.kind == kind && tag.name.to_lowercase().contains(&text))
        .filter(|tag| ids.as_ref().is_none_or(|ids| ids.contains(&tag.id)))
        .filter(|tag| names.as_ref().is_none_or(|names| names.contains(&tag.name.as_str())))
        .collect();
    call.query.page(&call.href(), "tags", &found, |tag| json!({"id": tag.id, "name": tag.name, "color": null}))
}

/// `POST`: an existing name answers the existing id.
pub(super) fn create(world: &mut World, call: &Call<'_>, kind: Kind) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| {
        object.only(&["name", "color"], complaints);
        object.required_text("name", complaints)
    })?;
    let written = drafts.iter().map(|Draft { request_id, change: name }| {
        json!({"id": world.tag_named(kind, name), "name": name, "color": null, "request_id": request_id})
    });
    Ok(call.written("tags", written.collect()))
}
