"""What rust_binary and rust_test have in common: an executable."""

load(":crate.bzl", "describe_crate")
load(":rustc_action.bzl", "rustc_action", "stage")

def rust_program(ctx, usual_root, flags = []):
    """Declares the compile of an executable and returns the rule's providers."""
    crate = describe_crate(ctx, "bin", usual_root, flags)
    program = ctx.actions.declare_file(ctx.label.name)
    rustc_action(ctx, crate, [program], stage([program], program), "program")
    return [DefaultInfo(executable = program, files = depset([program]))]
