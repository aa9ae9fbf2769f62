//! The models for texts and for voice messages: whether they still exist, and for how long.

use ai::Availability;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use settings::OpenAi;

use super::Finding;
use crate::stage::Stage;

/// A model that is switched off within this many days is a finding.
const NOTICE_DAYS: i32 = 60;

pub(super) async fn check(stage: &Stage) -> Vec<Finding> {
    const NAME: &str = "AI models";
    let Ok(mut env) = stage.env().await else {
        return vec![Finding::good(NAME, "unknown: the settings cannot be read")];
    };
    let settings = OpenAi::read(&mut env);
    let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
    let mut findings = Vec::new();
    if settings.configured {
        let fix = "choose another in OPENAI_MODEL or OPENAI_FALLBACK_MODEL; without one the built-in rules answer";
        match ai::look_up(&settings).await {
            Ok(models) => findings.extend(models.iter().map(|model| of_model("AI model", model, today, fix))),
            Err(error) => {
                let fix = "check OPENAI_API_KEY and OPENAI_BASE_URL; meanwhile the built-in rules answer";
                findings.push(Finding::bad(NAME, &error.to_string(), fix));
            }
        }
    } else {
        findings.push(Finding::good(NAME, "none configured: the built-in rules answer"));
    }
    findings.extend(of_transcription(&settings, today).await);
    findings
}

async fn of_transcription(settings: &OpenAi, today: Date) -> Vec<Finding> {
    const NAME: &str = "voice model";
    let Some(transcription) = &settings.transcription else {
        return vec![Finding::good(NAME, "none configured: voice messages are declined")];
    };
    match ai::look_up_transcription(transcription).await {
        Ok(models) => {
            let fix = "choose another in OPENAI_TRANSCRIBE_MODEL; without one voice messages are declined";
            models.iter().map(|model| of_model(NAME, model, today, fix)).collect()
        }
        Err(error) => {
            let fix =
                "check OPENAI_TRANSCRIBE_API_KEY and OPENAI_TRANSCRIBE_BASE_URL; meanwhile voice messages are declined";
            vec![Finding::bad(NAME, &error.to_string(), fix)]
        }
    }
}

fn of_model(kind: &str, model: &(String, Availability), today: Date, fix: &str) -> Finding {
    let (name, availability) = model;
    let what = format!("{kind} {name}");
    match availability {
        Availability::Missing => Finding::bad(&what, "is not on the server", fix),
        Availability::Available { shutdown: Some(day) } if availability.ends_within(NOTICE_DAYS, today) => {
            Finding::bad(&what, &format!("is switched off on {day}"), fix)
        }
        Availability::Available { .. } => Finding::good(&what, "is on the server"),
        Availability::Unlisted => Finding::good(&what, "unknown: the server does not list its models"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_ends_soon_or_is_gone_is_a_fault() {
        let day = jiff::civil::date;
        let ok = |availability| of_model("AI model", &("m".to_owned(), availability), day(2026, 11, 28), "").ok;
        assert!(ok(Availability::Available { shutdown: None }));
        assert!(ok(Availability::Available { shutdown: Some(day(2027, 3, 1)) }));
        assert!(!ok(Availability::Available { shutdown: Some(day(2027, 1, 14)) }));
        assert!(!ok(Availability::Missing));
        assert!(ok(Availability::Unlisted));
    }
}
