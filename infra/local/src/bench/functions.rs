//! `carquery-local bench-functions`: what each function costs an update and a request.
//!
//! The functions are the binaries for Lambda, each in a process of its own. This process plays Lambda, the tables, the
//! queue, amoCRM and Telegram, so that the processor's time is the function's alone. Of the time that an event takes,
//! most is the simulators'.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use futures::future::try_join_all;
use machine::read;
use serde_json::{Value, json};
use simulators::amocrm::{self, Amocrm};
use simulators::dynamodb::DynamoDb;
use simulators::fault::Faults;
use simulators::sqs::Sqs;
use storage::{Aws, AwsSettings, Tables};

use super::lambda::Lambda;
use super::{SALE, SECRET, Telegram, ms, percentile};

/// How long a message that was received is hidden: for longer than this takes, so that none need be deleted.
const HIDDEN: Duration = Duration::from_secs(3600);

/// List prices in dollars, Frankfurt, arm64, November 2026: <https://aws.amazon.com/lambda/pricing/>,
/// <https://aws.amazon.com/api-gateway/pricing/>, <https://aws.amazon.com/dynamodb/pricing/on-demand/>.
mod price {
    pub(super) const INVOCATION: f64 = 0.20e-6;
    /// The first tier; on x86-64 it costs a quarter more.
    pub(super) const GB_SECOND: f64 = 13.33e-6;
    pub(super) const HTTP_REQUEST: f64 = 1.20e-6;
    pub(super) const READ: f64 = 0.1525e-6;
    pub(super) const WRITE: f64 = 0.7625e-6;
}

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many sales are made, and delivered.
    #[arg(long, default_value_t = 50)]
    sales: usize,
}

/// What a function has been measured to cost.
struct Measured {
    name: &'static str,
    /// Of its memory in `template.yaml`, in GB.
    memory: f64,
    init: Duration,
    bytes: u64,
    cpu_seconds: f64,
    peak_memory_mib: f64,
    times: Vec<Duration>,
    /// DynamoDB's units.
    reads: f64,
    writes: f64,
}

/// The services and what is outside, in this process.
struct World {
    calls: Faults,
    amocrm: Amocrm,
    telegram: Telegram,
    aws: Aws,
    tables: Tables,
    variables: Vec<(&'static str, String)>,
    /// Run until they are dropped.
    _services: (DynamoDb, Sqs),
}

/// Measures the functions and prints a table.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let world = World::start().await?;
    let measured = [
        world.measure_webhook(arguments.sales).await?,
        world.measure_crm_push(arguments.sales).await?,
        world.measure_scheduled().await?,
    ];
    println!("| function | binary | init | CPU an event | wall an event, p50 | most memory | $ a million events |");
    println!("|---|---|---|---|---|---|---|");
    for function in measured {
        println!("{}", function.row());
    }
    println!("\n$: list prices of November 2026 for Frankfurt and arm64, which template.yaml chooses.");
    Ok(ExitCode::SUCCESS)
}

impl World {
    async fn start() -> anyhow::Result<Self> {
        let calls = Faults::default();
        let database = DynamoDb::start(None, calls.clone()).await?;
        let queue = embedded::sqs::Options { visibility: HIDDEN, ..embedded::sqs::Options::default() };
        let sqs = Sqs::start(&queue).await?;
        let amocrm = Amocrm::start(amocrm::Options { rate_limit: None, ..amocrm::Options::default() }).await?;
        let telegram = Telegram::default();
        let variables = vec![
            ("TELEGRAM_BOT_TOKEN", "1:benchmark".to_owned()),
            ("TELEGRAM_API_URL", telegram.listen().await?),
            ("TELEGRAM_WEBHOOK_SECRET", SECRET.to_owned()),
            ("AMOCRM_BASE_URL", amocrm.url()),
            ("AMOCRM_LONG_LIVED_TOKEN", amocrm.long_lived_token()),
            ("AMOCRM_PIPELINE_ID", amocrm::BOT_PIPELINE.to_string()),
            ("AMOCRM_STATUS_ID", amocrm::BOT_FIRST_STAGE.to_string()),
            ("AMOCRM_RATE_LIMIT", "1000".to_owned()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", database.url()),
            ("AWS_ENDPOINT_URL_SQS", sqs.url()),
            ("LEADS_QUEUE_URL", sqs.queue_url()),
            ("LEADS_DLQ_URL", sqs.dlq_url()),
        ];
        let by_name: BTreeMap<_, _> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let (aws, tables) = read(&by_name, |env| (Aws::connect(&AwsSettings::read(env)), Tables::read(env)))?;
        storage::schema::create(&aws.dynamodb, &tables).await?;
        Ok(Self { calls, amocrm, telegram, aws, tables, variables, _services: (database, sqs) })
    }

    /// Of an update.
    async fn measure_webhook(&self, sales: usize) -> anyhow::Result<Measured> {
        let function = Lambda::start("webhook", &self.variables).await?;
        let times = Mutex::new(Vec::with_capacity(sales * SALE.len()));
        let post = async |update: &Value| {
            let (answer, took) = function.invoke(http_event(update)).await?;
            anyhow::ensure!(answer["statusCode"] == 200, "the webhook answers {}", answer["statusCode"]);
            times.lock().unwrap_or_else(PoisonError::into_inner).push(took);
            anyhow::Ok(())
        };
        let (cpu, mark) = (function.cpu_seconds()?, self.calls.mark());
        let customers = (0..sales).map(|number| self.telegram.customer(1 + number.cast_signed() as i64));
        try_join_all(customers.map(|customer| customer.talk(&post))).await?;
        self.measured("webhook", 0.5, &function, cpu, mark, times.into_inner().unwrap_or_default())
    }

    /// Of the delivery of a request.
    async fn measure_crm_push(&self, sales: usize) -> anyhow::Result<Measured> {
        let function = Lambda::start("crm-push", &self.variables).await?;
        let mut times = Vec::with_capacity(sales);
        let (cpu, mark) = (function.cpu_seconds()?, self.calls.mark());
        let queue = &self.tables.leads_queue_url;
        while times.len() < sales {
            let received = self
                .aws
                .sqs
                .receive_message()
                .queue_url(queue)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .wait_time_seconds(1)
                .send()
                .await?;
            let message = received.messages().first().context("a request is not queued")?;
            let (result, took) = function.invoke(queue_event(message)).await?;
            anyhow::ensure!(result["batchItemFailures"] == json!([]), "a request was not delivered: {result}");
            times.push(took);
        }
        anyhow::ensure!(self.amocrm.deals().len() == sales, "{} deals of {sales}", self.amocrm.deals().len());
        self.measured("crm-push", 0.25, &function, cpu, mark, times)
    }

    /// Of a run with nothing to repair.
    async fn measure_scheduled(&self) -> anyhow::Result<Measured> {
        const RUNS: usize = 20;
        let function = Lambda::start("scheduled", &self.variables).await?;
        let mut times = Vec::with_capacity(RUNS);
        let (cpu, mark) = (function.cpu_seconds()?, self.calls.mark());
        for _ in 0..RUNS {
            let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
            times.push(function.invoke(event).await?.1);
        }
        self.measured("scheduled", 0.25, &function, cpu, mark, times)
    }

    fn measured(
        &self,
        name: &'static str,
        memory: f64,
        function: &Lambda,
        cpu_before: f64,
        mark: u64,
        times: Vec<Duration>,
    ) -> anyhow::Result<Measured> {
        let (mut reads, mut writes) = (0.0, 0.0);
        for call in self.calls.calls_since(mark) {
            // A unit is a kilobyte written, and each write of a transaction counts twice. What is read has at most
            // four.
            let kilobytes = call.body.len().div_ceil(1024);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            match call.route.split(' ').next() {
                Some("GetItem" | "Query" | "Scan") => reads += 1.0,
                Some("TransactWriteItems") => writes += 2.0 * kilobytes as f64,
                _ => writes += kilobytes as f64,
            }
        }
        Ok(Measured {
            name,
            memory,
            init: function.init,
            bytes: function.bytes,
            cpu_seconds: function.cpu_seconds()? - cpu_before,
            peak_memory_mib: function.peak_memory_mib()?,
            times,
            reads,
            writes,
        })
    }
}

impl Measured {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn row(&self) -> String {
        let events = self.times.len() as f64;
        let seconds = self.times.iter().map(Duration::as_secs_f64).sum::<f64>() / events;
        let requests = if self.name == "webhook" { price::HTTP_REQUEST } else { 0.0 };
        let dollars = requests
            + price::INVOCATION
            + seconds * self.memory * price::GB_SECOND
            + (self.reads * price::READ + self.writes * price::WRITE) / events;
        format!(
            "| {} | {:.1} MB | {:.0} ms | {:.2} ms | {:.1} ms | {:.0} MiB | {:.2} |",
            self.name,
            self.bytes as f64 / 1e6,
            ms(self.init),
            self.cpu_seconds * 1000.0 / events,
            percentile(&self.times, 50),
            self.peak_memory_mib,
            dollars * 1e6
        )
    }
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
fn http_event(update: &Value) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": webhook::WEBHOOK_PATH, "rawQueryString": "",
        "headers": { "content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET },
        "requestContext": {
            "accountId": "0", "apiId": "bench", "domainName": "bench.invalid", "domainPrefix": "bench",
            "http": {
                "method": "POST", "path": webhook::WEBHOOK_PATH, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": ""
            },
            "requestId": "1", "routeKey": "$default", "stage": "$default", "time": "", "timeEpoch": 0
        },
        "body": update.to_string(), "isBase64Encoded": false
    })
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
fn queue_event(message: &Message) -> Value {
    let attributes: BTreeMap<&str, &String> =
        message.attributes().into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
    json!({ "Records": [{
        "messageId": message.message_id(), "receiptHandle": message.receipt_handle(), "body": message.body(),
        "attributes": attributes, "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "eu-central-1"
    }]})
}
