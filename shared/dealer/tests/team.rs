//! What the rest of the program asks a checked file.

use std::time::Duration;

use dealer::{Dealer, Member, parse};

fn dealer() -> Dealer {
    let text = r#"
[[team]]
name = "Ольга"
amocrm_user_id = 501
telegram_id = 7000000900
branches = ["sell", "buy"]
[[team]]
name = "Пётр"
amocrm_user_id = 502
[[team]]
name = "Ольга"
amocrm_user_id = 503
branches = ["legal"]
[sales_chat]
chat_id = -1001234567890
escalate_to = 7000000901
[unfinished]
to_crm_after_minutes = 0
"#;
    parse(text).expect("the file has no fault")
}

fn users<'a>(members: impl Iterator<Item = &'a Member>) -> Vec<u64> {
    members.map(|member| member.amocrm_user_id).collect()
}

#[test]
fn requests_of_a_branch_go_to_those_who_take_it_in_the_order_of_the_file() {
    let team = dealer().team;
    assert_eq!(users(team.for_branch("sell")), [501, 502]);
    assert_eq!(users(team.for_branch("legal")), [502, 503]);
    assert_eq!(users(team.for_branch("find")), [502]);
    assert_eq!(users(team.members()), [501, 502, 503]);
    assert_eq!(users(Dealer::default().team.for_branch("sell")), []);
}

#[test]
fn people_are_found_by_their_ids() {
    let team = dealer().team;
    assert_eq!(team.by_telegram_id(7_000_000_900).map(|member| member.amocrm_user_id), Some(501));
    assert_eq!(team.by_telegram_id(502), None, "an id of amoCRM is not one of Telegram");
    assert_eq!(team.by_amocrm_user(502).map(|member| member.name.as_str()), Some("Пётр"));
    assert_eq!(team.by_amocrm_user(504), None);
}

#[test]
fn without_a_file_nothing_is_on_that_needs_it() {
    let Dealer { team, sales_chat, join_open_deal_days, unfinished, stages, digest, facts, limits, .. } =
        Dealer::default();
    assert_eq!(team.members().len(), 0);
    assert_eq!((sales_chat, join_open_deal_days, digest), (None, None, None));
    assert_eq!((unfinished.remind_after, unfinished.to_crm_after, unfinished.status_id), (None, None, None));
    assert_eq!(unfinished.resume_days, 7, "a form can be continued all the same");
    assert!(stages.is_empty() && facts.is_empty());
    assert_eq!((limits.requests_a_day, limits.model_questions_a_day), (10, 3000), "limits always apply");
}

#[test]
fn a_minute_of_the_file_can_last_a_second() {
    let escalation = |dealer: &Dealer| dealer.sales_chat.as_ref().and_then(|chat| chat.escalation.clone());
    let quick = dealer().with_minutes_of(1);
    assert_eq!(quick.unfinished.remind_after, Some(Duration::from_secs(20)));
    assert_eq!(quick.unfinished.to_crm_after, None, "what is off stays off");
    assert_eq!(escalation(&quick).map(|it| it.after), Some(Duration::from_secs(10)));
    assert_eq!(dealer().with_minutes_of(60), dealer());
}
