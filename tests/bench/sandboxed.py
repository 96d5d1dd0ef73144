"""What a sandboxed request costs beyond a bare spawn: when its private root is new, when one input has
changed since, and when none has; beside it the same request without a sandbox. The inputs are real files."""

import asking
from tables import fixed

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


def table(wires):
    """What each costs beyond a bare spawn, from what was measured with each wire; staging alone is what
    lies between it and the same request without a sandbox."""
    rows = []
    for wire, row in ((wire, row) for wire, found in wires.items() for row in found["sandboxed"]):
        beyond = row["beyond_ms"]
        staging = (beyond["first"] - beyond["unsandboxed"]) * 1000 / row["inputs"]
        rows.append([wire, row["inputs"], "memory" if row["in_memory"] else "the disk",
                     *fixed(row, ["bare_ms"]), *fixed(beyond, COLUMNS), f"{staging:.1f}"])
    return ["wire", "inputs", "links in", "bare spawn, ms", *(f"{one}, ms" for one in COLUMNS),
            "staging of the first, µs an input"], rows
