//! How long the rules take for a sentence: `cargo run --release -p ai --example speed -- FILE.jsonl …`

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use ai::{eval, offline};

const THIS_YEAR: i16 = 2026;

fn main() -> Result<(), Box<dyn Error>> {
    let known = dealer::parse(include_str!("../../faq/data/dealer.toml")).map_err(|_| "bad dealer's file")?.facts;
    let mut texts = Vec::new();
    for file in std::env::args().skip(1) {
        texts.extend(eval::read(&std::fs::read_to_string(file)?)?.into_iter().map(|case| case.text));
    }
    let micros = |text: &String| {
        let start = Instant::now();
        black_box(offline::answer(text, THIS_YEAR, &known));
        start.elapsed().as_micros()
    };
    // The catalogue, the rules and the weights are read at first use.
    println!("first sentence: {} µs", texts.first().map(micros).unwrap_or_default());
    // The fastest of five: what other programs take of the processor is not counted.
    let fastest = |text: &String| (0..5).map(|_| micros(text)).min().unwrap_or_default();
    let mut all: Vec<u128> = texts.iter().map(fastest).collect();
    all.sort_unstable();
    let at = |share: usize| all.get(all.len() * share / 100).copied().unwrap_or_default();
    println!("{} sentences: median {} µs, 99 of 100 within {} µs", all.len(), at(50), at(99));
    Ok(())
}
