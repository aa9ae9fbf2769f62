//! The outcome as a table a person reads.

use std::fmt::{self, Write as _};
use std::time::Duration;

use dialog::Intent;

use super::Evaluation;
use super::cost::{Prices, costs, write_costs};
use super::score::{Scores, Tally, differences, is_too_unsure};

impl Evaluation {
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
            let (is, said_as, sure) = (case.intent.name(), said.intent.name(), said.confidence * 100.0);
            if case.intent != said.intent {
                let _ = writeln!(out, "    wants {is}, understood as {said_as} ({sure:.0} % sure)");
            } else if is_too_unsure(said) {
                let _ = writeln!(out, "    wants {is}, understood, but too unsure for its button ({sure:.0} % sure)");
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
        write_costs(&costs(&self.calls, prices), self.cases.len(), out)
    }

    /// The latency that `percent` of the sentences did not exceed.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

/// How often each intent was understood as each; what is right stands on the diagonal.
fn write_confusion(scores: &Scores, out: &mut String) -> fmt::Result {
    let names = || Intent::ALL.iter().map(|intent| intent.name());
    writeln!(out, "\n{:>width$}", "understood as", width = 10 + (9 * Intent::COUNT + "understood as".len()) / 2)?;
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
