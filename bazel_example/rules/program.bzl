"""What rust_binary and rust_test have in common: an executable."""

load(":crate.bzl", "describe_crate")
load(":linked_actions.bzl", "linked_actions")

def rust_program(ctx, usual_root, flags = []):
    """Declares the compile of an executable and returns the rule's providers."""
    crate = describe_crate(ctx, "bin", usual_root, flags)
    program = ctx.actions.declare_file(ctx.label.name)
    linked_actions(ctx, crate, program, "program")
    return [DefaultInfo(
        executable = program,
        files = depset([program]),
        runfiles = ctx.runfiles(files = ctx.files.data),
    )]
