//! Photos: alone, in albums, as files, too many, too late, and what of them reaches the deal.

use simulators::amocrm::Deal;
use simulators::fault::{Fault, When};
use stories::{Bot, finish, photo, story, to_photos};

/// Which photos are attached to the deal, in its order.
async fn attached(deal: &Deal) -> Vec<u8> {
    let mut numbers = Vec::new();
    for file in &deal.files {
        let bytes = reqwest::get(&file.url).await.expect("the file is there").bytes().await.expect("it can be read");
        let number = (1..=20).find(|number| photo(*number) == bytes);
        numbers.push(number.unwrap_or_else(|| panic!("{} is none of the photos sent", file.name)));
    }
    numbers
}

async fn next_deals_photos(bot: &Bot) -> Vec<u8> {
    bot.deliver().await;
    attached(&bot.next_deal()).await
}

#[tokio::test]
async fn an_album_of_ten_gets_one_reply_and_arrives_whole_and_in_order() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        // Its beginning comes last.
        bot.telegram().faults().add("webhook", When::Times(3), Fault::DropBefore);
        anna.send_album(1..=10).await;
        anna.sees("Альбом получен");
        assert_eq!(anna.messages_with_buttons().len(), 1);
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        assert_eq!(next_deals_photos(bot).await, (1..=10).collect::<Vec<u8>>());
    })
    .await;
}

#[tokio::test]
async fn two_albums_and_a_file_are_one_row_of_photos() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        anna.send_album(1..=3).await;
        anna.sees("Альбом получен");
        anna.send_album(4..=6).await;
        anna.sees("Альбом получен");
        anna.act(|app| app.send_document_image(photo(7))).await;
        anna.sees("Принято фото: 7 из 10.");
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        assert_eq!(next_deals_photos(bot).await, (1..=7).collect::<Vec<u8>>());
    })
    .await;
}

#[tokio::test]
async fn two_albums_sent_together_arrive_whole() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        for album in [1..=5, 6..=10] {
            let photos = album.map(photo).collect();
            anna.app.send_album(photos).expect("the album is sent");
        }
        anna.settle().await;
        assert_eq!(anna.reads().len(), 2, "one reply each");
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        assert_eq!(next_deals_photos(bot).await, (1..=10).collect::<Vec<u8>>());
    })
    .await;
}

#[tokio::test]
async fn an_eleventh_photo_is_declined() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        anna.send_album(1..=9).await;
        anna.sees("Альбом получен");
        anna.send_photo(10).await;
        anna.sees("Это максимум");
        anna.send_photo(11).await;
        anna.sees("Больше 10 фото не поместится.");
        anna.send_album(12..=14).await;
        anna.sees("Больше 10 фото не поместится.");
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        assert_eq!(next_deals_photos(bot).await, (1..=10).collect::<Vec<u8>>());
    })
    .await;
}

#[tokio::test]
async fn a_photo_of_an_album_that_comes_after_done_is_kept_silently() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        // Half a second is how long Telegram takes to deliver the first one again.
        bot.telegram().faults().add("webhook", When::Times(1), Fault::DropBefore);
        let album = (1..=3).map(photo).collect();
        anna.app.send_album(album).expect("the album is sent");
        let first = anna.app.take_next(std::time::Duration::from_secs(10)).await.expect("a reply");
        assert!(first.message.text.contains("Альбом получен"), "{first:?}");
        bot.wait(1);
        anna.tap("✅ Готово").await;
        anna.sees("Как к вам обращаться?");
        finish(&anna).await;
        assert_eq!(next_deals_photos(bot).await, [1, 2, 3]);
    })
    .await;
}

#[tokio::test]
async fn photos_can_be_thrown_away_and_sent_again() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        anna.send_album(1..=3).await;
        anna.tap("🗑 Убрать фото").await;
        anna.finally_sees("Все фото убраны.");
        anna.send_photo(4).await;
        anna.send_photo(4).await;
        anna.finally_sees("Принято фото: 2 из 10.");
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        assert_eq!(next_deals_photos(bot).await, [4, 4], "each is a photo of its own to Telegram");
    })
    .await;
}
