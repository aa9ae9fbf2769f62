//! What has become of the requests that the customer has sent: when asked, and unasked.

use lead::{LeadId, Seconds};
use texts::Language;

use crate::{Keyboard, Rules, Screen, Style, Text, plain};

/// How many requests are shown, the newest first.
pub const MAX_REQUESTS: usize = 5;
/// Most characters of a dealer's text that are shown: all requests fit into one message.
const MAX_CHARS: usize = 300;

/// A request that the customer has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentRequest {
    pub id: LeadId,
    /// Name of the service.
    pub service: String,
    /// When «Отправить» was pressed.
    pub sent_at: Seconds,
    pub state: RequestState,
    /// The pipeline stage of its deal, if that is known.
    pub stage: Option<u64>,
}

/// What is known of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// It is stored, and on its way to the manager.
    Accepted,
    /// The manager has it.
    Delivered,
    /// A manager has moved its deal.
    InWork,
    /// Its deal is won or lost.
    Closed,
}

/// The newest requests of a chat, newest first, with what the dealer says of the stages of their deals.
#[must_use]
pub fn requests_screen(requests: &[SentRequest], rules: &Rules) -> Screen {
    let language = rules.language;
    let text = if requests.is_empty() {
        Text::plain(language.text("requests-none"))
    } else {
        let heading = Text::default().styled(&language.text("requests-heading"), Style::Bold);
        requests.iter().take(MAX_REQUESTS).fold(heading, |text, request| {
            let day = rules.dealer.calendar.local(request.sent_at).strftime("%d.%m.%Y").to_string();
            let arguments = [
                ("number", request.id.request_number().into()),
                ("service", request.service.as_str().into()),
                ("day", day.into()),
            ];
            text.push("\n\n")
                .push(&language.text_with("requests-line", arguments))
                .push("\n")
                .push(&state_text(request, rules))
        })
    };
    Screen { text, keyboard: Keyboard::None }
}

/// What the customer is told when the deal of a request comes to a pipeline stage, in the dealer's words.
#[must_use]
pub fn stage_screen(dealers_words: &str, id: LeadId, language: Language) -> Screen {
    let arguments = [("text", dealers_words.into()), ("number", id.request_number().into())];
    Screen { text: Text::plain(language.text_with("stage-told", arguments)), keyboard: Keyboard::None }
}

/// The dealer's words about the stage, or a word of ours.
fn state_text(request: &SentRequest, rules: &Rules) -> String {
    if let Some(text) = request.stage.and_then(|stage| rules.dealer.stages.get(&stage)) {
        return plain::cut(text, MAX_CHARS, usize::MAX);
    }
    rules.language.text(match request.state {
        RequestState::Accepted => "requests-line.accepted",
        RequestState::Delivered => "requests-line.delivered",
        RequestState::InWork => "requests-line.in-work",
        RequestState::Closed => "requests-line.closed",
    })
}
