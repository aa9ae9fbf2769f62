//! What words mean: the groups of `vocabulary.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use strsim::osa_distance;
use values::sound;

/// A test reads the file, so the fallback to an empty vocabulary never happens.
pub(crate) static VOCABULARY: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::parse(include_str!("vocabulary.txt")).unwrap_or_default());

/// Shorter entries are not recognised by their sound.
const SHORTEST_SOUND: usize = 5;
/// Entries with a shorter sound are not recognised with a slip.
const SHORTEST_TYPO: usize = 6;

/// Words with one meaning, and how much they matter, 0..1.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) weight: f32,
    /// It is what is asked about a subject, not a subject.
    pub(crate) is_aspect: bool,
}

/// Index of a group.
pub(crate) type GroupId = usize;

#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    groups: Vec<Group>,
    /// As they are written.
    words: HashMap<String, GroupId>,
    /// Beginnings of words.
    stems: HashMap<String, GroupId>,
    /// The sounds of longer entries, by their first letter; whether it is a beginning.
    sounds: HashMap<char, Vec<(String, bool, GroupId)>>,
}

impl Vocabulary {
    fn parse(text: &'static str) -> Result<Self, &'static str> {
        let mut vocabulary = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut parts = line.split_whitespace();
            let name = parts.next().ok_or(line)?;
            let (name, is_aspect) = name.strip_prefix('?').map_or((name, false), |name| (name, true));
            let weight = parts.next().and_then(|weight| weight.parse().ok()).ok_or(line)?;
            let known = vocabulary.groups.iter().position(|group| group.name == name);
            let group = known.unwrap_or_else(|| {
                vocabulary.groups.push(Group { name, weight, is_aspect });
                vocabulary.groups.len() - 1
            });
            parts.for_each(|entry| vocabulary.add(entry, group));
        }
        Ok(vocabulary)
    }

    fn add(&mut self, entry: &str, group: GroupId) {
        let (word, is_stem) = entry.strip_suffix('*').map_or((entry, false), |stem| (stem, true));
        let letters = sound::letters(word);
        let sound = sound::of_letters(&letters);
        if let Some(first) = sound.chars().next().filter(|_| letters.chars().count() >= SHORTEST_SOUND) {
            self.sounds.entry(first).or_default().push((sound, is_stem, group));
        }
        let table = if is_stem { &mut self.stems } else { &mut self.words };
        table.insert(letters, group);
    }

    pub(crate) fn group(&self, id: GroupId) -> &Group {
        &self.groups[id]
    }

    pub(crate) fn id(&self, name: &str) -> Option<GroupId> {
        self.groups.iter().position(|group| group.name == name)
    }

    /// What the [`sound::letters`] of a word mean: as it is written, else as it sounds, else with a slip.
    pub(crate) fn find(&self, letters: &str) -> Option<GroupId> {
        self.written(letters).or_else(|| {
            let sound = sound::of_letters(letters);
            let entries = self.sounds.get(&sound.chars().next()?)?;
            let alike =
                |entry: &&(String, bool, GroupId)| if entry.1 { sound.starts_with(&entry.0) } else { sound == entry.0 };
            let longest = entries.iter().filter(alike).max_by_key(|entry| entry.0.len());
            longest.or_else(|| entries.iter().find(|entry| is_misspelt(&sound, &entry.0, entry.1))).map(|entry| entry.2)
        })
    }

    fn written(&self, letters: &str) -> Option<GroupId> {
        self.words.get(letters).copied().or_else(|| {
            let ends = letters.char_indices().map(|(start, letter)| start + letter.len_utf8());
            ends.rev().find_map(|end| self.stems.get(&letters[..end]).copied())
        })
    }
}

/// Whether one slip makes `entry`, or a word that begins with it, into `word`.
fn is_misspelt(word: &str, entry: &str, is_stem: bool) -> bool {
    let length = entry.chars().count();
    if length < SHORTEST_TYPO {
        return false;
    }
    if !is_stem {
        return osa_distance(entry, word) <= 1;
    }
    (length - 1..=length + 1).any(|taken| {
        let beginning = word.char_indices().nth(taken).map_or(word, |(end, _)| &word[..end]);
        osa_distance(entry, beginning) <= 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(word: &str) -> Option<&'static str> {
        VOCABULARY.find(&sound::letters(word)).map(|id| VOCABULARY.group(id).name)
    }

    #[test]
    fn every_line_can_be_read() {
        let vocabulary = Vocabulary::parse(include_str!("vocabulary.txt")).unwrap();
        assert!(
            vocabulary.groups.len() > 30 && vocabulary.groups.iter().all(|group| (0.0..=1.0).contains(&group.weight))
        );
        assert_eq!(Vocabulary::parse("price почем").unwrap_err(), "price почем");
    }

    #[test]
    fn a_word_is_recognised_by_its_spelling_its_sound_and_with_a_slip() {
        for (word, group) in [
            ("стоимость", "price"),
            ("диогностика", "check"),
            ("дианостика", "check"),
            ("кридит", "credit"),
            ("parkovka", "parking"),
            ("гаранития", "guarantee"),
        ] {
            assert_eq!(meaning(word), Some(group), "{word}");
        }
        for word in ["кофемашина", "погода", "камри", "бал"] {
            assert_eq!(meaning(word), None, "{word}");
        }
    }
}
