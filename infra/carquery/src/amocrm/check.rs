//! What may be wrong with the account, for `amocrm check` and `doctor`.

use std::collections::BTreeMap;

use amocrm::{Cause, Client, CrmError, Entity, Pipeline, TokenState, User, wanted_fields};
use dealer::Team;
use jiff::Timestamp;
use lead::{LOST, WON};

use super::{Account, hook};
use crate::clock::Clock;
use crate::doctor::Finding;

impl Account {
    /// Checks token, account, pipeline, responsible user, team, hook and fields.
    pub(crate) async fn check(&self) -> Vec<Finding> {
        let Some(client) = &self.client else {
            return vec![Finding::good("amoCRM", "mock mode: requests count as delivered")];
        };
        let dealer = crate::dealer::stored(&self.aws, &self.tables).await;
        let clock = Clock::of(dealer.calendar.clone());
        let mut findings = Vec::new();
        let state = client.tokens().state().await;
        findings.push(match &state {
            Ok(state) => of_token(state, Timestamp::now().as_second(), &clock),
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
        match client.pipelines().await {
            Ok(pipelines) => {
                let (pipeline, status) = (self.settings.pipeline_id, self.settings.status_id);
                findings.extend(of_stages(&pipelines, pipeline, status, dealer.unfinished.status_id));
                findings.extend(of_told_stages(&pipelines, &dealer.stages));
                findings.extend(dealer.join_open_deal_days.map(|days| of_joining(days, pipeline)));
            }
            Err(error) => findings.push(of_error(PIPELINE, &error)),
        }
        findings.extend(self.check_users(client, &dealer.team).await);
        findings.push(hook::check(&self.hook, client).await);
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

    async fn check_users(&self, client: &Client, team: &Team) -> Vec<Finding> {
        let responsible = self.settings.responsible_user_id;
        if responsible.is_none() && team.members().len() == 0 {
            return of_users(&[], responsible, team);
        }
        match client.users().await {
            Ok(users) => of_users(&users, responsible, team),
            Err(error) => vec![of_error("amoCRM users", &error)],
        }
    }
}

/// Who gets requests: the setting, and the members of the dealer's team.
fn of_users(users: &[User], responsible: Option<u64>, team: &Team) -> Vec<Finding> {
    const NAME: &str = "amoCRM responsible user";
    const TEAM: &str = "amoCRM team";
    let problem = |id: u64| match users.iter().find(|user| user.id == id) {
        Some(user) if user.is_active() => None,
        Some(_) => Some("is deactivated"),
        None => Some("does not exist"),
    };
    let name = |id: u64| users.iter().find(|user| user.id == id).map_or("", |user| &user.name);
    let mut findings = vec![match responsible {
        None => Finding::good(NAME, "the token's owner (AMOCRM_RESPONSIBLE_USER_ID is not set)"),
        Some(id) => match problem(id) {
            None => Finding::good(NAME, name(id)),
            Some(problem) => Finding::bad(NAME, problem, "set AMOCRM_RESPONSIBLE_USER_ID to an active user"),
        },
    }];
    let members = || team.members().map(|member| member.amocrm_user_id);
    let problems: Vec<String> = members().filter_map(|id| Some(format!("{id} {}", problem(id)?))).collect();
    if !problems.is_empty() {
        let fix = "correct amocrm_user_id of [[team]] in the dealer's file; until then the others get the requests";
        findings.push(Finding::bad(TEAM, &problems.join(", "), fix));
    } else if team.members().len() > 0 {
        let names: Vec<&str> = members().map(name).collect();
        findings.push(Finding::good(TEAM, &names.join(", ")));
    }
    findings
}

const PIPELINE: &str = "amoCRM pipeline";

/// The pipeline and the stages in which deals begin. `unfinished`: `status_id` of `[unfinished]` in the dealer's file.
fn of_stages(
    pipelines: &[Pipeline],
    pipeline_id: Option<u64>,
    status_id: Option<u64>,
    unfinished: Option<u64>,
) -> Vec<Finding> {
    const UNFINISHED: &str = "amoCRM stage of unfinished requests";
    let pipeline = match pipeline_id {
        Some(id) => pipelines.iter().find(|pipeline| pipeline.id == id),
        None => pipelines.iter().find(|pipeline| pipeline.is_main),
    };
    let Some(pipeline) = pipeline else {
        let known: Vec<String> = pipelines.iter().map(|one| format!("{} «{}»", one.id, one.name)).collect();
        let fix = format!("use one of {}", known.join(", "));
        return vec![Finding::bad(PIPELINE, "AMOCRM_PIPELINE_ID is not the id of a pipeline", &fix)];
    };
    let not_a_stage = |name, setting| {
        // A deal may begin closed, but hardly anybody wants that.
        let stages = pipeline.stages().iter().filter(|stage| stage.kind != 1 && ![WON, LOST].contains(&stage.id));
        let known: Vec<String> = stages.map(|stage| format!("{} «{}»", stage.id, stage.name)).collect();
        let problem = format!("{setting} is not a stage of «{}» that takes deals", pipeline.name);
        Finding::bad(name, &problem, &format!("use one of {}", known.join(", ")))
    };
    let mut findings = vec![match status_id {
        Some(id) if !pipeline.takes_deals_in(id) => not_a_stage(PIPELINE, "AMOCRM_STATUS_ID"),
        _ => Finding::good(PIPELINE, &pipeline.name),
    }];
    findings.extend(unfinished.map(|id| match status_id {
        None => Finding::bad(
            UNFINISHED,
            "is not used: without AMOCRM_STATUS_ID a finished deal could not leave it",
            "set AMOCRM_STATUS_ID to the stage of new requests",
        ),
        Some(_) if !pipeline.takes_deals_in(id) => not_a_stage(UNFINISHED, "status_id of [unfinished]"),
        Some(_) => Finding::good(UNFINISHED, &id.to_string()),
    }));
    findings
}

/// The stages that customers are told of; `None` if there are none.
fn of_told_stages(pipelines: &[Pipeline], told: &BTreeMap<u64, String>) -> Option<Finding> {
    const NAME: &str = "amoCRM stages told";
    let exists = |id: u64| pipelines.iter().flat_map(Pipeline::stages).any(|stage| stage.id == id);
    let unknown: Vec<String> = told.keys().filter(|id| !exists(**id)).map(u64::to_string).collect();
    if told.is_empty() {
        None
    } else if unknown.is_empty() {
        Some(Finding::good(NAME, &told.len().to_string()))
    } else {
        let fix = "correct [stages] of the dealer's file: `carquery amocrm pipelines` lists the ids";
        Some(Finding::bad(NAME, &format!("there is no stage {}", unknown.join(", ")), fix))
    }
}

/// The deals that requests join: `join_open_deal_days` of the dealer's file.
fn of_joining(days: u16, pipeline_id: Option<u64>) -> Finding {
    const NAME: &str = "amoCRM deals to join";
    match pipeline_id {
        Some(_) => Finding::good(NAME, &format!("open ones of this pipeline, up to {days} days old")),
        None => Finding::bad(NAME, "open ones of every pipeline", "set AMOCRM_PIPELINE_ID to the pipeline of the bot"),
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
        (None, CrmError::Retry { cause, .. }) => {
            let fix = match cause {
                Cause::RateLimit => {
                    "see what else uses the account's interface; requests wait and go out by themselves"
                }
                Cause::Connection => {
                    "check the network, and AMOCRM_SUBDOMAIN or AMOCRM_BASE_URL; requests wait and go out by themselves"
                }
                _ => "try again in a few minutes; requests wait and go out by themselves",
            };
            Finding::bad(name, &text, fix)
        }
        (None, _) => Finding::bad(name, &text, "the token needs an administrator's rights"),
    }
}

fn of_token(state: &TokenState, now: i64, clock: &Clock) -> Finding {
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
            Finding::bad(NAME, &format!("expired {}", clock.time_and_zone(at)), fix)
        }
        (Some(at), _) => Finding::good(NAME, &format!("valid until {}", clock.time_and_zone(at))),
        (None, _) => Finding::good(NAME, "long-lived"),
    }
}

#[cfg(test)]
mod tests {
    use amocrm::{Doubt, Remedy};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_that_has_expired_is_a_fault() {
        let of = |expires_at, refreshed_at| {
            let state = TokenState { expires_at: Some(expires_at), refreshed_at, consent_needed: None };
            serde_json::to_value(of_token(&state, 1000, &Clock::default())).expect("plain data")
        };
        assert_eq!(of(1001, None)["ok"], true);
        assert_eq!(of(1000, None)["state"], "expired 1970-01-01 03:16 Europe/Moscow");
        assert!(of(1000, None)["fix"].to_string().contains("AMOCRM_LONG_LIVED_TOKEN"));
        assert!(of(1000, Some(0))["fix"].to_string().contains("the schedule does not renew it"));
    }

    #[test]
    fn a_stage_of_unfinished_requests_must_be_of_the_pipeline_and_needs_a_way_out() {
        let stage = |id, kind| json!({ "id": id, "name": format!("Этап {id}"), "type": kind });
        let pipeline = json!({
            "id": 31, "name": "Бот", "is_main": true, "_embedded": { "statuses": [
                stage(3100, 1), stage(3101, 0), stage(3107, 0), stage(WON, 0), stage(LOST, 0)
            ] }
        });
        let pipelines: [Pipeline; 1] = serde_json::from_value(json!([pipeline])).expect("it is one");
        let of = |status_id, unfinished| {
            let findings = of_stages(&pipelines, Some(31), status_id, unfinished);
            let findings = serde_json::to_value(findings).expect("plain data");
            findings.as_array().expect("a list").iter().map(|finding| finding["ok"] == true).collect::<Vec<_>>()
        };
        assert_eq!(of(Some(3101), None), [true]);
        assert_eq!(of(Some(3101), Some(3107)), [true, true]);
        assert_eq!(of(Some(3101), Some(999)), [true, false]);
        assert_eq!(of(Some(3101), Some(3100)), [true, false], "the inbox takes no deals");
        assert_eq!(of(None, Some(3107)), [true, false], "there is no stage to move a finished deal to");
        assert_eq!(of(Some(999), None), [false]);
        let wrong = serde_json::to_value(&of_stages(&pipelines, Some(31), Some(999), None)[0]).expect("plain data");
        assert_eq!(wrong["fix"], "use one of 3101 «Этап 3101», 3107 «Этап 3107»");
    }

    #[test]
    fn stages_that_customers_are_told_of_must_exist() {
        let stage = json!({ "id": 3101, "name": "Новая", "type": 0 });
        let pipeline = json!({ "id": 31, "name": "Бот", "is_main": true, "_embedded": { "statuses": [stage] } });
        let pipelines: [Pipeline; 1] = serde_json::from_value(json!([pipeline])).expect("it is one");
        let of = |file: &str| {
            let dealer = dealer::parse(file).expect("the file has no fault");
            serde_json::to_value(of_told_stages(&pipelines, &dealer.stages)).expect("plain data")
        };
        assert_eq!(of(""), json!(null));
        assert_eq!(of("[stages]\n3101 = \"Приняли.\"\n")["ok"], true);
        assert_eq!(of("[stages]\n3101 = \"Приняли.\"\n7 = \"Готово.\"\n")["state"], "there is no stage 7");
    }

    #[test]
    fn team_members_who_cannot_get_requests_are_named() {
        let user =
            |id: u64, name: &str, is_active| json!({ "id": id, "name": name, "rights": { "is_active": is_active } });
        let users = json!([user(701, "Анна", true), user(702, "Ольга", true), user(703, "Павел", false)]);
        let users: Vec<User> = serde_json::from_value(users).expect("they are some");
        let of = |team: &[u64], responsible| {
            let member = |id| format!("[[team]]\nname = \"Кто-то\"\namocrm_user_id = {id}\n");
            let file: String = team.iter().map(member).collect();
            let dealer = dealer::parse(&file).expect("the file has no fault");
            let findings = of_users(&users, responsible, &dealer.team);
            let finding = |finding: &Finding| {
                let json = serde_json::to_value(finding).expect("plain data");
                format!("{} {}", json["ok"], json["state"].as_str().unwrap_or_default())
            };
            findings.iter().map(finding).collect::<Vec<_>>()
        };
        assert_eq!(of(&[], Some(701)), ["true Анна"]);
        assert_eq!(of(&[], Some(703)), ["false is deactivated"]);
        assert_eq!(of(&[701, 702], Some(704))[..], ["false does not exist", "true Анна, Ольга"]);
        assert_eq!(of(&[702, 703, 704], Some(701))[1], "false 703 is deactivated, 704 does not exist");
    }

    #[test]
    fn deals_of_every_pipeline_are_joined_only_for_want_of_a_setting() {
        let of = |pipeline_id| serde_json::to_value(of_joining(30, pipeline_id)).expect("plain data");
        assert_eq!(of(Some(31))["state"], "open ones of this pipeline, up to 30 days old");
        assert_eq!((&of(None)["ok"], &of(None)["state"]), (&json!(false), &json!("open ones of every pipeline")));
    }

    #[test]
    fn an_outage_is_not_a_missing_authorization() {
        let down = CrmError::Retry { cause: Cause::Server(502), pause: None, doubt: Doubt::No };
        let finding = serde_json::to_value(of_error("amoCRM account", &down)).expect("plain data");
        assert_eq!(finding["state"], "amoCRM cannot take requests now: HTTP 502");
        assert_eq!(finding["fix"], "try again in a few minutes; requests wait and go out by themselves");

        for (cause, fix) in [(Cause::RateLimit, "what else uses"), (Cause::Connection, "AMOCRM_SUBDOMAIN")] {
            let error = CrmError::Retry { cause, pause: None, doubt: Doubt::No };
            let finding = serde_json::to_value(of_error("amoCRM account", &error)).expect("plain data");
            assert!(finding["fix"].as_str().is_some_and(|text| text.contains(fix)), "{finding}");
        }

        let refused = CrmError::Reauth { reason: "invalid_grant".to_owned(), remedy: Remedy::Authorize, since: None };
        let finding = serde_json::to_value(of_error("amoCRM account", &refused)).expect("plain data");
        assert!(finding["state"].as_str().is_some_and(|state| state.ends_with("(invalid_grant)")), "{finding}");
        assert!(finding["fix"].as_str().is_some_and(|fix| fix.contains("carquery amocrm authorize CODE")), "{finding}");
    }
}
