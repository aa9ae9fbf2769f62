//! The bot in a process of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use anyhow::{Context, bail};
use local::{Options, Stack};
use settings::AmocrmHook;
use simulators::amocrm::{BOT_FIRST_STAGE, BOT_PIPELINE};
use simulators::fault::Faults;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::time::{Instant, sleep};

use super::chaos;
use super::cut_off::{RequestJob, cut_off_jobs};
use super::outside::Outside;
use super::stages::STAGE_TEXTS;

/// The webhook secret that the simulated Telegram sends, and that of amoCRM's hook.
const SECRET: &str = "secret-of-the-soak";
const LOG: &str = "bot.log";
/// How long a message whose handling failed is hidden: shorter than elsewhere, or a soak would mostly wait.
const QUEUE_VISIBILITY: Duration = Duration::from_secs(10);
/// How long the bot may take to start.
const START: Duration = Duration::from_secs(60);

/// `carquery-local soak-bot`: the process that the soak starts and kills. It ends with its standard input.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Percentage of calls to DynamoDB and SQS that fail.
    #[arg(long)]
    faults: u8,
    /// Seed of the random faults.
    #[arg(long)]
    seed: u64,
    /// How many seconds its clock is ahead of the machine's.
    #[arg(long)]
    ahead: i64,
}

/// Runs the local stack with a DynamoDB and an SQS that fail. A line on standard input ends the faults; its end ends
/// the stack.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let database = Faults::default();
    let options = Options {
        database_faults: Some(database.clone()),
        queue_visibility: QUEUE_VISIBILITY,
        ahead: Arc::new(AtomicI64::new(arguments.ahead)),
        ..Options::of_process()?
    };
    let stack = Stack::start(options).await?;
    chaos::break_some(&database, arguments.faults, arguments.seed);
    chaos::break_some(stack.sqs().faults(), arguments.faults, arguments.seed);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        database.clear();
        stack.sqs().faults().clear();
    }
    stack.stop().await;
    Ok(())
}

/// The dealer's file. A minute of it is a second. Who stops half-way is reminded, and becomes a deal.
fn dealer_file(outside: &Outside) -> String {
    let (team, group, boss) = (outside.sales.team_sections(), outside.sales.chat_id(), outside.boss);
    let stages: String = STAGE_TEXTS.iter().map(|(stage, text)| format!("{stage} = \"{text}\"\n")).collect();
    format!(
        "time_zone = \"{}\"\n{team}\
         [sales_chat]\nchat_id = {group}\nescalate_after_minutes = 10\nescalate_to = {boss}\n\
         [repeat]\njoin_open_deal_days = 30\n\
         [unfinished]\nremind_after_minutes = 15\nto_crm_after_minutes = 20\n\
         [stages]\n{stages}",
        zone_with_noon(jiff::Timestamp::now()),
    )
}

/// A time zone in which it is between noon and one o'clock: customers hear of stages between 9 and 21 h only.
fn zone_with_noon(now: jiff::Timestamp) -> String {
    let hour = jiff::tz::TimeZone::UTC.to_datetime(now).hour();
    // POSIX counts the hours west of Greenwich.
    format!("Etc/GMT{:+}", hour - 12)
}

/// The bot's log. A killed one's is continued.
fn open_log(data: &Path) -> std::io::Result<File> {
    File::options().create(true).append(true).open(data.join(LOG))
}

/// The last line of the bot's log.
fn last_log_line(data: &Path) -> String {
    let log = std::fs::read_to_string(data.join(LOG)).unwrap_or_default();
    log.lines().last().unwrap_or("its log is empty").to_owned()
}

/// A running bot.
pub(super) struct Bot {
    process: Child,
    log: PathBuf,
}

impl Bot {
    /// Starts a bot on this data and waits until it accepts updates.
    pub(super) async fn start(outside: &Outside, data: &Path, arguments: &super::Arguments) -> anyhow::Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let url = format!("http://127.0.0.1:{port}");
        std::fs::write(data.join("dealer.toml"), dealer_file(outside))?;
        let child = Command::new(std::env::current_exe()?)
            .arg("soak-bot")
            .args(["--faults", &arguments.faults.to_string(), "--seed", &arguments.seed.to_string()])
            .args(["--ahead", &outside.ahead().to_string()])
            .env_clear()
            .current_dir(data)
            .env("CARQUERY_DATA_DIR", data.join("data"))
            .env("CARQUERY_PORT", port.to_string())
            .env("TELEGRAM_BOT_TOKEN", outside.telegram.token())
            .env("TELEGRAM_API_URL", outside.telegram.url())
            .env("TELEGRAM_UPDATES", "webhook")
            .env("TELEGRAM_WEBHOOK_SECRET", SECRET)
            .env("ADMIN_CHAT_ID", outside.admin.to_string())
            .env("AMOCRM_BASE_URL", outside.amocrm.url())
            .env("AMOCRM_LONG_LIVED_TOKEN", outside.amocrm.long_lived_token())
            .env("AMOCRM_PIPELINE_ID", BOT_PIPELINE.to_string())
            .env("AMOCRM_STATUS_ID", BOT_FIRST_STAGE.to_string())
            .env("AMOCRM_WEBHOOK_SECRET", SECRET)
            .env("AMOCRM_RATE_LIMIT", arguments.crm_rate.to_string())
            .env("PRIVACY_POLICY_URL", "https://dealer.example/privacy")
            .env("CARQUERY_MINUTE_SECONDS", "1")
            // Minutes are seconds here: pauses grow from 2 s to 144 s.
            .env("RETRY_INTERVAL_SECONDS", "2")
            .env("LEAD_MAX_ATTEMPTS", "1000")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(open_log(data)?)
            .spawn()
            .context("the bot cannot be started")?;
        let mut bot = Self { process: child, log: data.join(LOG) };
        bot.wait_until_healthy(&url).await.with_context(|| last_log_line(data))?;
        outside.telegram.set_webhook_target(&format!("{url}/telegram/webhook"), Some(SECRET));
        outside.amocrm.subscribe(&format!("{url}{}{SECRET}", AmocrmHook::PATH));
        Ok(bot)
    }

    async fn wait_until_healthy(&mut self, url: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait()? {
                bail!("the bot ended at its start: {status}");
            }
            if reqwest::get(format!("{url}/health")).await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("the bot does not answer")
    }

    /// Makes every call succeed from now on.
    pub(super) fn end_faults(&mut self) -> anyhow::Result<()> {
        let input = self.process.stdin.as_mut().context("the bot has no input")?;
        input.write_all(b"end faults\n").context("the bot has ended")
    }

    /// Kills it with SIGKILL, which leaves no time to tidy up. Returns the jobs that it was just doing.
    pub(super) fn kill(mut self) -> anyhow::Result<BTreeSet<RequestJob>> {
        self.process.kill()?;
        self.process.wait()?;
        // It may end in the middle of a letter.
        let log = std::fs::read(&self.log).context("the bot's log cannot be read")?;
        Ok(cut_off_jobs(&String::from_utf8_lossy(&log)))
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_noon_in_the_zone_of_the_dealer() {
        for hour in 0..24 {
            let now = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(hour);
            let zone = jiff::tz::TimeZone::get(&zone_with_noon(now)).expect("there is such a zone");
            assert_eq!(zone.to_datetime(now).hour(), 12);
        }
    }
}
