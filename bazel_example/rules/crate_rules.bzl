"""The rules for crates: each resolves its attributes and declares the actions of its kind."""

load(":attributes.bzl", "CRATE_ATTRIBUTES")
load(":crate.bzl", "describe_crate", "macro_info")
load(":library_actions.bzl", "library_actions")
load(":linked_actions.bzl", "linked_actions")

def _rust_library(ctx):
    info = library_actions(ctx, describe_crate(ctx, "lib", "lib.rs"))
    return [info, DefaultInfo(files = depset([info.full]))]

rust_library = rule(
    implementation = _rust_library,
    attrs = CRATE_ATTRIBUTES,
    doc = "A crate that other crates use.",
)

def _rust_proc_macro(ctx):
    crate = describe_crate(ctx, "proc-macro", "lib.rs", flags = ["--extern=proc_macro"])
    shared_object = ctx.actions.declare_file("lib%s-%s.so" % (crate.name, crate.hash))
    linked_actions(ctx, crate, shared_object, "macro")
    return [macro_info(crate, shared_object), DefaultInfo(files = depset([shared_object]))]

rust_proc_macro = rule(
    implementation = _rust_proc_macro,
    attrs = CRATE_ATTRIBUTES,
    doc = "A procedural macro, built for the machine that compiles.",
)

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

def _program(ctx, usual_root, flags = []):
    crate = describe_crate(ctx, "bin", usual_root, flags)
    program = ctx.actions.declare_file(ctx.label.name)
    linked_actions(ctx, crate, program, "program")
    return [DefaultInfo(
        executable = program,
        files = depset([program]),
        runfiles = ctx.runfiles(files = ctx.files.data),
    )]

def _rust_binary(ctx):
    return _program(ctx, "main.rs")

rust_binary = rule(
    implementation = _rust_binary,
    attrs = CRATE_ATTRIBUTES,
    doc = "A program.",
    executable = True,
)

def _rust_test(ctx):
    return _program(ctx, "lib.rs", flags = ["--test"])

rust_test = rule(
    implementation = _rust_test,
    attrs = CRATE_ATTRIBUTES,
    doc = "Builds a crate with its #[test] functions and runs them.",
    test = True,
)
