//! The plain text of rich messages: <https://core.telegram.org/bots/api#richmessage>. A client sends one in place of a
//! text when somebody pastes formatted text.

use serde_json::Value;

use crate::json::{elements, string};

/// The text of a rich message, one line a block. Unknown kinds of blocks count with the parts that known ones have.
pub(super) fn plain_text(message: &Value) -> String {
    let mut lines = Vec::new();
    add_block(message, &mut lines);
    lines.join("\n")
}

/// Adds the lines of a block, or of anything else that is built like one: a message, a list item.
fn add_block(block: &Value, lines: &mut Vec<String>) {
    let caption = &block["caption"];
    let rows = elements(&block["cells"]).iter().map(|row| {
        let cells = elements(row).iter().map(inline).filter(|cell| !cell.is_empty());
        cells.collect::<Vec<_>>().join(" ")
    });
    let mut add = |line: String| {
        if !line.trim().is_empty() {
            lines.push(line);
        }
    };
    add(inline(&block["summary"]));
    add(inline(block));
    rows.for_each(&mut add);
    for part in elements(&block["blocks"]).iter().chain(elements(&block["items"])) {
        add_block(part, lines);
    }
    for line in [inline(caption), inline(&block["credit"])] {
        if !line.trim().is_empty() {
            lines.push(line);
        }
    }
}

/// Formatted text: a string, a list of pieces, or an object that holds it.
fn inline(text: &Value) -> String {
    match text {
        Value::Array(pieces) => pieces.iter().map(inline).collect(),
        Value::Object(styled) => {
            let content = ["text", "alternative_text", "expression"].into_iter().find_map(|name| styled.get(name));
            content.map(inline).unwrap_or_default()
        }
        other => string(other).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_block_gives_its_text() {
        let message = json!({ "blocks": [
            { "type": "heading", "size": 2, "text": "Toyota Camry" },
            { "type": "paragraph", "text": [
                "Пробег ", { "type": "bold", "text": ["85 ", { "type": "italic", "text": "тыс" }] }, " км ",
                { "type": "custom_emoji", "custom_emoji_id": "1", "alternative_text": "🚗" }
            ]},
            { "type": "divider" },
            { "type": "list", "items": [
                { "label": "1.", "blocks": [{ "type": "paragraph", "text": "не бита" }] },
                { "label": "2.", "blocks": [{ "type": "paragraph", "text": "не крашена" }] }
            ]},
            { "type": "table", "caption": "Цены", "cells": [[{ "text": "до торга" }, {}, { "text": "1,5 млн" }]] },
            { "type": "details", "summary": "Ещё", "blocks": [{ "type": "blockquote", "credit": "Анна", "blocks": [
                { "type": "paragraph", "text": { "type": "url", "url": "https://x", "text": "отчёт" } }
            ]}]},
            { "type": "photo", "photo": [], "caption": { "text": "Скол" } },
            { "type": "yet_to_come", "text": "торг" }
        ]});
        insta::assert_snapshot!(plain_text(&message), @r"
        Toyota Camry
        Пробег 85 тыс км 🚗
        не бита
        не крашена
        до торга 1,5 млн
        Цены
        Ещё
        отчёт
        Анна
        Скол
        торг
        ");
    }
}
