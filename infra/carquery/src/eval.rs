//! `carquery eval`: how well free sentences are understood.

use std::path::PathBuf;
use std::process::ExitCode;

use ai::{Answered, CallLog, Classifier, eval, offline};
use anyhow::Context;
use jiff::Timestamp;
use settings::{Env, OpenAi};

use crate::output::{Output, say};
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
    let year = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year();
    let outcome = if arguments.model {
        // Locally the model is no part of the stack, which need not be there.
        let mut env = if *stage == Stage::Local { Env::of_process() } else { stage.env().await? };
        let settings = OpenAi::read(&mut env);
        env.finish(())?;
        anyhow::ensure!(settings.configured, "no model is configured: set OPENAI_API_KEY or OPENAI_BASE_URL");
        let classifier = Classifier::new(&settings);
        eval::run(cases, async |text| classifier.answer(text, year).await).await
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
        say(outcome.predictions().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    say(outcome.report(&eval::Prices::default()).trim_end());
    if arguments.missed {
        for (case, prediction) in outcome.missed() {
            say(&format!(
                "{}  {}\n  wanted {:?} {:?}\n  got    {:?} {:?}",
                case.id, case.text, case.intent, case.entities, prediction.intent, prediction.entities
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
