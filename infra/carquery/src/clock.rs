//! Times as the dealer's clock shows them.

use dealer::Calendar;
use jiff::civil::Date;
use storage::{Aws, AwsSettings, Tables};

use crate::stage::Stage;

/// The dealer's clock; Moscow time without a dealer's file.
#[derive(Debug, Default)]
pub(crate) struct Clock(Calendar);

impl Clock {
    pub(crate) fn of(calendar: Calendar) -> Self {
        Self(calendar)
    }

    /// That of the stored dealer's file.
    pub(crate) async fn stored(aws: &Aws, tables: &Tables) -> Self {
        Self(crate::dealer::stored(aws, tables).await.calendar)
    }

    pub(crate) async fn of_stage(stage: &Stage) -> anyhow::Result<Self> {
        let mut env = stage.env().await?;
        let aws = stage.aws(&AwsSettings::read(&mut env)).await?;
        let tables = Tables::read(&mut env);
        env.finish(())?;
        Ok(Self::stored(&aws, &tables).await)
    }

    pub(crate) fn date(&self, at: i64) -> Date {
        self.0.local(at).date()
    }

    /// «2026-11-23 14:05».
    pub(crate) fn time(&self, at: i64) -> String {
        self.0.local(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// «2026-11-23 14:05 Europe/Moscow».
    pub(crate) fn time_and_zone(&self, at: i64) -> String {
        format!("{} {}", self.time(at), self.zone())
    }

    /// «Europe/Moscow».
    pub(crate) fn zone(&self) -> &str {
        self.0.zone().iana_name().unwrap_or("UTC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_that_of_the_dealers_file() {
        let clock = |file| Clock::of(dealer::parse(file).expect("it has no fault").calendar);
        assert_eq!(clock("").time_and_zone(0), "1970-01-01 03:00 Europe/Moscow");
        assert_eq!(clock("time_zone = \"Asia/Vladivostok\"").time_and_zone(0), "1970-01-01 10:00 Asia/Vladivostok");
    }
}
