"""The Rust toolchain as the rules see it; @rust_toolchain//:toolchain is the only one."""

RustToolchainInfo = provider(
    "What is needed to compile and link a crate on this machine.",
    fields = {
        "ar": "absolute path of the archiver",
        "cc": "absolute path of the C compiler, which is also the linker",
        "cfg": "lines of `rustc --print cfg`",
        "files": "depset of every file of the toolchain",
        "python": "absolute path of Python",
        "rustc": "File: the compiler",
        "sysroot": "path of the toolchain, relative to the execroot",
        "triple": "the host's target triple",
    },
)

def _rust_toolchain(ctx):
    return [RustToolchainInfo(
        ar = ctx.attr.ar,
        cc = ctx.attr.cc,
        cfg = ctx.attr.cfg,
        files = depset(ctx.files.files),
        python = ctx.attr.python,
        rustc = ctx.file.rustc,
        sysroot = ctx.file.rustc.path.removesuffix("/bin/rustc"),
        triple = ctx.attr.triple,
    )]

rust_toolchain = rule(
    implementation = _rust_toolchain,
    attrs = {
        "ar": attr.string(mandatory = True),
        "cc": attr.string(mandatory = True),
        "cfg": attr.string_list(mandatory = True),
        "files": attr.label_list(allow_files = True, mandatory = True),
        "python": attr.string(mandatory = True),
        "rustc": attr.label(allow_single_file = True, mandatory = True),
        "triple": attr.string(mandatory = True),
    },
)
