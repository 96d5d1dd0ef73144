"""rust_test: the unit tests of a crate's sources."""

load(":attributes.bzl", "CRATE_ATTRIBUTES")
load(":program.bzl", "rust_program")

def _rust_test(ctx):
    return rust_program(ctx, "lib.rs", flags = ["--test"])

rust_test = rule(
    implementation = _rust_test,
    attrs = CRATE_ATTRIBUTES,
    doc = "Builds a crate with its #[test] functions and runs them.",
    test = True,
)
