//! The sales chat, as `carquery doctor` and `carquery customers forget` reach it.

use relay::Relay;
use settings::{Telegram, system_clock};
use telegram::Api;

use crate::stage::{Stage, Stores};

/// What reaches customers' cards and topics.
pub(crate) async fn relay(stage: &Stage, stores: &Stores) -> anyhow::Result<Relay> {
    let mut env = stage.env().await?;
    let settings = Telegram::read(&mut env);
    let settings = env.finish(settings)?;
    Ok(Relay::new(&stores.aws, &stores.tables, Api::new(&settings), system_clock(), settings.language))
}
