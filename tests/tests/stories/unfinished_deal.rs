//! The deal of a form that was left half-way, and what managers see when its customer finishes it.

use insta::assert_snapshot;
use serde_json::json;
use simulators::amocrm::{ADMIN, BOT_FIRST_STAGE, BOT_PIPELINE, Deal};
use stories::{ANNA, BORIS, Bot, card, is_complete, story};

const LOST: u64 = 143;
const WON: u64 = 142;

/// Stages of the pipeline «Бот».
const UNFINISHED_STAGE: u64 = BOT_FIRST_STAGE + 1;
const LATER_STAGE: u64 = BOT_FIRST_STAGE + 2;

async fn with_a_stage_of_its_own(bot: &Bot) {
    bot.put_dealer_file(&format!("[unfinished]\nstatus_id = {UNFINISHED_STAGE}")).await;
}

/// Anna's unfinished form is a deal, which a manager moves to this stage; then she finishes it.
async fn finished_in(bot: &Bot, n: u8, stage: u64) -> Deal {
    let id = bot.store_unfinished(n, ANNA, Vec::new()).await;
    bot.push_until_sent(&[id]).await;
    let deal = bot.next_deal();
    bot.manager_changes(deal.id, json!({ "pipeline_id": BOT_PIPELINE, "status_id": stage })).await;
    bot.finish_request(id, Vec::new()).await;
    bot.push_until_sent(&[id]).await;
    bot.crm().deals().into_iter().find(|other| other.id == deal.id).expect("it is still there")
}

#[tokio::test]
async fn an_unfinished_form_is_a_deal_and_finishing_it_completes_that_deal() {
    story(async |bot| {
        with_a_stage_of_its_own(bot).await;
        let photos = bot.photos(1);
        let id = bot.store_unfinished(1, ANNA, photos.clone()).await;
        bot.push_until_sent(&[id]).await;
        let deal = bot.next_deal();
        assert_eq!(deal.tags, ["unfinished"]);
        assert_snapshot!(card(&deal), @"
        Не закончил: Продажа авто — Toyota Camry — Анна | 0 ₽
        Бот | Созвонились | Ольга Менеджер
        Тип услуги: Продажа авто
        Марка: Toyota
        Модель: Camry
        Год выпуска: 2019
        Источник: Telegram Bot
        Номер заявки: NUMBER
        -- contact: Анна | +79001234567 | telegram_new
        Telegram ID: ID
        Telegram username: @anna_k
        -- note
        Заявка № NUMBER не закончена
        Продажа авто
        02.03.2026 TIME
        Остановился на вопросе: Цена

        Марка и модель: Toyota Camry
        Год выпуска: 2019

        Имя: Анна
        Телефон: +79001234567 (введён вручную, не подтверждён)
        Telegram ID: 1000
        Telegram: @anna_k
        Фото: 1
        -- task: Перезвонить: Анна, +79001234567. Не закончил заявку № NUMBER (Продажа авто), остановился на вопросе «Цена» | Ольга Менеджер
        -- file: NUMBER-1.jpg
        ");

        let photos = [photos, bot.photos(2)].concat();
        bot.finish_request(id, photos).await;
        bot.push_until_sent(&[id]).await;
        bot.deliver().await; // messages about photos that are done
        let deal = &bot.crm().deals()[0];
        assert_eq!(deal.tags, [""; 0]);
        assert_snapshot!(card(deal), @"
        Продажа авто — Toyota Camry — Анна | 1500000 ₽
        Бот | Новая заявка | Ольга Менеджер
        Тип услуги: Продажа авто
        Марка: Toyota
        Модель: Camry
        Год выпуска: 2019
        Источник: Telegram Bot
        Номер заявки: NUMBER
        -- contact: Анна | +79001234567 | telegram_new
        Telegram ID: ID
        Telegram username: @anna_k
        -- note
        Заявка № NUMBER не закончена
        Продажа авто
        02.03.2026 TIME
        Остановился на вопросе: Цена

        Марка и модель: Toyota Camry
        Год выпуска: 2019

        Имя: Анна
        Телефон: +79001234567 (введён вручную, не подтверждён)
        Telegram ID: 1000
        Telegram: @anna_k
        Фото: 1
        -- note
        Заявка № NUMBER закончена
        Продажа авто
        02.03.2026 TIME

        Марка и модель: Toyota Camry
        Год выпуска: 2019
        Пробег: 85 000 км

        Имя: Анна
        Телефон: +79001234567 (введён вручную, не подтверждён)
        Telegram ID: 1000
        Telegram: @anna_k
        Фото: 3
        -- task: Перезвонить: Анна, +79001234567. Не закончил заявку № NUMBER (Продажа авто), остановился на вопросе «Цена» | Ольга Менеджер
        -- file: NUMBER-1.jpg
        -- file: NUMBER-2.jpg
        -- file: NUMBER-3.jpg
        ");
    })
    .await;
}

#[tokio::test]
async fn a_finished_deal_stays_where_a_manager_has_put_it() {
    story(async |bot| {
        with_a_stage_of_its_own(bot).await;
        for (n, stage, shown) in [
            (1, LATER_STAGE, "Встреча назначена"),
            (2, WON, "Успешно реализовано"),
            (3, LOST, "Новая заявка"), // the customer is back
        ] {
            let deal = finished_in(bot, n, stage).await;
            assert_eq!(deal.stage, shown);
            assert_eq!((deal.name.as_str(), deal.notes.len()), ("Продажа авто — Toyota Camry — Анна", 2));
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_manager_has_corrected_stays_where_the_customer_has_not_answered_otherwise() {
    story(async |bot| {
        let id = bot.store_unfinished(1, ANNA, Vec::new()).await;
        bot.push_until_sent(&[id]).await;
        let deal = bot.next_deal();
        let model = json!([{ "field_code": "CAR_MODEL", "values": [{ "value": "Camry XV70" }] }]);
        let change = json!({ "price": 1_000_000, "responsible_user_id": ADMIN, "custom_fields_values": model });
        bot.manager_changes(deal.id, change).await;
        bot.finish_request(id, Vec::new()).await;
        bot.push_until_sent(&[id]).await;
        let deal = &bot.crm().deals()[0];
        assert_eq!((deal.field("CAR_MODEL"), deal.responsible.as_str()), (Some("Camry XV70"), "Анна Директор"));
        assert_eq!(deal.price, 1_500_000, "the customer has named it now");
    })
    .await;
}

#[tokio::test]
async fn a_deal_that_was_deleted_is_made_again_when_the_form_is_finished() {
    story(async |bot| {
        let id = bot.store_unfinished(1, ANNA, Vec::new()).await;
        bot.push_until_sent(&[id]).await;
        let deleted = bot.next_deal();
        bot.finish_request(id, Vec::new()).await;
        bot.crm().delete_deal(deleted.id);
        bot.push_until_sent(&[id]).await;
        let deals = bot.crm().deals();
        let [deal] = &deals[..] else { panic!("{deals:?}") };
        assert_ne!(deal.id, deleted.id);
        assert_eq!((deal.name.as_str(), deal.tags.len()), ("Продажа авто — Toyota Camry — Анна", 0));
        assert!(is_complete(deal), "{deal:#?}");
        assert!(deal.notes[0].starts_with(&format!("Заявка № {}\n", id.request_number())), "{:?}", deal.notes);
    })
    .await;
}

#[tokio::test]
async fn a_stage_that_the_account_does_not_know_is_the_usual_one_and_the_admins_are_told_once() {
    story(async |bot| {
        bot.put_dealer_file("[unfinished]\nstatus_id = 999").await;
        let ids = [bot.store_unfinished(1, ANNA, Vec::new()).await, bot.store_unfinished(2, BORIS, Vec::new()).await];
        for id in ids {
            bot.push_until_sent(&[id]).await;
            let deal = bot.next_deal();
            assert_eq!((deal.stage.as_str(), &deal.tags), ("Новая заявка", &vec!["unfinished".to_owned()]));
        }
        assert_snapshot!(bot.admin().reads().join("\n"), @"⚠️ amoCRM не принимает этап для незаконченных заявок: их сделки попадают на обычный этап. Исправьте status_id в разделе [unfinished] файла автосалона (список: carquery amocrm pipelines).");
    })
    .await;
}
