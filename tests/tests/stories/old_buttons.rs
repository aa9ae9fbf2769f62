//! Buttons of earlier messages: most of them are removed, and the others do nothing.

use stories::{story, to_confirmation};

use crate::conversation::to_mileage;

#[tokio::test]
async fn a_button_of_another_step_another_dialog_or_a_finished_one_is_dead() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        let menu = anna.button("🔍 Купить авто");
        anna.tap("🚗 Продать авто").await;
        anna.say("Toyota Camry").await;
        let year = anna.button("2019");
        anna.tap("2020").await;
        anna.finally_sees("Какой пробег");

        anna.press(&year).await;
        assert_eq!(anna.alert(), "Кнопка больше не активна");
        anna.press(&menu).await;
        assert_eq!(anna.alert(), "Кнопка больше не активна");
        anna.sees_nothing();
        anna.tap("⬅️ Назад").await;
        anna.sees("Текущее значение: 2020");
        anna.say("/start").await;
        anna.tap("Да, сбросить").await;
        let _ = (anna.reads(), anna.sees_no_alert());

        to_confirmation(&anna).await;
        let send = anna.button("✅ Отправить");
        let _ = anna.send_request().await;
        anna.sees_no_alert();
        for forged in
            [send.1.as_str(), "1:open:sell", "nonsense", "", "99999999:send", "💣💣💣💣💣💣💣💣💣💣💣💣💣💣💣💣"]
        {
            anna.press(&(send.0, forged.to_owned())).await;
            assert_eq!(anna.alert(), "Кнопка больше не активна", "{forged}");
        }
        anna.sees_nothing();
        assert_eq!(bot.requests().await.len(), 1);
        bot.deliver().await;
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn no_dead_buttons_stay_behind() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_mileage(&anna).await;
        for text in ["много", "85000", "1,5 млн"] {
            anna.say(text).await;
            let _ = anna.reads();
            let alive = anna.messages_with_buttons();
            assert_eq!(alive.len(), 1, "after «{text}»: {alive:#?}");
        }
        anna.send_photo(1).await;
        anna.tap("✅ Готово").await;
        let _ = anna.reads();
        assert_eq!(anna.messages_with_buttons().len(), 0, "the name has a keyboard of its own");
        assert!(!anna.keyboard().is_empty());
        anna.say("Анна").await;
        let _ = anna.reads();
        assert_eq!(anna.messages_with_buttons().len(), 0, "and so has the phone");
        assert!(!anna.keyboard().is_empty());
        anna.tap("🏠 В начало").await;
        anna.tap("Да, сбросить").await;
        let _ = anna.reads();
        assert_eq!(anna.keyboard(), "", "nor does a keyboard");
    })
    .await;
}
