//! `carquery completions` and `man`: the command line described for shells and for `man`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap_complete::Shell;

use crate::command;
use crate::output::print_line;

#[derive(clap::Args)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    pub(crate) fn print(&self) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command(), "carquery", &mut script);
        print_line(String::from_utf8(script)?.trim_end());
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(clap::Args)]
pub(crate) struct Man {
    /// An existing folder.
    folder: PathBuf,
}

impl Man {
    pub(crate) fn write(&self) -> anyhow::Result<ExitCode> {
        let folder = self.folder.display();
        clap_mangen::generate_to(command(), &self.folder).with_context(|| format!("cannot write into {folder}"))?;
        Ok(ExitCode::SUCCESS)
    }
}
