//! The photos of a form, with their captions.

use lead::Photo;

use super::Form;
use super::room::MAX_SIDE_TEXT;
use crate::answer::Value;
use crate::plain;

/// Most photos of a request.
pub(crate) const MAX_PHOTOS: usize = 10;

/// The result of [`Form::add_photo`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddedPhoto {
    /// It is kept; this is the number of photos now.
    Kept(usize),
    Repeated,
    Full,
}

impl Form {
    /// Adds a photo to the step that asks for photos, in the order of the updates that brought them.
    pub(crate) fn add_photo(&mut self, photo: Photo, update_id: i64, caption: Option<&str>) -> AddedPhoto {
        let Some(step) = self.photo_step() else { return AddedPhoto::Full };
        let entry = self.answers.entry(step.id.to_owned()).or_insert(Value::Skipped);
        if !matches!(entry, Value::Photos(_)) {
            *entry = Value::Photos(Vec::new());
            self.photo_updates.clear();
        }
        let Value::Photos(photos) = entry else { return AddedPhoto::Full };
        if photos.iter().any(|known| known.unique_id == photo.unique_id) {
            return AddedPhoto::Repeated;
        }
        if photos.len() >= MAX_PHOTOS {
            return AddedPhoto::Full;
        }
        // Forms of earlier versions have no updates.
        self.photo_updates.resize(photos.len(), i64::MIN);
        let at = self.photo_updates.partition_point(|known| *known < update_id);
        self.photo_updates.insert(at, update_id);
        photos.insert(at, photo);
        let count = photos.len();
        self.keep_caption(caption);
        AddedPhoto::Kept(count)
    }

    /// Keeps the caption of a photo if there is room: answers of full length must still fit.
    fn keep_caption(&mut self, caption: Option<&str>) {
        let caption = plain::cut(plain::cleaned(caption.unwrap_or_default()).trim(), MAX_SIDE_TEXT, usize::MAX);
        if !caption.is_empty() && self.captions.len() < MAX_PHOTOS && self.has_room_for_more(&caption) {
            self.captions.push(caption);
        }
    }

    /// The captions of the photos.
    pub(crate) fn captions(&self) -> &[String] {
        if self.photos().is_empty() { &[] } else { &self.captions }
    }

    pub(crate) fn photos(&self) -> &[Photo] {
        match self.photo_step().and_then(|step| self.answers.get(step.id)) {
            Some(Value::Photos(photos)) => photos,
            _ => &[],
        }
    }

    /// Removes the photos and stays at the step.
    pub(crate) fn clear_photos(&mut self) {
        self.albums.clear();
        self.photo_updates.clear();
        self.captions.clear();
        self.answers.remove(self.step().id);
    }
}
