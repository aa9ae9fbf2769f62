//! The funnel: at which question customers leave, and who answered their own questions. Counted by metrics; a deployed
//! stage has them in CloudWatch, the local stack in a file.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::Path;

use anyhow::Context as _;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter, Metric, MetricDataQuery, MetricStat};
use serde::{Deserialize, Serialize};
use settings::metrics::NAMESPACE;
use settings::{Env, METRICS_FILE, data_folder};

use crate::aws;
use crate::stage::Stage;

/// CloudWatch returns up to this number of series a call:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>.
const SERIES_PER_CALL: usize = 500;
const DAY: i32 = 24 * 3600;

/// The funnel of one questionnaire.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Funnel {
    pub(crate) branch: &'static str,
    pub(crate) steps: Vec<Stop>,
    /// Requests sent with «Отправить».
    pub(crate) finished: u64,
}

/// One question, or the confirmation.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Stop {
    pub(crate) step: &'static str,
    /// Dialogs that reached this step.
    pub(crate) reached: u64,
    /// Dialogs that ended here.
    pub(crate) left: u64,
}

/// Customers' questions to the bot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Questions {
    pub(crate) by_model: u64,
    /// Answered by the built-in rules.
    pub(crate) by_rules: u64,
}

/// What was counted in a period.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Of the questionnaires that somebody has started.
    pub(crate) funnels: Vec<Funnel>,
    pub(crate) questions: Questions,
}

/// How often each metric was counted.
#[derive(Debug, Default)]
struct Counts {
    /// By branch and step.
    steps: BTreeMap<(String, String), u64>,
    /// By branch.
    finished: BTreeMap<String, u64>,
    questions: u64,
    /// Those of them that the built-in rules answered.
    by_rules: u64,
}

/// What was counted since that second.
pub(crate) async fn since(stage: &Stage, since: i64) -> anyhow::Result<Counted> {
    let counts = match stage {
        Stage::Local => of_file(&data_folder(&mut Env::of_process()).join(METRICS_FILE), since)?,
        Stage::Deployed(stage) => of_cloudwatch(&cloudwatch().await?, stage, since).await?,
    };
    let by_rules = counts.by_rules;
    let questions = Questions { by_model: counts.questions.saturating_sub(by_rules), by_rules };
    Ok(Counted { funnels: funnels(&counts), questions })
}

/// A client of CloudWatch.
pub(crate) async fn cloudwatch() -> anyhow::Result<Client> {
    Ok(Client::new(aws::config().await?))
}

/// Why a call to CloudWatch failed.
pub(crate) fn refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> anyhow::Error {
    anyhow::anyhow!("CloudWatch: {}", aws::reason(error))
}

fn funnels(counts: &Counts) -> Vec<Funnel> {
    let funnel = |(branch, steps): (&'static str, Vec<&'static str>)| {
        let reached = |step: &str| counts.steps.get(&(branch.to_owned(), step.to_owned())).copied().unwrap_or_default();
        let finished = counts.finished.get(branch).copied().unwrap_or_default();
        // From the end: a dialog that got further has passed here, even if that was counted before the period began.
        let mut further = finished;
        let mut stops: Vec<Stop> = Vec::new();
        for step in steps.into_iter().rev() {
            let reached = reached(step).max(further);
            stops.push(Stop { step, reached, left: reached - further });
            further = reached;
        }
        stops.reverse();
        Funnel { branch, steps: stops, finished }
    };
    dialog::funnel().map(funnel).filter(|funnel| funnel.steps.iter().any(|stop| stop.reached > 0)).collect()
}

/// A line of the embedded metric format, as far as it is read here.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_aws")]
    aws: Metadata,
    #[serde(default)]
    branch: String,
    #[serde(default)]
    step: String,
    #[serde(rename = "StepsReached", default)]
    reached: f64,
    #[serde(rename = "RequestsFinished", default)]
    finished: f64,
    #[serde(rename = "AiAnswers", default)]
    questions: f64,
    #[serde(rename = "AiOffline", default)]
    by_rules: f64,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "Timestamp")]
    at_ms: i64,
}

fn of_file(path: &Path, since: i64) -> anyhow::Result<Counts> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Counts::default()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut counts = Counts::default();
    // A killed stack may leave a last line unfinished: it is skipped.
    let lines = BufReader::new(file).lines().map_while(Result::ok);
    for line in lines.filter_map(|line| serde_json::from_str::<Line>(&line).ok()) {
        if line.aws.at_ms >= since * 1000 {
            counts.add(line.branch, line.step, line.reached, line.finished);
            counts.questions += whole(line.questions);
            counts.by_rules += whole(line.by_rules);
        }
    }
    Ok(counts)
}

impl Counts {
    fn add(&mut self, branch: String, step: String, reached: f64, finished: f64) {
        if finished > 0.0 {
            *self.finished.entry(branch.clone()).or_default() += whole(finished);
        }
        if reached > 0.0 {
            *self.steps.entry((branch, step)).or_default() += whole(reached);
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of dialogs")]
fn whole(count: f64) -> u64 {
    count.round() as u64
}

async fn of_cloudwatch(client: &Client, stage: &str, since: i64) -> anyhow::Result<Counts> {
    let mut series = Vec::new();
    for name in ["StepsReached", "RequestsFinished", "AiAnswers", "AiOffline"] {
        let of_stage = DimensionFilter::builder().name("stage").value(stage).build();
        let mut pages =
            client.list_metrics().namespace(NAMESPACE).metric_name(name).dimensions(of_stage).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refused(&error))?;
            // The sums over all branches and intents are there too, with the stage as their only dimension.
            series.extend(page.metrics.unwrap_or_default().into_iter().filter(|metric| {
                metric.dimensions().iter().any(|dimension| matches!(dimension.name(), Some("branch" | "intent")))
            }));
        }
    }
    let mut counts = Counts::default();
    // The end is exclusive, and what was counted this second is to be included.
    let end = DateTime::from_secs(jiff::Timestamp::now().as_second() + 60);
    for chunk in series.chunks(SERIES_PER_CALL) {
        let queries = chunk.iter().enumerate().map(|(index, metric)| sum_of(metric, index)).collect();
        let mut pages = client
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(DateTime::from_secs(since))
            .end_time(end)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for result in page.map_err(|error| refused(&error))?.metric_data_results() {
                let index = result.id().and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                let Some(metric) = index.and_then(|index| chunk.get(index)) else { continue };
                let sum = result.values().iter().sum();
                let (branch, step) = (dimension(metric, "branch"), dimension(metric, "step"));
                match metric.metric_name() {
                    Some("StepsReached") => counts.add(branch, step, sum, 0.0),
                    Some("RequestsFinished") => counts.add(branch, step, 0.0, sum),
                    Some("AiAnswers") => counts.questions += whole(sum),
                    _ => counts.by_rules += whole(sum),
                }
            }
        }
    }
    Ok(counts)
}

fn sum_of(metric: &Metric, index: usize) -> MetricDataQuery {
    let stat = MetricStat::builder().metric(metric.clone()).period(DAY).stat("Sum").build();
    MetricDataQuery::builder().id(format!("m{index}")).metric_stat(stat).build()
}

fn dimension(metric: &Metric, name: &str) -> String {
    let found = metric.dimensions().iter().find(|dimension| dimension.name() == Some(name));
    found.and_then(Dimension::value).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_that_got_further_was_here_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("metrics.jsonl");
        let line =
            |at: i64, what: &str| format!("{{\"_aws\":{{\"Timestamp\":{at}000}},\"branch\":\"legal\",{what}}}\n");
        let reached = |at, step| line(at, &format!("\"step\":\"{step}\",\"StepsReached\":1.0"));
        let lines = [
            reached(9, "question"),
            reached(10, "question"),
            reached(11, "question"),
            reached(12, "situation"),
            reached(13, "confirm"),
            line(14, "\"RequestsFinished\":1.0"),
            line(15, "\"AiAnswers\":1.0,\"AiOffline\":0.0"),
            line(16, "\"AiAnswers\":1.0,\"AiOffline\":1.0"),
            "{\"_aws\":{\"Timestamp\":".to_owned(),
        ];
        std::fs::write(&file, lines.concat()).expect("it is written");
        let counts = of_file(&file, 10).expect("it reads");
        assert_eq!((counts.questions, counts.by_rules), (2, 1));
        let funnels = funnels(&counts);
        assert_eq!(funnels.len(), 1, "nobody started the others: {funnels:?}");
        assert_eq!((funnels[0].branch, funnels[0].finished), ("legal", 1));
        let steps: Vec<_> = funnels[0].steps.iter().map(|stop| (stop.step, stop.reached, stop.left)).collect();
        assert_eq!(
            steps,
            [
                ("question", 2, 1),
                ("situation", 1, 0),
                ("name", 1, 0),
                ("phone", 1, 0),
                ("comment", 1, 0),
                ("confirm", 1, 0)
            ]
        );
        assert!(of_file(&folder.path().join("none"), 0).expect("a missing file is not a fault").steps.is_empty());
    }
}
