//! What the team writes in customers' topics. Topics of nobody are the team's own: the bot keeps out of them.

use dealer::Member;
use talk::{Body, Edit, Message, Said, Topic};
use telegram::{TeamEvent, TeamInput};
use turn::{RetryLater, TeamSays};

use crate::Webhook;

impl Webhook {
    /// Passes on what somebody of the team does in a topic. Somebody else is told that it is in vain.
    pub(crate) async fn in_topic(&self, event: &TeamEvent, member: Option<&Member>) -> Result<(), RetryLater> {
        let says = member.map_or(Some(TeamSays::Stranger), |member| says(event, member));
        let (Some(id), Some(says)) = (event.topic, says) else { return Ok(()) };
        let topic = Topic { group: event.chat_id, id };
        if self.bot.hear_team(event.update_id, topic, says).await? {
            tracing::info!("handled what the team does in a customer's topic");
        }
        Ok(())
    }
}

/// What it says to the customer; `None` if nothing.
fn says(event: &TeamEvent, member: &Member) -> Option<TeamSays> {
    let id = event.message_id?;
    let author = Some(member.name.clone());
    let said = match &event.input {
        TeamInput::Command(command) if command.split_whitespace().next() == Some("/close") => {
            return Some(TeamSays::Close);
        }
        TeamInput::Command(_) => return Some(TeamSays::UnknownCommand),
        TeamInput::Edited(text) => Said::Edit(Edit { id, author, text: text.clone() }),
        TeamInput::Written { text, media, album, reply_to } => {
            let body = match media {
                None => Body::Text(text.clone()?),
                Some(kind) => Body::Media { kind: *kind, caption: text.clone() },
            };
            Said::Message(Message { id, reply_to: *reply_to, album: album.clone(), author, body })
        }
        TeamInput::Press { .. } | TeamInput::Migrated { .. } | TeamInput::Other => return None,
    };
    Some(TeamSays::Said(said))
}
