//! The local stack's data folder, as far as the operator's command has to know it.

use std::path::PathBuf;

use crate::Env;

/// Addresses and credentials of the running stack: a JSON object of variables.
pub const ENDPOINTS_FILE: &str = "endpoints.json";
/// Locked for as long as a stack runs over the folder.
pub const LOCK_FILE: &str = "lock";
/// Metrics, one line of CloudWatch's embedded metric format each.
pub const METRICS_FILE: &str = "metrics.jsonl";

/// The folder: `CARQUERY_DATA_DIR`, or `.carquery`.
pub fn data_folder(env: &mut Env) -> PathBuf {
    env.text("CARQUERY_DATA_DIR", ".carquery").into()
}
