//! Uses a macro of another crate whose source rustc reads where it finds it.

/// The value as a text.
pub fn shown(value: u32) -> String {
    shows::show!(value)
}
