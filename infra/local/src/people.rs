//! The people and groups that the dealer's file names, as simulated ones: who is in the file works in the page at once.

use std::sync::Arc;
use std::time::Duration;

use dealer::{Dealer, SalesChat};
use simulators::amocrm::Amocrm;
use simulators::telegram::{BotRole, Telegram};

use crate::core::Core;

/// How often the stored dealer's file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Follows the stored dealer's file until the stack stops.
pub(crate) async fn follow_dealer_file(core: Arc<Core>) {
    let file = core.functions.aws.dealer_file(&core.functions.tables);
    let mut stopping = core.stopping.clone();
    let mut seen = String::new();
    loop {
        if let Ok(stored) = file.load().await
            && stored.value != seen
        {
            seen = stored.value;
            if let Ok(dealer) = dealer::parse(&seen) {
                meet(&dealer, core.telegram.as_ref(), core.amocrm.as_ref());
                core.changes.note(|now| {
                    now.chats += 1;
                    now.clock += 1; // the time zone may be another one
                    now.requests += 1;
                });
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Makes whom the file names, unless they are there already.
fn meet(dealer: &Dealer, telegram: Option<&Telegram>, amocrm: Option<&Amocrm>) {
    for member in dealer.team.members() {
        if let Some(amocrm) = amocrm {
            amocrm.hire(member.amocrm_user_id, &member.name);
        }
    }
    let Some(telegram) = telegram else { return };
    if let Some(chat) = &dealer.sales_chat {
        open_sales_group(dealer, chat, telegram);
        if let Some(escalation) = &chat.escalation {
            reach(telegram, escalation.to, "Руководитель");
        }
    }
    if let Some(digest) = &dealer.digest {
        reach(telegram, digest.chat_id, "Руководитель");
    }
}

/// The sales group has topics, and the bot manages them, as the dealer is told to arrange it.
fn open_sales_group(dealer: &Dealer, chat: &SalesChat, telegram: &Telegram) {
    let is_new = telegram.chat(chat.chat_id).is_none();
    let group = telegram.supergroup_at(chat.chat_id, "Чат продаж");
    for member in dealer.team.members() {
        if let Some(id) = member.telegram_id {
            group.member(&telegram.person_at(id, &member.name, None));
        }
    }
    if is_new {
        group.switch_topics(true);
        group.make_bot(BotRole::Admin { can_manage_topics: true });
    }
}

/// A chat to which the bot may write.
fn reach(telegram: &Telegram, chat: i64, name: &str) {
    if telegram.chat(chat).is_some() {
        return;
    }
    if chat < 0 {
        telegram.supergroup_at(chat, name);
    } else {
        telegram.person_at(chat, name, None).mark_started();
    }
}
