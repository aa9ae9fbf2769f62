//! Photos: one by one, in albums, too many, too late.

use insta::assert_snapshot;

use super::talk::{Talk, photo};
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
    assert!(talk.screen().contains("Лучше всего я понимаю текст"));
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
    talk.say("нет фото");
    assert!(talk.screen().contains("Здесь жду фото"));
    talk.input(Input::Unsupported(Unsupported::Document));
    assert!(talk.screen().contains("Такой файл принять не могу. Здесь жду фото"));
    talk.send_photo("a").tap("✅ Готово").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 1 фото"));
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
