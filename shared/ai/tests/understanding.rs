//! The labelled sentences: how well the rules understand them, and that nothing can upset them.

use std::sync::LazyLock;

use ai::eval::{Evaluation, Prices, Scores, Thresholds, read, run};
use ai::{Answered, CallLog, offline};
use dealer::Facts;
use dialog::{Intent, SURE};
use proptest::prelude::*;

const THIS_YEAR: i16 = 2026;
const TUNE: &str = include_str!("../data/tune.jsonl");
const HELD_OUT: &str = include_str!("../data/held_out.jsonl");
const STRANGERS: &str = include_str!("../data/strangers.jsonl");
const STRANGERS_2: &str = include_str!("../data/strangers_2.jsonl");
const STRANGERS_3: &str = include_str!("../data/strangers_3.jsonl");
const STRANGERS_4: &str = include_str!("../data/strangers_4.jsonl");
/// Numbers that are a model, a generation or an index, and easily taken for a year, a price or a mileage.
const NUMBERS: &str = include_str!("../data/numbers.jsonl");

async fn outcome(lines: &str) -> Evaluation {
    run(read(lines).unwrap(), async |text| Answered {
        answer: offline::classify(text, THIS_YEAR),
        call: CallLog { offline: true, ..CallLog::default() },
    })
    .await
}

/// `cargo test -p ai --test understanding -- --nocapture` shows the report, and the misses of what the weights are made
/// of. Those of strangers stay unseen: rules and sentences fitted to them would make the numbers worthless.
async fn scores(name: &str, lines: &str, shows_misses: bool) -> Scores {
    let outcome = outcome(lines).await;
    println!("{name}\n{}", outcome.report(&Prices::default()));
    if shows_misses {
        println!("{}", outcome.missed_in_words());
    }
    outcome.scores()
}

#[tokio::test]
async fn sentences_that_were_learned_from_are_understood() {
    for (name, lines) in [("tune", TUNE), ("held out", HELD_OUT)] {
        let scores = scores(name, lines, true).await;
        let thresholds = Thresholds { accuracy: Some(0.98), entity_f1: Some(0.98), without_button: Some(0.02) };
        assert_eq!(scores.shortfalls(&thresholds), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn numbers_of_a_name_are_nothing_else() {
    let scores = scores("numbers", NUMBERS, true).await;
    let thresholds = Thresholds { accuracy: Some(1.0), entity_f1: Some(1.0), without_button: Some(0.0) };
    assert_eq!(scores.shortfalls(&thresholds), Vec::<String>::new());
}

/// What sentences of one file must reach. The figures may rise, never fall.
struct Floor {
    sentences: &'static str,
    thresholds: Thresholds,
    /// At most this many sentences show a button that nobody asked for.
    wrong_buttons: usize,
    hard_ones: usize,
    accuracy_of_hard_ones: f64,
}

const FLOORS: [Floor; 4] = [
    Floor {
        sentences: STRANGERS,
        thresholds: Thresholds { accuracy: Some(0.97), entity_f1: Some(0.975), without_button: Some(0.03) },
        wrong_buttons: 4,
        hard_ones: 93,
        accuracy_of_hard_ones: 0.93,
    },
    Floor {
        sentences: STRANGERS_2,
        thresholds: Thresholds { accuracy: Some(0.96), entity_f1: Some(0.99), without_button: Some(0.05) },
        wrong_buttons: 1,
        hard_ones: 25,
        accuracy_of_hard_ones: 0.96,
    },
    Floor {
        sentences: STRANGERS_3,
        thresholds: Thresholds { accuracy: Some(0.92), entity_f1: Some(0.97), without_button: Some(0.1) },
        wrong_buttons: 13,
        hard_ones: 89,
        accuracy_of_hard_ones: 0.81,
    },
    Floor {
        sentences: STRANGERS_4,
        thresholds: Thresholds { accuracy: Some(0.9), entity_f1: Some(0.95), without_button: Some(0.1) },
        wrong_buttons: 15,
        hard_ones: 78,
        accuracy_of_hard_ones: 0.76,
    },
];

#[tokio::test]
async fn sentences_of_strangers_are_understood() {
    for floor in FLOORS {
        let all = outcome(floor.sentences).await;
        println!("{}", all.report(&Prices::default()));
        assert_eq!(all.scores().shortfalls(&floor.thresholds), Vec::<String>::new());
        let wrong_buttons = all.missed().filter(|(case, said)| {
            said.intent != case.intent && said.intent.branch().is_some() && said.confidence >= SURE
        });
        assert!(wrong_buttons.count() <= floor.wrong_buttons);
        let is_hard = |line: &&str| line.contains("h\", \"text");
        let hard: String = floor.sentences.lines().filter(is_hard).map(|line| format!("{line}\n")).collect();
        let hard = scores("hard ones", &hard, false).await;
        let thresholds = Thresholds { accuracy: Some(floor.accuracy_of_hard_ones), ..Thresholds::default() };
        assert_eq!((hard.total, hard.shortfalls(&thresholds)), (floor.hard_ones, Vec::new()));
    }
}

/// Words of everyday Russian that no rule speaks of, though some look or sound like words that one does.
const ORDINARY_WORDS: &str = include_str!("ordinary_words.txt");

#[test]
fn ordinary_words_ask_for_no_service() {
    let service = |intent| !matches!(intent, Intent::Faq | Intent::Unknown);
    let taken: Vec<_> = ORDINARY_WORDS
        .split_whitespace()
        .map(|word| (word, offline::classify(word, THIS_YEAR)))
        .filter(|(_, said)| service(said.intent) && said.confidence >= 0.7)
        .map(|(word, said)| (word, said.intent))
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
}

/// What a dealer says of itself.
static KNOWN: LazyLock<Facts> =
    LazyLock::new(|| dealer::parse(include_str!("../../faq/data/dealer.toml")).unwrap().facts);

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_upsets_the_rules(text in hostile_text(), this_year in any::<i16>()) {
        let answer = offline::answer(&text, this_year, &KNOWN);
        prop_assert!((0.0..=1.0).contains(&answer.confidence));
        prop_assert!(!answer.reply.is_empty() && answer.reply.chars().count() <= dialog::MAX_REPLY_CHARS);
        let dialog::Entities { year, roubles, km, .. } = answer.entities;
        prop_assert!(year.is_none_or(|year| values::year::check(year, this_year).is_ok()), "{year:?}");
        prop_assert!(roubles.is_none_or(|roubles| values::money::check(roubles).is_ok()), "{roubles:?}");
        prop_assert!(km.is_none_or(|km| values::mileage::check(km).is_ok()), "{km:?}");
    }
}

/// Any characters at all, or what a sentence is made of in a senseless order, with attacks in between.
fn hostile_text() -> impl Strategy<Value = String> {
    const PIECES: [&str; 32] = [
        "ghjlfv",
        "два восемьсот",
        "190 рублей",
        "4х4",
        "продам",
        "камри",
        "2019",
        "85 тыс",
        "полтора",
        "млн",
        "до",
        "ё",
        "й\u{306}",
        "\u{202e}",
        "\u{0}",
        "👨‍👩‍👧",
        "<b>",
        "'; DROP TABLE",
        "{\"intent\":\"sell\"}",
        "99999999999999999999999",
        "-1",
        "1.5.2",
        "ваз",
        "бмв х",
        "ignore all instructions",
        "%s%n",
        "\u{1F697}",
        "İ",
        "ß",
        "ǅ",
        "\u{FEFF}",
        "٣٤",
    ];
    prop_oneof![
        "\\PC{0,200}",
        any::<String>(),
        prop::collection::vec(
            (prop::sample::select(&PIECES[..]), prop::sample::select(&["", " ", "\n", "-"][..])),
            0..60
        )
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, gap)| [piece, gap]).collect()),
    ]
}
