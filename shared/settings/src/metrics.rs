//! Metrics in CloudWatch's embedded metric format: one JSON line on standard output, no call to make.
//!
//! Source:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

mod totals;

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use totals::Totals;

/// The CloudWatch namespace of every metric.
pub const NAMESPACE: &str = "CarQuery";

/// Where metrics go; they are silent until this is set, as in tests.
static STREAM: OnceLock<Stream> = OnceLock::new();

#[derive(Debug)]
struct Stream {
    service: &'static str,
    stage: String,
    /// Instead of standard output.
    file: Option<Mutex<File>>,
    totals: Mutex<Totals>,
}

/// Starts metrics for the function `service` in `stage` (the `STAGE` of the deployment), on standard output.
pub fn start(service: &'static str, stage: String) {
    let _ = STREAM.set(Stream { service, stage, file: None, totals: Mutex::default() });
}

/// Starts metrics of a process that has all functions: the same lines as on AWS, appended to a file. A later call
/// continues in the file that it names.
///
/// # Errors
/// The file cannot be written.
pub fn start_in_file(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    if let Some(started) = STREAM.get().and_then(|stream| stream.file.as_ref()) {
        *started.lock().unwrap_or_else(PoisonError::into_inner) = file;
        return Ok(());
    }
    let (service, stage) = ("local", "local".to_owned());
    let _ = STREAM.set(Stream { service, stage, file: Some(Mutex::new(file)), totals: Mutex::default() });
    Ok(())
}

/// Units that CloudWatch knows.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names are CloudWatch's own")]
pub enum Unit {
    Count,
    Seconds,
    Milliseconds,
}

/// Counts one event, `name`, with one more dimension: `count("LeadsSent", "branch", "sell")`.
pub fn count(name: &str, dimension: &str, value: &str) {
    put(&[(name, 1.0, Unit::Count)], &[(dimension, value)]);
}

/// Writes `metrics` in one line, under the given dimensions besides service and stage.
pub fn put(metrics: &[(&str, f64, Unit)], dimensions: &[(&str, &str)]) {
    let Some(stream) = STREAM.get() else { return };
    let line = line(stream.service, &stream.stage, metrics, dimensions, now_ms());
    let _ = stream.totals.lock().map(|mut totals| totals.add(metrics, dimensions));
    match &stream.file {
        None => println!("{line}"),
        Some(file) => {
            // A full disk must not keep a customer from an answer.
            let _ = file.lock().map(|mut file| writeln!(file, "{line}"));
        }
    }
}

/// What this process has put so far, in Prometheus's text format:
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>.
#[must_use]
pub fn in_prometheus_format() -> String {
    STREAM.get().and_then(|stream| Some(stream.totals.lock().ok()?.to_string())).unwrap_or_default()
}

fn line(service: &str, stage: &str, metrics: &[(&str, f64, Unit)], dimensions: &[(&str, &str)], at_ms: u128) -> Value {
    let defined: Vec<Value> =
        metrics.iter().map(|(name, _, unit)| json!({ "Name": name, "Unit": format!("{unit:?}") })).collect();
    let mut names = vec!["stage", "service"];
    names.extend(dimensions.iter().map(|(name, _)| *name));
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        // Two sets: one to look into, one without the extra dimensions for alarms and the dashboard's totals.
        json!({ "Timestamp": at_ms, "CloudWatchMetrics": [
            { "Namespace": NAMESPACE, "Dimensions": [names, ["stage"]], "Metrics": defined }
        ]}),
    );
    line.insert("stage".to_owned(), stage.into());
    line.insert("service".to_owned(), service.into());
    line.extend(dimensions.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
    line.extend(metrics.iter().map(|(name, value, _)| ((*name).to_owned(), Value::from(*value))));
    Value::Object(line)
}

fn now_ms() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_shape_cloudwatch_reads() {
        let line = line("webhook", "dev", &[("Updates", 1.0, Unit::Count)], &[("kind", "text")], 1_767_000_000_000);
        assert_eq!(
            line,
            json!({
                "_aws": { "Timestamp": 1_767_000_000_000_u64, "CloudWatchMetrics": [{
                    "Namespace": "CarQuery",
                    "Dimensions": [["stage", "service", "kind"], ["stage"]],
                    "Metrics": [{ "Name": "Updates", "Unit": "Count" }]
                }]},
                "stage": "dev", "service": "webhook", "kind": "text", "Updates": 1.0
            })
        );
    }
}
