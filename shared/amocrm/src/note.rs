//! The note on a deal: every question with its answer, in the words a manager reads.

use dealer::Calendar;
use lead::{Lead, PhoneSource, Seconds};
use serde_json::{Value, json};
use texts::Language;

use crate::payload::{Difference, values_for_note};
use crate::{Note, phone_key};
use lead::safe_text::{one_line, quoted};

/// The longest note amoCRM takes, in characters. Counted here in UTF-16 units, of which a text has at least as many.
pub const NOTE_LIMIT: usize = 20_000;

/// Room for the line that says which part it is.
const HEADING_ROOM: usize = 60;

/// The texts of a lead's notes: one, or more where amoCRM's limit asks for it. Each begins with the request's number,
/// by which it is found when its creation was not confirmed. `differences` are those of the deal that the request has
/// joined.
#[must_use]
pub fn note_parts(lead: &Lead, differences: &[Difference], calendar: &Calendar, language: Language) -> Vec<String> {
    let heading = heading(heading_id(lead), &lead.lead_id.request_number(), language);
    parts(&heading, &body(lead, differences, calendar, language), NOTE_LIMIT, language)
}

/// The note that follows when photos could not be attached. Never a link: it would carry the bot's token.
#[must_use]
pub fn photos_missing_text(lead: &Lead, missing: usize, language: Language) -> String {
    let id = if lead.request.voices.is_empty() { "note-photos-missing" } else { "note-photos-missing.with-voice" };
    language.text_with(
        id,
        [
            ("number", lead.lead_id.request_number().into()),
            ("missing", missing.to_string().into()),
            ("all", lead.request.file_count().to_string().into()),
            ("chat", lead.chat_id.to_string().into()),
        ],
    )
}

/// These texts as JSON, to be created on the lead's deal.
#[must_use]
pub fn note_items(lead: &Lead, deal_id: u64, parts: Vec<String>) -> Vec<Value> {
    let parts = parts.into_iter().enumerate();
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
    pub fn request_number(&self, language: Language) -> Option<&str> {
        let rest = self.text()?.trim_start().strip_prefix(heading(HEADING, "", language).trim_end())?.trim_start();
        rest.split(|symbol: char| symbol == ',' || symbol.is_whitespace()).next()
    }
}

/// The heading of a request that was sent as a whole. The other headings begin like it.
const HEADING: &str = "note-heading";

/// A deal that was unfinished has two notes with different headings.
const fn heading_id(lead: &Lead) -> &'static str {
    if lead.request.unfinished.is_some() {
        "note-heading-unfinished"
    } else if lead.completes.is_some() {
        "note-heading-completed"
    } else {
        HEADING
    }
}

fn heading(id: &str, number: &str, language: Language) -> String {
    language.text_with(id, [("number", number.into())])
}

fn body(lead: &Lead, differences: &[Difference], calendar: &Calendar, language: Language) -> String {
    let request = &lead.request;
    let mut lines = vec![one_line(&request.service), local_time(request.created_at, calendar)];
    if let Some(question) = &request.unfinished {
        lines.push(language.text_with("note-stopped-at", [("question", one_line(question).into())]));
    }
    if lead.progress.joined_deal {
        lines.push(language.text("note-joined"));
    }
    lines.push(String::new());
    // Name and phone stand below, once.
    let (name, phone) = (&request.customer.name, phone_key(&request.customer.phone));
    let is_repeated = |answer: &str| answer == name || phone_key(answer) == phone;
    let answers = request.answers.iter().filter(|line| !is_repeated(&line.answer));
    lines.extend(answers.map(|line| format!("{}: {}", one_line(&line.question), quoted(&line.answer))));
    if !differences.is_empty() {
        lines.extend([String::new(), language.text("note-differences")]);
        lines.extend(differences.iter().map(|difference| in_words(difference, language)));
    }
    let mut left: Vec<String> = values_for_note(lead)
        .map(|(field, value)| format!("{}: {}", language.text(&field.title_id()), quoted(value.text())))
        .collect();
    if !left.is_empty() {
        lines.extend([String::new(), language.text("note-fields-left")]);
        lines.append(&mut left);
    }
    lines.push(String::new());
    lines.extend(about_customer(lead, language));
    if let Some(consent) = &request.consent {
        let arguments =
            [("time", local_time(consent.at, calendar).into()), ("version", one_line(&consent.version).into())];
        lines.push(language.text_with("note-consent", arguments));
    }
    lines.join("\n")
}

fn in_words(difference: &Difference, language: Language) -> String {
    let Difference { field, held, said } = difference;
    let values = [("field", one_line(field).into()), ("held", one_line(held).into()), ("said", quoted(said).into())];
    language.text_with("note-difference", values)
}

fn local_time(at: Seconds, calendar: &Calendar) -> String {
    calendar.local(at).strftime("%d.%m.%Y %H:%M").to_string()
}

fn about_customer(lead: &Lead, language: Language) -> Vec<String> {
    let customer = &lead.request.customer;
    let phone = match customer.phone_source {
        PhoneSource::OwnContact => "note-phone-confirmed",
        PhoneSource::OtherContact => "note-phone-of-other-contact",
        PhoneSource::Typed => "note-phone-typed",
    };
    let mut lines = vec![
        language.text_with("note-name", [("name", quoted(&customer.name).into())]),
        language.text_with(phone, [("phone", customer.phone.as_str().into())]),
    ];
    // The contact and the task have that one.
    if let Some(earlier) = lead.completes.as_ref().filter(|earlier| earlier.customer.phone != customer.phone) {
        let phone = earlier.customer.phone.as_str();
        lines.push(language.text_with("note-phone-earlier", [("phone", phone.into())]));
    }
    lines.push(language.text_with("note-telegram-id", [("id", customer.chat_id.to_string().into())]));
    if let Some(username) = &customer.username {
        lines.push(language.text_with("note-telegram-username", [("username", username.as_str().into())]));
    }
    if let Some(source) = &lead.request.source {
        let parts = source.parts().collect::<Vec<_>>().join(" / ");
        lines.push(language.text_with("note-source", [("source", parts.into())]));
    }
    if !lead.request.photos.is_empty() {
        lines.push(language.text_with("note-photos", [("count", lead.request.photos.len().to_string().into())]));
    }
    if !lead.request.voices.is_empty() {
        lines.push(language.text_with("note-voices", [("count", lead.request.voices.len().to_string().into())]));
    }
    lines
}

/// Cuts `body` at line ends into parts that fit under `limit` with their heading. A line that is longer than a part is
/// cut where the part ends.
fn parts(heading: &str, body: &str, limit: usize, language: Language) -> Vec<String> {
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
    let heading = |n: usize| match count {
        1 => heading.to_owned(),
        _ => {
            let arguments = [
                ("heading", heading.to_owned().into()),
                ("part", n.to_string().into()),
                ("parts", count.to_string().into()),
            ];
            language.text_with("note-heading-part", arguments)
        }
    };
    chunks.into_iter().enumerate().map(|(n, chunk)| format!("{}\n{}", heading(n + 1), chunk.trim_end())).collect()
}

fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}

#[cfg(test)]
mod tests;
