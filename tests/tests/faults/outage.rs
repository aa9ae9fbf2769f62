//! amoCRM is down for hours while five hundred requests wait.

use std::collections::BTreeMap;

use lead::{Answer, Customer, Lead, LeadId, PhoneSource, Request};
use storage::Versioned;

use simulators::fault::{Fault, When};

use crate::story::{AdminRead, what_admins_read};
use crate::world::{System, World};

const WAITING: usize = 500;
const HOURS: i64 = 3;
/// Calls a second that the account allows.
const RATE: usize = 100;

/// The request of customer `n`, made at second `n`.
fn request(n: usize, now: i64) -> Request {
    let id: LeadId = format!("01JD{n:022}").parse().expect("it is an id");
    Request {
        id,
        branch: "legal".to_owned(),
        service: "Юридическая помощь".to_owned(),
        topic: "ОСАГО".to_owned(),
        customer: Customer {
            chat_id: i64::try_from(n).expect("a small number"),
            username: None,
            name: "Анна".to_owned(),
            phone: format!("+7900{n:07}"),
            phone_source: PhoneSource::Typed,
        },
        price: None,
        fields: BTreeMap::new(),
        answers: vec![Answer {
            question: "С чем нужна помощь?".to_owned(), answer: "ОСАГО".to_owned()
        }],
        photos: Vec::new(),
        created_at: now,
    }
}

async fn store_requests(world: &World) {
    let leads = world.stack.aws().leads(world.stack.tables());
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("it is later").as_secs()).expect("not that late");
    for n in 0..WAITING {
        let second = now + i64::try_from(n).expect("a small number");
        let mut lead = Versioned::new(Lead::new(request(n, second), 0));
        leads.save(&mut lead).await.expect("the request is stored");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_hours_is_two_messages_and_few_calls_and_then_everything_goes_out() {
    let world = World::limited(RATE).await;
    store_requests(&world).await;
    world.wait(600);

    let down = world.fail(System::Amocrm, "*", When::Always, Fault::Html(502));
    for _ in 0..HOURS * 12 {
        world.wait(301);
        world.schedule().await;
    }
    drop(down);
    let calls_while_down = world.crm().faults().mark();
    assert!(world.crm().deals().is_empty());
    // Three failed batches, then one request every five minutes.
    assert!(calls_while_down < 100, "{calls_while_down} calls to an account that is down");
    assert_eq!(what_admins_read(&world), AdminRead { started: 1, ..AdminRead::default() });

    world.recover().await;
    let mut deals = world.crm().deals();
    assert_eq!(deals.len(), WAITING);
    assert!(world.crm().twins().is_none(), "{:?}", world.crm().twins());
    assert_eq!(what_admins_read(&world), AdminRead { started: 1, ended: 1, ..AdminRead::default() });
    assert_eq!(world.crm().limits().too_many, 0, "the account's limit was kept");

    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let calls_per_request = (world.crm().faults().mark() - calls_while_down) as f64 / WAITING as f64;
    println!("{calls_while_down} calls in {HOURS} hours of outage; {calls_per_request:.2} calls a request afterwards");
    assert!(calls_per_request < 4.0, "{calls_per_request:.2} calls a request");

    // Oldest first: nobody overtakes more than the requests that are under way together.
    deals.sort_by_key(|deal| deal.id);
    let order: Vec<usize> =
        deals.iter().filter_map(|deal| deal.contact.as_ref()?.phones[0][5..].parse().ok()).collect();
    let overtaken = order.iter().enumerate().map(|(place, n)| place.abs_diff(*n)).max().unwrap_or_default();
    println!("the longest way a request was overtaken: {overtaken} places");
    assert!(overtaken <= 40, "a request left {overtaken} places from its turn: {order:?}");
}
