"""cargo_build_script: builds a package's build.rs and runs it, each in an action of its own."""

load(":build_script_run.bzl", "build_script_run")
load(":crate_rules.bzl", "rust_binary")

def cargo_build_script(
        name,
        srcs,
        crate_root,
        version = "0.0.0",
        crate_features = [],
        rustc_env = {},
        links = "",
        link_deps = [],
        quiet = False,
        tags = [],
        visibility = None,
        **compile_attributes):
    """Declares `<name>_program`, the compiled build.rs, and `name`, what its run asked for.

    Args:
      name: give it to the package's crates as build_script.
      srcs: every file of the package that the script may read, and itself.
      crate_root: build.rs.
      version: the package's.
      crate_features: the package's.
      rustc_env: for the compile and the run.
      links: the package's `links` key.
      link_deps: build scripts of direct dependencies with a `links` key.
      quiet: shows the script's warnings only when it fails, as cargo does for packages it fetched.
      tags: for both targets.
      visibility: of `name`.
      **compile_attributes: more attributes for the compile of build.rs.
    """
    rust_binary(
        name = name + "_program",
        srcs = srcs,
        crate_root = crate_root,
        crate_name = "build_script_build",
        crate_features = crate_features,
        rustc_env = rustc_env,
        version = version,
        tags = tags + ["manual"],  # its run builds it, for the machine that compiles
        visibility = ["//visibility:private"],
        **compile_attributes
    )
    build_script_run(
        name = name,
        srcs = srcs,
        crate_features = crate_features,
        links = links,
        program = name + "_program",
        quiet = quiet,
        rustc_env = rustc_env,
        deps = link_deps,
        tags = tags,
        version = version,
        visibility = visibility,
    )
