//! Hands the count that the build script of `alphabet` published on to the crate.

fn main() {
    let count = std::env::var("DEP_ALPHABET_COUNT")
        .expect("a dependency with a links key publishes its metadata");
    println!("cargo:rustc-env=LETTERS_COUNT={count}");
}
