//! The Lambda function `crm-push`: batches of the leads queue in, partial batch responses out.

use aws_lambda_events::sqs::SqsEvent;
use crm_push::{CrmPush, Settings};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use settings::telemetry::LogFormat;
use settings::{Env, metrics, telemetry};
use tracing::Instrument;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut env = Env::of_process();
    telemetry::start(LogFormat::Json, &mut env);
    metrics::start("crm-push", env.text("STAGE", "dev"));
    let settings = Settings::read(&mut env);
    let crm_push = &CrmPush::connect(&env.finish(settings)?)?;
    run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let span = tracing::info_span!("invocation", request_id = event.context.request_id);
        // Boxed: the compiler gives up on a future that holds all the SDK's in one.
        let handled = Box::pin(crm_push.handle(event.payload));
        async move { Ok::<_, Error>(handled.await) }.instrument(span)
    }))
    .await
}
