"""The environment that cargo promises to crates and build scripts, as files of `K=V` lines.

It goes into a file because it differs from crate to crate: in the action's own environment it would
cost a worker process per crate.
"""

_UNSET_UNLESS_GIVEN = [
    "AUTHORS",
    "DESCRIPTION",
    "HOMEPAGE",
    "LICENSE",
    "LICENSE_FILE",
    "README",
    "REPOSITORY",
    "RUST_VERSION",
]

def _version_environment(version):
    numbers, _, pre = version.partition("+")[0].partition("-")
    major, minor, patch = numbers.split(".")
    return {
        "CARGO_PKG_VERSION": version,
        "CARGO_PKG_VERSION_MAJOR": major,
        "CARGO_PKG_VERSION_MINOR": minor,
        "CARGO_PKG_VERSION_PATCH": patch,
        "CARGO_PKG_VERSION_PRE": pre,
    }

def cargo_environment(ctx):
    """Returns the CARGO_* variables of a target's package, overridden by its rustc_env."""
    folder = "/".join(["${pwd}", ctx.label.package])
    env = {
        "CARGO_MANIFEST_DIR": folder,
        "CARGO_MANIFEST_PATH": folder + "/Cargo.toml",
        "CARGO_PKG_NAME": ctx.label.name,
    }
    env.update({"CARGO_PKG_" + name: "" for name in _UNSET_UNLESS_GIVEN})
    env.update(_version_environment(ctx.attr.version))
    env.update(ctx.attr.rustc_env)
    return env

def _line_end_escaped(line):
    """Doubles the backslashes at the end of a line: a single one would join the next line to it."""
    stem = line.rstrip("\\")
    return stem + "\\" * (2 * (len(line) - len(stem)))

def write_env_file(ctx, name, env):
    """Declares the file `name` with `env` in it; backslash, newline stands for a newline."""
    file = ctx.actions.declare_file(name)
    entries = ["%s=%s" % entry for entry in sorted(env.items())]
    escaped = [
        "\\\n".join([_line_end_escaped(line) for line in entry.split("\n")])
        for entry in entries
    ]
    ctx.actions.write(file, "\n".join(escaped) + "\n")
    return file
