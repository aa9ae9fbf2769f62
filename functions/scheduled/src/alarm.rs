//! CloudWatch alarms, as EventBridge and SNS bring them.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html>

use delivery::AdminMessage;
use serde_json::Value;
use texts::Language;

/// An alarm that changed its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    name: String,
    /// `ALARM`, `OK` or, through SNS, `INSUFFICIENT_DATA`.
    state: String,
    /// What template.yaml, or the operator, says of it.
    description: String,
    at: String,
}

/// Ends of the names of alarms that the functions report to the admins themselves: a request that was given up, a
/// consent that is needed, a model that does not answer.
const REPORTED_BY_THE_FUNCTIONS: [&str; 3] = ["-request-given-up", "-token-expires", "-model-failures"];

/// The alarms in `event`; `None` when it is about something else. States that ask nobody to do anything are left out:
/// the «OK» of an alarm that has just been created, and missing data, which EventBridge reports of every alarm. Through
/// SNS missing data only comes from an alarm that is about missing data.
pub(crate) fn read(event: &Value) -> Option<Vec<Alarm>> {
    if event["detail-type"] == "CloudWatch Alarm State Change" {
        let detail = &event["detail"];
        let alarm = Alarm {
            name: text(&detail["alarmName"]),
            state: text(&detail["state"]["value"]),
            description: text(&detail["configuration"]["description"]),
            at: text(&event["time"]),
        };
        let is_news = alarm.is_news(&detail["previousState"]["value"]);
        return Some(if is_news { vec![alarm] } else { vec![] });
    }
    let records = event["Records"].as_array()?;
    let messages = records.iter().filter_map(|record| record["Sns"]["Message"].as_str());
    let alarms = messages.filter_map(|message| {
        let message: Value = serde_json::from_str(message).ok()?;
        let alarm = Alarm {
            name: text(&message["AlarmName"]),
            state: text(&message["NewStateValue"]),
            description: text(&message["AlarmDescription"]),
            at: text(&message["StateChangeTime"]),
        };
        let is_silence = alarm.state == "INSUFFICIENT_DATA" && !alarm.name.is_empty();
        (is_silence || alarm.is_news(&message["OldStateValue"])).then_some(alarm)
    });
    Some(alarms.collect())
}

impl Alarm {
    fn is_news(&self, before: &Value) -> bool {
        // The functions tell the admins themselves, in Russian and with the request's number; by mail the alarm comes
        // anyway.
        if REPORTED_BY_THE_FUNCTIONS.iter().any(|end| self.name.ends_with(end)) {
            return false;
        }
        let news = match self.state.as_str() {
            "ALARM" => true,
            "OK" => before == "ALARM",
            _ => false,
        };
        news && !self.name.is_empty()
    }

    /// One line for the admins. One change of state has one key, however often and by whatever way it arrives.
    pub(crate) fn message(&self, language: Language) -> AdminMessage {
        AdminMessage {
            key: format!("alarm:{}:{}:{}", self.name, self.state, self.at),
            text: self.text_id(language).map_or_else(|| self.unknown(language), |id| self.known(&id, language)),
        }
    }

    /// Id of its text: names are `carquery-{stage}-{end}`.
    fn text_id(&self, language: Language) -> Option<String> {
        let id = format!("alarm-{}", self.name.splitn(3, '-').nth(2)?);
        language.has(&format!("{id}.remedy")).then_some(id)
    }

    fn known(&self, id: &str, language: Language) -> String {
        let (what, alarm) = (language.text(id).into(), self.name.as_str().into());
        if self.state == "OK" {
            return language.text_with("alarm-over", [("what", what), ("alarm", alarm)]);
        }
        let remedy = language.text(&format!("{id}.remedy")).into();
        language.text_with("alarm-started", [("what", what), ("remedy", remedy), ("alarm", alarm)])
    }

    /// An operator's own alarm has only the description that they gave it.
    fn unknown(&self, language: Language) -> String {
        let sign = if self.state == "OK" { "🟢" } else { "🔴" };
        let (alarm, description) = (self.name.as_str().into(), self.description.as_str().into());
        language.text_with("alarm-unknown", [("sign", sign.into()), ("alarm", alarm), ("description", description)])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn state_change(before: &str, after: &str) -> Value {
        json!({
            "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "time": "2026-01-02T03:04:05Z",
            "detail": {
                "alarmName": "carquery-prod-dead-letters", "state": { "value": after, "reason": "1 datapoint" },
                "previousState": { "value": before },
                "configuration": { "description": "Messages are in the dead-letter queue.\n Run `carquery dlq list`." }
            }
        })
    }

    #[test]
    fn an_alarm_is_one_line_that_says_what_to_do() {
        let alarms = read(&state_change("OK", "ALARM")).unwrap();
        let started = alarms[0].message(Language::Russian);
        assert_snapshot!(started.text, @"🔴 Сообщение очереди не удалось обработать три раза. Заявки целы, они в таблице. Посмотрите: carquery dlq show. Устраните причину, затем: carquery dlq redrive. (carquery-prod-dead-letters)");
        let over = read(&state_change("ALARM", "OK")).unwrap()[0].message(Language::Russian);
        assert_snapshot!(over.text, @"🟢 Прошло: Сообщение очереди не удалось обработать три раза. Заявки целы, они в таблице. (carquery-prod-dead-letters)");
        assert_ne!(started.key, over.key);
    }

    #[test]
    fn states_that_ask_for_nothing_are_not_reported() {
        assert_eq!(read(&state_change("OK", "INSUFFICIENT_DATA")), Some(vec![]));
        assert_eq!(read(&state_change("INSUFFICIENT_DATA", "OK")), Some(vec![]));
    }

    #[test]
    fn what_the_functions_report_themselves_is_not_reported_twice() {
        let mut event = state_change("OK", "ALARM");
        event["detail"]["alarmName"] = "carquery-prod-request-given-up".into();
        assert_eq!(read(&event), Some(vec![]));
    }

    #[test]
    fn the_same_comes_through_sns() {
        let message = json!({
            "AlarmName": "carquery-prod-unsent", "AlarmDescription": "Requests wait for more than an hour.",
            "NewStateValue": "ALARM", "OldStateValue": "OK", "StateChangeTime": "2026-01-02T03:04:05.000+0000"
        });
        let event = json!({ "Records": [{ "EventSource": "aws:sns", "Sns": { "Message": message.to_string() } }] });
        let alarms = read(&event).unwrap();
        let message = alarms[0].message(Language::Russian);
        assert_eq!(message.text, "🔴 carquery-prod-unsent: Requests wait for more than an hour.", "an operator's own");
    }

    #[test]
    fn silence_is_news_when_sns_brings_it() {
        let message = json!({
            "AlarmName": "carquery-prod-schedule-silent", "AlarmDescription": "The schedule has not run.",
            "NewStateValue": "INSUFFICIENT_DATA", "OldStateValue": "OK", "StateChangeTime": "2026-01-02T03:04:05.000+0000"
        });
        let alarms = read(&json!({ "Records": [{ "Sns": { "Message": message.to_string() } }] })).unwrap();
        let text = alarms[0].message(Language::Russian).text;
        assert!(text.starts_with("🔴 Расписание не работает уже 15 минут"), "{text}");
    }

    #[test]
    fn the_schedule_is_not_an_alarm() {
        assert_eq!(read(&json!({ "detail-type": "Scheduled Event", "detail": {} })), None);
        assert_eq!(read(&json!({})), None);
    }
}
