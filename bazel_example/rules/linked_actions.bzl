"""The actions of a linked crate (a program, a test, a macro, a shared object): one function per mode
of --//:link_pipelining.

All of them give rustc the same arguments, so all make the same bytes.
"""

load(":rustc_action.bzl", "link_pipelining_mode", "rustc_action", "stage")

def _off(ctx, crate, output, description):
    """One action; it waits for the rlibs of all libraries."""
    rustc_action(ctx, crate, [output], stage([output], output), description)

def _two_actions(ctx, crate, output, description, between, **how):
    """The early action waits for metadata only; the late one brings the rlibs, for the linker."""

    def one_of_both(flag, takes_metadata):
        return stage(
            [output],
            output,
            [flag],
            key_of = output,
            libraries = crate.libraries,
            takes_metadata = takes_metadata,
            **how
        )

    early = one_of_both("--pipelining-codegen", takes_metadata = True)
    late = one_of_both("--pipelining-link", takes_metadata = False)
    rustc_action(ctx, crate, [between], early, "code of " + description)
    rustc_action(ctx, crate, [output], late, description, more_inputs = [between])

def _worker(ctx, crate, output, description):
    """Two requests to a worker, and one rustc: its linker waits."""
    stamp = ctx.actions.declare_file("_pipeline/%s.stamp" % ctx.label.name)
    _two_actions(ctx, crate, output, description, stamp, stamp = stamp)

def _portable(ctx, crate, output, description):
    """Two processes, on two machines perhaps: one makes all that the linker is given, one links."""
    objects = ctx.actions.declare_directory("_pipeline/%s.objects" % ctx.label.name)
    _two_actions(ctx, crate, output, description, objects, objects = objects)

_MODES = {"off": _off, "portable": _portable, "worker": _worker}

def linked_actions(ctx, crate, output, description):
    """Declares the actions of `crate` that make the file `output`.

    Args:
      ctx: the rule's context; it has CRATE_ATTRIBUTES.
      crate: from describe_crate.
      output: the program or shared object.
      description: what the user reads in the place of X in "Rust X //label".
    """
    mode = link_pipelining_mode(ctx)

    # Without libraries there is nothing that the linker would have to wait for.
    _MODES[mode if crate.libraries else "off"](ctx, crate, output, description)
