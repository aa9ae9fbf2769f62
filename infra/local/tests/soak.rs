//! A small soak: the program itself, with random faults and one kill.

use std::process::Command;

#[test]
fn nothing_is_lost_or_duplicated_while_calls_fail() {
    let soak = Command::new(env!("CARGO_BIN_EXE_carquery-local"))
        .args(["soak", "--dialogs", "10", "--at-once", "10", "--faults", "20", "--kills", "1", "--seed", "7", "--json"])
        .output()
        .expect("the command starts");
    let printed = String::from_utf8_lossy(&soak.stdout);
    assert!(soak.status.success(), "{printed}\n{}", String::from_utf8_lossy(&soak.stderr));
    let report: serde_json::Value = serde_json::from_str(&printed).expect("the report is JSON");
    // Two leave the form for good; three of the others come again.
    let figures = ["sent", "left", "lost", "reminded_twice", "kills"].map(|name| report[name].as_u64());
    assert_eq!(figures, [11, 2, 0, 0, 1].map(Some), "{printed}");
    assert_eq!(report["twins"], serde_json::json!([0, 0, 0, 0]));
    let judgements = report["judgements"].as_array().expect("there are judgements");
    assert_eq!(judgements.len(), 10, "{printed}");
    assert!(
        judgements.iter().all(|judgement| judgement["of"].as_u64() > Some(0)),
        "each has judged something: {printed}"
    );
}
