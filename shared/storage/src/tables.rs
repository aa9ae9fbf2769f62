//! What the tables are called, and where the queue is.

use std::collections::BTreeMap;

use settings::Env;

use crate::TABLES;

/// Names of the tables and the queue's address.
#[derive(Clone, Debug)]
pub struct Tables {
    /// By suffix.
    names: BTreeMap<&'static str, String>,
    /// `LEADS_QUEUE_URL`
    pub leads_queue_url: String,
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
        Self { names, leads_queue_url: env.required("LEADS_QUEUE_URL") }
    }

    /// The name of the table with this suffix, which must be one of [`TABLES`].
    #[must_use]
    pub fn name(&self, suffix: &str) -> &str {
        &self.names[suffix]
    }
}
