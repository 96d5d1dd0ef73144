//! The letters that the build script made.

#[cfg(letters_are_made)]
include!(concat!(env!("OUT_DIR"), "/letters.rs"));

/// The alphabet's name, as the build script set it.
pub const NAME: &str = env!("ALPHABET");
