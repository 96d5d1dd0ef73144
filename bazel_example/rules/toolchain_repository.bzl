"""Makes this machine's Rust toolchain a repository: its files become true inputs of every action.

rustc is the one that the environment variable RUSTC names, else the first on PATH. The C compiler,
the archiver and Python are found alike (CC, AR, PYTHON).
"""

_BUILD = """\
# Made by //rules:toolchain_repository.bzl.
load("@bazel_example//rules:toolchain.bzl", "rust_toolchain")

rust_toolchain(
    name = "toolchain",
    ar = {ar},
    cc = {cc},
    cfg = {cfg},
    files = glob(["bin/*", "lib/**"]),
    python = {python},
    rustc = "bin/rustc",
    triple = {triple},
    visibility = ["//visibility:public"],
)
"""

def _program(repository_ctx, name, variable):
    found = repository_ctx.getenv(variable) or repository_ctx.which(name)
    if not found:
        fail(("cannot find '{name}': it is not on PATH; install it, or name it with " +
              "--repo_env={variable}=/path/to/{name}").format(name = name, variable = variable))
    return str(found)

def _output(repository_ctx, command):
    result = repository_ctx.execute(command)
    if result.return_code != 0:
        fail("'%s' ended with code %d: %s" %
             (" ".join(command), result.return_code, result.stderr))
    return result.stdout.strip()

def _host_triple(repository_ctx, rustc):
    for line in _output(repository_ctx, [rustc, "-vV"]).splitlines():
        if line.startswith("host: "):
            return line.removeprefix("host: ")
    fail("'%s -vV' names no host; is it a rustc?" % rustc)

def _link_toolchain(repository_ctx, sysroot, triple):
    """Links what a compile for the host needs: rustc, its libraries, std and rustc's own linker."""
    repository_ctx.symlink(sysroot + "/bin/rustc", "bin/rustc")
    for entry in repository_ctx.path(sysroot + "/lib").readdir():
        if not entry.is_dir:
            repository_ctx.symlink(entry, "lib/" + entry.basename)
    for part in ["bin", "lib"]:
        folder = "lib/rustlib/%s/%s" % (triple, part)
        if repository_ctx.path(sysroot + "/" + folder).exists:
            repository_ctx.symlink(sysroot + "/" + folder, folder)

def _rust_toolchain_repository(repository_ctx):
    rustc = _program(repository_ctx, "rustc", "RUSTC")
    sysroot = _output(repository_ctx, [rustc, "--print", "sysroot"])
    triple = _host_triple(repository_ctx, rustc)
    repository_ctx.watch(sysroot + "/bin/rustc")
    _link_toolchain(repository_ctx, sysroot, triple)
    repository_ctx.file("BUILD.bazel", _BUILD.format(
        ar = repr(_program(repository_ctx, "ar", "AR")),
        cc = repr(_program(repository_ctx, "cc", "CC")),
        cfg = repr(_output(repository_ctx, [rustc, "--print", "cfg"]).splitlines()),
        python = repr(_program(repository_ctx, "python3", "PYTHON")),
        triple = repr(triple),
    ))

rust_toolchain_repository = repository_rule(
    implementation = _rust_toolchain_repository,
    configure = True,
    local = True,
)
