//! Buttons, as a customer presses them.

use serde_json::json;

use super::{Person, PersonError};
use crate::telegram::delivery;

/// What a tap on a visible button does.
enum Tap {
    Press { message_id: i64, data: String },
    Open,
    Say,
    ShareContact,
    ShareLocation,
}

impl Person {
    /// Presses the button with this text: the newest one under a message, otherwise one of the keyboard. Returns `None`
    /// for a button that only opens an address.
    ///
    /// # Errors
    /// No such button can be seen.
    pub fn tap(&self, text: &str) -> Result<Option<i64>, PersonError> {
        match self.find_button(text)? {
            Tap::Press { message_id, data } => self.press(message_id, &data).map(Some),
            Tap::Open => Ok(None),
            Tap::Say => {
                self.change(|chat| chat.keyboard_used = true);
                self.say(text).map(Some)
            }
            Tap::ShareContact => {
                self.change(|chat| chat.keyboard_used = true);
                let phone = self.view().ok_or(PersonError::NoSuchChat(self.chat))?.phone;
                self.share_contact(&phone).map(Some)
            }
            Tap::ShareLocation => {
                self.change(|chat| chat.keyboard_used = true);
                self.send_location(55.751_244, 37.618_423).map(Some)
            }
        }
    }

    /// Presses a button with this data under this message, whether it is (still) there or not: an app may be slow to
    /// hear of a change, and a forged one may send anything.
    ///
    /// # Errors
    /// There is no such message.
    pub fn press(&self, message_id: i64, data: &str) -> Result<i64, PersonError> {
        let update = {
            let mut state = self.model().lock();
            let chat = state.chats.get(&self.chat).ok_or(PersonError::NoSuchChat(self.chat))?;
            let from = state.chats.get(&self.id).ok_or(PersonError::NoSuchChat(self.id))?;
            let (from, chat_json) = (from.user_json(), chat.chat_json());
            let known = state.messages.get(&message_id).filter(|message| message.chat == self.chat);
            let message = known.ok_or(PersonError::NoSuchMessage(message_id))?;
            let message = if message.deleted {
                // The Bot API's `InaccessibleMessage`.
                json!({"chat": chat_json, "message_id": message_id, "date": 0})
            } else {
                state.message_json(message, &self.model().bot_user())
            };
            let id = state.add_press(self.id);
            let instance = format!("-{}", 3_788_000_000_000_000_000_i64 + self.chat.abs());
            json!({"callback_query": {"id": id, "from": from, "message": message, "chat_instance": instance, "data": data}})
        };
        Ok(delivery::emit(self.model(), update))
    }

    fn find_button(&self, text: &str) -> Result<Tap, PersonError> {
        let view = self.view().ok_or(PersonError::NoSuchChat(self.chat))?;
        let mut visible = Vec::new();
        for message in view.messages.iter().rev() {
            for button in message.buttons.iter().flatten() {
                if button.text == text {
                    return Ok(match &button.callback_data {
                        Some(data) => Tap::Press { message_id: message.id, data: data.clone() },
                        None => Tap::Open,
                    });
                }
                visible.push(button.text.clone());
            }
        }
        for button in view.reply_keyboard.iter().flat_map(|keyboard| keyboard.rows.iter().flatten()) {
            if button.text == text {
                return Ok(match button {
                    button if button.request_contact => Tap::ShareContact,
                    button if button.request_location => Tap::ShareLocation,
                    _ => Tap::Say,
                });
            }
            visible.push(button.text.clone());
        }
        Err(PersonError::NoSuchButton { text: text.to_owned(), visible })
    }
}
