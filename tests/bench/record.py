#!/usr/bin/env python3
"""Records the phases of every compile of //app of bazel_example, with all its real crates, into a file
that simulate.py replays.

Bazel builds it once without pipelining. Then each action of that build is run again by us, twice, one
after the other and nothing beside it, in Bazel's own execroot with Bazel's own command line; of the two
the smaller time counts. What is measured is CPU time, user and system: this stays right when others
use the machine. Each rustc has one token of a jobserver, so that its work is not spread. We stand
between the worker's one-shot mode and rustc, and between rustc and its linker:

    front   a library's, until rustc says that its metadata is written
    code    the rest of a library; of a linked crate everything before its linker starts
    link    the linker with its children
    run     a build script with its runner, a C compiler, an archiver

    record.py [-c fastbuild|dbg|opt]
"""

import argparse
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

import results
from example_workspace import Scratch, prepare_example, remove_tree
from phases import LIBRARY, LINKED, RUN, Crate, Graph
from stand_ins import run_measured

HERE = pathlib.Path(__file__).resolve().parent
STAND_INS = [sys.executable, "-B", str(HERE / "stand_ins.py")]
TARGET = "//app"
RUNS = 2
SPAWNS = {"Rustc", "BuildScriptRun", "CCompile", "CArchive"}
DIGITS = 4


def in_order(actions, goal):
    """What has to run to make the file `goal`, each behind what it needs: pairs (action, the files of
    other such actions that it takes, directly or through actions that run nothing)."""
    makers = {output: action for action in actions for output in action.outputs}
    done, order = {}, []

    def visit(path):
        """The outputs of actions that run, which this file stands for."""
        action = makers.get(path)
        if action is None:
            return set()
        if id(action) not in done:
            taken = set().union(*(visit(one) for one in action.inputs()))
            runs = action.mnemonic in SPAWNS
            if runs:
                order.append((action, taken))
            done[id(action)] = None if runs else taken
        return {path} if done[id(action)] is None else done[id(action)]

    visit(goal)
    return order


def kind_of(action):
    if action.mnemonic != "Rustc":
        return RUN
    return LIBRARY if any(path.endswith(".rlib") for path in action.outputs) else LINKED


def command(action, log):
    """The action's command line with us between the worker and rustc. aquery shows the content of its
    param file in the place of the file's name."""
    words = action.arguments
    if action.mnemonic == "Rustc":
        at = words.index("--") + 1
        params = log.with_suffix(".params")
        params.write_text("".join(f"{word}\n" for word in words[at + 1:]), encoding="utf-8")
        words = [*words[:at], *STAND_INS, "rustc", str(log), words[at], f"@{params}"]
    return words


def remove_outputs(execroot, outputs):
    for path in (execroot / output for output in outputs):
        if path.is_dir():
            remove_tree(path)
            path.mkdir()
        else:
            path.unlink(missing_ok=True)


def run_once(action, words, execroot, log):
    """What was noted, and the time of all."""
    log.unlink(missing_ok=True)
    said = log.with_suffix(".said")
    with open(said, "wb") as file:
        facts = {"all": run_measured(words, said, cwd=execroot, env=action.env, stdout=file, stderr=file,
                                     stdin=subprocess.DEVNULL)}
    if log.exists():
        for line in log.read_text(encoding="utf-8").splitlines():
            facts.update(json.loads(line))
    return facts


def phases(kind, runs):
    """Phase -> seconds, from what several runs of an action noted."""
    least = {fact: min(run[fact] for run in runs) for fact in runs[0]}
    if kind == LIBRARY:
        found = {"front": least["front"], "code": least["all"] - least["front"]}
    elif kind == LINKED:
        found = {"code": least["before_linker"], "link": least["link"]}
    else:
        found = {"run": least["all"]}
    return {phase: round(seconds, DIGITS) for phase, seconds in found.items()}


def short_name(outputs, taken):
    """The crate's own, with a number where several have it."""
    name = re.sub(r"-[0-9a-f]{16}\.\w+$", "", outputs[-1].rpartition("/")[2])
    if name.startswith(("build_script", "build-script", "build.")):
        name = outputs[-1].split("/")[-2] + "/" + name
    number = 1
    while (numbered := name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return numbered


class Recorder:
    def __init__(self, execroot, log):
        self.execroot = execroot
        self.log = log
        self.makers = {}  # output -> (the action that makes it, the name of its crate)
        self.crates = []

    def direct(self, taken):
        """Without what another library that is taken, too, takes itself."""
        libraries = [path for path in taken if path.endswith(".rlib")]
        implied = set().union(*(self.makers[path][0].inputs() for path in libraries))
        needs = {self.makers[path][1] for path in taken - implied}
        return [crate.name for crate in self.crates if crate.name in needs]

    def record(self, action, taken):
        kind = kind_of(action)
        words = command(action, self.log)
        runs = []
        for _ in range(RUNS):
            remove_outputs(self.execroot, action.outputs)
            runs.append(run_once(action, words, self.execroot, self.log))
        name = short_name(sorted(action.outputs), {crate.name for crate in self.crates})
        self.crates.append(Crate(name, kind, phases(kind, runs), self.direct(taken)))
        self.makers.update((output, (action, name)) for output in action.outputs)
        print(f"{len(self.crates):4} {kind:8} {name:40} {self.crates[-1].seconds}", flush=True)


def about(compilation_mode):
    it = results.machine()
    return {
        "target": f"{TARGET} of bazel_example",
        "compilation_mode": compilation_mode,
        "seconds": f"CPU time, the smaller one of {RUNS} runs, one token",
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {it['cores']} cores, {it['processor']}, Linux {it['kernel']}",
        "rustc": it["rustc"],
    }


def record(scratch, mode):
    workspace = scratch.workspace("off", ["--config=off", f"--compilation_mode={mode}"])
    workspace.build(TARGET)
    log = scratch.top / "record" / "log"
    log.parent.mkdir()
    linker = log.with_name("cc")
    linker.write_text(f'#!/bin/sh\nexec {" ".join(STAND_INS)} linker {log} {shutil.which("cc")} "$@"\n')
    linker.chmod(0o755)
    actions = workspace.actions(TARGET)
    goal = next(path for action in actions for path in action.outputs if path.endswith("/bin/app/app"))
    recorder = Recorder(workspace.out().parent, log)
    for action, taken in in_order(actions, goal):
        recorder.record(action, taken)
    return Graph(f"real, {mode}", recorder.crates, about(mode))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("-c", "--compilation_mode", choices=["fastbuild", "dbg", "opt"],
                        default="fastbuild")
    mode = parser.parse_args().compilation_mode
    prepare_example()
    with Scratch("record") as scratch:
        graph = record(scratch, mode)
    path = HERE / f"phases-{mode}.json"
    graph.save(path)
    print(f"{len(graph.crates)} crates, {graph.work():.1f} s of work, critical path "
          f"{graph.critical_path():.1f} s; kept in {path.relative_to(results.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
