//! Adds up the parts of one amount.

use super::{MILLION, Scale};

/// What has been added up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum {
    /// Finished parts, in millionths: «миллион» of «миллион двести».
    pub(super) done: u64,
    /// The part being read, before its multiplier.
    pub(super) open: Option<u64>,
    /// A numeral added to `open` must be below this (in units); 0 takes none.
    pub(super) room: u64,
    /// The multiplier of the last finished part; parts must descend.
    pub(super) factor: u64,
    /// The biggest multiplier.
    pub(super) scale: Scale,
    /// Parts begun.
    pub(super) parts: usize,
}

impl Default for Sum {
    fn default() -> Self {
        Self { done: 0, open: None, room: 0, factor: u64::MAX, scale: Scale::One, parts: 0 }
    }
}

impl Sum {
    pub(super) fn begin(&mut self, millionths: u64, room: u64) {
        self.open = Some(millionths);
        self.room = room;
        self.parts += 1;
    }

    /// Multiplies the open part and closes it.
    pub(super) fn multiply(&mut self, factor: u64) {
        let part = self.open.take().unwrap_or(MILLION).saturating_mul(factor);
        self.done = self.done.saturating_add(part);
        self.factor = factor;
        self.scale = self.scale.max(Scale::of(factor));
    }

    /// The value. What follows millions without a multiplier of its own is thousands: «миллион двести», «1м200».
    pub(super) fn total(&self) -> u64 {
        let factor = if self.factor == 1_000_000 { 1_000 } else { 1 };
        self.done.saturating_add(self.open.unwrap_or(0).saturating_mul(factor))
    }
}
