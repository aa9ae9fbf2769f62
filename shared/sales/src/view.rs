//! What the group sees of a card.

use dealer::Team;
use dialog::Text;
use lead::safe_text::{name_without_numbers, one_line};
use lead::{CrmField, Lead, Request, Status};
use texts::Language;
use values::money;

use crate::{Card, CardPress};

/// Longest topic and longest name on a card, in characters: the whole fits into a photo's caption.
const MAX_WORDS: usize = 150;

/// A card as the group sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardView {
    /// At most 1024 UTF-16 units: <https://core.telegram.org/bots/api#sendphoto>.
    pub text: Text,
    /// «Взять», until somebody has.
    pub take: Option<PressButton>,
    pub deal: Option<LinkButton>,
}

/// A button that tells the bot that it was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PressButton {
    pub text: String,
    pub data: String,
}

/// A button that opens a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkButton {
    pub text: String,
    pub url: String,
}

impl Card {
    /// What the group sees: never the customer's phone unless `show_phone`.
    #[must_use]
    pub fn view(&self, lead: &Lead, team: &Team, show_phone: bool, language: Language) -> CardView {
        let request = &lead.request;
        let mut lines = vec![what(request)];
        lines.extend(sum(request).map(|sum| line("card-sum", "sum", &sum, language)));
        lines.push(line("card-name", "name", &name(request, show_phone), language));
        if show_phone {
            lines.push(line("card-phone", "phone", &request.customer.phone, language));
        }
        lines.extend(source(request).map(|source| line("card-source", "source", &source, language)));
        let stop = request.unfinished.as_deref().map(one_line);
        lines.extend(stop.map(|question| line("card-stopped-at", "question", &question, language)));
        let mut text = Text::default().bold(&heading(lead, language));
        for line in lines.iter().filter(|line| !line.is_empty()) {
            text = text.push("\n").push(line);
        }
        if let Some(taken) = self.taken_line(lead, team, language) {
            text = text.push("\n\n").bold(&taken);
        }
        CardView { text, take: self.take_button(language), deal: self.deal_button(language) }
    }

    /// «Взято: Ольга, через 2 мин», counted from when amoCRM had the request.
    fn taken_line(&self, lead: &Lead, team: &Team, language: Language) -> Option<String> {
        let take = self.taken?;
        let name = taken_by(take.by, team, language);
        let Status::Sent { at } = lead.status else {
            return Some(line("card-taken", "name", &name, language));
        };
        let after = language.duration((take.at - at).max(0));
        Some(language.text_with("card-taken-after", [("name", name.into()), ("duration", after.into())]))
    }

    fn take_button(&self, language: Language) -> Option<PressButton> {
        let button =
            || PressButton { text: language.text("card-take"), data: CardPress::Take(self.lead_id).to_string() };
        self.taken.is_none().then(button)
    }

    fn deal_button(&self, language: Language) -> Option<LinkButton> {
        let url = self.deal_url.clone()?;
        Some(LinkButton { text: language.text("card-open-deal"), url })
    }
}

/// The name of a user of amoCRM, as the team knows it.
#[must_use]
pub fn taken_by(user: u64, team: &Team, language: Language) -> String {
    match team.by_amocrm_user(user) {
        Some(member) => member.name.clone(),
        None => language.text_with("card-former-member", [("id", user.to_string().into())]),
    }
}

fn heading(lead: &Lead, language: Language) -> String {
    let id = if lead.request.unfinished.is_some() { "card-heading-unfinished" } else { "card-heading" };
    let number = lead.lead_id.request_number().into();
    language.text_with(id, [("service", one_line(&lead.request.service).into()), ("number", number)])
}

/// The car or another topic, its year, its mileage.
fn what(request: &Request) -> String {
    let field = |field| request.fields.get(&field).map(|value| one_line(value.text()));
    let topic = Some(shortened(&one_line(&request.topic)));
    let parts = [topic, field(CrmField::CarYear), field(CrmField::Mileage)];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn sum(request: &Request) -> Option<String> {
    let budget = request.fields.get(&CrmField::Budget).map(|budget| one_line(budget.text()));
    budget.or_else(|| request.price.map(money::show))
}

fn name(request: &Request, show_phone: bool) -> String {
    let name = &request.customer.name;
    shortened(&if show_phone { one_line(name) } else { name_without_numbers(name) })
}

fn source(request: &Request) -> Option<String> {
    request.source.as_ref().map(|source| source.parts().map(one_line).collect::<Vec<_>>().join(" / "))
}

fn shortened(text: &str) -> String {
    let mut kept: String = text.chars().take(MAX_WORDS).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}

fn line(id: &str, argument: &str, value: &str, language: Language) -> String {
    language.text_with(id, [(argument, value.into())])
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use lead::Source;

    use super::*;
    use crate::{CardMessage, Taken};

    fn lead() -> Lead {
        let mut request = Request::example();
        request.source = Some(Source { source: Some("avito".to_owned()), ..Source::default() });
        Lead { status: Status::Sent { at: 1000 }, ..Lead::new(request, 0) }
    }

    fn card() -> Card {
        Card::new(lead().lead_id, 7, Some("https://auto.amocrm.ru/leads/detail/8001".to_owned()))
    }

    fn team() -> Team {
        let file = "[[team]]\nname = \"Ольга\"\namocrm_user_id = 501\n";
        dealer::parse(file).unwrap().team
    }

    fn text(card: &Card, lead: &Lead, show_phone: bool) -> String {
        card.view(lead, &team(), show_phone, Language::Russian).text.text
    }

    #[test]
    fn a_card_says_what_a_manager_decides_by_and_no_phone() {
        assert_snapshot!(text(&card(), &lead(), false), @"
        🚗 Продажа авто · № K7QX-3M9Q
        Toyota Camry, 2019
        Сумма: 1 500 000 ₽
        Клиент: Анна
        Источник: avito
        ");
        assert!(text(&card(), &lead(), true).contains("+79001234567"));
        let view = card().view(&lead(), &team(), false, Language::Russian);
        assert_eq!(view.take.unwrap().data, "take:01JD0000000000000AK7QX3M9Q");
        assert_eq!(view.deal.unwrap().url, "https://auto.amocrm.ru/leads/detail/8001");
    }

    #[test]
    fn a_card_that_is_taken_says_by_whom_and_how_soon() {
        let mut card = card();
        let message = CardMessage { group_id: -77, message_id: 1, has_photo: false };
        assert_eq!(card.take(501, message, 1130, 60), Taken::Now);
        assert_snapshot!(text(&card, &lead(), false), @"
        🚗 Продажа авто · № K7QX-3M9Q
        Toyota Camry, 2019
        Сумма: 1 500 000 ₽
        Клиент: Анна
        Источник: avito

        ✅ Взято: Ольга, через 2 мин
        ");
        assert_eq!(card.view(&lead(), &team(), false, Language::Russian).take, None);
        let alone = card.view(&lead(), &Team::default(), false, Language::Russian).text.text;
        assert!(alone.ends_with("✅ Взято: пользователь 501, через 2 мин"), "{alone}");
    }

    #[test]
    fn a_form_left_half_way_says_so() {
        let mut lead = lead();
        lead.request.unfinished = Some("Цена".to_owned());
        lead.request.price = None;
        assert_snapshot!(text(&card(), &lead, false), @"
        🕓 Не закончил: Продажа авто · № K7QX-3M9Q
        Toyota Camry, 2019
        Клиент: Анна
        Источник: avito
        Остановился на вопросе: Цена
        ");
    }

    #[test]
    fn a_customers_words_make_no_line_no_link_and_no_phone() {
        let mut lead = lead();
        lead.request.customer.name = "Анна\n✅ Взято: Ольга +79990000000".to_owned();
        lead.request.topic = format!("<b>www.site.ru</b>\u{202e} {}", "x".repeat(500));
        lead.request.fields.insert(CrmField::Mileage, "85 000\nИсточник: vk".into());
        assert_snapshot!(text(&card(), &lead, false), @"
        🚗 Продажа авто · № K7QX-3M9Q
        <b>www. site. ru</b> xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…, 2019, 85 000 Источник: vk
        Сумма: 1 500 000 ₽
        Клиент: Анна ✅ Взято: Ольга
        Источник: avito
        ");
        lead.request.customer.name = "ы".repeat(2000);
        assert!(card().view(&lead, &team(), true, Language::Russian).text.len_utf16() < 1024);
    }
}
