"""The attributes that all crate rules share."""

load(":providers.bzl", "BuildScriptInfo", "CStaticLibraryInfo", "CrateInfo")

CRATE_ATTRIBUTES = {
    "bin_name": attr.string(doc = "What cargo calls the program; the target's name unless given."),
    "build_script": attr.label(
        doc = "The package's cargo_build_script.",
        providers = [BuildScriptInfo],
    ),
    "c_libraries": attr.label_list(
        doc = "Static libraries that become part of the crate.",
        providers = [CStaticLibraryInfo],
    ),
    "crate_features": attr.string_list(doc = "Cargo features that are on."),
    "crate_name": attr.string(doc = "The target's name, with '_' for '-', unless given."),
    "crate_root": attr.label(
        doc = "src/lib.rs or src/main.rs unless given.",
        allow_single_file = [".rs"],
    ),
    "data": attr.label_list(
        doc = "What a program finds below its working directory when it is run.",
        allow_files = True,
    ),
    "deps": attr.label_list(
        doc = "Library crates.",
        providers = [CrateInfo],
    ),
    "edition": attr.string(default = "2021"),
    "proc_macro_deps": attr.label_list(
        doc = "Procedural macros.",
        cfg = "exec",
        providers = [CrateInfo],
    ),
    "renames": attr.label_keyed_string_dict(
        doc = "What this crate calls those of its dependencies that it calls by another name.",
        providers = [CrateInfo],
    ),
    "rustc_env": attr.string_dict(
        doc = "Environment of rustc; ${pwd} in a value is rustc's working directory.",
    ),
    "rustc_flags": attr.string_list(doc = "More arguments for rustc."),
    "srcs": attr.label_list(
        doc = "Every file that rustc may read.",
        allow_files = True,
        mandatory = True,
    ),
    "version": attr.string(default = "0.0.0"),
    "_link_pipelining": attr.label(default = "//:link_pipelining"),
    "_path_mapping": attr.label(default = "//:path_mapping"),
    "_pipelining": attr.label(default = "//:pipelining"),
    "_rustc_relay": attr.label(
        default = "@rustc_relay//:rustc-relay",
        allow_single_file = True,
        cfg = "exec",
        executable = True,
    ),
    "_select_link_args": attr.label(
        default = "//rules:select_link_args.py",
        allow_single_file = True,
    ),
    "_toolchain": attr.label(default = "@rust_toolchain//:toolchain"),
    "_wire": attr.label(default = "//:wire"),
}
