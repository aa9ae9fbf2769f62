//! The sales chat, as `carquery doctor` and `carquery customers forget` reach it.

use relay::Relay;
use settings::{Telegram, system_clock};
use telegram::Api;

use crate::doctor::Finding;
use crate::stage::{Stage, Stores};

/// Whether customers can be talked to in topics of the sales chat; `None` if the dealer has no such chat. A group
/// without topics is not a fault: then customers leave their number.
pub(crate) async fn check(stage: &Stage, stores: &Stores) -> Option<Finding> {
    const NAME: &str = "topics of the sales chat";
    let file = stores.aws.dealer_file(&stores.tables).load().await.ok()?;
    let chat = dealer::parse(&file.value).ok()?.sales_chat?;
    let relay = relay(stage, stores).await.ok()?;
    let group = stores.aws.sales_chat(&stores.tables).group(chat.chat_id).await.ok()?.value.current_id();
    Some(match relay.has_topics(group).await {
        Ok(true) => Finding::good(NAME, &format!("the team talks to customers in {group}")),
        Ok(false) => Finding::good(
            NAME,
            "none: to talk to customers there, switch topics on and let the bot manage them (docs/dealer.ru.md)",
        ),
        Err(error) => Finding::bad(
            NAME,
            &error.to_string(),
            "add the bot to the group, and see [sales_chat] of the dealer's file",
        ),
    })
}

/// What reaches customers' cards and topics.
pub(crate) async fn relay(stage: &Stage, stores: &Stores) -> anyhow::Result<Relay> {
    let mut env = stage.env().await?;
    let settings = Telegram::read(&mut env);
    let settings = env.finish(settings)?;
    Ok(Relay::new(&stores.aws, &stores.tables, Api::new(&settings), system_clock(), settings.language))
}
