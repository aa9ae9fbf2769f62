//! Calls that fail at random, in eight ways.

use std::time::Duration;

use simulators::fault::{Fault, Faults, When};

/// Makes `percent` of 100 calls fail at random; the same `seed` gives the same sequence.
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
    let mut remaining = 1.0;
    let share = f64::from(percent) / 100.0 / 8.0;
    for way in ways {
        // A rule applies only to calls that those before it let pass.
        faults.add("*", When::Chance(share / remaining), way);
        remaining -= share;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faults_add_up_to_the_percentage() {
        let faults = Faults::default();
        break_some(&faults, 80, 1);
        let chances: Vec<f64> = faults
            .list()
            .into_iter()
            .filter_map(|active| if let When::Chance(chance) = active.rule.when { Some(chance) } else { None })
            .collect();
        let unharmed: f64 = chances.iter().map(|chance| 1.0 - chance).product();
        assert_eq!(chances.len(), 8);
        assert!((unharmed - 0.2).abs() < 1e-9, "{unharmed}");
    }
}
