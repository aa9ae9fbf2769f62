//! How much text fits a form, and what is stored beside its answers only where there is room.

use values::Typed;

use super::Form;
use super::spoken::Spoken;
use crate::answer::Value;
use crate::plain;
use crate::questionnaire::{Parser, Step};

/// Longest caption or question that is stored beside the answers, in characters. Telegram allows captions of 1024.
pub(super) const MAX_SIDE_TEXT: usize = 300;

/// Most free questions that a form keeps for the manager.
const MAX_QUESTIONS: usize = 5;

/// Most bytes of text in a form, which keeps the stored conversation below 8 KB. Three answers of a thousand Cyrillic
/// letters and a name fit.
const MAX_TEXT: usize = 6_360;

/// The part of it that is reserved for the ids of photos in a questionnaire that asks for photos.
const FOR_PHOTOS: usize = 2_100;

/// Bytes of a Cyrillic letter.
const LETTER: usize = 2;

/// Bytes of an answer that is long, but not the longest.
const USUAL_ANSWER: usize = 300 * LETTER;

impl Form {
    /// Keeps a free question for the manager, if there is room: answers of full length must still fit.
    pub(crate) fn note_question(&mut self, question: &str) -> bool {
        let question = plain::cut(plain::cleaned(question).trim(), MAX_SIDE_TEXT, usize::MAX);
        let is_kept = self.preface.len() < MAX_QUESTIONS && self.has_room_for_more(&question);
        if is_kept {
            self.preface.push(question);
        }
        is_kept
    }

    /// Leaves room for text that the conversation has besides the form, in bytes.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.reserved = bytes;
    }

    /// Whether there is room for the answer to a step among the other answers. A doubtful one does not replace the old
    /// one yet.
    pub(crate) fn has_room_for(&self, answered: &Step, read: &Typed<Value>) -> bool {
        let is_replaced = |step: &Step| step.id == answered.id && read.doubt.is_none();
        let others = |step: &Step| if is_replaced(step) { 0 } else { self.size_of(step) };
        let size = read.value.stored_len() + read.remark.as_deref().map_or(0, plain::stored_len);
        size == 0 || size <= self.room_beside(others)
    }

    /// Bytes left for text if the answer of each step takes `size_of` bytes.
    fn room_beside(&self, size_of: impl Fn(&Step) -> usize) -> usize {
        let steps = self.branch.steps;
        let unconfirmed = self.unconfirmed.iter().filter_map(|unconfirmed| unconfirmed.remark.as_ref());
        let texts = self.preface.iter().chain(&self.captions).chain(&self.first_name).chain(unconfirmed);
        let besides = texts.map(|text| plain::stored_len(text)).chain(self.spoken.iter().map(Spoken::stored_len));
        let taken: usize = steps.iter().map(size_of).chain(besides).sum();
        let for_photos = if self.photo_step().is_some() { FOR_PHOTOS } else { 0 };
        (MAX_TEXT - for_photos).saturating_sub(taken + self.reserved)
    }

    /// Bytes of text in the answer of a step.
    fn size_of(&self, step: &Step) -> usize {
        self.answers.get(step.id).map_or(0, Value::stored_len) + self.remark(step).map_or(0, plain::stored_len)
    }

    /// Whether a text beside the answers fits, with answers of full length to all steps to come.
    pub(super) fn has_room_for_more(&self, text: &str) -> bool {
        self.fits_beside_answers_of(usize::MAX, plain::stored_len(text))
    }

    /// Whether a voice message of this size fits, with answers of usual length to all steps to come. A dealer wants the
    /// sound more than room for answers that hardly anybody types.
    pub(super) fn has_room_for_voice(&self, bytes: usize) -> bool {
        self.fits_beside_answers_of(USUAL_ANSWER, bytes)
    }

    fn fits_beside_answers_of(&self, longest_to_come: usize, bytes: usize) -> bool {
        let to_come = |step: &Step| {
            let longest = match step.parser() {
                Some(Parser::Text { max }) => max * LETTER,
                Some(Parser::Name) => values::name::MAX_CHARS * LETTER,
                _ => 0,
            };
            longest.min(longest_to_come).max(self.size_of(step))
        };
        bytes <= self.room_beside(to_come)
    }
}
