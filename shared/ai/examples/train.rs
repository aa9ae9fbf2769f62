//! Makes `data/intents.bin` of labelled sentences:
//!
//! ```text
//! cargo run -p ai --example train                    # of all of them
//! cargo run -p ai --example train -- FILE.jsonl      # the same, and how well that does on other sentences
//! ```
//! The same sentences give the same weights: nothing is drawn by chance.

use std::error::Error;
use std::path::Path;

use ai::eval;
use ai::offline::evidence;
use ai::offline::learned::{BUCKETS, Evidence, Model, softmax, write};
use dialog::Intent;

const CLASSES: usize = Intent::COUNT;
const ROUNDS: u32 = 40;
/// How far one sentence moves a weight at first.
const RATE: f32 = 0.35;
/// How much weights shrink with each sentence that has them: what is seen once should not count too much.
const SHRINK: f32 = 2e-5;
/// Tells years from other numbers, as in the tests.
const THIS_YEAR: i16 = 2026;

type Sentence = (Vec<Evidence>, usize);

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let mut sentences = labelled(&data.join("tune.jsonl"))?;
    sentences.extend(labelled(&data.join("held_out.jsonl"))?);
    sentences.extend(phrases(&data.join("phrases.txt"))?);
    let (bias, weights) = train(&sentences);
    let bytes: &'static [u8] = write(&bias, &weights).leak();
    std::fs::write(data.join("intents.bin"), bytes)?;
    let model = Model::read(bytes).ok_or("the weights cannot be read back")?;
    println!("{} sentences, {:.3} of them right", sentences.len(), accuracy(&model, &sentences));
    for file in std::env::args().skip(1) {
        println!("{file}: {:.3}", accuracy(&model, &labelled(Path::new(&file))?));
    }
    Ok(())
}

fn labelled(path: &Path) -> Result<Vec<Sentence>, Box<dyn Error>> {
    let cases = eval::read(&std::fs::read_to_string(path)?)?;
    Ok(cases.into_iter().map(|case| (evidence(&case.text, THIS_YEAR), case.intent as usize)).collect())
}

/// Sentences one a line, under the intent that they have: `[sell]`.
fn phrases(path: &Path) -> Result<Vec<Sentence>, Box<dyn Error>> {
    let mut intent: Option<Intent> = None;
    let mut sentences = Vec::new();
    for line in std::fs::read_to_string(path)?.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            intent = Some(name.parse().map_err(|_| format!("there is no intent {name}"))?);
        } else if !line.is_empty() && !line.starts_with('#') {
            sentences.push((evidence(line, THIS_YEAR), intent.ok_or("a sentence without an intent")? as usize));
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
fn train(sentences: &[Sentence]) -> ([f32; CLASSES], [Vec<f32>; CLASSES]) {
    let mut bias = [0.0_f32; CLASSES];
    let mut weights: [Vec<f32>; CLASSES] = std::array::from_fn(|_| vec![0.0; BUCKETS]);
    let mut moved: [Vec<f32>; CLASSES] = std::array::from_fn(|_| vec![1e-3; BUCKETS]);
    for round in 0..ROUNDS {
        // Another order in each round, the same at each run.
        let mut order: Vec<u32> = (0..u32::try_from(sentences.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|at| (at + 1).wrapping_mul(2_654_435_761).wrapping_add(round).wrapping_mul(2_246_822_519));
        for at in order {
            let (evidence, class) = &sentences[at as usize];
            let likely = softmax(sums(&bias, &weights, evidence));
            for known in 0..CLASSES {
                let error = likely[known] - f32::from(u8::from(known == *class));
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
    (bias, weights)
}

fn accuracy(model: &Model, sentences: &[Sentence]) -> f32 {
    let right = sentences.iter().filter(|(evidence, class)| model.likeliest(evidence).0 as usize == *class);
    #[expect(clippy::cast_precision_loss, reason = "thousands at most")]
    let (right, all) = (right.count() as f32, sentences.len() as f32);
    right / all
}
