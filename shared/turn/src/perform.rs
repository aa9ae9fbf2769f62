//! Performs the effects of a decision. Messages that the customer waits for go out one after the other; everything else
//! runs beside them.

use dialog::{Conversation, Effect, PromptSent, Screen, SourceProgress, Target, Voice};
use futures::future::join_all;
use lead::Lead;
use relay::{Delivered, RelayError};
use serde_json::{Value, json};
use settings::time_budget::RELAY;
use settings::{Retry, metrics};
use storage::{SaveError, Versioned, pause_after_conflict};
use talk::Line;
use telegram::{ApiError, BotCall, Recipient};

use crate::{Bot, Decided, RetryLater};

/// What is left to do after the effects.
#[derive(Debug, Default)]
pub struct Performed {
    /// A call whose result nobody needs: it may go out in the HTTP response to Telegram.
    pub webhook_reply: Option<BotCall>,
    /// What to find out before the next decision on the update.
    pub inquiry: Option<Inquiry>,
    /// Something went to the team.
    pub is_relayed: bool,
}

/// What only a model knows.
#[derive(Debug)]
pub enum Inquiry {
    /// What the customer wants, by these words.
    Question(String),
    /// What was said in this message.
    Recording(Voice),
}

/// Effects by who waits for their result.
#[derive(Debug, Default)]
struct Plan {
    /// The customer waits, in this order.
    visible: Vec<Message>,
    /// Nobody waits: failures are only logged.
    fire_and_forget: Vec<BackgroundCall>,
    inquiry: Option<Inquiry>,
    /// What goes to the team, with the name of the topic.
    lines: Vec<(Line, String)>,
    forget: bool,
}

#[derive(Debug)]
enum Message {
    Send(Screen),
    SendRequests,
    Show { screen: Screen, target: Target, seq: u32 },
}

/// A Bot API call whose result nobody needs.
#[derive(Debug)]
enum BackgroundCall {
    /// <https://core.telegram.org/bots/api#answercallbackquery>
    AnswerPress { callback_id: String, text: Option<String>, alert: bool },
    /// <https://core.telegram.org/bots/api#editmessagereplymarkup>
    DropKeyboard { chat_id: i64, message_id: i64 },
}

impl Bot {
    /// Performs the effects of the decision on an update.
    ///
    /// # Errors
    /// The customer did not get the reply, or not everything was deleted.
    pub async fn perform(&self, to: Recipient, decided: Decided) -> Result<Performed, RetryLater> {
        let Decided { effects, session, lead, source_progress, .. } = decided;
        let mut plan = Plan::new(to.chat_id, effects);
        let is_relayed = !plan.lines.is_empty();
        let webhook_reply = (!plan.fire_and_forget.is_empty()).then(|| plan.fire_and_forget.remove(0).into());
        self.take_lines(to.chat_id, &plan.lines).await?;
        let (shown, (), (), (), ()) = futures::join!(
            self.show_all(to, plan.visible, session),
            self.call_in_background(plan.fire_and_forget),
            self.enqueue(lead),
            self.count_source_progress(source_progress),
            self.deliver_lines(to.chat_id, plan.lines.last().map(|(line, _)| line)),
        );
        if plan.forget {
            self.forget(to.chat_id).await?;
        }
        shown?;
        Ok(Performed { webhook_reply, inquiry: plan.inquiry, is_relayed })
    }

    /// Performs the effects of a decision that no update has asked for. Returns whether the customer got a message.
    ///
    /// # Errors
    /// The customer may not have got the message.
    pub(crate) async fn perform_unasked(&self, chat_id: i64, decided: Decided) -> Result<bool, RetryLater> {
        let Decided { effects, session, lead, .. } = decided;
        let plan = Plan::new(chat_id, effects);
        self.take_lines(chat_id, &plan.lines).await?;
        let (shown, (), ()) = futures::join!(
            self.show_all(chat_id.into(), plan.visible, session),
            self.enqueue(lead),
            self.deliver_lines(chat_id, plan.lines.last().map(|(line, _)| line)),
        );
        // A lost message does not come again: the customer then has nothing but the old buttons.
        if matches!(shown, Ok(true)) {
            self.call_in_background(plan.fire_and_forget).await;
        }
        shown
    }

    /// Returns whether the customer got a message.
    async fn show_all(
        &self,
        to: Recipient,
        visible: Vec<Message>,
        mut session: Versioned<Conversation>,
    ) -> Result<bool, RetryLater> {
        let mut is_shown = false;
        for message in visible {
            let shown = match message {
                Message::Send(screen) => self.api.send(to, &screen).await.map(|_| None),
                Message::SendRequests => {
                    let screen = self.requests_screen(to.chat_id).await?;
                    self.api.send(to, &screen).await.map(|_| None)
                }
                Message::Show { screen, target, seq } => self
                    .show(to, &screen, target)
                    .await
                    .map(|new_message| new_message.map(|message_id| (seq, message_id))),
            };
            is_shown |= shown.is_ok();
            match shown {
                Ok(None) => {}
                Ok(Some((seq, message_id))) => {
                    self.remember_prompt(to.chat_id, &mut session, seq, message_id).await;
                }
                Err(ApiError::Blocked) => {
                    tracing::info!("the customer has blocked the bot");
                    if let Err(error) = self.customers.set_blocked(to.chat_id, true).await {
                        tracing::warn!("it was not noted that the customer has blocked the bot: {error}");
                    }
                    return Ok(false);
                }
                Err(error) if error.is_temporary() => return Err(error.into()),
                // A redelivery would fail the same way: this needs a fix in the code.
                Err(error) => tracing::error!("a screen could not be shown: {error}"),
            }
        }
        Ok(is_shown)
    }

    /// Shows a screen and returns the message's id if it is a new one. If Telegram refuses to edit the message, the
    /// screen is sent as a new one: the buttons of the old message no longer work.
    async fn show(&self, to: Recipient, screen: &Screen, target: Target) -> Result<Option<i64>, ApiError> {
        let Target::Edit { message_id } = target else { return self.api.send(to, screen).await.map(Some) };
        let chat_id = to.chat_id;
        match self.api.edit(chat_id, message_id, screen).await {
            Err(ApiError::CannotEdit) => self.api.send(to, screen).await.map(Some),
            Err(refusal @ ApiError::Refused { .. }) => {
                tracing::warn!("a screen is sent as a new message: {refusal}");
                let old = self.call_in_background(vec![BackgroundCall::DropKeyboard { chat_id, message_id }]);
                let (sent, ()) = futures::join!(self.api.send(to, screen), old);
                sent.map(Some)
            }
            result => result.map(|()| None),
        }
    }

    /// Stores the id of a prompt that was sent, for the next edit. If another update has already shown a later prompt
    /// in another message, that update did not know this message, so its buttons are removed here.
    async fn remember_prompt(&self, chat_id: i64, session: &mut Versioned<Conversation>, seq: u32, message_id: i64) {
        let result: Result<(), SaveError> = async {
            let retry = Retry::DECISION;
            for tried in 1..=retry.tries {
                match session.value.prompt_sent(seq, message_id) {
                    PromptSent::Noted => {}
                    PromptSent::Reused => return Ok(()),
                    PromptSent::Outdated => {
                        self.call_in_background(vec![BackgroundCall::DropKeyboard { chat_id, message_id }]).await;
                        return Ok(());
                    }
                }
                match self.sessions.save(chat_id, session).await {
                    Err(SaveError::Conflict) => pause_after_conflict(retry, tried).await,
                    saved => return saved,
                }
                *session = self.sessions.load(chat_id).await?;
            }
            Err(SaveError::Conflict)
        }
        .await;
        if let Err(error) = result {
            // The customer has the prompt, and the next press says which message it is.
            tracing::warn!("the prompt's message id was not stored: {error}");
        }
    }

    /// Counts what a customer of a link has reached. If this fails, one dialog is missing in the statistics.
    async fn count_source_progress(&self, progress: Option<SourceProgress>) {
        let Some(progress) = progress else { return };
        if let Err(error) = self.counters.count_source_progress(&progress, (self.clock)()).await {
            tracing::warn!("the progress of a customer of a link was not counted: {error}");
        }
    }

    async fn call_in_background(&self, calls: Vec<BackgroundCall>) {
        join_all(calls.iter().map(|call| async {
            let method = call.method();
            if let Err(error) = self.api.call(method, &call.parameters()).await {
                tracing::debug!(method, "{error}");
            }
        }))
        .await;
    }

    /// Stores lines for the team, so that they do not get lost.
    async fn take_lines(&self, chat_id: i64, lines: &[(Line, String)]) -> Result<(), RetryLater> {
        for (line, title) in lines {
            match self.relay.take(chat_id, Some(title), line).await {
                // The customer was deleted.
                Err(RelayError::Gone) => {}
                taken => taken?,
            }
        }
        Ok(())
    }

    /// Delivers what waits in the talk of a chat, of which `line` is the latest. What stays is delivered later.
    pub(crate) async fn deliver_lines(&self, chat_id: i64, line: Option<&Line>) {
        let Some(line) = line else { return };
        if matches!(self.relay.gather(chat_id, line).await, Ok(false)) {
            return;
        }
        let dealer = self.dealer.get().await;
        let Ok(Some(group)) = self.sales_group(&dealer).await else { return };
        match self.relay.deliver(chat_id, group, RELAY).await {
            Ok(Delivered::All) => {}
            Ok(later) => tracing::info!(?later, "lines of a talk wait"),
            Err(error) => tracing::warn!("lines of a talk wait: {error}"),
        }
    }

    /// Queues a stored request for delivery. If this fails, `scheduled` finds the request in the table.
    async fn enqueue(&self, lead: Option<Versioned<Lead>>) {
        let Some(lead) = lead else { return };
        let (lead_id, branch) = (lead.value.lead_id, &lead.value.request.branch);
        match lead.value.request.unfinished {
            None => metrics::count("RequestsFinished", "branch", branch),
            Some(_) => metrics::count("UnfinishedRequests", "branch", branch),
        }
        match self.queue.enqueue(&lead).await {
            Ok(()) => tracing::info!(%lead_id, branch, "stored and queued a request"),
            Err(error) => tracing::warn!(%lead_id, branch, "stored a request that could not be queued: {error}"),
        }
    }
}

impl Plan {
    fn new(chat_id: i64, effects: Vec<Effect>) -> Self {
        let mut plan = Self::default();
        for effect in effects {
            match effect {
                Effect::Show { screen, target, seq } => plan.visible.push(Message::Show { screen, target, seq }),
                Effect::Send(screen) => plan.visible.push(Message::Send(screen)),
                Effect::SendRequests => plan.visible.push(Message::SendRequests),
                // First, so that it becomes the webhook reply: the button stops spinning with it.
                Effect::AnswerPress { callback_id, text, alert } => {
                    plan.fire_and_forget.insert(0, BackgroundCall::AnswerPress { callback_id, text, alert });
                }
                Effect::DropKeyboard { message_id } => {
                    plan.fire_and_forget.push(BackgroundCall::DropKeyboard { chat_id, message_id });
                }
                Effect::AskAi { question } => plan.inquiry = Some(Inquiry::Question(question)),
                Effect::Transcribe { voice } => plan.inquiry = Some(Inquiry::Recording(voice)),
                Effect::Relay { line, title } => plan.lines.push((*line, title)),
                Effect::ForgetCustomer => plan.forget = true,
            }
        }
        plan
    }
}

impl BackgroundCall {
    const fn method(&self) -> &'static str {
        match self {
            Self::AnswerPress { .. } => "answerCallbackQuery",
            Self::DropKeyboard { .. } => "editMessageReplyMarkup",
        }
    }

    fn parameters(&self) -> Value {
        match self {
            Self::AnswerPress { callback_id, text: None, .. } => json!({ "callback_query_id": callback_id }),
            Self::AnswerPress { callback_id, text, alert } => {
                json!({ "callback_query_id": callback_id, "text": text, "show_alert": alert })
            }
            Self::DropKeyboard { chat_id, message_id } => {
                json!({ "chat_id": chat_id, "message_id": message_id, "reply_markup": { "inline_keyboard": [] } })
            }
        }
    }
}

impl From<BackgroundCall> for BotCall {
    fn from(call: BackgroundCall) -> Self {
        Self { method: call.method().to_owned(), parameters: call.parameters() }
    }
}
