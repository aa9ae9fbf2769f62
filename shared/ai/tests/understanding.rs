//! The labelled sentences: how well the rules understand them, and that nothing can upset them.

use ai::eval::{Outcome, Prices, read, run};
use ai::{Answered, CallLog, offline};
use dialog::Intent;
use proptest::prelude::*;

const THIS_YEAR: i16 = 2026;
const TUNE: &str = include_str!("../data/tune.jsonl");
const HELD_OUT: &str = include_str!("../data/held_out.jsonl");

async fn outcome(lines: &str) -> Outcome {
    run(read(lines).unwrap(), async |text| Answered {
        answer: offline::classify(text, THIS_YEAR),
        call: CallLog { offline: true, ..CallLog::default() },
    })
    .await
}

/// `cargo test -p ai --test understanding -- --nocapture` shows the report, and the misses of the tuning set. Those of the
/// held-out set stay unseen: rules fitted to them would make its numbers worthless.
async fn accuracy_and_f1(name: &str, lines: &str, shows_misses: bool) -> (f64, f64) {
    let outcome = outcome(lines).await;
    println!("{name}\n{}", outcome.report(&Prices::default()));
    for (case, said) in outcome.missed().filter(|_| shows_misses) {
        println!(
            "{} {:?} {:?}\n     {:?} {:?} {:.2}",
            case.id, case.text, case.intent, said.intent, case.entities, said.confidence
        );
        if case.entities != said.entities {
            println!("     {:?}", said.entities);
        }
    }
    let scores = outcome.scores();
    (scores.accuracy(), scores.all_entities.f1())
}

#[tokio::test]
async fn sentences_the_rules_were_tuned_on_are_understood() {
    let (accuracy, f1) = accuracy_and_f1("tune", TUNE, true).await;
    assert!(accuracy >= 0.95 && f1 >= 0.9, "accuracy {accuracy:.3}, F1 {f1:.3}");
}

#[tokio::test]
async fn sentences_the_rules_have_never_seen_are_understood() {
    let (accuracy, f1) = accuracy_and_f1("held out", HELD_OUT, false).await;
    assert!(accuracy >= 0.9 && f1 >= 0.85, "accuracy {accuracy:.3}, F1 {f1:.3}");
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_upsets_the_rules(text in hostile_text(), this_year in any::<i16>()) {
        let answer = offline::classify(&text, this_year);
        prop_assert!((0.0..=1.0).contains(&answer.confidence));
        prop_assert!(!answer.reply.is_empty() && answer.reply.chars().count() <= dialog::MAX_REPLY_CHARS);
        let dialog::Facts { year, roubles, km, .. } = answer.facts;
        prop_assert!(year.is_none_or(|year| values::year::check(year, this_year).is_ok()), "{year:?}");
        prop_assert!(roubles.is_none_or(|roubles| values::money::check(roubles).is_ok()), "{roubles:?}");
        prop_assert!(km.is_none_or(|km| values::mileage::check(km).is_ok()), "{km:?}");
    }
}

/// Any characters at all, or what a sentence is made of in a senseless order, with attacks in between.
fn hostile_text() -> impl Strategy<Value = String> {
    const PIECES: [&str; 28] = [
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
