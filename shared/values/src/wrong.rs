//! Why a typed value was refused.

/// Why a typed value was refused. Never carries the text itself, so it may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Nothing but white space.
    #[error("nothing was typed")]
    Empty,
    /// More characters than allowed.
    #[error("longer than {max} characters")]
    TooLong {
        /// How many are allowed.
        max: usize,
    },
    /// No number, several, or one with words that do not belong to it.
    #[error("is no number")]
    NotANumber,
    /// A number below what makes sense.
    #[error("less than {min}")]
    TooSmall {
        /// The least that is taken, in the unit of the value.
        min: i64,
    },
    /// A number above what makes sense.
    #[error("more than {max}")]
    TooLarge {
        /// The most that is taken, in the unit of the value.
        max: i64,
    },
    /// No phone number that exists in any country's plan.
    #[error("is no phone number")]
    BadPhone,
    /// Neither a VIN nor a Russian plate.
    #[error("is neither a VIN nor a plate")]
    BadVehicleId,
    /// A name without a single letter.
    #[error("is no name")]
    BadName,
}
