//! What the calls of models cost.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::Serialize;

use crate::ModelCall;

/// What models cost: US dollars for a million prompt tokens and for a million completion tokens, by model.
#[derive(Clone, Debug)]
pub struct Prices(pub BTreeMap<String, (f64, f64)>);

impl Default for Prices {
    /// The default models at OpenAI's list prices: <https://developers.openai.com/api/docs/pricing>.
    fn default() -> Self {
        Self(BTreeMap::from([("gpt-6-luna".to_owned(), (0.10, 0.50)), ("gpt-6.1-terra".to_owned(), (1.00, 5.00))]))
    }
}

/// The calls of one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelCost {
    /// Which model.
    pub model: String,
    /// Answered calls.
    pub calls: usize,
    /// As the server counted them.
    pub prompt_tokens: u64,
    /// As the server counted them.
    pub completion_tokens: u64,
    /// US dollars; `None` if no price is known.
    pub dollars: Option<f64>,
}

/// What `calls` cost, by model.
#[must_use]
pub fn costs(calls: &[ModelCall], prices: &Prices) -> Vec<ModelCost> {
    let mut by_model: BTreeMap<&str, (usize, u64, u64)> = BTreeMap::new();
    for call in calls {
        let (calls, prompt, completion) = by_model.entry(&call.model).or_default();
        *calls += 1;
        *prompt += u64::from(call.prompt_tokens);
        *completion += u64::from(call.completion_tokens);
    }
    let cost = |(model, (calls, prompt_tokens, completion_tokens)): (&str, (usize, u64, u64))| {
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
        let dollars = prices.0.get(model).map(|(per_prompt, per_completion)| {
            (prompt_tokens as f64 * per_prompt + completion_tokens as f64 * per_completion) / 1e6
        });
        ModelCost { model: model.to_owned(), calls, prompt_tokens, completion_tokens, dollars }
    };
    by_model.into_iter().map(cost).collect()
}

/// The costs as lines of text, with what a thousand of these `questions` cost.
pub(super) fn write_costs(costs: &[ModelCost], questions: usize, out: &mut String) -> fmt::Result {
    for ModelCost { model, calls, prompt_tokens, completion_tokens, dollars } in costs {
        write!(out, "{model}: {calls} calls, {prompt_tokens} + {completion_tokens} tokens, ")?;
        match dollars {
            Some(dollars) => writeln!(out, "${dollars:.4}")?,
            None => writeln!(out, "no price known")?,
        }
    }
    let total: f64 = costs.iter().filter_map(|cost| cost.dollars).sum();
    #[expect(clippy::cast_precision_loss, reason = "a count of questions")]
    if total > 0.0 {
        writeln!(out, "a thousand questions cost ${:.2}", total * 1_000.0 / questions as f64)?;
    }
    Ok(())
}
