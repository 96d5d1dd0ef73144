//! The Adler-32 checksum, computed by the C library that is bundled into this crate.

extern "C" {
    fn example_adler32(bytes: *const u8, size: usize) -> u32;
}

/// Returns the Adler-32 checksum of `bytes`.
pub fn adler32(bytes: &[u8]) -> u32 {
    // SAFETY: the C function reads exactly `size` bytes from `bytes`.
    unsafe { example_adler32(bytes.as_ptr(), bytes.len()) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_known_checksum() {
        assert_eq!(super::adler32(b"Wikipedia"), 0x11E6_0398);
    }
}
