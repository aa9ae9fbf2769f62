//! What customers hear of the stages of their deals.

use simulators::amocrm::BOT_FIRST_STAGE;

use super::customer::Visit;
use super::judgement::{Finding, Judgement};
use super::outside::Outside;

pub(super) const CALLED: u64 = BOT_FIRST_STAGE + 1;
pub(super) const MEETING: u64 = BOT_FIRST_STAGE + 2;

/// The stages of the dealer's file, with their texts.
pub(super) const STAGE_TEXTS: [(u64, &str); 2] =
    [(CALLED, "Менеджер с вами созвонился."), (MEETING, "Ждём вас на встречу.")];

/// Judges what the customers were told.
pub(super) fn judge(outside: &Outside, visits: &[Visit]) -> [Judgement; 2] {
    let mut twice = Judgement::new("stages told twice");
    let mut untold = Judgement::new("newest stages not told");
    for visit in visits {
        let Some(newest) = visit.stages.last() else { continue };
        let chat = outside.telegram.chat(visit.chat).map(|chat| chat.messages).unwrap_or_default();
        for (stage, text) in STAGE_TEXTS {
            let count = chat.iter().filter(|message| message.text.starts_with(text)).count();
            let thing = format!("{stage} to {}", visit.chat);
            if visit.stages.contains(&stage) {
                twice.check(&thing, count <= 1);
            }
            if stage == *newest {
                let may_be_told = || outside.may_be_sent(&[text, &visit.chat.to_string()]);
                untold.add(&thing, Finding::of(count > 0, may_be_told));
            }
        }
    }
    [twice, untold]
}
