//! What a question is about: its subjects, and what is asked about them.

use strsim::osa_distance;
use values::sound;

use crate::stem::stem;
use crate::vocabulary::{GroupId, VOCABULARY};

/// At most this many words of a question count.
const MAX_WORDS: usize = 40;
/// How much a word in no group of the vocabulary matters.
const UNKNOWN_WORD: f32 = 0.6;
/// From this many letters on, a slip in a word of no group is forgiven.
const SHORTEST_TYPO: usize = 6;

/// One meaning in a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Notion {
    Group(GroupId),
    /// A word in no group, without its ending.
    Word {
        stem: String,
        sound: String,
    },
}

impl Notion {
    /// How much it matters that a question and a fact share it, 0..1.
    pub(crate) fn weight(&self) -> f32 {
        match self {
            Self::Group(id) => VOCABULARY.group(*id).weight,
            Self::Word { .. } => UNKNOWN_WORD,
        }
    }

    /// Whether it is what is asked about a subject: its price, its place, its time.
    pub(crate) fn is_aspect(&self) -> bool {
        matches!(self, Self::Group(id) if VOCABULARY.group(*id).is_aspect)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Group(one), Self::Group(other)) => one == other,
            (Self::Word { stem: one, sound }, Self::Word { stem: other, sound: other_sound }) => {
                let (length, other_length) = (one.chars().count(), other.chars().count());
                let is_slip = || length.min(other_length) >= SHORTEST_TYPO && osa_distance(sound, other_sound) <= 1;
                sound == other_sound || begin_alike(one, other, length.max(other_length)) || is_slip()
            }
            _ => false,
        }
    }
}

/// Whether two stems begin alike for most of the longer one: «тонируете», «тонировка».
fn begin_alike(one: &str, other: &str, longer: usize) -> bool {
    let shared = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    (shared >= 4 && shared * 10 >= longer * 6) || (shared >= 6 && shared * 2 >= longer)
}

/// What is asked about a subject that `answer` says: its price, how long it takes.
pub(crate) fn aspects_told(answer: &str) -> Vec<Notion> {
    let price = (answer.contains('₽') || answer.contains("руб") || answer.contains("бесплатн")).then_some("price");
    let times = ["минут", "час", "дня", "дней", "недел", "месяц"];
    let long = times.iter().any(|time| answer.contains(time)).then_some("long");
    price.into_iter().chain(long).filter_map(|name| VOCABULARY.id(name)).map(Notion::Group).collect()
}

/// What `text` is about, each meaning once.
pub(crate) fn notions(text: &str) -> Vec<Notion> {
    let mut notions: Vec<Notion> = Vec::new();
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.contains(char::is_alphabetic));
    for notion in words.take(MAX_WORDS).filter_map(notion) {
        if !notions.iter().any(|known| known.is_same(&notion)) {
            notions.push(notion);
        }
    }
    settle_how_many(&mut notions);
    notions
}

fn notion(word: &str) -> Option<Notion> {
    let letters = sound::letters(word);
    match VOCABULARY.find(&letters) {
        Some(id) => Some(Notion::Group(id)).filter(|notion| notion.weight() > 0.0),
        None => {
            let stem = stem(&letters).to_owned();
            Some(Notion::Word { sound: sound::of_letters(&stem), stem })
        }
    }
}

/// «Сколько» asks for a price unless the question asks for a time: «во сколько откроетесь», «сколько длится».
fn settle_how_many(notions: &mut Vec<Notion>) {
    let named = |notion: &Notion, name: &str| matches!(notion, Notion::Group(id) if VOCABULARY.group(*id).name == name);
    let Some(at) = notions.iter().position(|notion| named(notion, "many")) else { return };
    let is_settled = notions.iter().any(|notion| ["hours", "long", "price"].iter().any(|name| named(notion, name)));
    match VOCABULARY.id("price").filter(|_| !is_settled) {
        Some(price) => notions[at] = Notion::Group(price),
        None => drop(notions.remove(at)),
    }
}
