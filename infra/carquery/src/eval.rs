//! `carquery eval`: how well free sentences are understood, and what customers would read.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ai::eval::{self, Case, Evaluation, FactCase, FactScores, GuardScores, Prices, Summary, Thresholds};
use ai::{Answered, CallLog, Classifier, offline};
use anyhow::Context;
use dealer::Facts;
use jiff::Timestamp;
use serde::Serialize;
use settings::{Env, OpenAi};

use crate::output::{Output, Progress, print_line, printable};
use crate::stage::Stage;

const QUESTIONS_HELP: &str = r#"Labelled questions for --dealer, one JSON object a line.

{"text": "где вы?", "facts": [2]}
The facts that answer it are named by their number in the file, from 1; [] if none does."#;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Labelled sentences, one JSON object a line.
    ///
    /// {"text": "продам камри 2019", "intent": "sell",
    ///  "entities": {"brand": "Toyota", "model": "Camry", "year": 2019}}
    /// on one line. Intents are sell, buy, find, check, legal, faq and unknown, entities brand,
    /// model, year, budget and mileage: those that the sentence has.
    #[arg(required_unless_present = "dealer", verbatim_doc_comment)]
    file: Option<PathBuf>,
    /// Ask the model (that of the stage, locally of .env). Costs money.
    #[arg(long)]
    model: bool,
    /// Show what was misunderstood.
    #[arg(long)]
    missed: bool,
    /// Measure which facts of this dealer's file answer questions.
    #[arg(long, requires = "questions")]
    dealer: Option<PathBuf>,
    /// Labelled questions for --dealer, one JSON object a line.
    #[arg(long, requires = "dealer", long_help = QUESTIONS_HELP)]
    questions: Option<PathBuf>,
    #[command(flatten)]
    least: Least,
}

/// What has to be reached; otherwise the command fails.
#[derive(clap::Args)]
struct Least {
    /// The least share of right intents, 0 to 1.
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "file")]
    min_accuracy: Option<f64>,
    /// The least F1 of all entities, 0 to 1.
    #[arg(long, value_name = "F1", value_parser = share, requires = "file")]
    min_entity_f1: Option<f64>,
    /// The largest share of wishes that get no button at once.
    #[arg(long, value_name = "SHARE", value_parser = share, requires = "file")]
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
    /// Only with labelled sentences.
    sentences: Option<Summary>,
    /// Only with a dealer's file.
    facts: Option<FactScores>,
    guard: GuardScores,
    /// What falls short of what was asked for.
    shortfalls: Vec<String>,
}

pub(crate) async fn run(arguments: &Arguments, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let cases = arguments.cases()?;
    let questions = arguments.questions()?;
    let mind = Mind::new(arguments.model, stage).await?;
    let mut outcome = None;
    if let Some(cases) = cases {
        let progress = Progress::new("sentences", cases.len());
        outcome = Some(eval::run(cases, async |text| mind.answer(text, &Facts::default(), &progress).await).await);
    }
    let mut facts = None;
    if let Some((known, cases)) = questions {
        let progress = Progress::new("questions", cases.len());
        facts = Some(eval::run_facts(cases, &known, async |text| mind.answer(text, &known, &progress).await).await);
    }
    let guard = eval::guard_scores();
    let shortfalls = arguments.least.shortfalls(outcome.as_ref(), facts.as_ref(), &guard);
    let code = if shortfalls.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if output.json {
        let sentences = outcome.map(|outcome| outcome.summary(&Prices::default()));
        output.print(&Measured { sentences, facts, guard, shortfalls }, |_| String::new());
    } else {
        print_report(outcome.as_ref(), facts.as_ref(), &guard, &shortfalls, arguments.missed);
    }
    Ok(code)
}

impl Arguments {
    /// The labelled sentences.
    fn cases(&self) -> anyhow::Result<Option<Vec<Case>>> {
        let Some(file) = &self.file else { return Ok(None) };
        let cases = eval::read(&read(file)?).with_context(|| file.display().to_string())?;
        anyhow::ensure!(!cases.is_empty(), "{} has no sentences", file.display());
        Ok(Some(cases))
    }

    /// The dealer's facts with the labelled questions.
    fn questions(&self) -> anyhow::Result<Option<(Facts, Vec<FactCase>)>> {
        let (Some(dealer), Some(questions)) = (&self.dealer, &self.questions) else { return Ok(None) };
        let facts = facts(dealer)?;
        let cases =
            eval::read_facts(&read(questions)?, facts.len()).with_context(|| questions.display().to_string())?;
        anyhow::ensure!(!cases.is_empty(), "{} has no questions", questions.display());
        Ok(Some((facts, cases)))
    }
}

fn print_report(
    outcome: Option<&Evaluation>,
    facts: Option<&FactScores>,
    guard: &GuardScores,
    shortfalls: &[String],
    shows_missed: bool,
) {
    let prices = Prices::default();
    let of_sentences = outcome.map(|outcome| outcome.report(&prices));
    let of_facts = facts.map(|facts| facts.report(&prices));
    let missed = [outcome.map(Evaluation::missed_in_words), facts.map(FactScores::missed_in_words)];
    let missed: String = missed.into_iter().flatten().collect();
    let missed = if missed.is_empty() { "nothing was misunderstood".to_owned() } else { missed };
    let shortfalls: String = shortfalls.iter().map(|shortfall| format!("falls short: {shortfall}\n")).collect();
    let parts = [of_sentences, of_facts, Some(guard.report()), shows_missed.then_some(missed), Some(shortfalls)];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| part.trim_end().to_owned()).collect();
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    print_line(&printable(&parts.collect::<Vec<_>>().join("\n\n")));
}

impl Least {
    fn shortfalls(&self, outcome: Option<&Evaluation>, facts: Option<&FactScores>, guard: &GuardScores) -> Vec<String> {
        let thresholds = Thresholds {
            accuracy: self.min_accuracy,
            entity_f1: self.min_entity_f1,
            without_button: self.max_without_button,
        };
        let of_sentences = outcome.map(|outcome| outcome.scores().shortfalls(&thresholds));
        let of_facts = facts.map(|facts| facts.shortfalls(self.max_wrong_facts, self.max_missed_facts));
        [of_sentences.unwrap_or_default(), of_facts.unwrap_or_default(), guard.shortfalls()].concat()
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

    async fn answer(&self, text: &str, facts: &Facts, progress: &Progress) -> Answered {
        let answered = match &self.classifier {
            Some(classifier) => classifier.answer(text, self.year, facts).await,
            None => Answered {
                answer: offline::answer(text, self.year, facts),
                call: CallLog { model: CallLog::OFFLINE.to_owned(), offline: true, ..CallLog::default() },
            },
        };
        progress.step();
        answered
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
