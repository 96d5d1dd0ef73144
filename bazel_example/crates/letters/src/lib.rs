//! Tests of what cargo promises to crates with build scripts.

#[test]
fn metadata_goes_from_build_script_to_build_script() {
    assert_eq!(env!("LETTERS_COUNT"), alphabet::LETTERS.len().to_string());
}

#[test]
fn a_build_script_sets_the_environment_of_its_crate() {
    assert_eq!(alphabet::NAME, "latin");
}

#[test]
fn the_version_is_taken_apart() {
    assert_eq!(env!("CARGO_PKG_VERSION_MINOR"), "2");
    assert_eq!(env!("CARGO_PKG_VERSION_PRE"), "rc.4");
    assert_eq!(env!("CARGO_CRATE_NAME"), "letters");
}
