use amocrm::{ConsentNeeded, CrmError, Remedy};
use insta::assert_snapshot;

use super::*;

const NOW: Seconds = 1_767_000_000;

fn id(n: u8) -> LeadId {
    format!("01JD0000000000000AK7QX3M{n:02}").parse().unwrap()
}

fn failed(ids: &[u8]) -> AttemptOutcomes {
    let waiting = ids.iter().copied().map(id).collect();
    AttemptOutcomes { waiting, obstacle: Some(Obstacle::slow()), ..Default::default() }
}

fn failed_with(error: &CrmError) -> AttemptOutcomes {
    AttemptOutcomes { waiting: vec![id(1)], obstacle: Obstacle::of(error), ..Default::default() }
}

fn revoked() -> CrmError {
    let reason = "Token has been revoked".to_owned();
    CrmError::Reauth { reason, remedy: Remedy::Authorize, since: Some(7) }
}

fn texts(incident: &Incident) -> String {
    incident
        .messages(1, NOW, &Calendar::default(), Language::Russian)
        .into_iter()
        .map(|message| message.text)
        .collect::<Vec<_>>()
        .join("\n")
}

fn sent(ids: &[u8]) -> AttemptOutcomes {
    AttemptOutcomes { sent: ids.iter().copied().map(id).collect(), ..Default::default() }
}

#[test]
fn three_failed_requests_open_the_breaker_and_pauses_grow() {
    let mut incident = Incident::default();
    incident.record_outcomes(&failed(&[1]), NOW);
    incident.record_outcomes(&failed(&[2]), NOW);
    assert_eq!(incident.permit(NOW), Permit::Deliver);
    incident.record_outcomes(&failed(&[3]), NOW);
    let mut now = NOW;
    for pause in [30, 60, 120, 240, 300, 300] {
        assert_eq!(incident.permit(now), Permit::Wait { until: now + pause });
        now += pause;
        assert_eq!(incident.take_permit(now), Permit::Probe);
        incident.record_outcomes(&failed(&[1]), now);
    }
}

#[test]
fn after_a_repair_nobody_waits_for_the_pause() {
    let mut incident = Incident { failures: 9, open_until: Some(NOW + 300), pause: 300, ..Default::default() };
    incident.probe_now(NOW);
    assert_eq!(incident.take_permit(NOW), Permit::Probe);
    let mut calm = Incident::default();
    calm.probe_now(NOW);
    assert_eq!(calm, Incident::default());
}

#[test]
fn failed_probes_are_remembered_until_one_succeeds() {
    let mut incident = Incident { failures: 3, open_until: Some(NOW), pause: 30, ..Default::default() };
    incident.record_outcomes(&AttemptOutcomes { waiting: vec![id(9)], ..Default::default() }, NOW);
    assert_eq!(incident.probed, [], "it was put back untried");
    for n in (1..30).chain([20]) {
        incident.record_outcomes(&failed(&[n, 40]), NOW);
    }
    assert_eq!(
        (incident.probed.len(), incident.probed.first(), incident.probed.last()),
        (20, Some(&id(10)), Some(&id(20)))
    );
    incident.record_outcomes(&sent(&[40]), NOW);
    assert_eq!(incident.probed, []);
}

#[test]
fn only_one_worker_tries() {
    let mut incident = Incident { failures: 3, open_until: Some(NOW), pause: 30, ..Default::default() };
    assert_eq!(incident.take_permit(NOW), Permit::Probe);
    assert_eq!(incident.take_permit(NOW), Permit::Wait { until: NOW + 120 });
    assert_eq!(incident.take_permit(NOW + 120), Permit::Probe, "the first one died");
}

#[test]
fn a_success_between_failures_keeps_the_breaker_closed() {
    let mut incident = Incident::default();
    for n in 1..10 {
        incident.record_outcomes(&failed(&[n]), NOW);
        incident.record_outcomes(&failed(&[n]), NOW);
        assert!(!incident.record_outcomes(&sent(&[n]), NOW), "it was never open");
    }
    assert_eq!(incident.permit(NOW), Permit::Deliver);
}

#[test]
fn a_refusal_is_an_answer() {
    let mut incident = Incident { failures: 3, open_until: Some(NOW), pause: 30, ..Default::default() };
    let given_up = AttemptOutcomes { given_up: vec![id(1)], ..failed(&[]) };
    assert!(!incident.record_outcomes(&given_up, NOW), "failing too often is not an answer");
    let refused = AttemptOutcomes { refused: vec![id(2)], ..Default::default() };
    assert!(incident.record_outcomes(&refused, NOW));
    assert_eq!(incident.permit(NOW), Permit::Deliver);
}

#[test]
fn trouble_has_one_beginning_and_one_end() {
    let mut incident = Incident::default();
    incident.record_outcomes(&failed(&[1, 2]), NOW);
    let start = incident.messages(2, NOW, &Calendar::default(), Language::Russian);
    assert_snapshot!(start[0].text, @"⚠️ Проблема с amoCRM с 12:20: amoCRM отвечает слишком медленно. Ещё не отправлено: 2 заявки; бот повторяет попытки, пока они не уйдут.");

    incident.record_outcomes(&sent(&[7]), NOW + 60);
    incident.record_outcomes(&sent(&[1]), NOW + 61);
    incident.record_outcomes(&failed(&[3]), NOW + 62);
    assert_eq!(
        incident.messages(2, NOW + 62, &Calendar::default(), Language::Russian)[0].key,
        start[0].key,
        "still the same trouble"
    );

    incident.record_outcomes(&sent(&[2]), NOW + 800);
    let gave_up = AttemptOutcomes { given_up: vec![id(3)], ..Default::default() };
    incident.record_outcomes(&gave_up, NOW + 810);
    assert_eq!(
        incident.messages(0, NOW + 810, &Calendar::default(), Language::Russian)[0].key,
        start[0].key,
        "giving up does not say that amoCRM answers"
    );
    incident.record_outcomes(&sent(&[9]), NOW + 840);
    let end = incident.messages(0, NOW + 840, &Calendar::default(), Language::Russian);
    assert_eq!(end.len(), 1);
    assert_snapshot!(end[0].text, @"✅ amoCRM снова принимает заявки, перерыв 14 мин. Отправлено: 2 заявки.");
    assert_eq!(incident.messages(0, NOW + 9000, &Calendar::default(), Language::Russian), []);
}

#[test]
fn a_revoked_token_is_one_message_whether_a_delivery_or_the_schedule_notices_it() {
    let mut incident = Incident::default();
    incident.record_outcomes(&failed_with(&revoked()), NOW);
    assert_snapshot!(texts(&incident), @"🔑 amoCRM не пускает бота. Ждут: 1 заявка. Что сделать: скопируйте новый код на странице интеграции и в течение 20 минут выполните: carquery amocrm authorize CODE");
    let consent = ConsentNeeded { since: 7, reason: "Token has been revoked".to_owned() };
    assert_eq!(
        incident.messages(1, NOW, &Calendar::default(), Language::Russian),
        [crate::consent_message(&consent, 1, Language::Russian).unwrap()]
    );
}

#[test]
fn each_thing_that_only_a_person_can_do_is_reported_once() {
    let unpaid = CrmError::Closed { status: 402, detail: "Payment required".to_owned() };
    let mut incident = Incident::default();
    for _ in 0..2 {
        for outcome in [failed(&[1]), failed_with(&CrmError::Blocked), failed_with(&unpaid), failed_with(&revoked())] {
            incident.record_outcomes(&outcome, NOW);
        }
    }
    assert_snapshot!(texts(&incident), @"
        ⚠️ Проблема с amoCRM с 12:20: amoCRM отвечает слишком медленно. Ещё не отправлено: 1 заявка; бот повторяет попытки, пока они не уйдут.
        ⚠️ Проблема с amoCRM ждёт вас: amoCRM заблокировал бота (HTTP 403): напишите в поддержку amoCRM. Ещё не отправлено: 1 заявка.
        ⚠️ Проблема с amoCRM ждёт вас: аккаунт amoCRM закрыт для бота (HTTP 402): оплатите аккаунт amoCRM. Ещё не отправлено: 1 заявка.
        🔑 amoCRM не пускает бота. Ждут: 1 заявка. Что сделать: скопируйте новый код на странице интеграции и в течение 20 минут выполните: carquery amocrm authorize CODE
        ");
    let keys: BTreeSet<String> = incident
        .messages(1, NOW, &Calendar::default(), Language::Russian)
        .into_iter()
        .map(|message| message.key)
        .collect();
    assert_eq!(keys.len(), 4);
}

#[test]
fn what_begins_with_a_block_says_what_to_do_once() {
    let mut incident = Incident::default();
    incident.record_outcomes(&failed_with(&CrmError::Blocked), NOW);
    incident.record_outcomes(&failed(&[1]), NOW);
    incident.record_outcomes(&failed_with(&CrmError::Blocked), NOW);
    assert_snapshot!(texts(&incident), @"⚠️ Проблема с amoCRM с 12:20: amoCRM заблокировал бота (HTTP 403): напишите в поддержку amoCRM. Ещё не отправлено: 1 заявка; бот повторяет попытки, пока они не уйдут.");
}

#[test]
fn requests_that_never_failed_are_not_trouble() {
    let mut incident = Incident::default();
    incident.record_outcomes(&sent(&[1, 2]), NOW);
    assert_eq!(incident, Incident::default());
}
