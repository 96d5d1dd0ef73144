//! Uses the shuffled constants.

/// Returns two of them.
pub fn first_and_last() -> [&'static str; 2] {
    [shuffled::ALPHA, shuffled::PI]
}
