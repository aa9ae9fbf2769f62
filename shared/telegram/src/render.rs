//! Screens as the JSON of messages.

use dialog::{Keyboard, Screen, Style, Text};
use serde_json::{Value, json};

use crate::Recipient;

/// Parameters of `sendMessage` for a screen.
#[must_use]
pub fn send(to: Recipient, screen: &Screen) -> Value {
    let mut call = to.parameters();
    add_text(&mut call, &screen.text);
    if let Some(markup) = keyboard(&screen.keyboard) {
        call["reply_markup"] = markup;
    }
    call
}

/// Parameters of `editMessageText` for a screen. Only an inline keyboard can be set by an edit; without one, the
/// message loses its buttons.
#[must_use]
pub fn edit(chat_id: i64, message_id: i64, screen: &Screen) -> Value {
    let mut call = json!({ "chat_id": chat_id, "message_id": message_id });
    add_text(&mut call, &screen.text);
    if let Keyboard::Inline(_) = &screen.keyboard
        && let Some(markup) = keyboard(&screen.keyboard)
    {
        call["reply_markup"] = markup;
    }
    call
}

fn add_text(call: &mut Value, text: &Text) {
    call["text"] = text.text.as_str().into();
    call["link_preview_options"] = json!({ "is_disabled": true });
    if !text.entities.is_empty() {
        call["entities"] = entities(text);
    }
}

/// The styled parts of a text.
pub(crate) fn entities(text: &Text) -> Value {
    text.entities
        .iter()
        .map(|entity| {
            let mut value = json!({ "offset": entity.offset, "length": entity.length });
            let kind = match &entity.style {
                Style::Bold => "bold",
                Style::Link(url) => {
                    value["url"] = url.as_str().into();
                    "text_link"
                }
            };
            value["type"] = kind.into();
            value
        })
        .collect()
}

fn keyboard(keyboard: &Keyboard) -> Option<Value> {
    match keyboard {
        Keyboard::None => None,
        Keyboard::Inline(rows) => {
            let rows = rows.iter().map(|row| {
                let buttons = row.iter().map(|button| json!({ "text": button.text, "callback_data": button.data }));
                Value::from_iter(buttons)
            });
            Some(json!({ "inline_keyboard": Value::from_iter(rows) }))
        }
        Keyboard::Reply(rows) => {
            let rows = rows.iter().map(|row| {
                Value::from_iter(row.iter().map(|button| {
                    if button.request_contact {
                        json!({ "text": button.text, "request_contact": true })
                    } else {
                        json!({ "text": button.text })
                    }
                }))
            });
            Some(json!({
                "keyboard": Value::from_iter(rows), "resize_keyboard": true, "one_time_keyboard": true
            }))
        }
        Keyboard::RemoveReply => Some(json!({ "remove_keyboard": true })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dialog::{Button, ReplyButton};

    #[test]
    fn what_a_customer_typed_is_text_and_never_markup() {
        let screen = Screen {
            text: Text::plain("Имя: ").bold("<b>Ан_на</b> & 😀").push("!"),
            keyboard: Keyboard::Inline(vec![vec![Button { text: "Далее".into(), data: "3:next".into() }]]),
        };
        assert_eq!(
            edit(7, 9, &screen),
            json!({
                "chat_id": 7, "message_id": 9, "text": "Имя: <b>Ан_на</b> & 😀!",
                "link_preview_options": { "is_disabled": true },
                "entities": [{ "type": "bold", "offset": 5, "length": 17 }],
                "reply_markup": { "inline_keyboard": [[{ "text": "Далее", "callback_data": "3:next" }]] }
            })
        );
    }

    #[test]
    fn a_contact_is_asked_for_with_a_reply_keyboard() {
        let screen = Screen {
            text: Text::plain("Телефон?"),
            keyboard: Keyboard::Reply(vec![vec![ReplyButton {
                text: "Поделиться".into(), request_contact: true
            }]]),
        };
        let call = send(7.into(), &screen);
        assert_eq!(
            call["reply_markup"],
            json!({
                "keyboard": [[{ "text": "Поделиться", "request_contact": true }]],
                "resize_keyboard": true, "one_time_keyboard": true
            })
        );
    }
}
