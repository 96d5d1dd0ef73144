#!/usr/bin/env python3
"""Writes docs/performance.md from what the benches have left in build/bench/: figures are never
typed in by hand. (./dev docs performance)
"""

import charts
import goals
import micro
import results
import simulate
import tables

PAGE = results.ROOT / "docs" / "performance.md"
HEAD = """\
# Performance

Made by `./dev docs performance` from what `./dev bench` measured: each table names its command. Medians of interleaved rounds, with the range;
machines are shared and noisy, so look at the ratios. How each bench measures stands at the head of its file in `tests/bench/`.
"""
GRAPHS = {
    "graph-fastbuild": ("A real graph, debug", "graph -c fastbuild"),
    "graph-opt": ("A real graph, release", "graph -c opt"),
    "sandboxed-fastbuild": ("Sandboxed and not, debug", "graph -c fastbuild --case clean "
                            "--mode worker --mode worker-sandboxed"),
    "ten-tests-fastbuild": ("A library that is slow to compile, and ten tests on it, debug",
                            "ten-tests"),
    "ten-tests-opt": ("A library that is slow to compile, and ten tests on it, release", "ten-tests -c opt"),
    "ten-tests-opt-1-units": ("Ten tests on a slow library, release, one codegen unit",
                              "ten-tests -c opt --codegen-units 1"),
}
ABOUT_GRAPHS = """\

Cargo and Bazel build the same copies of the crates with the same flags. *Wall* is Bazel's own time of execution, with a warm server; *whole command* is all that
a user waits for behind a clean or an edit: Bazel's client, loading and analysis, too. *Memory* is the peak, looked for ten times a second, of the sum of all
processes' own pages (resident, without those of files, which processes share), without and with Bazel's server. *rustc runs* are what the workers' traces, Bazel's
metrics of actions, and cargo's messages say; *rustcs at once* are known of workers only.

*Ratios* are those of builds of the same round, which stood beside the same neighbours: the median of the rounds, and the range.
"""


ABOUT_ORDER = """\

**Order.** A compile waits only for its turn to start or to link, and all that wait for that are waited for. What else could be done is in these tables:
*waited-for first* gives the code generation that nobody waits for yet the cores that are idle, as stopping and continuing its group would; *needed first*
does so for what no macro and no build script is linked from; *64 jobs* lets Bazel ask for so many actions at once and the worker choose. The first changes
next to nothing, in either direction, so nothing is ever stopped. (A lower priority cannot be tried: without privileges no process gets its old one back.) The second
is worse for the ten tests, where what nobody needs *yet* is what all wait for in the end. More jobs than cores help some graphs and hurt others. *Most computing* counts build
scripts, too, which run beside the worker.
"""


def of_machine(found):
    it = found["machine"]
    return (f"{found['date']}, commit {it['commit']}, {it['cores']} cores of {it['processor']}, "
            f"{it['memory_gib']} GiB, {it['rustc']}")


def graph_section(name, found):
    """Cases, each with all modes."""
    text = graph_chart(name, found) + "\n"
    for case, of_modes in found["cases"].items():
        text += f"**{charts.case_title(found, case)}**\n\n"
        text += tables.markdown(*tables.medians(of_modes)) + "\n"
        heads, rows = tables.ratios_shown(of_modes)
        text += tables.markdown(heads, rows) + "\n" if rows else ""
    return text


def graph_chart(name, found):
    """Writes the chart of a graph with several cases; returns the line that shows it."""
    if len(found["cases"]) < 2:
        return ""
    title = GRAPHS[name][0]
    path = PAGE.with_name(f"{name}.svg")
    path.write_text(charts.draw(found, title), encoding="utf-8")
    return f"\n![{title}: wall and CPU time of each mode]({path.name})\n"


def micro_section(_, found):
    text = ""
    for title, table in micro.TABLES:
        text += title.format(**found) + "\n" + tables.markdown(*table(found["wires"]))
    return text


def about_simulated(found):
    return (f"{found['date']}, commit {found['machine']['commit']}. The bound is the longer of the "
            "critical path and work / cores; the ten tests' times are invented.")


def simulated_section(_, found):
    """All graphs: recorded phases, replayed through the real worker on virtual cores."""
    text = ABOUT_ORDER + "\n"
    for graph in found["graphs"]:
        text += f"**{graph['name']}**: {simulate.head(graph)}\n\n"
        text += tables.markdown(*simulate.table(graph)) + "\n"
    return text


def section(name, title, command, render, about=of_machine):
    found = results.read(name)
    if found is None:
        return ""
    if len(found.get("cases", [])) > 1 and found["rounds_with_edits"] < found["rounds"]:
        command += f" --edits {found['rounds_with_edits']}"
    return (f"\n## {title}\n\n`./dev bench {command}` · {about(found)}\n"
            + render(name, found).rstrip() + "\n")


def main():
    text = HEAD + "\n## Goals\n\nFrom the tables below.\n\n"
    text += tables.markdown(goals.HEADS, goals.rows()) + ABOUT_GRAPHS
    for name, (title, command) in GRAPHS.items():
        text += section(name, title, command, graph_section)
    text += section("micro", "Cost of a request beyond a bare spawn", "micro", micro_section)
    text += section("micro-memory", "The same with all files in memory", "micro, TMPDIR on a tmpfs",
                    micro_section)
    text += section("simulate", "On simulated cores", "simulate --what-if", simulated_section,
                    about_simulated)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(results.ROOT)}")


if __name__ == "__main__":
    main()
