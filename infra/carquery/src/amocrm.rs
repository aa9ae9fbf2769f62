//! `carquery amocrm`: authorize the bot, create what deals need, check the account.

use std::process::ExitCode;

use amocrm::{Client, CrmError, Entity, NewField, TokenState, TrackingField, wanted_fields};
use anyhow::Context;
use clap::Subcommand;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use settings::Auth;
use storage::Aws;

use crate::doctor::{self, Finding};
use crate::output::{Output, moscow_time, table};
use crate::stage::Stage;

/// How many waiting requests are queued at once after an authorization; the schedule takes care of the rest.
const QUEUED_AT_ONCE: usize = 500;

/// The pipeline that `setup` creates when none is set.
const PIPELINE: &str = "Заявки из Telegram";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Exchange the authorization code of the integration's settings for tokens. The code lives 20 minutes and works once.
    Authorize {
        /// The code (integration → Ключи и доступы → Код авторизации).
        code: SecretString,
    },
    /// Create what deals need: custom fields by their codes, and a pipeline if none is set. Shows the plan first.
    Setup {
        /// Create, rather than show the plan.
        #[arg(long)]
        yes: bool,
    },
    /// List pipelines and stages with the ids for the settings.
    Pipelines,
    /// Check the account: token, pipeline, stage, responsible user, fields.
    Check,
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let account = Account::of(stage).await?;
    match command {
        Command::Authorize { code } => account.authorize(&code, *output).await,
        Command::Setup { yes } => account.set_up(yes, *output).await,
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
    /// `None` in mock mode.
    client: Option<Client>,
}

impl Account {
    pub(crate) async fn of(stage: &Stage) -> anyhow::Result<Self> {
        let mut env = stage.env().await?;
        let settings = settings::Amocrm::read(&mut env);
        let tables = storage::Tables::read(&mut env);
        let delivery = settings::Delivery::read(&mut env);
        let aws = stage.aws(&storage::AwsSettings::read(&mut env)).await?;
        env.finish(())?;
        let client =
            delivery::amocrm_client(&settings, &aws.documents(&tables), &delivery::system_clock(), delivery::WORKERS)?;
        Ok(Self { settings, delivery, tables, aws, client })
    }

    fn client(&self) -> anyhow::Result<&Client> {
        self.client.as_ref().context("AMOCRM_MOCK_MODE is on: there is no account")
    }

    async fn authorize(&self, code: &SecretString, output: Output) -> anyhow::Result<ExitCode> {
        let client = self.client()?;
        anyhow::ensure!(
            !matches!(self.settings.auth, Some(Auth::LongLived(_))),
            "AMOCRM_LONG_LIVED_TOKEN is set: the bot uses that token and needs no code. To use OAuth, remove the token first \
             (`carquery secrets put --forget AMOCRM_LONG_LIVED_TOKEN`, and deploy)"
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

    async fn set_up(&self, yes: bool, output: Output) -> anyhow::Result<ExitCode> {
        let client = self.client()?;
        let mut plan: Vec<(Entity, Vec<NewField>)> = Vec::new();
        let mut without_tracking: Vec<&str> = Vec::new();
        for entity in [Entity::Leads, Entity::Contacts] {
            let existing = client.custom_fields(entity).await?;
            if entity == Entity::Leads {
                let missing = TrackingField::ALL.iter().filter(|field| field.id_in(&existing).is_none());
                without_tracking.extend(missing.map(|field| field.code()));
            }
            let mut wanted = wanted_fields(entity, &existing);
            // A field whose id the operator has set exists already, under another code or none.
            wanted.retain(|new| !self.settings.fields.0.contains_key(new.field.code()));
            plan.push((entity, wanted));
        }
        let pipelines = client.pipelines().await?;
        let own = pipelines.iter().find(|pipeline| pipeline.name == PIPELINE);
        let new_pipeline = self.settings.pipeline_id.is_none() && own.is_none();
        let fields: Vec<MissingField> = plan
            .iter()
            .flat_map(|(entity, wanted)| wanted.iter().map(move |new| (entity, new)))
            .map(|(entity, new)| MissingField {
                of: if *entity == Entity::Leads { "deal" } else { "contact" },
                code: new.field.code(),
                name: self.settings.language.text(&new.field.title_id()),
            })
            .collect();
        let nothing = fields.is_empty() && !new_pipeline;
        if !yes || nothing {
            let plan = json!({
                "fields": fields, "pipeline": new_pipeline.then_some(PIPELINE), "without_tracking": without_tracking
            });
            output.print(&plan, |_| {
                let mut text = about_tracking(&without_tracking);
                if nothing {
                    return text + "Nothing to do: fields and pipeline exist.";
                }
                if !fields.is_empty() {
                    let row = |field: &MissingField| [field.of, field.code, &field.name].map(str::to_owned);
                    let rows = table(["OF", "CODE", "NAME"], fields.iter().map(row));
                    text += &format!("Custom fields to create:\n{rows}\n");
                }
                if new_pipeline {
                    text += &format!("Pipeline to create: {PIPELINE}\n");
                }
                text + "Add --yes to create them."
            });
            return Ok(ExitCode::SUCCESS);
        }
        for (entity, wanted) in &plan {
            client.create_custom_fields(*entity, wanted, self.settings.language).await?;
        }
        let pipeline = match own {
            Some(pipeline) => Some(pipeline.clone()),
            None if new_pipeline => Some(client.create_pipeline(PIPELINE).await?),
            None => None,
        };
        output.print(
            &json!({ "created": fields, "pipeline_id": pipeline.as_ref().map(|pipeline| pipeline.id) }),
            |_| {
                let mut text = about_tracking(&without_tracking);
                text += &format!("Created {} custom field(s).\n", fields.len());
                if let Some(pipeline) = &pipeline {
                    text += &format!("Pipeline «{}»: set AMOCRM_PIPELINE_ID={}", pipeline.name, pipeline.id);
                    if let Some(stage) = pipeline.stages().iter().find(|stage| stage.kind != 1) {
                        text += &format!(" and AMOCRM_STATUS_ID={}", stage.id);
                    }
                    text += ".";
                }
                text
            },
        );
        Ok(ExitCode::SUCCESS)
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

    /// Checks token, account, pipeline, responsible user and fields.
    pub(crate) async fn check(&self) -> Vec<Finding> {
        let Some(client) = &self.client else {
            return vec![Finding::good("amoCRM", "mock mode: requests count as delivered")];
        };
        let mut findings = Vec::new();
        let state = client.tokens().state().await;
        findings.push(match &state {
            Ok(state) => of_token(state, Timestamp::now().as_second()),
            Err(error) => Finding::bad("amoCRM token", &error.to_string(), "check the Credentials table"),
        });
        let account = client.account().await;
        match &account {
            Ok(account) => findings.push(Finding::good("amoCRM account", &account.name)),
            Err(error) => {
                findings.push(of_error("amoCRM account", error));
                return findings;
            }
        }
        findings.push(self.check_pipeline(client).await);
        findings.push(self.check_user(client).await);
        for entity in [Entity::Leads, Entity::Contacts] {
            let name = if entity == Entity::Leads { "amoCRM deal fields" } else { "amoCRM contact fields" };
            findings.push(match client.custom_fields(entity).await {
                Ok(existing) => {
                    let mut missing = wanted_fields(entity, &existing);
                    missing.retain(|new| !self.settings.fields.0.contains_key(new.field.code()));
                    if missing.is_empty() {
                        Finding::good(name, "all exist")
                    } else {
                        let codes: Vec<&str> = missing.iter().map(|new| new.field.code()).collect();
                        Finding::bad(name, &format!("missing: {}", codes.join(", ")), "`carquery amocrm setup --yes`")
                    }
                }
                Err(error) => of_error(name, &error),
            });
        }
        findings
    }

    async fn check_pipeline(&self, client: &Client) -> Finding {
        const NAME: &str = "amoCRM pipeline";
        let pipelines = match client.pipelines().await {
            Ok(pipelines) => pipelines,
            Err(error) => return of_error(NAME, &error),
        };
        let pipeline = match self.settings.pipeline_id {
            Some(id) => pipelines.iter().find(|pipeline| pipeline.id == id),
            None => pipelines.iter().find(|pipeline| pipeline.is_main),
        };
        let Some(pipeline) = pipeline else {
            let known: Vec<String> = pipelines.iter().map(|one| format!("{} «{}»", one.id, one.name)).collect();
            return Finding::bad(
                NAME,
                "AMOCRM_PIPELINE_ID is not the id of a pipeline",
                &format!("use one of {}", known.join(", ")),
            );
        };
        match self.settings.status_id {
            Some(id) if !pipeline.takes_deals_in(id) => {
                let stages = pipeline.stages().iter().filter(|stage| stage.kind != 1);
                let known: Vec<String> = stages.map(|stage| format!("{} «{}»", stage.id, stage.name)).collect();
                let problem = format!("AMOCRM_STATUS_ID is not a stage of «{}» that takes deals", pipeline.name);
                Finding::bad(NAME, &problem, &format!("use one of {}", known.join(", ")))
            }
            _ => Finding::good(NAME, &pipeline.name),
        }
    }

    async fn check_user(&self, client: &Client) -> Finding {
        const NAME: &str = "amoCRM responsible user";
        let Some(id) = self.settings.responsible_user_id else {
            return Finding::good(NAME, "the token's owner (AMOCRM_RESPONSIBLE_USER_ID is not set)");
        };
        match client.users().await {
            Ok(users) => match users.iter().find(|user| user.id == id) {
                Some(user) if user.is_active() => Finding::good(NAME, &user.name),
                Some(_) => Finding::bad(NAME, "is deactivated", "set AMOCRM_RESPONSIBLE_USER_ID to an active user"),
                None => Finding::bad(NAME, "does not exist", "set AMOCRM_RESPONSIBLE_USER_ID to an active user"),
            },
            Err(error) => of_error(NAME, &error),
        }
    }
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

/// A failed call, and what to do: an outage needs patience, not a new code.
fn of_error(name: &str, error: &CrmError) -> Finding {
    let text = error.to_string();
    match (error.remedy(), error) {
        (Some(remedy), _) => {
            let fix = remedy.to_string();
            let state = text.strip_suffix(&fix).unwrap_or(&text).trim_end_matches([':', ' ']);
            Finding::bad(name, state, &fix)
        }
        (None, CrmError::Retry { .. }) => {
            Finding::bad(name, &text, "try again in a few minutes; requests wait and go out by themselves")
        }
        (None, _) => Finding::bad(name, &text, "the token needs an administrator's rights"),
    }
}

fn of_token(state: &TokenState, now: i64) -> Finding {
    const NAME: &str = "amoCRM token";
    if let Some(needed) = &state.consent_needed {
        return Finding::bad(NAME, &needed.reason, "`carquery amocrm authorize CODE`");
    }
    match (state.expires_at, state.refreshed_at) {
        (Some(at), refreshed) if at <= now => {
            let fix = if refreshed.is_some() {
                "the schedule does not renew it: see the log of `scheduled`, or `carquery amocrm authorize CODE`"
            } else {
                "create a new one in the integration's keys and set AMOCRM_LONG_LIVED_TOKEN"
            };
            Finding::bad(NAME, &format!("expired {} MSK", moscow_time(at)), fix)
        }
        (Some(at), _) => Finding::good(NAME, &format!("valid until {} MSK", moscow_time(at))),
        (None, _) => Finding::good(NAME, "long-lived"),
    }
}

#[cfg(test)]
mod tests {
    use amocrm::{Cause, Doubt, Remedy};

    use super::*;

    #[test]
    fn a_token_that_has_expired_is_a_fault() {
        let of = |expires_at, refreshed_at| {
            let state = TokenState { expires_at: Some(expires_at), refreshed_at, consent_needed: None };
            serde_json::to_value(of_token(&state, 1000)).expect("plain data")
        };
        assert_eq!(of(1001, None)["ok"], true);
        assert_eq!(of(1000, None)["state"], "expired 1970-01-01 03:16 MSK");
        assert!(of(1000, None)["fix"].to_string().contains("AMOCRM_LONG_LIVED_TOKEN"));
        assert!(of(1000, Some(0))["fix"].to_string().contains("the schedule does not renew it"));
    }

    #[test]
    fn an_outage_is_not_a_missing_authorization() {
        let down = CrmError::Retry { cause: Cause::Server(502), pause: None, doubt: Doubt::No };
        let finding = serde_json::to_value(of_error("amoCRM account", &down)).expect("plain data");
        assert_eq!(finding["state"], "amoCRM cannot take requests now: HTTP 502");
        assert_eq!(finding["fix"], "try again in a few minutes; requests wait and go out by themselves");

        let refused = CrmError::Reauth { reason: "invalid_grant".to_owned(), remedy: Remedy::Authorize, since: None };
        let finding = serde_json::to_value(of_error("amoCRM account", &refused)).expect("plain data");
        assert!(finding["state"].as_str().is_some_and(|state| state.ends_with("(invalid_grant)")), "{finding}");
        assert!(finding["fix"].as_str().is_some_and(|fix| fix.contains("carquery amocrm authorize CODE")), "{finding}");
    }
}
