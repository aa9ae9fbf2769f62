//! Photos and voice messages, from Telegram to the deal: work of their own, after the request counts as sent.
//!
//! All photos share one message group, so that one worker at a time has photos, and calls to the file host have a share
//! of the account's rate: however large somebody's files are, other people's deals go out. A photo that cannot be had,
//! or that the account does not take, stops nothing else; a note then says that it is in the chat.

use std::time::Duration;

use amocrm::{Client, CrmError, note_item, photos_missing_text};
use bytes::Bytes;
use delivery::{AdminMessage, Permit, text_of_error};
use lead::{Lead, LeadId, Seconds};
use storage::{SaveError, Versioned};
use telegram::ApiError;
use tokio::time::Instant;

use crate::claimed::LEASE;
use crate::stop::Redeliver;
use crate::{CrmPush, DAY};

/// How long an invocation works on photos. The lease lasts for one more file call and storing the result.
pub(crate) const TIME_FOR_PHOTOS: Duration = Duration::from_secs(75);
/// Photos whose queue message is lost are due again after this many seconds.
pub(crate) const PHOTO_GRACE: Seconds = 120;
/// Bytes of one lead's photos at most. Ten photos from a phone have about half of it.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// "There is no such address" may be a mistake once, and so may a web page in place of a picture. After this many
/// failures it is believed.
const BELIEVED_AFTER: u32 = 2;
/// Extension and type of voice messages: <https://core.telegram.org/bots/api#voice>.
const VOICE: (&str, &str) = ("ogg", "audio/ogg");
/// After this many failures of one lead's photos, more than an hour, the admins are told that photos wait.
const TOLD_AFTER: u32 = 5;

/// Why the photos of a lead are not done.
enum PhotoStop {
    /// Time is up: the rest follows at once.
    OutOfTime,
    Failed(PhotoFailure),
    /// The lead was deleted, or another worker has it.
    Lost,
    StorageDown,
}

/// Something failed for now.
struct PhotoFailure {
    /// For operators.
    reason: String,
    /// For admins.
    text: String,
}

/// A file of the request.
struct File {
    /// As the deal shows it, without an extension.
    name: String,
    /// As Telegram knows it.
    file_id: String,
    content: Content,
}

enum Content {
    Picture,
    Voice,
}

/// The photos of one lead on their way.
struct Photos<'a> {
    function: &'a CrmPush,
    crm: &'a Client,
    lead: Versioned<Lead>,
    deadline: Instant,
    /// No file was begun before: the next one has all of the invocation's time.
    is_first_of_invocation: bool,
    /// The account takes no files at all.
    takes_no_files: bool,
}

impl CrmPush {
    /// Brings the photos of a lead to its deal, as far as they get until `deadline`.
    pub(crate) async fn deliver_photos(
        &self,
        id: LeadId,
        deadline: Instant,
        is_first_of_invocation: bool,
    ) -> Result<(), Redeliver> {
        let Some(mut lead) = self.lead_of_photos(id).await? else { return Ok(()) };
        let now = self.now();
        let Some(crm) = &self.crm else {
            lead.value.finish_photos();
            return self.store_photos(&mut lead).await.map(drop);
        };
        if let Permit::Wait { until } = self.incidents.load().await.permit(now) {
            lead.value.put_photos_back(until);
            return self.store_photos(&mut lead).await.map(drop);
        }
        if !lead.value.claim_photos(now, LEASE) || !self.store_photos(&mut lead).await? {
            return Ok(());
        }
        let mut photos = Photos { function: self, crm, lead, deadline, is_first_of_invocation, takes_no_files: false };
        let result = photos.deliver().await;
        self.close_photos(photos.lead, result).await
    }

    /// Leaves photos to a later invocation.
    pub(crate) async fn requeue_photos_of(&self, id: LeadId) -> Result<(), Redeliver> {
        match self.lead_of_photos(id).await? {
            Some(lead) => self.requeue_photos(lead).await,
            None => Ok(()),
        }
    }

    async fn lead_of_photos(&self, id: LeadId) -> Result<Option<Versioned<Lead>>, Redeliver> {
        let lead = self.leads.get(&id).await.map_err(|error| {
            tracing::error!(lead_id = %id, %error, "a lead cannot be read");
            Redeliver
        })?;
        let now = self.now();
        let is_free = |job: &lead::PhotoJob| job.lease_until <= now;
        Ok(lead.filter(|lead| lead.value.photo_job.as_ref().is_some_and(is_free)))
    }

    async fn close_photos(&self, mut lead: Versioned<Lead>, result: Result<(), PhotoStop>) -> Result<(), Redeliver> {
        let id = lead.value.lead_id;
        match result {
            Ok(()) => {
                lead.value.finish_photos();
                tracing::info!(lead_id = %id, count = lead.value.request.file_count(), "photos are done");
                self.store_photos(&mut lead).await.map(drop)
            }
            Err(PhotoStop::OutOfTime) => self.requeue_photos(lead).await,
            Err(PhotoStop::Failed(failed)) => self.close_failed_photos(lead, failed).await,
            Err(PhotoStop::Lost) => Ok(()),
            Err(PhotoStop::StorageDown) => Err(Redeliver),
        }
    }

    async fn close_failed_photos(&self, mut lead: Versioned<Lead>, failed: PhotoFailure) -> Result<(), Redeliver> {
        let now = self.now();
        let id = lead.value.lead_id;
        tracing::warn!(lead_id = %id, reason = failed.reason, "photos have to wait");
        let is_given_up = !lead.value.fail_photos(&failed.reason, now, self.backoff, rand::random());
        let reason = ("reason", failed.text.into());
        if is_given_up {
            let arguments =
                [("number", id.request_number().into()), reason, ("chat", lead.value.chat_id.to_string().into())];
            let text = self.language.text_with("photos-given-up", arguments);
            // If the admins cannot be told now, the photos stay, and the next attempt gives them up.
            if self.admins.tell(&AdminMessage { key: format!("photos-given-up:{id}"), text }).await {
                lead.value.finish_photos();
            }
        } else if lead.value.photo_job.as_ref().is_some_and(|job| job.failures == TOLD_AFTER) {
            let text = self.language.text_with("photos-wait", [reason]);
            self.admins.tell(&AdminMessage { key: format!("photos-wait:{}", now / DAY), text }).await;
        }
        self.store_photos(&mut lead).await.map(drop)
    }

    async fn requeue_photos(&self, mut lead: Versioned<Lead>) -> Result<(), Redeliver> {
        lead.value.put_photos_back(self.now() + PHOTO_GRACE);
        if self.store_photos(&mut lead).await?
            && let Err(error) = self.queue.enqueue_photos(&lead).await
        {
            tracing::warn!(lead_id = %lead.value.lead_id, %error, "photos wait for the schedule");
        }
        Ok(())
    }

    /// Returns false if the lead was deleted, or another worker has it.
    async fn store_photos(&self, lead: &mut Versioned<Lead>) -> Result<bool, Redeliver> {
        match self.leads.save(lead).await {
            Ok(()) => Ok(true),
            Err(SaveError::Conflict) => Ok(false),
            Err(SaveError::Storage(error)) => {
                tracing::error!(lead_id = %lead.value.lead_id, %error, "a lead cannot be stored");
                Err(Redeliver)
            }
        }
    }
}

impl Photos<'_> {
    async fn deliver(&mut self) -> Result<(), PhotoStop> {
        self.upload().await?;
        let lead = &self.lead.value;
        let Some(deal_id) = lead.progress.deal_id() else { return Ok(()) };
        let uploaded = lead.progress.files.iter().chain(&lead.progress.voice_files);
        let uuids: Vec<String> = uploaded.flatten().cloned().collect();
        let mut attached = 0;
        if !uuids.is_empty() {
            match self.crm.attach_files(deal_id, &uuids).await {
                Ok(()) => attached = uuids.len(),
                Err(error) => self.pass_by_if_final(error).await?,
            }
        }
        let missing = self.lead.value.request.file_count().saturating_sub(attached);
        if missing > 0 { self.note_missing(deal_id, missing).await } else { Ok(()) }
    }

    /// Uploads what is not uploaded yet: photos, then voice messages. One that cannot be had or is refused leaves a
    /// gap. Each is stored before the next one, and before they are attached: an attempt that does not know of it would
    /// attach another beside it.
    async fn upload(&mut self) -> Result<(), PhotoStop> {
        let Lead { request, progress, lead_id, .. } = &self.lead.value;
        let number = lead_id.request_number();
        let photos = request.photos.iter().enumerate().skip(progress.files.len());
        let photos = photos.map(|(n, photo)| File {
            name: format!("{number}-{}", n + 1),
            file_id: photo.file_id.clone(),
            content: Content::Picture,
        });
        let voices = request.voices.iter().enumerate().skip(progress.voice_files.len());
        let voices = voices.map(|(n, voice)| File {
            name: format!("{number}-voice-{}", n + 1),
            file_id: voice.file_id.clone(),
            content: Content::Voice,
        });
        for file in photos.chain(voices).collect::<Vec<_>>() {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(PhotoStop::OutOfTime);
            }
            let is_first = std::mem::take(&mut self.is_first_of_invocation);
            let uuid = match tokio::time::timeout(left, self.transfer(&file)).await {
                Ok(uploaded) => uploaded?,
                // A file that does not fit into all of an invocation's time never will.
                Err(_) if is_first => {
                    tracing::warn!(lead_id = %self.lead.value.lead_id, "a file takes too long to upload");
                    None
                }
                Err(_) => return Err(PhotoStop::OutOfTime),
            };
            let progress = &mut self.lead.value.progress;
            match file.content {
                Content::Picture => progress.files.push(uuid),
                Content::Voice => progress.voice_files.push(uuid),
            }
            self.checkpoint().await?;
        }
        Ok(())
    }

    /// One file, from Telegram to the file host; `None` if it cannot be had or is not taken.
    async fn transfer(&mut self, file: &File) -> Result<Option<String>, PhotoStop> {
        if self.takes_no_files {
            return Ok(None);
        }
        let content = match self.function.telegram.download(&file.file_id).await {
            Ok(content) => content,
            Err(error) if error.is_temporary() || error == ApiError::Unauthorized => {
                return Err(self.unreadable(&format!("a photo cannot be read: {error}")));
            }
            Err(error) => {
                tracing::warn!(lead_id = %self.lead.value.lead_id, %error, "a photo is gone");
                return Ok(None);
            }
        };
        let size = content.len() as u64;
        let uploaded = self.lead.value.photo_job.as_ref().map_or(0, |job| job.bytes);
        if uploaded + size > MAX_BYTES {
            tracing::warn!(lead_id = %self.lead.value.lead_id, size, "a photo is left in the chat: there are too many bytes");
            return Ok(None);
        }
        let kind = match file.content {
            Content::Picture => kind_of_picture(&content),
            Content::Voice => Some(VOICE),
        };
        let Some((extension, content_type)) = kind else {
            if self.failures() < BELIEVED_AFTER {
                return Err(self.unreadable("Telegram has sent something other than a picture"));
            }
            tracing::warn!(lead_id = %self.lead.value.lead_id, size, "a file is left in the chat: it is not a picture");
            return Ok(None);
        };
        match self.crm.upload(&format!("{}.{extension}", file.name), content_type, content).await {
            Ok(uuid) => {
                if let Some(job) = &mut self.lead.value.photo_job {
                    job.bytes += size;
                }
                Ok(Some(uuid))
            }
            Err(error) => {
                // An account that takes no files at all need not be asked for each.
                let takes_no_files = matches!(error, CrmError::Closed { .. });
                self.pass_by_if_final(error).await?;
                self.takes_no_files = takes_no_files;
                Ok(None)
            }
        }
    }

    /// The note about photos that are not there, once.
    async fn note_missing(&self, deal_id: u64, missing: usize) -> Result<(), PhotoStop> {
        let text = photos_missing_text(&self.lead.value, missing, self.function.amocrm_settings.language);
        let notes = self.crm.notes(deal_id).await.map_err(|error| self.failed(&error))?;
        if notes.iter().any(|note| note.is(&text)) {
            return Ok(());
        }
        let note = note_item(deal_id, &text, &format!("{}.photos", self.lead.value.lead_id));
        match self.crm.create_notes(&[note]).await {
            Ok(_) => Ok(()),
            Err(error) => self.pass_by_if_final(error).await,
        }
    }

    /// Passes by what the account will never take; any other error stops the attempt.
    async fn pass_by_if_final(&self, error: CrmError) -> Result<(), PhotoStop> {
        if !self.is_final(&error) {
            return Err(self.failed(&error));
        }
        tracing::warn!(lead_id = %self.lead.value.lead_id, %error, "the account does not take photos");
        if means_no_drive(&error) {
            let text = self.function.language.text("drive-closed");
            self.function.admins.tell(&AdminMessage { key: "drive-closed".to_owned(), text }).await;
        }
        Ok(())
    }

    fn failures(&self) -> u32 {
        self.lead.value.photo_job.as_ref().map_or(0, |job| job.failures)
    }

    /// Telegram does not have the file just now.
    fn unreadable(&self, reason: &str) -> PhotoStop {
        let text = self.function.language.text("photos-error-telegram");
        PhotoStop::Failed(PhotoFailure { reason: reason.to_owned(), text })
    }

    fn is_final(&self, error: &CrmError) -> bool {
        match error {
            CrmError::Refused(_) => true,
            CrmError::Closed { status: 404, .. } => self.failures() >= BELIEVED_AFTER,
            error => means_no_drive(error),
        }
    }

    async fn checkpoint(&mut self) -> Result<(), PhotoStop> {
        match self.function.store_photos(&mut self.lead).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(PhotoStop::Lost),
            Err(Redeliver) => Err(PhotoStop::StorageDown),
        }
    }

    fn failed(&self, error: &CrmError) -> PhotoStop {
        settings::metrics::count("CrmErrors", "kind", error.kind());
        PhotoStop::Failed(PhotoFailure {
            reason: error.to_string(),
            text: text_of_error(error, self.function.language),
        })
    }
}

/// No scope for files, or no file storage: only a person can change that.
const fn means_no_drive(error: &CrmError) -> bool {
    matches!(error, CrmError::Closed { status: 200 | 403, .. })
}

/// Extension and type, by how the file begins; `None` if it is not a picture, whatever its sender has called it.
fn kind_of_picture(content: &Bytes) -> Option<(&'static str, &'static str)> {
    Some(match &content[..] {
        [0xff, 0xd8, 0xff, ..] => ("jpg", "image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => ("png", "image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => ("webp", "image/webp"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => ("avif", "image/avif"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', ..]
        | [_, _, _, _, b'f', b't', b'y', b'p', b'm', b'i', b'f', b'1', ..] => ("heic", "image/heic"),
        [b'G', b'I', b'F', b'8', ..] => ("gif", "image/gif"),
        [b'B', b'M', ..] => ("bmp", "image/bmp"),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => ("tiff", "image/tiff"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_how_they_begin() {
        let extension =
            |content: &'static [u8]| kind_of_picture(&Bytes::from_static(content)).map(|(extension, _)| extension);
        assert_eq!(extension(b"\x89PNG\r\n"), Some("png"));
        assert_eq!(extension(b"RIFF....WEBPVP8 "), Some("webp"));
        assert_eq!(extension(b"\xff\xd8\xff"), Some("jpg"));
        assert_eq!(extension(b"\0\0\0\x18ftypmif1"), Some("heic"));
        for other in [&b"MZ\x90\0"[..], b"%PDF-1.7", b"<svg onload=", b"PK\x03\x04", b""] {
            assert_eq!(extension(other), None, "{other:?}");
        }
    }
}
