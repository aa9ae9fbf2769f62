//! Long, odd and hostile texts.

use super::talk::Talk;

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
        talk.say(&"щ".repeat(500)).understand(super::talk::answer(crate::Intent::Faq, 0.9, "Ответ"));
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
fn whatever_is_typed_comes_back_as_typed() {
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
