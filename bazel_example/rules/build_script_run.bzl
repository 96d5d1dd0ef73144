"""build_script_run: runs a compiled build.rs and keeps what it asked for as files."""

load(":cargo_environment.bzl", "cargo_environment", "write_env_file")
load(":providers.bzl", "BuildScriptInfo")
load(":toolchain.bzl", "RustToolchainInfo")

_PROFILE = {
    "dbg": {"DEBUG": "true", "OPT_LEVEL": "0", "PROFILE": "debug"},
    "fastbuild": {"DEBUG": "false", "OPT_LEVEL": "0", "PROFILE": "debug"},
    "opt": {"DEBUG": "false", "OPT_LEVEL": "3", "PROFILE": "release"},
}

def _variable(word):
    return word.upper().replace("-", "_")

def _cfg_environment(cfg):
    """CARGO_CFG_* from lines of `rustc --print cfg`; values of one name are joined by commas."""
    values = {}
    for line in cfg:
        name, _, value = line.partition("=")
        values.setdefault(name, []).append(value.strip('"'))
    return {"CARGO_CFG_" + _variable(name): ",".join(found) for name, found in values.items()}

def _run_environment(ctx, toolchain):
    """The environment that cargo promises to build scripts, but for OUT_DIR."""
    env = cargo_environment(ctx)
    env.update(_cfg_environment(toolchain.cfg))
    env.update({"CARGO_FEATURE_" + _variable(word): "1" for word in ctx.attr.crate_features})
    env.update(_PROFILE[ctx.var["COMPILATION_MODE"]])
    env.update({
        "CARGO_CFG_FEATURE": ",".join(ctx.attr.crate_features),
        "CARGO_ENCODED_RUSTFLAGS": "",
        "CFLAGS": "-ffile-prefix-map=${pwd}=.",  # no path of this machine in debug information
        "HOST": toolchain.triple,
        "NUM_JOBS": "1",
        "RUSTC": "${pwd}/" + toolchain.rustc.path,
        "TARGET": toolchain.triple,
    })
    if ctx.attr.links:
        env["CARGO_MANIFEST_LINKS"] = ctx.attr.links
    return env

def _arguments(ctx, env_files, out_dir, written):
    args = ctx.actions.args()
    args.add(ctx.file._runner)
    args.add("--program", ctx.executable.program)
    args.add("--package", ctx.label.package)
    args.add("--links", ctx.attr.links)
    if ctx.attr.quiet:
        args.add("--quiet")
    args.add_all(env_files, before_each = "--read-env")
    args.add_all("--out-dir", [out_dir], expand_directories = False)
    for name, file in written.items():
        args.add("--write_" + name, file)
    return args

def _build_script_run(ctx):
    toolchain = ctx.attr._toolchain[RustToolchainInfo]
    told_by = [target[BuildScriptInfo] for target in ctx.attr.deps]
    run_env = write_env_file(ctx, ctx.label.name + ".run_env", _run_environment(ctx, toolchain))
    env_files = [run_env] + [script.dep_env for script in told_by]
    out_dir = ctx.actions.declare_directory(ctx.label.name + ".out_dir")
    written = {
        name: ctx.actions.declare_file("%s.%s" % (ctx.label.name, name))
        for name in ["dep_env", "env", "flags", "link_args", "link_flags"]
    }
    ctx.actions.run(
        mnemonic = "BuildScriptRun",
        executable = toolchain.python,
        arguments = [_arguments(ctx, env_files, out_dir, written)],
        env = {"PATH": "/usr/bin:/bin"},
        inputs = depset(
            ctx.files.srcs + [ctx.file._runner] + env_files +
            [script.out_dir for script in told_by],
            transitive = [toolchain.files],
        ),
        tools = [ctx.executable.program],
        outputs = [out_dir] + written.values(),
        progress_message = "Running build script %{label}",
    )
    return [
        BuildScriptInfo(out_dir = out_dir, **written),
        DefaultInfo(files = depset([out_dir])),
    ]

build_script_run = rule(
    implementation = _build_script_run,
    attrs = {
        "crate_features": attr.string_list(),
        "deps": attr.label_list(
            doc = "Build scripts whose `links` metadata this one is told.",
            providers = [BuildScriptInfo],
        ),
        "links": attr.string(doc = "The native library that the package links."),
        "program": attr.label(executable = True, cfg = "exec", mandatory = True),
        "quiet": attr.bool(doc = "Show its warnings only when it fails."),
        "rustc_env": attr.string_dict(),
        "srcs": attr.label_list(allow_files = True),
        "version": attr.string(),
        "_runner": attr.label(default = "//rules:run_build_script.py", allow_single_file = True),
        "_toolchain": attr.label(default = "@rust_toolchain//:toolchain"),
    },
)
