//! What can be reached on the bot's port, and by whom.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_webhooks_are_open_and_health_and_metrics_to_this_machine() {
    let world = World::start().await;
    let bot = world.serve().await;
    let client = reqwest::Client::new();
    let (url, get) = (&world.url, async |path: &str, header: Option<(&str, &str)>| {
        let request = client.get(format!("{}{path}", world.url));
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.expect("it answers").status().as_u16()
    });

    for path in [
        "/",
        "/api/state",
        "/events",
        "/control",
        "/simulators",
        "/health/",
        "/metrics/x",
        "/endpoints.json",
        "/..%2fstack.json",
    ] {
        assert_eq!(get(path, None).await, 404, "{path}");
    }
    for path in ["/health", "/metrics"] {
        assert_eq!(get(path, None).await, 200, "{path}");
        for header in [
            ("host", "bot.example.org"),
            ("host", "127.0.0.1.example.org"),
            ("origin", "https://example.org"),
            ("origin", "null"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-real-ip", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7"),
        ] {
            assert_eq!(get(path, Some(header)).await, 404, "{path} {header:?}");
        }
    }
    let metrics = client.get(format!("{url}/metrics")).send().await.expect("it answers").text().await.expect("text");
    assert!(metrics.contains("carquery"), "{metrics}");

    let post = async |path: &str, body: String| {
        client.post(format!("{url}{path}")).body(body).send().await.expect("it answers").status().as_u16()
    };
    assert_eq!(post("/telegram/webhook", "{}".to_owned()).await, 401, "no secret");
    assert_eq!(
        post("/amocrm/webhook/0123456789abcdef", "leads[status][0][id]=1".to_owned()).await,
        401,
        "another's secret"
    );
    assert_eq!(post("/health", String::new()).await, 405);
    assert_eq!(post("/telegram/webhook", "x".repeat(5 << 20)).await, 413);
    let socket = std::fs::metadata(world.operator.data().join("services.sock")).expect("it is there");
    assert_eq!(socket.permissions().mode() & 0o077, 0, "the tables are the owner's alone");
    bot.stop().await;
}
