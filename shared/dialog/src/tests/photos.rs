//! Photos: one by one, in albums, too many, too late.

use insta::assert_snapshot;

use super::talk::{Talk, captioned, photo};
use crate::{Input, Unsupported, Verdict};

fn at_photos() -> Talk {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").say("85 тыс").tap("На ваше усмотрение");
    talk
}

fn finish(talk: &mut Talk) -> Vec<String> {
    talk.say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить").tap("✅ Отправить");
    talk.requests[0].photos.iter().map(|photo| photo.unique_id.clone()).collect()
}

#[test]
fn photos_are_counted_one_by_one() {
    let mut talk = at_photos();
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 5 из 8*

    Пришлите фото автомобиля — по одному или альбомом, до 10 штук.

    [⏭ Пропустить]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.send_photo("a").send_photo("b");
    assert_snapshot!(talk.screen(), @"
    *Продажа авто · Шаг 5 из 8*

    📷 Принято фото: 2 из 10. Можно прислать ещё 8 фото или нажать «✅ Готово».

    Пришлите фото автомобиля — по одному или альбомом, до 10 штук.

    [✅ Готово]
    [🗑 Убрать фото]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.send_photo("b");
    assert!(talk.screen().contains("Это фото у меня уже есть"));
    assert_eq!(talk.messages_with_buttons(), 1);
    talk.tap("✅ Готово");
    assert_eq!(finish(&mut talk), ["unique-a", "unique-b"]);
    assert!(talk.requests[0].answers.iter().any(|line| line.question == "Фото" && line.answer == "2 фото"));
}

#[test]
fn an_album_gets_one_reply_and_keeps_its_order() {
    let mut talk = at_photos();
    let before = talk.messages();
    talk.send_album("album", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    assert_eq!(talk.messages(), before + 1);
    assert!(talk.screen().contains("📷 Альбом получен"));
    talk.send_photo("11");
    assert!(talk.screen().contains("Больше 10 фото не поместится"));
    talk.tap("✅ Готово");
    let kept = finish(&mut talk);
    assert_eq!(kept.len(), 10);
    assert_eq!((kept[0].as_str(), kept[9].as_str()), ("unique-1", "unique-10"));
}

#[test]
fn two_albums_sent_together_are_kept_whole_and_get_one_reply_each() {
    let mut talk = at_photos();
    let before = talk.messages();
    talk.wait(2);
    for (name, album) in ["3b", "1a", "2b", "4a", "1b", "5a", "2a", "5b", "3a", "4b"].map(|name| (name, &name[1..])) {
        talk.at_once(photo(name, Some(album)));
    }
    assert_eq!(talk.messages(), before + 2);
    talk.wait(2).tap("✅ Готово");
    let kept: std::collections::BTreeSet<String> = finish(&mut talk).into_iter().collect();
    assert_eq!(kept.len(), 10, "{kept:?}");
}

#[test]
fn two_albums_sent_together_where_none_is_asked_get_one_hint_each() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    let before = talk.messages();
    talk.wait(2);
    for name in ["1a", "1b", "2a", "2b", "3a", "3b"] {
        talk.at_once(photo(name, Some(&name[1..])));
    }
    assert_eq!(talk.messages(), before + 2);
}

#[test]
fn late_photos_of_an_album_still_count() {
    let mut talk = at_photos();
    talk.send_album("album", &["1", "2"]).tap("✅ Готово");
    let before = talk.messages();
    talk.at_once(photo("3", Some("album")));
    assert_eq!(talk.messages(), before, "silently");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 6 из 8*");
    talk.say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить").at_once(photo("4", Some("album"))).tap("✅ Отправить");
    assert_eq!(talk.requests[0].photos.len(), 4);
}

#[test]
fn an_album_where_none_is_asked_gets_one_hint() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    let before = talk.messages();
    talk.send_album("album", &["1", "2", "3"]);
    assert_eq!(talk.messages(), before + 1);
    assert!(talk.screen().contains("Спасибо за фото, но сейчас вопрос о другом."));
}

#[test]
fn an_album_outside_a_dialog_gets_one_hint() {
    let mut talk = Talk::new();
    talk.send_album("album", &["1", "2", "3"]);
    assert_eq!(talk.messages(), 1);
    assert!(talk.screen().starts_with("Спасибо за фото! Если продаёте эту машину"), "{}", talk.screen());
    assert!(talk.button("🚗 Продать авто").is_some());
}

#[test]
fn photos_can_be_thrown_away() {
    let mut talk = at_photos();
    talk.send_photo("a").tap("🗑 Убрать фото");
    assert!(talk.screen().contains("Все фото убраны."));
    talk.send_photo("b").tap("✅ Готово");
    assert_eq!(finish(&mut talk), ["unique-b"]);
}

#[test]
fn text_and_files_where_photos_are_asked_get_a_hint() {
    let mut talk = at_photos();
    talk.say("завтра сниму");
    assert!(talk.screen().contains("Здесь жду фото"));
    talk.input(Input::Unsupported { kind: Unsupported::Document, album: None, caption: None });
    assert!(talk.screen().contains("Такой файл принять не могу. Здесь жду фото"));
    talk.send_photo("a").tap("✅ Готово").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 1 фото"));
}

#[test]
fn a_large_image_is_asked_for_as_a_photo_only_where_photos_are() {
    let large = |album: Option<&str>| {
        let album = album.map(str::to_owned);
        Input::Unsupported { kind: Unsupported::LargeImage, album, caption: None }
    };
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.input(large(None));
    assert!(talk.screen().contains("скачать его не смогу. Здесь нужен ответ текстом"), "{}", talk.screen());
    let mut talk = at_photos();
    talk.input(large(None));
    assert!(talk.screen().contains("скачать его не смогу. Пришлите его, пожалуйста, как обычное фото."));
    assert!(!talk.screen().contains("Здесь жду фото"), "that is said once");
    talk.input(large(Some("album")));
    assert!(talk.screen().contains("как обычное фото. Фото из этого альбома сохраню."), "{}", talk.screen());
}

#[test]
fn a_redelivered_photo_is_one_photo() {
    let mut talk = at_photos();
    talk.send_photo("a");
    assert_eq!(talk.redeliver(), Verdict::Stay(vec![]));
    talk.tap("✅ Готово");
    assert_eq!(finish(&mut talk).len(), 1);
}

#[test]
fn the_words_of_the_buttons_can_be_typed() {
    let mut talk = at_photos();
    talk.say("пропустить");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 6 из 8*");
    talk.tap("⬅️ Назад").send_photo("a").say("Готово");
    assert_eq!(finish(&mut talk), ["unique-a"]);
}

#[test]
fn an_album_of_photos_and_videos_gets_one_reply_and_keeps_its_photos() {
    let video = || Input::Unsupported { kind: Unsupported::Video, album: Some("mixed".to_owned()), caption: None };
    let mut talk = at_photos();
    let before = talk.messages();
    talk.wait(2);
    for _ in 0..6 {
        talk.at_once(video());
    }
    talk.at_once(photo("1", Some("mixed"))).at_once(photo("2", Some("mixed"))).at_once(video());
    assert_eq!(talk.messages(), before + 1);
    assert!(talk.screen().contains("Видео я пока не принимаю. Фото из этого альбома сохраню."));
    talk.say("готово");
    assert_eq!(finish(&mut talk), ["unique-1", "unique-2"]);

    let mut elsewhere = Talk::in_branch("🚗 Продать авто");
    let before = elsewhere.messages();
    elsewhere.wait(2);
    for _ in 0..9 {
        elsewhere.at_once(video());
    }
    elsewhere.at_once(photo("1", Some("mixed")));
    assert_eq!(elsewhere.messages(), before + 1);
}

#[test]
fn an_album_that_may_not_fit_is_not_promised() {
    let mut talk = at_photos();
    talk.send_photo("a").send_photo("b");
    let before = talk.messages();
    let names: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    talk.send_album("album", &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(talk.messages(), before + 1);
    assert!(talk.screen().contains("всего в заявку их войдёт не больше 10"), "{}", talk.screen());
    talk.tap("✅ Готово");
    assert_eq!(finish(&mut talk).len(), 10);
}

#[test]
fn ten_photos_sent_at_once_without_an_album_are_all_kept() {
    let mut talk = at_photos();
    talk.wait(2);
    for n in 0..30 {
        talk.at_once(photo(&n.to_string(), None));
    }
    assert!(talk.messages() < 30, "beyond what is kept, a burst is a burst");
    talk.wait(2).tap("✅ Готово");
    let kept: Vec<String> = (0..10).map(|n| format!("unique-{n}")).collect();
    assert_eq!(finish(&mut talk), kept);
}

#[test]
fn one_photo_sent_over_and_over_is_a_burst_like_any_other() {
    let mut talk = at_photos();
    let before = talk.messages();
    talk.wait(2);
    for _ in 0..60 {
        talk.at_once(photo("a", None));
    }
    assert!(talk.messages() <= before + 7, "the photo, five of its copies, and a word on the rate");
    talk.wait(2).tap("✅ Готово");
    assert_eq!(finish(&mut talk), ["unique-a"]);
}

#[test]
fn captions_reach_the_manager() {
    let mut talk = at_photos();
    talk.input(captioned("a", None, "Скол на <бампере>")).wait(2);
    talk.at_once(captioned("1", Some("album"), "Салон")).at_once(photo("2", Some("album")));
    talk.wait(2).tap("✅ Готово");
    finish(&mut talk);
    let lines: Vec<_> =
        talk.requests[0].answers.iter().map(|line| format!("{}: {}", line.question, line.answer)).collect();
    let photos = lines.iter().position(|line| line == "Фото: 3 фото").expect("a line on photos");
    assert_eq!(lines[photos + 1..photos + 3], ["Подпись к фото: Скол на <бампере>", "Подпись к фото: Салон"]);
}

#[test]
fn captions_leave_room_for_a_comment() {
    let mut talk = at_photos();
    for n in 0..10 {
        talk.input(captioned(&n.to_string(), None, &"ы".repeat(300)));
    }
    talk.tap("✅ Готово").say(&"Я".repeat(60)).say("+79001234567").say(&"ю".repeat(1000));
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    talk.tap("✅ Отправить");
    let captions = talk.requests[0].answers.iter().filter(|line| line.question == "Подпись к фото");
    assert!(captions.count() >= 3);
}

#[test]
fn captions_take_no_more_room_than_there_is() {
    let mut talk = at_photos();
    for n in 0..10 {
        talk.input(captioned(&format!("{n}{}", "x".repeat(80)), None, &"ы".repeat(1024)));
    }
    talk.wait(2).tap("✅ Готово").say_all(&["Иван", "+79001234567"]).say(&"ю".repeat(1000));
    let size = serde_json::to_vec(&talk.conversation).expect("it serialises").len();
    assert!((6000..8192).contains(&size), "{size}");
}
