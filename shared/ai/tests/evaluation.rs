//! What an operator reads after `carquery eval`.

use ai::eval::{Evaluation, Prices, Thresholds, read, run};
use ai::{Answered, CallLog, ModelCall};
use dialog::{AiAnswer, AnsweredBy, Entities, Intent};

const CASES: &str = r#"{"id":"a","text":"продам камри 2019","intent":"sell","entities":{"brand":"Toyota","model":"Camry","year":2019}}
{"id":"b","text":"каско","intent":"legal","entities":{}}
{"id":"c","text":"привет","intent":"unknown"}"#;

/// A model that takes everything for the sale of a Camry of 2018.
async fn evaluated() -> Evaluation {
    run(read(CASES).unwrap(), async |text| Answered {
        answer: AiAnswer {
            intent: Intent::Sell,
            confidence: 0.5,
            entities: Entities {
                make: Some("toyota".to_owned()),
                model: text.contains("камри").then(|| "Camry".to_owned()),
                year: Some(2018),
                ..Entities::default()
            },
            answered_by: AnsweredBy::Nobody,
            reply: String::new(),
        },
        call: CallLog {
            model: "gpt-6.1-terra".to_owned(),
            fallback: true,
            calls: vec![
                ModelCall { model: "gpt-6-luna".to_owned(), prompt_tokens: 1_000_000, completion_tokens: 0 },
                ModelCall { model: "home-made".to_owned(), prompt_tokens: 700, completion_tokens: 60 },
            ],
            ..CallLog::default()
        },
    })
    .await
}

#[tokio::test]
async fn the_report_shows_what_went_wrong_and_what_it_cost() {
    let report = evaluated().await.report(&Prices::default());
    let lines: Vec<&str> = report.lines().map(str::trim_end).filter(|line| !line.starts_with("latency")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    sentences        3
    intent accuracy  0.333 (1 right)
    entity F1        0.400
    without a button 1.000 (2 of 2 wishes)

               precision    recall        F1
    sell           0.333     1.000     0.500
    legal          1.000     0.000     0.000
    unknown        1.000     0.000     0.000
    brand          0.333     1.000     0.500
    budget         1.000     1.000     1.000
    mileage        1.000     1.000     1.000
    model          1.000     1.000     1.000
    year           0.000     0.000     0.000

                                       understood as
    labelled       sell      buy     find    check    legal      faq  unknown
    sell              1        ·        ·        ·        ·        ·        ·
    legal           (1)        ·        ·        ·        ·        ·        ·
    unknown         (1)        ·        ·        ·        ·        ·        ·

    answered offline 0, by the second model 3
    gpt-6-luna: 3 calls, 3000000 + 0 tokens, $0.3000
    home-made: 3 calls, 2100 + 180 tokens, no price known
    a thousand questions cost $100.00
    ");
}

#[tokio::test]
async fn the_summary_has_the_same_as_plain_data() {
    let summary = serde_json::to_value(evaluated().await.summary(&Prices::default())).unwrap();
    assert_eq!((&summary["sentences"], &summary["understood_as"]["legal"]["sell"]), (&3.into(), &1.into()));
    assert_eq!(
        summary["costs"][0],
        serde_json::json!({
            "model": "gpt-6-luna", "calls": 3, "prompt_tokens": 3_000_000, "completion_tokens": 0, "dollars": 0.3
        })
    );
    assert_eq!(summary["costs"][1]["dollars"], serde_json::Value::Null);
    insta::assert_snapshot!(summary["predictions"][0], @r#"{"confidence":0.5,"entities":{"brand":"toyota","budget":null,"mileage":null,"model":"Camry","year":2018},"id":"a","intent":"sell"}"#);
}

#[tokio::test]
async fn misses_are_listed_in_plain_words() {
    insta::assert_snapshot!(evaluated().await.missed_in_words(), @"
    a  продам камри 2019
        wants sell, understood, but too unsure for its button (50 % sure)
        year is 2019, understood as 2018
    b  каско
        wants legal, understood as sell (50 % sure)
        brand is nothing, understood as toyota
        year is nothing, understood as 2018
    c  привет
        wants unknown, understood as sell (50 % sure)
        brand is nothing, understood as toyota
        year is nothing, understood as 2018
    ");
}

#[tokio::test]
async fn a_threshold_says_what_falls_short() {
    let scores = evaluated().await.scores();
    assert!(scores.shortfalls(&Thresholds::default()).is_empty());
    let low = Thresholds { accuracy: Some(0.3), entity_f1: Some(0.4), without_button: Some(1.0) };
    assert!(scores.shortfalls(&low).is_empty());
    let high = Thresholds { accuracy: Some(0.95), entity_f1: Some(0.98), without_button: Some(0.04) };
    insta::assert_snapshot!(scores.shortfalls(&high).join("\n"), @"
    intent accuracy is 0.333, below 0.950
    entity F1 is 0.400, below 0.980
    1.000 of the wishes do not get their button, more than 0.040
    ");
}

#[tokio::test]
async fn misses_are_those_with_a_wrong_intent_or_entity() {
    let outcome = evaluated().await;
    let missed: Vec<&str> = outcome.missed().map(|(case, _)| case.id.as_str()).collect();
    assert_eq!(missed, ["a", "b", "c"]);
}
