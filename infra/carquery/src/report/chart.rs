//! The charts of the page, as inline SVG that stretches to the width of its place.

use crate::stats::Day;

/// A bar: `parts` of `whole`, one over the other, each with the class of its colour. The longest first.
pub(super) fn bar(parts: &[(&str, u64)], whole: u64) -> String {
    let rect = |(class, part): &(&str, u64)| {
        let width = part * 1000 / whole.max(1);
        format!("<rect class=\"{class}\" width=\"{width}\" height=\"14\"/>")
    };
    let rects: String = parts.iter().map(rect).collect();
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"ground\" y=\"6\" width=\"1000\" height=\"2\"/>{rects}</svg>"
    )
}

/// A column for each day: sent, above it waiting, above that dead. `title` makes the words shown over a column.
pub(super) fn columns(days: &[Day], title: impl Fn(&Day) -> String) -> String {
    const HEIGHT: u32 = 160;
    let highest = days.iter().map(Day::requests).max().unwrap_or_default().max(1);
    let column = |(index, day): (usize, &Day)| {
        let mut top = HEIGHT;
        let parts = [("good", day.sent), ("wait", day.waiting), ("bad", day.dead)].map(|(class, count)| {
            let height = count * HEIGHT / highest;
            top -= height;
            format!("<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"8\" height=\"{height}\"/>", index * 10 + 1)
        });
        format!("<g><title>{}</title>{}</g>", title(day), parts.concat())
    };
    let columns: String = days.iter().enumerate().map(column).collect();
    let width = days.len() * 10;
    format!(
        "<svg class=\"columns\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\">\
         <rect class=\"ground\" y=\"{HEIGHT}\" width=\"{width}\" height=\"1\"/>{columns}</svg>"
    )
}
