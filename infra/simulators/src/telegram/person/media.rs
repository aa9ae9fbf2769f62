//! What customers send besides text.

use bytes::Bytes;

use super::{Person, PersonError};
use crate::fault::now_ms;
use crate::telegram::message::{Content, Size};
use crate::telegram::state::State;
use crate::telegram::{delivery, files};

/// The smallest JPEG there is: what the small sizes of every photo hold, so that a bot that fetches the wrong size is
/// found out.
const THUMBNAIL: &[u8] =
    &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xd9];

/// Width and height of a photo from a camera.
const CAMERA: (u32, u32) = (1280, 960);

/// A photo as small as a JPEG gets; `n` makes it a different one.
#[must_use]
pub fn photo(n: u8) -> Bytes {
    vec![0xff, 0xd8, 0xff, 0xe0, n, 0xff, 0xd9].into()
}

/// Something of a customer's gallery or disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media {
    /// A photo, a JPEG, as the app has compressed it.
    Photo(Bytes),
    /// A video.
    Video(Bytes),
    /// Anything as a file, which Telegram leaves as it is.
    File {
        /// Its name on the disk.
        name: String,
        /// What is in it.
        bytes: Bytes,
    },
}

impl Media {
    fn into_content(self, state: &mut State, caption: Option<String>) -> Content {
        match self {
            Self::Photo(jpeg) => {
                Content::Photo { sizes: photo_sizes(state, jpeg, CAMERA), caption, entities: Vec::new() }
            }
            Self::Video(bytes) => Content::Video {
                file: state.add_file("videos", "mp4", "video/mp4", bytes),
                duration: 5,
                caption,
                entities: Vec::new(),
            },
            Self::File { name, bytes } => {
                let extension = files::extension(&name);
                let mime = files::media_type(&name);
                let file = state.add_file("documents", &extension, mime, bytes);
                Content::Document { file, name, mime: Some(mime.to_owned()), caption, entities: Vec::new() }
            }
        }
    }
}

impl Person {
    /// Sends a photo, a JPEG.
    pub fn send_photo(&self, jpeg: impl Into<Bytes>, caption: Option<&str>) -> Result<i64, PersonError> {
        let (jpeg, caption) = (jpeg.into(), caption.map(str::to_owned));
        self.send(None, |state| Media::Photo(jpeg).into_content(state, caption))
    }

    /// Sends photos as an album.
    pub fn send_album(&self, jpegs: Vec<Bytes>) -> Result<Vec<i64>, PersonError> {
        self.send_media(jpegs.into_iter().map(Media::Photo).collect(), None)
    }

    /// Sends what was chosen together: one update for each, all at once, sharing a `media_group_id` where there are
    /// several; the caption comes with the first. Telegram's apps put up to ten into one album, photos and videos
    /// together, files with files only.
    pub fn send_media(&self, media: Vec<Media>, caption: Option<&str>) -> Result<Vec<i64>, PersonError> {
        let album = (media.len() > 1).then(|| format!("1{:016}", now_ms() * 1000 + u64::from(rand::random::<u8>())));
        let mut caption = caption.map(str::to_owned);
        let mut updates = Vec::new();
        for part in media {
            let caption = caption.take();
            updates.push(self.write(album.clone(), |state| part.into_content(state, caption))?);
        }
        Ok(updates.into_iter().map(|update| delivery::emit(self.model(), update)).collect())
    }

    /// Sends a JPEG as a file, which Telegram leaves as it is.
    pub fn send_document_image(&self, jpeg: impl Into<Bytes>) -> Result<i64, PersonError> {
        self.send_document(jpeg, "IMG_2041.jpg")
    }

    /// Sends a file; its media type is what its name says.
    pub fn send_document(&self, bytes: impl Into<Bytes>, name: &str) -> Result<i64, PersonError> {
        let file = Media::File { name: name.to_owned(), bytes: bytes.into() };
        self.send(None, |state| file.into_content(state, None))
    }

    /// Sends a file of which the app says this media type, or none.
    pub fn send_document_as(
        &self,
        bytes: impl Into<Bytes>,
        name: &str,
        mime: Option<&str>,
    ) -> Result<i64, PersonError> {
        let bytes = bytes.into();
        self.send(None, |state| {
            let stored = mime.unwrap_or("application/octet-stream");
            let file = state.add_file("documents", &files::extension(name), stored, bytes);
            Content::Document {
                file,
                name: name.to_owned(),
                mime: mime.map(str::to_owned),
                caption: None,
                entities: Vec::new(),
            }
        })
    }

    /// Sends a sticker.
    pub fn send_sticker(&self) -> Result<i64, PersonError> {
        self.send(None, |state| Content::Sticker {
            file: state.add_file("stickers", "tgs", "application/x-tgsticker", Bytes::from_static(b"sticker")),
            emoji: "👍".to_owned(),
        })
    }

    /// Sends a voice message, an Ogg of this length in seconds.
    pub fn send_voice(&self, ogg: impl Into<Bytes>, seconds: u32) -> Result<i64, PersonError> {
        let ogg = ogg.into();
        let file = move |state: &mut State| state.add_file("voice", "oga", "audio/ogg", ogg);
        self.send(None, |state| Content::Voice {
            file: file(state),
            duration: seconds,
            caption: None,
            entities: Vec::new(),
        })
    }
}

/// Keeps a picture with these sides in the sizes that Telegram makes of it.
pub(in crate::telegram) fn photo_sizes(state: &mut State, picture: Bytes, (width, height): (u32, u32)) -> Vec<Size> {
    let small = Bytes::from_static(THUMBNAIL);
    [(90, 67, small.clone()), (320, 240, small), (width, height, picture)]
        .map(|(width, height, bytes)| {
            let (extension, mime) = files::picture_type(&bytes);
            Size { file: state.add_file("photos", extension, mime, bytes), width, height }
        })
        .into()
}
