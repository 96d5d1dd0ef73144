"""rust_binary: a program."""

load(":attributes.bzl", "CRATE_ATTRIBUTES")
load(":program.bzl", "rust_program")

def _rust_binary(ctx):
    return rust_program(ctx, "main.rs")

rust_binary = rule(
    implementation = _rust_binary,
    attrs = CRATE_ATTRIBUTES,
    doc = "A program.",
    executable = True,
)
