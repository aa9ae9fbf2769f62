//! The Lambda function `scheduled`: events of the schedule and of alarms.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use scheduled::{Scheduled, Settings};
use serde_json::Value;
use settings::telemetry::LogFormat;
use settings::{Env, metrics, telemetry};
use tracing::Instrument;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut env = Env::of_process();
    telemetry::start(LogFormat::Json, &mut env);
    metrics::start("scheduled", env.text("STAGE", "dev"));
    let settings = Settings::read(&mut env);
    let scheduled = &Scheduled::connect(&env.finish(settings)?)?;
    run(service_fn(move |event: LambdaEvent<Value>| {
        let span = tracing::info_span!("invocation", request_id = event.context.request_id);
        // Boxed: the compiler gives up on a future that holds all the SDK's in one.
        let handled = Box::pin(scheduled.handle(event.payload));
        async move { Ok::<_, Error>(handled.await?) }.instrument(span)
    }))
    .await
}
