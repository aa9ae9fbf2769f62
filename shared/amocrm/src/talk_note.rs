//! The note with what a customer and the team have said to each other in Telegram.

use dealer::Calendar;
use talk::{Note, Saying};
use texts::Language;

use lead::safe_text::quoted;

/// The text of a note. It begins with the note's number, by which it is found when its creation was not confirmed.
#[must_use]
pub fn talk_note(note: &Note, calendar: &Calendar, language: Language) -> String {
    let heading = language.text_with("talk-note", [("number", note.number().to_string().into())]);
    let lines = note.sayings.iter().map(|saying| line(saying, calendar, language));
    [heading, String::new()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

fn line(saying: &Saying, calendar: &Calendar, language: Language) -> String {
    let time = calendar.local(saying.at).strftime("%d.%m %H:%M").to_string();
    let author = saying.author.clone().unwrap_or_else(|| language.text("talk-note.customer"));
    let media = saying.media.map(|media| language.text(&format!("talk-media.{}", media.name())));
    let edited = saying.edited.then(|| language.text("talk-note.edited"));
    let words = Some(quoted(&saying.words)).filter(|words| !words.is_empty());
    let said = [media, edited, words].into_iter().flatten().collect::<Vec<_>>().join(" ");
    format!("{time} {author}: {said}")
}

#[cfg(test)]
mod tests {
    use talk::Media;

    use super::*;

    #[test]
    fn it_reads_like_a_talk() {
        let saying = |at, author: Option<&str>, media, words: &str, edited| Saying {
            at,
            author: author.map(str::to_owned),
            media,
            words: words.to_owned(),
            edited,
            update_id: at,
        };
        let note = Note {
            deal_id: 77,
            sayings: vec![
                saying(1_790_000_000, None, None, "Камри ещё в продаже?\n09:00 Ольга: даром", false),
                saying(1_790_000_060, Some("Ольга"), None, "Да, смотрите: https://avito.ru/1", false),
                saying(1_790_000_120, None, Some(Media::Voice), "", false),
                saying(1_790_000_180, Some("Пётр"), Some(Media::Photo), "вид сбоку", false),
                saying(1_790_000_240, None, None, "Камри 2020 ещё в продаже?", true),
            ],
            in_doubt: false,
        };
        insta::assert_snapshot!(talk_note(&note, &Calendar::default(), Language::default()), @r"
        Разговор в Telegram № 1790000000

        21.09 17:13 Клиент: Камри ещё в продаже?
        │ 09:00 Ольга: даром
        21.09 17:14 Ольга: Да, смотрите: https: //avito. ru/1
        21.09 17:15 Клиент: [голосовое сообщение]
        21.09 17:16 Пётр: [фото] вид сбоку
        21.09 17:17 Клиент: (исправлено) Камри 2020 ещё в продаже?
        ");
    }
}
