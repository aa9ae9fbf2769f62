//! One line as calls to Telegram.

use serde_json::{Value, json};
use talk::{Body, Edit, Line, Message, Said, Side, Talk, Topic};
use telegram::ApiError;

use crate::Relay;
use crate::deliver::parameters;

/// Longest text of a message and longest caption, in UTF-16 units: <https://core.telegram.org/bots/api#sendmessage>.
const MAX_TEXT: usize = 4096;
const MAX_CAPTION: usize = 1024;

impl Relay {
    /// Sends a line to its reader: into the topic, or to the customer if there is none. Returns the message's id.
    pub(crate) async fn send(
        &self,
        chat_id: i64,
        talk: &Talk,
        line: &Line,
        topic: Option<Topic>,
    ) -> Result<i64, ApiError> {
        let to = topic.map_or_else(|| json!({ "chat_id": chat_id }), parameters);
        match &line.said {
            Said::Word(text) => self.send_text(to, text, None).await,
            Said::Message(message) => self.send_message(chat_id, talk, line.to, message, to).await,
            Said::Edit(edit) => self.send_edit(talk, line.to, edit, to).await,
        }
    }

    async fn send_message(
        &self,
        chat_id: i64,
        talk: &Talk,
        reader: Side,
        message: &Message,
        to: Value,
    ) -> Result<i64, ApiError> {
        let reply_to = message.reply_to.and_then(|id| talk.counterpart_for(reader, id));
        if let (Body::Text(text), Some(author)) = (&message.body, &message.author) {
            let said = self.said_by(Some(author), text);
            if utf16_len(&said) <= MAX_TEXT {
                return self.send_text(to, &said, reply_to).await;
            }
        }
        let from = match reader {
            Side::Team => Some(chat_id),
            Side::Customer => talk.topic().map(|topic| topic.group),
        };
        let mut copy = to.clone();
        copy["from_chat_id"] = from.into();
        copy["message_id"] = message.id.into();
        if let Some(caption) = self.caption(talk, message) {
            copy["caption"] = caption.into();
        }
        set_reply(&mut copy, reply_to);
        match (self.api.call(COPY, &copy).await, &message.body) {
            (Err(ApiError::Refused { description, .. }), Body::Text(text)) if !is_about_chat(&description) => {
                // It was deleted, or its chat forbids copies: the text is known.
                self.send_text(to, &self.said_by(message.author.as_deref(), text), reply_to).await
            }
            (copied, _) => message_id(COPY, &copied?),
        }
    }

    /// The caption that names the author, if it differs from the message's own. Customers need no name: the topic has
    /// it.
    fn caption(&self, talk: &Talk, message: &Message) -> Option<String> {
        let Body::Media { kind, caption } = &message.body else { return None };
        let author = message.author.as_deref().filter(|_| kind.takes_caption())?;
        if !talk.names_author(message.album.as_deref()) {
            return None;
        }
        let said = match caption.as_deref() {
            Some(caption) => self.said_by(Some(author), caption),
            None => author.to_owned(),
        };
        (utf16_len(&said) <= MAX_CAPTION).then_some(said)
    }

    /// Changes the reader's copy of an edited message, or sends the new text if there is none.
    async fn send_edit(&self, talk: &Talk, reader: Side, edit: &Edit, to: Value) -> Result<i64, ApiError> {
        let copy = talk.copy_for(reader, edit.id);
        if let Some(copy) = copy {
            let said = self.said_by(edit.author.as_deref(), &edit.text);
            let edited = self.edit(&to, copy, &said).await;
            match edited {
                Ok(()) | Err(ApiError::NotModified) => return Ok(copy),
                Err(ApiError::CannotEdit | ApiError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let text = self.language.text_with("talk-edited", [("text", edit.text.as_str().into())]);
        self.send_text(to, &self.said_by(edit.author.as_deref(), &text), copy).await
    }

    /// Changes the text of a message, or its caption if it has no text.
    async fn edit(&self, to: &Value, message_id: i64, text: &str) -> Result<(), ApiError> {
        let chat_id = &to["chat_id"];
        let parameters = json!({ "chat_id": chat_id, "message_id": message_id, "text": text });
        match self.api.call("editMessageText", &parameters).await {
            Err(ApiError::Refused { description, .. }) if description.to_lowercase().contains("no text") => {
                let parameters = json!({ "chat_id": chat_id, "message_id": message_id, "caption": text });
                self.api.call("editMessageCaption", &parameters).await.map(drop)
            }
            edited => edited.map(drop),
        }
    }

    async fn send_text(&self, mut to: Value, text: &str, reply_to: Option<i64>) -> Result<i64, ApiError> {
        to["text"] = text.into();
        set_reply(&mut to, reply_to);
        message_id(SEND, &self.api.call(SEND, &to).await?)
    }

    fn said_by(&self, author: Option<&str>, text: &str) -> String {
        match author {
            Some(author) => self.language.text_with("talk-author", [("author", author.into()), ("text", text.into())]),
            None => text.to_owned(),
        }
    }
}

const SEND: &str = "sendMessage";
/// <https://core.telegram.org/bots/api#copymessage>
const COPY: &str = "copyMessage";

/// Whether a refusal is about where the message goes, not about the message.
fn is_about_chat(description: &str) -> bool {
    let description = description.to_lowercase();
    ["thread not found", "topic", "rights", "chat not found"].iter().any(|words| description.contains(words))
}

fn set_reply(call: &mut Value, reply_to: Option<i64>) {
    if let Some(message_id) = reply_to {
        call["reply_parameters"] = json!({ "message_id": message_id, "allow_sending_without_reply": true });
    }
}

fn message_id(method: &'static str, answer: &Value) -> Result<i64, ApiError> {
    let unreadable = || ApiError::Unavailable { method, reason: "no message_id in the answer".into() };
    answer["message_id"].as_i64().ok_or_else(unreadable)
}

fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}
