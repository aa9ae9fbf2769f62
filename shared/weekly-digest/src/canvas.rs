//! An image of rectangles and letters.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

/// `DejaVu` Sans with Latin and Russian letters only; how it was made is in its folder.
const FONT: &[u8] = include_bytes!("../font/DejaVuSans-subset.ttf");

/// Red, green and blue.
pub(crate) type Colour = [u8; 3];

/// An image.
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    /// Row by row from the top.
    pixels: Vec<Colour>,
    font: FontRef<'static>,
}

/// Where a text begins or ends, and its letters' size, in pixels.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) x: f32,
    pub(crate) baseline: f32,
    pub(crate) size: f32,
}

impl Canvas {
    /// An empty image.
    pub(crate) fn new(width: u32, height: u32, background: Colour) -> Self {
        let font = FontRef::try_from_slice(FONT).expect("a test reads the font");
        Self { width, height, pixels: vec![background; width as usize * height as usize], font }
    }

    /// Fills a rectangle; what lies outside of the image is left out.
    pub(crate) fn fill(&mut self, [left, top, width, height]: [u32; 4], colour: Colour) {
        for y in top..(top + height).min(self.height) {
            for x in left..(left + width).min(self.width) {
                self.blend(x, y, colour, 1.0);
            }
        }
    }

    /// Writes a line that begins there.
    pub(crate) fn write(&mut self, text: &str, at: Place, colour: Colour) {
        for glyph in self.glyphs(text, at) {
            let Some(outline) = self.font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            let mut dots = Vec::new();
            outline.draw(|x, y, coverage| dots.push((x, y, coverage)));
            for (x, y, coverage) in dots {
                self.blend(pixel(corner.x) + x, pixel(corner.y) + y, colour, coverage);
            }
        }
    }

    /// Writes a line that ends there.
    pub(crate) fn write_to(&mut self, text: &str, end: Place, colour: Colour) {
        let begin = Place { x: end.x - self.width_of(text, end.size), ..end };
        self.write(text, begin, colour);
    }

    /// How much room a line takes, in pixels.
    pub(crate) fn width_of(&self, text: &str, size: f32) -> f32 {
        let font = self.font.as_scaled(PxScale::from(size));
        text.chars().map(|letter| font.h_advance(font.glyph_id(letter))).sum()
    }

    /// Whether the font has all its letters.
    #[cfg(test)]
    pub(crate) fn can_write(&self, text: &str) -> bool {
        text.chars().all(|letter| self.font.glyph_id(letter).0 != 0)
    }

    fn glyphs(&self, text: &str, at: Place) -> Vec<Glyph> {
        let scale = PxScale::from(at.size);
        let font = self.font.as_scaled(scale);
        let mut x = at.x;
        let glyph = |letter| {
            let id = font.glyph_id(letter);
            let glyph = id.with_scale_and_position(scale, point(x, at.baseline));
            x += font.h_advance(id);
            glyph
        };
        text.chars().map(glyph).collect()
    }

    fn blend(&mut self, x: u32, y: u32, colour: Colour, coverage: f32) {
        if x >= self.width || y >= self.height {
            return;
        }
        let coverage = coverage.clamp(0.0, 1.0);
        let pixel = &mut self.pixels[(y * self.width + x) as usize];
        for (below, above) in pixel.iter_mut().zip(colour) {
            *below = channel(f32::from(*below).mul_add(1.0 - coverage, f32::from(above) * coverage));
        }
    }

    /// The image as a PNG file.
    pub(crate) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(self.pixels.as_flattened())?;
        Ok(file)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place on the image; what is left of it is cut"
)]
fn pixel(position: f32) -> u32 {
    position.max(0.0) as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two colours")]
fn channel(value: f32) -> u8 {
    value.round() as u8
}
