//! Jobs: done once, whoever else is at it.

mod common;

use common::store;
use futures::future::join_all;
use lead::{LeadId, Seconds};
use storage::{Job, JobId, JobKind, Planned, forget_customer};

const NOW: Seconds = 1_790_000_000;
const ANNA: i64 = 7_000_000_001;

fn card(id: &str, due_at: Seconds) -> Job {
    let lead_id: LeadId = id.parse().unwrap();
    Job { kind: JobKind::Card { lead_id }, due_at, drop_after: due_at + 3600, chat_id: Some(ANNA) }
}

fn first() -> Job {
    card("01JD0000000000000AK7QX3M9Q", NOW)
}

#[tokio::test]
async fn a_job_is_planned_once_and_due_until_somebody_claims_it() {
    let store = store().await;
    let jobs = store.aws.jobs(&store.tables);
    let (first, second) = (first(), card("01JD0000000000000BK7QX3M9Q", NOW - 5));
    assert_eq!(jobs.plan(&first).await.unwrap(), Planned::New);
    assert_eq!(jobs.plan(&Job { due_at: NOW + 9, ..first.clone() }).await.unwrap(), Planned::Known);
    jobs.plan(&second).await.unwrap();
    assert_eq!(jobs.due(NOW - 6, 10).await.unwrap(), [] as [JobId; 0]);
    assert_eq!(jobs.due(NOW, 10).await.unwrap(), [second.kind.id(), first.kind.id()]);

    assert_eq!(jobs.claim(&first.kind.id(), NOW - 1).await.unwrap(), None, "it is not due yet");
    let claimed = jobs.claim(&first.kind.id(), NOW).await.unwrap().unwrap();
    assert_eq!(claimed.kind(), first.kind);
    assert_eq!((claimed.is_late(NOW + 3600), claimed.is_late(NOW + 3601)), (false, true));
    assert_eq!(jobs.due(NOW, 10).await.unwrap(), [second.kind.id()]);
    assert_eq!(jobs.claim(&first.kind.id(), NOW).await.unwrap(), None);
    assert_eq!(jobs.plan(&first).await.unwrap(), Planned::Known, "a job that was done is not done again");
}

#[tokio::test]
async fn a_job_whose_worker_dies_before_it_sends_is_due_again_and_later_never() {
    let store = store().await;
    let jobs = store.aws.jobs(&store.tables);
    jobs.plan(&first()).await.unwrap();
    let id = first().kind.id();
    let mut slow = jobs.claim(&id, NOW).await.unwrap().unwrap();
    assert_eq!(jobs.claim(&id, NOW + 59).await.unwrap(), None);
    let mut second = jobs.claim(&id, NOW + 60).await.unwrap().expect("the first worker may be dead");
    assert!(!jobs.take_out(&mut slow).await.unwrap(), "it was not, and must not send");
    assert!(jobs.take_out(&mut second).await.unwrap());
    assert!(second.is_taken_out());
    assert_eq!(jobs.claim(&id, NOW + 3600).await.unwrap(), None, "its message may have been sent");
    jobs.put_back(second, NOW + 30).await.unwrap();
    assert!(jobs.claim(&id, NOW + 30).await.unwrap().is_some(), "surely nothing was sent");
}

#[tokio::test]
async fn of_many_workers_one_gets_the_job() {
    let store = store().await;
    let jobs = store.aws.jobs(&store.tables);
    jobs.plan(&first()).await.unwrap();
    let id = first().kind.id();
    let claims = join_all((0..8).map(|_| jobs.claim(&id, NOW))).await;
    assert_eq!(claims.into_iter().filter_map(Result::unwrap).count(), 1);
}

#[tokio::test]
async fn a_job_that_was_put_back_is_due_again_then() {
    let store = store().await;
    let jobs = store.aws.jobs(&store.tables);
    jobs.plan(&first()).await.unwrap();
    let id = first().kind.id();
    let claimed = jobs.claim(&id, NOW).await.unwrap().unwrap();
    jobs.put_back(claimed, NOW + 30).await.unwrap();
    assert_eq!(jobs.claim(&id, NOW + 29).await.unwrap(), None);
    assert!(jobs.claim(&id, NOW + 30).await.unwrap().is_some());
}

#[tokio::test]
async fn a_job_of_a_forgotten_customer_does_not_come_back() {
    let store = store().await;
    let jobs = store.aws.jobs(&store.tables);
    jobs.plan(&first()).await.unwrap();
    let id = first().kind.id();
    let claimed = jobs.claim(&id, NOW).await.unwrap().unwrap();
    forget_customer(&store.aws, &store.tables, ANNA, NOW).await.unwrap();
    jobs.put_back(claimed, NOW).await.unwrap();
    assert_eq!(jobs.due(NOW, 10).await.unwrap(), [] as [JobId; 0]);
    assert_eq!(jobs.claim(&id, NOW).await.unwrap(), None);
}
