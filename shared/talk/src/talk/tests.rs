use proptest::prelude::*;

use super::*;
use crate::line::{Body, Message, Said};

fn message(to: Side, update_id: i64, id: i64) -> Line {
    let author = (to == Side::Customer).then(|| "Ольга".to_owned());
    let body = Body::Text(format!("сообщение {id}"));
    let said = Said::Message(Message { id, reply_to: None, album: None, author, body });
    Line { update_id: Some(update_id), at: 1_000, to, said }
}

fn talk_of(lines: &[Line]) -> Talk {
    let mut talk = Talk::default();
    for line in lines {
        talk.take(line.clone()).expect("there is room");
    }
    talk
}

/// Delivers everything; returns the ids of the messages in order.
fn deliver(talk: &mut Talk, now: Seconds) -> Vec<i64> {
    let mut delivered = Vec::new();
    while let Some(line) = talk.next(now).cloned() {
        let id = line.original().expect("a message");
        talk.delivered(&line, id + 1_000);
        delivered.push(id);
    }
    delivered
}

#[test]
fn a_line_is_taken_once_however_often_its_update_comes() {
    let line = message(Side::Team, 1, 5);
    let mut talk = talk_of(&[line.clone(), line.clone()]);
    assert_eq!(deliver(&mut talk, 1_000), [5]);
    talk.take(line).expect("there is room");
    assert!(talk.is_delivered());
}

#[test]
fn a_side_that_has_to_wait_does_not_stop_the_other() {
    let mut talk = talk_of(&[message(Side::Team, 1, 5), message(Side::Customer, 2, 90), message(Side::Team, 3, 6)]);
    talk.pause(Side::Team, 1_030);
    assert_eq!(deliver(&mut talk, 1_000), [90]);
    assert_eq!(talk.due_at(), Some(1_030));
    assert_eq!(deliver(&mut talk, 1_030), [5, 6]);
}

#[test]
fn the_part_of_an_album_that_came_last_leads_the_others() {
    let part = |update_id, id, album: &str| {
        let mut line = message(Side::Team, update_id, id);
        if let Said::Message(message) = &mut line.said {
            message.album = Some(album.to_owned());
        }
        line
    };
    let [second, first, other] = [part(2, 6, "a"), part(1, 5, "a"), part(3, 7, "b")];
    let mut talk = talk_of(&[second.clone(), first.clone(), other.clone(), message(Side::Team, 4, 8)]);
    assert_eq!([&second, &first, &other].map(|line| talk.is_followed(line)), [true, false, false]);
    assert_eq!(deliver(&mut talk, 1_000), [5, 6, 7, 8]);
    assert!(!talk.is_followed(&second), "nothing waits any more");
}

#[test]
fn only_the_line_after_the_last_one_delivered_has_nothing_to_wait_for() {
    let mut talk = talk_of(&[message(Side::Team, 1, 5), message(Side::Team, 2, 6)]);
    assert!(!talk.follows_delivered(&message(Side::Team, 2, 6)), "5 is still to be delivered");
    deliver(&mut talk, 1_000);
    assert!(talk.follows_delivered(&message(Side::Team, 3, 7)));
    assert!(!talk.follows_delivered(&message(Side::Team, 4, 8)), "7 may come later");
    assert!(!talk.follows_delivered(&message(Side::Customer, 5, 7)), "it has another chat's id");
}

#[test]
fn one_worker_at_a_time_delivers() {
    let mut talk = talk_of(&[message(Side::Team, 1, 5)]);
    assert!(talk.lease(1_000) && !talk.lease(1_010));
    assert_eq!(talk.due_at(), Some(1_000 + LEASE), "it may die");
    talk.keep_lease(1_020);
    assert!(!talk.lease(1_000 + LEASE) && talk.lease(1_020 + LEASE));
    talk.release();
    assert_eq!(talk.due_at(), Some(0));
}

#[test]
fn replies_and_edits_find_the_message_on_the_other_side() {
    let mut talk = talk_of(&[message(Side::Team, 1, 5), message(Side::Customer, 2, 90)]);
    deliver(&mut talk, 1_000);
    assert_eq!(talk.copy_for(Side::Team, 5), Some(1_005));
    assert_eq!(talk.counterpart_for(Side::Customer, 1_005), Some(5), "the team replies to the customer's message");
    assert_eq!(talk.counterpart_for(Side::Customer, 90), Some(1_090), "the team replies to its own");
    assert_eq!(talk.counterpart_for(Side::Team, 1_090), Some(90));
    assert_eq!(talk.counterpart_for(Side::Team, 7), None);
    talk.forget_topic();
    assert_eq!(talk.counterpart_for(Side::Team, 1_090), None, "the topic's messages are gone");
}

#[test]
fn what_was_said_is_noted_every_ten_minutes() {
    let mut talk = talk_of(&[message(Side::Team, 1, 5)]);
    assert!(!talk.has_note_due(2_000), "it is not delivered yet");
    deliver(&mut talk, 1_000);
    assert!(!talk.has_note_due(1_599) && talk.has_note_due(1_600));
    assert_eq!(talk.due_at(), Some(1_600));
    assert_eq!(talk.begin_note(77).map(Note::number), Some(1));
    let later = Line { at: 1_700, ..message(Side::Customer, 2, 90) };
    talk.take(later).expect("there is room");
    deliver(&mut talk, 1_700);
    talk.doubt_note();
    assert_eq!(talk.begin_note(77).map(|note| (note.sayings.len(), note.in_doubt)), Some((1, true)), "it is fixed");
    talk.finish_note();
    assert_eq!(talk.due_at(), Some(2_300));
    talk.drop_sayings();
    assert_eq!(talk.due_at(), None);
}

#[test]
fn a_line_that_two_workers_have_sent_was_said_once() {
    let line = message(Side::Team, 1, 5);
    let mut talk = talk_of(std::slice::from_ref(&line));
    talk.delivered(&line, 1_005);
    talk.delivered(&line, 1_006);
    assert_eq!(talk.begin_note(77).expect("there is something to note").sayings.len(), 1);
    assert_eq!(talk.copy_for(Side::Team, 5), Some(1_006), "a reply to either finds its message");
}

#[test]
fn a_long_talk_makes_several_notes() {
    let mut talk = Talk::default();
    for id in 0..20 {
        let mut line = message(Side::Team, id + 1, id);
        line.said = Said::Message(Message {
            id,
            reply_to: None,
            album: None,
            author: None,
            body: Body::Text("ы".repeat(4_096)),
        });
        talk.take(line).expect("there is room");
        deliver(&mut talk, 1_000);
    }
    let mut noted = 0;
    while let Some(note) = talk.begin_note(77).cloned() {
        assert!(note.sayings.iter().map(|saying| saying.words.chars().count()).sum::<usize>() < 20_000);
        noted += note.sayings.len();
        talk.finish_note();
    }
    assert_eq!(noted, 20);
}

#[test]
fn a_talk_fits_into_an_item() {
    let mut talk = Talk::default();
    let mut taken = 0;
    for id in 0..1_000 {
        let mut line = message(Side::Customer, id + 1, id);
        line.said = Said::Word("👍".repeat(2_048));
        taken += i32::from(talk.take(line).is_ok());
    }
    assert!((10..30).contains(&taken), "{taken}");
    let mut said = talk_of(&[]);
    for id in 0..1_000 {
        let mut line = message(Side::Customer, id + 1, id);
        line.said = Said::Message(Message {
            id,
            reply_to: Some(id),
            album: None,
            author: Some("Ольга".to_owned()),
            body: Body::Text("👍".repeat(1_500)),
        });
        said.take(line).expect("there is room");
        deliver(&mut said, 1_000);
    }
    for talk in [talk, said] {
        assert!(serde_json::to_string(&talk).expect("it serialises").len() < 200_000);
    }
}

proptest! {
    /// Updates are handled in any order and more than once: every message arrives once, those of one side in their
    /// order.
    #[test]
    fn nothing_is_lost_or_twice_and_the_order_stays(order in Just((1..=8_i64).collect::<Vec<_>>()).prop_shuffle(), again in 0..8_usize) {
        let side = |id: i64| if id % 2 == 0 { Side::Team } else { Side::Customer };
        let mut talk = Talk::default();
        for id in order.iter().chain(order.get(again)) {
            talk.take(message(side(*id), *id, *id)).expect("there is room");
        }
        let delivered = deliver(&mut talk, 1_000);
        let of = |wanted: Side| delivered.iter().copied().filter(|id| side(*id) == wanted).collect::<Vec<_>>();
        prop_assert_eq!(of(Side::Team), [2, 4, 6, 8]);
        prop_assert_eq!(of(Side::Customer), [1, 3, 5, 7]);
    }
}
