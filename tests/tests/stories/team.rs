//! Who gets a request.

use lead::{LeadId, Request};
use serde_json::json;
use simulators::amocrm::{ADMIN, DISMISSED_MANAGER, Deal, MANAGER, Options, SECOND_MANAGER};
use simulators::fault::{Fault, When};
use stories::{ANNA, Bot, Setup, account, account_without_lag, story, story_with};

/// Anna gets everything, the others sell, Olga checks cars as well.
fn team() -> String {
    [("Анна", ADMIN, ""), ("Ольга", MANAGER, "branches = [\"sell\", \"check\"]\n"), ("Игорь", SECOND_MANAGER, SELLS)]
        .map(|(name, user, branches)| member(name, user, branches))
        .concat()
}

const SELLS: &str = "branches = [\"sell\"]\n";

fn member(name: &str, user: u64, branches: &str) -> String {
    format!("[[team]]\nname = \"{name}\"\namocrm_user_id = {user}\n{branches}")
}

/// The request of somebody new, who asks for this.
async fn request(bot: &Bot, n: u8, branch: &str) -> LeadId {
    let change = |request: &mut Request| request.branch = branch.to_owned();
    bot.store_with(n, &format!("+790000000{n:02}"), change).await
}

/// Delivers a request. Returns who got all of it: contact, deal and task.
async fn delivered(bot: &Bot, id: LeadId) -> String {
    bot.push_until_sent(&[id]).await;
    let deal = bot.next_deal();
    let contact = deal.contact.as_ref().expect("it has one");
    assert_eq!(contact.responsible, deal.responsible, "{deal:#?}");
    of_deal_and_task(&deal)
}

fn of_deal_and_task(deal: &Deal) -> String {
    let of_tasks: Vec<&str> = deal.tasks.iter().map(|task| task.responsible.as_str()).collect();
    assert_eq!(of_tasks, [deal.responsible.as_str()], "{deal:#?}");
    deal.responsible.split(' ').next().unwrap_or_default().to_owned()
}

/// Delivers requests of new customers who ask for these.
async fn get(bot: &Bot, first: u8, branches: &[&str]) -> Vec<String> {
    let mut got = Vec::new();
    for (n, branch) in (first..).zip(branches) {
        let id = request(bot, n, branch).await;
        got.push(delivered(bot, id).await);
    }
    got
}

#[tokio::test]
async fn requests_go_to_the_team_in_turn_and_to_those_who_take_their_branch() {
    story(async |bot| {
        bot.put_dealer_file(&team()).await;
        assert_eq!(get(bot, 1, &["sell"; 4]).await, ["Анна", "Ольга", "Игорь", "Анна"]);
        assert_eq!(get(bot, 5, &["legal"; 2]).await, ["Анна"; 2]);
        assert_eq!(get(bot, 7, &["check", "sell", "check", "sell"]).await, ["Ольга", "Игорь", "Анна", "Ольга"]);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_takes_goes_to_the_one_in_the_settings() {
    story_with(Setup::default().with("AMOCRM_RESPONSIBLE_USER_ID", ADMIN), async |bot| {
        bot.put_dealer_file(&member("Игорь", SECOND_MANAGER, SELLS)).await;
        assert_eq!(get(bot, 1, &["legal", "sell"]).await, ["Анна", "Игорь"]);
    })
    .await;
}

#[tokio::test]
async fn many_requests_at_once_are_shared_evenly() {
    story(async |bot| {
        bot.put_dealer_file(&(member("Ольга", MANAGER, "") + &member("Игорь", SECOND_MANAGER, ""))).await;
        let mut ids = Vec::new();
        for n in 1..=8 {
            ids.push(request(bot, n, "sell").await);
        }
        let (some, others) = ids.split_at(4);
        let failures = tokio::join!(bot.push(some), bot.push(others));
        assert_eq!(failures, (vec![], vec![]));
        let mut got: Vec<String> = ids.iter().map(|_| of_deal_and_task(&bot.next_deal())).collect();
        got.sort_unstable();
        assert_eq!(got, ["Игорь", "Игорь", "Игорь", "Игорь", "Ольга", "Ольга", "Ольга", "Ольга"]);
    })
    .await;
}

async fn give_contact_to(bot: &Bot, contact: u64, user: u64) {
    let url = format!("{}/api/v4/contacts/{contact}", bot.crm().url());
    let change = json!({ "responsible_user_id": user }).to_string();
    let call = reqwest::Client::new().patch(url).bearer_auth(bot.crm().long_lived_token()).body(change);
    assert!(call.send().await.expect("amoCRM answers").status().is_success());
}

#[tokio::test]
async fn a_known_contact_keeps_its_manager_whatever_the_branch_and_the_turn() {
    story_with(Setup::default().at(account_without_lag()), async |bot| {
        bot.put_dealer_file(&team()).await;
        let contact = bot.crm().add_contact("Анна Петровна", &[ANNA]);
        give_contact_to(bot, contact, SECOND_MANAGER).await;
        for (n, branch) in [(1, "sell"), (2, "legal")] {
            let id = bot.store_with(n, ANNA, |request| request.branch = branch.to_owned()).await;
            assert_eq!(delivered(bot, id).await, "Игорь", "{branch}");
        }
        assert_eq!(get(bot, 3, &["sell"; 3]).await, ["Анна", "Ольга", "Игорь"], "nobody's turn was spent on her");
    })
    .await;
}

#[tokio::test]
async fn the_contact_of_somebody_who_is_not_of_the_team_stays_theirs_and_the_request_goes_in_turn() {
    story_with(Setup::default().at(account_without_lag()), async |bot| {
        bot.put_dealer_file(&member("Игорь", SECOND_MANAGER, "")).await;
        bot.crm().add_contact("Анна Петровна", &[ANNA]);
        let id = bot.store(1, ANNA).await;
        bot.push_until_sent(&[id]).await;
        let deal = bot.next_deal();
        assert_eq!(of_deal_and_task(&deal), "Игорь");
        assert_eq!(deal.contact.map(|contact| contact.responsible).as_deref(), Some("Анна Директор"));
    })
    .await;
}

/// A manager who has left, and one who is there.
fn team_with_one_who_has_left() -> String {
    member("Павел", DISMISSED_MANAGER, "") + &member("Ольга", MANAGER, "")
}

const HAS_LEFT: &str = "⚠️ amoCRM не принимает сотрудника с номером 703: он отключён, или такого нет.";

#[tokio::test]
async fn who_is_deactivated_is_passed_over_and_the_admins_hear_of_it_once() {
    story(async |bot| {
        bot.put_dealer_file(&team_with_one_who_has_left()).await;
        let mark = bot.crm().faults().mark();
        assert_eq!(get(bot, 1, &["sell"; 3]).await, ["Ольга"; 3]);
        bot.admin().sees(HAS_LEFT);
        let calls = bot.crm().faults().calls_since(mark);
        let asked = calls.iter().filter(|call| call.route == "GET /api/v4/users").count();
        let created = calls.iter().filter(|call| call.route == "POST /api/v4/contacts").count();
        assert_eq!((asked, created), (1, 3), "the users are read once, and nothing is offered in vain");
    })
    .await;
}

#[tokio::test]
async fn a_manager_whom_amocrm_refuses_is_passed_over_although_the_users_cannot_be_read() {
    let account = Options { admin_rights: false, ..account() };
    story_with(Setup::default().at(account), async |bot| {
        bot.put_dealer_file(&team_with_one_who_has_left()).await;
        assert_eq!(get(bot, 1, &["sell"; 3]).await, ["Ольга"; 3]);
        bot.admin().sees(HAS_LEFT);
        let asked = bot.crm().calls().iter().filter(|call| call.route == "GET /api/v4/users").count();
        assert!(asked <= 3, "who may not read the users does not ask for every request: {asked}");
    })
    .await;
}

#[tokio::test]
async fn a_team_of_people_who_have_left_leaves_requests_to_the_one_in_the_settings() {
    story_with(Setup::default().with("AMOCRM_RESPONSIBLE_USER_ID", SECOND_MANAGER), async |bot| {
        bot.put_dealer_file(&member("Павел", DISMISSED_MANAGER, "")).await;
        assert_eq!(get(bot, 1, &["sell"]).await, ["Игорь"]);
        bot.admin().sees(HAS_LEFT);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_fails_half_way_keeps_its_manager() {
    for route in ["POST /api/v4/contacts", "POST /api/v4/leads", "POST /api/v4/leads/notes", "POST /api/v4/tasks"] {
        let bot = Bot::start(Setup::default().with("RETRY_MAX_ATTEMPTS", 1)).await;
        bot.put_dealer_file(&team()).await;
        let id = request(&bot, 1, "sell").await;
        let broken = bot.crm().faults().add(route, When::Times(1), Fault::DropBefore);
        bot.push(&[id]).await;
        assert_eq!(bot.lead(id).await.responsible, Some(ADMIN), "chosen before anything was created: {route}");
        bot.crm().faults().remove(broken);
        // Meanwhile it is the others' turn, and she leaves the team.
        let others = [request(&bot, 2, "sell").await, request(&bot, 3, "sell").await];
        bot.push_until_sent(&others).await;
        bot.put_dealer_file(&member("Ольга", MANAGER, "")).await;
        bot.wait(700);
        bot.push_until_sent(&[id]).await;
        let deals = bot.crm().deals();
        let deal = deals.iter().find(|deal| deal.field("REQUEST_ID") == Some(&id.request_number()));
        let deal = deal.expect("it is there");
        assert_eq!(of_deal_and_task(deal), "Анна", "{route}");
        assert_eq!(deal.contact.as_ref().map(|contact| contact.responsible.as_str()), Some("Анна Директор"), "{route}");
    }
}

#[tokio::test]
async fn without_a_team_nothing_is_asked_for_and_nothing_more_is_stored() {
    story(async |bot| {
        let id = request(bot, 1, "sell").await;
        assert_eq!(delivered(bot, id).await, "Ольга");
        assert_eq!(bot.lead(id).await.responsible, None);
        assert!(bot.crm().calls().iter().all(|call| call.route != "GET /api/v4/users"));
        assert!(!bot.everything_stored().await.contains("team-turn"));
    })
    .await;
}
