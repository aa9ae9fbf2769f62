//! What the tables are called, and where the queue is.

use std::collections::BTreeMap;

use lead::PhoneKey;
use settings::Env;

use crate::TABLES;

/// Names of the tables and the queue's address.
#[derive(Clone, Debug)]
pub struct Tables {
    /// By suffix.
    names: BTreeMap<&'static str, String>,
    /// `LEADS_QUEUE_URL`
    pub leads_queue_url: String,
    /// For hashes of phones, from `TELEGRAM_BOT_TOKEN`, which every function has. With another token what is counted
    /// of a phone begins again.
    pub phone_key: PhoneKey,
}

impl Tables {
    /// Reads the group: for the table `ai-log` the variable `AI_LOG_TABLE`, and so on. Table names have defaults, so
    /// that a function does not need the names of tables it never uses.
    pub fn read(env: &mut Env) -> Self {
        let mut name_of = |suffix: &'static str| {
            let variable = format!("{}_TABLE", suffix.to_uppercase().replace('-', "_"));
            (suffix, env.text(&variable, &format!("carquery-{suffix}")))
        };
        let names = TABLES.iter().map(|table| name_of(table.suffix)).collect();
        Self {
            names,
            leads_queue_url: env.required("LEADS_QUEUE_URL"),
            phone_key: PhoneKey::of(&env.text("TELEGRAM_BOT_TOKEN", "")),
        }
    }

    /// The name of the table with this suffix, which must be one of [`TABLES`].
    #[must_use]
    pub fn name(&self, suffix: &str) -> &str {
        &self.names[suffix]
    }
}
