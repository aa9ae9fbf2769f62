//! The client against HTTP as amoCRM answers it.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use amocrm::{Cause, Client, CrmError, Doubt, Options, Tokens};
use insta::assert_snapshot;
use serde_json::json;
use settings::Retry;
use wiremock::matchers::{body_bytes, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn options(server: &MockServer) -> Options {
    Options {
        base_url: server.uri(),
        calls_per_second: NonZeroU32::new(1000).unwrap(),
        retry: Retry { tries: 3, first: Duration::from_millis(5), factor: 2.0, longest: Duration::from_secs(8) },
        timeout: Duration::from_millis(400),
    }
}

fn client(server: &MockServer) -> Client {
    Client::new(options(server), Tokens::long_lived("secret-token".to_owned().into())).unwrap()
}

async fn server_that_returns(answers: impl IntoIterator<Item = ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    for answer in answers {
        Mock::given(path("/api/v4/leads")).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    server
}

async fn requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

fn created() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "_embedded": { "leads": [{ "id": 8001, "request_id": "r" }] } }))
}

fn page(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html>nginx</html>", "text/html")
}

#[tokio::test]
async fn nothing_found_is_an_empty_body() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/v4/contacts"))
        .and(query_param("query", "9001234567"))
        .and(header("authorization", "Bearer secret-token"))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(client(&server).search_contacts("9001234567").await, Ok(vec![]));
}

#[tokio::test]
async fn contacts_are_looked_for_on_every_page() {
    let server = MockServer::start().await;
    let contacts = |ids: std::ops::Range<u64>| {
        let contacts: Vec<_> = ids.map(|id| json!({ "id": id })).collect();
        ResponseTemplate::new(200).set_body_json(json!({ "_embedded": { "contacts": contacts } }))
    };
    let on_page = |mock: Mock| mock.mount(&server);
    on_page(Mock::given(query_param("page", "2")).respond_with(contacts(251..252))).await;
    on_page(Mock::given(path("/api/v4/contacts")).respond_with(contacts(1..251))).await;
    let found = client(&server).search_contacts("9001234567").await.unwrap();
    assert_eq!((found.len(), found.last().map(|contact| contact.id)), (251, Some(251)), "the oldest one, too");
}

#[tokio::test]
async fn from_a_success_that_says_nothing_nothing_is_concluded() {
    let says_nothing = [
        ResponseTemplate::new(200),
        ResponseTemplate::new(200).set_body_json(json!({})),
        ResponseTemplate::new(200).set_body_json(json!(null)),
        ResponseTemplate::new(200).set_body_json(json!([])),
        ResponseTemplate::new(200).set_body_json(json!({ "_embedded": { "leads": "none" } })),
    ];
    for answer in says_nothing {
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(answer).mount(&server).await;
        let unreadable = CrmError::Retry { cause: Cause::Unreadable, pause: None, doubt: Doubt::No };
        assert_eq!(client(&server).deals(&[1]).await, Err(unreadable.clone()));
        assert_eq!(client(&server).contact(7).await, Err(unreadable));
    }
    let empty = json!({ "_page": 1, "_embedded": { "leads": [] } });
    let server = server_that_returns([ResponseTemplate::new(200).set_body_json(empty)]).await;
    assert_eq!(client(&server).deals(&[1]).await, Ok(vec![]));
}

#[tokio::test]
async fn ids_and_times_are_read_however_they_are_written() {
    let server = MockServer::start().await;
    let contact = json!({
        "id": "7", "updated_at": 1_767_000_000.75, "created_at": "yesterday", "is_deleted": null,
        "custom_fields_values": [{ "field_code": "PHONE", "values": null }, { "field_code": "X" }],
        "_embedded": { "leads": [{ "id": "8001" }, { "id": 8002.0 }], "tags": null }
    });
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_json(contact)).mount(&server).await;
    let contact = client(&server).contact(7).await.unwrap().unwrap();
    assert_eq!((contact.id, contact.updated_at, contact.is_deleted), (7, 1_767_000_000, false));
    assert_eq!(contact.deal_ids(), [8001, 8002]);
}

#[tokio::test]
async fn a_pause_that_nobody_can_mean_is_an_hour() {
    let server = server_that_returns([ResponseTemplate::new(429).insert_header("retry-after", "1767000000000")]).await;
    let error = client(&server).deals(&[1]).await.unwrap_err();
    assert_eq!(error, CrmError::Retry { cause: Cause::RateLimit, pause: Some(3600), doubt: Doubt::No });
}

#[tokio::test]
async fn an_account_that_ignores_the_filter_does_not_hand_out_strangers_deals() {
    let server = server_that_returns([ResponseTemplate::new(200)
        .set_body_json(json!({ "_embedded": { "leads": [{ "id": 1 }, { "id": 2, "name": null }] } }))])
    .await;
    let deals = client(&server).deals(&[2, 3]).await.unwrap();
    assert_eq!(deals.iter().map(|deal| deal.id).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn a_creation_is_repeated_when_amocrm_was_only_too_busy_to_take_it() {
    let busy = ResponseTemplate::new(429);
    let server = server_that_returns([busy.clone(), page(429), created()]).await;
    let made = client(&server).create_deal(&json!({ "request_id": "r" })).await.unwrap();
    assert_eq!(made, 8001);
    assert_eq!(requests(&server).await, 3);
}

#[tokio::test]
async fn a_creation_that_may_have_happened_is_not_repeated() {
    let lost = created().set_delay(Duration::from_secs(2));
    for (answer, cause, doubt) in [
        (ResponseTemplate::new(500), Cause::Server(500), Doubt::Settled),
        (page(504), Cause::Server(504), Doubt::Running),
        (lost, Cause::Timeout, Doubt::Running),
        (page(200), Cause::Unreadable, Doubt::Settled),
        (ResponseTemplate::new(200), Cause::Unreadable, Doubt::Settled),
    ] {
        let server = server_that_returns([answer, created()]).await;
        let error = client(&server).create_deal(&json!({})).await.unwrap_err();
        assert_eq!(error, CrmError::Retry { cause, pause: None, doubt });
        assert!(matches!(error.failure().repeat, lead::Repeat::Later { pause: Some(45), in_doubt: true }));
        assert_eq!(requests(&server).await, 1);
    }
}

#[tokio::test]
async fn reading_is_repeated_until_the_tries_are_used_up() {
    let server = server_that_returns([page(502), ResponseTemplate::new(500), ResponseTemplate::new(204)]).await;
    assert_eq!(client(&server).deals(&[1]).await, Ok(vec![]));

    let server = server_that_returns([page(502), page(502), page(502), ResponseTemplate::new(204)]).await;
    let error = client(&server).deals(&[1]).await.unwrap_err();
    assert_eq!(error, CrmError::Retry { cause: Cause::Server(502), pause: None, doubt: Doubt::No });
    assert_eq!(requests(&server).await, 3);
}

#[tokio::test]
async fn without_a_connection_nothing_is_in_doubt() {
    let nobody = Options { base_url: "http://127.0.0.1:9".to_owned(), ..options(&MockServer::start().await) };
    let client = Client::new(nobody, Tokens::long_lived("secret-token".to_owned().into())).unwrap();
    let error = client.create_deal(&json!({})).await.unwrap_err();
    assert_eq!(error, CrmError::Retry { cause: Cause::Connection, pause: None, doubt: Doubt::No });
}

#[tokio::test]
async fn a_long_pause_silences_every_call() {
    let server =
        server_that_returns([ResponseTemplate::new(429).set_body_json(json!({ "retry_after": 300 })), created()]).await;
    let client = client(&server);
    let error = client.create_deal(&json!({})).await.unwrap_err();
    assert_eq!(error, CrmError::Retry { cause: Cause::RateLimit, pause: Some(300), doubt: Doubt::No });
    let error = client.deals(&[1]).await.unwrap_err();
    assert!(matches!(error, CrmError::Retry { cause: Cause::RateLimit, pause: Some(295..=300), .. }), "{error:?}");
    assert_eq!(requests(&server).await, 1, "the second call was not even made");
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong() {
    let refusal = ResponseTemplate::new(400).insert_header("X-Request-Id", "abc123").set_body_json(json!({
        "validation-errors": [{ "request_id": "0", "errors": [{
            "code": "NotSupportedChoice", "path": "custom_fields_values.2.values.0.value",
            "detail": "The value you selected is not a valid choice." }] }],
        "title": "Bad Request", "status": 400, "detail": "Request validation failed"
    }));
    let server = server_that_returns([refusal]).await;
    let error = client(&server).create_deal(&json!({})).await.unwrap_err();
    assert_snapshot!(error, @"amoCRM refuses: HTTP 400 Request validation failed; custom_fields_values.2.values.0.value: NotSupportedChoice The value you selected is not a valid choice. [X-Request-Id abc123]");
    assert_eq!(error.failure().repeat, lead::Repeat::Never);
}

#[tokio::test]
async fn a_refusal_repeats_nothing_of_the_customer() {
    let refused = json!({ "title": "Bad Request", "validation-errors": [{ "request_id": "0", "errors": [
        { "code": "Wrong", "path": "name", "detail": "Анна Петрова: 8 (916) 123-45-67 is in use" }
    ] }] });
    let server = server_that_returns([ResponseTemplate::new(400).set_body_json(refused)]).await;
    let deal = json!({ "name": "Анна Петрова" });
    let error = client(&server).create_deal(&deal).await.unwrap_err();
    assert_snapshot!(error, @"amoCRM refuses: HTTP 400 Bad Request; name: Wrong …: … is in use");
}

#[tokio::test]
async fn no_more_is_read_than_an_answer_may_have() {
    let server = server_that_returns([ResponseTemplate::new(200).set_body_bytes(vec![b' '; (16 << 20) + 1])]).await;
    let patient = Options { timeout: Duration::from_secs(10), ..options(&server) };
    let client = Client::new(patient, Tokens::long_lived("t".to_owned().into())).unwrap();
    let error = client.create_deal(&json!({})).await.unwrap_err();
    assert!(matches!(error, CrmError::Retry { cause: Cause::Unreadable, doubt: Doubt::Settled, .. }), "{error:?}");
}

#[tokio::test]
async fn an_account_that_takes_nothing_is_not_the_fault_of_the_request() {
    let scope = ResponseTemplate::new(403).set_body_json(json!({ "title": "Forbidden", "detail": "Invalid scope" }));
    let moved = ResponseTemplate::new(302).insert_header("location", "https://www.amocrm.ru/");
    let mut said = Vec::new();
    for answer in [page(403), scope, ResponseTemplate::new(402), page(404), moved] {
        let server = server_that_returns([answer, created()]).await;
        let error = client(&server).create_deal(&json!({})).await.unwrap_err();
        assert!(matches!(error.failure().repeat, lead::Repeat::Later { in_doubt: false, .. }), "{error}");
        assert_eq!(requests(&server).await, 1, "{error}");
        said.push(error.to_string());
    }
    assert_snapshot!(said.join("\n"), @"
    amoCRM has blocked the bot (HTTP 403 without a reason): write to amoCRM's support
    the amoCRM account is closed to the bot (HTTP 403, Invalid scope): see what the integration and its user may do in amoCRM
    the amoCRM account is closed to the bot (HTTP 402, the account is not paid for): pay for the amoCRM account
    the amoCRM account is closed to the bot (HTTP 404, no such account): correct AMOCRM_BASE_URL or AMOCRM_SUBDOMAIN
    the amoCRM account is closed to the bot (HTTP 302, the address answers with a redirect): correct AMOCRM_BASE_URL or AMOCRM_SUBDOMAIN
    ");
}

#[tokio::test]
async fn a_dead_long_lived_token_is_reported_without_showing_it() {
    let server = server_that_returns([ResponseTemplate::new(401), created()]).await;
    let error = client(&server).create_deal(&json!({})).await.unwrap_err();
    assert!(matches!(error, CrmError::Reauth { .. }));
    assert!(!error.to_string().contains("secret-token") && error.to_string().contains("AMOCRM_LONG_LIVED_TOKEN"));
    assert_eq!(requests(&server).await, 1);
}

#[tokio::test]
async fn calls_are_paced() {
    let server = MockServer::start().await;
    Mock::given(path("/api/v4/leads")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    let options = Options { calls_per_second: NonZeroU32::new(20).unwrap(), ..options(&server) };
    let client = Client::new(options, Tokens::long_lived("t".to_owned().into())).unwrap();
    let begun = Instant::now();
    let calls = (0..6).map(|_| client.deals(&[1]));
    futures::future::try_join_all(calls).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(245), "five gaps of 50 ms, took {:?}", begun.elapsed());
}

#[tokio::test]
async fn the_token_is_not_sent_to_a_foreign_file_host() {
    let (server, foreign) = (MockServer::start().await, MockServer::start().await);
    Mock::given(path("/api/v4/account"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "id": 1, "drive_url": foreign.uri() })))
        .mount(&server)
        .await;
    let uploaded = client(&server).upload("1.jpg", "image/jpeg", "photo".into()).await;
    assert!(matches!(uploaded, Err(CrmError::Retry { cause: Cause::Unreadable, .. })), "{uploaded:?}");
    assert_eq!(requests(&foreign).await, 0);
}

#[tokio::test]
async fn a_photo_is_uploaded_in_parts_and_attached() {
    let server = MockServer::start().await;
    let uri = server.uri();
    Mock::given(path("/api/v4/account"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "id": 1, "drive_url": uri })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/v1.0/sessions"))
        .and(body_json(json!({
            "file_name": "1.jpg", "file_size": 5, "content_type": "image/jpeg", "with_preview": true })))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({ "session_id": 1, "upload_url": format!("{uri}/up/1"), "max_part_size": 4 })),
        )
        .mount(&server)
        .await;
    Mock::given(path("/up/1"))
        .and(body_bytes(*b"phot"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "next_url": format!("{uri}/up/2") })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/up/2"))
        .and(body_bytes(*b"o"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "uuid": "u-1", "version_uuid": "v-1" })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(path("/api/v4/leads/8001/files"))
        .and(body_json(json!([{ "file_uuid": "u-1" }])))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&server);
    let uuid = client.upload("1.jpg", "image/jpeg", bytes::Bytes::from_static(b"photo")).await.unwrap();
    assert_eq!(uuid, "u-1");
    client.attach_files(8001, &[uuid]).await.unwrap();
}
