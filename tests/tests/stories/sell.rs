//! Selling a car, screen by screen, from the menu to the deal.

use insta::assert_snapshot;
use stories::{answers, card, story};

#[tokio::test]
async fn anna_sells_her_car() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        assert_snapshot!(anna.screen(), @"
        Здравствуйте! 👋 Я помощник автосалона: помогу продать, купить, подобрать или проверить автомобиль и разобраться с документами.

        Выберите, что нужно, или просто напишите своими словами.
        [🚗 Продать авто] [🔍 Купить авто]
        [🎯 Подбор авто] [🔧 Проверка авто]
        [⚖️ Юридическая помощь] [💬 Задать вопрос]
        ");
        anna.tap("🚗 Продать авто").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 1 из 8

        Какой автомобиль продаёте? Напишите марку и модель.
        Например: Toyota Camry
        [🏠 В начало]
        ");
        anna.say("Toyota Camry").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 2 из 8

        Какого года автомобиль?
        [2027] [2026] [2025]
        [2024] [2023] [2022]
        [2021] [2020] [2019]
        [2018] [2017] [Старше]
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.tap("2019").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 3 из 8

        Какой пробег, в километрах?
        Можно так: 85 000 или 85 тыс.
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.say("85 тыс").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 4 из 8

        За какую сумму хотите продать?
        Можно так: 1 500 000 или 1,5 млн
        [На ваше усмотрение]
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.say("1,5 млн").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 5 из 8

        Пришлите фото автомобиля — по одному или альбомом, до 10 штук.
        [⏭ Пропустить]
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.send_album(1..=10).await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 5 из 8

        📷 Альбом получен, сохраняю все фото. Можно прислать ещё (всего до 10) или нажать «✅ Готово».

        Пришлите фото автомобиля — по одному или альбомом, до 10 штук.
        [✅ Готово]
        [🗑 Убрать фото]
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.tap("✅ Готово").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 6 из 8

        Как к вам обращаться? Напишите имя или нажмите «📱 Поделиться контактом»: имя и номер возьму оттуда.
        ");
        assert_snapshot!(anna.keyboard(), @"
        [📱 Поделиться контактом]
        [Анна]
        [⬅️ Назад][🏠 В начало]
        ");
        anna.say("Анна <b>К.</b> & 😀").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 7 из 8

        По какому номеру вам позвонить? Нажмите «📱 Поделиться контактом» или напишите номер.
        ");
        assert_snapshot!(anna.keyboard(), @"
        [📱 Поделиться контактом]
        [⬅️ Назад][🏠 В начало]
        ");
        anna.share_contact("79001234567").await;
        assert_snapshot!(anna.reads().join("\n---\n"), @"
        Принято: +7 900 123-45-67
        ---
        Продажа авто · Шаг 8 из 8

        Хотите что-нибудь добавить? Напишите комментарий для менеджера.
        [⏭ Пропустить]
        [⬅️ Назад] [🏠 В начало]
        ");
        assert_eq!(anna.keyboard(), "", "the phone's keyboard is gone");
        anna.say("Не битая, <один> хозяин").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Проверьте заявку

        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Пробег: 85 000 км
        Цена: 1 500 000 ₽
        Фото: 10 фото
        Имя: Анна <b>К.</b> & 😀
        Телефон: +7 900 123-45-67
        Комментарий: Не битая, <один> хозяин

        Нажимая «✅ Отправить», вы соглашаетесь на обработку персональных данных.
        [✅ Отправить]
        [✏️ Изменить] [❌ Отменить]
        ");
        anna.tap("✅ Отправить").await;
        let thanks = anna.screen();
        assert_eq!(anna.messages_with_buttons().len(), 1, "only the menu has buttons now");

        bot.deliver().await;
        let deal = bot.next_deal();
        let number = deal.field("REQUEST_ID").expect("the deal carries the request's number");
        assert_snapshot!(thanks.replace(number, "NUMBER"), @"
        Спасибо! Заявка отправлена. 🎉
        Номер заявки: NUMBER

        Менеджер скоро с вами свяжется. А пока могу помочь чем-нибудь ещё.
        [🚗 Продать авто] [🔍 Купить авто]
        [🎯 Подбор авто] [🔧 Проверка авто]
        [⚖️ Юридическая помощь] [💬 Задать вопрос]
        ");
        assert_snapshot!(card(&deal), @"
        Продажа авто — Toyota Camry — Анна <b>К.</b> & 😀 | 1500000 ₽
        Бот | Новая заявка | Ольга Менеджер
        Тип услуги: Продажа авто
        Марка: Toyota
        Модель: Camry
        Год выпуска: 2019
        Пробег: 85 000 км
        Источник: Telegram Bot
        Номер заявки: NUMBER
        -- contact: Анна <b>К.</b> & 😀 | +79001234567 | telegram_new
        Telegram ID: ID
        Telegram username: @anna_k
        -- note
        Заявка № NUMBER
        Продажа авто
        02.03.2026 TIME

        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Пробег: 85 000 км
        Цена: 1 500 000 ₽
        Фото: 10 фото
        Комментарий: Не битая, <один> хозяин

        Имя: Анна <b>К.</b> & 😀
        Телефон: +79001234567 (номер подтверждён Telegram)
        Telegram ID: 7000000005
        Telegram: @anna_k
        Фото: 10
        Согласие на обработку данных: 02.03.2026 TIME, версия VERSION
        -- task: Перезвонить: Анна <b>К.</b> & 😀, +79001234567. Продажа авто, заявка № NUMBER | Ольга Менеджер
        -- file: NUMBER-1.jpg
        -- file: NUMBER-2.jpg
        -- file: NUMBER-3.jpg
        -- file: NUMBER-4.jpg
        -- file: NUMBER-5.jpg
        -- file: NUMBER-6.jpg
        -- file: NUMBER-7.jpg
        -- file: NUMBER-8.jpg
        -- file: NUMBER-9.jpg
        -- file: NUMBER-10.jpg
        ");
        let due_in = deal.tasks[0].due - bot.now();
        assert!((1700..=1800).contains(&due_in), "the call-back is due in 30 minutes, not in {due_in} s");
    })
    .await;
}

#[tokio::test]
async fn igor_sells_an_old_car_and_leaves_the_price_to_the_dealer() {
    story(async |bot| {
        let igor = bot.customer("Игорь");
        igor.say("/start").await;
        igor.tap("🚗 Продать авто").await;
        igor.say("ВАЗ 2107").await;
        igor.finally_sees("Вы написали «ВАЗ 2107». Записать как Lada 2107?");
        igor.tap("✏️ Lada 2107").await;
        igor.finally_sees("Шаг 2 из 8");
        igor.tap("Старше").await;
        igor.finally_sees("Напишите год выпуска");
        igor.say("1988").await;
        igor.say("120000").await;
        igor.tap("На ваше усмотрение").await;
        igor.tap("⏭ Пропустить").await;
        igor.say("Игорь").await;
        igor.say("8 (912) 345-67-89").await;
        igor.tap("⏭ Пропустить").await;
        assert_snapshot!(igor.reads().pop().unwrap(), @"
        Продажа авто · Проверьте заявку

        Марка и модель: Lada 2107
        Год выпуска: 1988
        Пробег: 120 000 км
        Цена: На ваше усмотрение
        Фото: —
        Имя: Игорь
        Телефон: +7 912 345-67-89
        Комментарий: —

        Нажимая «✅ Отправить», вы соглашаетесь на обработку персональных данных.
        [✅ Отправить]
        [✏️ Изменить] [❌ Отменить]
        ");
        let number = igor.send_request().await;

        let deal = bot.deliver_request(&number, &igor).await;
        assert_snapshot!(answers(&deal), @"
        Продажа авто — Lada 2107 — Игорь | 0 ₽
        Тип услуги: Продажа авто
        Марка: Lada
        Модель: 2107
        Год выпуска: 1988
        Пробег: 120 000 км
        -- note
        Марка и модель: Lada 2107
        Год выпуска: 1988
        Пробег: 120 000 км
        Цена: На ваше усмотрение

        Имя: Игорь
        Телефон: +79123456789 (введён вручную, не подтверждён)
        ");
    })
    .await;
}
