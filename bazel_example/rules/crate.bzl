"""A crate as a compile sees it: the attributes of a rule, resolved."""

load(":cargo_environment.bzl", "cargo_environment", "write_env_file")
load(":link_args.bzl", "bin_name", "cargo_kind", "select_link_args")
load(":providers.bzl", "BuildScriptInfo", "CStaticLibraryInfo", "CrateInfo")

def _hex(number):
    """Eight digits for what hash() returns, a signed 32-bit number."""
    return ("0000000%x" % (number + 0x80000000))[-8:]

def _crate_hash(label, version):
    """What keeps crates of one name apart; the same in every mode and configuration."""
    text = "%s %s" % (label, version)
    return _hex(hash(text)) + _hex(hash("".join(reversed(text.elems()))))

def _crate_root(ctx, usual_name):
    if ctx.file.crate_root:
        return ctx.file.crate_root
    for file in ctx.files.srcs:
        if file.basename == usual_name and file.dirname.endswith("src"):
            return file
    fail("%s: there is no src/%s among its srcs; name the root file with crate_root" %
         (ctx.label, usual_name))

def _externs(ctx, dependencies):
    """Pairs (name in this crate, CrateInfo)."""
    renames = {target.label: name for target, name in ctx.attr.renames.items()}
    return [
        (renames.get(target.label, target[CrateInfo].name), target[CrateInfo])
        for target in dependencies
    ]

def _environment(ctx, crate_name, crate_type, script):
    env = cargo_environment(ctx)
    env["CARGO_CRATE_NAME"] = crate_name
    if crate_type == "bin":
        env["CARGO_BIN_NAME"] = bin_name(ctx)
    if script:
        env["OUT_DIR"] = "${pwd}/" + script.out_dir.path
    return env

def describe_crate(ctx, crate_type, usual_root, flags = []):
    """Resolves a crate rule's attributes.

    Args:
      ctx: the rule's context; it has CRATE_ATTRIBUTES.
      crate_type: rustc's word for it: "lib", "proc-macro", "bin", "cdylib". All but "lib" are linked.
      usual_root: the name of the root file below src/.
      flags: rustc arguments that the kind of rule needs.
    """
    name = ctx.attr.crate_name or ctx.label.name.replace("-", "_")
    dependencies = ctx.attr.deps + ctx.attr.proc_macro_deps
    infos = [target[CrateInfo] for target in dependencies]
    script = ctx.attr.build_script[BuildScriptInfo] if ctx.attr.build_script else None
    c_libraries = [target[CStaticLibraryInfo] for target in ctx.attr.c_libraries]
    env = _environment(ctx, name, crate_type, script)
    root = _crate_root(ctx, usual_root)
    kind = cargo_kind(ctx, crate_type, root, "--test" in flags)
    link_args = depset(
        [script.link_args] if script else [],
        transitive = [info.link_args for info in infos],
    )
    return struct(
        arg_files = ([script.flags] if script else []) +
                    select_link_args(ctx, kind, script, link_args),
        c_libraries = c_libraries,
        early_closure = depset(transitive = [info.early_closure for info in infos]),
        edition = ctx.attr.edition,
        env_files = [write_env_file(ctx, ctx.label.name + ".env", env)] +
                    ([script.env] if script else []),
        externs = _externs(ctx, dependencies),
        features = ctx.attr.crate_features,
        files = ctx.files.srcs + [library.archive for library in c_libraries] +
                ([script.out_dir] if script else []),
        flags = flags + ctx.attr.rustc_flags,
        full_closure = depset(transitive = [info.full_closure for info in infos]),
        hash = _crate_hash(ctx.label, ctx.attr.version),
        libraries = depset(transitive = [info.libraries for info in infos]),
        link_arg_files = depset(
            [script.link_flags] if script else [],
            transitive = [info.link_arg_files for info in infos],
        ),
        link_inputs = depset(
            [script.out_dir] if script else [],
            transitive = [info.link_inputs for info in infos],
        ),
        link_args = link_args,
        linked = crate_type != "lib",
        name = name,
        root = root,
        type = crate_type,
    )

def library_info(crate, early, full):
    """What dependants get to know of a library once its actions are declared."""
    return CrateInfo(
        early = early,
        early_closure = depset([early], transitive = [crate.early_closure]),
        full = full,
        full_closure = depset([full], transitive = [crate.full_closure]),
        libraries = depset([struct(early = early, full = full)], transitive = [crate.libraries]),
        link_arg_files = crate.link_arg_files,
        link_args = crate.link_args,
        link_inputs = crate.link_inputs,
        name = crate.name,
    )

def macro_info(crate, shared_object):
    """What dependants get to know of a procedural macro: nothing of what it is made of."""
    return CrateInfo(
        early = shared_object,
        early_closure = depset([shared_object]),
        full = shared_object,
        full_closure = depset([shared_object]),
        libraries = depset(),
        link_arg_files = depset(),
        link_args = depset(),
        link_inputs = depset(),
        name = crate.name,
    )
