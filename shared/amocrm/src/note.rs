//! The note on a deal: every question with its answer, in the words a manager reads.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::Offset;
use lead::{CrmField, FieldValue, Lead, LeadId, Seconds};
use serde_json::{Value, json};
use texts::Language;

use crate::shape::deal_values;
use crate::{Note, gave_up_field};

/// The longest note amoCRM takes, in characters. Counted here in UTF-16 units, of which a text has at least as many.
pub const NOTE_LIMIT: usize = 20_000;

/// Room for the line that says which part it is.
const HEADING_ROOM: usize = 60;

/// Russian regions differ in time; the dealer's clock is Moscow's.
const MOSCOW: Offset = Offset::constant(3);

const MARKER: &str = "Заявка № ";

/// What a lead's notes begin with, and what they are found by when their creation was not confirmed.
#[must_use]
pub fn note_marker(id: LeadId) -> String {
    format!("{MARKER}{}", id.request_number())
}

/// The texts of a lead's notes: one, or more where amoCRM's limit asks for it.
#[must_use]
pub fn note_parts(lead: &Lead) -> Vec<String> {
    parts(&note_marker(lead.lead_id), &body(lead), NOTE_LIMIT)
}

/// The note that follows when photos could not be attached. Never a link: it would carry the bot's token.
#[must_use]
pub fn photos_missing_text(lead: &Lead, missing: usize) -> String {
    format!(
        "Фото к заявке № {}\nПриложить не удалось {missing} из {}. Они остались в чате Telegram с клиентом (ID {}): \
         попросите его прислать их ещё раз.",
        lead.lead_id.request_number(),
        lead.request.photos.len(),
        lead.chat_id
    )
}

/// The notes of a lead as JSON, to be created on its deal.
#[must_use]
pub fn note_items(lead: &Lead, deal_id: u64) -> Vec<Value> {
    let parts = note_parts(lead).into_iter().enumerate();
    parts.map(|(n, text)| note_item(deal_id, &text, &format!("{}.{n}", lead.lead_id))).collect()
}

/// A note as JSON, to be created on a deal.
#[must_use]
pub fn note_item(deal_id: u64, text: &str, request_id: &str) -> Value {
    json!({ "entity_id": deal_id, "note_type": "common", "params": { "text": text }, "request_id": request_id })
}

impl Note {
    /// Whether it is the note `text`, known by its first line: amoCRM may trim or rewrap the rest.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        let first_line = |text: &str| text.trim().lines().next().map(|line| line.trim().to_owned());
        self.text().is_some_and(|held| first_line(held) == first_line(text))
    }

    /// The number of the request whose answers it has.
    #[must_use]
    pub fn request_number(&self) -> Option<&str> {
        let rest = self.text()?.trim_start().strip_prefix(MARKER)?;
        rest.split(|symbol: char| symbol == ',' || symbol.is_whitespace()).next()
    }
}

fn body(lead: &Lead) -> String {
    let request = &lead.request;
    let customer = &request.customer;
    let mut text = format!("{}\n{}\n", request.service, moscow_time(request.created_at));
    for line in &request.answers {
        let _ = write!(text, "\n{}: {}", line.question, line.answer);
    }
    let refused: Vec<(CrmField, FieldValue)> = deal_values(request)
        .into_iter()
        .filter(|(field, _)| *field != CrmField::RequestId && gave_up_field(lead, *field).is_some())
        .collect();
    if !refused.is_empty() {
        text.push_str("\n\nНе поместилось в поля сделки:");
        for (field, value) in refused {
            let _ = write!(text, "\n{}: {}", Language::Russian.text(&field.title_id()), value.text());
        }
    }
    let _ = write!(text, "\n\nИмя: {}\nТелефон: {}\nTelegram ID: {}", customer.name, customer.phone, customer.chat_id);
    if let Some(username) = &customer.username {
        let _ = write!(text, "\nTelegram: @{username}");
    }
    if !request.photos.is_empty() {
        let _ = write!(text, "\nФото: {}", request.photos.len());
    }
    text
}

/// «29.12.2025 12:20 МСК»
fn moscow_time(at: Seconds) -> String {
    Timestamp::from_second(at)
        .map(|at| MOSCOW.to_datetime(at).strftime("%d.%m.%Y %H:%M МСК").to_string())
        .unwrap_or_default()
}

/// Cuts `body` at line ends into parts that fit under `limit` with their heading. A line that is longer than a part is cut
/// where the part ends.
fn parts(marker: &str, body: &str, limit: usize) -> Vec<String> {
    let room = limit.saturating_sub(HEADING_ROOM).max(2);
    let mut chunks = vec![String::new()];
    let mut used = 0;
    for line in body.split_inclusive('\n') {
        let length = utf16_len(line);
        if used + length > room && used > 0 {
            chunks.push(String::new());
            used = 0;
        }
        for symbol in line.chars() {
            if used + symbol.len_utf16() > room {
                chunks.push(String::new());
                used = 0;
            }
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(symbol);
            }
            used += symbol.len_utf16();
        }
    }
    let count = chunks.len();
    let heading =
        |n: usize| if count == 1 { marker.to_owned() } else { format!("{marker}, часть {n} из {count}") };
    chunks.into_iter().enumerate().map(|(n, chunk)| format!("{}\n{}", heading(n + 1), chunk.trim_end())).collect()
}

fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::shape::tests::lead;

    #[test]
    fn a_note_has_every_answer_as_typed() {
        let parts = note_parts(&lead());
        assert_eq!(parts.len(), 1);
        assert_snapshot!(parts[0], @"
        Заявка № K7QX-3M9Q
        Продажа авто
        29.12.2025 12:20 МСК

        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Комментарий: Звоните <b>после</b> 18:00 & не раньше

        Имя: Анна
        Телефон: +79001234567
        Telegram ID: 123456789012
        Telegram: @anna_k
        Фото: 2
        ");
    }

    #[test]
    fn values_that_no_field_takes_are_in_the_note() {
        let mut lead = lead();
        lead.progress.refused_fields = vec!["CAR_YEAR:type".to_owned(), "REQUEST_ID".to_owned(), "PIPELINE".to_owned()];
        let note = note_parts(&lead).concat();
        assert!(note.contains("\n\nНе поместилось в поля сделки:\nГод выпуска: 2019\n\nИмя"), "{note}");
    }

    #[test]
    fn a_long_text_becomes_several_notes_and_nothing_is_lost() {
        let lines: Vec<String> = (0..40).map(|n| format!("{n}: {}", "ы🚗".repeat(20))).collect();
        let parts = parts("Заявка № X", &lines.join("\n"), 400);
        assert!(parts.len() > 2);
        assert!(parts.iter().all(|part| utf16_len(part) <= 400));
        assert!(parts[1].starts_with("Заявка № X, часть 2 из "), "{}", parts[1]);
        let together: Vec<&str> = parts.iter().flat_map(|part| part.lines().skip(1)).collect();
        assert_eq!(together, lines);
    }

    #[test]
    fn one_endless_line_is_cut_too() {
        let parts = parts("Заявка № X", &"🚗".repeat(1000), 200);
        assert!(parts.iter().all(|part| utf16_len(part) <= 200));
        let together: String = parts.iter().flat_map(|part| part.lines().skip(1)).collect();
        assert_eq!(together, "🚗".repeat(1000));
    }

    #[test]
    fn a_note_is_known_by_its_first_line() {
        let note = |text: &str| serde_json::from_value::<Note>(json!({ "id": 1, "params": { "text": text } })).unwrap();
        let part = &note_parts(&lead())[0];
        assert!(note(&format!("  {part}\n ")).is(part));
        assert!(!note("Заявка № K7QX-3M9R\nПродажа авто").is(part));
        assert!(!note("").is(part));
        assert_eq!(note(part).request_number(), Some("K7QX-3M9Q"));
        assert_eq!(note("Заявка № K7QX-3M9Q, часть 2 из 2\n…").request_number(), Some("K7QX-3M9Q"));
        assert_eq!(note("Звонил, не отвечает").request_number(), None);
    }

    #[test]
    fn photos_left_in_the_chat_are_told_without_a_link() {
        assert_snapshot!(photos_missing_text(&lead(), 2), @r"
        Фото к заявке № K7QX-3M9Q
        Приложить не удалось 2 из 2. Они остались в чате Telegram с клиентом (ID 123456789012): попросите его прислать их ещё раз.
        ");
    }
}
