//! `show!(x)` is a text of its own making.

/// The value in hexadecimal, and how many there are.
#[macro_export]
macro_rules! show {
    ($value:expr) => {
        format!("{:#x} and {}", $value, 1)
    };
}
