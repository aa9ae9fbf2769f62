use dialog::{BotCommand, Unsupported, Voice};
use lead::Link;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn message(content: Value) -> Incoming {
    let mut message = json!({
        "message_id": 5, "date": 1_767_000_000,
        "chat": { "id": 7, "type": "private", "first_name": "Анна" },
        "from": { "id": 7, "is_bot": false, "first_name": "Анна", "username": "anna" }
    });
    message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    parse(json!({ "update_id": 1, "message": message }).to_string().as_bytes()).unwrap()
}

fn input(content: Value) -> Input {
    match message(content) {
        Incoming::Event { event, .. } => event.input,
        other => panic!("not an event: {other:?}"),
    }
}

#[test]
fn every_kind_of_content_is_read() {
    assert_eq!(input(json!({ "text": "/start@Bot" })), Input::Command(BotCommand::Start));
    assert_eq!(input(json!({ "text": "/unknown" })), Input::Text("/unknown".into()));
    assert_eq!(
        input(json!({ "voice": {} })),
        Input::Unsupported { kind: Unsupported::Voice, album: None, caption: None }
    );
    let sound =
        json!({ "file_id": "f", "file_unique_id": "u", "duration": 7, "file_size": 9000, "mime_type": "audio/ogg" });
    let file = lead::Voice { file_id: "f".into(), unique_id: "u".into() };
    assert_eq!(input(json!({ "voice": sound })), Input::Voice(Voice { file, seconds: 7, bytes: 9000 }));
    assert_eq!(
        input(json!({ "audio": sound })),
        Input::Unsupported { kind: Unsupported::Voice, album: None, caption: None },
        "music is not spoken to the bot"
    );
    assert_eq!(
        input(json!({ "video": {}, "media_group_id": "a1" })),
        Input::Unsupported { kind: Unsupported::Video, album: Some("a1".into()), caption: None }
    );
    assert_eq!(
        input(json!({ "document": { "file_id": "d" }, "caption": "Договор" })),
        Input::Unsupported { kind: Unsupported::Document, album: None, caption: Some("Договор".into()) }
    );
    assert_eq!(
        input(json!({ "media_group_id": "a1", "caption": "Скол на бампере", "photo": [
            { "file_id": "big", "file_unique_id": "u", "width": 1280, "height": 960 },
            { "file_id": "small", "file_unique_id": "s", "width": 90, "height": 67 }
        ]})),
        Input::Photo {
            file_id: "big".into(),
            unique_id: "u".into(),
            album: Some("a1".into()),
            caption: Some("Скол на бампере".into())
        }
    );
    assert_eq!(
        input(json!({ "document": { "file_id": "d", "file_unique_id": "u", "mime_type": "image/png" } })),
        Input::Photo { file_id: "d".into(), unique_id: "u".into(), album: None, caption: None }
    );
    assert_eq!(
        input(json!({ "document": { "file_id": "d", "mime_type": "application/pdf" } })),
        Input::Unsupported { kind: Unsupported::Document, album: None, caption: None }
    );
    let image = |size: u64| json!({ "document": { "file_id": "d", "mime_type": "image/png", "file_size": size } });
    assert!(matches!(input(image(20 << 20)), Input::Photo { .. }));
    assert_eq!(
        input(image((20 << 20) + 1)),
        Input::Unsupported { kind: Unsupported::LargeImage, album: None, caption: None }
    );
}

#[test]
fn a_start_with_a_payload_is_a_link() {
    let link = Link { source: None, branch: Some("sell".into()) };
    assert_eq!(input(json!({ "text": "/start b_sell" })), Input::Link(link.clone()));
    assert_eq!(input(json!({ "text": "/START@Bot  b_sell\n" })), Input::Link(link));
    for text in ["<b>", "авито", "s_avito b_sell", &"a".repeat(65)] {
        let start = json!({ "text": format!("/start {text}") });
        assert_eq!(input(start), Input::Command(BotCommand::Start), "{text}");
    }
    assert_eq!(input(json!({ "text": "/menu b_sell" })), Input::Command(BotCommand::Menu));
}

#[test]
fn formatted_text_is_text() {
    let rich = |text: &str| json!({ "rich_message": { "blocks": [{ "type": "paragraph", "text": [text] }] } });
    assert_eq!(input(rich("Toyota Camry")), Input::Text("Toyota Camry".into()));
    assert_eq!(input(rich("/menu")), Input::Command(BotCommand::Menu));
    let without_text = json!({ "rich_message": { "blocks": [{ "type": "divider" }] } });
    assert_eq!(input(without_text), other());
}

#[test]
fn an_image_is_known_by_its_type_or_its_name() {
    let is_photo = |document: Value| matches!(input(json!({ "document": document })), Input::Photo { .. });
    let file = |name: &str, mime: &str| json!({ "file_id": "d", "file_name": name, "mime_type": mime });
    assert!(is_photo(file("IMG_4321.JPG", "application/octet-stream")));
    assert!(is_photo(json!({ "file_id": "d", "file_name": "photo.jpeg" })));
    assert!(is_photo(file("IMG 1.HEIC", "")));
    assert!(is_photo(file("без имени", "IMAGE/PNG")));
    assert!(!is_photo(file("jpg", "application/octet-stream")));
    assert!(!is_photo(file("договор.jpg.pdf", "application/pdf")));
    assert!(!is_photo(json!({ "file_id": "d" })));
    let large = json!({ "document": { "file_id": "d", "file_name": "a.jpg", "file_size": 21 << 20 } });
    assert!(matches!(input(large), Input::Unsupported { kind: Unsupported::LargeImage, .. }));
}

#[test]
fn a_contact_says_whether_it_is_the_sender_s_own() {
    let contact = |content: Value| input(json!({ "contact": content }));
    let phone = || "79001234567".to_owned();
    assert_eq!(
        contact(json!({ "phone_number": "79001234567", "first_name": "Анна", "user_id": 7 })),
        Input::Contact { phone: phone(), is_own: true }
    );
    assert_eq!(
        contact(json!({ "phone_number": "79001234567", "first_name": "Пётр", "user_id": 9 })),
        Input::Contact { phone: phone(), is_own: false }
    );
    assert_eq!(
        contact(json!({ "phone_number": 79_001_234_567_u64 })),
        Input::Contact { phone: phone(), is_own: false }
    );
    assert_eq!(contact(json!({ "user_id": 7 })), Input::Contact { phone: String::new(), is_own: true });
}

#[test]
fn every_message_that_somebody_wrote_is_answered() {
    for content in
        [json!({ "yet_to_come": { "a": 1 } }), json!({ "paid_media": {} }), json!({ "text": null }), json!({})]
    {
        assert_eq!(input(content), other());
    }
    for service in ["pinned_message", "forum_topic_created", "write_access_allowed", "gift"] {
        assert!(matches!(message(json!({ service: {} })), Incoming::Ignored { .. }), "{service}");
    }
}

fn other() -> Input {
    Input::Unsupported { kind: Unsupported::Other, album: None, caption: None }
}

#[test]
fn the_rest_of_an_update_with_an_odd_part_counts() {
    let photo = json!({ "photo": [null, { "width": "90", "file_id": "s" }, { "width": "1280", "file_id": "b" }, 7] });
    assert!(matches!(input(photo), Input::Photo { file_id, .. } if file_id == "b"));
    assert_eq!(input(json!({ "text": 2019 })), Input::Text("2019".into()));
    assert_eq!(input(json!({ "text": "Kia", "from": null })), Input::Text("Kia".into()));
    assert_eq!(input(json!({ "text": "Kia", "chat": { "id": "7" } })), Input::Text("Kia".into()));
    let half_a_pair = br#"{"update_id":1,"message":{"chat":{"id":7,"type":"private"},"text":"Kia \ud83d"}}"#;
    let Incoming::Event { event, .. } = parse(half_a_pair).unwrap() else { panic!("ignored") };
    assert_eq!(event.input, Input::Text("Kia \u{fffd}".into()));
    let deep = format!(r#"{{"update_id":1,"message":{}7{}}}"#, "[".repeat(1000), "]".repeat(1000));
    assert!(matches!(parse(deep.as_bytes()), Ok(Incoming::Ignored { update_id: 1, .. })));
}

#[test]
fn a_press_on_a_message_too_old_to_be_shown_still_says_where() {
    let body = json!({ "update_id": 2, "callback_query": {
        "id": "c1", "from": { "id": 7, "first_name": "Анна" }, "chat_instance": "1", "data": "3:next",
        "message": { "message_id": 5, "date": 0, "chat": { "id": 7, "type": "private" } }
    }});
    let Incoming::Event { event, .. } = parse(body.to_string().as_bytes()).unwrap() else { panic!("ignored") };
    assert_eq!(event.person.chat_id, 7);
    assert_eq!(event.input, Input::Press { callback_id: "c1".into(), message_id: Some(5), data: "3:next".into() });
}

#[test]
fn the_topic_of_a_message_or_of_a_pressed_one_is_known() {
    let topic_of = |update: Value| match parse(update.to_string().as_bytes()) {
        Ok(Incoming::Event { topic, .. }) => topic,
        other => panic!("not an event: {other:?}"),
    };
    let message =
        json!({ "message_id": 5, "message_thread_id": 3, "chat": { "id": 7, "type": "private" }, "text": "Kia" });
    let press = json!({ "id": "c", "from": { "id": 7 }, "data": "3:next", "message": message });
    assert_eq!(topic_of(json!({ "update_id": 1, "message": message })), Some(3));
    assert_eq!(topic_of(json!({ "update_id": 1, "callback_query": press })), Some(3));
}

#[test]
fn an_edited_message_is_read_with_its_id() {
    let edited = |content: Value| {
        let mut message = json!({ "message_id": 5, "chat": { "id": 7, "type": "private" }, "from": { "id": 7 } });
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        parse(json!({ "update_id": 3, "edited_message": message }).to_string().as_bytes()).unwrap()
    };
    let by_the_customer = json!({ "text": "Corolla", "edit_date": 1_767_000_001 });
    let Incoming::Event { event, .. } = edited(by_the_customer) else { panic!("ignored") };
    assert_eq!((event.message_id, event.input), (Some(5), Input::Edited("Corolla".into())));
    assert!(matches!(edited(json!({ "text": "Corolla" })), Incoming::Ignored { .. }), "changed by Telegram");
    let moving = json!({ "location": { "latitude": 55.7 }, "edit_date": 1_767_000_001 });
    assert!(matches!(edited(moving), Incoming::Ignored { .. }), "a live location");
}

#[test]
fn a_customer_who_blocks_the_bot_and_comes_back_is_noticed() {
    let change = |status: &str, kind: &str| {
        let chat = json!({ "id": 7, "type": kind });
        let member = json!({ "user": { "id": 1, "is_bot": true }, "status": status });
        let change = json!({ "chat": chat, "from": { "id": 7 }, "new_chat_member": member });
        parse(json!({ "update_id": 3, "my_chat_member": change }).to_string().as_bytes()).unwrap()
    };
    let changed = |is_blocked| Incoming::BlockChanged { update_id: 3, chat_id: 7, is_blocked };
    assert_eq!(change("kicked", "private"), changed(true));
    assert_eq!(change("member", "private"), changed(false));
    assert!(matches!(change("restricted", "private"), Incoming::Ignored { .. }));
    assert!(matches!(change("kicked", "group"), Incoming::Ignored { .. }));
}

#[test]
fn channels_bots_service_messages_and_unknown_kinds_are_ignored() {
    let channel = json!({ "update_id": 3, "message": {
        "message_id": 1, "chat": { "id": -100, "type": "channel" }, "text": "/start"
    }});
    let unknown = json!({ "update_id": 4, "chat_boost": { "anything": [1, 2] } });
    for body in [channel, unknown] {
        assert!(matches!(parse(body.to_string().as_bytes()), Ok(Incoming::Ignored { .. })), "{body}");
    }
    assert!(matches!(message(json!({ "pinned_message": {} })), Incoming::Ignored { .. }));
    assert!(matches!(message(json!({ "text": "hi", "from": { "id": 8, "is_bot": true } })), Incoming::Ignored { .. }));
}

#[test]
fn a_body_that_is_not_an_update_is_refused() {
    for body in ["", "null", "[]", "{}", "{\"update_id\":\"x\"}", "{\"update_id\":1", "\u{0}"] {
        assert_eq!(parse(body.as_bytes()), Err(NotAnUpdate), "{body:?}");
    }
}

/// Updates of every kind that the bot reads.
fn updates() -> Vec<Value> {
    let from = json!({ "id": 7, "is_bot": false, "first_name": "Анна", "username": "anna" });
    let chat = json!({ "id": 7, "type": "private" });
    let contents = [
        json!({ "text": "Kia" }),
        json!({ "photo": [{ "file_id": "f", "file_unique_id": "u", "width": 90 }], "media_group_id": "a", "caption": "c" }),
        json!({ "document": { "file_id": "f", "file_name": "a.jpg", "mime_type": "image/png", "file_size": 5 } }),
        json!({ "contact": { "phone_number": "7900", "user_id": 7 } }),
        json!({ "rich_message": { "blocks": [
            { "type": "list", "items": [{ "blocks": [{ "text": [{ "text": "Kia" }] }] }] },
            { "type": "table", "cells": [[{ "text": "Kia" }]], "caption": { "text": "Rio", "credit": "Kia" } }
        ]}}),
    ];
    let messages = contents.into_iter().map(|content| {
        let mut message = json!({ "message_id": 5, "chat": chat, "from": from });
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        json!({ "update_id": 1, "message": message })
    });
    let blocked = json!({ "chat": chat, "from": from, "new_chat_member": { "status": "kicked" } });
    let press = json!({ "id": "c", "from": from, "data": "3:next", "message": { "message_id": 5, "chat": chat } });
    let others =
        [json!({ "update_id": 1, "callback_query": press }), json!({ "update_id": 1, "my_chat_member": blocked })];
    messages.chain(others).collect()
}

/// Pointers to every part of a value.
fn parts(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    children.into_iter().for_each(|(name, child)| parts(child, &format!("{at}/{name}"), found));
}

#[test]
fn no_odd_part_makes_an_update_unreadable() {
    let odd = [json!(null), json!(true), json!(7), json!("7"), json!(-7.5), json!([]), json!([null]), json!({})];
    for update in updates() {
        let mut pointers = Vec::new();
        parts(&update, "", &mut pointers);
        for pointer in pointers.iter().filter(|pointer| !["", "/update_id"].contains(&pointer.as_str())) {
            for odd in &odd {
                let mut update = update.clone();
                *update.pointer_mut(pointer).unwrap() = odd.clone();
                assert!(parse(update.to_string().as_bytes()).is_ok(), "{update}");
            }
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 14] = [
        "message",
        "callback_query",
        "edited_message",
        "my_chat_member",
        "chat",
        "from",
        "id",
        "text",
        "photo",
        "document",
        "contact",
        "rich_message",
        "blocks",
        "caption",
    ];
    let name = || prop_oneof![4 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name(), inner, 0..6).prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn any_object_with_an_update_id_is_an_update(update_id: i64, content in any_json()) {
        let mut update = if content.is_object() { content } else { json!({ "message": content }) };
        update["update_id"] = update_id.into();
        prop_assert!(parse(update.to_string().as_bytes()).is_ok());
    }

    #[test]
    fn any_escape_in_a_text_can_be_read(
        pieces in prop::collection::vec(
            prop::sample::select(vec!["\\ud83d", "\\ude00", "\\\\", "\\n", "\\\"", "\\u0451", "u", "ё", "😀"]), 0..12
        )
    ) {
        let text = pieces.concat();
        let body = format!(r#"{{"update_id":1,"message":{{"chat":{{"id":7}},"text":"{text}"}}}}"#);
        let is_event = matches!(parse(body.as_bytes()), Ok(Incoming::Event { .. }));
        prop_assert!(is_event, "{body}");
    }
}
