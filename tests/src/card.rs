//! A deal's card as text, for stories that compare all of it.

use std::fmt::Write as _;

use simulators::amocrm::{Deal, FieldShown};

/// Everything a manager sees of a deal. What differs from run to run is left out: the request's number reads «NUMBER»,
/// and the time of the request «TIME».
#[must_use]
pub fn card(deal: &Deal) -> String {
    let number = deal.field("REQUEST_ID").unwrap_or("NUMBER");
    let mut card =
        format!("{} | {} ₽\n{} | {} | {}\n", deal.name, deal.price, deal.pipeline, deal.stage, deal.responsible);
    fields(&mut card, &deal.fields);
    if let Some(contact) = &deal.contact {
        let _ = writeln!(
            card,
            "-- contact: {} | {} | {}",
            contact.name,
            contact.phones.join(", "),
            contact.tags.join(", ")
        );
        fields(&mut card, &contact.fields);
    }
    for note in &deal.notes {
        let _ = writeln!(card, "-- note\n{}", without_time(note));
    }
    for task in &deal.tasks {
        let _ = writeln!(card, "-- task: {} | {}", task.text, task.responsible);
    }
    for file in &deal.files {
        let _ = writeln!(card, "-- file: {}", file.name);
    }
    card.replace(number, "NUMBER").trim_end().to_owned()
}

fn fields(card: &mut String, fields: &[FieldShown]) {
    for field in fields {
        // A Telegram id is another one in each run.
        let value = if field.code.as_deref() == Some("TELEGRAM_ID") { "ID" } else { &field.value };
        let _ = writeln!(card, "{}: {value}", field.name);
    }
}

/// Stories begin at noon in Moscow on 2 March 2026 and last minutes.
fn without_time(note: &str) -> String {
    let mut words: Vec<String> = note.split(' ').map(str::to_owned).collect();
    for word in &mut words {
        if word.starts_with("12:0") {
            *word = format!("TIME{}", &word[5.min(word.len())..]);
        }
    }
    words.join(" ")
}
