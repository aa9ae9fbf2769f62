//! Makes `data/intents.bin` of labelled sentences:
//!
//! ```text
//! cargo run -p ai --example train                    # of all of them
//! cargo run -p ai --example train -- FILE.jsonl      # the same, and how well that does on other sentences
//! cargo run -p ai --example train -- --by-author     # nothing is written: how well each author is understood by weights
//!                                                    # that know none of that author's sentences
//! ```
//! The same sentences give the same weights: nothing is drawn by chance.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use ai::eval;
use ai::offline::evidence;
use ai::offline::learned::{BUCKETS, Evidence, Model, softmax, write};
use dialog::{Intent, SURE};

const CLASSES: usize = Intent::COUNT;
const ROUNDS: u32 = 16;
/// How far one sentence moves a weight at first.
const RATE: f32 = 0.15;
/// How much weights shrink with each sentence that has them: what is seen once should not count too much.
const SHRINK: f32 = 1e-5;
/// The weights make less of what they know than they may. Multiplied by a little more, 2.4, one wish in nine of authors
/// who were left out has no button, and one sentence in 25 shows a wrong one.
const SURER: f32 = 2.1;
/// Tells years from other numbers, as in the tests.
const THIS_YEAR: i16 = 2026;

struct Sentence {
    /// The letters that its id begins with, or the file's name; those of `phrases.txt` are unknown.
    author: String,
    evidence: Vec<Evidence>,
    intent: Intent,
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let mut sentences = phrases(&data.join("phrases.txt"), "")?;
    for file in authors(&data.join("authors"))? {
        let author = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        sentences.extend(phrases(&file, &author)?);
    }
    for file in ["tune.jsonl", "held_out.jsonl", "voices.jsonl"] {
        sentences.extend(labelled(&data.join(file))?);
    }
    if std::env::args().any(|argument| argument == "--by-author") {
        return by_author(&sentences);
    }
    let bytes = weights(sentences.iter());
    std::fs::write(data.join("intents.bin"), bytes)?;
    let model = Model::read(bytes).ok_or("the weights cannot be read back")?;
    println!("learned from: {}", Score::of(&model, sentences.iter()));
    for file in std::env::args().skip(1) {
        println!("{file}: {}", Score::of(&model, labelled(Path::new(&file))?.iter()));
    }
    Ok(())
}

fn by_author(sentences: &[Sentence]) -> Result<(), Box<dyn Error>> {
    let authors: BTreeSet<&str> = sentences.iter().map(|sentence| sentence.author.as_str()).collect();
    let mut all = Score::default();
    for author in authors.into_iter().filter(|author| !author.is_empty()) {
        let bytes = weights(sentences.iter().filter(|sentence| sentence.author != author));
        let model = Model::read(bytes).ok_or("the weights cannot be read back")?;
        let score = Score::of(&model, sentences.iter().filter(|sentence| sentence.author == author));
        println!("{author}: {score}");
        all.add(&score);
    }
    println!("all of them: {all}");
    Ok(())
}

fn weights<'a>(sentences: impl Iterator<Item = &'a Sentence>) -> &'static [u8] {
    let (bias, weights) = train(&sentences.collect::<Vec<_>>());
    write(&bias, &weights).leak()
}

fn labelled(path: &Path) -> Result<Vec<Sentence>, Box<dyn Error>> {
    let cases = eval::read(&std::fs::read_to_string(path)?)?;
    let sentence = |case: eval::Case| Sentence {
        author: case.id.chars().take_while(char::is_ascii_lowercase).collect(),
        evidence: evidence(&case.text, THIS_YEAR),
        intent: case.intent,
    };
    Ok(cases.into_iter().map(sentence).collect())
}

/// The files of authors, always in the same order.
fn authors(directory: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files =
        std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    Ok(files)
}

/// Sentences of `author` one a line, under the intent that they have: `[sell]`.
fn phrases(path: &Path, author: &str) -> Result<Vec<Sentence>, Box<dyn Error>> {
    let mut intent: Option<Intent> = None;
    let mut sentences = Vec::new();
    for line in std::fs::read_to_string(path)?.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            intent = Some(name.parse().map_err(|_| format!("there is no intent {name}"))?);
        } else if !line.is_empty() && !line.starts_with('#') {
            let intent = intent.ok_or("a sentence without an intent")?;
            sentences.push(Sentence { author: author.to_owned(), evidence: evidence(line, THIS_YEAR), intent });
        }
    }
    Ok(sentences)
}

fn sums(bias: &[f32; CLASSES], weights: &[Vec<f32>; CLASSES], evidence: &[Evidence]) -> [f32; CLASSES] {
    std::array::from_fn(|class| {
        bias[class] + evidence.iter().map(|(at, value)| weights[class][*at as usize] * value).sum::<f32>()
    })
}

/// Logistic regression by stochastic gradient descent, with a rate of its own for each weight.
fn train(sentences: &[&Sentence]) -> ([f32; CLASSES], [Vec<f32>; CLASSES]) {
    let mut bias = [0.0_f32; CLASSES];
    let mut weights: [Vec<f32>; CLASSES] = std::array::from_fn(|_| vec![0.0; BUCKETS]);
    let mut moved: [Vec<f32>; CLASSES] = std::array::from_fn(|_| vec![1e-3; BUCKETS]);
    for round in 0..ROUNDS {
        // Another order in each round, the same at each run.
        let mut order: Vec<u32> = (0..u32::try_from(sentences.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|at| (at + 1).wrapping_mul(2_654_435_761).wrapping_add(round).wrapping_mul(2_246_822_519));
        for at in order {
            let Sentence { evidence, intent, .. } = sentences[at as usize];
            let likely = softmax(sums(&bias, &weights, evidence));
            for known in 0..CLASSES {
                let error = likely[known] - f32::from(u8::from(known == *intent as usize));
                bias[known] -= 0.02 * error;
                for (at, value) in evidence {
                    let at = *at as usize;
                    let slope = error * value;
                    moved[known][at] += slope * slope;
                    weights[known][at] -= RATE * slope / moved[known][at].sqrt();
                    weights[known][at] *= 1.0 - SHRINK;
                }
            }
        }
    }
    weights.iter_mut().flatten().chain(&mut bias).for_each(|weight| *weight *= SURER);
    (bias, weights)
}

/// How well sentences are understood.
#[derive(Default)]
struct Score {
    sentences: u32,
    right: u32,
    wishes: u32,
    without_button: u32,
    false_buttons: u32,
}

impl Score {
    fn of<'a>(model: &Model, sentences: impl Iterator<Item = &'a Sentence>) -> Self {
        let mut score = Self::default();
        for sentence in sentences {
            let (intent, likely) = model.likeliest(&sentence.evidence);
            let is_right = intent == sentence.intent;
            let has_button = intent.branch().is_some() && likely >= SURE;
            let is_wish = sentence.intent.branch().is_some();
            score.sentences += 1;
            score.right += u32::from(is_right);
            score.wishes += u32::from(is_wish);
            score.without_button += u32::from(is_wish && !(is_right && has_button));
            score.false_buttons += u32::from(has_button && !is_right);
        }
        score
    }
}

impl Score {
    fn add(&mut self, other: &Self) {
        self.sentences += other.sentences;
        self.right += other.right;
        self.wishes += other.wishes;
        self.without_button += other.without_button;
        self.false_buttons += other.false_buttons;
    }
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sentences, right, wishes, without_button, false_buttons } = *self;
        let share = |part: u32, all: u32| f64::from(part) / f64::from(all.max(1));
        write!(
            formatter,
            "{sentences} sentences, {:.3} of them right; {:.3} of {wishes} wishes without their button; {:.3} false buttons",
            share(right, sentences),
            share(without_button, wishes),
            share(false_buttons, sentences),
        )
    }
}
