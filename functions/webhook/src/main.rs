//! The Lambda function `webhook`.

use bytes::Bytes;
use http_body_util::BodyExt;
use lambda_http::{Body, Error, Request, Response, service_fn};
use settings::telemetry::{self, LogFormat};
use settings::{Env, metrics};
use webhook::{Settings, Webhook};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut env = Env::of_process();
    telemetry::start(LogFormat::Json, &mut env);
    metrics::start("webhook", env.text("STAGE", "dev"));
    let settings = Settings::read(&mut env);
    let webhook = Webhook::connect(&env.finish(settings)?);
    // The first call of each client opens its TLS connection: better now than while a customer waits.
    webhook.warm_up().await;
    let webhook = &webhook;
    lambda_http::run(service_fn(move |request: Request| async move {
        let (parts, body) = request.into_parts();
        let body: Bytes = body.collect().await?.to_bytes();
        let (parts, body) = webhook.handle(http::Request::from_parts(parts, body)).await.into_parts();
        let body = if body.is_empty() { Body::Empty } else { Body::Text(String::from_utf8_lossy(&body).into_owned()) };
        Ok::<_, Error>(Response::from_parts(parts, body))
    }))
    .await
}
