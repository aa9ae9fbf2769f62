use super::*;
use crate::Doubt;

fn vin(typed: &str) -> (String, bool) {
    match parse(typed) {
        Ok(VehicleId::Vin { vin, check_digit_ok }) => (vin, check_digit_ok),
        other => panic!("{typed}: {other:?}"),
    }
}

#[test]
fn a_vin_is_normalised_and_its_check_digit_reported() {
    // The first is the worked example of 49 CFR 565; Russian and European makers leave the place free.
    assert_eq!(vin("1M8GDM9AXKP042788"), ("1M8GDM9AXKP042788".into(), true));
    assert_eq!(vin("11111111111111111"), ("11111111111111111".into(), true));
    assert_eq!(vin("xta21099-0y-2766380"), ("XTA210990Y2766380".into(), false));
    assert_eq!(vin("VIN: JTDKB20U 5 77596359").0, "JTDKB20U577596359");
    for labelled in ["VIN номер XTA210990Y2766380", "вин код XTA210990Y2766380", "vin code: xta210990y2766380"]
    {
        assert_eq!(vin(labelled).0, "XTA210990Y2766380", "{labelled}");
    }
    assert_eq!(vin("1М8GDМ9АХКР042788"), ("1M8GDM9AXKP042788".into(), true), "letters typed in Cyrillic");
}

#[test]
fn a_plate_is_normalised_to_cyrillic() {
    for (typed, shown) in [
        ("А123ВС77", "А123ВС77"),
        ("а123вс777", "А123ВС777"),
        ("a123bc 777", "А123ВС777"),
        ("A 123 BC | 77 RUS", "А123ВС77"),
        ("х-001-ам-97", "Х001АМ97"),
        ("o000oo99", ""),
        ("0777OО199", "О777ОО199"),
        ("АВ 123 77", "АВ12377"),
        ("ав1234 77", "АВ123477"),
        ("1234ав77", "1234АВ77"),
        ("А1234 77", "А123477"),
        ("госномер к555кк 123", "К555КК123"),
        ("гос. номер м001мм01", "М001ММ01"),
        ("А123ВС77РУС", "А123ВС77"),
        ("а123вс 777 рус", "А123ВС777"),
        ("гос номер: а123вс77", "А123ВС77"),
        ("номер авто а123вс77", "А123ВС77"),
        ("[А123ВС77]", "А123ВС77"),
        ("(а123вс77)", "А123ВС77"),
        ("«А123ВС 77»", "А123ВС77"),
        ("а 123 вс 🇷🇺 77", "А123ВС77"),
        ("🇷🇺А123ВС77", "А123ВС77"),
        ("А123ВС77 🚗", "А123ВС77"),
        ("А123ВС, 77", "А123ВС77"),
        ("А123ВС+77", "А123ВС77"),
        ("А123ВС77!", "А123ВС77"),
        ("А123ВС\\77", "А123ВС77"),
        ("a123bc77ru", "А123ВС77"),
        ("ВС123А77", "ВС123А77"),
    ] {
        let plate = parse(typed).map(|id| id.show()).unwrap_or_default();
        assert_eq!(plate, shown, "{typed}");
    }
}

#[test]
fn other_text_is_neither() {
    assert_eq!(parse("  "), Err(Wrong::Empty));
    for typed in [
        "нет",
        "1M8GDM9AXKP04278",   // 16
        "1M8GDM9AXKP0427880", // 18
        "IM8GDM9AXKP042788",  // I
        "1M8GDM9AXKPO42788",  // O
        "QM8GDM9AXKP042788",  // Q
        "ABCDEFGHJKLMNPRST",  // a sentence in Latin, not a number
        "Б123ВС77",           // no such letter on a plate
        "А123ВС",             // no region
        "А123ВС00",
        "А123ВС0777",
        "А123ВС077",
        "123",
        "🚗",
    ] {
        assert_eq!(parse(typed), Err(Wrong::BadVehicleId), "{typed}");
    }
}

#[test]
fn a_vin_or_a_plate_is_found_among_words() {
    for (typed, shown, remark) in [
        ("А123ВС77", "А123ВС77", None),
        ("ВС123А77 (транзит)", "ВС123А77", Some("транзит")),
        ("транзит ВС 123 А 77", "ВС123А77", Some("транзит")),
        ("транзитный вс123а77", "ВС123А77", Some("транзитный")),
        ("камри, номер а123вс77", "А123ВС77", Some("камри, номер")),
        ("а 123 вс 77 регион", "А123ВС77", None),
        ("а123вс 🇷🇺 777, не битая", "А123ВС777", Some("не битая")),
        ("номера А123ВС77RUS, могу показать", "А123ВС77", Some("номера … могу показать")),
        ("госномер Х001АМ97 красивый", "Х001АМ97", Some("красивый")),
        ("мой номер к555кк 123", "К555КК123", None),
        ("VIN XTA210990Y2766380 Приора", "XTA210990Y2766380", Some("Приора")),
        ("вин: JTDKB20U 5 77596359 (праворукая)", "JTDKB20U577596359", Some("праворукая")),
        ("1M8GDM9AXKP042788 и птс оригинал", "1M8GDM9AXKP042788", Some("и птс оригинал")),
        ("А123ВС77, VIN XTA210990Y2766380", "А123ВС77", Some("VIN XTA210990Y2766380")),
        ("прицеп АВ1234 77 легковой", "АВ123477", Some("прицеп … легковой")),
        ("А123ВС77 А123ВС77", "А123ВС77", Some("А123ВС77")),
    ] {
        let read = read(typed);
        let expected = (shown.to_owned(), remark.map(str::to_owned), None);
        let read = read.map_or_else(|_| (String::new(), None, None), |id| (id.value.show(), id.remark, id.doubt));
        assert_eq!(read, expected, "{typed}");
    }
    let several = read("А123ВС77 или В456ОР99").unwrap();
    assert_eq!((several.value.show().as_str(), several.doubt), ("А123ВС77", Some(Doubt::SeveralValues)));
}

#[test]
fn ordinary_words_are_neither() {
    for typed in [
        "не знаю, куплена в 2019 77 регион",
        "номера сейчас нет",
        "пробег 123 тыс, 2019 год",
        "XTA21099 потом скажу",
        "1M8GDM9AXKP04278 последнюю цифру не видно",
        "А123ВС без региона",
        "тел 8 900 123 45 67",
        "11111111111111111 это что",
    ] {
        assert_eq!(read(typed), Err(Wrong::BadVehicleId), "{typed}");
    }
}

#[test]
fn every_wrong_character_in_a_vin_with_a_check_digit_is_noticed() {
    let good = "1M8GDM9AXKP042788";
    for place in (0..17).filter(|place| *place != 8) {
        let mut characters: Vec<char> = good.chars().collect();
        characters[place] = if characters[place] == '3' { '5' } else { '3' };
        let (_, ok) = vin(&characters.iter().collect::<String>());
        assert!(!ok || vin_value(characters[place]) == vin_value(good.chars().nth(place).unwrap()), "place {place}");
    }
}

proptest::proptest! {
    #[test]
    fn what_was_parsed_parses_to_itself(typed in "[АВЕКМНОРСТУХавекмнорстухABEKMHOPCTYX]{1}[0-9]{3}[АВЕКМНОРСТУХabekmhopctyx]{2}[1-9][0-9]{1,2}") {
        if let Ok(id) = parse(&typed) {
            proptest::prop_assert_eq!(parse(&id.show()), Ok(id));
        }
    }

    #[test]
    fn it_never_panics(typed in "\\PC{0,5000}") {
        let _ = read(&typed);
    }
}
