//! `carquery dealer`.

use serde_json::{Value, json};

use crate::operator::{Operator, stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dealers_file_is_checked_before_it_is_stored() {
    let operator = Operator::new();
    let write = |name: &str, text: &str| {
        let path = operator.folder.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let good = write("good.toml", "# Самара\ntime_zone = \"Europe/Samara\"\n[repeat]\n");
    let broken = write("broken.toml", "time_zone = \"Samara\"\n\n[repeat]\njoin_open_deal_days = \"a month\"\n");

    // No stack runs yet: checking needs none.
    assert_eq!(operator.json(&["dealer", "check", &good]), json!({ "faults": [] }));
    let said = operator.runs(&["dealer", "check", &broken]);
    let faults = "line 1: unknown time zone `Samara`; write \"Europe/Moscow\"\n\
                  line 4: join_open_deal_days: expected an integer without quotes, found text in quotes\n";
    assert_eq!((said.code, &*said.out), (1, &*format!("{broken}:\n{faults}")), "{}", said.err);
    let said = operator.runs(&["dealer", "check", "--russian", &broken]);
    assert!(said.code == 1 && said.out.contains("Строка 4: join_open_deal_days: нужно целое число"), "{}", said.out);
    assert!(operator.fails(&["dealer", "check", "nothing.toml"]).contains("nothing.toml cannot be read"));

    let stack = stack(&operator).await;
    assert!(operator.fails(&["dealer", "show"]).contains("no dealer's file is stored"));
    let said = operator.text(&["dealer", "put", &good]);
    assert!(said.contains("Europe/Samara") && said.ends_with("Not stored. Add --yes.\n"), "{said}");
    assert!(operator.fails(&["dealer", "show"]).contains("no dealer's file is stored"));
    let said = operator.text(&["dealer", "put", &good, "--yes"]);
    assert!(said.ends_with("Stored. The bot uses it within a minute.\n"), "{said}");
    assert_eq!(operator.text(&["dealer", "put", &good, "--yes"]), "This file is stored already.\n");
    let text = std::fs::read_to_string(&good).expect("it is there");
    assert_eq!(operator.text(&["dealer", "show"]), text);

    let said = operator.runs(&["dealer", "put", &broken, "--yes"]);
    assert!(said.code == 1 && said.out.ends_with(faults), "{}{}", said.out, said.err);
    let said = operator.runs(&["dealer", "put", &broken, "--yes", "--json"]);
    let faults: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((said.code, &faults["faults"][1]["line"]), (1, &json!(4)));
    assert_eq!(operator.json(&["dealer", "show"])["text"], text, "the good one stays");
    stack.stop().await;
}
