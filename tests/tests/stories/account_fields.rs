//! What becomes of the answers in accounts whose fields are missing, different or closed.

use insta::assert_snapshot;
use lead::{CrmField, FieldValue};
use serde_json::json;
use simulators::amocrm::{DISMISSED_MANAGER, Options, SALES_PIPELINE};
use simulators::fault::{Fault, When};
use stories::{ANNA, BORIS, Bot, Setup, account_without_lag};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_the_bots_fields_loses_nothing() {
    let bot = Bot::at(Options { with_bot_fields: false, ..account_without_lag() }).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, BORIS).await];
    bot.push(&ids).await;
    assert!(bot.is_sent(ids[0]).await && bot.is_sent(ids[1]).await, "{:?}", bot.lead(ids[0]).await);
    let deal = &bot.crm().deals()[0];
    assert!(deal.notes[0].contains("Не поместилось в поля сделки:\nТип услуги: Продажа авто"), "{:?}", deal.notes);
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "one message for all fields and both requests: {told:?}");
    assert!(
        told[0].contains("CAR_BRAND") && told[0].contains("нет полей") && told[0].contains("carquery amocrm setup"),
        "{told:?}"
    );
}

/// Makes a field of the dealer's own.
async fn own_field(bot: &Bot, field: serde_json::Value) -> u64 {
    let url = format!("{}/api/v4/leads/custom_fields", bot.crm().url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = client.post(url).bearer_auth(bot.crm().long_lived_token()).body(json!([field]).to_string());
    let answer = call.header("content-type", "application/json").send().await.unwrap().text().await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    answer["_embedded"]["custom_fields"][0]["id"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealers_numeric_fields_get_the_bare_numbers() {
    let bot = Bot::at(account_without_lag()).await;
    let mut settings = bot.crm_push_settings();
    for (name, code) in [("Пробег, км", "MILEAGE"), ("Сумма", "BUDGET"), ("Год", "CAR_YEAR")] {
        let id = own_field(&bot, json!({ "name": name, "type": "numeric", "code": format!("OWN_{code}") })).await;
        settings.amocrm.fields.0.insert(code, id);
    }
    let words = [
        (CrmField::Mileage, FieldValue::Number { number: 85_000, text: "85\u{a0}000\u{a0}км".to_owned() }),
        (CrmField::Budget, FieldValue::Number { number: 1_000_000, text: "до 1\u{a0}000\u{a0}000\u{a0}₽".to_owned() }),
        (CrmField::CarYear, "Любой".into()),
    ];
    let id = bot.store_with(1, ANNA, |request| request.fields.extend(words)).await;
    bot.worker(&settings).handle(bot.batch(&[id]).await).await;
    assert!(bot.is_sent(id).await, "{:?}", bot.lead(id).await);
    let deal = &bot.crm().deals()[0];
    assert_eq!((deal.field("OWN_MILEAGE"), deal.field("OWN_BUDGET")), (Some("85000"), Some("1000000")));
    assert_eq!(deal.field("OWN_CAR_YEAR"), None);
    assert!(deal.notes[0].contains("Не поместилось в поля сделки:\nГод выпуска: Любой\n\n"), "{:?}", deal.notes);
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("не подходит тип: CAR_YEAR."), "{told:?}");
    let offered = bot.crm().calls().iter().filter(|call| call.route == "POST /api/v4/leads").count();
    assert_eq!(offered, 1, "the form is right at the first try");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lacks_the_option_is_reported_as_such() {
    let bot = Bot::at(account_without_lag()).await;
    let field = json!({ "name": "Откуда", "type": "select", "code": "OWN_SOURCE", "enums": [{ "value": "Сайт" }] });
    let id = own_field(&bot, field).await;
    let mut settings = bot.crm_push_settings();
    settings.amocrm.fields.0.insert("SOURCE", id);
    let id = bot.store(1, ANNA).await;
    bot.worker(&settings).handle(bot.batch(&[id]).await).await;
    assert!(bot.is_sent(id).await, "{:?}", bot.lead(id).await);
    assert!(bot.crm().deals()[0].notes[0].contains("Источник: Telegram Bot"));
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_snapshot!(told[0], @"⚠️ В списках amoCRM нет нужного варианта: SOURCE. Он пишется в примечание. Добавьте в список вариант, как он стоит в примечании. Для SOURCE это «Telegram Bot».");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_do_not_keep_a_deal_out() {
    let setup = Setup::deployed()
        .at(account_without_lag())
        .with("AMOCRM_RESPONSIBLE_USER_ID", DISMISSED_MANAGER)
        .with("AMOCRM_PIPELINE_ID", SALES_PIPELINE)
        .with("AMOCRM_STATUS_ID", 999_999);
    let bot = Bot::start(setup).await;
    let id = bot.store(1, ANNA).await;
    bot.push(&[id]).await;
    assert!(bot.is_sent(id).await, "{:?}", bot.lead(id).await);
    let mut told = bot.admin().reads();
    told.sort();
    assert_snapshot!(told.join("\n"), @"
    ⚠️ amoCRM не принимает воронку или этап: сделки попадают на первый этап главной воронки. Исправьте AMOCRM_PIPELINE_ID и AMOCRM_STATUS_ID (список: carquery amocrm pipelines).
    ⚠️ amoCRM не принимает ответственного: сделки получает ответственный по умолчанию. Исправьте AMOCRM_RESPONSIBLE_USER_ID.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_longer_than_its_field_is_cut_there_and_whole_in_the_note() {
    let bot = Bot::at(account_without_lag()).await;
    let model = "о".repeat(300);
    let id = bot
        .store_with(1, ANNA, |request| {
            request.fields.insert(CrmField::CarModel, FieldValue::Text(model.clone()));
        })
        .await;
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert_eq!(deal.field("CAR_MODEL").unwrap().chars().count(), 256);
    assert!(deal.notes[0].contains(&format!("Модель: {model}")), "{:?}", deal.notes);
    assert_eq!(bot.admin().reads(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_made_by_hand_are_known_by_their_title_and_lists_get_the_option() {
    let bot = Bot::at(Options { with_bot_fields: false, ..account_without_lag() }).await;
    own_field(&bot, json!({ "name": "Пробег", "type": "numeric" })).await;
    let enums = json!([{ "value": "Сайт" }, { "value": "telegram bot" }]);
    own_field(&bot, json!({ "name": "Источник", "type": "select", "enums": enums })).await;
    let mileage = FieldValue::Number { number: 85_000, text: "85 000 км".to_owned() };
    let id = bot
        .store_with(1, ANNA, |request| {
            request.fields.insert(CrmField::Mileage, mileage);
        })
        .await;
    bot.push(&[id]).await;
    assert!(bot.is_sent(id).await, "{:?}", bot.lead(id).await);
    let deal = &bot.crm().deals()[0];
    let shown = format!("{deal:?}");
    assert!(shown.contains("85000") && shown.contains("telegram bot"), "{shown}");
    assert_eq!(bot.crm().calls().iter().filter(|call| call.route == "POST /api/v4/leads").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_fields_cannot_be_read_gets_text_and_loses_nothing() {
    let bot = Bot::at(account_without_lag()).await;
    let field = json!({ "name": "Пробег, км", "type": "numeric", "code": "OWN_MILEAGE" });
    let mut settings = bot.crm_push_settings();
    settings.amocrm.fields.0.insert("MILEAGE", own_field(&bot, field).await);
    bot.crm().faults().add("GET /api/v4/leads/custom_fields", When::Always, Fault::Html(403));
    let mileage = FieldValue::Number { number: 85_000, text: "85 000 км".to_owned() };
    let id = bot
        .store_with(1, ANNA, |request| {
            request.fields.insert(CrmField::Mileage, mileage);
        })
        .await;
    bot.worker(&settings).handle(bot.batch(&[id]).await).await;
    assert!(bot.is_sent(id).await, "{:?}", bot.lead(id).await);
    assert_eq!(bot.crm().deals()[0].field("OWN_MILEAGE"), Some("85000"));
}
