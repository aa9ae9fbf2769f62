//! Who answers a question: the dealer with its facts, the bot about itself, or a manager. About the dealer the bot says
//! only the dealer's own words.

use dealer::{Fact, FactId, Facts};
use dialog::{AiAnswer, AnsweredBy, Intent};

use crate::{guard, offline};

/// What the rules understood of `question`, with who answers it.
pub(crate) fn settled_by_rules(answer: AiAnswer, question: &str, facts: &Facts) -> AiAnswer {
    let asks = question.contains('?') || faq::begins_as_question(question);
    let is_wish = answer.intent.branch().is_some() && !asks;
    let chosen = if is_wish { Vec::new() } else { facts.answering(question).into_iter().map(Fact::id).collect() };
    settled(answer, chosen, question)
}

/// What a model understood of `question`, with who answers it. `numbers` are those of the facts that the model has
/// chosen, from 1; `None` if it says nothing of facts: then the rules choose.
pub(crate) fn settled_by_model(answer: AiAnswer, numbers: Option<&[usize]>, question: &str, facts: &Facts) -> AiAnswer {
    let settled = match numbers {
        None => settled_by_rules(answer, question, facts),
        Some(numbers) => {
            let mut chosen: Vec<FactId> = Vec::new();
            for fact in numbers.iter().filter_map(|number| facts.get(number.checked_sub(1)?)) {
                if !chosen.contains(&fact.id()) && chosen.len() < faq::MAX_FACTS {
                    chosen.push(fact.id());
                }
            }
            settled(answer, chosen, question)
        }
    };
    // A model does not know the dealer.
    if settled.intent != Intent::Faq && guard::may_be_shown(&settled.reply) {
        return settled;
    }
    let car = values::car::find(question).map(|found| found.car);
    let reply = offline::reply(settled.intent, settled.confidence, car.as_ref(), question);
    AiAnswer { reply, ..settled }
}

fn settled(answer: AiAnswer, chosen: Vec<FactId>, question: &str) -> AiAnswer {
    match answer.intent {
        _ if !chosen.is_empty() => {
            let intent = if answer.intent == Intent::Unknown { Intent::Faq } else { answer.intent };
            AiAnswer { intent, answered_by: AnsweredBy::Dealer(chosen), ..answer }
        }
        Intent::Faq if offline::is_about_the_bot(question) => AiAnswer { answered_by: AnsweredBy::Bot, ..answer },
        _ => AiAnswer { answered_by: AnsweredBy::Nobody, ..answer },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let fact = |question: &str| Fact { questions: vec![question.to_owned()], answer: "Да.".to_owned() };
        Facts::new(vec![fact("Есть ли парковка?"), fact("Сколько стоит диагностика?"), fact("Где вы находитесь?")])
    }

    fn told(intent: Intent, reply: &str) -> AiAnswer {
        let entities = dialog::Entities::default();
        AiAnswer { intent, confidence: 0.9, entities, answered_by: AnsweredBy::Nobody, reply: reply.to_owned() }
    }

    fn chosen(numbers: Option<&[usize]>, question: &str) -> AnsweredBy {
        settled_by_model(told(Intent::Faq, "Диагностика бесплатна."), numbers, question, &facts()).answered_by
    }

    fn dealer(places: &[usize]) -> AnsweredBy {
        AnsweredBy::Dealer(places.iter().map(|at| facts()[*at].id()).collect())
    }

    #[test]
    fn a_model_chooses_among_the_facts_there_are() {
        assert_eq!(chosen(Some(&[2, 2, 0, 9, 1, 3]), "что почём и где"), dealer(&[1, 0]), "at most two");
        assert_eq!(chosen(Some(&[]), "есть ли парковка?"), AnsweredBy::Nobody, "none fits, says the model");
        assert_eq!(chosen(None, "есть ли парковка?"), dealer(&[0]), "it knows of no facts: the rules choose");
        assert_eq!(chosen(Some(&[]), "что ты умеешь?"), AnsweredBy::Bot);
    }

    #[test]
    fn a_model_never_speaks_for_the_dealer() {
        let reply = |intent, reply: &str| settled_by_model(told(intent, reply), Some(&[]), "вопрос", &facts()).reply;
        assert!(reply(Intent::Faq, "Поможем продать автомобиль.").starts_with("Точного ответа у меня нет"));
        assert!(reply(Intent::Sell, "Продадим за 3 дня!").starts_with("Поможем продать автомобиль."));
        assert_eq!(reply(Intent::Sell, "Поможем продать вашу машину!"), "Поможем продать вашу машину!");
    }

    #[test]
    fn a_wish_is_not_a_question() {
        let wish = settled_by_rules(told(Intent::Check, ""), "нужна диагностика", &facts());
        assert_eq!(wish.answered_by, AnsweredBy::Nobody);
        let question = settled_by_rules(told(Intent::Check, ""), "сколько стоит диагностика?", &facts());
        assert_eq!((question.intent, question.answered_by), (Intent::Check, dealer(&[1])));
        let unknown = settled_by_rules(told(Intent::Unknown, ""), "парковка", &facts());
        assert_eq!((unknown.intent, unknown.answered_by), (Intent::Faq, dealer(&[0])));
    }
}
