"""rust_proc_macro: a procedural macro, built for the machine that compiles."""

load(":attributes.bzl", "CRATE_ATTRIBUTES")
load(":crate.bzl", "describe_crate", "macro_info")
load(":linked_actions.bzl", "linked_actions")

def _rust_proc_macro(ctx):
    crate = describe_crate(ctx, "proc-macro", "lib.rs", flags = ["--extern=proc_macro"])
    shared_object = ctx.actions.declare_file("lib%s-%s.so" % (crate.name, crate.hash))
    linked_actions(ctx, crate, shared_object, "macro")
    return [macro_info(crate, shared_object), DefaultInfo(files = depset([shared_object]))]

rust_proc_macro = rule(
    implementation = _rust_proc_macro,
    attrs = CRATE_ATTRIBUTES,
    doc = "A procedural macro.",
)
