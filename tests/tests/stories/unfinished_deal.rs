//! The deal of a form that was left half-way.

use insta::assert_snapshot;
use simulators::amocrm::BOT_FIRST_STAGE;
use stories::{ANNA, BORIS, Bot, card, story};

/// A stage of the pipeline «Бот».
const UNFINISHED_STAGE: u64 = BOT_FIRST_STAGE + 1;

async fn with_a_stage_of_its_own(bot: &Bot) {
    bot.put_dealer_file(&format!("[unfinished]\nstatus_id = {UNFINISHED_STAGE}")).await;
}

#[tokio::test]
async fn an_unfinished_form_is_a_deal_that_says_so() {
    story(async |bot| {
        with_a_stage_of_its_own(bot).await;
        let id = bot.store_unfinished(1, ANNA, bot.photos(1)).await;
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
        bot.deliver().await; // the message about photos that are done
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
        assert_snapshot!(bot.admin().reads().join("\n"), @"⚠️ amoCRM не принимает этап для незаконченных заявок: их сделки попадают на обычный этап. Исправьте status_id в разделе [unfinished] файла dealer.toml (список: carquery amocrm pipelines).");
    })
    .await;
}
