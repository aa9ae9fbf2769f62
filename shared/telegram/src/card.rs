//! Cards of the sales chat: a photo with a caption, or a text.

use dialog::Text;
use sales::{CardMessage, CardView};
use serde_json::{Value, json};

use crate::api::message_id;
use crate::{Api, ApiError, Recipient, render};

impl Api {
    /// Sends a card. If Telegram refuses the photo, as it does of an image that was sent as a file, the card goes
    /// without one.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send_card(
        &self,
        to: Recipient,
        card: &CardView,
        photo: Option<&str>,
    ) -> Result<CardMessage, ApiError> {
        const PHOTO: &str = "sendPhoto";
        const TEXT: &str = "sendMessage";
        let sent_as = |message_id, has_photo| CardMessage { group_id: to.chat_id, message_id, has_photo };
        if let Some(file_id) = photo {
            let mut call = to.parameters();
            call["photo"] = file_id.into();
            add(&mut call, card, true);
            match self.call(PHOTO, &call).await {
                Err(ApiError::Refused { description, .. }) => {
                    tracing::info!("a card is sent without its photo: {description}");
                }
                sent => return Ok(sent_as(message_id(&sent?, PHOTO)?, true)),
            }
        }
        let mut call = to.parameters();
        add(&mut call, card, false);
        let sent = self.call(TEXT, &call).await?;
        Ok(sent_as(message_id(&sent, TEXT)?, false))
    }

    /// Changes a card's message. One that already looks like this is not an error.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn edit_card(&self, message: CardMessage, card: &CardView) -> Result<(), ApiError> {
        let method = if message.has_photo { "editMessageCaption" } else { "editMessageText" };
        let mut call = json!({ "chat_id": message.group_id, "message_id": message.message_id });
        add(&mut call, card, message.has_photo);
        match self.call(method, &call).await {
            Ok(_) | Err(ApiError::NotModified) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Replaces a card with this text. A photo cannot be edited away, so its card is deleted: Telegram lets a bot do that
    /// within 48 hours, or at any time if the bot is an administrator who may delete messages.
    ///
    /// # Errors
    /// See [`ApiError`]. The photo may still be there.
    pub async fn clear_card(&self, message: CardMessage, text: &str) -> Result<(), ApiError> {
        let cleared = CardView { text: Text::plain(text), take: None, deal: None };
        if !message.has_photo {
            return match self.edit_card(message, &cleared).await {
                Err(ApiError::CannotEdit | ApiError::Refused { .. }) => self.delete(message).await,
                edited => edited,
            };
        }
        let deleted = self.delete(message).await;
        if deleted.is_err() {
            self.edit_card(message, &cleared).await?;
        }
        deleted
    }

    /// Deletes a card. One that is gone already is not an error.
    /// <https://core.telegram.org/bots/api#deletemessage>
    async fn delete(&self, message: CardMessage) -> Result<(), ApiError> {
        let call = json!({ "chat_id": message.group_id, "message_id": message.message_id });
        match self.call("deleteMessage", &call).await {
            Err(ApiError::Refused { description, .. })
                if description.to_lowercase().contains("message to delete not found") =>
            {
                Ok(())
            }
            deleted => deleted.map(drop),
        }
    }
}

/// Adds the text and the buttons.
fn add(call: &mut Value, card: &CardView, is_caption: bool) {
    let (text, entities) = if is_caption { ("caption", "caption_entities") } else { ("text", "entities") };
    call[text] = card.text.text.as_str().into();
    call[entities] = render::entities(&card.text);
    if !is_caption {
        call["link_preview_options"] = json!({ "is_disabled": true });
    }
    let take = card.take.iter().map(|button| json!([{ "text": button.text, "callback_data": button.data }]));
    let deal = card.deal.iter().map(|button| json!([{ "text": button.text, "url": button.url }]));
    call["reply_markup"] = json!({ "inline_keyboard": take.chain(deal).collect::<Value>() });
}

#[cfg(test)]
mod tests {
    use sales::{LinkButton, PressButton};

    use super::*;

    #[test]
    fn a_card_is_a_text_or_a_caption_with_its_buttons() {
        let card = CardView {
            text: Text::default().bold("<b>Камри</b>"),
            take: Some(PressButton { text: "Взять".into(), data: "take:1".into() }),
            deal: Some(LinkButton {
                text: "Открыть".into(), url: "https://auto.amocrm.ru/leads/detail/1".into()
            }),
        };
        let mut call = json!({});
        add(&mut call, &card, true);
        assert_eq!(
            call,
            json!({
                "caption": "<b>Камри</b>", "caption_entities": [{ "type": "bold", "offset": 0, "length": 12 }],
                "reply_markup": { "inline_keyboard": [
                    [{ "text": "Взять", "callback_data": "take:1" }],
                    [{ "text": "Открыть", "url": "https://auto.amocrm.ru/leads/detail/1" }]
                ]}
            })
        );
        let mut call = json!({});
        add(&mut call, &CardView { take: None, deal: None, ..card }, false);
        assert_eq!(call["text"], "<b>Камри</b>");
        assert_eq!(call["reply_markup"], json!({ "inline_keyboard": [] }));
    }
}
