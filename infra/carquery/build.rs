//! Names the commit in `carquery --version`: that of `CARQUERY_COMMIT`, or of git, or none.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=CARQUERY_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    // A new commit and another branch both add a line to this log.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]).filter(|log| std::path::Path::new(log).exists()) {
        println!("cargo::rerun-if-changed={log}");
    }
    let commit = std::env::var("CARQUERY_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = commit.or_else(|| git(&["rev-parse", "--short=9", "HEAD"]));
    let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
    println!("cargo::rustc-env=CARQUERY_VERSION={}{commit}", env!("CARGO_PKG_VERSION"));
}

/// What git prints. `None` without git, or outside a repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
