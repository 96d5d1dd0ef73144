"""c_static_library: C sources, compiled and archived, to be bundled into a Rust crate."""

load(":providers.bzl", "CStaticLibraryInfo")
load(":toolchain.bzl", "RustToolchainInfo")

_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
_FLAGS = ["-std=c11", "-O2", "-fPIC", "-Wall", "-Wextra"]

def _object(ctx, cc, source):
    made = ctx.actions.declare_file("_objects/%s/%s.o" % (ctx.label.name, source.basename))
    ctx.actions.run(
        mnemonic = "CCompile",
        executable = cc,
        arguments = _FLAGS + ["-c", source.path, "-o", made.path],
        env = _ENVIRONMENT,
        inputs = [source] + ctx.files.hdrs,
        outputs = [made],
    )
    return made

def _c_static_library(ctx):
    toolchain = ctx.attr._toolchain[RustToolchainInfo]
    objects = [_object(ctx, toolchain.cc, source) for source in ctx.files.srcs]
    archive = ctx.actions.declare_file("lib%s.a" % ctx.label.name)
    ctx.actions.run(
        mnemonic = "CArchive",
        executable = toolchain.ar,
        arguments = ["rcsD", archive.path] + [file.path for file in objects],
        env = _ENVIRONMENT,
        inputs = objects,
        outputs = [archive],
    )
    return [
        CStaticLibraryInfo(
            alwayslink = ctx.attr.alwayslink,
            archive = archive,
            name = ctx.label.name,
        ),
        DefaultInfo(files = depset([archive])),
    ]

c_static_library = rule(
    implementation = _c_static_library,
    attrs = {
        "alwayslink": attr.bool(
            doc = "Link every object of it, also one that nobody refers to.",
        ),
        "hdrs": attr.label_list(allow_files = [".h"]),
        "srcs": attr.label_list(allow_files = [".c"], mandatory = True),
        "_toolchain": attr.label(default = "@rust_toolchain//:toolchain"),
    },
)
