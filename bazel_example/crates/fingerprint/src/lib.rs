//! A fingerprint of a text, for callers in C.

use std::ffi::{c_char, CStr};

/// Returns a fingerprint of the text, which ends with a NUL.
///
/// # Safety
/// `text` points to a string of C.
#[no_mangle]
pub unsafe extern "C" fn fingerprint(text: *const c_char) -> u32 {
    checksum::adler32(CStr::from_ptr(text).to_bytes()).rotate_left(16)
}
