//! `carquery eval`: how well free sentences are understood.

use std::path::PathBuf;
use std::process::ExitCode;

use ai::{Answered, CallLog, Classifier, eval, offline};
use anyhow::Context;
use dealer::Facts;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use settings::{Env, OpenAi};

use crate::output::{Output, print_line, printable};
use crate::stage::Stage;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Labelled sentences, one JSON object a line: {"id", "text", "intent", "entities"}.
    file: PathBuf,
    /// Ask the model of the stage (locally, of .env) rather than the built-in rules. Costs money.
    #[arg(long)]
    model: bool,
    /// Show the sentences that were misunderstood.
    #[arg(long)]
    missed: bool,
}

pub(crate) async fn run(arguments: &Arguments, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let text = std::fs::read_to_string(&arguments.file)
        .with_context(|| format!("{} cannot be read", arguments.file.display()))?;
    let cases = eval::read(&text).map_err(|error| anyhow::anyhow!("{}: {error}", arguments.file.display()))?;
    let year = Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).year();
    let outcome = if arguments.model {
        // A local model needs no running stack.
        let mut env = if *stage == Stage::Local { Env::of_process() } else { stage.env().await? };
        let settings = OpenAi::read(&mut env);
        env.finish(())?;
        anyhow::ensure!(settings.configured, "no model is configured: set OPENAI_API_KEY or OPENAI_BASE_URL");
        let classifier = Classifier::new(&settings);
        eval::run(cases, async |text| classifier.answer(text, year, &Facts::default()).await).await
    } else {
        eval::run(cases, async |text| {
            let started = std::time::Instant::now();
            let answer = offline::classify(text, year);
            let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let call = CallLog { model: CallLog::OFFLINE.to_owned(), offline: true, latency_ms, ..CallLog::default() };
            Answered { answer, call }
        })
        .await
    };
    if output.json {
        print_line(outcome.predictions().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    print_line(outcome.report(&eval::Prices::default()).trim_end());
    if arguments.missed {
        for (case, prediction) in outcome.missed() {
            print_line(&format!(
                "\n{}: {}\n  expected    {}\n  understood  {}",
                case.id,
                printable(&case.text),
                in_words(&case.intent, &case.entities)?,
                in_words(&prediction.intent, &prediction.entities)?
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// «sell: brand Toyota, year 2019».
fn in_words(intent: &impl Serialize, entities: &impl Serialize) -> anyhow::Result<String> {
    let bare = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let entities = serde_json::to_value(entities)?;
    let known: Vec<String> = entities
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| format!("{name} {}", bare(value)))
        .collect();
    let intent = bare(&serde_json::to_value(intent)?);
    Ok(if known.is_empty() { intent } else { format!("{intent}: {}", known.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_understood_is_shown_in_words() {
        let entities = serde_json::json!({ "brand": "Toyota", "model": null, "year": 2019 });
        assert_eq!(in_words(&"sell", &entities).expect("plain data"), "sell: brand Toyota, year 2019");
        assert_eq!(in_words(&"sell", &serde_json::json!({})).expect("plain data"), "sell");
    }
}
