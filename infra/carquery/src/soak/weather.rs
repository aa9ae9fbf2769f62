//! Calls that fail at random, in every way there is.

use std::time::Duration;

use simulators::fault::{Fault, Faults, When};

/// Makes `percent` of 100 calls fail, as chance draws them from `seed`.
pub(super) fn break_some(faults: &Faults, percent: u8, seed: u64) {
    faults.reseed(seed);
    let ways = [
        Fault::DropBefore,
        Fault::LoseAnswer,
        Fault::Status(500, "{}".to_owned()),
        Fault::Html(502),
        Fault::Html(503),
        Fault::Garbage,
        Fault::TooMany { retry_after: 1 },
        Fault::Hang(Duration::from_millis(700)),
    ];
    let mut left = 1.0;
    let share = f64::from(percent) / 100.0 / 8.0;
    for way in ways {
        // A rule is asked only when those before it have spared the call.
        faults.add("*", When::Chance(share / left), way);
        left -= share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_share_what_is_to_fail() {
        let faults = Faults::default();
        break_some(&faults, 80, 1);
        let chances: Vec<f64> = faults
            .list()
            .into_iter()
            .filter_map(|active| if let When::Chance(chance) = active.rule.when { Some(chance) } else { None })
            .collect();
        let spared: f64 = chances.iter().map(|chance| 1.0 - chance).product();
        assert_eq!(chances.len(), 8);
        assert!((spared - 0.2).abs() < 1e-9, "{spared}");
    }
}
