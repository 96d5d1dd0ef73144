"""The linker's arguments that build scripts ask for in some kinds of crates only."""

load(":toolchain.bzl", "RustToolchainInfo")

_KIND_OF_FOLDER = {"benches": "bench", "examples": "example", "tests": "test"}
_KINDS = ["bin", "cdylib"] + _KIND_OF_FOLDER.values()

def bin_name(ctx):
    """What cargo calls a program."""
    return ctx.attr.bin_name or ctx.label.name

def cargo_kind(ctx, crate_type, root, is_test):
    """Cargo's word for a target: by the folder of its root file, as cargo finds targets."""
    if crate_type != "bin":
        return crate_type
    folders = root.short_path.removeprefix(ctx.label.package + "/").split("/")[:-1]
    if folders and folders[0] in _KIND_OF_FOLDER:
        return _KIND_OF_FOLDER[folders[0]]
    of_program = root.basename == "main.rs" or "bin" in folders
    return "bin" if of_program or not is_test else "lib"

def select_link_args(ctx, kind, own, all_below):
    """Declares the file with rustc's arguments for one crate; returns a list of it, or of nothing.

    Args:
      ctx: the rule's context; it has CRATE_ATTRIBUTES.
      kind: from cargo_kind().
      own: the package's BuildScriptInfo, or None.
      all_below: depset of the link_args of it and of all packages below: those for a cdylib are
        meant for whatever cdylib they end up in.
    """
    files = all_below if kind == "cdylib" else depset([own.link_args] if own else [])
    if kind not in _KINDS or not files:
        return []
    selected = ctx.actions.declare_file(ctx.label.name + ".link_args")
    args = ctx.actions.args()
    args.add(ctx.file._select_link_args)
    args.add("--write", selected)
    args.add("--take", kind)
    if kind == "bin":
        args.add("--take", "bin:" + bin_name(ctx))
    args.add_all(files)
    ctx.actions.run(
        mnemonic = "LinkArgs",
        executable = ctx.attr._toolchain[RustToolchainInfo].python,
        arguments = [args],
        inputs = depset([ctx.file._select_link_args], transitive = [files]),
        outputs = [selected],
        progress_message = "Selecting linker arguments %{label}",
    )
    return [selected]
