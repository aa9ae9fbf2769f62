//! The funnel as a picture.

use dealer::Calendar;
use texts::Language;

use crate::Report;
use crate::canvas::{Canvas, Colour, Place};

const WIDTH: u32 = 1000;
const MARGIN: u32 = 60;
const BAR_WIDTH: u32 = WIDTH - 2 * MARGIN;
const BAR_HEIGHT: u32 = 44;
/// Height of the title and the line below it.
const TOP: u32 = 190;
/// Height of a bar with the text above it.
const ROW: u32 = 140;

const WHITE: Colour = [255, 255, 255];
const DARK: Colour = [31, 41, 51];
const GREY: Colour = [97, 110, 124];
const TRACK: Colour = [233, 238, 244];
const BLUE: Colour = [52, 120, 246];
const GREEN: Colour = [39, 174, 96];

/// Size of the letters above a bar.
const LABEL: f32 = 44.0;

/// What is counted, by the id of its text.
const STOPS: [(&str, Colour); 4] = [
    ("digest-stop-started", BLUE),
    ("digest-stop-name", BLUE),
    ("digest-stop-confirmation", BLUE),
    ("digest-stop-sent", GREEN),
];

impl Report {
    /// The funnel of this week as a PNG file; `None` if nobody has started a form.
    #[must_use]
    pub fn picture(&self, calendar: &Calendar, language: Language) -> Option<Vec<u8>> {
        let funnel = &self.funnel;
        if funnel.started == 0 {
            return None;
        }
        let counts = [funnel.started, funnel.at_name, funnel.at_confirmation, funnel.sent];
        let mut canvas = Canvas::new(WIDTH, TOP + 4 * ROW + MARGIN / 2, WHITE);
        let (left, right) = (at(MARGIN), at(WIDTH - MARGIN));
        let title = Place { x: left, baseline: 95.0, size: 60.0 };
        canvas.write(&language.text("digest-picture"), title, DARK);
        let days = language.text_with("digest-days", self.days(calendar));
        canvas.write(&days, Place { x: left, baseline: 150.0, size: 36.0 }, GREY);
        for (index, ((id, colour), count)) in (0..).zip(STOPS.into_iter().zip(counts)) {
            let top = TOP + index * ROW;
            let label = Place { x: left, baseline: at(top + 50), size: LABEL };
            let share = language.text_with("digest-share", share_of(count, funnel.started));
            canvas.write_to(&share, Place { x: right, ..label }, DARK);
            canvas.write(&language.text(id), label, DARK);
            canvas.fill([MARGIN, top + 70, BAR_WIDTH, BAR_HEIGHT], TRACK);
            canvas.fill([MARGIN, top + 70, bar(count, funnel.started), BAR_HEIGHT], colour);
        }
        canvas.png().ok()
    }
}

/// Width of a bar in pixels. A count above zero is always visible.
fn bar(count: usize, most: usize) -> u32 {
    let pixels = (count * BAR_WIDTH as usize).div_ceil(most.max(1));
    u32::try_from(pixels).unwrap_or(BAR_WIDTH).min(BAR_WIDTH)
}

#[expect(clippy::cast_precision_loss, reason = "a place on the image")]
const fn at(pixels: u32) -> f32 {
    pixels as f32
}

/// The arguments of a number and its share in per cent.
fn share_of<'a>(count: usize, most: usize) -> [(&'a str, texts::FluentValue<'a>); 2] {
    [("count", count.into()), ("share", ((count * 100 + most / 2) / most.max(1)).into())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Material;
    use crate::report::tests::{MONDAY, material};

    #[test]
    fn the_funnel_is_a_picture() {
        let report = Report::of(&material(), MONDAY);
        let png = report.picture(&Calendar::default(), Language::Russian).expect("somebody has started a form");
        assert!(png.starts_with(b"\x89PNG") && png.len() < 60_000, "{} bytes", png.len());
    }

    #[test]
    fn without_forms_there_is_no_picture() {
        assert_eq!(Report::of(&Material::default(), MONDAY).picture(&Calendar::default(), Language::Russian), None);
    }

    #[test]
    fn every_line_can_be_written_and_has_room() {
        let canvas = Canvas::new(1, 1, WHITE);
        let russian = Language::Russian;
        let share = russian.text_with("digest-share", share_of(1_000_000, 1_000_000));
        for id in STOPS.map(|(id, _)| id) {
            let label = russian.text(id);
            assert!(canvas.can_write(&label) && canvas.can_write(&share), "{label} {share}");
            assert!(canvas.width_of(&format!("{label}  {share}"), LABEL) < at(BAR_WIDTH), "{label} {share}");
        }
        assert!(canvas.can_write(&russian.text("digest-picture")) && canvas.can_write("02.03 – 08.03"));
    }

    #[test]
    fn a_single_customer_is_seen() {
        assert_eq!((bar(0, 9), bar(1, 1_000_000), bar(9, 9)), (0, 1, BAR_WIDTH));
    }
}
