//! The sums of metrics since the start of the process, for Prometheus.

use std::collections::BTreeMap;
use std::fmt;

use super::Unit;

/// The totals of each metric by its dimensions.
#[derive(Debug, Default)]
pub(super) struct Totals(BTreeMap<(String, String), Total>);

#[derive(Debug, Default)]
struct Total {
    sum: f64,
    count: u64,
    last: f64,
}

impl Totals {
    pub(super) fn add(&mut self, metrics: &[(&str, f64, Unit)], dimensions: &[(&str, &str)]) {
        for (name, value, unit) in metrics {
            let total = self.0.entry((prometheus_name(name, *unit), labels(dimensions))).or_default();
            total.sum += value;
            total.count += 1;
            total.last = *value;
        }
    }
}

/// Each metric as a summary, and its last value as a gauge: which of the two is of interest depends on the metric.
impl fmt::Display for Totals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut described = "";
        for ((name, labels), total) in &self.0 {
            if name != described {
                writeln!(out, "# TYPE {name} summary")?;
                described = name;
            }
            writeln!(out, "{name}_sum{labels} {}\n{name}_count{labels} {}", total.sum, total.count)?;
        }
        for ((name, labels), total) in &self.0 {
            if name != described {
                writeln!(out, "# TYPE {name}_last gauge")?;
                described = name;
            }
            writeln!(out, "{name}_last{labels} {}", total.last)?;
        }
        Ok(())
    }
}

/// `ReplyTime` in milliseconds is `carquery_reply_time_milliseconds`; what is counted has no unit in its name.
fn prometheus_name(name: &str, unit: Unit) -> String {
    let mut result = "carquery".to_owned();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            result.push('_');
        }
        result.push(letter.to_ascii_lowercase());
    }
    let unit = match unit {
        Unit::Count => "",
        Unit::Seconds => "_seconds",
        Unit::Milliseconds => "_milliseconds",
    };
    if result.ends_with(unit) { result } else { result + unit }
}

fn labels(dimensions: &[(&str, &str)]) -> String {
    if dimensions.is_empty() {
        return String::new();
    }
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<String> = dimensions.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", labels.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_reads_the_totals() {
        let mut totals = Totals::default();
        for (time, kind) in [(12.5, "text"), (7.5, "text"), (3.0, "press")] {
            totals.add(&[("ReplyTime", time, Unit::Milliseconds)], &[("kind", kind)]);
        }
        totals.add(&[("OldestUnsentSeconds", 60.0, Unit::Seconds)], &[]);
        totals.add(&[("OldestUnsentSeconds", 0.0, Unit::Seconds)], &[]);
        totals.add(&[("Updates", 1.0, Unit::Count)], &[("kind", "a\"b\\c\nd")]);
        let expected = r#"# TYPE carquery_oldest_unsent_seconds summary
carquery_oldest_unsent_seconds_sum 60
carquery_oldest_unsent_seconds_count 2
# TYPE carquery_reply_time_milliseconds summary
carquery_reply_time_milliseconds_sum{kind="press"} 3
carquery_reply_time_milliseconds_count{kind="press"} 1
carquery_reply_time_milliseconds_sum{kind="text"} 20
carquery_reply_time_milliseconds_count{kind="text"} 2
# TYPE carquery_updates summary
carquery_updates_sum{kind="a\"b\\c\nd"} 1
carquery_updates_count{kind="a\"b\\c\nd"} 1
# TYPE carquery_oldest_unsent_seconds_last gauge
carquery_oldest_unsent_seconds_last 0
# TYPE carquery_reply_time_milliseconds_last gauge
carquery_reply_time_milliseconds_last{kind="press"} 3
carquery_reply_time_milliseconds_last{kind="text"} 7.5
# TYPE carquery_updates_last gauge
carquery_updates_last{kind="a\"b\\c\nd"} 1
"#;
        assert_eq!(totals.to_string(), expected);
    }
}
