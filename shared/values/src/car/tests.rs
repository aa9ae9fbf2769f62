//! What customers write about cars.

use super::*;

fn found(sentence: &str) -> String {
    find(sentence).map_or_else(|| "-".to_owned(), |found| found.car.show())
}

/// Checks a whole table, so that one run shows everything a change of the catalogue breaks.
fn check(table: &[(&str, &str)], read: impl Fn(&str) -> String) {
    let wrong: Vec<String> = table
        .iter()
        .filter(|(text, expected)| read(text) != *expected)
        .map(|(text, expected)| format!("«{text}»: {}, not {expected}", read(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_car_is_found_in_a_sentence() {
    let table = [
        ("продаю камри 2019, 85 тыс, хочу полтора", "Toyota Camry"),
        ("Хочу продать свою камрюху", "Toyota Camry"),
        ("сколько дадите за Toyota Camry 2018?", "Toyota Camry"),
        ("езжу на солярисе", "Hyundai Solaris"),
        ("возьмите бэху", "BMW"),
        ("хочу бмв х5 до 3 млн", "BMW X5"),
        ("BMW X5 2015", "BMW X5"),
        ("бэха икс пять", "BMW X5"),
        ("х5 бмв", "BMW X5"),
        ("bmw 520d", "BMW 5 Series"),
        ("бмв 3 серии", "BMW 3 Series"),
        ("мерседес е200 2017", "Mercedes-Benz E 200"),
        ("Mercedes-Benz E 200", "Mercedes-Benz E 200"),
        ("мерин 212 кузов", "Mercedes-Benz"),
        ("купил lx570, хочу узнать историю", "Lexus LX 570"),
        ("нужен филдер", "Toyota Corolla Fielder"),
        ("автовоз до Тюмени", "-"),
        ("гелик куплю", "Mercedes-Benz G-Class"),
        ("мерседес с пробегом", "Mercedes-Benz"),
        ("крузак 200", "Toyota Land Cruiser 200"),
        ("крузак 200 3.9 млн", "Toyota Land Cruiser 200"),
        ("ленд крузер прадо 2012", "Toyota Land Cruiser Prado"),
        ("тойота ленд крузер", "Toyota Land Cruiser"),
        ("рав4 есть?", "Toyota RAV4"),
        ("RAV-4", "Toyota RAV4"),
        ("2114 в хорошем состоянии", "Lada 2114"),
        ("ваз 2107", "Lada 2107"),
        ("продам приору", "Lada Priora"),
        ("лада веста", "Lada Vesta"),
        ("весту св кросс ищу", "Lada Vesta SW Cross"),
        ("ниву продам", "Lada Niva"),
        ("шевроле нива", "Chevrolet Niva"),
        ("шниву 2010", "Chevrolet Niva"),
        ("семерка жигули", "Lada 2107"),
        ("уаз патриот", "UAZ Patriot"),
        ("газель некст", "GAZ Gazelle Next"),
        ("москвич 3", "Moskvich 3"),
        ("хундай крета", "Hyundai Creta"),
        ("хёндэ туссан", "Hyundai Tucson"),
        ("киа рио", "Kia Rio"),
        ("киа сид", "Kia Ceed"),
        ("мазда 3 2015", "Mazda 3"),
        ("мазду cx-5", "Mazda CX-5"),
        ("мазда сх5", "Mazda CX-5"),
        ("на мазде 6 лет", "Mazda"),
        ("мазда, 3 хозяина", "Mazda"),
        ("мазда 3 хозяина", "Mazda"),
        ("бмв 3.0 дизель", "BMW"),
        ("бмв 320 тыс пробег", "BMW"),
        ("бмв 320 000 км", "BMW"),
        ("цена 2 101 000 руб", "-"),
        ("пежо 308", "Peugeot 308"),
        ("форд фокус 2", "Ford Focus"),
        ("шкоду октавию", "Skoda Octavia"),
        ("фольксваген поло седан", "Volkswagen Polo"),
        ("туарег", "Volkswagen Touareg"),
        ("ниссан х-трейл", "Nissan X-Trail"),
        ("икстрейл", "Nissan X-Trail"),
        ("жук ниссан", "Nissan Juke"),
        ("лексус рх350", "Lexus RX 350"),
        ("lexus rx 350", "Lexus RX 350"),
        ("инфинити fx35", "Infiniti FX 35"),
        ("вольво хс90", "Volvo XC90"),
        ("рендж ровер спорт", "Land Rover Range Rover Sport"),
        ("паджеро спорт", "Mitsubishi Pajero Sport"),
        ("лансер 10", "Mitsubishi Lancer"),
        ("чери тигго 7 про макс", "Chery Tiggo 7 Pro Max"),
        ("Haval Jolion", "Haval Jolion"),
        ("хавал ф7", "Haval F7"),
        ("джили монжаро", "Geely Monjaro"),
        ("танк 300", "Tank 300"),
        ("по крузаку 200", "Toyota Land Cruiser 200"),
        ("Волга ГАЗ-3110", "GAZ 3110"),
        ("эксид тхл", "Exeed TXL"),
        ("омода с5", "Omoda C5"),
        ("ситроен с4", "Citroen C4"),
        ("джип гранд чероки", "Jeep Grand Cherokee"),
        ("ищу джип", "-"),
        ("джип", "Jeep"),
        ("газ 3110", "GAZ 3110"),
        ("стоит газ, пробег 100", "-"),
        ("тойота: есть ли corolla?", "Toyota Corolla"),
        ("меняю бмв на камри", "BMW"),
        ("Продам «Ладу Гранту»", "Lada Granta"),
        ("🚗 ауди а6 🚗", "Audi A6"),
        ("Li Xiang L9", "Li Auto L9"),
        ("lixiang l7", "Li Auto L7"),
        ("zeekr 001", "Zeekr 001"),
        ("девятку заберете? на ходу", "Lada 2109"),
        ("Акцент 2007, 190 тыс км", "Hyundai Accent"),
        ("продам портер", "Hyundai Porter"),
        ("бэху хочу трёшку", "BMW 3 Series"),
        ("есть из лексусов? rx до пяти", "Lexus RX"),
        ("крузак двухсотый 2014", "Toyota Land Cruiser 200"),
        ("ауди а шестая", "Audi A6"),
        ("рав четвертый", "Toyota RAV4"),
        ("мазда шестая", "Mazda 6"),
        ("мазду шесть лет вожу", "Mazda"),
        ("принимаете ли авто с правым рулём, королла", "Toyota Corolla"),
        ("ли авто л9", "Li Auto L9"),
        ("гетс ищу хундай", "Hyundai Getz"),
        ("есть ли киа рио икс", "Kia Rio X"),
        ("омода 5", "Omoda C5"),
        ("фх35 инфинити", "Infiniti FX 35"),
        ("фх35", "Infiniti FX 35"),
        ("ховер н5", "Great Wall Hover H5"),
        ("продам полик", "Volkswagen Polo"),
        ("мицуха аутлендер", "Mitsubishi Outlander"),
        ("реношка логан", "Renault Logan"),
        ("джаку 7", "Jaecoo J7"),
        ("линк энд ко 09", "Lynk & Co 09"),
        ("моя пикантошка скучает", "Kia Picanto"),
        ("то я камри десятого года", "Toyota Camry"),
        ("то я понял, то я не понял", "-"),
        ("лада 4х4 2015", "Lada 4x4"),
        ("ниву 4x4 за 320", "Lada 4x4"),
        ("ладу 4 на 4", "Lada 4x4"),
        ("тигуан 4х4", "Volkswagen Tiguan"),
        ("кроссовер 4х4 до миллиона", "-"),
        ("акцент или логан", "Hyundai Accent"),
        ("логан или акцент", "Renault Logan"),
        ("ВАЗ-21124", "Lada 2112"),
        ("цена 21 124", "-"),
    ];
    check(&table, found);
}

#[test]
fn typos_are_forgiven() {
    let table = [
        ("тоёта карола", "Toyota Corolla"),
        ("шкода окатвия", "Skoda Octavia"),
        ("мицубишы аутлендер", "Mitsubishi Outlander"),
        ("продам солярс", "Hyundai Solaris"),
        ("фольцваген тугуан", "Volkswagen Tiguan"),
        ("рено дасер", "Renault Duster"),
        ("volksvagen", "Volkswagen"),
        ("mitsubishi autlander", "Mitsubishi"),
        ("ниссан кашкйа", "Nissan Qashqai"),
        ("спортеджь", "Kia Sportage"),
        ("мерсдес", "Mercedes-Benz"),
        ("шевралет круз", "Chevrolet Cruze"),
    ];
    check(&table, found);
}

#[test]
fn ordinary_words_are_not_cars() {
    let sentences = [
        "",
        "здравствуйте",
        "Добрый день! Хочу продать машину",
        "сколько стоит проверка авто перед покупкой?",
        "нужна консультация юриста по возврату авто",
        "к вам можно приехать сегодня вечером?",
        "у вас есть кредит или рассрочка",
        "какой график работы в выходные",
        "как доехать до салона",
        "машина для города и для семьи",
        "хочу кроссовер до 2 млн с полным приводом",
        "в наличии есть автомобили с пробегом?",
        "к 5 часам подъеду",
        "с 3 до 5 свободен",
        "в 6 утра",
        "а 6 лет это много?",
        "нужно переоформить документы и поставить на учёт",
        "ОСАГО и КАСКО сколько стоит",
        "мне 25 лет, ищу первую машину",
        "страховая отказала в выплате, что делать",
        "спасибо, до свидания",
        "кто вы такие",
        "подобрать автомобиль под бюджет 1,5 миллиона",
        "хочу большую машину, чтобы на дачу ездить",
        "продавец скрыл скрученный пробег",
        "расскажите, какие документы нужны для сделки",
        "позвоните мне завтра после обеда",
        "у меня вопрос по гарантии",
        "работаете ли вы с юридическими лицами",
        "какая комиссия за подбор",
        "диагностика двигателя и коробки передач",
        "где вы находитесь, какой адрес",
        "плохое настроение и погода",
        "1500 рублей за осмотр",
        "вас не слышно",
        "логин и пароль",
        "вести переговоры, транспортное средство, транзитные номера",
        "какая модель лучше для семьи, примерно за миллион",
        "магнитола, оптика и салон целые, крыша не крашена",
        "активный пассажир в широком кресле",
        "кабина и карман",
        "расход солярки, двигатель на солярке",
        "🚗🚗🚗",
        "до миллиона трёхсот",
        "таким образом, к примеру, к такому случаю",
        "просил узнать, где он родился",
        "старая машина, поставил на стоянку",
        "из ветра и тепла в кресло",
        "для теста, без шума, курс равен нулю",
        "короли и патриоты",
        "после победы на девятку хожу в гости",
        "говорит без акцента",
        "2019 г.в., не битая",
        "18 г.в.",
    ];
    check(&sentences.map(|sentence| (sentence, "-")), found);
}

#[test]
fn a_find_says_where_it_is() {
    let sentence = "Продам «Ладу Гранту» 2019";
    assert_eq!(&sentence[find(sentence).unwrap().span], "Ладу Гранту");
    let sentence = "есть бмв? нужен именно x5";
    let x5 = find(sentence).unwrap();
    assert_eq!((x5.car.show().as_str(), &sentence[x5.span]), ("BMW X5", "бмв"));
}

#[test]
fn a_suggestion_is_made_only_where_spelling_changes() {
    let table = [
        ("тойота камри", "Toyota Camry"),
        ("камри", "Toyota Camry"),
        ("тойета камрри", "Toyota Camry"),
        ("бмв", "BMW"),
        ("камри 3.5", "Toyota Camry 3.5"),
        ("лада 2107", "Lada 2107"),
        ("2107", "Lada 2107"),
        ("мазда 6", "Mazda 6"),
        ("форд маверик", "Ford Maverick"),
        ("toyota camry", "-"),
        ("Toyota  Camry", "-"),
        ("TOYOTA CAMRY", "-"),
        ("Toyota Camry 3.5", "-"),
        ("камри или соната", "-"),
        ("не знаю", "-"),
        ("хендэ солярис 2014, 1.6, механика, 120 тыс. км", "-"),
        ("Pagani Zonda", "-"),
        ("", "-"),
    ];
    check(&table, |typed| suggest(typed).map_or("-".to_owned(), |car| car.show()));
}

#[test]
fn make_and_model_come_apart() {
    for (typed, brand, model) in [
        ("Toyota Camry", "Toyota", Some("Camry")),
        ("тойота камри 70", "Toyota", Some("Camry 70")),
        ("камри", "Toyota", Some("Camry")),
        ("Land Rover Discovery", "Land Rover", Some("Discovery")),
        ("бмв", "BMW", None),
        ("бмв какая-то", "BMW", Some("какая-то")),
        ("мерседес е200", "Mercedes-Benz", Some("E 200")),
        ("Pagani Zonda R", "Pagani", Some("Zonda R")),
        ("Pagani", "Pagani", None),
        ("моя ласточка камри", "Toyota", Some("Camry")),
        ("Форд Фокус 2, универсал", "Ford", Some("Focus 2, универсал")),
        ("", "", None),
    ] {
        let car = split(typed);
        assert_eq!((car.brand.as_str(), car.model.as_deref()), (brand, model), "{typed}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn it_never_panics(text in "\\PC{0,5000}", like_cars in "(бмв|х|5|камри| |-|лада|2114|[а-я]{1,8}|[a-z]{1,8}){0,60}") {
        for text in [text, like_cars] {
            if let Some(found) = find(&text) {
                proptest::prop_assert!(text.get(found.span).is_some());
            }
            let _ = (suggest(&text), split(&text));
        }
    }

    #[test]
    fn what_was_suggested_is_spelled_right(typed in "(камри|бмв х5|приора|ваз 2107|мазда 3|е200 мерседес|хавал ф7|рио|туарег) ?(седан)?") {
        if let Some(car) = suggest(&typed) {
            proptest::prop_assert_eq!(suggest(&car.show()), None);
        }
    }
}
