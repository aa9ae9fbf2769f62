//! What the operator sees: text for people, JSON for programs.

use std::io::{self, ErrorKind, Write as _};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde::Serialize;

/// How to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// JSON instead of text.
    pub(crate) json: bool,
}

impl Output {
    /// Prints `value` as JSON, or what `text` makes of it.
    pub(crate) fn print<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        if self.json {
            say(&serde_json::to_string_pretty(value).expect("what is printed is plain data"));
        } else {
            say(text(value).trim_end());
        }
    }

    /// Prints why a command failed.
    pub(crate) fn error(self, error: &anyhow::Error) {
        if self.json {
            eprintln!("{}", serde_json::json!({ "error": format!("{error:#}") }));
        } else {
            eprintln!("carquery: {error:#}");
        }
    }
}

/// Prints a line. Whoever reads may have enough, as `head` has: then there is nothing left to do.
pub(crate) fn say(line: &str) {
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        eprintln!("carquery: cannot write what there is to say: {error}");
        std::process::exit(1);
    }
}

/// A table for a terminal: columns as wide as their widest cell.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(head.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// «2026-11-23 14:05» in Moscow time.
pub(crate) fn moscow_time(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(
        |_| "?".to_owned(),
        |at| at.to_zoned(TimeZone::fixed(Offset::constant(3))).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_any_alphabet() {
        let rows = [vec!["Анна".to_owned(), "1".to_owned()], vec!["Bo".to_owned(), "22".to_owned()]];
        assert_eq!(table(&["NAME", "N"], &rows), "NAME  N\nАнна  1\nBo    22");
    }
}
