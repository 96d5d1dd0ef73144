"""The rules of this workspace, in one place to load from."""

load(":build_script.bzl", _cargo_build_script = "cargo_build_script")
load(":c_static_library.bzl", _c_static_library = "c_static_library")
load(
    ":crate_rules.bzl",
    _rust_binary = "rust_binary",
    _rust_library = "rust_library",
    _rust_proc_macro = "rust_proc_macro",
    _rust_shared_library = "rust_shared_library",
    _rust_test = "rust_test",
)

c_static_library = _c_static_library
cargo_build_script = _cargo_build_script
rust_binary = _rust_binary
rust_library = _rust_library
rust_proc_macro = _rust_proc_macro
rust_shared_library = _rust_shared_library
rust_test = _rust_test
