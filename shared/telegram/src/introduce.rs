//! The bot's commands and descriptions at Telegram.

use dialog::Language;
use serde_json::{Value, json};

use crate::{Api, ApiError};

/// Sets the commands and descriptions that customers see at Telegram, and the commands that the admins see in their
/// chat.
///
/// # Errors
/// Telegram refuses them or does not respond. An admin chat that it does not know is only logged.
pub async fn introduce(api: &Api, admin_chat_id: Option<i64>, language: Language) -> Result<(), ApiError> {
    let commands = dialog::commands(language);
    api.call("setMyCommands", &json!({ "commands": listed(commands.clone()) })).await?;
    if let Some(chat_id) = admin_chat_id {
        // Nobody is a customer in a group.
        let of_customers = commands.into_iter().filter(|(command, _)| chat_id > 0 && *command != "status");
        let commands = listed(of_admins(language).into_iter().chain(of_customers));
        let scope = json!({ "type": "chat", "chat_id": chat_id });
        match api.call("setMyCommands", &json!({ "commands": commands, "scope": scope })).await {
            Err(error @ (ApiError::Blocked | ApiError::Refused { .. })) => {
                tracing::warn!("the admin chat has no commands of its own: {error}");
            }
            set => drop(set?),
        }
    }
    let (short, long) = dialog::descriptions(language);
    api.call("setMyShortDescription", &json!({ "short_description": short })).await?;
    api.call("setMyDescription", &json!({ "description": long })).await?;
    Ok(())
}

fn of_admins(language: Language) -> [(&'static str, String); 2] {
    [("status", language.text("introduction-admin-status")), ("digest", language.text("introduction-admin-digest"))]
}

fn listed(commands: impl IntoIterator<Item = (&'static str, String)>) -> Value {
    let commands = commands.into_iter();
    commands.map(|(command, description)| json!({ "command": command, "description": description })).collect()
}

#[cfg(test)]
mod tests {
    use settings::Env;
    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    /// The commands of each call that sets some, with their scope.
    async fn commands_for(admin_chat_id: Option<i64>) -> Vec<(Value, Vec<String>)> {
        let server = MockServer::start().await;
        let done = ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": true }));
        Mock::given(any()).respond_with(done).mount(&server).await;
        let settings = [("TELEGRAM_BOT_TOKEN", "1:T"), ("TELEGRAM_API_URL", &server.uri())];
        let api = Api::new(&settings::Telegram::read(&mut Env::from_pairs(settings)));
        introduce(&api, admin_chat_id, Language::Russian).await.unwrap();
        let calls = server.received_requests().await.unwrap();
        let calls = calls.iter().filter(|call| call.url.path().ends_with("/setMyCommands"));
        let name = |command: &Value| command["command"].as_str().unwrap().to_owned();
        calls
            .map(|call| call.body_json::<Value>().unwrap())
            .map(|call| (call["scope"].clone(), call["commands"].as_array().unwrap().iter().map(name).collect()))
            .collect()
    }

    #[tokio::test]
    async fn admins_see_their_own_commands_in_their_chat() {
        let customers = ["start", "menu", "help", "status", "human", "privacy", "delete"];
        let scope = |chat_id: i64| json!({ "type": "chat", "chat_id": chat_id });
        let set = commands_for(Some(-77)).await;
        assert_eq!(set[0], (Value::Null, customers.map(str::to_owned).to_vec()));
        assert_eq!(set[1], (scope(-77), ["status", "digest"].map(str::to_owned).to_vec()));
        let set = commands_for(Some(77)).await;
        let all = ["status", "digest", "start", "menu", "help", "human", "privacy", "delete"];
        assert_eq!(set[1], (scope(77), all.map(str::to_owned).to_vec()));
        assert_eq!(commands_for(None).await.len(), 1);
    }
}
