//! How long the parts of answering a customer, and of a run of the schedule, may take. Each one fits into the next.

use std::time::Duration;

/// One call to a model, whatever `OPENAI_TIMEOUT_SECONDS` is: a second model must have its time.
pub const MODEL_CALL: Duration = Duration::from_secs(11);
/// From a voice message to its words: the download and the call to the model.
pub const TRANSCRIPTION: Duration = Duration::from_secs(10);
/// All calls to models for one question, those for a spoken one with its transcription.
pub const MODEL_CALLS: Duration = Duration::from_secs(22);
/// From a question to its answer. After that the answer counts as lost, and a redelivery asks again.
pub const QUESTION: Duration = Duration::from_secs(25);
/// How long the delivery of a talk's lines waits for a pause that Telegram asks for.
pub const RELAY: Duration = Duration::from_secs(15);
/// How long an update waits while another invocation handles the same one.
pub const SAME_UPDATE: Duration = Duration::from_secs(26);
/// One invocation of the function `webhook`: its `Timeout` in `template.yaml`.
pub const WEBHOOK: Duration = Duration::from_secs(29);
/// How long API Gateway waits for the function: `TimeoutInMillis` in `template.yaml`. This is its maximum.
pub const HTTP_API: Duration = Duration::from_secs(30);

/// How long a run of the schedule keeps starting work on another form left half-way.
pub const UNFINISHED_FORMS: Duration = Duration::from_secs(20);
/// How long a run of the schedule keeps starting another message about a deal.
pub const DEALS: Duration = Duration::from_secs(10);
/// How long a run of the schedule keeps starting another job.
pub const JOBS: Duration = Duration::from_secs(10);
/// How long a run of the schedule keeps starting work on another talk.
pub const TALKS: Duration = Duration::from_secs(12);
/// One invocation of the function `scheduled`: its `Timeout` in `template.yaml`.
pub const SCHEDULED: Duration = Duration::from_secs(90);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_fits_into_the_next() {
        assert!(2 * MODEL_CALL <= MODEL_CALLS);
        assert!(TRANSCRIPTION < MODEL_CALL, "a model has its time after it");
        let budget = [MODEL_CALLS, QUESTION, SAME_UPDATE, WEBHOOK, HTTP_API];
        assert!(budget.is_sorted_by(|inner, outer| inner < outer), "{budget:?}");
        assert!(RELAY < QUESTION, "with the calls");
        assert!(2 * UNFINISHED_FORMS + DEALS + JOBS + TALKS + RELAY <= SCHEDULED, "the other repairs have their time");
    }

    #[test]
    fn the_template_has_the_same_limits() {
        let template = include_str!("../../../template.yaml");
        let number_after = |resource: &str, property: &str| {
            let (_, properties) = template.split_once(&format!("\n  {resource}:\n")).unwrap();
            let (_, value) = properties.split_once(&format!(" {property}: ")).unwrap();
            value.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u64>().unwrap()
        };
        assert_eq!(number_after("WebhookFunction", "Timeout"), WEBHOOK.as_secs());
        assert_eq!(number_after("ScheduledFunction", "Timeout"), SCHEDULED.as_secs());
        assert_eq!(u128::from(number_after("WebhookIntegration", "TimeoutInMillis")), HTTP_API.as_millis());
    }
}
