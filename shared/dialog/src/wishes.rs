//! Several wishes in one sentence: «хочу продать камри и купить рав4».
//!
//! One of them is offered. The manager has to read the others, so the sentence goes with the request.

use crate::Intent;

/// Words that wish for a service. Only forms that mean a wish of the customer: «купите» asks the dealer to buy.
const WORDS: [(Intent, &[&str]); 5] = [
    (Intent::Sell, &["продать", "продам", "продаю", "продаем", "сдать", "сдам", "обменять", "обменяю"]),
    (Intent::Buy, &["купить", "куплю", "купим", "приобрести", "приобрету", "взять", "возьму", "возьмем"]),
    (Intent::Find, &["подобрать", "подберите", "подберете", "подбор", "посоветуйте"]),
    (Intent::Check, &["проверить", "проверьте", "проверите", "диагностика", "диагностику", "осмотр", "осмотреть"]),
    (
        Intent::Legal,
        &["оформить", "оформите", "переоформить", "застраховать", "осаго", "каско", "страховку", "договор"],
    ),
];

/// Whether `text` wishes for something besides `service`. What belongs to the service itself is not another wish:
/// somebody who has a car checked is about to buy it, and a contract is for a sale.
pub(crate) fn has_others(text: &str, service: Intent) -> bool {
    let others: &[Intent] = match service {
        Intent::Sell => &[Intent::Buy, Intent::Find, Intent::Check, Intent::Legal],
        Intent::Buy | Intent::Find => &[Intent::Sell, Intent::Check, Intent::Legal],
        Intent::Check => &[Intent::Sell, Intent::Legal],
        Intent::Legal => &[Intent::Check],
        Intent::Faq | Intent::Unknown => &[],
    };
    let text = text.to_lowercase().replace('ё', "е");
    let words: Vec<&str> = text.split(|letter: char| !letter.is_alphanumeric()).collect();
    let is_wished = |intent: &Intent| {
        let (_, wish) = WORDS.iter().find(|(known, _)| known == intent)?;
        words.iter().find(|word| wish.contains(word))
    };
    others.iter().any(|intent| is_wished(intent).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_service_is_another_wish() {
        for (service, text) in [
            (Intent::Sell, "хочу продать камри и купить рав4"),
            (Intent::Sell, "Сдам весту, возьмём что-нибудь поновее"),
            (Intent::Buy, "куплю рав4, а камри сдам вам"),
            (Intent::Find, "подобрать, проверить и оформить"),
            (Intent::Check, "Проверьте камри, и если чистая, оформите"),
        ] {
            assert!(has_others(text, service), "{text}");
        }
    }

    #[test]
    fn one_wish_is_one() {
        for (service, text) in [
            (Intent::Sell, "Купите мою камри, продам недорого"),
            (Intent::Buy, "хочу купить камри до двух миллионов"),
            (Intent::Find, "посоветуйте, что взять до миллиона"),
            (Intent::Check, "хочу купить весту, проверьте её"),
            (Intent::Legal, "договор нужен: хочу продать машину брату"),
        ] {
            assert!(!has_others(text, service), "{text}");
        }
    }
}
