"""rust_shared_library: a shared object that C can call."""

load(":attributes.bzl", "CRATE_ATTRIBUTES")
load(":crate.bzl", "describe_crate")
load(":linked_actions.bzl", "linked_actions")

def _rust_shared_library(ctx):
    crate = describe_crate(ctx, "cdylib", "lib.rs")
    shared_object = ctx.actions.declare_file("lib%s.so" % crate.name)
    linked_actions(ctx, crate, shared_object, "shared library")
    return [DefaultInfo(files = depset([shared_object]))]

rust_shared_library = rule(
    implementation = _rust_shared_library,
    attrs = CRATE_ATTRIBUTES,
    doc = "A shared object that C can call: a crate of the type cdylib.",
)
