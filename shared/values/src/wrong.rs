//! Why a typed value was refused.

/// Why a typed value was refused. Never carries the text itself, so it may be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Nothing but what cannot be seen.
    #[error("nothing was typed")]
    Empty,
    /// More characters than allowed.
    #[error("longer than {max} characters")]
    TooLong {
        /// The most characters taken.
        max: usize,
    },
    /// No number that fits, or several.
    #[error("not a number")]
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
    /// No number of any country, or one that nobody should call: premium-rate, satellite.
    #[error("not a phone number")]
    BadPhone,
    /// No VIN and no plate, or several.
    #[error("neither a VIN nor a plate")]
    BadVehicleId,
    /// A car without a letter or digit.
    #[error("not a car")]
    BadCar,
    /// A name without a letter.
    #[error("not a name")]
    BadName,
}
