"""The actions of a library crate: one function per mode of --//:pipelining.

The actions of a crate give rustc the same arguments but for the stage. The kinds of --emit are
hashed into the crate, so `off` and `worker` ask for the same ones: their rlibs are equal byte for
byte.
"""

load(":crate.bzl", "library_info")
load(":rustc_action.bzl", "pipelining_mode", "rustc_action", "stage")

def _declare(ctx, crate, folder, suffix):
    name = "%slib%s-%s%s" % (folder, crate.name, crate.hash, suffix)
    return ctx.actions.declare_file(name)

def _off(ctx, crate, rlib):
    """One action; dependants wait for the rlib."""
    rmeta = _declare(ctx, crate, "_pipeline/", ".rmeta")
    rustc_action(ctx, crate, [rlib, rmeta], stage([rmeta, rlib], rlib), "library")
    return rlib

def _worker(ctx, crate, rlib):
    """The early request starts the compile and the late one takes it over."""
    rmeta = _declare(ctx, crate, "_pipeline/", ".rmeta")
    both = [rmeta, rlib]
    early = stage(both, rlib, ["--pipelining-metadata"], key_of = rlib)
    late = stage(both, rlib, ["--pipelining-full"], key_of = rlib, expected_metadata = rmeta)
    rustc_action(ctx, crate, [rmeta], early, "metadata")
    rustc_action(ctx, crate, [rlib], late, "library", more_inputs = [rmeta])
    return rmeta

def _hollow(ctx, crate, rlib):
    """Two rustc runs; the second one's metadata must be what dependants were given."""
    hollow = _declare(ctx, crate, "_hollow/", ".rlib")
    early = stage([hollow], rlib, ["-Zno-codegen"])
    late = stage([rlib], rlib, expected_metadata = hollow)
    rustc_action(ctx, crate, [hollow], early, "hollow rlib")
    rustc_action(ctx, crate, [rlib], late, "library", more_inputs = [hollow])
    return hollow

_MODES = {"hollow": _hollow, "off": _off, "worker": _worker}

def library_actions(ctx, crate):
    """Declares the actions of `crate` in the mode of the build and returns its CrateInfo."""
    rlib = _declare(ctx, crate, "", ".rlib")
    early = _MODES[pipelining_mode(ctx)](ctx, crate, rlib)
    return library_info(crate, early, rlib)
