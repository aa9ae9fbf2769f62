//! Makes `data/intents.bin` of labelled sentences:
//!
//! ```text
//! cargo run -p ai --example train                    # of data/tune.jsonl
//! cargo run -p ai --example train -- FILE.jsonl      # the same, and how well that does on other sentences
//! ```
//! The same sentences give the same weights: nothing is drawn by chance.

use std::path::Path;

use ai::offline::learned::{BUCKETS, CLASSES, Feature, Model, features, softmax, write};

const ROUNDS: u32 = 40;
/// How far one sentence moves a weight at first.
const RATE: f32 = 0.35;
/// How much weights shrink with each sentence that has them: what is seen once should not count too much.
const SHRINK: f32 = 2e-5;

type Sentence = (Vec<Feature>, usize, String);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let sentences = read(&data.join("tune.jsonl"))?;
    let bytes: &'static [u8] = train(&sentences).leak();
    std::fs::write(data.join("intents.bin"), bytes)?;
    let model = Model::read(bytes).ok_or("the weights cannot be read back")?;
    println!("{} sentences, {:.3} of them right", sentences.len(), accuracy(&model, &sentences));
    for file in std::env::args().skip(1) {
        println!("{file}: {:.3}", accuracy(&model, &read(Path::new(&file))?));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Sentence>, Box<dyn std::error::Error>> {
    let cases = ai::eval::read(&std::fs::read_to_string(path)?)?;
    Ok(cases.into_iter().map(|case| (features(&case.text), case.intent as usize, case.text)).collect())
}

/// Logistic regression by stochastic gradient descent, with a rate of its own for each weight.
fn train(sentences: &[Sentence]) -> Vec<u8> {
    let mut bias = [0.0_f32; CLASSES];
    let mut weights: [Vec<f32>; CLASSES] = std::array::from_fn(|_| vec![0.0; BUCKETS]);
    let mut moved: [Vec<f32>; CLASSES] = std::array::from_fn(|_| vec![1e-3; BUCKETS]);
    for round in 0..ROUNDS {
        // Another order in each round, the same at each run.
        let mut order: Vec<u32> = (0..u32::try_from(sentences.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|at| (at + 1).wrapping_mul(2_654_435_761).wrapping_add(round).wrapping_mul(2_246_822_519));
        for at in order {
            let (features, class, _) = &sentences[at as usize];
            let likely = softmax(std::array::from_fn(|class| {
                bias[class] + features.iter().map(|(at, value)| weights[class][*at as usize] * value).sum::<f32>()
            }));
            for known in 0..CLASSES {
                let error = likely[known] - f32::from(u8::from(known == *class));
                bias[known] -= 0.02 * error;
                for (at, value) in features {
                    let at = *at as usize;
                    let slope = error * value;
                    moved[known][at] += slope * slope;
                    weights[known][at] -= RATE * slope / moved[known][at].sqrt();
                    weights[known][at] *= 1.0 - SHRINK;
                }
            }
        }
    }
    write(&bias, &weights)
}

fn accuracy(model: &Model, sentences: &[Sentence]) -> f32 {
    let right = sentences.iter().filter(|(_, class, text)| {
        let likely = model.probabilities(text);
        likely.iter().all(|other| *other <= likely[*class])
    });
    #[expect(clippy::cast_precision_loss, reason = "thousands at most")]
    let (right, all) = (right.count() as f32, sentences.len() as f32);
    right / all
}
