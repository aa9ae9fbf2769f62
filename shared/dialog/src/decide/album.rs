//! Photos, alone or in albums. Telegram delivers each part of an album as an update of its own. An album may also have
//! videos, which the bot does not accept.

use lead::{Photo, Seconds};

use super::message::{hint_expected, name_of};
use super::question;
use super::turn::Turn;
use crate::form::{AddedPhoto, Form, MAX_PHOTOS, View};
use crate::place::MenuGreeting;
use crate::questionnaire::Kind;
use crate::{Conversation, Input, Unsupported, Verdict, plain};

/// Longest ids of a file that are stored, in bytes. Telegram's have about a hundred.
pub(super) const MAX_IDS: usize = 180;

pub(super) fn photo(mut turn: Turn<'_>, photo: Photo, album: Option<&str>, caption: Option<&str>) -> Verdict {
    if turn.next.hinted_albums.contains(album) {
        return turn.store(Vec::new());
    }
    if photo.file_id.len() + photo.unique_id.len() > MAX_IDS {
        return hint_expected(turn, Some("got-other"));
    }
    let update_id = turn.event.update_id;
    let is_uncovered = turn.next.question.is_none();
    let language = turn.language();
    let Some(form) = turn.next.form_mut() else {
        return if is_uncovered { unasked(turn, album) } else { misplaced(turn, album, None) };
    };
    // Later photos of a known album are kept silently, even if the customer has gone on to another question.
    if form.albums.contains(album) {
        form.add_photo(photo, update_id, caption);
        return turn.store(Vec::new());
    }
    if !(is_uncovered && asks_for_photos(form)) {
        return misplaced(turn, album, Some("got-photo"));
    }
    form.albums.add(album);
    let notice = match form.add_photo(photo, update_id, caption) {
        AddedPhoto::Full => language.text("photos-full"),
        // Nobody knows how many more will come. They are sure to fit only if there were none before.
        AddedPhoto::Kept(2..) if album.is_some() => language.text("photos-album-more"),
        AddedPhoto::Kept(_) | AddedPhoto::Repeated if album.is_some() => language.text("photos-album"),
        AddedPhoto::Repeated => language.text("photos-repeated"),
        AddedPhoto::Kept(count) => language.text_with(
            "photos-taken",
            [("count", count.into()), ("max", MAX_PHOTOS.into()), ("left", (MAX_PHOTOS - count).into())],
        ),
    };
    turn.hint(notice)
}

/// Whether a caption outside any dialog is a free question. Only one caption of an album is.
pub(super) fn is_question(turn: &Turn<'_>, input: &Input) -> bool {
    let is_outside = turn.next.form().is_none() && turn.next.question.is_none();
    let has_words = input.words().is_some_and(|words| !plain::cleaned(words).trim().is_empty());
    is_outside && has_words && !turn.next.asked_albums.contains(input.album())
}

/// A caption that is a free question. The rest of its album gets no reply.
pub(super) fn asked(mut turn: Turn<'_>, input: &Input) -> Verdict {
    turn.next.asked_albums.add(input.album());
    turn.next.hinted_albums.add(input.album());
    question::asked(turn, input.words().unwrap_or_default())
}

/// Something the bot does not accept. An album gets one reply for all of it, and its photos are still kept.
pub(super) fn unsupported(mut turn: Turn<'_>, kind: Unsupported, album: Option<&str>) -> Verdict {
    if turn.next.hinted_albums.contains(album) {
        return turn.store(Vec::new());
    }
    let is_uncovered = turn.next.question.is_none();
    if let Some(form) = turn.next.form_mut() {
        if form.albums.contains(album) {
            return turn.store(Vec::new());
        }
        if album.is_some() && is_uncovered && asks_for_photos(form) {
            form.albums.add(album);
            let advice = (kind == Unsupported::LargeImage).then_some("got-large-image.as-photo");
            let ids = [Some(name_of(kind)), advice, Some("photos-of-album")].into_iter().flatten();
            let notice = ids.map(|id| turn.text(id)).collect::<Vec<_>>().join(" ");
            return turn.hint(notice);
        }
    }
    misplaced(turn, album, Some(name_of(kind)))
}

/// Whether photos are asked for, and this one is new and fits.
pub(super) fn has_room_for(conversation: &Conversation, unique_id: &str, now: Seconds) -> bool {
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

/// A photo outside any dialog: says where it belongs. An album gets one reply.
fn unasked(mut turn: Turn<'_>, album: Option<&str>) -> Verdict {
    turn.next.hinted_albums.add(album);
    let notice = turn.text("photos-unasked");
    turn.set_notice(notice);
    turn.open_menu(MenuGreeting::Plain)
}

/// Hints that photos are not asked for now. An album gets one hint.
fn misplaced(mut turn: Turn<'_>, album: Option<&str>, got: Option<&str>) -> Verdict {
    turn.next.hinted_albums.add(album);
    hint_expected(turn, got)
}
