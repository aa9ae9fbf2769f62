//! One customer's request, and everything that must have come of it.

use std::fmt::Write as _;
use std::time::Duration;

use lead::{LeadId, Request};
use simulators::amocrm::{ContactShown, Deal};
use simulators::telegram::MessageView;
use stories::{Bot, Customer, leave_at_the_price};
use tokio::time::sleep;

use crate::killable::KillableBot;

/// What must have come of a request in the end, whatever failed in between.
pub(crate) const EXPECTED: &str = "\
1 deal of 1 contact
thanked 1 time
Продажа авто — Toyota Camry — Анна 1500000 Новая заявка ONE_OF_THE_TEAM
  Тип услуги: Продажа авто
  Марка: Toyota
  Модель: Camry
  Год выпуска: 2019
  Пробег: 85 000 км
  Источник: Telegram Bot
  Номер заявки: NUMBER
  contact Анна PHONE telegram_new of 1
    Telegram ID: CHAT
    Telegram username: @anna_k
  note Заявка № NUMBER | Продажа авто |  | Марка и модель: Toyota Camry | Год выпуска: 2019 | Пробег: 85 000 км | \
Цена: 1 500 000 ₽ | Фото: 2 фото | Комментарий: Не битая, <один> хозяин |  | \
Имя: Анна | Телефон: PHONE (номер подтверждён Telegram) | Telegram ID: CHAT | Telegram: @anna_k | Фото: 2 | \
Согласие на обработку данных
  task Перезвонить: Анна, PHONE. Продажа авто, заявка № NUMBER
  files NUMBER-1.jpg, NUMBER-2.jpg
";

/// What must have come of a request whose form was in amoCRM half-way before it was finished.
pub(crate) const COMPLETED: &str = "\
1 deal of 1 contact
thanked 0 time
Продажа авто — Toyota Camry — Анна 1500000 Новая заявка ONE_OF_THE_TEAM
  Тип услуги: Продажа авто
  Марка: Toyota
  Модель: Camry
  Год выпуска: 2019
  Источник: Telegram Bot
  Номер заявки: NUMBER
  contact Анна PHONE telegram_new of 1
    Telegram ID: CHAT
    Telegram username: @anna_k
  note Заявка № NUMBER не закончена | Продажа авто | Остановился на вопросе: Цена |  | Марка и модель: Toyota Camry | \
Год выпуска: 2019 |  | \
Имя: Анна | Телефон: PHONE (введён вручную, не подтверждён) | Telegram ID: CHAT | Telegram: @anna_k
  note Заявка № NUMBER закончена | Продажа авто |  | Марка и модель: Toyota Camry | Год выпуска: 2019 | \
Пробег: 85 000 км |  | \
Имя: Анна | Телефон: PHONE (введён вручную, не подтверждён) | Telegram ID: CHAT | Telegram: @anna_k | Фото: 2
  task Перезвонить: Анна, PHONE. Не закончил заявку № NUMBER (Продажа авто), остановился на вопросе «Цена»
  files NUMBER-1.jpg, NUMBER-2.jpg
";

/// What customers are told when their deal is moved.
pub(crate) const STAGE_TEXT: &str = "Ваш автомобиль принят на диагностику.";

/// How often the customer was told unasked that the deal was moved.
pub(crate) fn times_told(customer: &Customer) -> usize {
    customer.messages().iter().filter(|message| message.from == "bot" && message.text.starts_with(STAGE_TEXT)).count()
}

/// A form that the customer has left at the price, stored to be delivered.
pub(crate) async fn leaves_a_form(bot: &Bot, customer: &Customer) -> LeadId {
    let id = format!("01JD0000000000000A{:08}", customer.chat % 100_000_000).parse().expect("it is an id");
    let change = |request: &mut Request| {
        leave_at_the_price(request, Vec::new());
        (request.id, request.customer.chat_id) = (id, customer.chat);
    };
    bot.store_with(0, &format!("+{}", customer.phone()), change).await
}

/// Anna asks a question, and sells her car with two photos.
pub(crate) async fn anna_sells_her_car(bot: &KillableBot, anna: &Customer) {
    // Half of the access token's life is over: the schedule refreshes it.
    bot.wait(13 * 3600);
    bot.schedule().await;
    anna.say("/start").await;
    anna.say("До скольки вы работаете?").await;
    sells(anna).await;
}

/// Anna says in a voice message that she sells her car, and then answers the questions all the same.
pub(crate) async fn speaks_and_sells(anna: &Customer) {
    anna.say("/start").await;
    anna.act(|app| app.send_voice(&b"OggS"[..], 3)).await;
    sells(anna).await;
}

/// In which a group takes 20 messages, in seconds, with some to spare.
const MINUTE_OF_GROUP: usize = 70;

const TAKE: &str = "🙋 Взять";

/// What the team writes to this customer, and what the customer writes to the team.
fn lines(anna: &Customer) -> [String; 2] {
    [format!("Здравствуйте, клиент {}", anna.chat), format!("Приеду завтра, {}", anna.chat)]
}

/// The topic in which Anna's card stands, which has come after the first `seen` messages of the group. It may have got
/// lost: an answer that is lost is not asked for again. A topic whose creation lost its answer stays empty, and nobody
/// writes there.
pub(crate) fn topic_of_card(bot: &Bot, seen: usize) -> Option<i64> {
    let group = bot.sales_group().app.view()?.messages;
    let can_be_taken = |message: &&MessageView| message.buttons.iter().flatten().any(|button| button.text == TAKE);
    group.iter().skip(seen).rev().find(can_be_taken)?.topic
}

/// Ольга takes Anna's request, and the two talk in the topic of its card.
pub(crate) async fn takes_and_talks(bot: &KillableBot, anna: &Customer, topic: i64) {
    let olga = bot.team("Ольга").app.in_topic(topic);
    let [hers, annas] = lines(anna);
    olga.tap(TAKE).expect("there is a card");
    bot.settle().await;
    olga.say(&hers).expect("the topic is open");
    bot.settle().await;
    anna.say(&annas).await;
    // A group takes 20 messages a minute, and this one has seen many stories: a line may have to wait.
    for _ in 0..MINUTE_OF_GROUP {
        if missing_of_talk(bot, anna).is_none() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
        bot.wait(60);
        bot.schedule().await;
    }
    olga.say("/close").expect("the topic is open");
    bot.settle().await;
}

/// What is missing of the talk: a line may come twice, but each comes.
pub(crate) fn missing_of_talk(bot: &Bot, anna: &Customer) -> Option<String> {
    let group = bot.sales_group().app.view().map(|view| view.messages).unwrap_or_default();
    let [hers, annas] = lines(anna);
    if !group.iter().any(|message| message.text == hers) {
        return None;
    }
    let came = anna.messages().iter().any(|message| message.text.contains(&hers));
    let went = group.iter().any(|message| message.from == "bot" && message.text.contains(&annas));
    (!came || !went).then(|| format!("of the talk, the customer got the line: {came}, the team: {went}"))
}

/// From the menu to «Отправить».
pub(crate) async fn sells(anna: &Customer) {
    to_confirmation(anna).await;
    anna.tap("✅ Отправить").await;
}

/// From the menu to the confirmation.
pub(crate) async fn to_confirmation(anna: &Customer) {
    anna.say("/menu").await;
    anna.tap("🚗 Продать авто").await;
    anna.say("Toyota Camry").await;
    anna.tap("2019").await;
    anna.say("85 тыс").await;
    anna.say("1,5 млн").await;
    anna.send_album(1..=2).await;
    anna.tap("✅ Готово").await;
    anna.say("Анна").await;
    anna.share_contact(&anna.phone()).await;
    anna.say("Не битая, <один> хозяин").await;
}

/// Everything that came of one customer's one request, without what differs from run to run.
pub(crate) fn what_came_of(bot: &Bot, anna: &Customer) -> String {
    let mut outcome = String::new();
    let phone = format!("+{}", anna.phone());
    let is_hers = |contact: &ContactShown| contact.phones.contains(&phone);
    let contacts = bot.crm().contacts().into_iter().filter(is_hers).count();
    let deals = bot.crm().deals();
    let deals: Vec<&Deal> = deals.iter().filter(|deal| deal.contact.as_ref().is_some_and(is_hers)).collect();
    let _ = writeln!(outcome, "{} deal of {contacts} contact", deals.len());
    let messages = anna.messages();
    for deal in deals {
        let number = deal.field("REQUEST_ID").unwrap_or("none");
        let is_thanks = |text: &str| text.starts_with("Спасибо") && text.contains(number);
        let thanks = messages.iter().filter(|message| message.from == "bot" && is_thanks(&message.text)).count();
        let _ = writeln!(outcome, "thanked {thanks} time");
        let card = describe(deal).replace(number, "NUMBER").replace(&anna.chat.to_string(), "CHAT");
        let _ = writeln!(outcome, "{}", card.replace(&phone, "PHONE").replace(&spaced(&phone), "PHONE"));
    }
    outcome.replace('\u{a0}', " ")
}

/// `+7 900 123-45-67`
fn spaced(phone: &str) -> String {
    format!("{} {} {}-{}-{}", &phone[..2], &phone[2..5], &phone[5..8], &phone[8..10], &phone[10..])
}

const CONSENT: &str = "Согласие на обработку данных";

fn describe(deal: &Deal) -> String {
    let mut card = format!("{} {} {} {}\n", deal.name, deal.price, deal.stage, whose(deal));
    for field in &deal.fields {
        let _ = writeln!(card, "  {}: {}", field.name, field.value);
    }
    if let Some(contact) = &deal.contact {
        let _ = writeln!(
            card,
            "  contact {} {} {} of {}",
            contact.name,
            contact.phones.join(", "),
            contact.tags.join(", "),
            contact.deals.len()
        );
        for field in &contact.fields {
            let _ = writeln!(card, "    {}: {}", field.name, field.value);
        }
    }
    // What has been talked of is cut into notes by the clock.
    for note in deal.notes.iter().filter(|note| !note.starts_with("Разговор в Telegram")) {
        // The third line is the time, and the consent has one.
        let without_time = |line| if str::starts_with(line, CONSENT) { CONSENT } else { line };
        let lines = note.lines().enumerate().filter(|(n, _)| *n != 2).map(|(_, line)| without_time(line));
        let _ = writeln!(card, "  note {}", lines.collect::<Vec<_>>().join(" | "));
    }
    for task in &deal.tasks {
        let _ = writeln!(card, "  task {}", task.text.replace('\n', " | "));
    }
    let files: Vec<&str> = deal.files.iter().map(|file| file.name.as_str()).collect();
    let _ = write!(card, "  files {}", files.join(", "));
    card
}

/// Who got the deal, its contact if that is new, and its tasks: one manager of the team, whichever it is, or everybody.
fn whose(deal: &Deal) -> String {
    let new_contact = deal.contact.iter().filter(|contact| contact.tags == ["telegram_new"]);
    let of_contact = new_contact.map(|contact| contact.responsible.as_str());
    let of_tasks = deal.tasks.iter().map(|task| task.responsible.as_str());
    let all: Vec<&str> = std::iter::once(deal.responsible.as_str()).chain(of_contact).chain(of_tasks).collect();
    let is_one = ["Ольга Менеджер", "Игорь Менеджер"].iter().any(|member| all.iter().all(|name| name == member));
    if is_one { "ONE_OF_THE_TEAM".to_owned() } else { all.join(", ") }
}

/// What the admins read of the sales chat: cards or lines do not get there, or do so again.
const OF_SALES_CHAT: [&str; 3] =
    ["карточки заявок не попадают", "Карточки заявок снова попадают", "Сообщения клиентов не доходят"];

/// What the admins read, by its first sign.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AdminRead {
    pub(crate) started: usize,
    pub(crate) ended: usize,
    /// Trouble turned into one that only a person can end.
    pub(crate) asked: usize,
    /// A customer had everything deleted: they are to delete amoCRM's copy.
    pub(crate) deletions: usize,
    /// The sales chat takes no cards, or takes them again.
    pub(crate) of_sales_chat: usize,
    pub(crate) other: Vec<String>,
}

impl AdminRead {
    /// What is more than one message at the beginning of trouble, one at its end, and one in between if a person was
    /// needed.
    pub(crate) fn too_much_since(&self, before: &Self, needs_a_person: bool) -> Option<String> {
        let (started, ended) = (self.started - before.started, self.ended - before.ended);
        let asked = self.asked - before.asked;
        let of_sales_chat = self.of_sales_chat - before.of_sales_chat;
        let other = &self.other[before.other.len()..];
        let of_crm = started <= 1 && ended == started && asked <= usize::from(needs_a_person);
        let fine = of_crm && of_sales_chat <= 3 && other.is_empty();
        (!fine).then(|| {
            format!(
                "the admins read of {started} beginnings, {ended} ends, were asked {asked} times, of the sales chat \
                 {of_sales_chat} times, and {other:?}"
            )
        })
    }
}

pub(crate) fn what_admins_read(bot: &Bot) -> AdminRead {
    let mut read = AdminRead::default();
    for message in bot.admin().messages() {
        match message.text {
            text if text.starts_with("⚠️ Проблема с amoCRM с ") => read.started += 1,
            text if text.starts_with("⚠️ Проблема с amoCRM ждёт вас") => read.asked += 1,
            text if text.starts_with("✅ amoCRM снова принимает заявки") => read.ended += 1,
            text if OF_SALES_CHAT.iter().any(|part| text.contains(part)) => read.of_sales_chat += 1,
            text if text.starts_with("🗑 Клиент удалил свои данные") => read.deletions += 1,
            text => read.other.push(text),
        }
    }
    read
}
