//! amoCRM is down for hours while five hundred requests wait.

use lead::{Lead, Request};
use simulators::fault::{Fault, When};
use storage::Versioned;
use stories::System;

use crate::killable::KillableBot;
use crate::story::{AdminRead, what_admins_read};

const WAITING: usize = 500;
const HOURS: i64 = 3;
/// Calls a second that the account allows.
const RATE: usize = 100;

/// Customer `n` makes a request at second `n`.
async fn store_requests(bot: &KillableBot) {
    for n in 0..WAITING {
        let mut request = Request::example();
        request.id = format!("01JD{n:022}").parse().expect("it is an id");
        request.customer.chat_id = i64::try_from(n).expect("a small number");
        request.customer.phone = format!("+7900{n:07}");
        request.created_at = bot.now() + request.customer.chat_id;
        bot.leads().save(&mut Versioned::new(Lead::new(request, 0))).await.expect("the request is stored");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_hours_is_two_messages_and_few_calls_and_then_everything_goes_out() {
    let bot = KillableBot::limited(RATE).await;
    store_requests(&bot).await;
    bot.wait(600);

    let down = bot.fail(System::Amocrm, "*", When::Always, Fault::Html(502));
    for _ in 0..HOURS * 12 {
        bot.wait(301);
        bot.schedule().await;
    }
    drop(down);
    let calls_while_down = bot.crm().faults().mark();
    assert!(bot.crm().deals().is_empty());
    // Three failed batches, then one request every five minutes.
    assert!(calls_while_down < 100, "{calls_while_down} calls to an account that is down");
    assert_eq!(what_admins_read(&bot), AdminRead { started: 1, ..AdminRead::default() });

    bot.recover().await;
    let mut deals = bot.crm().deals();
    assert_eq!(deals.len(), WAITING);
    assert!(bot.crm().twins().is_none(), "{:?}", bot.crm().twins());
    assert_eq!(what_admins_read(&bot), AdminRead { started: 1, ended: 1, ..AdminRead::default() });
    assert_eq!(bot.crm().limits().too_many, 0, "the account's limit was kept");

    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let calls_per_request = (bot.crm().faults().mark() - calls_while_down) as f64 / WAITING as f64;
    println!("{calls_while_down} calls in {HOURS} hours of outage; {calls_per_request:.2} calls a request afterwards");
    assert!(calls_per_request < 8.0, "{calls_per_request:.2} calls a request");

    // Oldest first: nobody overtakes more than the requests that are under way together.
    deals.sort_by_key(|deal| deal.id);
    let order: Vec<usize> =
        deals.iter().filter_map(|deal| deal.contact.as_ref()?.phones[0][5..].parse().ok()).collect();
    let overtaken = order.iter().enumerate().map(|(place, n)| place.abs_diff(*n)).max().unwrap_or_default();
    println!("the longest way a request was overtaken: {overtaken} places");
    assert!(overtaken <= 40, "a request left {overtaken} places from its turn: {order:?}");
}
