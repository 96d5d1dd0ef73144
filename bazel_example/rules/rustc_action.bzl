"""The one place that makes actions of the mnemonic Rustc.

Bazel starts another worker process for every difference in startup arguments, environment,
requirements or mnemonic. So all of these depend on the build settings alone, and whatever belongs
to one crate is in its param file.
"""

load(":settings.bzl", "ChoiceInfo")
load(":toolchain.bzl", "RustToolchainInfo")

_CODEGEN = {
    "dbg": ["-Copt-level=0", "-Cdebuginfo=2"],
    "fastbuild": ["-Copt-level=0", "-Cdebuginfo=0"],
    "opt": ["-Copt-level=3", "-Cdebuginfo=0", "-Cstrip=debuginfo"],
}

def pipelining_mode(ctx):
    """Returns "off", "hollow" or "worker"."""
    return ctx.attr._pipelining[ChoiceInfo].value

def link_pipelining_mode(ctx):
    """Returns "off", "worker" or "portable"."""
    mode = ctx.attr._link_pipelining[ChoiceInfo].value
    return mode if pipelining_mode(ctx) == "worker" else "off"

def stage(
        emit,
        home,
        flags = [],
        key_of = None,
        expected_metadata = None,
        stamp = None,
        objects = None,
        libraries = None,
        takes_metadata = False):
    """What differs between the actions of one crate.

    Files are given as files, never as text: then Bazel can map their paths.

    Args:
      emit: the files that --emit names: .rmeta files are "metadata", all others "link".
      home: a file in the folder of the crate's outputs.
      flags: the wrapper's or rustc's.
      key_of: the file whose path is the pipelining key.
      expected_metadata: the metadata that dependants are given.
      stamp: the file that says that the code of a linked crate is generated.
      objects: the directory with all that the linker of a linked crate is given; it takes the
        place of the stamp where the two actions have no worker in common.
      libraries: depset of structs (early, full): which rlib each metadata stands for.
      takes_metadata: a linked crate's inputs are its libraries' metadata instead of their rlibs.
    """
    return struct(
        emit = emit,
        expected_metadata = expected_metadata,
        flags = flags,
        home = home,
        key_of = key_of,
        libraries = libraries,
        objects = objects,
        stamp = stamp,
        takes_metadata = takes_metadata,
    )

def _can_map_paths(ctx, crate):
    """Paths in files that build scripts write cannot be mapped (OUT_DIR, link search paths)."""
    if ctx.attr._path_mapping[ChoiceInfo].value != "on":
        return False
    return not crate.arg_files and not (crate.linked and crate.link_arg_files)

def _execution_requirements(ctx, crate, stage):
    requirements = {"supports-path-mapping": "1"} if _can_map_paths(ctx, crate) else {}
    if pipelining_mode(ctx) != "worker" or stage.objects:
        return requirements
    return requirements | {
        "requires-worker-protocol": ctx.attr._wire[ChoiceInfo].value,
        "supports-multiplex-sandboxing": "1",
        "supports-multiplex-workers": "1",
        "supports-worker-cancellation": "1",
        "supports-workers": "1",
    }

def _environment(ctx):
    env = {"PATH": "/usr/bin:/bin"}  # for the linker's own helpers: Bazel gives a worker no PATH
    if pipelining_mode(ctx) == "hollow":
        env["RUSTC_BOOTSTRAP"] = "1"  # part of the crate hash: on every compile or on none
    return env

def _startup_arguments(ctx, rustc):
    args = ctx.actions.args()
    args.add("--subst", "pwd=${pwd}")
    if pipelining_mode(ctx) == "hollow":
        args.add("--require-explicit-unstable-features", "true")
    args.add("--")
    args.add(rustc)
    return args

def _add_crate(args, crate):
    args.add(crate.root)
    args.add("--crate-name=" + crate.name)
    args.add("--crate-type=" + crate.type)
    args.add("--edition=" + crate.edition)
    args.add("-Cmetadata=-" + crate.hash)
    args.add("-Cextra-filename=-" + crate.hash)
    args.add_all(crate.features, format_each = '--cfg=feature="%s"')

def _folder(file):
    return file.dirname

def _emit_item(file):
    return ("metadata=" if file.extension == "rmeta" else "link=") + file.path

def _dependency(library):
    return library.early.path + "=" + library.full.path

def _key(file):
    return file.path.replace("/", "_").replace(".", "_")

def _add_stage(args, stage, compilation_mode):
    args.add_joined(
        stage.emit,
        format_joined = "--emit=%s",
        join_with = ",",
        map_each = _emit_item,
    )
    if stage.key_of:
        # A mapped path is that of the crate in any configuration; so the key itself tells an
        # optimised crate from one that is built for a macro, and the two do not get in each other's way.
        key = "--pipelining-key=" + compilation_mode + "_%s"
        args.add_all([stage.key_of], format_each = key, map_each = _key)
    if stage.expected_metadata:
        args.add(stage.expected_metadata, format = "--pipelining-rmeta-path=%s")
    if stage.stamp:
        args.add(stage.stamp, format = "--pipelining-stamp=%s")
    if stage.objects:
        args.add_all(
            [stage.objects],
            expand_directories = False,
            format_each = "--pipelining-objects=%s",
        )
    if stage.libraries:
        args.add_all(
            stage.libraries,
            format_each = "--pipelining-dependency=%s",
            map_each = _dependency,
        )
    args.add_all(stage.flags)

def _add_target(args, crate, toolchain, compilation_mode, home):
    args.add_all(_CODEGEN[compilation_mode])
    args.add("-Cembed-bitcode=no")
    args.add("--remap-path-prefix=${pwd}=.")
    args.add("--remap-path-prefix=/proc/self/cwd=.")  # in what build scripts generate
    args.add("--sysroot=" + toolchain.sysroot)
    args.add_all([home], format_each = "--out-dir=%s", map_each = _folder)
    if crate.linked:
        args.add("-Clinker=" + toolchain.cc)

def _add_dependencies(args, crate):
    """Linked crates name full files, also while those are not there yet; libraries early ones."""
    for name, info in crate.externs:
        file = info.full if crate.linked else info.early
        args.add(file, format = "--extern=%s=%%s" % name)
    closure = crate.full_closure if crate.linked else crate.early_closure
    args.add_all(closure, map_each = _folder, uniquify = True, format_each = "-Ldependency=%s")
    for library in crate.c_libraries:
        args.add("-lstatic%s=%s" % (":+whole-archive" if library.alwayslink else "", library.name))
        args.add_all([library.archive], format_each = "-Lnative=%s", map_each = _folder)

def _add_wrapper_flags(args, crate):
    args.add("--rustc-output-format", "rendered")
    args.add_all(crate.env_files, before_each = "--env-file")
    args.add_all(crate.arg_files, before_each = "--arg-file")
    if crate.linked:
        args.add_all(crate.link_arg_files, before_each = "--arg-file")

def _crate_arguments(ctx, crate, toolchain, stage):
    args = ctx.actions.args()
    args.use_param_file("@%s", use_always = True)
    args.set_param_file_format("multiline")
    _add_crate(args, crate)
    _add_target(args, crate, toolchain, ctx.var["COMPILATION_MODE"], stage.home)
    args.add_all(crate.flags)  # behind ours: rustc takes the last word on a -C option
    _add_dependencies(args, crate)
    args.add_all(["--error-format=json", "--json=artifacts,diagnostic-rendered-ansi"])
    _add_stage(args, stage, ctx.var["COMPILATION_MODE"])
    _add_wrapper_flags(args, crate)
    return args

def _inputs(crate, toolchain, stage, more):
    early = stage.takes_metadata or not crate.linked
    closures = [crate.early_closure if early else crate.full_closure]
    if crate.linked:
        closures += [crate.link_arg_files, crate.link_inputs]
    own = crate.files + crate.env_files + crate.arg_files
    return depset(own + more, transitive = closures + [toolchain.files])

def rustc_action(ctx, crate, outputs, stage, description, more_inputs = []):
    """Declares one action of a crate.

    Args:
      ctx: the rule's context; it has CRATE_ATTRIBUTES.
      crate: from describe_crate.
      outputs: the files that the action declares.
      stage: from stage().
      description: what the user reads in the place of X in "Rust X //label".
      more_inputs: inputs that only this stage has.
    """
    toolchain = ctx.attr._toolchain[RustToolchainInfo]
    ctx.actions.run(
        mnemonic = "Rustc",
        executable = ctx.executable._rustc_relay,
        arguments = [
            _startup_arguments(ctx, toolchain.rustc),
            _crate_arguments(ctx, crate, toolchain, stage),
        ],
        env = _environment(ctx),
        execution_requirements = _execution_requirements(ctx, crate, stage),
        inputs = _inputs(crate, toolchain, stage, more_inputs),
        outputs = outputs,
        progress_message = "Rust %s %%{label}" % description,
    )
