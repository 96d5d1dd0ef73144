//! Loads the shared object and calls it, as a program in C does.

use std::ffi::{c_char, c_int, c_void, CStr};

const RTLD_NOW: c_int = 2;

#[link(name = "dl")]
extern "C" {
    fn dlopen(path: *const c_char, mode: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

type Fingerprint = unsafe extern "C" fn(*const c_char) -> u32;

fn fingerprint_of(text: &CStr) -> u32 {
    let path = std::ffi::CString::new(env!("SHARED_OBJECT")).unwrap();
    // SAFETY: the function of this name in that library has this type.
    unsafe {
        let library = dlopen(path.as_ptr(), RTLD_NOW);
        assert!(!library.is_null(), "cannot load {path:?}");
        let symbol = dlsym(library, c"fingerprint".as_ptr());
        assert!(!symbol.is_null(), "{path:?} has no fingerprint()");
        std::mem::transmute::<*mut c_void, Fingerprint>(symbol)(text.as_ptr())
    }
}

#[test]
fn a_known_fingerprint() {
    let ours = checksum::adler32(b"Wikipedia");
    assert_eq!(ours.rotate_left(16), fingerprint_of(c"Wikipedia"));
}
