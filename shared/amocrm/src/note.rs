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
mod tests {
    use insta::assert_snapshot;
    use lead::{Answer, Consent, Source};

    use super::*;
    use crate::payload::tests::lead;

    #[test]
    fn a_note_has_every_answer_as_typed() {
        let parts = note_parts(&lead(), &[], &Calendar::default(), Language::Russian);
        assert_eq!(parts.len(), 1);
        assert_snapshot!(parts[0], @"
        Заявка № K7QX-3M9Q
        Продажа авто
        29.12.2025 12:20

        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Комментарий: Звоните <b>после</b> 18:00 & не раньше

        Имя: Анна
        Телефон: +79001234567 (введён вручную, не подтверждён)
        Telegram ID: 123456789012
        Telegram: @anna_k
        Фото: 2
        ");
    }

    #[test]
    fn a_note_says_by_which_link_the_customer_came() {
        let mut lead = lead();
        let part = |text: &str| Some(text.to_owned());
        lead.request.source = Some(Source { source: part("avito"), campaign: part("autumn"), ..Source::default() });
        let note = note_parts(&lead, &[], &Calendar::default(), Language::Russian).concat();
        assert!(note.contains("\nПришёл по ссылке: avito / autumn\n"), "{note}");
    }

    #[test]
    fn a_note_on_a_deal_that_was_there_says_so_and_what_the_deal_says_otherwise() {
        let mut lead = lead();
        lead.progress.joined_deal = true;
        let difference =
            Difference { field: "Модель".to_owned(), held: "Camry XV70".to_owned(), said: "Camry".to_owned() };
        let note = note_parts(&lead, &[difference], &Calendar::default(), Language::Russian).concat();
        assert_snapshot!(note, @"
        Заявка № K7QX-3M9Q
        Продажа авто
        29.12.2025 12:20
        Повторная заявка: эта сделка у клиента уже открыта.

        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Комментарий: Звоните <b>после</b> 18:00 & не раньше

        В сделке указано иначе, оставлено как есть:
        Модель: Camry XV70, клиент ответил: Camry

        Имя: Анна
        Телефон: +79001234567 (введён вручную, не подтверждён)
        Telegram ID: 123456789012
        Telegram: @anna_k
        Фото: 2
        ");
    }

    #[test]
    fn values_that_no_field_takes_are_in_the_note() {
        let mut lead = lead();
        lead.progress.refused_fields = vec!["CAR_YEAR:type".to_owned(), "REQUEST_ID".to_owned(), "PIPELINE".to_owned()];
        let note = note_parts(&lead, &[], &Calendar::default(), Language::Russian).concat();
        assert!(note.contains("\n\nНе поместилось в поля сделки:\nГод выпуска: 2019\n\nИмя"), "{note}");
    }

    #[test]
    fn a_long_text_becomes_several_notes_and_nothing_is_lost() {
        let lines: Vec<String> = (0..40).map(|n| format!("{n}: {}", "ы🚗".repeat(20))).collect();
        let parts = parts("Заявка № X", &lines.join("\n"), 400, Language::Russian);
        assert!(parts.len() > 2);
        assert!(parts.iter().all(|part| utf16_len(part) <= 400));
        assert!(parts[1].starts_with("Заявка № X, часть 2 из "), "{}", parts[1]);
        let together: Vec<&str> = parts.iter().flat_map(|part| part.lines().skip(1)).collect();
        assert_eq!(together, lines);
    }

    #[test]
    fn one_endless_line_is_cut_too() {
        let parts = parts("Заявка № X", &"🚗".repeat(1000), 200, Language::Russian);
        assert!(parts.iter().all(|part| utf16_len(part) <= 200));
        let together: String = parts.iter().flat_map(|part| part.lines().skip(1)).collect();
        assert_eq!(together, "🚗".repeat(1000));
    }

    #[test]
    fn a_note_is_known_by_its_first_line() {
        let note = |text: &str| serde_json::from_value::<Note>(json!({ "id": 1, "params": { "text": text } })).unwrap();
        let part = &note_parts(&lead(), &[], &Calendar::default(), Language::Russian)[0];
        assert!(note(&format!("  {part}\n ")).is(part));
        assert!(!note("Заявка № K7QX-3M9R\nПродажа авто").is(part));
        assert!(!note("").is(part));
        assert_eq!(note(part).request_number(Language::Russian), Some("K7QX-3M9Q"));
        assert_eq!(note("Заявка № K7QX-3M9Q, часть 2 из 2\n…").request_number(Language::Russian), Some("K7QX-3M9Q"));
        assert_eq!(note("Звонил, не отвечает").request_number(Language::Russian), None);
    }

    #[test]
    fn the_note_of_an_unfinished_request_says_where_the_customer_stopped() {
        let mut lead = lead();
        lead.request.unfinished = Some("Цена".to_owned());
        let unfinished = note_parts(&lead, &[], &Calendar::default(), Language::Russian).concat();
        assert_snapshot!(unfinished, @"
        Заявка № K7QX-3M9Q не закончена
        Продажа авто
        29.12.2025 12:20
        Остановился на вопросе: Цена

        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Комментарий: Звоните <b>после</b> 18:00 & не раньше

        Имя: Анна
        Телефон: +79001234567 (введён вручную, не подтверждён)
        Telegram ID: 123456789012
        Telegram: @anna_k
        Фото: 2
        ");
        lead.completes = Some(lead.request.clone());
        lead.request.unfinished = None;
        let completed = note_parts(&lead, &[], &Calendar::default(), Language::Russian).concat();
        assert_snapshot!(completed.lines().take(4).collect::<Vec<_>>().join("\n"), @"
        Заявка № K7QX-3M9Q закончена
        Продажа авто
        29.12.2025 12:20
        ");
        let note = |text: &str| serde_json::from_value::<Note>(json!({ "id": 1, "params": { "text": text } })).unwrap();
        assert!(!note(&unfinished).is(&completed));
        lead.request.customer.phone = "+79007654321".to_owned();
        let completed = note_parts(&lead, &[], &Calendar::default(), Language::Russian).concat();
        assert!(completed.contains("Раньше был указан другой номер: +79001234567"), "{completed}");
        for text in [unfinished, completed] {
            assert_eq!(note(&text).request_number(Language::Russian), Some("K7QX-3M9Q"));
        }
    }

    #[test]
    fn the_note_says_when_the_customer_agreed_and_to_which_text() {
        let mut lead = lead();
        lead.request.consent = Some(Consent { version: "ab12cd".to_owned(), at: 1_767_000_300, update_id: 7 });
        let vladivostok = dealer::parse("time_zone = \"Asia/Vladivostok\"").unwrap().calendar;
        let note = note_parts(&lead, &[], &vladivostok, Language::Russian).concat();
        let last = note.lines().last();
        assert_eq!(last, Some("Согласие на обработку данных: 29.12.2025 19:25, версия ab12cd"));
    }

    #[test]
    fn photos_left_in_the_chat_are_mentioned_without_a_link() {
        assert_snapshot!(photos_missing_text(&lead(), 2, Language::Russian), @r"
        Фото к заявке № K7QX-3M9Q
        Приложить не удалось 2 из 2. Они остались в чате Telegram с клиентом (ID 123456789012): попросите его прислать их ещё раз.
        ");
    }

    #[test]
    fn voice_messages_are_counted_and_those_left_in_the_chat_are_mentioned() {
        let mut lead = lead();
        lead.request.voices = vec![lead::Voice { file_id: "V".to_owned(), unique_id: "v".to_owned() }];
        let note = note_parts(&lead, &[], &Calendar::default(), Language::Russian).concat();
        assert!(note.contains("Голосовые сообщения: 1"), "{note}");
        let missing = photos_missing_text(&lead, 1, Language::Russian);
        assert!(
            missing.starts_with("Фото и голосовые сообщения к заявке № K7QX-3M9Q\nПриложить не удалось 1 из 3."),
            "{missing}"
        );
    }

    #[test]
    fn nobody_can_forge_a_line_of_the_note() {
        let mut lead = lead();
        let comment = "Срочно\nТелефон: +79990000000\nОплата: https://pay.example/1 \u{202e}";
        lead.request.answers =
            vec![Answer { question: "Комментарий".to_owned(), answer: comment.to_owned() }];
        lead.request.customer.name = "Анна\nТелефон: +79990000000".to_owned();
        assert_snapshot!(note_parts(&lead, &[], &Calendar::default(), Language::Russian)[0], @"
        Заявка № K7QX-3M9Q
        Продажа авто
        29.12.2025 12:20

        Комментарий: Срочно
        │ Телефон: +79990000000
        │ Оплата: https: //pay. example/1

        Имя: Анна
        │ Телефон: +79990000000
        Телефон: +79001234567 (введён вручную, не подтверждён)
        Telegram ID: 123456789012
        Telegram: @anna_k
        Фото: 2
        ");
    }

    #[test]
    fn name_and_phone_stand_once_and_the_note_says_whose_number_it_is() {
        let mut lead = lead();
        let answer = |question: &str, answer: &str| Answer { question: question.to_owned(), answer: answer.to_owned() };
        lead.request.answers = vec![answer("Имя", "Анна"), answer("Телефон", "+7 900 123-45-67")];
        for (source, said) in [
            (PhoneSource::OwnContact, "Телефон: +79001234567 (номер подтверждён Telegram)"),
            (PhoneSource::OtherContact, "Телефон: +79001234567 (номер из чужого контакта)"),
            (PhoneSource::Typed, "Телефон: +79001234567 (введён вручную, не подтверждён)"),
        ] {
            lead.request.customer.phone_source = source;
            let note = note_parts(&lead, &[], &Calendar::default(), Language::Russian).concat();
            assert!(note.contains(said), "{note}");
            assert_eq!((note.matches("Анна").count(), note.matches("Телефон").count()), (1, 1), "{note}");
        }
    }
}
