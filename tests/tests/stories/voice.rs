//! Voice messages: heard once, taken as if typed, and kept with the deal.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use settings::time_budget::QUESTION;
use simulators::fault::{Fault, When};
use simulators::openai::OpenAi;
use stories::{Bot, Customer, Setup, System, answers, give_name_and_phone, story, story_with};

const SOUND: &[u8] = b"OggS, and so on";
const ROUTE: &str = "POST /v1/audio/transcriptions";

/// A bot with a model for voice messages.
fn listening() -> Setup {
    Setup::default().with("OPENAI_TRANSCRIBE_MODEL", "gpt-transcribe")
}

fn model(bot: &Bot) -> &OpenAi {
    bot.stack().openai().expect("the model is simulated")
}

/// Sends a voice message in which the model hears this.
async fn speak(bot: &Bot, customer: &Customer, words: &str) -> i64 {
    model(bot).hear(words);
    customer.act(|app| app.send_voice(SOUND, 3)).await
}

#[tokio::test]
async fn a_spoken_sentence_becomes_a_filled_form_and_a_deal_with_the_sound_and_the_words() {
    story_with(listening(), async |bot| {
        let anna = bot.customer("Анна");
        speak(bot, &anna, "Продаю Тойоту Камри 2019 года, пробег 85 тысяч, хочу полтора миллиона").await;
        let read = anna.reads();
        assert_eq!(read[0], "🎙 Я услышал: Продаю Тойоту Камри 2019 года, пробег 85 тысяч, хочу полтора миллиона");
        assert!(read[1].starts_with("Поможем продать Toyota Camry."), "{read:#?}");
        anna.tap("🚗 Продать авто").await;
        anna.sees("Я понял из вашего сообщения 4 ответа");
        anna.tap("✅ Принять всё (4)").await;
        give_name_and_phone(&anna).await;
        let _ = anna.reads();
        anna.tap("💬 Комментарий").await;
        speak(bot, &anna, "Не битая, один хозяин").await;
        let read = anna.reads().join("\n");
        assert!(read.contains("🎙 Я услышал: Не битая, один хозяин"), "{read}");
        let number = anna.send_request().await;

        let deal = bot.deliver_request(&number, &anna).await;
        assert_snapshot!(answers(&deal), @"
        Продажа авто — Toyota Camry — Анна | 1500000 ₽
        Тип услуги: Продажа авто
        Марка: Toyota
        Модель: Camry
        Год выпуска: 2019
        Пробег: 85 000 км
        -- note
        Вопрос в чате: Продаю Тойоту Камри 2019 года, пробег 85 тысяч, хочу полтора миллиона (голосом)
        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Пробег: 85 000 км
        Цена: 1 500 000 ₽
        Комментарий: Не битая, один хозяин (голосом)

        Имя: Анна
        Телефон: +79001234567 (номер подтверждён Telegram)
        Голосовые сообщения: 2
        ");
        let files: Vec<_> = bot.crm().deals()[0].files.iter().map(|file| file.name.clone()).collect();
        assert_eq!(files, [format!("{number}-voice-1.ogg"), format!("{number}-voice-2.ogg")]);
    })
    .await;
}

#[tokio::test]
async fn spoken_numbers_fill_the_form_with_and_without_a_model_for_texts() {
    for has_model in [true, false] {
        story_with(listening(), async |bot| {
            let _off = (!has_model)
                .then(|| bot.fail(System::OpenAi, "POST /v1/chat/completions", When::Always, Fault::Html(500)));
            let anna = bot.customer("Анна");
            speak(bot, &anna, "Продаю камри две тысячи девятнадцатого, пробег восемьдесят пять тысяч.").await;
            let read = anna.reads();
            assert!(read[1].contains("Toyota Camry") && read[1].contains("[🚗 Продать авто]"), "{read:#?}");
            anna.tap("🚗 Продать авто").await;
            anna.tap("✅ Принять всё (3)").await;
            anna.finally_sees("Шаг 4 из 8");
            anna.tap("На ваше усмотрение").await;
            give_name_and_phone(&anna).await;
            let form = anna.reads().pop().expect("the confirmation");
            for line in ["Марка и модель: Toyota Camry", "Год выпуска: 2019", "Пробег: 85\u{a0}000\u{a0}км"]
            {
                assert!(form.contains(line), "{line}: {form}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_spoken_answer_meets_the_steps_own_check() {
    story_with(listening(), async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        anna.tap("🚗 Продать авто").await;
        speak(bot, &anna, "Киа Рио").await;
        anna.tap("2019").await;
        let _ = anna.reads();
        speak(bot, &anna, "не помню").await;
        let read = anna.reads();
        assert_eq!(read[0], "🎙 Я услышал: не помню");
        assert!(read[1].contains("Не вижу здесь пробега") && read[1].contains("Шаг 3 из 8"), "{read:#?}");
        speak(bot, &anna, "восемьдесят пять тысяч").await;
        anna.finally_sees("Шаг 4 из 8");
        assert_eq!(model(bot).recordings().len(), 3);
        assert!(model(bot).questions().is_empty(), "inside a dialog the words are an answer");
    })
    .await;
}

#[tokio::test]
async fn what_models_make_up_for_silence_is_not_an_answer() {
    story_with(listening(), async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        anna.tap("🚗 Продать авто").await;
        let _ = anna.reads();
        for made_up in ["Продолжение следует...", "Субтитры сделал DimaTorzok", "", "…"]
        {
            speak(bot, &anna, made_up).await;
            anna.sees("Не разобрал, что сказано в голосовом сообщении. Здесь нужен ответ текстом");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_too_long_or_too_large_is_not_sent_to_the_model() {
    story_with(listening(), async |bot| {
        let anna = bot.customer("Анна");
        anna.act(|app| app.send_voice(SOUND, 121)).await;
        anna.sees("нужно не дольше двух минут");
        anna.act(|app| app.send_voice(vec![b'O'; 5 * 1024 * 1024 + 1], 100)).await;
        anna.sees("нужно не дольше двух минут");
        assert!(model(bot).recordings().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_model_or_a_download_that_fails_gets_the_hint_and_costs_one_call() {
    story_with(listening(), async |bot| {
        let anna = bot.customer("Анна");
        for (system, route, fault) in [
            (System::OpenAi, ROUTE, Fault::Html(502)),
            (System::OpenAi, ROUTE, Fault::Garbage),
            (System::OpenAi, ROUTE, Fault::LoseAnswer),
            (System::Telegram, "file", Fault::Html(502)),
        ] {
            let mark = bot.mark();
            let failing = bot.fail(system, route, When::Always, fault);
            speak(bot, &anna, "Продаю Киа Рио").await;
            anna.sees("Не разобрал, что сказано в голосовом сообщении.");
            assert!(failing.has_struck());
            let calls = bot.calls_since(&mark).get(&(System::OpenAi, ROUTE.to_owned())).copied().unwrap_or_default();
            assert_eq!(calls, u32::from(system == System::OpenAi));
        }
    })
    .await;
}

#[tokio::test]
async fn a_model_that_hangs_gets_the_hint_in_time() {
    story_with(listening(), async |bot| {
        let anna = bot.customer("Анна");
        let hanging = bot.fail(System::OpenAi, ROUTE, When::Always, Fault::Hang(Duration::from_secs(60)));
        let begun = Instant::now();
        anna.app.send_voice(SOUND, 3).expect("it is sent");
        let hint = anna.app.take_next(QUESTION).await.expect("the hint comes in time").message.text;
        assert!(begun.elapsed() < QUESTION, "{:?}", begun.elapsed());
        assert!(hint.starts_with("Не разобрал, что сказано в голосовом сообщении."), "{hint}");
        assert!(hanging.has_struck());
        anna.settle().await;
    })
    .await;
}

#[tokio::test]
async fn a_message_that_telegram_delivers_again_is_heard_once() {
    story_with(listening(), async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        let _ = anna.reads();
        let _slow = bot.fail(System::OpenAi, ROUTE, When::Always, Fault::Hang(Duration::from_millis(300)));
        model(bot).hear("Продаю Киа Рио");
        let update = anna.app.send_voice(SOUND, 3).expect("it is sent");
        anna.redeliver(update).await;
        anna.settle().await;
        anna.redeliver(update).await;
        assert_eq!((model(bot).recordings().len(), model(bot).questions().len()), (1, 1));
        assert_eq!(anna.reads().len(), 2, "what was heard, and the answer");
    })
    .await;
}

#[tokio::test]
async fn voice_messages_count_among_the_questions_of_the_day() {
    story_with(listening(), async |bot| {
        bot.put_dealer_file("[limits]\nmodel_questions_a_day = 1\n").await;
        let anna = bot.customer("Анна");
        speak(bot, &anna, "Продаю Киа Рио").await;
        let read = anna.reads();
        assert_eq!(read[0], "🎙 Я услышал: Продаю Киа Рио");
        assert!(model(bot).questions().is_empty(), "the rules have answered: {read:#?}");
        speak(bot, &anna, "Продаю Киа Рио").await;
        anna.sees("Не разобрал, что сказано в голосовом сообщении.");
        assert_eq!(model(bot).recordings().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn without_the_setting_voice_messages_are_declined() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        speak(bot, &anna, "Продаю Киа Рио").await;
        anna.sees("Голосовые сообщения я пока не понимаю.");
        assert!(model(bot).recordings().is_empty());
    })
    .await;
}
