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
    lead.request.answers = vec![Answer { question: "Комментарий".to_owned(), answer: comment.to_owned() }];
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
