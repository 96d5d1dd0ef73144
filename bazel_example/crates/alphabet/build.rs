//! Makes the table of letters and tells rustc, and the build scripts of dependants, about it.

use std::{env, fs, path::PathBuf};

fn main() {
    let letters: String = ('a'..='z').collect();
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo promises OUT_DIR"));
    fs::write(
        out_dir.join("letters.rs"),
        format!("pub const LETTERS: &str = {letters:?};\n"),
    )
    .expect("OUT_DIR can be written");
    println!("cargo::rustc-check-cfg=cfg(letters_are_made)");
    println!("cargo::rustc-cfg=letters_are_made");
    println!("cargo::rustc-env=ALPHABET=latin");
    println!("cargo::metadata=count={}", letters.len());
}
