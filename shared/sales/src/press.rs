//! What the buttons of a card send.

use std::fmt;
use std::str::FromStr;

use lead::LeadId;

const TAKE: &str = "take:";

/// A press on a button of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardPress {
    /// «Взять»
    Take(LeadId),
}

/// At most 64 bytes: <https://core.telegram.org/bots/api#inlinekeyboardbutton>.
impl fmt::Display for CardPress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Take(lead_id) = self;
        write!(out, "{TAKE}{lead_id}")
    }
}

impl FromStr for CardPress {
    type Err = NoCardPress;

    fn from_str(data: &str) -> Result<Self, NoCardPress> {
        let lead_id = data.strip_prefix(TAKE).ok_or(NoCardPress)?;
        lead_id.parse().map(Self::Take).map_err(|_| NoCardPress)
    }
}

/// The data do not belong to a button of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCardPress;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_read_as_it_is_written() {
        let press = CardPress::Take("01JD0000000000000AK7QX3M9Q".parse().unwrap());
        let data = press.to_string();
        assert!(data.len() <= 64);
        assert_eq!(data.parse(), Ok(press));
        for data in ["", "take:", "take:x", "3:send", "take:01JD0000000000000AK7QX3M9Q1"] {
            assert_eq!(data.parse::<CardPress>(), Err(NoCardPress), "{data}");
        }
    }
}
