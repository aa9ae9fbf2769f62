//! `carquery eval`.

use std::path::Path;

use serde_json::Value;

use crate::operator::Operator;

#[test]
fn understanding_is_measured() {
    let operator = Operator::new();
    let sentences = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/ai/data/held_out.jsonl");
    let sentences = sentences.to_str().expect("a path");
    let missed = operator.text(&["eval", sentences, "--missed"]);
    assert!(missed.contains(", understood as ") && !missed.contains("Some("), "words, not Rust: {missed}");
    assert!(missed.contains("\ninventions "), "{missed}");
    let measured: Value = serde_json::from_str(&operator.text(&["eval", sentences, "--json"])).expect("JSON");
    assert!(measured["sentences"]["intent_accuracy"].as_f64().is_some_and(|accuracy| accuracy > 0.9), "{measured}");
    assert_eq!((&measured["guard"]["shown"], &measured["facts"]), (&Value::Array(Vec::new()), &Value::Null));
    assert!(operator.fails(&["eval", "nothing.jsonl"]).contains("nothing.jsonl cannot be read"));
    assert!(operator.fails(&["eval", sentences, "--model"]).contains("no model is configured"));
    assert!(operator.fails(&["eval", "/dev/null"]).contains("has no sentences"));
}

#[test]
fn an_evaluation_that_falls_short_fails() {
    let operator = Operator::new();
    let file = |name: &str| format!("{}/../../shared/{name}", env!("CARGO_MANIFEST_DIR"));
    let (sentences, dealer) = (file("ai/data/held_out.jsonl"), file("faq/data/dealer.toml"));
    let questions = file("faq/data/strangers.jsonl");
    let asked = ["eval", &sentences, "--dealer", &dealer, "--questions", &questions];
    let good = operator.runs(&[&asked[..], &["--min-accuracy", "0.95", "--max-wrong-facts", "0.02"]].concat());
    assert_eq!(good.code, 0, "{}", good.out);
    assert!(good.out.contains("wrong fact ") && !good.out.contains("falls short"), "{}", good.out);
    let bad = operator.runs(&[&asked[..], &["--min-entity-f1", "1", "--max-missed-facts", "0.01"]].concat());
    assert_eq!(bad.code, 1, "{}", bad.out);
    assert!(bad.out.contains("falls short: entity F1 is "), "{}", bad.out);
    assert!(bad.out.contains("of the questions that a fact answers get none, more than 0.010"), "{}", bad.out);
    let lonely = operator.runs(&["eval", &sentences, "--max-wrong-facts", "0.1"]);
    assert!(lonely.code == 2 && lonely.err.contains("--dealer"), "{}", lonely.err);
    assert_eq!(operator.runs(&["eval"]).code, 2);
}

#[test]
fn a_dealer_measures_the_own_facts_alone() {
    let operator = Operator::new();
    let write =
        |name: &str, text: &str| std::fs::write(operator.folder.path().join(name), text).expect("it is written");
    write(
        "dealer.toml",
        "[[fact]]\nquestions = [\"Есть ли парковка?\"]\nanswer = \"Да.\"\n\
         [[fact]]\nquestions = [\"Где вы находитесь?\"]\nanswer = \"Здесь.\"\n",
    );
    let asked = ["eval", "--dealer", "dealer.toml", "--questions", "questions.jsonl"];
    write(
        "questions.jsonl",
        "{\"text\": \"парковка у вас есть?\", \"facts\": [1]}\n{\"text\": \"почём страховка\", \"facts\": []}\n",
    );
    let good = operator.text(&[&asked[..], &["--missed"]].concat());
    assert!(good.starts_with("questions        2, 1 of them answered by a fact\nwrong fact       0"), "{good}");
    assert!(good.ends_with("\n\nnothing was misunderstood\n"), "{good}");
    assert_eq!(operator.json(&asked)["sentences"], Value::Null);

    write("questions.jsonl", "{\"text\": \"парковка у вас есть?\", \"facts\": [2]}\n");
    let bad = operator.text(&[&asked[..], &["--missed"]].concat());
    let words =
        "1  парковка у вас есть?\n    fact 2 «Где вы находитесь?» answers it, but it gets 1 «Есть ли парковка?»";
    assert!(bad.contains(words), "{bad}");
    write("questions.jsonl", "{\"text\": \"парковка у вас есть?\", \"facts\": [3]}\n");
    assert!(operator.fails(&asked).contains("questions.jsonl: line 1: there is no fact 3, the dealer's file has 2"));
}
