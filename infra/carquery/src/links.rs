//! `carquery links`: links to the bot that say where their customers come from.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use dialog::Intent;
use lead::{BadLink, Link, MAX_PAYLOAD, Source};
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use serde_json::json;
use telegram::Api;

use crate::output::{Output, print_line};
use crate::stage::Stage;

/// Each side of the picture, in pixels. An SVG has no size of its own, but programs open it in this one.
const SVG_SIDE: u32 = 512;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print a link to the bot and its QR code.
    ///
    /// A request made within 24 hours after the link was followed names its source.
    Make(Make),
}

#[derive(clap::Args)]
pub(crate) struct Make {
    /// Where the link stands: `avito`, `vk`, `window`.
    #[arg(long)]
    source: Option<String>,
    /// Kind of advertisement: `cpc`, `post`.
    #[arg(long)]
    medium: Option<String>,
    /// Name of the campaign.
    #[arg(long)]
    campaign: Option<String>,
    /// Which of several advertisements.
    #[arg(long)]
    content: Option<String>,
    /// The service to open at once.
    #[arg(long, value_parser = PossibleValuesParser::new(Intent::ALL.iter().filter_map(|intent| intent.branch())))]
    branch: Option<String>,
    /// Username of the bot; by default Telegram is asked for it.
    #[arg(long, value_name = "NAME", value_parser = username)]
    bot: Option<String>,
    /// Also draw the QR code into this file, as SVG; replaces it.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let Command::Make(make) = command;
    let payload = make.link().payload().map_err(refused)?;
    let bot = match make.bot {
        Some(bot) => bot,
        None => bot_of(stage).await?,
    };
    let link = format!("https://t.me/{bot}?start={payload}");
    let code = QrCode::new(&link)?;
    if let Some(path) = &make.svg {
        let picture = code.render::<svg::Color<'_>>().min_dimensions(SVG_SIDE, SVG_SIDE).build();
        std::fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))?;
    }
    output.print(&json!({ "link": link, "payload": payload, "svg": make.svg }), |_| link.clone());
    if !output.json {
        print_line(&in_terminal(&code));
    }
    Ok(ExitCode::SUCCESS)
}

impl Make {
    fn link(&self) -> Link {
        let source = Source {
            source: self.source.clone(),
            medium: self.medium.clone(),
            campaign: self.campaign.clone(),
            content: self.content.clone(),
        };
        Link { source: Some(source).filter(|source| source.parts().next().is_some()), branch: self.branch.clone() }
    }
}

fn refused(error: BadLink) -> anyhow::Error {
    match error {
        BadLink::Empty => anyhow!("name a source, as in `carquery links make --source avito`"),
        BadLink::TooLong(length) => {
            anyhow!("the parts make {length} characters, and a link has room for {MAX_PAYLOAD}: shorten them")
        }
        BadLink::BadPart => anyhow!(
            "--source, --medium, --campaign and --content take Latin letters, digits, dashes and single underscores, and no \
             underscore at the beginning or the end"
        ),
    }
}

/// The username of the stage's bot.
async fn bot_of(stage: &Stage) -> anyhow::Result<String> {
    let mut env = stage.env().await?;
    let settings = settings::Telegram::read(&mut env);
    let me = Api::new(&env.finish(settings)?).call("getMe", &json!({})).await?;
    me["username"].as_str().map(str::to_owned).context("Telegram did not name the bot: add `--bot NAME`")
}

/// A bot's username, with or without «@»: <https://core.telegram.org/bots/features#creating-a-new-bot>.
fn username(text: &str) -> Result<String, &'static str> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let is_valid =
        (5..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_valid { Ok(name.to_owned()) } else { Err("a username has 5 to 32 Latin letters, digits and underscores") }
}

/// The code as text, dark on light whatever the colours of the terminal are: some cameras do not read it the other way.
fn in_terminal(code: &QrCode) -> String {
    let style = anstyle::AnsiColor::Black.on(anstyle::AnsiColor::BrightWhite);
    let picture = code.render::<unicode::Dense1x2>().build();
    picture.lines().map(|line| format!("{style}{line}{style:#}")).collect::<Vec<_>>().join("\n")
}
