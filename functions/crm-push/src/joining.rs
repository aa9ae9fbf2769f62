//! Which open deal a request joins: one customer has one open deal for a service.
//!
//! Anybody can type somebody else's number. So a deal is joined only with proof that it is the same person's: Telegram
//! has confirmed the number, or the deal came from this very chat.

use amocrm::Deal;
use dealer::Dealer;
use lead::{Lead, PhoneSource, Request, SEARCH_LAG, Seconds, Status};
use storage::StorageError;

use crate::attempt::StepContext;
use crate::{CrmPush, DAY};

/// How many of a chat's newest requests are looked through.
const NEWEST: usize = 50;

/// What a request does with a deal that was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Joining {
    /// Its note, its task, and what the deal lacks.
    Joins,
    /// The deal becomes that of the request: it was made for this one, which the same customer had left unfinished, and
    /// nobody has touched it.
    TakesOver(Box<Request>),
}

/// The chat's other requests for the same service.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnRequests(Vec<Lead>);

impl CrmPush {
    /// No deal made before then is joined; `None` if the dealer wants none joined at all.
    pub(crate) fn joins_since(&self, dealer: &Dealer) -> Option<Seconds> {
        dealer.join_open_deal_days.map(|days| self.now() - Seconds::from(days) * DAY)
    }

    /// The chat's other requests for the service of this one, as far as they are kept.
    pub(crate) async fn own_requests(&self, lead: &Lead) -> Result<OwnRequests, StorageError> {
        let mut ids = self.leads.of_chat(lead.chat_id).await?;
        ids.retain(|id| *id != lead.lead_id);
        let newest = ids.split_off(ids.len().saturating_sub(NEWEST));
        let mut others: Vec<Lead> =
            self.leads.get_many(&newest).await?.into_iter().map(|stored| stored.value).collect();
        others.retain(|other| other.request.branch == lead.request.branch);
        Ok(OwnRequests(others))
    }
}

impl OwnRequests {
    /// Whether there can be proof that a deal is the customer's.
    pub(crate) fn can_be_joined_by(&self, lead: &Lead) -> bool {
        !self.0.is_empty() || lead.request.customer.phone_source == PhoneSource::OwnContact
    }

    /// Ids of the deals of those with the same phone: another contact may have the number meanwhile.
    pub(crate) fn deals_of_phone(&self, phone: &str) -> impl Iterator<Item = u64> {
        let of_phone = self.0.iter().filter(move |other| other.request.customer.phone == phone);
        of_phone.filter_map(|other| other.progress.deal_id())
    }

    /// Until when the request waits for an earlier one that is making its deal. Not for long: the earlier one may have to
    /// wait for hours.
    pub(crate) fn wait_until(&self, lead: &Lead, now: Seconds) -> Option<Seconds> {
        let is_under_way = |other: &&Lead| {
            let may_make_deal = !matches!(other.status, Status::Sent { .. } | Status::Dead { .. });
            other.lead_id < lead.lead_id && may_make_deal && other.progress.deal_id().is_none()
        };
        let patience = lead.request.created_at + SEARCH_LAG;
        self.0.iter().find(is_under_way).map(|_| patience).filter(|until| *until > now)
    }

    /// Those that the deal was made for, or that have joined it. The deal's field with the number shows one whose answer
    /// was lost.
    fn of_deal(&self, deal: &Deal) -> impl Iterator<Item = &Lead> {
        self.0.iter().filter(|other| {
            other.progress.deal_id() == Some(deal.id) || deal.has_value(&other.lead_id.request_number())
        })
    }

    /// Whether one of them has made this deal and is not delivered yet: then nobody has begun to track the deal, and
    /// whoever has moved it has moved it out of the bot's first stage.
    pub(crate) fn are_making(&self, deal: &Deal) -> bool {
        self.of_deal(deal).any(|other| {
            let is_of_finished_form = other.request.unfinished.is_none() && other.completes.is_none();
            is_of_finished_form && !other.progress.joined_deal && !matches!(other.status, Status::Sent { .. })
        })
    }

    /// Mock mode has no deals to look at: returns the newest one that this request would find open.
    pub(crate) fn mock_deal_to_join(&self, lead: &Lead, since: Seconds) -> Option<u64> {
        let others = self.0.iter().rev().filter(|other| other.request.created_at >= since);
        let same_phone = |other: &&Lead| other.request.customer.phone == lead.request.customer.phone;
        others.filter(same_phone).find_map(|other| other.progress.deal_id())
    }
}

impl StepContext<'_> {
    /// The deal to join among `deals`: one of this chat first, then the newest.
    pub(crate) fn deal_to_join<'a>(
        &self,
        lead: &Lead,
        own: &OwnRequests,
        deals: &'a [Deal],
    ) -> Option<(&'a Deal, Joining)> {
        let since = self.function.joins_since(self.dealer)?;
        let is_confirmed = lead.request.customer.phone_source == PhoneSource::OwnContact;
        let open = deals.iter().filter(|deal| deal.is_open() && deal.created_at >= since);
        let candidates = open.filter(|deal| self.payloads.is_in_pipeline(deal)).filter_map(|deal| {
            let is_own = own.of_deal(deal).next().is_some();
            let is_proven = is_own || (is_confirmed && self.payloads.is_of_service(&lead.request, deal));
            is_proven.then_some((is_own, deal))
        });
        let (_, deal) = candidates.max_by_key(|(is_own, deal)| (*is_own, deal.created_at, deal.id))?;
        let mut requests = own.of_deal(deal).map(|other| &other.request);
        let left = requests.find(|request| self.payloads.is_as_left(request, deal));
        let joining = match left.filter(|_| lead.request.unfinished.is_none()) {
            Some(unfinished) => Joining::TakesOver(Box::new(unfinished.clone())),
            None => Joining::Joins,
        };
        Some((deal, joining))
    }
}
