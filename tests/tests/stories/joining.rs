//! One customer, one open deal: what joins it, what does not, and what everybody sees.

use insta::assert_snapshot;
use lead::{CrmField, LOST, LeadId, PhoneSource, Request, WON};
use serde_json::{Value, json};
use simulators::amocrm::{self, ADMIN, BOT_FIRST_STAGE, Deal, MANAGER, SALES_FIRST_STAGE, SALES_PIPELINE};
use stories::{
    ANNA, Bot, Setup, account_without_lag, card, is_complete, numbers_of, story, story_with, to_confirmation_again,
    to_sent,
};

pub(crate) const JOINS: &str = "[repeat]\njoin_open_deal_days = 30";
pub(crate) const LATER_STAGE: u64 = BOT_FIRST_STAGE + 2;

/// A bot that joins requests to open deals, in the present.
pub(crate) async fn joining_bot() -> Bot {
    let bot = Bot::at(account_without_lag()).await;
    bot.put_dealer_file(JOINS).await;
    bot
}

pub(crate) async fn delivered(bot: &Bot, n: u8, phone: &str, change: impl FnOnce(&mut Request)) -> LeadId {
    let id = bot.store_with(n, phone, change).await;
    bot.push_until_sent(&[id]).await;
    id
}

fn confirmed(request: &mut Request) {
    request.customer.phone_source = PhoneSource::OwnContact;
}

/// From another chat.
fn from_chat(chat_id: i64, source: PhoneSource) -> impl FnOnce(&mut Request) {
    move |request| (request.customer.chat_id, request.customer.phone_source) = (chat_id, source)
}

pub(crate) fn only_deal(bot: &Bot) -> Deal {
    let mut deals = bot.crm().deals();
    assert_eq!(deals.len(), 1, "{deals:#?}");
    deals.remove(0)
}

/// The requests are in two deals of their own.
fn are_apart(bot: &Bot, first: LeadId, second: LeadId, what: &str) {
    let deals = bot.crm().deals();
    let numbers: Vec<_> = deals.iter().map(numbers_of).collect();
    assert_eq!(numbers, [[second.request_number()], [first.request_number()]], "{what}");
    assert!(is_complete(&deals[0]), "{what}: {deals:#?}");
    assert_eq!(deals[0].tags, [""; 0], "{what}");
}

/// The requests are in one deal, with a note and a task each.
fn are_together(bot: &Bot, first: LeadId, second: LeadId, what: &str) -> Deal {
    let deal = only_deal(bot);
    assert_eq!(numbers_of(&deal), [first, second].map(|id| id.request_number()), "{what}");
    assert_eq!((deal.tasks.len(), bot.crm().twins().is_none()), (2, true), "{what}: {deal:#?}");
    assert_eq!(deal.tags, ["telegram_repeat"], "{what}");
    deal
}

#[tokio::test]
async fn a_second_request_of_the_same_service_joins_the_open_deal_and_the_customer_reads_it() {
    story(async |bot| {
        bot.put_dealer_file(JOINS).await;
        let anna = bot.customer("Анна");
        let first = to_sent(&anna).await;
        let deal = bot.deliver_request(&first, &anna).await;
        bot.manager_changes(deal.id, json!({ "name": "Октавия Анны", "status_id": LATER_STAGE })).await;

        anna.tap("🔧 Проверка авто").await;
        anna.tap("Комплексная проверка").await;
        anna.say("Skoda Superb").await;
        anna.say("XW8AN2NE3JH035743").await;
        anna.tap("✅ Да").await;
        anna.say("Заодно посмотрите двигатель").await;
        let _ = anna.reads();
        anna.tap("✅ Отправить").await;
        let thanks = anna.screen();
        let second = number_in(&thanks);
        assert_snapshot!(thanks.replace(&first, "FIRST").replace(&second, "SECOND"), @"
        Спасибо! Заявка отправлена. 🎉
        Номер заявки: SECOND
        Добавил к вашей заявке FIRST — менеджер увидит их вместе. Если ту уже закрыли, эта придёт ему отдельно.

        Менеджер скоро с вами свяжется. А пока могу помочь чем-нибудь ещё.
        [🚗 Продать авто] [🔍 Купить авто]
        [🎯 Подбор авто] [🔧 Проверка авто]
        [⚖️ Юридическая помощь] [💬 Задать вопрос]
        ");

        bot.deliver().await;
        let deal = only_deal(bot);
        assert_eq!(deal.tags, ["telegram_repeat"]);
        assert_snapshot!(card(&deal).replace(&second, "SECOND"), @"
        Октавия Анны | 0 ₽
        Бот | Встреча назначена | Ольга Менеджер
        Тип услуги: Проверка авто
        Марка: Skoda
        Модель: Octavia
        VIN или госномер: XW8AN2NE3JH035743
        Вид проверки: Техническая диагностика
        Источник: Telegram Bot
        Номер заявки: NUMBER
        -- contact: Анна | +79001234567 | telegram_new, telegram_repeat
        Telegram ID: ID
        Telegram username: @anna_k
        -- note
        Заявка № NUMBER
        Проверка авто
        02.03.2026 TIME

        Вид проверки: Техническая диагностика
        Марка и модель: Skoda Octavia

        Имя: Анна
        Телефон: +79001234567 (номер подтверждён Telegram)
        Telegram ID: 7000000005
        Telegram: @anna_k
        Согласие на обработку данных: 02.03.2026 TIME, версия VERSION
        -- note
        Заявка № SECOND
        Проверка авто
        02.03.2026 TIME
        Повторная заявка: эта сделка у клиента уже открыта.

        Вид проверки: Комплексная проверка
        Марка и модель: Skoda Superb
        VIN или госномер: XW8AN2NE3JH035743
        Комментарий: Заодно посмотрите двигатель

        В сделке указано иначе, оставлено как есть:
        Модель: Octavia, клиент ответил: Superb
        Вид проверки: Техническая диагностика, клиент ответил: Комплексная проверка

        Имя: Анна
        Телефон: +79001234567 (номер подтверждён Telegram)
        Telegram ID: 7000000005
        Telegram: @anna_k
        Согласие на обработку данных: 02.03.2026 TIME, версия VERSION
        -- task: Перезвонить: Анна, +79001234567. Проверка авто, заявка № NUMBER | Ольга Менеджер
        -- task: Перезвонить: Анна, +79001234567. Проверка авто, заявка № SECOND | Ольга Менеджер
        ");
    })
    .await;
}

pub(crate) fn number_in(thanks: &str) -> String {
    let number = thanks.lines().find_map(|line| line.strip_prefix("Номер заявки: "));
    number.expect("there is a number").to_owned()
}

#[tokio::test]
async fn the_customer_reads_it_after_days_too_and_not_when_the_days_are_over() {
    story(async |bot| {
        bot.put_dealer_file(JOINS).await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        for (days, joins) in [(29, true), (2, false)] {
            bot.wait(days * 24 * 3600);
            bot.end_session(anna.chat).await;
            anna.say("/start").await;
            to_confirmation_again(&anna).await;
            anna.tap("✅ Отправить").await;
            assert_eq!(anna.screen().contains("Добавил к вашей заявке"), joins, "{days}");
        }
        bot.deliver().await;
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn without_the_section_every_request_makes_a_deal() {
    for file in ["", "[repeat]\njoin_open_deal_days = 0"] {
        let bot = Bot::at(account_without_lag()).await;
        bot.put_dealer_file(file).await;
        let first = delivered(&bot, 1, ANNA, confirmed).await;
        let second = delivered(&bot, 2, ANNA, confirmed).await;
        are_apart(&bot, first, second, file);
    }
}

#[tokio::test]
async fn empty_fields_are_filled_and_the_note_tells_what_the_deal_says_otherwise() {
    let bot = joining_bot().await;
    let first = delivered(&bot, 1, ANNA, |request| {
        request.price = None;
        request.fields.remove(&CrmField::CarYear);
    })
    .await;
    let model = json!([{ "field_code": "CAR_MODEL", "values": [{ "value": "Camry XV70" }] }]);
    bot.manager_changes(only_deal(&bot).id, json!({ "custom_fields_values": model })).await;
    let second = delivered(&bot, 2, ANNA, |_| {}).await;
    let deal = are_together(&bot, first, second, "");
    assert_eq!(
        (deal.price, deal.field("CAR_YEAR"), deal.field("CAR_MODEL")),
        (1_500_000, Some("2019"), Some("Camry XV70"))
    );
    assert_eq!(deal.field("REQUEST_ID"), Some(first.request_number().as_str()), "it is still the first one's deal");
    let differences: Vec<_> = deal.notes[1].lines().skip_while(|line| !line.starts_with("В сделке")).take(3).collect();
    assert_eq!(
        differences,
        ["В сделке указано иначе, оставлено как есть:", "Модель: Camry XV70, клиент ответил: Camry", ""]
    );
}

#[tokio::test]
async fn photos_of_a_request_that_joins_are_files_of_the_deal() {
    let bot = joining_bot().await;
    let first = delivered(&bot, 1, ANNA, |_| {}).await;
    let photos = bot.photos(2);
    let second = delivered(&bot, 2, ANNA, |request| request.photos = photos).await;
    assert_eq!(are_together(&bot, first, second, "").files.len(), 2);
}

#[tokio::test]
async fn a_deal_that_is_closed_or_elsewhere_or_of_another_service_is_not_joined() {
    let service = |name: &str| json!([{ "field_code": "SERVICE_TYPE", "values": [{ "value": name }] }]);
    for (what, change) in [
        ("won", json!({ "status_id": WON })),
        ("lost", json!({ "status_id": LOST })),
        ("another pipeline", json!({ "pipeline_id": SALES_PIPELINE, "status_id": SALES_FIRST_STAGE })),
    ] {
        let bot = joining_bot().await;
        let first = delivered(&bot, 1, ANNA, confirmed).await;
        bot.manager_changes(only_deal(&bot).id, change).await;
        let second = delivered(&bot, 2, ANNA, confirmed).await;
        are_apart(&bot, first, second, what);
    }
    let bot = joining_bot().await;
    let first = delivered(&bot, 1, ANNA, confirmed).await;
    bot.manager_changes(only_deal(&bot).id, json!({ "custom_fields_values": service("Проверка авто") })).await;
    let second = delivered(&bot, 2, ANNA, from_chat(77, PhoneSource::OwnContact)).await;
    are_apart(&bot, first, second, "a manager has made another service of it");
    let third = delivered(&bot, 3, ANNA, |request| request.branch = "check".to_owned()).await;
    assert_eq!(numbers_of(&bot.crm().deals()[0]), [third.request_number()], "another service of this chat");
}

#[tokio::test]
async fn a_deal_older_than_the_days_is_not_joined() {
    for (days, joins) in [(29, true), (31, false)] {
        let bot = joining_bot().await;
        let first = delivered(&bot, 1, ANNA, confirmed).await;
        bot.wait(days * 24 * 3600);
        let second = delivered(&bot, 2, ANNA, confirmed).await;
        if joins {
            are_together(&bot, first, second, "29 days");
        } else {
            are_apart(&bot, first, second, "31 days");
        }
    }
}

#[tokio::test]
async fn a_deal_that_is_deleted_or_merged_is_not_joined() {
    for is_merged in [false, true] {
        let bot = joining_bot().await;
        let first = delivered(&bot, 1, ANNA, confirmed).await;
        let deal = only_deal(&bot);
        // Merging leaves the older deal, which is the manager's here, and deletes the other.
        let kept = match is_merged {
            true => {
                let service = json!([{ "field_code": "SERVICE_TYPE", "values": [{ "value": "Продажа авто" }] }]);
                let contact = deal.contact.as_ref().map(|contact| contact.id).unwrap_or_default();
                Some(bot.manager_makes_deal(contact, service).await)
            }
            false => None,
        };
        bot.crm().delete_deal(deal.id);
        let second = delivered(&bot, 2, ANNA, confirmed).await;
        let only = only_deal(&bot);
        assert_eq!(numbers_of(&only), [second.request_number()]);
        assert_ne!(only.id, deal.id);
        assert!(kept.is_none_or(|kept| kept == only.id), "the number is proof for the deal that is left");
        assert!(bot.is_sent(first).await);
    }
}

#[tokio::test]
async fn a_number_that_was_only_typed_makes_a_deal_of_its_own() {
    for source in [PhoneSource::Typed, PhoneSource::OtherContact] {
        let bot = joining_bot().await;
        let first = delivered(&bot, 1, ANNA, confirmed).await;
        let before = only_deal(&bot);
        let joker = delivered(&bot, 2, ANNA, from_chat(66, source)).await;
        are_apart(&bot, first, joker, "somebody else's chat");
        let contact = bot.crm().deals()[0].contact.clone().expect("it has one");
        assert_eq!(contact.id, before.contact.as_ref().map(|contact| contact.id).unwrap_or_default());
        assert_eq!(contact.field("TELEGRAM_ID"), Some("1000"), "the contact is still the first one's");
        assert_eq!(bot.crm().deals()[1].notes, before.notes);
        // The joker's second one belongs to the joker's first.
        let again = delivered(&bot, 3, ANNA, from_chat(66, source)).await;
        assert_eq!(numbers_of(&bot.crm().deals()[0]), [joker, again].map(|id| id.request_number()));
    }
}

#[tokio::test]
async fn a_confirmed_number_is_proof_from_any_chat_and_the_own_chat_is_proof_for_a_typed_one() {
    for change in [
        Box::new(from_chat(77, PhoneSource::OwnContact)) as Box<dyn FnOnce(&mut Request)>,
        Box::new(|_: &mut Request| {}),
    ] {
        let bot = joining_bot().await;
        let first = delivered(&bot, 1, ANNA, |_| {}).await;
        let second = delivered(&bot, 2, ANNA, change).await;
        are_together(&bot, first, second, "proven");
    }
}

#[tokio::test]
async fn a_deal_that_a_manager_made_is_joined_if_its_field_names_the_service() {
    for (service, joins) in [(Some("Продажа авто"), true), (Some("Проверка авто"), false), (None, false)]
    {
        let bot = joining_bot().await;
        let contact = bot.crm().add_contact("Анна Петровна", &["8 (900) 123-45-67"]);
        let fields = service
            .map_or(Value::Null, |service| json!([{ "field_code": "SERVICE_TYPE", "values": [{ "value": service }] }]));
        bot.manager_makes_deal(contact, fields).await;
        let id = delivered(&bot, 1, ANNA, confirmed).await;
        let deals = bot.crm().deals();
        assert_eq!(deals.len(), if joins { 1 } else { 2 }, "{service:?}");
        assert_eq!(numbers_of(&deals[0]), [id.request_number()]);
        if joins {
            assert_eq!((deals[0].name.as_str(), deals[0].field("REQUEST_ID")), ("Сделка менеджера", None));
            assert_eq!(deals[0].field("CAR_MODEL"), Some("Camry"));
        }
    }
}

#[tokio::test]
async fn an_account_without_fields_joins_only_what_the_bot_knows_itself() {
    let account = amocrm::Options { with_bot_fields: false, ..account_without_lag() };
    let bot = Bot::at(account).await;
    bot.put_dealer_file(JOINS).await;
    let first = delivered(&bot, 1, ANNA, confirmed).await;
    let second = delivered(&bot, 2, ANNA, confirmed).await;
    are_together(&bot, first, second, "the bot's own requests tell the service");
    let other_chat = delivered(&bot, 3, ANNA, from_chat(77, PhoneSource::OwnContact)).await;
    assert_eq!(numbers_of(&bot.crm().deals()[0]), [other_chat.request_number()], "nobody knows the service");
}

#[tokio::test]
async fn two_requests_at_once_make_one_deal() {
    let bot = joining_bot().await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, ANNA).await];
    bot.push_until_sent(&ids).await;
    are_together(&bot, ids[0], ids[1], "in one batch");
}

#[tokio::test]
async fn a_request_waits_for_an_earlier_one_that_is_making_its_deal_but_not_long() {
    let bot = joining_bot().await;
    let (first, second) = (bot.store(1, ANNA).await, bot.store(2, ANNA).await);
    bot.push(&[second]).await;
    assert_eq!(bot.crm().deals(), [], "the first one comes first");
    bot.push(&[first]).await;
    bot.wait(50);
    bot.push_until_sent(&[second]).await;
    are_together(&bot, first, second, "the first one has come");

    let bot = joining_bot().await;
    let (first, second) = (bot.store(1, ANNA).await, bot.store(2, ANNA).await);
    bot.wait(50);
    bot.push_until_sent(&[second]).await;
    bot.push_until_sent(&[first]).await;
    are_together(&bot, second, first, "the first one is late");
}

#[tokio::test]
async fn a_request_that_joins_goes_to_the_manager_of_the_deal() {
    let bot = Bot::at(account_without_lag()).await;
    let member = |id| format!("[[team]]\nname = \"Кто-то\"\namocrm_user_id = {id}\n");
    bot.put_dealer_file(&format!("{JOINS}\n{}{}", member(MANAGER), member(ADMIN))).await;
    let first = delivered(&bot, 1, ANNA, |_| {}).await;
    bot.manager_changes(only_deal(&bot).id, json!({ "responsible_user_id": ADMIN })).await;
    let second = delivered(&bot, 2, ANNA, |_| {}).await;
    let tasks = are_together(&bot, first, second, "").tasks;
    let responsible: Vec<&str> = tasks.iter().map(|task| task.responsible.as_str()).collect();
    assert_eq!(responsible, ["Ольга Менеджер", "Анна Директор"]);
}

#[tokio::test]
async fn mock_mode_joins_too() {
    story_with(Setup::default().with("AMOCRM_MOCK_MODE", true), async |bot| {
        bot.put_dealer_file(JOINS).await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        to_confirmation_again(&anna).await;
        let _ = anna.send_request().await;
        bot.deliver().await;
        let requests = bot.requests().await;
        let progress: Vec<_> =
            requests.iter().map(|lead| (lead.progress.deal_id(), lead.progress.joined_deal)).collect();
        assert_eq!(progress[0].0, progress[1].0);
        assert_eq!((progress[0].1, progress[1].1), (false, true));
    })
    .await;
}
