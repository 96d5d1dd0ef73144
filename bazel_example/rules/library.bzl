"""rust_library: a crate that other crates use."""

load(":attributes.bzl", "CRATE_ATTRIBUTES")
load(":crate.bzl", "describe_crate")
load(":library_actions.bzl", "library_actions")

def _rust_library(ctx):
    info = library_actions(ctx, describe_crate(ctx, "lib", "lib.rs"))
    return [info, DefaultInfo(files = depset([info.full]))]

rust_library = rule(
    implementation = _rust_library,
    attrs = CRATE_ATTRIBUTES,
    doc = "A crate that other crates use.",
)
