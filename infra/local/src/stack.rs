//! A running stack.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crm_push::CrmPush;
use embedded::Services;
use machine::{Delivered, Folder, LocalDealerFile, Polling, Room, Store, Variables, listen, read, work};
use scheduled::Scheduled;
use settings::{AmocrmHook, ENDPOINTS_FILE, Env};
use simulators::amocrm::Amocrm;
use simulators::dynamodb::DynamoDb;
use simulators::fault::Faults;
use simulators::openai::OpenAi;
use simulators::sqs::Sqs;
use simulators::telegram::Telegram;
use storage::{Aws, AwsSettings, Tables};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use webhook::{WEBHOOK_PATH, Webhook};

use crate::core::Core;
use crate::options::Options;
use crate::parts::{Parts, TelegramPart};
use crate::people::follow_dealer_file;
use crate::simulated::Simulated;
use crate::web;

/// How long stopping waits for work in progress.
const GRACE: Duration = Duration::from_secs(5);

/// A running stack. [`Stack::stop`] ends it; if it is dropped, its tasks go on.
pub struct Stack {
    core: Arc<Core>,
    variables: Variables,
    url: String,
    database: Database,
    folder: Folder,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
    /// Brings the calls of the `carquery` command to the services.
    server_for_operators: Option<JoinHandle<()>>,
}

/// The tables.
enum Database {
    /// In this process.
    Embedded(embedded::DynamoDb),
    /// Behind HTTP, where calls can fail.
    Faulty(DynamoDb),
}

impl Database {
    async fn start(file: Option<&Path>, faults: Option<Faults>) -> io::Result<Self> {
        Ok(match faults {
            Some(faults) => Self::Faulty(DynamoDb::start(file, faults).await?),
            None => Self::Embedded(embedded::DynamoDb::open(file)?),
        })
    }

    const fn tables(&self) -> &embedded::DynamoDb {
        match self {
            Self::Embedded(tables) => tables,
            Self::Faulty(server) => &server.tables,
        }
    }
}

impl Stack {
    /// Starts everything and waits until it can serve.
    ///
    /// # Errors
    /// A setting is wrong, the port or the data folder is taken, or a part cannot start.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let mut variables: Variables =
            options.env.iter().filter(|(_, value)| !value.trim().is_empty()).cloned().collect();
        let parts = Parts::of(&variables)?;
        let listener = listen(options.port).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mut folder = Folder::open(options.data_dir.as_deref())?;

        let database = Database::start(folder.file("dynamodb.sqlite").as_deref(), options.database_faults.clone())
            .await
            .context("cannot start the database")?;
        let queue_options = embedded::sqs::Options {
            journal: folder.file("queue.jsonl"),
            visibility: options.queue_visibility,
            ..embedded::sqs::Options::default()
        };
        let sqs = Sqs::start(&queue_options).await.context("cannot start the queue")?;
        // The consumer that was handling a message ended with the last stack of this folder.
        sqs.queues.release_in_flight();
        own_aws(&mut variables, &database, &sqs);
        let services = Services { dynamodb: database.tables().clone(), sqs: sqs.queues.clone() };
        let mut aws = Aws::connect(&read(&variables, AwsSettings::read)?);
        if let Database::Embedded(_) = database {
            aws.dynamodb = Aws::through(&services.http_client()).dynamodb;
        }
        let store = Store { webhook_aws: aws.clone(), aws, tables: services.dynamodb.clone() };
        let simulated = Simulated::start(&parts, &options, &mut folder, &mut variables).await?;

        let (stop, stopping) = watch::channel(false);
        let core = Core::build(&variables, parts, simulated, (store, sqs), options.ahead, stopping.clone()).await?;
        let core = Arc::new(core);
        core.follow_changes();
        let mut dealer_file = options.dealer_file.map(|path| {
            LocalDealerFile::new(
                path,
                folder.file("dealer.toml"),
                core.functions.aws.dealer_file(&core.functions.tables),
            )
        });
        if let Some(file) = &mut dealer_file {
            file.look_once().await;
        }

        let router = web::router(Arc::clone(&core));
        let mut ending = stopping.clone();
        let server = tokio::spawn(async move {
            let ended = async move {
                let _ = ending.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(ended).await {
                tracing::error!("the page's server ended: {error}");
            }
        });

        let mut stack = Self {
            core,
            variables,
            url,
            database,
            folder,
            stop,
            server,
            workers: Vec::new(),
            server_for_operators: None,
        };
        if let Some(path) = &options.data_dir {
            stack.server_for_operators =
                Some(tokio::spawn(services.listen(path).context("cannot listen for the carquery command")?));
        }
        stack.workers.extend(dealer_file.map(|file| tokio::spawn(file.follow(stopping))));
        stack.take_updates();
        if options.schedule {
            stack.subscribe_to_hooks();
            stack.workers.push(tokio::spawn(follow_dealer_file(Arc::clone(&stack.core))));
            let core = Arc::clone(&stack.core);
            let scheduled = move || core.changes.note(|now| now.requests += 1);
            let tables = stack.database.tables();
            stack.workers.extend(work(
                &stack.core.functions,
                tables,
                &stack.variables,
                &stack.core.stopping,
                scheduled,
            )?);
        }
        stack.write_endpoints()?;
        Ok(stack)
    }

    /// Where the page is, such as `http://127.0.0.1:8080`; Telegram's webhook and `/health` are there too.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The functions' settings, as the stack has completed them.
    #[must_use]
    pub fn env(&self) -> Env {
        Env::from_pairs(self.variables.clone())
    }

    /// What is real and what is simulated.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.core.parts
    }

    /// The simulated Telegram, unless a real one is used.
    #[must_use]
    pub fn telegram(&self) -> Option<&Telegram> {
        self.core.telegram.as_ref()
    }

    /// The simulated amoCRM, unless a real account or none is used.
    #[must_use]
    pub fn amocrm(&self) -> Option<&Amocrm> {
        self.core.amocrm.as_ref()
    }

    /// The simulated model, unless a real one is used.
    #[must_use]
    pub fn openai(&self) -> Option<&OpenAi> {
        self.core.openai.as_ref()
    }

    /// The queue and its dead letters.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.core.sqs
    }

    /// The function that answers customers.
    #[must_use]
    pub fn webhook(&self) -> &Webhook {
        &self.core.functions.webhook
    }

    /// The function that delivers.
    #[must_use]
    pub fn crm_push(&self) -> &CrmPush {
        &self.core.functions.crm_push
    }

    /// The function that repairs.
    #[must_use]
    pub fn scheduled(&self) -> &Scheduled {
        &self.core.functions.scheduled
    }

    /// Clients of the embedded DynamoDB and of the queue.
    #[must_use]
    pub fn aws(&self) -> &Aws {
        &self.core.functions.aws
    }

    /// Names of the tables and the queue.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.core.functions.tables
    }

    /// Receives one batch from the queue and has it delivered, as Lambda's event source does.
    ///
    /// # Errors
    /// The queue does not answer, or crm-push crashed.
    pub async fn deliver_once(&self) -> anyhow::Result<Delivered> {
        let delivered = self.core.functions.deliver_once().await;
        self.core.changes.note(|now| now.requests += 1);
        delivered
    }

    /// Runs `scheduled` once, as the schedule does.
    ///
    /// # Errors
    /// It failed.
    pub async fn run_schedule(&self) -> anyhow::Result<()> {
        self.core.run_schedule().await
    }

    /// The simulated amoCRM tells the bot of deals from now on, as after `carquery amocrm setup`.
    pub fn subscribe_to_hooks(&self) {
        let secret = self.variables.get("AMOCRM_WEBHOOK_SECRET");
        if let (Some(amocrm), Some(secret)) = (&self.core.amocrm, secret) {
            amocrm.subscribe(&format!("{}{}{secret}", self.url, AmocrmHook::PATH));
        }
    }

    /// Ends everything in order: no more updates, work under way, the page, the simulators, the database.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for worker in self.workers {
            let _ = tokio::time::timeout(GRACE, worker).await;
        }
        let _ = tokio::time::timeout(GRACE, self.server).await;
        let simulated = Simulated {
            telegram: self.core.telegram.clone(),
            amocrm: self.core.amocrm.clone(),
            openai: self.core.openai.clone(),
        };
        simulated.stop().await;
        self.core.sqs.stop().await;
        if let Some(server) = self.server_for_operators {
            server.abort();
        }
        if let Database::Faulty(server) = &self.database {
            server.stop().await;
        }
        if let Some(file) = self.folder.file(ENDPOINTS_FILE) {
            let _ = std::fs::remove_file(file);
        }
    }

    /// Lets updates come in.
    fn take_updates(&mut self) {
        let secret = self.variables.get("TELEGRAM_WEBHOOK_SECRET").cloned().unwrap_or_default();
        if let Some(telegram) = &self.core.telegram {
            telegram.set_webhook_target(&format!("{}{WEBHOOK_PATH}", self.url), Some(&secret));
            return;
        }
        let (api, language) = (self.core.functions.api.clone(), self.core.language);
        let admin_chat_id = self.core.admin_chat_id;
        tokio::spawn(async move {
            if let Err(error) = telegram::introduce(&api, admin_chat_id, language).await {
                tracing::warn!("the bot's commands could not be set: {error}");
            }
        });
        if self.core.parts.telegram == TelegramPart::Polling {
            let changes = self.core.changes.clone();
            let polling = Polling {
                functions: Arc::clone(&self.core.functions),
                secret: secret.into(),
                room: Room::default(),
                handled: Arc::new(move || changes.note(|now| now.requests += 1)),
            };
            self.workers.push(tokio::spawn(polling.run(self.core.stopping.clone())));
        }
    }

    fn write_endpoints(&self) -> anyhow::Result<()> {
        let Some(file) = self.folder.file(ENDPOINTS_FILE) else { return Ok(()) };
        // What the operator has set is in the operator's environment and does not belong in this file.
        let mut names = vec!["LEADS_QUEUE_URL", "LEADS_DLQ_URL", "TELEGRAM_WEBHOOK_SECRET", "AMOCRM_WEBHOOK_SECRET"];
        if self.core.telegram.is_some() {
            names.extend(["TELEGRAM_BOT_TOKEN", "TELEGRAM_API_URL", "ADMIN_CHAT_ID"]);
        }
        if self.core.amocrm.is_some() {
            names.extend([
                "AMOCRM_BASE_URL",
                "AMOCRM_CLIENT_ID",
                "AMOCRM_CLIENT_SECRET",
                "AMOCRM_REDIRECT_URI",
                "AMOCRM_PIPELINE_ID",
                "AMOCRM_STATUS_ID",
                "AMOCRM_RESPONSIBLE_USER_ID",
            ]);
        }
        if self.core.openai.is_some() {
            names.push("OPENAI_BASE_URL");
        }
        if let Database::Faulty(_) = self.database {
            // Functions that run elsewhere reach the tables, too.
            names.extend(["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS"]);
            names.extend(["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
        }
        let mut endpoints: Variables =
            names.into_iter().filter_map(|name| Some((name.to_owned(), self.variables.get(name)?.clone()))).collect();
        endpoints.insert("CARQUERY_URL".to_owned(), self.url.clone());
        std::fs::write(&file, serde_json::to_vec_pretty(&endpoints)?).context("cannot write to the data folder")
    }
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Stack").field("url", &self.url).field("parts", &self.core.parts).finish_non_exhaustive()
    }
}

/// Sets the stack's own tables and queue, whatever the operator's environment says about AWS.
fn own_aws(variables: &mut Variables, database: &Database, sqs: &Sqs) {
    variables.retain(|name, _| !name.starts_with("AWS_"));
    if let Database::Faulty(server) = database {
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), server.url());
    }
    for (name, value) in [
        ("AWS_ENDPOINT_URL_SQS", sqs.url().as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("LEADS_QUEUE_URL", &sqs.queue_url()),
        ("LEADS_DLQ_URL", &sqs.dlq_url()),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
}
