//! Long, odd and hostile texts.

use std::time::Duration;

use lead::{Consent, PhoneSource};

use super::dealer_facts::informed;
use super::talk::{Talk, answer, captioned};
use crate::{AiAnswer, Choices, Conversation, Entities, Input, Intent, Profile, Unsupported, consent};

#[test]
fn long_answers_are_kept_whole_and_shortened_only_on_the_screen() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    let (situation, comment) = ("ы".repeat(1000), "й".repeat(1000));
    talk.tap("Другое").say(&"ж".repeat(200)).say(&situation).say(&"Я".repeat(60)).say("+79001234567").say(&comment);
    assert!(talk.screen().contains(&comment), "this much fits a message");
    talk.tap("✅ Отправить");
    let answers = &talk.requests[0].answers;
    assert!(answers.iter().any(|line| line.answer == situation));
    assert!(answers.iter().any(|line| line.answer == comment));
}

#[test]
fn all_texts_of_a_questionnaire_may_have_their_full_length() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Другое").say(&"ж".repeat(1000)).say(&"ы".repeat(1000)).say(&"Я".repeat(60)).say("+79001234567");
    talk.say(&"й".repeat(1000));
    assert_eq!(talk.header(), "*Юридическая помощь · Проверьте заявку*");
    talk.tap("✅ Отправить");
    let answers = &talk.requests[0].answers;
    for long in ["ж", "ы", "й"] {
        assert!(answers.iter().any(|line| line.answer == long.repeat(1000)), "{long}");
    }

    let mut talk = Talk::in_branch("🎯 Подбор авто");
    talk.tap("Другое").say(&"ж".repeat(1000)).tap("до 500 000 ₽").say(&"ы".repeat(1000)).tap("Седан");
    talk.say(&"Я".repeat(60)).say("+79001234567").say(&"й".repeat(1000));
    assert_eq!(talk.header(), "*Подбор авто · Проверьте заявку*");

    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say(&"ж".repeat(1000)).tap("2019").say("85 тыс").tap("На ваше усмотрение").tap("⏭ Пропустить");
    talk.say(&"Я".repeat(60)).say("+79001234567").say(&"й".repeat(1000));
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
}

/// A conversation with the most of everything besides a form when a dialog begins.
fn full_of_other_things(answer: AiAnswer) -> Talk {
    let mut talk = Talk::with_long_numbers();
    let name = format!("{}я", "🚗".repeat(59));
    let consent = Consent { version: consent::version(&talk.rules), at: talk.now, update_id: talk.last_update() };
    let choices = Choices { consent: Some(consent), reminders_off: false };
    let profile = Profile::new(Some(&name), Some("+79001234567"), PhoneSource::OwnContact).with_choices(choices);
    talk.conversation = Conversation::begin(profile);
    talk.conversation.requests_today.add(talk.now);
    talk.follow(&"a".repeat(64)).follow(&format!("s_a__m_b__t_c__c_{}", "d".repeat(47)));
    for album in 0..4 {
        talk.input(captioned("a", Some(&format!("1390012345678901{album}")), "Продаю"));
    }
    for _ in 0..8 {
        talk.say(&"щ".repeat(500)).understand(answer.clone());
    }
    talk.say(&"щ".repeat(500)).say(&"щ".repeat(500)).say("Одиннадцатый вопрос").understand(answer).say("Двенадцатый");
    talk
}

/// Lets the form become an unfinished request, makes the line above the screen as long as it can be, and draws the
/// warning about the rate.
fn fill_the_rest(talk: &mut Talk) {
    talk.dealer().unfinished.remind_after = Some(Duration::from_mins(5));
    talk.dealer().unfinished.to_crm_after = Some(Duration::from_mins(10));
    talk.input(Input::Unsupported { kind: Unsupported::Sticker, album: None, caption: None });
    talk.wait_until_due().tap("Больше не напоминать").tap("Продолжить").wait_until_due();
    assert_eq!(talk.requests.len(), 1);
    for _ in 0..9 {
        talk.at_once(Input::Unsupported { kind: Unsupported::LargeImage, album: None, caption: None });
    }
    let size = serde_json::to_vec(&talk.conversation).expect("it serialises").len();
    assert!((7000..8192).contains(&size), "{size}");
    talk.rules.dealer = informed(Talk::new()).rules.dealer;
    talk.wait(60).say("Где вы находитесь и до скольки работаете?"); // the stored state is checked again
}

#[test]
fn a_conversation_with_every_text_stays_below_its_limit() {
    let mut talk = full_of_other_things(answer(Intent::Legal, 0.9, "Поможем"));
    talk.tap("⚖️ Юридическая помощь").tap("Другое").say(&"👍".repeat(1000)).say(&"ы".repeat(680));
    talk.tap("✏️ Другие имя и номер").say(&format!("{}я", "🚗".repeat(59))).say("+79001234567").say(&"\"".repeat(79));
    assert_eq!(talk.header(), "*Юридическая помощь · Проверьте заявку*");
    fill_the_rest(&mut talk);
}

#[test]
fn a_conversation_with_every_voice_message_stays_below_its_limit() {
    let mut talk = full_of_other_things(answer(Intent::Legal, 0.9, "Поможем"));
    talk.wait(60).speak(&"щ".repeat(500)).understand(answer(Intent::Legal, 0.9, "Поможем"));
    talk.tap("⚖️ Юридическая помощь").tap("Другое").speak(&"👍".repeat(560)).speak(&"ы".repeat(640));
    talk.tap("✏️ Другие имя и номер")
        .speak(&format!("{}я", "🚗".repeat(59)))
        .speak("+79001234567")
        .speak(&"\"".repeat(79));
    assert_eq!(talk.header(), "*Юридическая помощь · Проверьте заявку*");
    fill_the_rest(&mut talk);
    for _ in 0..3 {
        talk.wait(60).speak_for(3).speak_for(3).speak_for(3).hear(Some(&"ы".repeat(1000)));
    }
    talk.wait(60).tap("✅ Отправить");
    let voices = talk.requests.last().expect("a request").voices.len();
    assert!((3..=5).contains(&voices), "{voices}");
}

#[test]
fn a_conversation_with_every_photo_stays_below_its_limit() {
    let told = AiAnswer {
        entities: Entities {
            make: Some("Тойота".into()),
            model: Some("камри".into()),
            year: Some(2019),
            roubles: Some(1_500_000),
            km: Some(85_000),
        },
        ..answer(Intent::Sell, 0.9, "Оформим?")
    };
    let mut talk = full_of_other_things(told);
    talk.tap("🚗 Продать авто").say(&format!("К{}", "🚗".repeat(514))).tap("✅ Принять всё (3)");
    talk.say(&format!("{}я", "🚗".repeat(59))).say("+79001234567").tap("📷 Добавить фото");
    for n in 0..10 {
        let album = format!("1490012345678901{n}");
        talk.input(captioned(&format!("{n}{}", "x".repeat(76)), Some(&album), &"ы".repeat(1024)));
    }
    talk.tap("✅ Готово").tap("💬 Комментарий").say(&"ю".repeat(680));
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    fill_the_rest(&mut talk);
}

#[test]
fn a_conversation_with_every_remark_stays_below_its_limit() {
    let mut talk = full_of_other_things(answer(Intent::Sell, 0.9, "Оформим?"));
    let words = |value: &str, count| format!("{value}, {}", "ы".repeat(count));
    talk.tap("🚗 Продать авто").say(&"ж".repeat(500)).say(&words("2019 год", 280)).say(&words("85 тыс", 280));
    talk.say(&words("1 350 000", 280));
    for n in 0..10 {
        talk.input(captioned(&format!("{n}{}", "x".repeat(76)), Some(&format!("1490012345678901{n}")), "ы"));
    }
    talk.tap("✅ Готово").say(&format!("{}я", "🚗".repeat(59))).say(&words("+79001234567", 100));
    talk.say(&"ю".repeat(25));
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    talk.tap("✏️ Изменить").tap("Пробег").say(&words("85 тыс", 280)).tap("✏️ Изменить").tap("Цена").say("900");
    fill_the_rest(&mut talk);
}

#[test]
fn emoji_count_twice_for_telegram() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say(&"👍".repeat(1000));
    talk.say(&format!("{}я", "🚗".repeat(59))).say("+79001234567").say(&"🙏".repeat(1000));
    assert!(talk.screen().contains("получается слишком длинно"), "{}", talk.screen());
    talk.say(&"ы".repeat(200));
    assert!(talk.screen().contains(&"👍".repeat(1000)), "{}", talk.screen());
    talk.tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 1);
}

#[test]
fn what_does_not_fit_a_message_is_shortened() {
    let mut talk = Talk::new();
    for _ in 0..3 {
        talk.say(&"щ".repeat(500)).understand(answer(Intent::Faq, 0.9, "Ответ"));
    }
    talk.tap("👤 Передать вопрос менеджеру").say("Иван").say("+79001234567");
    assert!(talk.screen().contains(&"щ".repeat(500)));
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").say("85 тыс").tap("На ваше усмотрение").tap("⏭ Пропустить");
    talk.say(&format!("{}я", "🚗".repeat(59))).say("+79001234567").say(&"👍".repeat(1000));
    assert!(talk.screen().contains(&"👍".repeat(1000)), "two thousand units fit");
}

#[test]
fn too_long_a_text_is_refused_with_its_limit() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say(&"ы".repeat(1001));
    assert!(talk.screen().contains("Слишком длинно. Уместите, пожалуйста, в 1000 символов."));
    talk.say("Коротко").say(&"Я".repeat(61));
    assert!(talk.screen().contains("в 60 символов."));
}

#[test]
fn typed_text_is_shown_unchanged() {
    let odd = "<b>&amp;_*[x](y)`\\\"' 👩‍👩‍👧 𝕏 مرحبا שלום";
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say(odd).say("Иван").say("+79001234567").say("\u{202e}задом наперёд");
    let screen = talk.screen();
    assert!(screen.contains(&format!("*Ситуация:* {odd}\n")), "{screen}");
    assert!(screen.contains("*Комментарий:* \u{2068}\u{202e}задом наперёд\u{2069}\n"), "{screen}");
    talk.tap("✅ Отправить");
    assert!(talk.requests[0].answers.iter().any(|line| line.answer == odd));
    assert!(talk.requests[0].answers.iter().any(|line| line.answer == "\u{202e}задом наперёд"));
}

#[test]
fn a_long_car_fits_its_button() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say(&format!("тойота камри {}", "х".repeat(25)));
    assert!(talk.button("✏️ Toyota Camry хххххххххххххххх…").is_some(), "{}", talk.screen());
}
