//! `carquery eval`: how well free sentences are understood, and what customers would read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ai::eval::{self, FactScores, GuardScores, Outcome, Prices, Summary, Thresholds};
use ai::{Answered, CallLog, Classifier, offline};
use anyhow::Context;
use dealer::Facts;
use jiff::Timestamp;
use serde::Serialize;
use settings::{Env, OpenAi};

use crate::output::{Output, Progress, print_line, printable};
use crate::stage::Stage;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Sentences, one JSON object a line: {"id", "text", "intent", "entities"}.
    file: PathBuf,
    /// Ask the model (that of the stage, locally of .env). Costs money.
    #[arg(long)]
    model: bool,
    /// Show what was misunderstood.
    #[arg(long)]
    missed: bool,
    /// Also measure which facts of this dealer's file answer questions.
    #[arg(long, requires = "questions")]
    dealer: Option<PathBuf>,
    /// Questions for --dealer, as JSON lines: {"id", "text", "facts"}.
    ///
    /// The facts are named by their number in the file, from 1.
    #[arg(long, requires = "dealer")]
    questions: Option<PathBuf>,
    #[command(flatten)]
    least: Least,
}

/// What has to be reached; otherwise the command fails.
#[derive(clap::Args)]
struct Least {
    /// The least share of right intents, 0 to 1.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    min_accuracy: Option<f64>,
    /// The least F1 of all entities, 0 to 1.
    #[arg(long, value_name = "F1", value_parser = share)]
    min_entity_f1: Option<f64>,
    /// The largest share of wishes that get no button at once.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    max_without_button: Option<f64>,
    /// The largest share of questions with a wrong fact.
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "dealer")]
    max_wrong_facts: Option<f64>,
    /// The largest share of answerable questions without a fact.
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "dealer")]
    max_missed_facts: Option<f64>,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "it is a share from 0 to 1, for example 0.95".to_owned())
}

/// Everything that was measured.
#[derive(Serialize)]
struct Measured {
    sentences: Summary,
    /// Only with a dealer's file.
    facts: Option<FactScores>,
    guard: GuardScores,
    /// What falls short of what was asked for.
    shortfalls: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let cases = eval::read(&read(&arguments.file)?).with_context(|| arguments.file.display().to_string())?;
    anyhow::ensure!(!cases.is_empty(), "{} has no sentences", arguments.file.display());
    let questions = match (&arguments.dealer, &arguments.questions) {
        (Some(dealer), Some(questions)) => {
            let cases = eval::read_facts(&read(questions)?).with_context(|| questions.display().to_string())?;
            Some((facts(dealer)?, cases))
        }
        _ => None,
    };
    let mind = Mind::new(arguments.model, stage).await?;
    let none = Facts::default();
    let progress = Progress::new("sentences", cases.len());
    let answer_sentence = async |text: &str| {
        let answered = mind.answer(text, &none).await;
        progress.step();
        answered
    };
    let outcome = eval::run(cases, answer_sentence).await;
    let facts = match questions {
        Some((facts, cases)) => {
            let progress = Progress::new("questions", cases.len());
            let answer_question = async |text: &str| {
                let answered = mind.answer(text, &facts).await;
                progress.step();
                answered
            };
            Some(eval::run_facts(cases, &facts, answer_question).await)
        }
        None => None,
    };
    let guard = eval::guard_scores();
    let shortfalls = arguments.least.shortfalls(&outcome, facts.as_ref(), &guard);
    let code = if shortfalls.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if output.json {
        let measured = Measured { sentences: outcome.summary(&Prices::default()), facts, guard, shortfalls };
        output.print(&measured, |_| String::new());
    } else {
        print_report(&outcome, facts.as_ref(), &guard, &shortfalls, arguments.missed);
    }
    Ok(code)
}

fn print_report(
    outcome: &Outcome,
    facts: Option<&FactScores>,
    guard: &GuardScores,
    shortfalls: &[String],
    shows_missed: bool,
) {
    let prices = Prices::default();
    let print = |text: &str| print_line(&printable(text.trim_end()));
    print(&outcome.report(&prices));
    if let Some(facts) = facts {
        print(&format!("\n{}", facts.report(&prices)));
    }
    print(&format!("\n{}", guard.report()));
    if shows_missed {
        print(&format!("\n{}", outcome.missed_in_words()));
        print(&facts.map(FactScores::missed_in_words).unwrap_or_default());
    }
    for shortfall in shortfalls {
        print(&format!("falls short: {shortfall}"));
    }
}

impl Least {
    fn shortfalls(&self, outcome: &Outcome, facts: Option<&FactScores>, guard: &GuardScores) -> Vec<String> {
        let thresholds = Thresholds {
            accuracy: self.min_accuracy,
            entity_f1: self.min_entity_f1,
            without_button: self.max_without_button,
        };
        let of_facts = facts.map(|facts| facts.shortfalls(self.max_wrong_facts, self.max_missed_facts));
        let of_sentences = outcome.scores().shortfalls(&thresholds);
        [of_sentences, of_facts.unwrap_or_default(), guard.shortfalls()].concat()
    }
}

/// Who is measured.
struct Mind {
    /// `None`: the built-in rules.
    classifier: Option<Classifier>,
    year: i16,
}

impl Mind {
    async fn new(asks_model: bool, stage: &Stage) -> anyhow::Result<Self> {
        let year = Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).year();
        if !asks_model {
            return Ok(Self { classifier: None, year });
        }
        // A local model needs no running stack.
        let mut env = if *stage == Stage::Local { Env::of_process() } else { stage.env().await? };
        let settings = OpenAi::read(&mut env);
        env.finish(())?;
        anyhow::ensure!(settings.configured, "no model is configured: set OPENAI_API_KEY or OPENAI_BASE_URL");
        Ok(Self { classifier: Some(Classifier::new(&settings)), year })
    }

    async fn answer(&self, text: &str, facts: &Facts) -> Answered {
        match &self.classifier {
            Some(classifier) => classifier.answer(text, self.year, facts).await,
            None => Answered {
                answer: offline::answer(text, self.year, facts),
                call: CallLog { model: CallLog::OFFLINE.to_owned(), offline: true, ..CallLog::default() },
            },
        }
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn facts(file: &Path) -> anyhow::Result<Facts> {
    let dealer = dealer::parse(&read(file)?);
    let faults = |faults: Vec<dealer::Fault>| match faults.first() {
        Some(fault) => anyhow::anyhow!("{}: {fault}", file.display()),
        None => anyhow::anyhow!("{} has faults", file.display()),
    };
    dealer.map(|dealer| dealer.facts).map_err(faults)
}
