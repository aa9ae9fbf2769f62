//! Looks for names of the catalogue in a text.

use std::ops::Range;

use super::Car;
use super::catalogue::{CATALOGUE, MIN_LETTERS_FOR_TYPOS, Name, Spelling};
use super::lookup::{nearest, spellings};
use super::spelling::{self, Gap, Token};
use crate::amount::{Unit, words};

/// A car named in a text.
pub(super) struct Named {
    pub(super) car: Car,
    /// In bytes: make and model if they stand together, otherwise what stands first.
    pub(super) span: Range<usize>,
    /// Make and model do not stand together.
    pub(super) apart: bool,
}

/// The first car named in `text`.
pub(super) fn first(text: &str) -> Option<Named> {
    let tokens = spelling::tokens(text, MAX_TOKENS);
    let text = Text { tokens: &tokens };
    let hits: Vec<Hit> = (0..tokens.len()).flat_map(|at| text.hits_at(at)).collect();
    text.choose(&hits).or_else(|| {
        let near: Vec<Hit> = (0..tokens.len()).flat_map(|at| text.near_hits_at(at)).collect();
        text.choose_near(&near)
    })
}

/// What follows in a longer text is ignored.
const MAX_TOKENS: usize = 400;

/// A text of up to this many tokens is a car's name rather than a sentence; shorter models may have a typo there too.
const SHORT_TEXT: usize = 3;

/// A name's context lies within this many tokens.
const NEARBY: usize = 4;

/// Beginnings of words of trade.
const TRADE: &[&str] = &[
    "прода",
    "куп",
    "сдам",
    "сдать",
    "сдаю",
    "выкуп",
    "обмен",
    "меняю",
    "поменя",
    "забер",
    "забир",
    "возьм",
    "оцен",
    "приобр",
    "отдам",
    "отдаю",
    "ищу",
    "ищем",
    "цена",
    "почем",
    "стои",
    "prod",
    "kup",
];

/// The longest name, in tokens: «Tiggo 7 Pro Max», «Grand C4 Picasso».
const MAX_NAME_TOKENS: usize = 5;

/// A spelling found in the text.
#[derive(Clone, Debug)]
struct Hit {
    tokens: Range<usize>,
    spelling: Spelling,
    /// What «#» of the name stands for.
    digits: Option<String>,
}

impl Hit {
    fn model(&self) -> Option<String> {
        let model = self.spelling.name.model?;
        Some(self.digits.as_ref().map_or_else(|| model.to_owned(), |digits| model.replace('#', digits)))
    }

    fn name(&self) -> Name {
        self.spelling.name
    }
}

struct Text<'t> {
    tokens: &'t [Token],
}

impl Text<'_> {
    /// Every spelling that begins at token `at`, the longest last.
    fn hits_at(&self, at: usize) -> Vec<Hit> {
        let mut hits = Vec::new();
        // The «х4» of «4х4» is not a BMW.
        let is_inside_code = |token: &Token| token.gap == Gap::Glued && token.text.chars().count() == 1;
        if at > 0 && self.tokens[at - 1].number && is_inside_code(&self.tokens[at]) {
            return hits;
        }
        let mut key = String::new();
        for end in at..self.tokens.len().min(at + MAX_NAME_TOKENS) {
            let token = &self.tokens[end];
            if end > at && !self.joins(end) {
                break;
            }
            let spoken = spelling::spoken_digits(&token.text).filter(|_| !self.counts_something(end));
            let as_digits = spoken.map(|digits| format!("{key}{digits}"));
            key.push_str(&token.text);
            let tokens = at..end + 1;
            if let Some(key) = as_digits {
                hits.extend(
                    spellings(&key)
                        .into_iter()
                        .filter(|(spelling, _)| end > at || spelling.needs_context)
                        .map(|(spelling, digits)| Hit { tokens: tokens.clone(), spelling, digits }),
                );
            }
            if end == at && !token.number && !CATALOGUE.may_begin(&key) && !self.has_digit_after(at) {
                break;
            }
            if (token.number || is_numeral(&token.text)) && self.counts_something(end) {
                continue;
            }
            // The «г.в.» of «2019 г.в.» is not «ГВ», Great Wall.
            if at > 0 && self.tokens[at - 1].number && words::unit(&key) == Some(Unit::Year) {
                continue;
            }
            hits.extend(spellings(&key).into_iter().map(|(spelling, digits)| Hit {
                tokens: tokens.clone(),
                spelling,
                digits,
            }));
        }
        hits
    }

    /// Whether token `at` may belong to one name with the token before.
    fn joins(&self, at: usize) -> bool {
        let (before, token) = (&self.tokens[at - 1], &self.tokens[at]);
        if before.number && token.number {
            return false; // «2 101 000» is a sum, not a Lada 2101 with noughts
        }
        match token.gap {
            Gap::Glued | Gap::Hyphen => true,
            // «с 200», «в 5» are prepositions with a number rather than C200 and V5.
            Gap::Space => !(token.number && matches!(before.text.as_str(), "с" | "в" | "к" | "о" | "у" | "а" | "и")),
            Gap::Break => false,
        }
    }

    /// Whether a number is followed by what it counts: neither «6 лет» nor «85 тыс» is a model.
    fn counts_something(&self, at: usize) -> bool {
        if self.tokens.get(at + 1).is_some_and(|next| next.gap == Gap::Space && is_three_digits(&next.text)) {
            return true; // the thousands of a longer number: «бмв 320 000 км»
        }
        self.tokens.get(at + 1).is_some_and(|next| {
            next.gap != Gap::Break
                && !next.number
                && !(next.gap == Gap::Glued && next.text.is_ascii())
                && (words::unit(&next.text).is_some()
                    || words::multiplier(&next.text).is_some()
                    || words::is_thing(&next.text))
        })
    }

    /// Whether digits follow, written or spoken.
    fn has_digit_after(&self, at: usize) -> bool {
        self.tokens.get(at + 1).is_some_and(|next| next.number || spelling::spoken_digits(&next.text).is_some())
    }

    /// The first car among exact hits; of several that begin at one place, the one that takes most of the text.
    fn choose(&self, hits: &[Hit]) -> Option<Named> {
        let mut best: Option<Candidate> = None;
        for hit in hits {
            let Some(candidate) = self.candidate(hit, hits) else { continue };
            let better = best.as_ref().is_none_or(|best| {
                let (start, end) = (candidate.tokens.start, candidate.tokens.end);
                start < best.tokens.start || (start == best.tokens.start && end > best.tokens.end)
            });
            if better {
                best = Some(candidate);
            }
        }
        best.map(|candidate| self.named(candidate))
    }

    /// The car that a hit names in its context; `None` if it names none there.
    fn candidate(&self, hit: &Hit, hits: &[Hit]) -> Option<Candidate> {
        let alone = hit.tokens == (0..self.tokens.len());
        if hit.name().model.is_some() {
            let stands = alone
                || !hit.spelling.needs_context
                || (hit.spelling.trade_is_context && (self.is_traded(hit) || self.is_alternative(hit, hits)));
            let stronger = || hits.iter().any(|other| other.tokens == hit.tokens && !other.spelling.needs_context);
            let stands = stands && !(hit.spelling.needs_context && !hit.spelling.trade_is_context && stronger());
            return stands.then(|| Candidate {
                tokens: hit.tokens.clone(),
                brand: hit.name().brand,
                model: hit.model(),
                apart: false,
            });
        }
        self.with_model(hit, hits, alone)
    }

    /// A make with its model: right after it, right before it, or anywhere.
    fn with_model(&self, brand: &Hit, hits: &[Hit], alone: bool) -> Option<Candidate> {
        let of_brand = |hit: &&Hit| hit.name().brand == brand.name().brand && hit.name().model.is_some();
        let after = hits
            .iter()
            .filter(of_brand)
            .filter(|hit| hit.tokens.start == brand.tokens.end && self.adjoins(hit.tokens.start));
        // The longest; of equals the first, which is the likeliest reading of a code.
        if let Some(model) = after.rev().max_by_key(|hit| hit.tokens.end) {
            let tokens = brand.tokens.start..model.tokens.end;
            return Some(Candidate { tokens, brand: brand.name().brand, model: model.model(), apart: false });
        }
        if brand.spelling.needs_context && !alone {
            return None;
        }
        let before = hits
            .iter()
            .filter(of_brand)
            .filter(|hit| hit.tokens.end == brand.tokens.start && self.adjoins(brand.tokens.start));
        if let Some(model) = before.min_by_key(|hit| hit.tokens.start) {
            let tokens = model.tokens.start..brand.tokens.end;
            return Some(Candidate { tokens, brand: brand.name().brand, model: model.model(), apart: false });
        }
        if let Some((model, end)) = self.near_model_after(brand) {
            let tokens = brand.tokens.start..end;
            return Some(Candidate { tokens, brand: brand.name().brand, model: Some(model.to_owned()), apart: false });
        }
        let elsewhere = hits
            .iter()
            .filter(of_brand)
            .filter(|hit| !overlap(&hit.tokens, &brand.tokens))
            .filter(|hit| !hit.spelling.needs_context || self.is_near(hit, brand));
        let model =
            elsewhere.max_by_key(|hit| (std::cmp::Reverse(hit.tokens.start), hit.tokens.end)).and_then(Hit::model);
        let apart = model.is_some();
        Some(Candidate { tokens: brand.tokens.clone(), brand: brand.name().brand, model, apart })
    }

    /// Whether a hit stands near a word of trade or a year: «куплю девятку», «акцент 2007».
    fn is_traded(&self, hit: &Hit) -> bool {
        let before = &self.tokens[hit.tokens.start.saturating_sub(NEARBY)..hit.tokens.start];
        let after = &self.tokens[hit.tokens.end..self.tokens.len().min(hit.tokens.end + NEARBY)];
        let traded = |token: &Token| TRADE.iter().any(|stem| token.text.starts_with(stem));
        let year =
            |token: &Token| token.text.len() == 4 && (token.text.starts_with("19") || token.text.starts_with("20"));
        let written =
            |at: usize| after.get(at + 1).is_some_and(|next| next.text == "г" || next.text.starts_with("год"));
        before.iter().chain(after).any(traded)
            || after.iter().enumerate().any(|(at, token)| token.number && (year(token) || written(at)))
    }

    /// Whether another car is named as the other choice: «акцент или логан».
    fn is_alternative(&self, hit: &Hit, hits: &[Hit]) -> bool {
        let joins = |at: usize| self.tokens.get(at).is_some_and(|token| matches!(token.text.as_str(), "или" | "либо"));
        let is_named = |other: &Hit| !other.spelling.needs_context;
        let (start, end) = (hit.tokens.start, hit.tokens.end);
        (joins(end) && hits.iter().any(|other| other.tokens.start == end + 1 && is_named(other)))
            || (start > 1
                && joins(start - 1)
                && hits.iter().any(|other| other.tokens.end == start - 1 && is_named(other)))
    }

    /// Whether the make of a hit is nearby, though not beside it: «бэху хочу трёшку», «из лексусов? rx».
    fn is_near(&self, hit: &Hit, brand: &Hit) -> bool {
        let (first, last) = if hit.tokens.start < brand.tokens.start { (hit, brand) } else { (brand, hit) };
        let words = &self.tokens[hit.tokens.clone()];
        let long = words.iter().any(|word| !word.number && word.text.chars().count() >= 4);
        let code = words.iter().all(|word| word.number || word.text.is_ascii())
            && words.iter().any(|word| !word.number && word.text.len() >= 2);
        last.tokens.start.saturating_sub(first.tokens.end) <= NEARBY && (long || code)
    }

    /// Whether nothing but white space or a hyphen separates token `at` from the one before.
    fn adjoins(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| token.gap != Gap::Break)
    }

    /// A model of a make whose name is misspelled in the word after the make.
    fn near_model_after(&self, brand: &Hit) -> Option<(&'static str, usize)> {
        let at = brand.tokens.end;
        let word = self.tokens.get(at).filter(|token| !token.number && token.gap != Gap::Break)?;
        let near = nearest(&word.text, |long| {
            long.spelling.name.brand == brand.name().brand && long.spelling.name.model.is_some()
        })?;
        Some((near.name.model?, at + 1))
    }

    /// The spellings that are a typo away from the word at `at`, alone or joined with the next.
    fn near_hits_at(&self, at: usize) -> Option<Hit> {
        let word = self.tokens.get(at).filter(|token| !token.number && !is_numeral(&token.text))?;
        let short = self.tokens.len() <= SHORT_TEXT;
        let one = nearest(&word.text, |long| {
            !long.spelling.needs_context
                && spelling::begin_alike(&word.text, long.key)
                && (short || long.spelling.name.model.is_none() || long.length > MIN_LETTERS_FOR_TYPOS)
        });
        if let Some(spelling) = one {
            return Some(Hit { tokens: at..at + 1, spelling, digits: None });
        }
        let next =
            self.tokens.get(at + 1).filter(|next| !next.number && matches!(next.gap, Gap::Space | Gap::Hyphen))?;
        if is_numeral(&next.text) {
            return None;
        }
        if word.text.chars().count() < 3 || next.text.chars().count() < 3 {
            return None;
        }
        // Two words are one name only if they are nearly as long as it: «ленд крузир», not any pair of words.
        let both = format!("{}{}", word.text, next.text);
        let spelling = nearest(&both, |long| {
            !long.spelling.needs_context && long.length >= 9 && spelling::begin_alike(&both, long.key)
        })?;
        Some(Hit { tokens: at..at + 2, spelling, digits: None })
    }

    /// The first of the near hits, with an exact or near model after a make.
    fn choose_near(&self, near: &[Hit]) -> Option<Named> {
        let first = near.first()?;
        if first.name().model.is_some() {
            let candidate = Candidate {
                tokens: first.tokens.clone(),
                brand: first.name().brand,
                model: first.model(),
                apart: false,
            };
            return Some(self.named(candidate));
        }
        // Now that the make is known, models that need its company count.
        let mut hits: Vec<Hit> = (0..self.tokens.len()).flat_map(|at| self.hits_at(at)).collect();
        hits.extend(near.iter().skip(1).cloned());
        self.with_model(first, &hits, false).map(|candidate| self.named(candidate))
    }

    fn named(&self, candidate: Candidate) -> Named {
        let Candidate { tokens, brand, model, apart } = candidate;
        let span = self.tokens[tokens.start].span.start..self.tokens[tokens.end - 1].span.end;
        Named { car: Car { brand: brand.to_owned(), model }, span, apart }
    }
}

/// A make with or without a model, and the tokens that name it.
struct Candidate {
    tokens: Range<usize>,
    brand: &'static str,
    model: Option<String>,
    apart: bool,
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn is_three_digits(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// Whether a word is a number, and so never a name with a typo: «трёхсот», «миллиона».
fn is_numeral(word: &str) -> bool {
    words::numeral(word).is_some() || words::multiplier(word).is_some() || spelling::spoken_digits(word).is_some()
}
