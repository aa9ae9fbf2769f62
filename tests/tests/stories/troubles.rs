//! What happens when amoCRM is down, refuses something, or knows the customer already; and what the admins are told.

use std::time::Duration;

use crm_push::CrmPush;
use insta::assert_snapshot;
use lead::{CrmField, FieldValue, LeadId, PhoneSource, Request, Status};
use serde_json::json;
use simulators::amocrm::{DISMISSED_MANAGER, Options, SALES_PIPELINE};
use simulators::fault::{Fault, When};
use stories::{ANNA, BORIS, Bot, Setup, account_without_lag, has_its_tasks, is_complete};

fn setup() -> Setup {
    Setup::deployed().at(account_without_lag())
}

async fn with_account(account: Options) -> Bot {
    Bot::start(Setup::deployed().at(account)).await
}

async fn due_at(bot: &Bot, id: LeadId) -> i64 {
    bot.lead(id).await.due_at().unwrap() - bot.now()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_as_a_manager_sees_it() {
    let bot = Bot::start(setup()).await;
    let photos = bot.photos(1);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert_eq!((deal.name.as_str(), deal.price), ("Продажа авто — Toyota Camry — Анна", 1_500_000));
    assert_eq!(deal.field("SOURCE"), Some("Telegram Bot"));
    assert_eq!(deal.field("CAR_YEAR"), Some("2019"));
    assert_eq!(
        deal.tasks[0].text,
        "Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M01".replace("K7QX-3M01", &id.request_number())
    );
    assert!((1795..=1805).contains(&(deal.tasks[0].due - bot.now())));
    assert_eq!(deal.files[0].name, format!("{}-1.jpg", id.request_number()));
    let contact = deal.contact.as_ref().unwrap();
    assert_eq!((contact.field("TELEGRAM_ID"), contact.field("TELEGRAM_USERNAME")), (Some("1000"), Some("@anna_k")));
    let lead = bot.lead(id).await;
    assert_eq!((lead.attempts, lead.error), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whom_the_dealer_knows_gets_no_second_contact() {
    let bot = Bot::start(setup()).await;
    let stranger = bot.crm().add_contact("Договор 9001234567", &["+7 999 900-12-34"]);
    let known = bot.crm().add_contact("Анна Петровна", &["8 (900) 123-45-67"]);
    let first = bot.store_with(1, ANNA, from(PhoneSource::OwnContact)).await;
    bot.push(&[first]).await;
    let contacts = bot.crm().contacts();
    assert_eq!(contacts.len(), 2);
    let contact = contacts.iter().find(|contact| contact.id == known).unwrap();
    assert_eq!(
        (contact.name.as_str(), contact.tags.as_slice()),
        ("Анна Петровна", &["telegram_repeat".to_owned()][..])
    );
    assert_eq!(contact.phones, ["8 (900) 123-45-67"], "nothing is erased");
    assert_eq!(contact.field("TELEGRAM_ID"), Some("1000"));
    assert_eq!(contact.deals.len(), 1);
    assert!(contacts.iter().find(|contact| contact.id == stranger).unwrap().tags.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_of_one_person_make_one_contact_although_search_lags() {
    let bot = with_account(Options { search_lag: Duration::from_secs(30), ..account_without_lag() }).await;
    let together = [bot.store(1, ANNA).await, bot.store(2, ANNA).await];
    bot.push(&together).await;
    let after = bot.store(3, ANNA).await;
    bot.push(&[after]).await;
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (3, 1));
    assert_eq!(bot.crm().contacts()[0].tags, ["telegram_new", "telegram_repeat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_contact_nobody_makes_another_before_search_would_know() {
    let bot = with_account(Options { search_lag: Duration::from_millis(1500), ..account_without_lag() }).await;
    let first = bot.store(1, ANNA).await;
    bot.crm().faults().add("POST /api/v4/contacts", When::Times(1), Fault::LoseAnswer);
    bot.push(&[first]).await;
    let second = bot.store(2, ANNA).await;
    bot.push(&[second]).await;
    assert!(!bot.is_sent(second).await);
    assert!((40..=45).contains(&due_at(&bot, second).await), "it waits for search, not for a backoff");
    assert_eq!(bot.lead(second).await.attempts, 0, "that was no attempt");
    tokio::time::sleep(Duration::from_millis(1600)).await;
    bot.wait(400);
    bot.push_until_sent(&[first, second]).await;
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_reported_and_leaves_its_neighbours_alone() {
    let bot = Bot::start(setup()).await;
    let bad = bot.store_with(1, ANNA, |request| request.price = Some(u64::MAX)).await;
    let good = bot.store(2, ANNA).await;
    let refusal = r#"{"validation-errors":[{"request_id":"x","errors":[{"code":"InvalidType","path":"price","detail":"Too big"}]}],"title":"Bad Request","status":400,"detail":"Request validation failed"}"#;
    bot.crm().faults().add("POST /api/v4/leads", When::Times(1), Fault::Status(400, refusal.to_owned()));
    assert_eq!(bot.push(&[bad, good]).await, [""; 0]);
    assert!(bot.is_sent(good).await);
    assert!(matches!(bot.lead(bad).await.status, Status::Dead { .. }));
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_snapshot!(told[0], @"❌ Заявка K7QX-3M01 не передана в amoCRM (попыток: 1): amoCRM отказывает: HTTP 400 Request validation failed; price: InvalidType Too big. Когда причина устранена: carquery leads retry 01JD0000000000000AK7QX3M01");
    bot.push(&[bad]).await;
    assert_eq!(bot.admin().reads(), [""; 0], "told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_too_often_is_given_up_and_reported() {
    let bot = Bot::start(setup().with("LEAD_MAX_ATTEMPTS", "2")).await;
    let id = bot.store(1, ANNA).await;
    bot.crm().faults().add("*", When::Always, Fault::Html(502));
    bot.push(&[id]).await;
    bot.wait(700);
    bot.push(&[id]).await;
    assert!(matches!(bot.lead(id).await.status, Status::Dead { .. }));
    let told = bot.admin().reads();
    assert!(
        told.iter()
            .any(|text| text.contains("не передана в amoCRM (попыток: 2)") && text.contains("carquery leads retry")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_the_bots_fields_loses_nothing() {
    let bot = with_account(Options { with_bot_fields: false, ..account_without_lag() }).await;
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
    let bot = Bot::start(setup()).await;
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
    let bot = Bot::start(setup()).await;
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
async fn trouble_that_comes_to_need_a_person_says_so_once() {
    let bot = Bot::start(setup()).await;
    let id = bot.store(1, ANNA).await;
    let faults = bot.crm().faults();
    let mut told = Vec::new();
    for fault in
        [Fault::Html(403), Fault::Html(403), Fault::Status(402, "{}".to_owned()), Fault::Html(403), Fault::Html(503)]
    {
        faults.add("*", When::Always, fault);
        bot.push(&[id]).await;
        told.extend(bot.admin().reads());
        faults.clear();
        bot.wait(3600);
    }
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("⚠️ Проблема с amoCRM с ") && told[0].contains("напишите в поддержку amoCRM"),
        "{told:?}"
    );
    assert!(told[1].contains("оплатите аккаунт amoCRM"), "{told:?}");
    bot.push_until_sent(&[id]).await;
    let told = bot.admin().reads();
    assert!(told.len() == 1 && told[0].starts_with("✅"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_do_not_keep_a_deal_out() {
    let setup = setup()
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
async fn photos_that_the_account_does_not_take_are_reported_to_the_manager() {
    let bot = with_account(Options { drive_scope: false, ..account_without_lag() }).await;
    let photos = bot.photos(2);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.push(&[id]).await;
    assert!(bot.is_sent(id).await);
    let deal = &bot.crm().deals()[0];
    assert_eq!((deal.files.len(), deal.notes.len(), has_its_tasks(deal)), (0, 2, true));
    assert!(deal.notes[1].contains("Приложить не удалось 2 из 2"), "{:?}", deal.notes);
    assert!(!deal.notes.concat().contains(bot.telegram().token()));
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_telegram_cannot_give_now_do_not_hold_up_the_rest() {
    let bot = Bot::start(setup()).await;
    let photos = bot.photos(2);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.telegram().faults().add("file", When::Always, Fault::Html(502));
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert!(is_complete(deal), "the manager can call back: {deal:#?}");
    assert!(bot.lead(id).await.has_photos_left());
    bot.telegram().faults().clear();
    bot.wait(700);
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert!(is_complete(deal) && deal.files.len() == 2, "{deal:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_one_story_and_the_breaker_spares_amocrm() {
    let bot = Bot::start(setup()).await;
    let mut ids = Vec::new();
    bot.crm().faults().add("*", When::Always, Fault::Html(503));
    for n in 1..=4 {
        let id = bot.store(n, &format!("+7900000000{n}")).await;
        ids.push(id);
        let calls = bot.crm().calls().len();
        bot.push(&[id]).await;
        assert!(!bot.is_sent(id).await);
        assert_eq!(bot.crm().calls().len() > calls, n <= 3, "request {n}: the breaker opens after three");
    }
    assert_eq!(bot.lead(ids[3]).await.attempts, 0, "what was not tried does not count");
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Ещё не отправлено: 1 заявка"), "{told:?}");

    // Still down: one request is tried, the others are spared.
    bot.wait(31);
    let calls = bot.crm().calls().len();
    let more = [bot.store(5, "+79000000005").await, bot.store(6, "+79000000006").await];
    bot.push(&more).await;
    assert_eq!(bot.crm().calls().len() - calls, 3, "three tries of one call");
    assert_eq!(bot.admin().reads(), [""; 0]);

    // It is over: the one that is tried goes through, and what was put back goes onto the queue at once.
    bot.crm().faults().clear();
    bot.wait(61);
    bot.push(&more[..1]).await;
    assert!(bot.is_sent(more[0]).await);
    assert!(!bot.stack().sqs().view().waiting.is_empty(), "requests that were put back are queued");
    assert_eq!(bot.admin().reads(), [""; 0], "some still wait");

    bot.wait(1000);
    ids.push(more[1]);
    bot.push_until_sent(&ids).await;
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("✅ amoCRM снова принимает заявки") && told[0].ends_with("Отправлено: 6 заявок."),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_admins_could_not_be_told_waits_for_the_schedule() {
    let bot = Bot::start(setup()).await;
    bot.telegram().faults().add("sendMessage", When::Always, Fault::Html(502));
    bot.crm().faults().add("*", When::Always, Fault::Html(503));
    let id = bot.store(1, ANNA).await;
    assert_eq!(bot.push(&[id]).await, [""; 0], "a silent Telegram does not fail a delivery");
    bot.telegram().faults().clear();
    let documents = bot.stack().aws().documents(bot.stack().tables());
    let telegram = telegram::Api::new(&bot.crm_push_settings().telegram);
    let admins = delivery::AdminChat::new(documents, telegram, Some(bot.admin().chat), bot.clock());
    assert_eq!(admins.send_waiting().await, 0, "somebody may still be at it");
    bot.wait(61);
    assert_eq!(admins.send_waiting().await, 1);
    assert_eq!(admins.send_waiting().await, 0);
    assert_eq!(bot.admin().reads().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mock_mode_requests_count_as_delivered_without_a_call() {
    let bot = Bot::start(setup().with("AMOCRM_MOCK_MODE", "true")).await;
    let id = bot.store(1, ANNA).await;
    bot.stack().crm_push().handle(bot.batch(&[id]).await).await;
    assert!(bot.is_sent(id).await);
    assert_eq!(bot.lead(id).await.progress.deal_id(), Some(2));
    assert!(bot.stack().amocrm().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_together_stay_under_the_accounts_limit() {
    let bot = with_account(Options { rate_limit: Some(7), ..account_without_lag() }).await;
    let (settings, aws) = (bot.crm_push_settings(), bot.stack().aws());
    let documents = aws.documents(&settings.tables);
    let worker = || {
        let client = delivery::amocrm_client(&settings.amocrm, &documents, &bot.clock(), delivery::WORKERS);
        CrmPush::with(&settings, aws, client.unwrap(), bot.clock())
    };
    let (one, other) = (worker(), worker());
    let mut ids = Vec::new();
    for n in 1..=6 {
        ids.push(bot.store(n, &format!("+7900000000{n}")).await);
    }
    let (first, second) = (bot.batch(&ids[..3]).await, bot.batch(&ids[3..]).await);
    tokio::join!(one.handle(first), other.handle(second));
    for id in ids {
        assert!(bot.is_sent(id).await);
    }
    assert_eq!(bot.crm().limits().too_many, 0, "{:?}", bot.crm().limits());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_runs_short_leaves_no_request_half_way() {
    let bot = Bot::start(setup()).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, ANNA).await];
    // Looking for the contact takes so long that nothing can be created any more.
    let slow = bot.crm().faults().add("GET /api/v4/contacts", When::Always, Fault::Hang(Duration::from_millis(300)));
    let later = async {
        while bot.crm().faults().list().iter().all(|active| active.hits == 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bot.wait(80);
    };
    futures::join!(bot.push(&ids), later);
    bot.crm().faults().remove(slow);
    let lead = bot.lead(ids[0]).await;
    assert!(matches!(lead.status, Status::Retry { .. }), "{lead:?}");
    assert_eq!(lead.error.as_deref(), Some("amoCRM answers too slowly"));
    assert!(bot.is_sent(ids[1]).await, "its lease began later");
    bot.wait(700);
    bot.push_until_sent(&ids).await;
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_is_refused_gives_nobody_up() {
    let bot = Bot::start(setup()).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, BORIS).await];
    bot.crm().faults().add("POST /api/v4/leads/notes", When::Times(1), Fault::LoseAnswer);
    let gone = r#"{"title":"Not Found","status":404,"detail":"Lead not found"}"#;
    bot.crm().faults().add("GET /api/v4/leads/*/notes", When::Times(1), Fault::Status(404, gone.to_owned()));
    bot.push(&ids).await;
    for id in ids {
        assert!(!matches!(bot.lead(id).await.status, Status::Dead { .. }), "{:?}", bot.lead(id).await);
    }
    assert!(bot.is_sent(ids[0]).await != bot.is_sent(ids[1]).await, "the other one is sent");
    bot.wait(700);
    bot.push_until_sent(&ids).await;
    assert!(bot.crm().deals().iter().all(is_complete));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_host_that_is_down_holds_back_photos_and_nothing_else() {
    let bot = Bot::start(setup()).await;
    bot.crm().faults().add("POST /drive/*", When::Always, Fault::Html(503));
    let mut ids = Vec::new();
    for n in 1..=4 {
        let photos = bot.photos(1);
        let id = bot.store_with(n, ANNA, |request| request.photos = photos).await;
        bot.push(&[id]).await;
        ids.push(id);
    }
    // Nothing but their photos is left to do.
    bot.wait(400);
    for id in &ids {
        bot.push(&[*id]).await;
    }
    let plain = bot.store(5, BORIS).await;
    bot.push(&[plain]).await;
    assert!(bot.is_sent(plain).await, "the breaker is closed");
    let deals = bot.crm().deals();
    assert!(deals.len() == 5 && deals.iter().all(is_complete), "{deals:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_out_that_amocrm_is_still_down_is_not_given_up_for_it() {
    let bot = Bot::start(setup().with("LEAD_MAX_ATTEMPTS", "5")).await;
    let id = bot.store(1, ANNA).await;
    let down = bot.crm().faults().add("*", When::Always, Fault::Html(502));
    for _ in 0..20 {
        bot.push(&[id]).await;
        bot.wait(400);
    }
    assert!(!matches!(bot.lead(id).await.status, Status::Dead { .. }));
    bot.crm().faults().remove(down);
    bot.push_until_sent(&[id]).await;
    let told = bot.admin().reads();
    assert_eq!(told.len(), 2, "one beginning, one end: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_workers_die_every_time_is_given_up_in_time_and_reported() {
    let bot = Bot::start(setup().with("LEAD_MAX_ATTEMPTS", "2")).await;
    let id = bot.store(1, ANNA).await;
    for _ in 0..2 {
        let mut lead = bot.leads().get(&id).await.unwrap().unwrap();
        lead.value.claim("a worker that dies", bot.now(), 120).unwrap();
        bot.leads().save(&mut lead).await.unwrap();
        bot.wait(121);
    }
    bot.push(&[id]).await;
    assert!(matches!(bot.lead(id).await.status, Status::Dead { .. }));
    let told = bot.admin().reads();
    assert!(told.len() == 1 && told[0].contains("обработчики останавливались на полпути"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_deleted_while_amocrm_is_slow_brings_nobody_into_the_crm() {
    let bot = Bot::start(setup()).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, BORIS).await];
    bot.crm().faults().add("GET /api/v4/contacts", When::Always, Fault::Hang(Duration::from_millis(300)));
    let later = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        bot.leads().delete(&ids[0]).await.unwrap();
        bot.wait(2);
    };
    futures::join!(bot.push(&ids), later);
    assert!(bot.is_sent(ids[1]).await);
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_answers_now_and_then_is_not_left_alone() {
    let bot = Bot::start(setup()).await;
    bot.crm().faults().add("POST /api/v4/leads/notes", When::Times(30), Fault::Html(502));
    for n in 1..=5 {
        let id = bot.store(n, &format!("+7900000000{n}")).await;
        bot.push(&[id]).await;
    }
    assert_eq!(bot.crm().deals().len(), 5, "each batch got as far as it could");
}

/// Gives the customer of a request this number, confirmed or not.
fn from(source: PhoneSource) -> impl FnOnce(&mut Request) {
    move |request| request.customer.phone_source = source
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_only_typed_leaves_a_strangers_contact_alone() {
    let bot = Bot::start(setup()).await;
    let victim = bot.crm().add_contact("Олег", &["+7 900 123 45 67"]);
    let joker = bot.store_with(1, ANNA, from(PhoneSource::Typed)).await;
    bot.push(&[joker]).await;
    let contact = bot.crm().contacts().into_iter().find(|contact| contact.id == victim).unwrap();
    assert_eq!((contact.field("TELEGRAM_ID"), contact.field("TELEGRAM_USERNAME")), (None, None));
    assert_eq!((contact.deals.len(), bot.crm().contacts().len()), (1, 1), "the deal is the manager's to judge");
    assert!(!bot.lead(joker).await.progress.created_contact);
    let note = &bot.crm().deals()[0].notes[0];
    assert!(note.contains("+79001234567 (введён вручную, не подтверждён)"), "{note}");

    let boris = bot.store(2, BORIS).await;
    bot.push(&[boris]).await;
    assert!(bot.lead(boris).await.progress.created_contact);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_with_several_numbers_in_one_field_is_found() {
    for field in ["8 (495) 000-00-00 / 8 (900) 123-45-67", "+79001234567 доб. 5", "8 900 123 45 67, 84950000000"] {
        let bot = Bot::start(setup()).await;
        let known = bot.crm().add_contact("Анна Петровна", &[field]);
        let id = bot.store(1, ANNA).await;
        bot.push(&[id]).await;
        assert_eq!(bot.crm().deals()[0].contact.as_ref().unwrap().id, known, "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_of_the_account_is_never_the_end_of_a_request() {
    let ended = r#"{"title":"Bad Request","status":400,"detail":"Код ошибки 244"}"#.to_owned();
    for fault in [Fault::Status(400, ended), Fault::Status(402, "{}".to_owned()), Fault::Html(403)] {
        let bot = Bot::start(setup().with("LEAD_MAX_ATTEMPTS", "5")).await;
        let id = bot.store(1, ANNA).await;
        let down = bot.crm().faults().add("*", When::Always, fault.clone());
        for _ in 0..20 {
            bot.push(&[id]).await;
            bot.wait(400);
        }
        assert!(!matches!(bot.lead(id).await.status, Status::Dead { .. }), "{fault:?}");
        bot.crm().faults().remove(down);
        bot.push_until_sent(&[id]).await;
        assert_eq!(bot.crm().deals().len(), 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_scope_for_files_is_reported_to_the_admins_once() {
    let bot = with_account(Options { drive_scope: false, ..account_without_lag() }).await;
    for n in 1..=2 {
        let photos = bot.photos(1);
        let id = bot.store_with(n, ANNA, |request| request.photos = photos).await;
        bot.push(&[id]).await;
    }
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("⚠️ amoCRM не принимает файлы") && told[0].contains("carquery doctor"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_longer_than_its_field_is_cut_there_and_whole_in_the_note() {
    let bot = Bot::start(setup()).await;
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
    let bot = with_account(Options { with_bot_fields: false, ..account_without_lag() }).await;
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
    let bot = Bot::start(setup()).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_fail_too_often_are_reported_and_the_request_stays_sent() {
    let bot = Bot::start(setup().with("LEAD_MAX_ATTEMPTS", "2")).await;
    let photos = bot.photos(1);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.crm().faults().add("POST /drive/*", When::Always, Fault::Html(503));
    for _ in 0..2 {
        bot.push(&[id]).await;
        bot.wait(700);
    }
    let lead = bot.lead(id).await;
    assert!(matches!(lead.status, Status::Sent { .. }) && !lead.has_photos_left(), "{lead:?}");
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("⚠️ Фото к заявке K7QX-3M01 не приложены"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_in_a_batch_with_requests_are_left_to_a_batch_of_their_own() {
    let bot = Bot::start(setup()).await;
    let photos = bot.photos(1);
    let first = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    let worker = bot.worker(&bot.crm_push_settings());
    worker.handle(bot.batch(&[first]).await).await;
    let second = bot.store(2, BORIS).await;
    let mut together = bot.batch(&[second]).await;
    together.records.extend(bot.photo_batch(&[first]).records);
    worker.handle(together).await;
    assert!(bot.is_sent(second).await);
    assert!(bot.lead(first).await.has_photos_left());
    let queued = bot.stack().sqs().view().waiting.iter().filter(|item| item.body.contains("photos")).count();
    assert_eq!(queued, 2, "once after the request, once more put off");
}
