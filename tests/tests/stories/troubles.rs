//! What happens when amoCRM is down, refuses something, or knows the customer already; and what the admins are told.

use std::time::Duration;

use crate::world::{ANNA, BORIS, World, calm};
use crm_push::CrmPush;
use insta::assert_snapshot;
use lead::{CrmField, FieldValue, LeadId, Status};
use serde_json::json;
use simulators::amocrm::{DISMISSED_MANAGER, Options, SALES_PIPELINE};
use simulators::fault::{Fault, When};

async fn due_at(world: &World, id: LeadId) -> i64 {
    world.lead(id).await.due_at().unwrap() - world.now()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_as_a_manager_sees_it() {
    let world = World::new().await;
    let photos = world.photos(1).await;
    let id = world.request_with(1, ANNA, |request| request.photos = photos).await;
    world.deliver(&[id]).await;
    let deal = &world.amocrm.deals()[0];
    assert_eq!((deal.name.as_str(), deal.price), ("Продажа авто — Toyota Camry — Анна", 1_500_000));
    assert_eq!(deal.field("SOURCE"), Some("Telegram Bot"));
    assert_eq!(deal.field("CAR_YEAR"), Some("2019"));
    assert_eq!(
        deal.tasks[0].text,
        "Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M01".replace("K7QX-3M01", &id.request_number())
    );
    assert!((1795..=1805).contains(&(deal.tasks[0].due - world.now())));
    assert_eq!(deal.files[0].name, format!("{}-1.jpg", id.request_number()));
    let contact = deal.contact.as_ref().unwrap();
    assert_eq!((contact.field("TELEGRAM_ID"), contact.field("TELEGRAM_USERNAME")), (Some("1000"), Some("@anna_k")));
    let lead = world.lead(id).await;
    assert_eq!((lead.attempts, lead.error), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whom_the_dealer_knows_gets_no_second_contact() {
    let world = World::new().await;
    let stranger = world.amocrm.add_contact("Договор 9001234567", &["+7 999 900-12-34"]);
    let known = world.amocrm.add_contact("Анна Петровна", &["8 (900) 123-45-67"]);
    let first = world.request(1, ANNA).await;
    world.deliver(&[first]).await;
    let contacts = world.amocrm.contacts();
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
    let world = World::with(Options { search_lag: Duration::from_secs(30), ..calm() }, &[]).await;
    let together = [world.request(1, ANNA).await, world.request(2, ANNA).await];
    world.deliver(&together).await;
    let after = world.request(3, ANNA).await;
    world.deliver(&[after]).await;
    assert_eq!((world.amocrm.deals().len(), world.amocrm.contacts().len()), (3, 1));
    assert_eq!(world.amocrm.contacts()[0].tags, ["telegram_new", "telegram_repeat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_contact_nobody_makes_another_before_search_would_know() {
    let world = World::with(Options { search_lag: Duration::from_millis(1500), ..calm() }, &[]).await;
    let first = world.request(1, ANNA).await;
    world.amocrm.faults().add("POST /api/v4/contacts", When::Times(1), Fault::LoseAnswer);
    world.deliver(&[first]).await;
    let second = world.request(2, ANNA).await;
    world.deliver(&[second]).await;
    assert!(!world.is_sent(second).await);
    assert!((40..=45).contains(&due_at(&world, second).await), "it waits for search, not for a backoff");
    assert_eq!(world.lead(second).await.attempts, 0, "that was no attempt");
    tokio::time::sleep(Duration::from_millis(1600)).await;
    world.wait(400);
    world.deliver_until_sent(&[first, second]).await;
    assert_eq!((world.amocrm.deals().len(), world.amocrm.contacts().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_told_and_leaves_its_neighbours_alone() {
    let world = World::new().await;
    let bad = world.request_with(1, ANNA, |request| request.price = Some(u64::MAX)).await;
    let good = world.request(2, BORIS).await;
    let refusal = r#"{"validation-errors":[{"request_id":"x","errors":[{"code":"InvalidType","path":"price","detail":"Too big"}]}],"title":"Bad Request","status":400,"detail":"Request validation failed"}"#;
    // The batch of two is refused, then the first of them alone.
    world.amocrm.faults().add("POST /api/v4/leads", When::Times(2), Fault::Status(400, refusal.to_owned()));
    assert_eq!(world.deliver(&[bad, good]).await, [""; 0]);
    assert!(world.is_sent(good).await);
    assert!(matches!(world.lead(bad).await.status, Status::Dead { .. }));
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_snapshot!(told[0], @"❌ Request K7QX-3M01 was given up after 1 attempt: amoCRM refuses: HTTP 400 Request validation failed; price: InvalidType Too big. When that is mended: carquery leads retry 01JD0000000000000AK7QX3M01");
    world.deliver(&[bad]).await;
    assert_eq!(world.told(), [""; 0], "told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_too_often_is_given_up_and_told() {
    let world = World::with(calm(), &[("LEAD_MAX_ATTEMPTS", "2")]).await;
    let id = world.request(1, ANNA).await;
    world.amocrm.faults().add("*", When::Always, Fault::Html(502));
    world.deliver(&[id]).await;
    world.wait(700);
    world.deliver(&[id]).await;
    assert!(matches!(world.lead(id).await.status, Status::Dead { .. }));
    let told = world.told();
    assert!(
        told.iter().any(|text| text.contains("given up after 2 attempts") && text.contains("carquery leads retry")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_the_bots_fields_loses_nothing() {
    let world = World::with(Options { with_bot_fields: false, ..calm() }, &[]).await;
    let ids = [world.request(1, ANNA).await, world.request(2, BORIS).await];
    world.deliver(&ids).await;
    assert!(world.is_sent(ids[0]).await && world.is_sent(ids[1]).await, "{:?}", world.lead(ids[0]).await);
    let deal = &world.amocrm.deals()[0];
    assert!(deal.notes[0].contains("Не поместилось в поля сделки:\nТип услуги: Продажа авто"), "{:?}", deal.notes);
    let told = world.told();
    assert_eq!(told.len(), 1, "one message for all fields and both requests: {told:?}");
    assert!(
        told[0].contains("CAR_BRAND") && told[0].contains("does not know") && told[0].contains("carquery amocrm setup"),
        "{told:?}"
    );
}

/// Makes a field of the dealer's own.
async fn own_field(world: &World, field: serde_json::Value) -> u64 {
    let url = format!("{}/api/v4/leads/custom_fields", world.amocrm.url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = client.post(url).bearer_auth(world.amocrm.long_lived_token()).body(json!([field]).to_string());
    let answer = call.header("content-type", "application/json").send().await.unwrap().text().await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    answer["_embedded"]["custom_fields"][0]["id"].as_u64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dealers_numeric_fields_get_the_bare_numbers() {
    let mut world = World::new().await;
    for (name, code) in [("Пробег, км", "MILEAGE"), ("Сумма", "BUDGET"), ("Год", "CAR_YEAR")] {
        let id = own_field(&world, json!({ "name": name, "type": "numeric", "code": format!("OWN_{code}") })).await;
        world.settings.amocrm.fields.0.insert(code, id);
    }
    let words = [
        (CrmField::Mileage, FieldValue::Number { number: 85_000, text: "85\u{a0}000\u{a0}км".to_owned() }),
        (CrmField::Budget, FieldValue::Number { number: 1_000_000, text: "до 1\u{a0}000\u{a0}000\u{a0}₽".to_owned() }),
        (CrmField::CarYear, "Любой".into()),
    ];
    let id = world.request_with(1, ANNA, |request| request.fields.extend(words)).await;
    world.deliver(&[id]).await;
    assert!(world.is_sent(id).await, "{:?}", world.lead(id).await);
    let deal = &world.amocrm.deals()[0];
    assert_eq!((deal.field("OWN_MILEAGE"), deal.field("OWN_BUDGET")), (Some("85000"), Some("1000000")));
    assert_eq!(deal.field("OWN_CAR_YEAR"), None);
    assert!(deal.notes[0].contains("Не поместилось в поля сделки:\nГод выпуска: Любой\n\n"), "{:?}", deal.notes);
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("of a type that does not fit") && told[0].contains("instead: CAR_YEAR."), "{told:?}");
    let offered = world.amocrm.calls().iter().filter(|call| call.route == "POST /api/v4/leads").count();
    assert_eq!(offered, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lacks_the_option_is_told_as_such() {
    let mut world = World::new().await;
    let field = json!({ "name": "Откуда", "type": "select", "code": "OWN_SOURCE", "enums": [{ "value": "Сайт" }] });
    let id = own_field(&world, field).await;
    world.settings.amocrm.fields.0.insert("SOURCE", id);
    let id = world.request(1, ANNA).await;
    world.deliver(&[id]).await;
    assert!(world.is_sent(id).await, "{:?}", world.lead(id).await);
    assert!(world.amocrm.deals()[0].notes[0].contains("Источник: Telegram Bot"));
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_snapshot!(told[0], @"⚠️ These lists in amoCRM lack an option, which goes into the note instead: SOURCE. Add the option to the list; the deal's note has its words (SOURCE: «Telegram Bot»).");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_comes_to_need_a_person_says_so_once() {
    let world = World::new().await;
    let id = world.request(1, ANNA).await;
    let faults = world.amocrm.faults();
    let mut told = Vec::new();
    for fault in
        [Fault::Html(403), Fault::Html(403), Fault::Status(402, "{}".to_owned()), Fault::Html(403), Fault::Html(503)]
    {
        faults.add("*", When::Always, fault);
        world.deliver(&[id]).await;
        told.extend(world.told());
        faults.clear();
        world.wait(3600);
    }
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("⚠️ Trouble with amoCRM since") && told[0].contains("write to amoCRM's support"),
        "{told:?}"
    );
    assert!(told[1].contains("pay for the amoCRM account"), "{told:?}");
    world.deliver_until_sent(&[id]).await;
    let told = world.told();
    assert!(told.len() == 1 && told[0].starts_with("✅"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_do_not_keep_a_deal_out() {
    let manager = DISMISSED_MANAGER.to_string();
    let pipeline = SALES_PIPELINE.to_string();
    let variables = [
        ("AMOCRM_RESPONSIBLE_USER_ID", manager.as_str()),
        ("AMOCRM_PIPELINE_ID", &pipeline),
        ("AMOCRM_STATUS_ID", "999999"),
    ];
    let world = World::with(calm(), &variables).await;
    let id = world.request(1, ANNA).await;
    world.deliver(&[id]).await;
    assert!(world.is_sent(id).await, "{:?}", world.lead(id).await);
    let mut told = world.told();
    told.sort();
    assert_snapshot!(told.join("\n"), @"
    ⚠️ amoCRM refuses the pipeline or stage; deals go to the main pipeline's first stage. Correct AMOCRM_PIPELINE_ID and AMOCRM_STATUS_ID (`carquery amocrm pipelines` lists them).
    ⚠️ amoCRM refuses the responsible user; deals go to the account's default. Correct AMOCRM_RESPONSIBLE_USER_ID.
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_the_account_does_not_take_are_told_to_the_manager() {
    let world = World::with(Options { drive_scope: false, ..calm() }, &[]).await;
    let photos = world.photos(2).await;
    let id = world.request_with(1, ANNA, |request| request.photos = photos).await;
    world.deliver(&[id]).await;
    assert!(world.is_sent(id).await);
    let deal = &world.amocrm.deals()[0];
    assert_eq!((deal.files.len(), deal.tasks.len(), deal.notes.len()), (0, 1, 2));
    assert!(deal.notes[1].contains("Приложить не удалось 2 из 2"), "{:?}", deal.notes);
    assert!(!deal.notes.concat().contains(world.telegram.token()));
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_telegram_cannot_give_now_do_not_hold_up_the_rest() {
    let world = World::new().await;
    let photos = world.photos(2).await;
    let id = world.request_with(1, ANNA, |request| request.photos = photos).await;
    world.telegram.faults().add("file", When::Always, Fault::Html(502));
    world.deliver(&[id]).await;
    let deal = &world.amocrm.deals()[0];
    assert_eq!((deal.notes.len(), deal.tasks.len()), (1, 1), "the manager can call back");
    assert!(matches!(world.lead(id).await.status, Status::Retry { .. }));
    world.telegram.faults().clear();
    world.wait(700);
    world.deliver(&[id]).await;
    let deal = &world.amocrm.deals()[0];
    assert_eq!((deal.notes.len(), deal.tasks.len(), deal.files.len()), (1, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_one_story_and_the_breaker_spares_amocrm() {
    let world = World::new().await;
    let mut ids = Vec::new();
    world.amocrm.faults().add("*", When::Always, Fault::Html(503));
    for n in 1..=4 {
        let id = world.request(n, &format!("+7900000000{n}")).await;
        ids.push(id);
        let calls = world.amocrm.calls().len();
        world.deliver(&[id]).await;
        assert!(!world.is_sent(id).await);
        assert_eq!(world.amocrm.calls().len() > calls, n <= 3, "request {n}: the breaker opens after three");
    }
    assert_eq!(world.lead(ids[3]).await.attempts, 0, "what was not tried does not count");
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("1 request not sent yet"), "{told:?}");

    // Still down: one request is tried, the others are spared.
    world.wait(31);
    let calls = world.amocrm.calls().len();
    let more = [world.request(5, "+79000000005").await, world.request(6, "+79000000006").await];
    world.deliver(&more).await;
    assert_eq!(world.amocrm.calls().len() - calls, 3, "three tries of one call");
    assert_eq!(world.told(), [""; 0]);

    // It is over: the one that is tried goes through, and what was put back goes onto the queue at once.
    world.amocrm.faults().clear();
    world.wait(61);
    world.deliver(&more[..1]).await;
    assert!(world.is_sent(more[0]).await);
    assert!(!world.sqs.view().waiting.is_empty(), "requests that were put back are queued");
    assert_eq!(world.told(), [""; 0], "some still wait");

    world.wait(1000);
    ids.push(more[1]);
    world.deliver_until_sent(&ids).await;
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("✅ amoCRM takes requests again") && told[0].ends_with("6 requests went out."),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_admins_could_not_be_told_waits_for_the_schedule() {
    let world = World::new().await;
    world.telegram.faults().add("sendMessage", When::Always, Fault::Html(502));
    world.amocrm.faults().add("*", When::Always, Fault::Html(503));
    let id = world.request(1, ANNA).await;
    assert_eq!(world.deliver(&[id]).await, [""; 0], "a silent Telegram does not fail a delivery");
    world.telegram.faults().clear();
    let documents = world.aws.documents(&world.settings.tables);
    let telegram = telegram::Api::new(&world.settings.telegram);
    let admins = delivery::AdminChat::new(documents, telegram, Some(world.admin), world.clock());
    assert_eq!(admins.send_waiting().await, 0, "somebody may still be at it");
    world.wait(61);
    assert_eq!(admins.send_waiting().await, 1);
    assert_eq!(admins.send_waiting().await, 0);
    assert_eq!(world.told().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mock_mode_requests_count_as_delivered_without_a_call() {
    let world = World::with(calm(), &[("AMOCRM_MOCK_MODE", "true")]).await;
    let id = world.request(1, ANNA).await;
    let worker = CrmPush::with(&world.settings, &world.aws, None, world.clock());
    let event = world.batch(&[id]).await;
    worker.handle(event).await;
    assert!(world.is_sent(id).await);
    assert_eq!(world.lead(id).await.progress.deal_id, Some(2));
    assert_eq!(world.amocrm.calls(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_together_stay_under_the_accounts_limit() {
    let world = World::with(Options { rate_limit: Some(7), ..calm() }, &[]).await;
    let documents = world.aws.documents(&world.settings.tables);
    let worker = || {
        let client = delivery::amocrm_client(&world.settings.amocrm, &documents, &world.clock(), delivery::WORKERS);
        CrmPush::with(&world.settings, &world.aws, client.unwrap(), world.clock())
    };
    let (one, other) = (worker(), worker());
    let mut ids = Vec::new();
    for n in 1..=6 {
        ids.push(world.request(n, &format!("+7900000000{n}")).await);
    }
    let (first, second) = (world.batch(&ids[..3]).await, world.batch(&ids[3..]).await);
    tokio::join!(one.handle(first), other.handle(second));
    for id in ids {
        assert!(world.is_sent(id).await);
    }
    assert_eq!(world.amocrm.limits().too_many, 0, "{:?}", world.amocrm.limits());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_runs_short_leaves_no_request_half_way() {
    let world = World::new().await;
    let ids = [world.request(1, ANNA).await, world.request(2, ANNA).await];
    // Looking for the contact takes so long that nothing can be created any more.
    let slow = world.amocrm.faults().add("GET /api/v4/contacts", When::Always, Fault::Hang(Duration::from_millis(300)));
    let later = async {
        tokio::time::sleep(Duration::from_millis(450)).await;
        world.wait(80);
    };
    futures::join!(world.deliver(&ids), later);
    world.amocrm.faults().remove(slow);
    for id in ids {
        let lead = world.lead(id).await;
        assert!(matches!(lead.status, Status::Retry { .. }), "{lead:?}");
        assert_eq!(lead.error.as_deref(), Some("amoCRM answers too slowly"));
    }
    world.wait(700);
    world.deliver_until_sent(&ids).await;
    assert_eq!((world.amocrm.deals().len(), world.amocrm.contacts().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_is_refused_gives_nobody_up() {
    let world = World::new().await;
    let ids = [world.request(1, ANNA).await, world.request(2, BORIS).await];
    world.amocrm.faults().add("POST /api/v4/leads/notes", When::Times(1), Fault::LoseAnswer);
    let gone = r#"{"title":"Not Found","status":404,"detail":"Lead not found"}"#;
    world.amocrm.faults().add("GET /api/v4/leads/*/notes", When::Times(1), Fault::Status(404, gone.to_owned()));
    world.deliver(&ids).await;
    for id in ids {
        assert!(!matches!(world.lead(id).await.status, Status::Dead { .. }), "{:?}", world.lead(id).await);
    }
    assert!(world.is_sent(ids[1]).await, "the other one is none the worse");
    world.wait(700);
    world.deliver_until_sent(&ids).await;
    assert!(world.amocrm.deals().iter().all(|deal| (deal.notes.len(), deal.tasks.len()) == (1, 1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_host_that_is_down_holds_back_photos_and_nothing_else() {
    let world = World::new().await;
    world.amocrm.faults().add("POST /drive/*", When::Always, Fault::Html(503));
    let mut ids = Vec::new();
    for n in 1..=4 {
        let photos = world.photos(1).await;
        let id = world.request_with(n, ANNA, |request| request.photos = photos).await;
        world.deliver(&[id]).await;
        ids.push(id);
    }
    // Nothing but their photos is left to do.
    world.wait(400);
    for id in &ids {
        world.deliver(&[*id]).await;
    }
    let plain = world.request(5, BORIS).await;
    world.deliver(&[plain]).await;
    assert!(world.is_sent(plain).await, "the breaker is closed");
    let deals = world.amocrm.deals();
    assert!(deals.len() == 5 && deals.iter().all(|deal| (deal.notes.len(), deal.tasks.len()) == (1, 1)), "{deals:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_out_that_amocrm_is_still_down_is_not_given_up_for_it() {
    let world = World::with(calm(), &[("LEAD_MAX_ATTEMPTS", "5")]).await;
    let id = world.request(1, ANNA).await;
    let down = world.amocrm.faults().add("*", When::Always, Fault::Html(502));
    for _ in 0..20 {
        world.deliver(&[id]).await;
        world.wait(400);
    }
    assert!(!matches!(world.lead(id).await.status, Status::Dead { .. }));
    world.amocrm.faults().remove(down);
    world.deliver_until_sent(&[id]).await;
    let told = world.told();
    assert_eq!(told.len(), 2, "one beginning, one end: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_workers_die_every_time_is_given_up_in_time_and_told() {
    let world = World::with(calm(), &[("LEAD_MAX_ATTEMPTS", "2")]).await;
    let id = world.request(1, ANNA).await;
    for _ in 0..2 {
        let mut lead = world.leads.get(&id).await.unwrap().unwrap();
        lead.value.claim("a worker that dies", world.now(), 120).unwrap();
        world.leads.save(&mut lead).await.unwrap();
        world.wait(121);
    }
    world.deliver(&[id]).await;
    assert!(matches!(world.lead(id).await.status, Status::Dead { .. }));
    let told = world.told();
    assert!(told.len() == 1 && told[0].contains("its workers were stopped in the middle"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_deleted_while_amocrm_is_slow_brings_nobody_into_the_crm() {
    let world = World::new().await;
    let ids = [world.request(1, ANNA).await, world.request(2, BORIS).await];
    world.amocrm.faults().add("GET /api/v4/contacts", When::Always, Fault::Hang(Duration::from_millis(300)));
    let later = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        world.leads.delete(&ids[0]).await.unwrap();
        world.wait(2);
    };
    futures::join!(world.deliver(&ids), later);
    assert!(world.is_sent(ids[1]).await);
    assert_eq!((world.amocrm.deals().len(), world.amocrm.contacts().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_answers_now_and_then_is_not_left_alone() {
    let world = World::new().await;
    world.amocrm.faults().add("POST /api/v4/leads/notes", When::Times(30), Fault::Html(502));
    for n in 1..=5 {
        let id = world.request(n, &format!("+7900000000{n}")).await;
        world.deliver(&[id]).await;
    }
    assert_eq!(world.amocrm.deals().len(), 5, "each batch got as far as it could");
}
