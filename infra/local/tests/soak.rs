//! A small soak: the program itself, with random faults and one kill.

use std::process::Command;

#[test]
fn nothing_is_lost_or_duplicated_while_calls_fail() {
    let soak = Command::new(env!("CARGO_BIN_EXE_carquery-local"))
        .args(["soak", "--dialogs", "10", "--at-once", "5", "--faults", "20", "--kills", "1", "--seed", "7", "--json"])
        .output()
        .expect("the command starts");
    let printed = String::from_utf8_lossy(&soak.stdout);
    assert!(soak.status.success(), "{printed}\n{}", String::from_utf8_lossy(&soak.stderr));
    let report: serde_json::Value = serde_json::from_str(&printed).expect("the report is JSON");
    assert_eq!((&report["sent"], &report["lost"], &report["kills"]), (&10.into(), &0.into(), &1.into()));
    assert_eq!(report["twins"], serde_json::json!([0, 0, 0, 0]));
}
