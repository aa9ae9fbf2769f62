//! Clients of DynamoDB and SQS.

use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{
    ClassifyRetry, ReconnectMode, RetryAction, RetryConfig, RetryPartition, TokenBucket,
};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient};
use aws_types::SdkConfig;
use secrecy::{ExposeSecret, SecretString};
use settings::{Env, Retry};

/// Where the services are and who calls them. Lambda sets region and keys for each function.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// `AWS_ENDPOINT_URL_DYNAMODB`, or `AWS_ENDPOINT_URL`.
    pub dynamodb_url: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`, or `AWS_ENDPOINT_URL`.
    pub sqs_url: Option<String>,
    /// `AWS_REGION`, or `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// Without them every call fails.
    pub keys: Option<AwsKeys>,
}

/// Who calls the services.
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret: SecretString,
    /// `AWS_SESSION_TOKEN`
    pub session_token: Option<String>,
}

impl AwsSettings {
    /// Reads the group. The SDK would read the same names from the process; read here, several stacks fit in one
    /// process.
    pub fn read(env: &mut Env) -> Self {
        let everywhere = env.optional("AWS_ENDPOINT_URL");
        let region = env.optional("AWS_REGION");
        let default_region = env.optional("AWS_DEFAULT_REGION");
        let id = env.optional("AWS_ACCESS_KEY_ID");
        let secret = env.secret("AWS_SECRET_ACCESS_KEY");
        let session_token = env.optional("AWS_SESSION_TOKEN");
        Self {
            dynamodb_url: env.optional("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| everywhere.clone()),
            sqs_url: env.optional("AWS_ENDPOINT_URL_SQS").or(everywhere),
            region: region.or(default_region),
            keys: id.zip(secret).map(|(id, secret)| AwsKeys { id, secret, session_token }),
        }
    }
}

/// The clients, built once a process. Connections are made on first use. Each table and the queue are opened by a
/// method that stands in their own file.
#[derive(Clone, Debug)]
pub struct Aws {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub sqs: aws_sdk_sqs::Client,
}

impl Aws {
    /// Builds the clients from settings alone: `aws-config`, which also searches profiles, single sign-on and instance
    /// metadata, is four more crates to compile and to load at a cold start.
    #[must_use]
    pub fn connect(settings: &AwsSettings) -> Self {
        Self::with_config(&sdk_config(settings), settings)
    }

    /// Builds clients of services that `http_client` reaches without a network: no address, no keys, no second try.
    #[must_use]
    pub fn through(http_client: &SharedHttpClient) -> Self {
        const NOWHERE: &str = "http://embedded.invalid";
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("local"))
            .endpoint_url(NOWHERE)
            .http_client(http_client.clone())
            // There is no connection that an error could have spoiled.
            .retry_config(RetryConfig::disabled().with_reconnect_mode(ReconnectMode::ReuseAllConnections))
            .timeout_config(TimeoutConfig::disabled())
            .build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).allow_no_auth().build();
        let sqs = aws_sdk_sqs::config::Builder::from(&config).allow_no_auth().build();
        Self { dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb), sqs: aws_sdk_sqs::Client::from_conf(sqs) }
    }

    /// Builds the clients with credentials from elsewhere; of the settings only the addresses are used.
    #[must_use]
    pub fn with_config(config: &SdkConfig, settings: &AwsSettings) -> Self {
        Self { dynamodb: dynamodb(config, settings), sqs: sqs(config, settings) }
    }
}

fn sdk_config(settings: &AwsSettings) -> SdkConfig {
    // A customer waits: tries of at most 3 s, and 10 s for all of them, leave room in the webhook's half minute.
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(10))
        .build();
    let credentials = settings.keys.as_ref().map(|AwsKeys { id, secret, session_token }| {
        let token = session_token.clone();
        SharedCredentialsProvider::new(Credentials::new(id, secret.expose_secret(), token, None, "environment"))
    });
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(crate::https::http_client())
        .timeout_config(timeouts)
        .retry_config(retry_config())
        .region(settings.region.clone().map(Region::new));
    config.set_credentials_provider(credentials);
    config.build()
}

fn retry_config() -> RetryConfig {
    let Retry { tries, first, longest, .. } = Retry::AWS_CALL;
    RetryConfig::standard()
        .with_max_attempts(tries)
        .with_initial_backoff(first)
        .with_max_backoff(longest)
        // reqwest drops a broken connection itself, and has none to show: the SDK would log an error each time.
        .with_reconnect_mode(ReconnectMode::ReuseAllConnections)
}

/// Without the SDK's quota: after a hundred lost answers it would let calls fail at their first try.
fn unlimited_retries() -> RetryPartition {
    RetryPartition::custom("unlimited").token_bucket(TokenBucket::unlimited()).build()
}

/// Repeats a call whose answer breaks off or is none of the service's. The SDK repeats calls without an answer already,
/// so that every write may be repeated.
#[derive(Debug)]
struct UnreadableAnswer;

impl ClassifyRetry for UnreadableAnswer {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let is_success = context.response().is_some_and(|answer| answer.status().is_success());
        match context.output_or_error() {
            Some(Err(_)) if is_success => RetryAction::transient_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "unreadable answer"
    }
}

fn dynamodb(config: &SdkConfig, settings: &AwsSettings) -> aws_sdk_dynamodb::Client {
    let mut builder = aws_sdk_dynamodb::config::Builder::from(config)
        .retry_partition(unlimited_retries())
        .retry_classifier(UnreadableAnswer);
    if let Some(url) = &settings.dynamodb_url {
        builder = builder.endpoint_url(url);
    }
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

fn sqs(config: &SdkConfig, settings: &AwsSettings) -> aws_sdk_sqs::Client {
    let mut builder = aws_sdk_sqs::config::Builder::from(config)
        .retry_partition(unlimited_retries())
        .retry_classifier(UnreadableAnswer);
    if let Some(url) = &settings.sqs_url {
        builder = builder.endpoint_url(url);
    }
    aws_sdk_sqs::Client::from_conf(builder.build())
}
