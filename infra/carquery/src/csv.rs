//! Requests as a CSV file for a Russian Excel: semicolons, a byte-order mark, every cell quoted.

use csv::{QuoteStyle, WriterBuilder};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The file.
///
/// # Errors
/// Writing failed.
pub(crate) fn file<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> anyhow::Result<String> {
    let mut writer = WriterBuilder::new().delimiter(b';').quote_style(QuoteStyle::Always).from_writer(Vec::new());
    writer.write_record(head)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| without_formulas(cell)))?;
    }
    Ok(BYTE_ORDER_MARK.to_owned() + &String::from_utf8(writer.into_inner()?)?)
}

/// Puts an apostrophe before each character that a spreadsheet would take for the start of a formula: at the start of
/// the cell, and after separators and line breaks, where a program with other settings may see the start of a cell.
fn without_formulas(cell: &str) -> String {
    let mut safe = String::with_capacity(cell.len());
    let mut at_start = true;
    for letter in cell.chars() {
        if at_start && matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            safe.push('\'');
        }
        at_start = match letter {
            ';' | ',' | '\n' | '\r' | '\t' | '"' => true,
            letter => at_start && letter.is_whitespace(),
        };
        safe.push(letter);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        let rows =
            [["a \"b\"; c\nd".to_owned(), "=HYPERLINK(1)".to_owned()], ["Анна".to_owned(), "+79001234567".to_owned()]];
        assert_eq!(
            file(["name", "phone"], rows).expect("it is written"),
            "\u{feff}\"name\";\"phone\"\n\"a \"\"b\"\"; c\nd\";\"'=HYPERLINK(1)\"\n\"Анна\";\"'+79001234567\"\n"
        );
    }

    #[test]
    fn formulas_after_separators_and_line_breaks_are_neutralised() {
        for (cell, safe) in [
            ("ok;=1+1", "ok;'=1+1"),
            ("ok, @SUM(A1)", "ok, '@SUM(A1)"),
            ("ok\n\t-1", "ok\n\t'-1"),
            ("ok\r+1", "ok\r'+1"),
            ("\"=1", "\"'=1"),
            ("Toyota-Camry = 2019 + торг", "Toyota-Camry = 2019 + торг"),
        ] {
            assert_eq!(without_formulas(cell), safe);
        }
    }
}
