//! The catalogue of makes and models, read from `data/cars.txt`, which explains its own format.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::spelling;

/// The catalogue, read at first use.
pub(super) static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::read(include_str!("../../data/cars.txt")));

/// A make, or a model of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// «Toyota»
    pub(super) brand: &'static str,
    /// «Camry»; «#» stands for digits that are taken from the text.
    pub(super) model: Option<&'static str>,
}

/// A spelling of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spelling {
    pub(super) name: Name,
    /// Names a car only next to its make (or, if a make, before its model), or if nothing else is typed.
    pub(super) needs_context: bool,
    /// A word of trade or a year will do in place of the make: «девятку куплю», «акцент 2007».
    pub(super) trade_is_context: bool,
}

/// A spelling that is long enough to be recognised with a typo.
#[derive(Clone, Copy, Debug)]
pub(super) struct LongSpelling {
    pub(super) key: &'static str,
    /// [`spelling::letters`] of the key.
    pub(super) letters: u64,
    /// In characters.
    pub(super) length: usize,
    pub(super) spelling: Spelling,
}

/// All makes and models with their spellings.
#[derive(Default)]
pub(super) struct Catalogue {
    spellings: HashMap<&'static str, Vec<Spelling>>,
    /// First letters of all keys: most words of a text are not names, and this rules them out quickly.
    beginnings: HashSet<(char, Option<char>)>,
    /// By first letter.
    long: HashMap<char, Vec<LongSpelling>>,
    ordinary: HashSet<&'static str>,
    ordinary_stems: HashSet<&'static str>,
}

/// The fewest letters of a spelling that is recognised with a typo, where a car's name is expected.
pub(super) const MIN_LETTERS_FOR_TYPOS: usize = 5;

/// The most letters of a word that is checked for typos: no name is longer.
pub(super) const MAX_LETTERS_FOR_TYPOS: usize = 30;

impl Catalogue {
    fn read(data: &'static str) -> Self {
        let mut catalogue = Self::default();
        let mut brand = "";
        for line in data.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(words) = line.strip_prefix('!') {
                catalogue.ordinary.extend(words.split(',').map(str::trim));
                continue;
            }
            let (name, others) = line.trim().split_once(": ").unwrap_or((line.trim(), ""));
            let proper = name.trim_start_matches(['=', '+']);
            let is_model = line.starts_with(' ');
            if !is_model {
                brand = proper;
            }
            let meant = Name { brand, model: is_model.then_some(proper) };
            for written in std::iter::once(name).chain(others.split(", ")).filter(|written| !written.is_empty()) {
                catalogue.add(meant, written);
            }
        }
        catalogue.ordinary_stems = catalogue.ordinary.iter().map(|word| spelling::stem(word)).collect();
        catalogue
    }

    fn add(&mut self, name: Name, written: &'static str) {
        let trade_is_context = written.starts_with('+');
        let marked = trade_is_context || written.starts_with('=');
        let key: &'static str = spelling::key(written).leak(); // once a process, and needed as long as it runs
        let needs_context = marked || (name.model.is_some() && is_short(key));
        let spelling = Spelling { name, needs_context, trade_is_context };
        let mut chars = key.chars();
        if let Some(first) = chars.next() {
            self.beginnings.insert((first, chars.next()));
        }
        let spellings = self.spellings.entry(key).or_default();
        if spellings.iter().any(|known| known.name == name) {
            return;
        }
        spellings.push(spelling);
        let length = key.chars().count();
        if length >= MIN_LETTERS_FOR_TYPOS && key.chars().all(char::is_alphabetic) {
            let long = LongSpelling { key, letters: spelling::letters(key), length, spelling };
            self.long.entry(key.chars().next().unwrap_or_default()).or_default().push(long);
        }
    }

    /// What a key spells exactly.
    pub(super) fn exact(&self, key: &str) -> &[Spelling] {
        self.spellings.get(key).map_or(&[], Vec::as_slice)
    }

    /// Whether any name begins like `text`.
    pub(super) fn may_begin(&self, text: &str) -> bool {
        let mut chars = text.chars();
        let Some(first) = chars.next() else { return false };
        match chars.next() {
            Some(second) => self.beginnings.contains(&(first, Some(second))),
            None => true,
        }
    }

    /// The long spellings with this first letter.
    pub(super) fn long(&self, first: char) -> &[LongSpelling] {
        self.long.get(&first).map_or(&[], Vec::as_slice)
    }

    /// Whether `word` is an ordinary one, though it looks like a case of a name: «вести» is not of «веста».
    pub(super) fn is_ordinary(&self, word: &str) -> bool {
        self.ordinary.contains(word)
    }

    /// Whether `word` is an ordinary one in any case, though it looks like a name with a typo.
    pub(super) fn is_ordinary_in_any_case(&self, word: &str) -> bool {
        self.ordinary_stems.contains(spelling::stem(word))
    }
}

/// Whether a model's key is too short to mean that model without its make: «sl», «300».
fn is_short(key: &str) -> bool {
    let length = key.chars().count();
    let all_digits = key.chars().all(|c| c.is_ascii_digit());
    let all_letters = key.chars().all(char::is_alphabetic);
    ((all_letters || key.contains('#')) && length <= 2) || (all_digits && length <= 3)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn the_catalogue_is_as_wide_as_the_roads() {
        let names: Vec<Name> = CATALOGUE.spellings.values().flatten().map(|spelling| spelling.name).collect();
        let brands: HashSet<&str> = names.iter().map(|name| name.brand).collect();
        let models: HashSet<(&str, &str)> = names.iter().filter_map(|name| Some((name.brand, name.model?))).collect();
        assert!(brands.len() >= 60, "{} makes", brands.len());
        assert!(models.len() >= 450, "{} models", models.len());
    }

    #[test]
    fn no_spelling_that_stands_alone_is_of_two_makes() {
        let of_two = CATALOGUE.spellings.iter().filter_map(|(key, spellings)| {
            let alone = spellings.iter().filter(|spelling| !spelling.needs_context);
            let brands: BTreeSet<&str> = alone.map(|spelling| spelling.name.brand).collect();
            (brands.len() > 1).then_some((*key, brands))
        });
        assert_eq!(of_two.collect::<BTreeMap<_, _>>(), BTreeMap::new(), "mark all but one with «=»");
    }

    #[test]
    fn the_data_file_has_no_typos() {
        let is_latin = |c: char| c.is_ascii_alphabetic();
        let words = include_str!("../../data/cars.txt").lines().filter(|line| !line.starts_with('#'));
        let words = words.flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
        let mixed: Vec<&str> = words
            .filter(|word| word.contains(is_latin) && word.to_lowercase().contains(spelling::is_cyrillic))
            .collect();
        assert!(mixed.is_empty(), "letters of two alphabets in {mixed:?}");
        let both: Vec<&&str> = CATALOGUE.ordinary.iter().filter(|word| !CATALOGUE.exact(word).is_empty()).collect();
        assert!(both.is_empty(), "ordinary words and spellings at once: {both:?}");
    }
}
