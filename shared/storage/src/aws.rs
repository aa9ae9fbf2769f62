//! Clients of DynamoDB and SQS.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use secrecy::{ExposeSecret, SecretString};
use settings::{Env, Tables};

use crate::{AiLog, Customers, Documents, Leads, Queue, Sessions};

/// Where the services are, beyond what the SDK finds out itself.
#[derive(Clone, Debug)]
pub struct AwsSettings {
    /// `AWS_ENDPOINT_URL_DYNAMODB`, or `AWS_ENDPOINT_URL`.
    pub dynamodb_url: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`, or `AWS_ENDPOINT_URL`.
    pub sqs_url: Option<String>,
    /// `AWS_REGION`, or `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`. Without them the SDK looks elsewhere.
    pub keys: Option<(String, SecretString, Option<String>)>,
}

impl AwsSettings {
    /// Reads the group. The SDK would read the same names from the process; read here, several stacks fit in one process.
    pub fn read(env: &mut Env) -> Self {
        let everywhere = env.optional("AWS_ENDPOINT_URL");
        let region = env.optional("AWS_REGION");
        let default_region = env.optional("AWS_DEFAULT_REGION");
        let id = env.optional("AWS_ACCESS_KEY_ID");
        let secret = env.secret("AWS_SECRET_ACCESS_KEY");
        let session = env.optional("AWS_SESSION_TOKEN");
        Self {
            dynamodb_url: env.optional("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| everywhere.clone()),
            sqs_url: env.optional("AWS_ENDPOINT_URL_SQS").or(everywhere),
            region: region.or(default_region),
            keys: id.zip(secret).map(|(id, secret)| (id, secret, session)),
        }
    }
}

/// The clients, built once a process. Connections are made on first use.
#[derive(Clone, Debug)]
pub struct Aws {
    /// For tables.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// For the queue.
    pub sqs: aws_sdk_sqs::Client,
}

impl Aws {
    /// Builds the clients.
    pub async fn connect(settings: &AwsSettings) -> Self {
        let config = Self::config(settings).await;
        Self { dynamodb: dynamodb(&config, settings), sqs: sqs(&config, settings) }
    }

    /// What every client of an AWS service is built with; `AWS_ENDPOINT_URL` is left to the SDK.
    pub async fn config(settings: &AwsSettings) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(
            // A customer waits: three tries of at most 3 s leave room in the webhook's half minute.
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(2))
                .operation_attempt_timeout(Duration::from_secs(3))
                .operation_timeout(Duration::from_secs(10))
                .build(),
        );
        if let Some(region) = &settings.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some((id, secret, session)) = &settings.keys {
            loader = loader.credentials_provider(aws_sdk_dynamodb::config::Credentials::new(
                id,
                secret.expose_secret(),
                session.clone(),
                None,
                "environment",
            ));
        }
        loader.load().await
    }

    /// Conversation states.
    #[must_use]
    pub fn sessions(&self, tables: &Tables) -> Sessions {
        Sessions::new(self.dynamodb.clone(), tables)
    }

    /// Requests and their delivery.
    #[must_use]
    pub fn leads(&self, tables: &Tables) -> Leads {
        Leads::new(self.dynamodb.clone(), tables.leads.clone())
    }

    /// Who the customers are.
    #[must_use]
    pub fn customers(&self, tables: &Tables) -> Customers {
        Customers::new(self.dynamodb.clone(), tables.customers.clone())
    }

    /// The Credentials table.
    #[must_use]
    pub fn documents(&self, tables: &Tables) -> Documents {
        Documents::new(self.dynamodb.clone(), tables.credentials.clone())
    }

    /// What the model was asked.
    #[must_use]
    pub fn ai_log(&self, tables: &Tables) -> AiLog {
        AiLog::new(self.dynamodb.clone(), tables.ai_log.clone())
    }

    /// The queue of leads.
    #[must_use]
    pub fn queue(&self, tables: &Tables) -> Queue {
        Queue::new(self.sqs.clone(), tables.leads_queue_url.clone())
    }
}

fn dynamodb(config: &SdkConfig, settings: &AwsSettings) -> aws_sdk_dynamodb::Client {
    let mut builder = aws_sdk_dynamodb::config::Builder::from(config);
    if let Some(url) = &settings.dynamodb_url {
        builder = builder.endpoint_url(url);
    }
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}

fn sqs(config: &SdkConfig, settings: &AwsSettings) -> aws_sdk_sqs::Client {
    let mut builder = aws_sdk_sqs::config::Builder::from(config);
    if let Some(url) = &settings.sqs_url {
        builder = builder.endpoint_url(url);
    }
    aws_sdk_sqs::Client::from_conf(builder.build())
}
