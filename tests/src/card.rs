//! A deal's card as text, for stories that compare all of it.

use std::fmt::Write as _;

use lead::{Lead, Request};
use simulators::amocrm::{Deal, FieldShown};

/// Everything a manager sees of a deal. What differs from run to run is left out: the request's number reads «NUMBER»,
/// the time of the request «TIME», and the version of the text that was agreed to «VERSION».
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
        let _ = writeln!(card, "-- note\n{}", without_version(&without_time(note)));
    }
    for task in &deal.tasks {
        let _ = writeln!(card, "-- task: {} | {}", task.text, task.responsible);
    }
    for file in &deal.files {
        let _ = writeln!(card, "-- file: {}", file.name);
    }
    card.replace(number, "NUMBER").trim_end().to_owned()
}

/// The numbers of the requests that the deal has notes of, oldest first.
#[must_use]
pub fn numbers_of(deal: &Deal) -> Vec<String> {
    deal.notes.iter().map(|note| note.lines().next().unwrap_or_default().replace("Заявка № ", "")).collect()
}

/// What is particular to a deal: its name and price, its fields and the answers in its note. What every deal has is
/// left out: [`crate::Bot::deliver_request`] checks it.
#[must_use]
pub fn answers(deal: &Deal) -> String {
    let mut answers = format!("{} | {} ₽\n", deal.name, deal.price);
    let is_particular =
        |field: &&FieldShown| !["SOURCE", "REQUEST_ID"].contains(&field.code.as_deref().unwrap_or_default());
    fields(&mut answers, &deal.fields.iter().filter(is_particular).cloned().collect::<Vec<_>>());
    let note = deal.notes.first().map(String::as_str).unwrap_or_default();
    let particular =
        note.lines().skip(HEADING_LINES).filter(|line| !line.starts_with("Telegram") && !line.starts_with(CONSENT));
    answers + "-- note\n" + &particular.collect::<Vec<_>>().join("\n")
}

/// How the line about the consent begins.
const CONSENT: &str = "Согласие на обработку данных: ";

/// The number, the service, the time, and an empty line.
const HEADING_LINES: usize = 4;

/// The deal has a contact, one note, and its tasks.
#[must_use]
pub fn is_complete(deal: &Deal) -> bool {
    deal.contact.is_some() && deal.notes.len() == 1 && has_its_tasks(deal)
}

/// Every step of the delivery that creates a task has created one.
#[must_use]
pub fn has_its_tasks(deal: &Deal) -> bool {
    let steps = crm_push::step_names(&Lead::new(Request::example(), 0))
        .filter(|step| !["contact", "deal", "note"].contains(step));
    deal.tasks.len() == steps.count()
}

/// The deal has what every deal of a new customer has.
pub(crate) fn assert_usual(deal: &Deal, number: &str, chat: i64) {
    assert!(is_complete(deal), "{deal:#?}");
    assert_eq!((deal.field("REQUEST_ID"), deal.field("SOURCE")), (Some(number), Some("Telegram Bot")));
    let place = (deal.pipeline.as_str(), deal.stage.as_str(), deal.responsible.as_str());
    assert_eq!(place, ("Бот", "Новая заявка", "Ольга Менеджер"));
    let contact = deal.contact.as_ref().expect("a complete deal has one");
    assert_eq!((contact.tags.as_slice(), contact.phones.len()), (&["telegram_new".to_owned()][..], 1), "{contact:?}");
    let values: Vec<&str> = contact.fields.iter().map(|field| field.value.as_str()).collect();
    assert_eq!(values, [chat.to_string().as_str(), "@anna_k"]);
    let note: Vec<&str> = deal.notes[0].lines().collect();
    assert_eq!(note[0], format!("Заявка № {number}"));
    assert_eq!((Some(note[1]), note[3]), (deal.field("SERVICE_TYPE"), ""));
    assert!(without_time(note[2]).starts_with("02.03.2026 TIME"), "{note:?}");
    assert!(note.contains(&format!("Telegram ID: {chat}").as_str()) && note.contains(&"Telegram: @anna_k"), "{note:?}");
    let consent = note.last().and_then(|line| line.strip_prefix(CONSENT)).map(without_time).unwrap_or_default();
    assert!(consent.starts_with("02.03.2026 TIME, версия "), "{note:?}");
    assert!(deal.name.ends_with(&contact.name) && deal.notes[0].contains(&contact.phones[0]), "{deal:?}");
    for task in &deal.tasks {
        let says = |part: &str| task.text.contains(part);
        assert!(says(number) && says(&contact.name) && says(&contact.phones[0]), "{task:?}");
        assert_eq!(task.responsible, deal.responsible);
    }
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

fn without_version(note: &str) -> String {
    let line = |line: &str| match line.split_once(", версия ") {
        Some((consent, _)) if consent.starts_with(CONSENT) => format!("{consent}, версия VERSION"),
        _ => line.to_owned(),
    };
    note.lines().map(line).collect::<Vec<_>>().join("\n")
}
