//! Last stage: photos, from Telegram to the deal. A photo that cannot be had or is not taken stops nothing else; a note
//! then says that it is in the chat.

use std::time::Duration;

use amocrm::{CrmError, note_item, photos_missing_text};
use bytes::Bytes;
use telegram::ApiError;

use crate::Delivery;
use crate::work::{Failed, Work};

/// That there is no such address may be said once by mistake; from this attempt on it is believed.
const NOT_THERE_FROM: u32 = 3;
/// However little of the lease is left, an upload that was begun has this long.
const UPLOAD_AT_LEAST: Duration = Duration::from_secs(20);

/// Why the photos of a lead have to wait.
enum Stopped {
    /// Try again later.
    Wait(Failed),
    /// The lease is nearly over.
    OutOfTime,
}

impl From<CrmError> for Stopped {
    fn from(error: CrmError) -> Self {
        settings::metrics::count("CrmErrors", "kind", error.kind());
        let mut failed = Failed::of(&error);
        if let lead::Trouble::Later { in_doubt, .. } = &mut failed.failure.trouble {
            // Uploads nobody sees, attaching twice and the note that is looked for leave nothing in doubt.
            *in_doubt = false;
        }
        Self::Wait(failed)
    }
}

impl Delivery<'_> {
    pub(crate) async fn photos(&self, works: &mut [Work]) {
        for work in works.iter_mut().filter(|work| work.is_active()) {
            let lead = &work.lead.value;
            let (Some(deal_id), false) = (lead.progress.deal_id, lead.progress.photos_done) else { continue };
            if lead.request.photos.is_empty() {
                continue;
            }
            let before = lead.progress.clone();
            match self.photos_of(work, deal_id).await {
                Ok(()) => work.lead.value.progress.photos_done = true,
                Err(Stopped::Wait(failed)) => work.late = Some(failed),
                Err(Stopped::OutOfTime) => {
                    self.has_time(work);
                }
            }
            if work.is_active() && work.lead.value.progress != before {
                self.checkpoint(work).await;
            }
        }
    }

    async fn photos_of(&self, work: &mut Work, deal_id: u64) -> Result<(), Stopped> {
        self.upload_photos(work).await?;
        if !work.is_active() {
            return Ok(());
        }
        let lead = &work.lead.value;
        let uuids: Vec<String> = lead.progress.files.iter().filter(|uuid| !uuid.is_empty()).cloned().collect();
        let attached = match &uuids[..] {
            [] => false,
            uuids => match self.crm.attach_files(deal_id, uuids).await {
                Ok(()) => true,
                Err(error) => refused(work, error).map(|()| false)?,
            },
        };
        let missing = lead.request.photos.len() - if attached { uuids.len() } else { 0 };
        if missing > 0 {
            self.tell_missing(work, deal_id, missing).await?;
        }
        Ok(())
    }

    /// Uploads the photos not uploaded yet. One that cannot be had or is refused leaves an empty place. Each is stored before
    /// the next one, and before they are attached: an attempt that does not know of it would attach another beside it.
    async fn upload_photos(&self, work: &mut Work) -> Result<(), Stopped> {
        let photos = work.lead.value.request.photos.clone();
        let number = work.id().request_number();
        for (n, photo) in photos.iter().enumerate().skip(work.lead.value.progress.files.len()) {
            let left = work.seconds_left((self.push.clock)());
            let Ok(left) = u64::try_from(left) else { return Err(Stopped::OutOfTime) };
            let content = match self.push.telegram.download(&photo.file_id).await {
                Ok(content) => content,
                Err(error) if error.is_temporary() || error == ApiError::Unauthorized => {
                    return Err(Stopped::Wait(Failed::by_telegram(&error)));
                }
                Err(error) => {
                    tracing::warn!(lead_id = %work.id(), %error, "a photo is gone");
                    work.lead.value.progress.files.push(String::new());
                    continue;
                }
            };
            let (extension, content_type) = kind_of(&content);
            let name = format!("{number}-{}.{extension}", n + 1);
            // A large file goes up in many parts, each of which may take its time.
            let limit = Duration::from_secs(left) + UPLOAD_AT_LEAST;
            let Ok(uploaded) = tokio::time::timeout(limit, self.crm.upload(&name, content_type, content)).await else {
                return Err(Stopped::Wait(Failed::unfinished("a photo takes too long to upload")));
            };
            match uploaded {
                Ok(uuid) => work.lead.value.progress.files.push(uuid),
                Err(error) => {
                    // An account that takes no files at all need not be asked for each.
                    let places = if matches!(error, CrmError::Closed { .. }) { photos.len() } else { n + 1 };
                    refused(work, error)?;
                    work.lead.value.progress.files.resize(places, String::new());
                }
            }
            self.checkpoint(work).await;
            if !work.is_active() || work.lead.value.progress.files.len() == photos.len() {
                break;
            }
        }
        Ok(())
    }

    /// The note about photos that are not there, once.
    async fn tell_missing(&self, work: &Work, deal_id: u64, missing: usize) -> Result<(), CrmError> {
        let text = photos_missing_text(&work.lead.value, missing);
        if self.crm.notes(deal_id).await?.iter().any(|note| note.is(&text)) {
            return Ok(());
        }
        let note = note_item(deal_id, &text, &format!("{}.photos", work.id()));
        match self.crm.create_notes(&[note]).await {
            Ok(_) => Ok(()),
            Err(error) => refused(work, error),
        }
    }
}

/// Logs what the account will never take (no scope, no storage, a refusal); any other error passes.
fn refused(work: &Work, error: CrmError) -> Result<(), CrmError> {
    let is_final = match &error {
        CrmError::Refused(_) | CrmError::Closed { status: 200 | 403, .. } => true,
        CrmError::Closed { status: 404, .. } => work.lead.value.attempts >= NOT_THERE_FROM,
        _ => false,
    };
    if !is_final {
        return Err(error);
    }
    tracing::warn!(lead_id = %work.id(), %error, "the account does not take photos");
    Ok(())
}

/// Extension and type, by how the file begins. Telegram's photos are JPEG; images sent as files may be anything.
fn kind_of(content: &Bytes) -> (&'static str, &'static str) {
    match &content[..] {
        [0x89, b'P', b'N', b'G', ..] => ("png", "image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => ("webp", "image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', ..] => ("heic", "image/heic"),
        _ => ("jpg", "image/jpeg"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_how_they_begin() {
        assert_eq!(kind_of(&Bytes::from_static(b"\x89PNG\r\n")).0, "png");
        assert_eq!(kind_of(&Bytes::from_static(b"RIFF....WEBPVP8 ")).0, "webp");
        assert_eq!(kind_of(&Bytes::from_static(b"\xff\xd8\xff")).0, "jpg");
        assert_eq!(kind_of(&Bytes::new()).0, "jpg");
    }
}
