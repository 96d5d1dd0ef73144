"""What a sandboxed request costs beyond a bare spawn: when its private root is new, when one input has
changed since, and when none has; beside it the same request without a sandbox. The inputs are real files."""

import asking

COLUMNS = ["unsandboxed", *asking.Sandboxed.KINDS]


def measure(wire, count, rounds):
    with asking.Place(wire) as place:
        sandboxed = asking.Sandboxed(place, count)
        unsandboxed = place.worker()

        def round_ms(number):
            """The bare spawn, and a figure of each column."""
            crate = sandboxed.crate(number)
            return [asking.bare_ms(crate), asking.plain_ms(unsandboxed, crate, sandboxed.inputs),
                    *sandboxed.kinds_ms(crate)]

        round_ms(0)  # to warm up
        bare, *rest = asking.medians([round_ms(number) for number in range(1, rounds + 1)])
        return {"inputs": count, "in_memory": "/shm/" in str(place.workspace.links()), "bare_ms": bare,
                "beyond_ms": {what: ms - bare for what, ms in zip(COLUMNS, rest)}}


def print_head():
    print("sandboxed, ms beyond:")
    print(f"inputs      bare{'':4}" + "".join(f"{what:>14}" for what in COLUMNS))


def print_row(found):
    cells = "".join(f"{found['beyond_ms'][what]:+14.3f}" for what in COLUMNS)
    print(f"{found['inputs']:6}  {found['bare_ms']:8.3f}    {cells}", flush=True)
