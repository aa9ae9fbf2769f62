//! Photos, alone or in albums: Telegram delivers each part of an album as an update of its own. Albums mix photos with
//! videos, which the bot does not take.

use lead::{Photo, Seconds};

use super::message::{expect, name_of};
use super::question;
use super::turn::Turn;
use crate::form::{Added, Form, MAX_PHOTOS, View};
use crate::questionnaire::Kind;
use crate::{Conversation, Input, Unsupported, Verdict, plain, texts};

/// Longest ids that are stored, in bytes together; Telegram's have about a hundred.
const MAX_IDS: usize = 180;

pub(super) fn photo(mut turn: Turn<'_>, photo: Photo, album: Option<&str>, caption: Option<&str>) -> Verdict {
    if turn.next.hinted_albums.know(album) {
        return turn.store(Vec::new());
    }
    if photo.file_id.len() + photo.unique_id.len() > MAX_IDS {
        return expect(turn, Some("got-other"));
    }
    let update_id = turn.event.update_id;
    let is_front = turn.next.question.is_none();
    let Some(form) = turn.next.form_mut() else { return misplaced(turn, album, None) };
    // The rest of an album counts even if the customer has gone on meanwhile, and the first one's reply stands for all.
    if form.albums.know(album) {
        form.add_photo(photo, update_id, caption);
        return turn.store(Vec::new());
    }
    if !(is_front && asks_for_photos(form)) {
        return misplaced(turn, album, Some("got-photo"));
    }
    form.albums.note(album);
    let notice = match form.add_photo(photo, update_id, caption) {
        Added::Full => texts::get("photos-full"),
        // How many there are to come, nobody knows; they fit for sure if none were there before.
        Added::Kept(2..) if album.is_some() => texts::get("photos-album-more"),
        Added::Kept(_) | Added::Repeated if album.is_some() => texts::get("photos-album"),
        Added::Repeated => texts::get("photos-repeated"),
        Added::Kept(count) => texts::with(
            "photos-taken",
            [("count", count.into()), ("max", MAX_PHOTOS.into()), ("left", (MAX_PHOTOS - count).into())],
        ),
    };
    turn.hint(notice)
}

/// Whether it is a free question: what is written under something that nobody asked for. Of an album, one caption is.
pub(super) fn is_question(turn: &Turn<'_>, input: &Input) -> bool {
    let is_outside = turn.next.form().is_none() && turn.next.question.is_none();
    let has_words = input.words().is_some_and(|words| !plain::cleaned(words).trim().is_empty());
    is_outside && has_words && !turn.next.asked_albums.know(input.album())
}

/// A caption that is a free question: it is answered like one, and the rest of its album gets no word.
pub(super) fn asked(mut turn: Turn<'_>, input: &Input) -> Verdict {
    turn.next.asked_albums.note(input.album());
    turn.next.hinted_albums.note(input.album());
    question::asked(turn, input.words().unwrap_or_default())
}

/// What the bot does not take. In an album it gets one word for all of its kind, and keeps no photo from being kept.
pub(super) fn unsupported(mut turn: Turn<'_>, kind: Unsupported, album: Option<&str>) -> Verdict {
    if turn.next.hinted_albums.know(album) {
        return turn.store(Vec::new());
    }
    let is_front = turn.next.question.is_none();
    if let Some(form) = turn.next.form_mut() {
        if form.albums.know(album) {
            return turn.store(Vec::new());
        }
        if album.is_some() && is_front && asks_for_photos(form) {
            form.albums.note(album);
            let advice = (kind == Unsupported::LargeImage).then_some("got-large-image.as-photo");
            let told = [Some(name_of(kind)), advice, Some("photos-of-album")].into_iter().flatten().map(texts::get);
            return turn.hint(told.collect::<Vec<_>>().join(" "));
        }
    }
    misplaced(turn, album, Some(name_of(kind)))
}

/// Whether photos are asked for, and this one fits in and is not there already: so many there can be, and no more.
pub(super) fn takes(conversation: &Conversation, unique_id: &str, now: Seconds) -> bool {
    let fits = |form: &Form| {
        let photos = form.photos();
        let is_new = photos.iter().all(|photo| photo.unique_id != unique_id);
        is_new && photos.len() < MAX_PHOTOS && asks_for_photos(form)
    };
    conversation.is_live(now) && conversation.question.is_none() && conversation.form().is_some_and(fits)
}

fn asks_for_photos(form: &Form) -> bool {
    form.view == View::Step && form.step().kind == Kind::Photos
}

/// Nobody asked for it; an album is told so once.
fn misplaced(mut turn: Turn<'_>, album: Option<&str>, got: Option<&str>) -> Verdict {
    turn.next.hinted_albums.note(album);
    expect(turn, got)
}
