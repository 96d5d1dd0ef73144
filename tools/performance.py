#!/usr/bin/env python3
"""Writes docs/performance.md from what the benches have left in build/bench/: figures are never
typed in by hand.

usage: performance.py    (./dev docs performance)
"""

import json
import pathlib
import statistics

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "bench"
PAGE = ROOT / "docs" / "performance.md"
HEAD = """\
# Performance

Made by `./dev docs performance` from what `./dev bench` measured: each table names its command. Medians of interleaved rounds, with the range;
machines are shared and noisy, so look at the ratios. How each bench measures stands at the head of its file in `tests/bench/`.
"""
GRAPHS = {
    "graph-fastbuild": ("The example with its real crates, debug", "graph"),
    "graph-opt": ("The example with its real crates, release", "graph -c opt"),
    "sandboxed-fastbuild": ("Sandboxed and not, debug",
                            "graph --mode worker --mode worker-sandboxed"),
    "cargo-fastbuild": ("The real crates alone, and cargo, debug",
                        "graph --mode cargo --mode off --mode worker --mode worker-link"),
    "cargo-opt": ("The real crates alone, and cargo, release", "graph -c opt --mode cargo …"),
    "ten-tests-fastbuild": ("A library that is slow to compile, and ten tests on it, debug",
                            "ten-tests"),
    "ten-tests-opt": ("A library that is slow to compile, and ten tests on it, release", "ten-tests -c opt"),
    "ten-tests-opt-1-units": ("Ten tests on a slow library, release, one codegen unit",
                              "ten-tests -c opt --codegen-units 1"),
}


def spread(numbers):
    return f"{statistics.median(numbers):.1f} ({min(numbers):.1f} to {max(numbers):.1f})"


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def of_machine(found):
    it = found["machine"]
    return (f"{found['date']}, commit {it['commit']}, {it['cores']} cores of {it['processor']}, "
            f"{it['memory_gib']} GiB, {it['rustc']}")


def graph_section(found):
    rows = [[mode, spread([one["wall"] for one in samples]), spread([one["cpu"] for one in samples])]
            for mode, samples in found["seconds"].items()]
    ratios = [[name, *(f"{one:.3f}" for one in pair)]
              for name, pair in found["ratios_of_medians_wall_cpu"].items()]
    return (table(["mode", "wall, s", "CPU, s"], rows) + "\n"
            + table(["ratio of medians", "wall", "CPU"], ratios))


def micro_section(found):
    text = ""
    for wire, measured in found["wires"].items():
        rows = [[shape["inputs"], *(f"{shape[name]:.2f}" for name in
                                    ("bare_ms", "plain_beyond_ms", "pair_beyond_ms"))]
                for shape in measured["shapes"]]
        text += (f"{wire}, resident after {measured['requests']} requests: "
                 f"{measured['resident_mib']:.1f} MiB\n\n")
        text += table(["inputs", "bare spawn, ms", "plain request beyond, ms",
                       "request of a pair beyond, ms"], rows) + "\n"
    return text


def staging_section(found):
    each = found["microseconds_per_input"]
    rows = [[what, f"{found['milliseconds'][what]:.2f}", f"{each[what]:.2f}"] for what in each]
    where = "in memory" if found["in_memory"] else "on the disk"
    return (f"{found['inputs']} inputs, links {where}.\n\n"
            + table(["inputs", "ms a request", "µs an input"], rows))


def simulated_row(cores, mode, result, base):
    wall = result["wall"]
    cargo = base["modes"]["cargo's rule"]["wall"]
    return [cores, mode, f"{wall:.2f}", f"{wall / base['bound']:.3f}", f"{wall / cargo:.3f}",
            result["most_computing"]]


def simulated_section(found):
    """All graphs: recorded phases, replayed through the real worker on virtual cores."""
    text = ""
    for graph in found["graphs"]:
        rows = [simulated_row(base["cores"], mode, result, base)
                for base in graph["results"] for mode, result in base["modes"].items()]
        text += (f"**{graph['name']}**: work {graph['work']:.1f} s, critical path "
                 f"{graph['critical_path']:.1f} s\n\n")
        text += table(["cores", "mode", "wall, s", "/ bound", "/ cargo's rule", "most computing"],
                      rows) + "\n"
    return text


def simulated():
    path = RESULTS / "simulate.json"
    if not path.exists():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    return (f"\n## On simulated cores\n\n`./dev bench simulate` · {found['date'][:10]}, commit "
            f"{found['version']}. The bound is the longer of the critical path and work / cores; the "
            "ten tests' times are invented.\n\n" + simulated_section(found).rstrip() + "\n")


def section(name, title, command, render):
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    return (f"\n## {title}\n\n`./dev bench {command}` · {of_machine(found)}\n\n"
            + render(found).rstrip() + "\n")


def main():
    text = HEAD
    for name, (title, command) in GRAPHS.items():
        text += section(name, title, command, graph_section)
    text += section("micro", "Cost of a request beyond a bare spawn", "micro", micro_section)
    text += section("staging", "What a private root costs", "staging", staging_section)
    text += simulated()
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
