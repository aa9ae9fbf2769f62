//! `carquery amocrm`: authorize the bot, create what deals need, check the account.

mod check;
mod hook;

use std::process::ExitCode;

use amocrm::{Client, CrmError, Entity, NewField, Pipeline, TrackingField, wanted_fields};
use anyhow::Context;
use clap::Subcommand;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use settings::Auth;
use storage::Aws;

use crate::amocrm::hook::{HookSettings, HookState, OwnHook};
use crate::doctor;
use crate::output::{Output, table};
use crate::stage::Stage;

/// How many waiting requests are queued at once after an authorization; the schedule takes care of the rest.
const QUEUED_AT_ONCE: usize = 500;

/// The pipeline that `setup` creates when none is set.
const PIPELINE: &str = "Заявки из Telegram";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Exchange the authorization code of the integration's settings for tokens.
    ///
    /// The code lives 20 minutes and works once.
    Authorize {
        /// The code (integration → Ключи и доступы → Код авторизации).
        code: SecretString,
    },
    /// Create what deals need: fields, a pipeline if none is set, and the hook.
    ///
    /// Fields are found by their codes. Through the hook amoCRM says that a deal was moved.
    Setup {
        /// The bot's public address, https://…; by default that of the stage's API.
        #[arg(long)]
        address: Option<String>,
        /// Create, rather than show the plan.
        #[arg(long)]
        yes: bool,
    },
    /// List pipelines and stages with the ids for the settings.
    Pipelines,
    /// Check the account: token, pipeline, stage, responsible user, team, hook, fields.
    Check,
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let account = Account::of(stage).await?;
    match command {
        Command::Authorize { code } => account.authorize(&code, *output).await,
        Command::Setup { address, yes } => account.set_up(address.as_deref(), yes, *output).await,
        Command::Pipelines => account.list_pipelines(*output).await,
        Command::Check => {
            let findings = account.check().await;
            Ok(doctor::report(&findings, *output))
        }
    }
}

/// A custom field that does not exist yet.
#[derive(Debug, Serialize)]
struct MissingField {
    of: &'static str,
    code: &'static str,
    name: String,
}

/// Where a deal can begin; named as the settings that choose it.
#[derive(Debug, Serialize)]
struct Place<'a> {
    pipeline_id: u64,
    pipeline: &'a str,
    status_id: u64,
    status: &'a str,
}

/// The account of a stage.
pub(crate) struct Account {
    settings: settings::Amocrm,
    delivery: settings::Delivery,
    tables: storage::Tables,
    aws: Aws,
    hook: HookSettings,
    /// `None` in mock mode.
    client: Option<Client>,
}

impl Account {
    pub(crate) async fn of(stage: &Stage) -> anyhow::Result<Self> {
        let mut env = stage.env().await?;
        let settings = settings::Amocrm::read(&mut env);
        let tables = storage::Tables::read(&mut env);
        let delivery = settings::Delivery::read(&mut env);
        let hook = HookSettings::read(&mut env);
        let aws = stage.aws(&storage::AwsSettings::read(&mut env)).await?;
        env.finish(())?;
        let client =
            delivery::amocrm_client(&settings, &aws.documents(&tables), &settings::system_clock(), delivery::WORKERS)?;
        Ok(Self { settings, delivery, tables, aws, hook, client })
    }

    fn client(&self) -> anyhow::Result<&Client> {
        self.client.as_ref().context("AMOCRM_MOCK_MODE is on: there is no account")
    }

    async fn authorize(&self, code: &SecretString, output: Output) -> anyhow::Result<ExitCode> {
        let client = self.client()?;
        anyhow::ensure!(
            !matches!(self.settings.auth, Some(Auth::LongLived(_))),
            "AMOCRM_LONG_LIVED_TOKEN is set: the bot uses that token and needs no code. To use OAuth, remove the token first: \
             on one machine from .env, and start the bot again; on AWS with `carquery secrets put --forget \
             AMOCRM_LONG_LIVED_TOKEN`, and deploy"
        );
        let state = client.tokens().authorize(code).await.map_err(|error| match error {
            CrmError::Reauth { ref reason, .. } => anyhow::anyhow!(
                "amoCRM refuses the code ({reason}): take a fresh one from the integration's settings, and check \
                 AMOCRM_CLIENT_ID, AMOCRM_CLIENT_SECRET and AMOCRM_REDIRECT_URI"
            ),
            CrmError::Retry { .. } => anyhow::anyhow!("{error}. The code may still be valid: try again in a minute"),
            error => error.into(),
        })?;
        let account =
            client.account().await.map_err(|error| anyhow::anyhow!("the new token does not work: {error}"))?;
        let queued = self.wake_waiting().await?;
        let result = json!({ "account": account.name, "token_expires_at": state.expires_at, "queued": queued });
        output.print(&result, |_| {
            format!(
                "The bot has access to «{}» and will renew its token by itself; {queued} waiting request(s) go out now.",
                account.name
            )
        });
        Ok(ExitCode::SUCCESS)
    }

    /// Queues the requests that waited for this, without waiting for the end of their pauses.
    async fn wake_waiting(&self) -> anyhow::Result<usize> {
        let now = Timestamp::now().as_second();
        delivery::probe_now(&self.aws.documents(&self.tables), now).await?;
        let all = delivery::RequeueFilter::all_unsent(now, self.delivery.retry_interval_seconds, QUEUED_AT_ONCE);
        Ok(delivery::requeue(&self.aws.leads(&self.tables), &self.aws.queue(&self.tables), all).await?)
    }

    async fn set_up(&self, address: Option<&str>, yes: bool, output: Output) -> anyhow::Result<ExitCode> {
        let client = self.client()?;
        let (wanted, without_tracking) = self.missing_fields(client).await?;
        let own_hook = self.hook.own(address);
        let hook_state = match &own_hook {
            Ok(own_hook) => own_hook.state(client).await.map_err(|error| hook::without(&error)),
            Err(reason) => Err(hook::without_own(reason)),
        };
        let new_hook =
            own_hook.as_ref().ok().filter(|_| matches!(hook_state, Ok(HookState::Missing | HookState::Broken(_))));
        let pipelines = client.pipelines().await?;
        let own = pipelines.iter().find(|pipeline| pipeline.name == PIPELINE);
        let plan = SetupPlan {
            fields: self.shown(&wanted),
            makes_pipeline: self.settings.pipeline_id.is_none() && own.is_none(),
            hook: new_hook.map(OwnHook::shown),
            without_tracking,
            no_hook: hook_state.as_ref().err().cloned(),
            unused_pipeline: own.filter(|_| self.settings.pipeline_id.is_none()).cloned(),
        };
        if !yes || plan.is_empty() {
            output.print(&plan.to_json(), |_| plan.in_words());
            return Ok(ExitCode::SUCCESS);
        }
        for (entity, wanted) in &wanted {
            client.create_custom_fields(*entity, wanted, self.settings.language).await?;
        }
        let pipeline = match own {
            Some(pipeline) => Some(pipeline.clone()),
            None if plan.makes_pipeline => Some(client.create_pipeline(PIPELINE).await?),
            None => None,
        };
        if let (Some(own_hook), Ok(state)) = (new_hook, &hook_state) {
            own_hook.subscribe(client, state).await?;
        }
        let pipeline_id = pipeline.as_ref().map(|pipeline| pipeline.id);
        let done = json!({ "created": plan.fields, "pipeline_id": pipeline_id, "hook": plan.hook });
        output.print(&done, |_| plan.done_in_words(pipeline.as_ref()));
        Ok(ExitCode::SUCCESS)
    }

    /// The bot's fields that the account does not have, and the codes of the tracking fields that it does not have.
    async fn missing_fields(
        &self,
        client: &Client,
    ) -> anyhow::Result<(Vec<(Entity, Vec<NewField>)>, Vec<&'static str>)> {
        let mut missing = Vec::new();
        let mut without_tracking = Vec::new();
        for entity in [Entity::Leads, Entity::Contacts] {
            let existing = client.custom_fields(entity).await?;
            if entity == Entity::Leads {
                let missing = TrackingField::ALL.iter().filter(|field| field.id_in(&existing).is_none());
                without_tracking.extend(missing.map(|field| field.code()));
            }
            let mut wanted = wanted_fields(entity, &existing);
            // A field whose id the operator has set exists already, under another code or none.
            wanted.retain(|new| !self.settings.fields.0.contains_key(new.field.code()));
            missing.push((entity, wanted));
        }
        Ok((missing, without_tracking))
    }

    /// The fields as the operator sees them.
    fn shown(&self, wanted: &[(Entity, Vec<NewField>)]) -> Vec<MissingField> {
        let each = wanted.iter().flat_map(|(entity, fields)| fields.iter().map(move |new| (entity, new)));
        each.map(|(entity, new)| MissingField {
            of: if *entity == Entity::Leads { "deal" } else { "contact" },
            code: new.field.code(),
            name: self.settings.language.text(&new.field.title_id()),
        })
        .collect()
    }

    async fn list_pipelines(&self, output: Output) -> anyhow::Result<ExitCode> {
        let pipelines = self.client()?.pipelines().await?;
        let places: Vec<Place<'_>> = pipelines
            .iter()
            .flat_map(|pipeline| pipeline.stages().iter().map(move |stage| (pipeline, stage)))
            .filter(|(pipeline, stage)| pipeline.takes_deals_in(stage.id))
            .map(|(pipeline, stage)| Place {
                pipeline_id: pipeline.id,
                pipeline: &pipeline.name,
                status_id: stage.id,
                status: &stage.name,
            })
            .collect();
        output.print(&places, |places| {
            let row = |place: &Place<'_>| {
                let (pipeline_id, status_id) = (place.pipeline_id.to_string(), place.status_id.to_string());
                [pipeline_id, place.pipeline.to_owned(), status_id, place.status.to_owned()]
            };
            table(["PIPELINE", "NAME", "STAGE", "NAME"], places.iter().map(row))
        });
        Ok(ExitCode::SUCCESS)
    }
}

/// What `setup` creates.
struct SetupPlan {
    fields: Vec<MissingField>,
    makes_pipeline: bool,
    /// The address of the hook.
    hook: Option<String>,
    /// Codes of the tracking fields that the account does not have.
    without_tracking: Vec<&'static str>,
    /// Why there can be no hook.
    no_hook: Option<String>,
    /// The bot's own pipeline, if it is there and the settings lack it.
    unused_pipeline: Option<Pipeline>,
}

impl SetupPlan {
    fn is_empty(&self) -> bool {
        self.fields.is_empty() && !self.makes_pipeline && self.hook.is_none()
    }

    fn to_json(&self) -> serde_json::Value {
        json!({
            "fields": self.fields, "pipeline": self.makes_pipeline.then_some(PIPELINE), "hook": self.hook,
            "without_tracking": self.without_tracking
        })
    }

    fn in_words(&self) -> String {
        let mut text = self.what_is_missing();
        if self.is_empty() {
            text += "Nothing to do: everything that amoCRM can have exists.";
            return text + &about_pipeline(self.unused_pipeline.as_ref());
        }
        if !self.fields.is_empty() {
            let row = |field: &MissingField| [field.of, field.code, &field.name].map(str::to_owned);
            let rows = table(["OF", "CODE", "NAME"], self.fields.iter().map(row));
            text += &format!("Custom fields to create:\n{rows}\n");
        }
        if self.makes_pipeline {
            text += &format!("Pipeline to create: {PIPELINE}\n");
        }
        if let Some(hook) = &self.hook {
            text += &format!("Hook to subscribe: {hook}\n");
        }
        text + "Add --yes to create them."
    }

    /// What was done; `pipeline` is the one that deals go to.
    fn done_in_words(&self, pipeline: Option<&Pipeline>) -> String {
        let mut text = self.what_is_missing();
        if let Some(hook) = &self.hook {
            text += &format!("Subscribed the hook {hook}\n");
        }
        text += &format!("Created {} custom field(s).", self.fields.len());
        text + &about_pipeline(pipeline)
    }

    /// What the account cannot have, a line each.
    fn what_is_missing(&self) -> String {
        let about_hook = self.no_hook.as_ref().map(|reason| format!("{reason}\n")).unwrap_or_default();
        about_tracking(&self.without_tracking) + &about_hook
    }
}

/// The settings that let the bot use its own pipeline.
fn about_pipeline(pipeline: Option<&Pipeline>) -> String {
    let Some(pipeline) = pipeline else { return String::new() };
    let stage = pipeline.stages().iter().find(|stage| stage.kind != 1);
    let stage = stage.map(|stage| format!(" and AMOCRM_STATUS_ID={}", stage.id)).unwrap_or_default();
    format!("\nPipeline «{}»: set AMOCRM_PIPELINE_ID={}{stage}.", pipeline.name, pipeline.id)
}

/// That the account lacks tracking fields. amoCRM makes them, not the bot.
fn about_tracking(missing: &[&str]) -> String {
    match missing {
        [] => String::new(),
        missing => format!(
            "The account has no tracking fields {}: of a link, deals have the field SOURCE, a tag and a line of the note.\n",
            missing.join(", ")
        ),
    }
}
