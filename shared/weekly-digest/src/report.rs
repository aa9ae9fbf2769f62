//! What is counted.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use dialog::Milestone;
use lead::{DealOutcome, Lead, LeadId, Seconds, Source, Status};
use sales::Card;

/// A week in seconds.
pub const WEEK: Seconds = 7 * 24 * 3600;

/// What a report is made of: at least everything of the last two weeks. What is older does no harm.
#[derive(Debug, Default)]
pub struct Material {
    pub leads: Vec<Lead>,
    pub cards: Vec<Card>,
    pub left_forms: Vec<LeftForm>,
    /// How each closed deal ended.
    pub outcomes: Vec<DealOutcome>,
    pub answers: Vec<Answer>,
}

/// A form that its customer has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftForm {
    /// The service's name.
    pub service: String,
    /// What was asked last.
    pub step: String,
    pub milestones: Vec<Milestone>,
    pub left_at: Seconds,
}

/// An answer to a free question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub at: Seconds,
    /// A model has understood the question, and not the built-in rules.
    pub by_model: bool,
}

/// A week, and the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub(crate) week: Range<Seconds>,
    pub(crate) now: Counts,
    pub(crate) before: Counts,
    /// Only of this week: forms are not kept longer.
    pub(crate) funnel: Funnel,
}

/// One week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// By the service's name.
    pub(crate) services: BTreeMap<String, usize>,
    /// By the name of the source; `None`: without a link.
    pub(crate) sources: BTreeMap<Option<String>, usize>,
    /// Forms that were left half-way and finished later.
    pub(crate) finished_later: usize,
    /// Forms that became deals as they were left.
    pub(crate) sent_unfinished: usize,
    /// Seconds from the deal to «Взять», the shortest first.
    pub(crate) taken_after: Vec<Seconds>,
    /// Cards that nobody has taken.
    pub(crate) not_taken: usize,
    pub(crate) won: usize,
    /// By the reason; `None`: the manager has chosen none.
    pub(crate) lost: BTreeMap<Option<String>, usize>,
    pub(crate) answers: usize,
    pub(crate) answers_by_rules: usize,
}

/// How far forms have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Funnel {
    pub(crate) started: usize,
    pub(crate) at_name: usize,
    pub(crate) at_confirmation: usize,
    pub(crate) sent: usize,
    /// By service and by what was asked last.
    pub(crate) left: BTreeMap<(String, String), usize>,
}

impl Report {
    /// The week that ends at `until`, and the one before.
    #[must_use]
    pub fn of(material: &Material, until: Seconds) -> Self {
        let week = until - WEEK..until;
        let now = Counts::of(material, &week);
        let before = Counts::of(material, &(week.start - WEEK..week.start));
        let left = material.left_forms.iter().filter(|form| week.contains(&form.left_at));
        let funnel = Funnel::of(left, now.requests());
        Self { week, now, before, funnel }
    }

    /// Nothing has happened in either week, as when the bot was installed just now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = Counts::default();
        self.now == nothing && self.before == nothing && self.funnel == Funnel::default()
    }
}

impl Counts {
    fn of(material: &Material, week: &Range<Seconds>) -> Self {
        let mut counts = Self::default();
        let cards: HashMap<LeadId, &Card> = material.cards.iter().map(|card| (card.lead_id, card)).collect();
        for lead in material.leads.iter().filter(|lead| week.contains(&lead.request.created_at)) {
            counts.add_lead(lead, cards.get(&lead.lead_id).copied());
        }
        counts.taken_after.sort_unstable();
        for outcome in material.outcomes.iter().filter(|outcome| week.contains(&outcome.at())) {
            match outcome {
                DealOutcome::Won { .. } => counts.won += 1,
                DealOutcome::Lost { reason, .. } => *counts.lost.entry(reason.clone()).or_default() += 1,
            }
        }
        for answer in material.answers.iter().filter(|answer| week.contains(&answer.at)) {
            counts.answers += 1;
            counts.answers_by_rules += usize::from(!answer.by_model);
        }
        counts
    }

    fn add_lead(&mut self, lead: &Lead, card: Option<&Card>) {
        let request = &lead.request;
        if request.unfinished.is_some() {
            self.sent_unfinished += 1;
            return;
        }
        *self.services.entry(request.service.clone()).or_default() += 1;
        let source = request.source.as_ref().map(|source| Source::name(source).to_owned());
        *self.sources.entry(source).or_default() += 1;
        self.finished_later += usize::from(lead.completes.is_some());
        if let (Some(card), Status::Sent { at }) = (card, &lead.status) {
            match card.taken {
                Some(take) => self.taken_after.push((take.at - at).max(0)),
                None => self.not_taken += 1,
            }
        }
    }

    /// Finished requests.
    pub(crate) fn requests(&self) -> usize {
        self.services.values().sum()
    }

    pub(crate) const fn rescued(&self) -> usize {
        self.finished_later + self.sent_unfinished
    }

    /// The median; `None` if nothing was taken.
    pub(crate) fn usually_taken_after(&self) -> Option<Seconds> {
        let count = self.taken_after.len();
        let (low, high) = (self.taken_after.get(count.checked_sub(1)? / 2)?, self.taken_after.get(count / 2)?);
        Some((low + high) / 2)
    }

    /// In per cent; `None` without questions.
    pub(crate) fn share_by_rules(&self) -> Option<usize> {
        (self.answers_by_rules * 100 + self.answers / 2).checked_div(self.answers)
    }
}

impl Funnel {
    fn of<'a>(left_forms: impl Iterator<Item = &'a LeftForm>, sent: usize) -> Self {
        let mut funnel = Self { started: sent, at_name: sent, at_confirmation: sent, sent, left: BTreeMap::new() };
        for form in left_forms {
            let reached = |milestone| usize::from(form.milestones.contains(&milestone));
            funnel.started += 1;
            funnel.at_name += reached(Milestone::Name);
            funnel.at_confirmation += reached(Milestone::Confirmation);
            *funnel.left.entry((form.service.clone(), form.step.clone())).or_default() += 1;
        }
        funnel
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use lead::Request;
    use sales::Take;

    use super::*;

    /// Monday, 9 March 2026, midnight in Moscow.
    pub(crate) const MONDAY: Seconds = 1_773_003_600;
    const LAST_WEEK: Seconds = MONDAY - WEEK - 3600;
    pub(crate) const THIS_WEEK: Seconds = MONDAY - 3600;

    pub(crate) fn request(n: usize, service: &str, source: Option<&str>, at: Seconds) -> Lead {
        let id: LeadId = format!("01JD0000000000000AK7Q{n:05}").parse().unwrap();
        let source = source.map(|name| Source { source: Some(name.to_owned()), ..Source::default() });
        let request = Request { id, service: service.to_owned(), source, created_at: at, ..Request::example() };
        Lead { status: Status::Sent { at: at + 10 }, ..Lead::new(request, 60) }
    }

    fn card(lead: &Lead, taken_after: Option<Seconds>) -> Card {
        let Status::Sent { at } = lead.status else { panic!("it is not sent") };
        let mut card = Card::new(lead.lead_id, lead.chat_id, None);
        card.taken = taken_after.map(|after| Take { by: 501, at: at + after });
        card
    }

    fn left(step: &str, milestones: &[Milestone]) -> LeftForm {
        let (service, step) = ("Продажа авто".to_owned(), step.to_owned());
        LeftForm { service, step, milestones: milestones.to_vec(), left_at: THIS_WEEK }
    }

    pub(crate) fn material() -> Material {
        let mut leads = vec![
            request(1, "Продажа авто", Some("avito"), THIS_WEEK),
            request(2, "Продажа авто", None, THIS_WEEK),
            request(3, "Подбор авто", Some("avito"), THIS_WEEK),
            request(4, "Подбор авто", Some("avito"), LAST_WEEK),
            request(5, "Подбор авто", None, LAST_WEEK - WEEK),
        ];
        let cards = [Some(60), Some(300), None, Some(600), None];
        let cards = leads.iter().zip(cards).map(|(lead, after)| card(lead, after)).collect();
        leads[1].completes = Some(Request::example());
        let unfinished = Request { unfinished: Some("Цена".to_owned()), ..request(6, "", None, THIS_WEEK).request };
        leads.push(Lead::new(unfinished, 60));
        let lost = |reason: Option<&str>| DealOutcome::Lost { at: THIS_WEEK, reason: reason.map(str::to_owned) };
        let answer = |at, by_model| Answer { at, by_model };
        Material {
            leads,
            cards,
            left_forms: vec![
                left("Цена", &[Milestone::Started]),
                left("Цена", &[Milestone::Started]),
                left("Телефон", &[Milestone::Started, Milestone::Name]),
            ],
            outcomes: vec![DealOutcome::Won { at: LAST_WEEK }, lost(Some("Дорого")), lost(Some("Дорого")), lost(None)],
            answers: vec![
                answer(THIS_WEEK, true),
                answer(THIS_WEEK, false),
                answer(LAST_WEEK, true),
                answer(MONDAY, false),
            ],
        }
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_two() {
        let taken = |taken_after: &[Seconds]| Counts { taken_after: taken_after.to_vec(), ..Counts::default() };
        assert_eq!(taken(&[]).usually_taken_after(), None);
        assert_eq!(taken(&[60]).usually_taken_after(), Some(60));
        assert_eq!(taken(&[60, 300]).usually_taken_after(), Some(180));
        assert_eq!(taken(&[1, 2, 900]).usually_taken_after(), Some(2));
    }
}
