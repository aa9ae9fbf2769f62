//! The drive: files are uploaded in parts through a session, then attached to a deal on the account's host.

use serde_json::{Value, json};

use super::account::DRIVE;
use super::call::{Answer, Call};
use super::model::{Id, StoredFile};
use super::oauth::secret;
use super::reply::Reply;
use super::state::AccountState;
use super::validation::{self, BATCH_LIMIT};

/// The largest file, in bytes.
const MAX_FILE_SIZE: u64 = 300 * 1024 * 1024;

/// An upload under way. Each part has its own address, which the answer before it gave.
pub(super) struct Upload {
    session_id: Id,
    name: String,
    content_type: String,
    size: u64,
    received: Vec<u8>,
}

/// `POST {drive}/v1.0/sessions`.
pub(super) fn open_session(state: &mut AccountState, call: &Call<'_>) -> Answer {
    call.needs_drive()?;
    let item = validation::single(call.body)?;
    let mut drafts = validation::drafts(std::slice::from_ref(&item), |object, complaints| {
        object.only(&["file_name", "file_size", "content_type", "with_preview", "file_uuid"], complaints);
        let size = object.id("file_size", complaints);
        if size.is_none_or(|size| size == 0) {
            complaints.missing(object.at("file_size"));
        } else if size.is_some_and(|size| size > MAX_FILE_SIZE) {
            complaints.too_long(object.at("file_size"));
        }
        Some((object.required_text("file_name", complaints)?, size?, object.text("content_type", complaints)))
    })?;
    let Some(draft) = drafts.pop() else { return Err(Reply::problem(400, "Request body must not be empty")) };
    let (name, size, content_type) = draft.change;
    let session_id = state.new_id();
    let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let upload = Upload { session_id, name, content_type, size, received: Vec::new() };
    let part = secret(32);
    state.uploads.insert(part.clone(), upload);
    Ok(Reply::ok(&json!({
        "session_id": session_id,
        "upload_url": part_url(call, &part),
        "max_part_size": state.options.max_part_size,
        "max_file_size": MAX_FILE_SIZE,
    })))
}

/// `POST` of raw bytes to the address that the session, or the part before, has given.
pub(super) fn receive_part(state: &mut AccountState, call: &Call<'_>, part: &str) -> Answer {
    call.needs_drive()?;
    let Some(upload) = state.uploads.get(part) else { return Err(Reply::problem(404, "Upload session not found")) };
    let received = (upload.received.len() + call.body.len()) as u64;
    if call.body.is_empty() || call.body.len() > state.options.max_part_size {
        return Err(Reply::problem(400, "Invalid part size"));
    }
    if received > upload.size {
        return Err(Reply::problem(400, "File is larger than announced"));
    }
    let Some(mut upload) = state.uploads.remove(part) else {
        return Err(Reply::problem(404, "Upload session not found"));
    };
    upload.received.extend_from_slice(call.body);
    if received < upload.size {
        let next = secret(32);
        let answer = json!({"session_id": upload.session_id, "next_url": part_url(call, &next)});
        state.uploads.insert(next, upload);
        return Ok(Reply::ok(&answer));
    }
    let file = StoredFile {
        uuid: uuid(),
        version_uuid: uuid(),
        name: upload.name,
        content_type: upload.content_type,
        size: upload.size,
        created_at: state.now(),
    };
    let shown = render(&file, &call.base);
    state.put_file(file, upload.received).map_err(|_| Reply::problem(500, "The file could not be stored"))?;
    Ok(Reply::ok(&shown))
}

fn part_url(call: &Call<'_>, part: &str) -> String {
    format!("{}/{DRIVE}/v1.0/sessions/upload/{part}", call.base)
}

/// `GET {drive}/download/{uuid}/{name}`: the address is the secret, no token is asked for.
pub(super) fn download(state: &AccountState, uuid: &str) -> Reply {
    let found = state.files.get(uuid).and_then(|file| Some((file, state.file_bytes(uuid)?)));
    found.map_or_else(|| Reply::problem(404, "File not found"), |(file, bytes)| Reply::file(&file.content_type, bytes))
}

/// Path and query of a file's download, after the host.
pub(super) fn download_path(file: &StoredFile) -> String {
    let name: String = url::form_urlencoded::byte_serialize(file.name.as_bytes()).collect();
    format!("/{DRIVE}/download/{}/{name}", file.uuid)
}

/// `PUT /leads/{id}/files`: answers without a body.
pub(super) fn attach(state: &mut AccountState, call: &Call<'_>, id: Id) -> Answer {
    call.needs_drive()?;
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let Some(mut lead) = state.leads.get(&id).cloned() else { return Err(Reply::problem(404, "Lead not found")) };
    let drafts = validation::drafts(&items, |object, complaints| {
        object.only(&["file_uuid"], complaints);
        let uuid = object.required_text("file_uuid", complaints)?;
        if !state.files.contains_key(&uuid) {
            complaints.not_a_choice(object.at("file_uuid"));
        }
        Some(uuid)
    })?;
    for draft in drafts {
        if !lead.files.contains(&draft.change) {
            lead.files.push(draft.change);
        }
    }
    state.put_lead(lead);
    Ok(Reply::silent())
}

fn render(file: &StoredFile, base: &str) -> Value {
    json!({
        "uuid": file.uuid,
        "version_uuid": file.version_uuid,
        "name": file.name,
        "size": file.size,
        "type": if file.content_type.starts_with("image/") { "image" } else { "file" },
        "created_at": file.created_at,
        "metadata": {"mime_type": file.content_type},
        "_links": {"download": {"href": format!("{base}{}", download_path(file))}},
    })
}

/// A random id in the shape of a UUID.
fn uuid() -> String {
    let digits = secret(32);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
