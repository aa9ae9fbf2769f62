//! What the operator sees: text for people, JSON for programs.

use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use comfy_table::{Table, presets};
use serde::Serialize;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// JSON instead of text.
    pub(crate) json: bool,
}

impl Output {
    /// Prints `value` as JSON, or as what `text` makes of it.
    pub(crate) fn print<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        if self.json {
            print_line(&serde_json::to_string_pretty(value).expect("plain data is always JSON"));
        } else {
            print_line(&printable(text(value).trim_end()));
        }
    }

    /// The same for a text that has colours, and nothing else that is not [`printable`].
    pub(crate) fn print_coloured<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        if self.json {
            self.print(value, |_| String::new());
        } else {
            print_line(text(value).trim_end());
        }
    }

    /// Prints why a command failed.
    pub(crate) fn error(self, error: &anyhow::Error) {
        if self.json {
            eprintln!("{}", serde_json::json!({ "error": format!("{error:#}") }));
        } else {
            eprintln!("carquery: {}", printable(&format!("{error:#}")));
        }
    }
}

/// Prints a line; colours only where a terminal shows them and `NO_COLOR` is not set.
///
/// Ends the process if nobody reads any more, as after `| head`.
pub(crate) fn print_line(line: &str) {
    let mut out = anstream::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        eprintln!("carquery: cannot write the output: {error}");
        std::process::exit(1);
    }
}

/// Counts what is done of a long work, on standard error and only at a terminal.
pub(crate) struct Progress {
    what: &'static str,
    done: AtomicUsize,
    all: usize,
    shows: bool,
}

impl Progress {
    /// `what` is counted up to `all`.
    pub(crate) fn new(what: &'static str, all: usize) -> Self {
        Self { what, done: AtomicUsize::new(0), all, shows: std::io::stderr().is_terminal() }
    }

    /// One more is done. The last one wipes the line.
    pub(crate) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.shows {
            return;
        }
        let line = if done < self.all { format!("{done} of {} {}", self.all, self.what) } else { String::new() };
        eprint!("\r\u{1b}[K{line}");
    }
}

/// Text without control characters: a customer's name must not steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter }).collect()
}

/// A table for a terminal: columns as wide as their widest cell.
pub(crate) fn table<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head).add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    table.trim_fmt()
}

/// Asks. False when nobody can be asked, because the input is not a terminal.
pub(crate) fn is_confirmed(question: &str) -> anyhow::Result<bool> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(false);
    }
    print!("{} [y/N] ", printable(question));
    std::io::stdout().flush()?;
    let mut answer = String::new();
    stdin.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_any_alphabet() {
        let rows = [["Анна".to_owned(), "1".to_owned()], ["Bo".to_owned(), "22".to_owned()]];
        assert_eq!(table(["NAME", "N"], rows), "NAME  N\nАнна  1\nBo    22");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(printable("Анна\u{1b}[2J\r\nBo"), "Анна\u{fffd}[2J\u{fffd}\nBo");
    }
}
