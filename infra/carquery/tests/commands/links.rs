//! `carquery links`.

use crate::operator::Operator;

#[test]
fn a_link_is_made_with_its_code() {
    let operator = Operator::new();
    let make = |arguments: &[&'static str]| [&["links", "make", "--bot", "@AutoDealerBot"][..], arguments].concat();
    let all =
        ["--source", "avito", "--medium", "cpc", "--campaign", "autumn_26", "--content", "red", "--branch", "sell"];
    let link = "https://t.me/AutoDealerBot?start=s_avito__m_cpc__c_autumn_26__t_red__b_sell";
    assert_eq!(operator.json(&make(&all))["link"], link);
    let printed = operator.text(&make(&[&all[..], &["--svg", "code.svg"]].concat()));
    assert!(printed.starts_with(&format!("{link}\n")), "{printed}");
    assert!(printed.contains('▀') && !printed.contains('\u{1b}'), "no colours into a file: {printed}");
    let picture = std::fs::read_to_string(operator.folder.path().join("code.svg")).expect("it is written");
    assert!(picture.contains("<svg") && picture.contains("height=\"5"), "{picture}");

    assert!(operator.fails(&make(&[])).contains("name a source"));
    assert!(operator.fails(&make(&["--source", "авито"])).contains("Latin letters"));
    assert!(operator.fails(&make(&["--source", "a__b_sell"])).contains("single underscores"));
    let long = "sixty-three-letters-and-digits-are-too-many-with-the-two-before";
    assert!(operator.fails(&make(&["--source", long])).contains("the parts make 65 characters"));
    let nowhere = make(&["--source", "avito", "--svg", "no/such/folder/code.svg"]);
    assert!(operator.fails(&nowhere).contains("cannot write no/such/folder/code.svg"));
    for wrong in [["--branch", "nonsense"], ["--bot", "t.me/AutoDealerBot"]] {
        assert_eq!(operator.runs(&[&["links", "make", "--source", "avito"][..], &wrong[..]].concat()).code, 2);
    }
}
