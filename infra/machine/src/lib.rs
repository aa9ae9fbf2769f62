//! The three functions in one process, with tables and a queue of their own: the bot on one machine ([`Server`]), and
//! what the local stack adds its simulators and its page to.

mod clock_watch;
mod consumer;
mod dealer_file;
mod folder;
mod front;
mod functions;
mod http;
mod loopback;
mod metrics_file;
mod polling;
mod room;
mod serve;
mod work;

use std::collections::BTreeMap;

use settings::Env;

pub use consumer::Delivered;
pub use dealer_file::LocalDealerFile;
pub use folder::{Folder, Notes};
pub use front::Front;
pub use functions::{Functions, Store};
pub use http::listen;
pub use loopback::{is_from_this_machine, is_own_name};
pub use metrics_file::{shorten as shorten_metrics_file, start as start_metrics_file};
pub use polling::Polling;
pub use room::Room;
pub use serve::{DATABASE_FILE, Server, ServerOptions, Updates};
pub use work::work;

/// Settings by variable, without empty ones.
pub type Variables = BTreeMap<String, String>;

/// Reads a group of settings.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read<T>(variables: &Variables, group: impl FnOnce(&mut Env) -> T) -> anyhow::Result<T> {
    let mut env = Env::from_pairs(variables.clone());
    let settings = group(&mut env);
    Ok(env.finish(settings)?)
}
