//! The outcome as a table a person reads.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use dialog::Intent;

use super::Outcome;
use super::score::{Scores, Tally, differences};

/// What models cost: US dollars for a million prompt tokens and for a million completion tokens, by model.
#[derive(Clone, Debug)]
pub struct Prices(pub BTreeMap<String, (f64, f64)>);

impl Default for Prices {
    /// The default models at OpenAI's list prices: <https://developers.openai.com/api/docs/pricing>.
    fn default() -> Self {
        Self(BTreeMap::from([("gpt-6-luna".to_owned(), (0.10, 0.50)), ("gpt-6.1-terra".to_owned(), (1.00, 5.00))]))
    }
}

impl Outcome {
    /// The report as text. Calls of models without a price are counted and said to be unpriced.
    #[must_use]
    pub fn report(&self, prices: &Prices) -> String {
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = self.write_report(prices, &mut out);
        out
    }

    /// The sentences that were misunderstood, each with what is wrong, in plain words.
    #[must_use]
    pub fn missed_in_words(&self) -> String {
        let mut out = String::new();
        for (case, said) in self.missed() {
            // Writing into a string cannot fail.
            let _ = writeln!(out, "{}  {}", case.id, case.text);
            if case.intent != said.intent {
                let (is, said_as, sure) = (case.intent.name(), said.intent.name(), said.confidence * 100.0);
                let _ = writeln!(out, "    wants {is}, understood as {said_as} ({sure:.0} % sure)");
            }
            for (entity, is, said) in differences(&case.entities, &said.entities) {
                let or_nothing = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
                let _ = writeln!(out, "    {entity} is {}, understood as {}", or_nothing(is), or_nothing(said));
            }
        }
        out
    }

    fn write_report(&self, prices: &Prices, out: &mut String) -> fmt::Result {
        let scores = self.scores();
        writeln!(out, "sentences        {}", scores.total)?;
        writeln!(out, "intent accuracy  {:.3} ({} right)", scores.accuracy(), scores.right)?;
        writeln!(out, "entity F1        {:.3}", scores.all_entities.f1())?;
        let (without, wishes) = (scores.without_button, scores.wishes);
        writeln!(out, "without a button {:.3} ({without} of {wishes} wishes)", scores.share_without_button())?;

        writeln!(out, "\n{:<10}{:>10}{:>10}{:>10}", "", "precision", "recall", "F1")?;
        for (intent, tally) in &scores.intents {
            write_tally(intent.name(), tally, out)?;
        }
        for (entity, tally) in &scores.entities {
            write_tally(entity, tally, out)?;
        }

        write_confusion(&scores, out)?;

        writeln!(out, "\nlatency          p50 {:.1?}, p99 {:.1?}", self.percentile(50), self.percentile(99))?;
        writeln!(out, "answered offline {}, by the second model {}", self.offline, self.fallbacks)?;
        self.write_cost(prices, out)
    }

    fn write_cost(&self, prices: &Prices, out: &mut String) -> fmt::Result {
        let mut by_model: BTreeMap<&str, (usize, u64, u64)> = BTreeMap::new();
        for call in &self.calls {
            let (calls, prompt, completion) = by_model.entry(&call.model).or_default();
            *calls += 1;
            *prompt += u64::from(call.prompt_tokens);
            *completion += u64::from(call.completion_tokens);
        }
        let mut total = 0.0;
        for (model, (calls, prompt, completion)) in by_model {
            write!(out, "{model}: {calls} calls, {prompt} + {completion} tokens, ")?;
            match prices.0.get(model) {
                #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
                Some((per_prompt, per_completion)) => {
                    let cost = (prompt as f64 * per_prompt + completion as f64 * per_completion) / 1e6;
                    total += cost;
                    writeln!(out, "${cost:.4}")?;
                }
                None => writeln!(out, "no price known")?,
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of sentences")]
        if total > 0.0 {
            writeln!(out, "a thousand questions cost ${:.2}", total * 1_000.0 / self.cases.len() as f64)?;
        }
        Ok(())
    }

    /// The latency that `percent` of the sentences did not exceed.
    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

/// How often each intent was understood as each; what is right stands on the diagonal.
fn write_confusion(scores: &Scores, out: &mut String) -> fmt::Result {
    let names = || Intent::ALL.iter().map(|intent| intent.name());
    writeln!(out, "\n{:<10}{:^width$}", "", "understood as", width = 9 * Intent::COUNT)?;
    write!(out, "{:<10}", "labelled")?;
    names().try_for_each(|name| write!(out, "{name:>9}"))?;
    writeln!(out)?;
    for is in Intent::ALL {
        let row: Vec<usize> =
            Intent::ALL.iter().map(|said| scores.confusion.get(&(*is, *said)).copied().unwrap_or_default()).collect();
        if row.iter().sum::<usize>() == 0 {
            continue;
        }
        write!(out, "{:<10}", is.name())?;
        for (said, count) in Intent::ALL.iter().zip(row) {
            let cell = match count {
                0 => "·".to_owned(),
                count if said == is => count.to_string(),
                count => format!("({count})"),
            };
            write!(out, "{cell:>9}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_tally(name: &str, tally: &Tally, out: &mut String) -> fmt::Result {
    writeln!(out, "{name:<10}{:>10.3}{:>10.3}{:>10.3}", tally.precision(), tally.recall(), tally.f1())
}
