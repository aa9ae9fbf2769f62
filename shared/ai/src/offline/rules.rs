//! Which words are evidence for which intent. The rules themselves are data: `rules.txt`, which also explains their
//! notation.

use std::collections::HashMap;
use std::sync::LazyLock;

use dialog::Intent;
use strsim::osa_distance;

use super::words::{CAR, OTHER, Word};

/// The rules of `rules.txt`. A test reads the file, so it never falls back to an empty rule book.
pub(super) static RULES: LazyLock<RuleBook> =
    LazyLock::new(|| RuleBook::parse(include_str!("rules.txt")).unwrap_or_default());

/// At most this many other words may stand between two terms of a rule.
const GAP: usize = 3;
/// From this many letters on, words and stems match with о for а; shorter ones only as written: «быть» is not «бит*».
const SHORTEST_PLAIN: usize = 4;
/// From this many letters on, stems match by their sound; words from one less.
const SHORTEST_SOUND: usize = 6;
/// A match of this many letters, or of the whole word, excludes everything that only sounds like it.
const SHORTEST_SURE: usize = 5;
/// From this length by sound on, a stem matches a misspelt word.
const SHORTEST_TYPO: usize = 7;
/// From this length on, two typos are tolerated.
const SHORTEST_TWO_TYPOS: usize = 10;

/// What a sentence can have besides words; in a rule `#car` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Feature {
    /// A make or model.
    Car,
    Model,
    /// A sum of money.
    Money,
    /// A year of manufacture.
    Year,
    Mileage,
    /// A question mark.
    Question,
    /// Something like a VIN or a number plate.
    Vin,
    /// A range of years, sums or distances: «17-19», «1,5-1,7».
    Range,
}

/// Index of a word or stem in the book's vocabulary.
type Stem = usize;

/// One position of a rule: any of the stems or features.
#[derive(Debug, Default)]
struct Term {
    stems: Vec<Stem>,
    features: Vec<Feature>,
    /// Must follow the previous term immediately.
    adjacent: bool,
}

#[derive(Debug)]
struct Rule {
    intent: Intent,
    weight: f32,
    /// Found in this order.
    terms: Vec<Term>,
    /// Sentence-wide conditions made of features only.
    features: Vec<Vec<Feature>>,
    /// None of these may occur.
    absent: Vec<Term>,
}

/// Why a line of the rules cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(super) struct BadRule {
    line: usize,
    what: &'static str,
}

/// Words and stems in one spelling.
#[derive(Debug, Default)]
struct Table {
    /// Whole words.
    words: HashMap<String, Vec<Stem>>,
    /// Beginnings of words.
    prefixes: HashMap<String, Vec<Stem>>,
}

impl Table {
    fn add(&mut self, spelling: String, is_prefix: bool, stem: Stem) {
        let table = if is_prefix { &mut self.prefixes } else { &mut self.words };
        table.entry(spelling).or_default().push(stem);
    }

    /// Collects the stems that `word` matches; returns how many of its letters the longest one covers.
    fn find(&self, word: &str, found: &mut Vec<Stem>) -> usize {
        let mut sure = 0;
        let ends = word.char_indices().map(|(start, letter)| start + letter.len_utf8());
        for (at, end) in ends.enumerate() {
            if let Some(stems) = self.prefixes.get(&word[..end]) {
                found.extend(stems);
                sure = at + 1;
            }
        }
        if let Some(stems) = self.words.get(word) {
            found.extend(stems);
            sure = usize::MAX;
        }
        sure
    }
}

/// Rules and their vocabulary, indexed for look-up.
#[derive(Debug, Default)]
pub(super) struct RuleBook {
    rules: Vec<Rule>,
    /// As written.
    written: Table,
    /// With о and а merged.
    plain: Table,
    /// By their sound.
    sound: Table,
    /// Stems long enough to match with typos, by their first two letters: the stem, whether it is a beginning, its
    /// index.
    long: HashMap<String, Vec<(String, bool, Stem)>>,
    stems: usize,
}

impl RuleBook {
    pub(super) fn parse(text: &str) -> Result<Self, BadRule> {
        let mut book = Self::default();
        let mut classes: HashMap<&str, Vec<&str>> = HashMap::new();
        for (index, line) in text.lines().enumerate() {
            let bad = |what| BadRule { line: index + 1, what };
            let mut parts = line.split_whitespace();
            match parts.next() {
                None => {}
                Some(first) if first.starts_with('#') => {}
                Some("class") => {
                    let name = parts.next().ok_or(bad("a class needs a name"))?;
                    let words: Vec<&str> = parts.collect();
                    // A known word is never read as a misspelt other one, whether a rule uses it or not.
                    for word in &words {
                        book.stem(word).map_err(bad)?;
                    }
                    classes.insert(name, words);
                }
                Some(intent) => {
                    let intent = intent.parse().map_err(|_| bad("no such intent"))?;
                    let weight = parts.next().and_then(|weight| weight.parse().ok()).ok_or(bad("no weight"))?;
                    let mut rule = Rule { intent, weight, terms: Vec::new(), features: Vec::new(), absent: Vec::new() };
                    for part in parts {
                        book.add_term(&mut rule, part, &classes).map_err(bad)?;
                    }
                    if rule.terms.is_empty() && rule.features.is_empty() {
                        return Err(bad("a rule needs a term"));
                    }
                    book.rules.push(rule);
                }
            }
        }
        Ok(book)
    }

    fn add_term(
        &mut self,
        rule: &mut Rule,
        part: &str,
        classes: &HashMap<&str, Vec<&str>>,
    ) -> Result<(), &'static str> {
        let (part, negated) = part.strip_prefix('!').map_or((part, false), |rest| (rest, true));
        let (part, adjacent) = part.strip_prefix('+').map_or((part, false), |rest| (rest, true));
        let mut term = Term { adjacent, ..Term::default() };
        for alternative in part.split('|') {
            if let Some(name) = alternative.strip_prefix('@') {
                for word in classes.get(name).ok_or("no such class")? {
                    term.stems.push(self.stem(word)?);
                }
            } else if let Some(name) = alternative.strip_prefix('#') {
                term.features.push(name.parse().map_err(|_| "no such feature")?);
            } else {
                term.stems.push(self.stem(alternative)?);
            }
        }
        if negated {
            rule.absent.push(term);
        } else if term.stems.is_empty() {
            rule.features.push(term.features);
        } else {
            rule.terms.push(term);
        }
        Ok(())
    }

    fn stem(&mut self, written: &str) -> Result<Stem, &'static str> {
        if written == CAR || written == OTHER {
            let known = self.written.words.get(written).and_then(|stems| stems.first().copied());
            return Ok(known.unwrap_or_else(|| {
                let stem = next(&mut self.stems);
                self.written.add(written.to_owned(), false, stem);
                stem
            }));
        }
        let (word, is_prefix) = written.strip_suffix('*').map_or((written, false), |stem| (stem, true));
        if word.is_empty() || !word.chars().all(char::is_alphanumeric) {
            return Err("not a word");
        }
        let Word { letters, plain, sound } = Word::new(word);
        let known = if is_prefix { &self.written.prefixes } else { &self.written.words };
        if let Some(stem) = known.get(&letters).and_then(|stems| stems.first()) {
            return Ok(*stem);
        }
        let stem = next(&mut self.stems);
        let length = letters.chars().count();
        if length >= SHORTEST_PLAIN + usize::from(is_prefix) {
            self.plain.add(plain, is_prefix, stem);
        }
        if length >= SHORTEST_SOUND - usize::from(!is_prefix) {
            self.sound.add(sound.clone(), is_prefix, stem);
        }
        if sound.chars().count() >= SHORTEST_TYPO {
            self.long.entry(beginning(&sound, 2).to_owned()).or_default().push((sound, is_prefix, stem));
        }
        self.written.add(letters, is_prefix, stem);
        Ok(stem)
    }

    /// The stems that `word` matches: as written and, unless that match is sure, by sound; if there are none, with
    /// typos.
    fn stems_of(&self, word: &Word) -> Vec<Stem> {
        let mut found = Vec::new();
        // A short match does not exclude a longer stem: «праверте» is not «прав*».
        if self.written.find(&word.letters, &mut found) < SHORTEST_SURE {
            self.plain.find(&word.plain, &mut found);
            self.sound.find(&word.sound, &mut found);
        }
        if found.is_empty() {
            found = self.misspelt(&word.sound);
        }
        if found.is_empty() && is_wordy(&word.letters) {
            found.extend(self.written.words.get(OTHER).into_iter().flatten());
        }
        found
    }

    fn misspelt(&self, word: &str) -> Vec<Stem> {
        let length = word.chars().count();
        if !(SHORTEST_TYPO - 1..=24).contains(&length) {
            return Vec::new();
        }
        let candidates = self.long.get(beginning(word, 2)).map(Vec::as_slice).unwrap_or_default();
        let close = candidates.iter().filter(|(stem, is_prefix, _)| {
            let stem_length = stem.chars().count();
            let allowed = if stem_length >= SHORTEST_TWO_TYPOS { 2 } else { 1 };
            if *is_prefix {
                // The mistake may have made the beginning shorter or longer.
                (stem_length.saturating_sub(1)..=stem_length + 1)
                    .filter(|taken| *taken <= length)
                    .any(|taken| osa_distance(stem, beginning(word, taken)) <= allowed)
            } else {
                osa_distance(stem, word) <= allowed
            }
        });
        close.map(|(_, _, stem)| *stem).collect()
    }

    /// Whether any rule or class has `word` as it is written.
    pub(super) fn knows(&self, word: &Word) -> bool {
        self.written.find(&word.letters, &mut Vec::new()) > 0
    }

    /// The sum of the weights for each intent, in the order of [`Intent::ALL`].
    pub(super) fn scores(&self, words: &[Word], features: &[Feature]) -> [f32; Intent::COUNT] {
        let mut sentence = Sentence { stems: Vec::with_capacity(words.len()), present: vec![false; self.stems] };
        for word in words {
            let stems = self.stems_of(word);
            for stem in &stems {
                sentence.present[*stem] = true;
            }
            sentence.stems.push(stems);
        }
        let mut scores = [0.0; Intent::COUNT];
        for rule in self.rules.iter().filter(|rule| rule.applies(&sentence, features)) {
            scores[rule.intent as usize] += rule.weight;
        }
        scores
    }

    /// How many rules there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }
}

struct Sentence {
    /// For each word, the stems it matches.
    stems: Vec<Vec<Stem>>,
    /// For each stem, whether it occurs.
    present: Vec<bool>,
}

impl Term {
    fn occurs(&self, sentence: &Sentence, features: &[Feature]) -> bool {
        self.stems.iter().any(|stem| sentence.present[*stem])
            || self.features.iter().any(|feature| features.contains(feature))
    }

    fn is_at(&self, sentence: &Sentence, at: usize) -> bool {
        sentence.stems.get(at).is_some_and(|stems| stems.iter().any(|stem| self.stems.contains(stem)))
    }
}

impl Rule {
    fn applies(&self, sentence: &Sentence, features: &[Feature]) -> bool {
        self.features.iter().all(|any| any.iter().any(|feature| features.contains(feature)))
            && self.terms.iter().all(|term| term.occurs(sentence, features))
            && !self.absent.iter().any(|term| term.occurs(sentence, features))
            && in_order(&self.terms, sentence, features, None)
    }
}

/// Whether `terms` occur one after the other, the first anywhere if nothing came `before`. A term whose feature the
/// sentence has needs no place.
fn in_order(terms: &[Term], sentence: &Sentence, features: &[Feature], before: Option<usize>) -> bool {
    let Some((term, rest)) = terms.split_first() else { return true };
    if term.features.iter().any(|feature| features.contains(feature)) {
        return in_order(rest, sentence, features, before);
    }
    let places = match before {
        None => 0..sentence.stems.len(),
        Some(before) if term.adjacent => before + 1..before + 2,
        Some(before) => before + 1..before + 2 + GAP,
    };
    places.into_iter().any(|at| term.is_at(sentence, at) && in_order(rest, sentence, features, Some(at)))
}

/// Long enough to name a thing, and not a number.
fn is_wordy(word: &str) -> bool {
    word.chars().count() >= 4 && word.chars().all(char::is_alphabetic)
}

fn next(count: &mut usize) -> Stem {
    *count += 1;
    *count - 1
}

fn beginning(word: &str, letters: usize) -> &str {
    word.char_indices().nth(letters).map_or(word, |(end, _)| &word[..end])
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn score(rules: &str, sentence: &str) -> f32 {
        let book = RuleBook::parse(rules).unwrap();
        let features: &[Feature] = if sentence.contains('₽') { &[Feature::Money] } else { &[] };
        book.scores(&words(sentence, None), features).into_iter().sum()
    }

    #[test]
    fn every_line_of_the_rule_book_can_be_read() {
        let book = RuleBook::parse(include_str!("rules.txt")).unwrap();
        assert!(book.len() > 200, "{} rules", book.len());
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(RuleBook::parse("\nsell x куплю").unwrap_err().to_string(), "line 2: no weight");
        assert_eq!(RuleBook::parse("rent 3 аренда").unwrap_err().to_string(), "line 1: no such intent");
        assert_eq!(RuleBook::parse("sell 3 @auto").unwrap_err().to_string(), "line 1: no such class");
    }

    #[test]
    fn terms_follow_each_other_within_a_few_words() {
        let rules = "sell 1 куда деть|сдать";
        assert!(score(rules, "куда бы мне сдать машину") > 0.0);
        assert!(score(rules, "сдать куда") < 1.0);
        assert!(score(rules, "куда я пошёл вчера вечером чтобы сдать") < 1.0);
        assert!(score("sell 1 не +на ходу", "не стоит на ходу") < 1.0);
    }

    #[test]
    fn absent_words_and_features_are_conditions() {
        assert!(score("sell 1 продаж* !договор*", "договор на продажу") < 1.0);
        assert!(score("find 1 до #money", "до 5 ₽") > 0.0);
        assert!(score("find 1 до #money", "до свидания") < 1.0);
    }

    #[test]
    fn typos_are_tolerated_in_long_words_only() {
        assert!(score("check 1 диагност*", "дианостика") > 0.0);
        assert!(score("check 1 крашен*", "крашин") > 0.0, "sounds the same");
        assert!(score("check 1 бит", "быт") < 1.0, "short words are other words");
        assert!(score("check 1 вин", "вид") < 1.0);
    }
}
