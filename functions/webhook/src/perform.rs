//! Does what a decision asks for: first what the customer waits for, beside it what nobody waits for.

use dialog::{Conversation, Effect, Person, PromptSent, Screen, Target};
use futures::future::join_all;
use lead::Request;
use serde_json::{Value, json};
use settings::metrics;
use storage::{SaveError, StorageError, Versioned, forget_customer};
use telegram::{ApiError, BotCall};

use crate::Webhook;
use crate::turn::NotNow;

/// What is left to do after the effects.
#[derive(Debug, Default)]
pub(crate) struct Performed {
    /// A call that rides in the answer to Telegram.
    pub(crate) riding: Option<BotCall>,
    /// A question to the model.
    pub(crate) question: Option<String>,
}

/// Effects by who waits for them.
#[derive(Debug, Default)]
struct Plan {
    /// The customer, in this order.
    visible: Vec<Visible>,
    /// Nobody: results are only logged.
    aside: Vec<BotCall>,
    submitted: Option<Request>,
    question: Option<String>,
    forget: bool,
}

#[derive(Debug)]
enum Visible {
    Say(Screen),
    Show { screen: Screen, target: Target, seq: u32 },
}

impl Webhook {
    /// Performs the effects of one decision.
    pub(crate) async fn perform(
        &self,
        person: &Person,
        effects: Vec<Effect>,
        session: Versioned<Conversation>,
    ) -> Result<Performed, NotNow> {
        let mut plan = sort(person.chat_id, effects);
        let riding = (!plan.aside.is_empty()).then(|| plan.aside.remove(0));
        let (shown, (), ()) = futures::join!(
            self.show_all(person.chat_id, plan.visible, session),
            self.call_aside(plan.aside),
            self.enqueue(plan.submitted),
        );
        if plan.forget {
            let forgotten =
                forget_customer(person.chat_id, &self.leads, &self.ai_log, &self.customers, &self.sessions).await?;
            tracing::info!(leads = forgotten.leads, ai_log = forgotten.ai_log, "forgot a customer on demand");
        }
        shown?;
        Ok(Performed { riding, question: plan.question })
    }

    async fn show_all(
        &self,
        chat_id: i64,
        visible: Vec<Visible>,
        mut session: Versioned<Conversation>,
    ) -> Result<(), NotNow> {
        for step in visible {
            let shown = match step {
                Visible::Say(screen) => self.api.send(chat_id, &screen).await.map(|_| None),
                Visible::Show { screen, target, seq } => self
                    .show(chat_id, &screen, target)
                    .await
                    .map(|new_message| new_message.map(|message_id| (seq, message_id))),
            };
            match shown {
                Ok(None) => {}
                Ok(Some((seq, message_id))) => {
                    self.remember_prompt(chat_id, &mut session, seq, message_id).await;
                }
                Err(ApiError::Blocked) => {
                    tracing::info!("the customer does not take messages from the bot");
                    return Ok(());
                }
                Err(error) if error.is_temporary() => return Err(error.into()),
                // Repeating it would not help; it is ours to mend.
                Err(error) => tracing::error!("a screen could not be shown: {error}"),
            }
        }
        Ok(())
    }

    /// Shows a screen; returns the message's id if it is a new one. Whatever Telegram has against changing a message, the
    /// customer gets the screen: the old one's buttons are dead.
    async fn show(&self, chat_id: i64, screen: &Screen, target: Target) -> Result<Option<i64>, ApiError> {
        let Target::Edit { message_id } = target else { return self.api.send(chat_id, screen).await.map(Some) };
        match self.api.edit(chat_id, message_id, screen).await {
            Err(ApiError::CannotEdit) => self.api.send(chat_id, screen).await.map(Some),
            Err(refusal @ ApiError::Refused { .. }) => {
                tracing::warn!("a screen is sent anew: {refusal}");
                let old = self.call_aside(vec![drop_keyboard(chat_id, message_id)]);
                let (sent, ()) = futures::join!(self.api.send(chat_id, screen), old);
                sent.map(Some)
            }
            result => result.map(|()| None),
        }
    }

    /// Stores the id of a prompt that has left, for the next edit. Whoever has shown a later prompt in another message
    /// meanwhile knows nothing of this one, so its buttons go here.
    async fn remember_prompt(&self, chat_id: i64, session: &mut Versioned<Conversation>, seq: u32, message_id: i64) {
        let result: Result<(), StorageError> = async {
            loop {
                match session.value.prompt_sent(seq, message_id) {
                    PromptSent::Noted => {}
                    PromptSent::Reused => return Ok(()),
                    PromptSent::Outdated => {
                        self.call_aside(vec![drop_keyboard(chat_id, message_id)]).await;
                        return Ok(());
                    }
                }
                match self.sessions.save(chat_id, session).await {
                    Ok(()) => return Ok(()),
                    Err(SaveError::Conflict) => *session = self.sessions.load(chat_id).await?,
                    Err(SaveError::Storage(error)) => return Err(error),
                }
            }
        }
        .await;
        if let Err(error) = result {
            // The customer has the prompt; the next press says which message it is.
            tracing::warn!("the prompt's message id was not stored: {error}");
        }
    }

    async fn call_aside(&self, calls: Vec<BotCall>) {
        join_all(calls.iter().map(|call| async {
            let Some(method) = ASIDE.into_iter().find(|method| *method == call.method) else { return };
            if let Err(error) = self.api.call(method, &call.parameters).await {
                tracing::debug!(method, "{error}");
            }
        }))
        .await;
    }

    /// Asks crm-push to hurry. The request is stored; if this fails, `scheduled` finds it.
    async fn enqueue(&self, submitted: Option<Request>) {
        let Some(request) = submitted else { return };
        let (lead_id, branch) = (request.id, request.branch.clone());
        metrics::count("RequestsFinished", "branch", &branch);
        let lead = Versioned { value: lead::Lead::new(request, self.grace), version: 1 };
        match self.queue.enqueue(&lead).await {
            Ok(()) => tracing::info!(%lead_id, branch, "stored and queued a request"),
            Err(error) => tracing::warn!(%lead_id, branch, "stored a request that could not be queued: {error}"),
        }
    }
}

/// Calls whose result nobody needs.
const ASIDE: [&str; 2] = ["answerCallbackQuery", "editMessageReplyMarkup"];

fn sort(chat_id: i64, effects: Vec<Effect>) -> Plan {
    let mut plan = Plan::default();
    for effect in effects {
        match effect {
            Effect::Show { screen, target, seq } => plan.visible.push(Visible::Show { screen, target, seq }),
            Effect::Say(screen) => plan.visible.push(Visible::Say(screen)),
            // Rides in the answer to the webhook, so that the button stops spinning with it.
            Effect::AnswerPress { callback_id, text, alert } => {
                plan.aside.insert(0, answer_press(&callback_id, text.as_deref(), alert));
            }
            Effect::DropKeyboard { message_id } => plan.aside.push(drop_keyboard(chat_id, message_id)),
            Effect::Submit(request) => plan.submitted = Some(*request),
            Effect::AskAi { question } => plan.question = Some(question),
            Effect::ForgetCustomer => plan.forget = true,
        }
    }
    plan
}

fn answer_press(callback_id: &str, text: Option<&str>, alert: bool) -> BotCall {
    let mut parameters = json!({ "callback_query_id": callback_id });
    if let Some(text) = text {
        parameters["text"] = text.into();
        parameters["show_alert"] = alert.into();
    }
    BotCall { method: "answerCallbackQuery".to_owned(), parameters }
}

fn drop_keyboard(chat_id: i64, message_id: i64) -> BotCall {
    let parameters: Value = json!({
        "chat_id": chat_id, "message_id": message_id, "reply_markup": { "inline_keyboard": [] }
    });
    BotCall { method: "editMessageReplyMarkup".to_owned(), parameters }
}
