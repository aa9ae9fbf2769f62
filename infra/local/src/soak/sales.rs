//! The sales group, and what the team does in it.

use simulators::amocrm::{MANAGER, SECOND_MANAGER, THIRD_MANAGER};
use simulators::telegram::{BotRole, Group, MessageView, Person, Telegram};

/// The members of the team: name, and user in amoCRM, whose name begins with it.
pub(super) const TEAM: [(&str, u64); 3] = [("Ольга", MANAGER), ("Игорь", SECOND_MANAGER), ("Мария", THIRD_MANAGER)];

/// How the card of a request begins, and that of one that was left half-way.
const CARD_HEADINGS: [&str; 2] = ["🚗", "🕓 Не закончил"];
const TAKE: &str = "🙋 Взять";
/// Before the name of whoever has taken a request.
const TAKEN: &str = "✅ Взято: ";

/// The group with its members.
pub(super) struct SalesGroup {
    group: Group,
    members: Vec<Person>,
}

impl SalesGroup {
    /// A group with topics.
    pub(super) fn open(telegram: &Telegram) -> Self {
        let group = telegram.new_supergroup("Продажи");
        let members = TEAM.iter().map(|(name, _)| group.member(&telegram.new_customer(name, None))).collect();
        group.switch_topics(true);
        group.make_bot(BotRole::Admin { can_manage_topics: true });
        Self { group, members }
    }

    /// `chat_id` of `[sales_chat]`.
    pub(super) const fn chat_id(&self) -> i64 {
        self.group.chat
    }

    /// The sections `[[team]]` of the dealer's file.
    pub(super) fn team_sections(&self) -> String {
        let section = |((name, user), person): (&(&str, u64), &Person)| {
            format!("[[team]]\nname = \"{name}\"\namocrm_user_id = {user}\ntelegram_id = {}\n", person.id)
        };
        TEAM.iter().zip(&self.members).map(section).collect()
    }

    /// Everything in the group, oldest first.
    pub(super) fn messages(&self) -> Vec<MessageView> {
        self.group.view().map(|group| group.messages).unwrap_or_default()
    }

    /// A member of the team; every number is somebody's.
    pub(super) fn member(&self, number: usize) -> &Person {
        &self.members[number % self.members.len()]
    }

    /// Members press «Взять» on this card, all at the same moment. False if the card has no such button any more.
    pub(super) fn press_take(&self, card: &MessageView, by: &[usize]) -> bool {
        let button = card.buttons.iter().flatten().find(|button| button.text == TAKE);
        let Some(data) = button.and_then(|button| button.callback_data.as_deref()) else { return false };
        for number in by {
            if let Err(error) = self.member(*number).press(card.id, data) {
                tracing::warn!("a member cannot press a button: {error}");
            }
        }
        true
    }
}

/// The number of the request whose card this is.
pub(super) fn card_number(message: &MessageView) -> Option<String> {
    let heading = message.text.lines().next()?;
    let is_card = message.from == "bot" && CARD_HEADINGS.iter().any(|beginning| heading.starts_with(beginning));
    request_numbers(heading).next().filter(|_| is_card).map(str::to_owned)
}

/// Who has taken the request, as its card says.
pub(super) fn taken_by(card: &MessageView) -> Option<&str> {
    card.text.split_once(TAKEN)?.1.split(',').next()
}

/// The request numbers in a text, such as `K7QX-3M9Q`.
pub(super) fn request_numbers(text: &str) -> impl Iterator<Item = &str> {
    let is_in_number = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '-';
    let words = text.split(move |char: char| !is_in_number(char));
    words.filter(|word| word.len() == 9 && word.as_bytes()[4] == b'-' && word.matches('-').count() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_are_found_in_a_text() {
        let text = "Номер заявки: K7QX-3M9Q\nДобавил к вашей заявке AAAA-BBBB, +7 900 123-45-67, --------- 12345-789";
        assert_eq!(request_numbers(text).collect::<Vec<_>>(), ["K7QX-3M9Q", "AAAA-BBBB"]);
    }
}
