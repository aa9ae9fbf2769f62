//! Whether both sides of the talks got every line, in order, and the deals have their notes.

use simulators::amocrm::Deal;
use simulators::telegram::MessageView;

use super::customer::{Talk, Visit};
use super::judgement::Judgement;
use super::outside::Outside;

/// How a note with a talk begins.
const NOTE: &str = "Разговор в Telegram №";

/// What the talks have come to.
pub(super) struct Judged {
    pub(super) judgements: [Judgement; 3],
    pub(super) lines: usize,
    /// Lines that came again, because the answer to their call was lost.
    pub(super) repeated: usize,
}

/// Judges all talks.
pub(super) fn judge(outside: &Outside, visits: &[Visit], deals: &[Deal]) -> Judged {
    let mut lost = Judgement::new("lines of talks lost");
    let mut disordered = Judgement::new("talks out of order");
    let mut notes = Judgement::new("talks without one whole note");
    let (mut lines, mut repeated) = (0, 0);
    let group = outside.group();
    for visit in visits {
        let Some(talk) = visit.talk else { continue };
        let chat = outside.telegram.chat(visit.chat).map(|chat| chat.messages).unwrap_or_default();
        let directions = directions(&chat, &group, talk);
        for (from, (sent, read)) in ["customer", "team"].into_iter().zip(&directions) {
            let arrival = Arrival::of(sent, read);
            for line in sent {
                lost.check(&format!("{line} of {}", visit.chat), !arrival.lost.contains(&line));
            }
            disordered.check(&format!("{from} of {}", visit.chat), arrival.is_in_order);
            (lines, repeated) = (lines + sent.len(), repeated + arrival.repeated);
        }
        let deal = outside.deal_of(&visit.phone).and_then(|seen| deals.iter().find(|deal| deal.id == seen.id));
        let words: Vec<&str> = chat
            .iter()
            .chain(group.iter())
            .filter(|message| is_of(message, talk))
            .map(|said| said.text.as_str())
            .collect();
        notes.check(&visit.chat.to_string(), deal.is_some_and(|deal| has_note(deal, &words)));
    }
    Judged { judgements: [lost, disordered, notes], lines, repeated }
}

/// Whether somebody said this in the talk, other than a command.
fn is_of(message: &MessageView, talk: Talk) -> bool {
    let is_said = match message.from {
        "customer" => message.id > talk.ids.0 && message.id <= talk.ids.1,
        "member" => message.topic == Some(talk.topic),
        _ => false,
    };
    is_said && !message.text.starts_with('/')
}

/// What was sent and what was read: by the customer and the team, by the team and the customer.
fn directions(chat: &[MessageView], group: &[MessageView], talk: Talk) -> [(Vec<String>, Vec<String>); 2] {
    let said = |messages: &[MessageView]| messages.iter().filter(|message| is_of(message, talk)).map(key).collect();
    let read = |messages: &[MessageView], is_there: &dyn Fn(&MessageView) -> bool| {
        messages.iter().filter(|message| message.from == "bot" && is_there(message)).map(key).collect()
    };
    [
        (said(chat), read(group, &|message| message.topic == Some(talk.topic))),
        (said(group), read(chat, &|message| message.id > talk.ids.0)),
    ]
}

/// What a message and its copy have in common: the file, or the words without the name before them.
fn key(message: &MessageView) -> String {
    let words = message.text.split_once(": ").map_or(message.text.as_str(), |(_, words)| words);
    message.file.as_ref().map_or_else(|| words.to_owned(), |file| file.path.clone())
}

/// How the lines of one direction came.
struct Arrival<'a> {
    lost: Vec<&'a String>,
    /// How many came again.
    repeated: usize,
    /// Each came for the first time after those before it.
    is_in_order: bool,
}

impl<'a> Arrival<'a> {
    fn of(sent: &'a [String], read: &[String]) -> Self {
        let places: Vec<Option<usize>> = sent.iter().map(|line| read.iter().position(|read| read == line)).collect();
        let lost = sent.iter().zip(&places).filter(|(_, place)| place.is_none()).map(|(line, _)| line).collect();
        let is_in_order = places.iter().flatten().is_sorted();
        let copies = read.iter().filter(|line| sent.contains(line)).count();
        Self { lost, repeated: copies - places.iter().flatten().count(), is_in_order }
    }
}

/// Whether the deal has one note with the talk, and in it each line once.
fn has_note(deal: &Deal, said: &[&str]) -> bool {
    let mut notes = deal.notes.iter().filter(|note| note.starts_with(NOTE));
    let (Some(note), None) = (notes.next(), notes.next()) else { return false };
    let is_once = |words: &&str| note.lines().filter(|line| line.ends_with(words)).count() == 1;
    // Below the heading. Photos without a caption have no words.
    note.lines().skip(2).count() == said.len() && said.iter().filter(|words| !words.is_empty()).all(is_once)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(sent: &str, read: &str) -> (String, usize, bool) {
        let lines = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let (sent, read) = (lines(sent), lines(read));
        let Arrival { lost, repeated, is_in_order } = Arrival::of(&sent, &read);
        (lost.into_iter().cloned().collect(), repeated, is_in_order)
    }

    #[test]
    fn lines_may_be_repeated_but_not_lost_or_swapped() {
        assert_eq!(arrival("abc", "abc"), (String::new(), 0, true));
        assert_eq!(arrival("abc", "xaabyc"), (String::new(), 1, true));
        assert_eq!(arrival("abc", "aba"), ("c".to_owned(), 1, true));
        assert_eq!(arrival("abc", "acb"), (String::new(), 0, false));
    }
}
