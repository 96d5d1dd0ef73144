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
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import time

from phases import LIBRARY, LINKED, RUN, Crate, Graph

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

TARGET = "//app"
RESULTS = ROOT / "build" / "bench"
KEPT = ROOT / "tests" / "bench"
RUNS = 2
SPAWNS = {"Rustc", "BuildScriptRun", "CCompile", "CArchive"}
DIGITS = 4
CPU_CLOCK = 2  # CPUCLOCK_SCHED of a process: see clock_getcpuclockid


def cpu_of(pid):
    """Seconds that a living process itself has computed, without its children."""
    return time.clock_gettime((~pid << 3) | CPU_CLOCK)


def run_measured(words, said=None, **kwargs):
    """The seconds that a process and its children have computed; it must succeed."""
    process = subprocess.Popen(words, **kwargs)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"this ended with code {process.returncode}: {' '.join(map(str, words))}\n"
                 f"{said.read_text() if said else ''}")
    return used.ru_utime + used.ru_stime


def note(log, **facts):
    with open(log, "a", encoding="utf-8") as file:
        file.write(json.dumps(facts) + "\n")


def as_linker(log, linker, *words):
    before = cpu_of(os.getppid())
    note(log, before_linker=before, link=run_measured([linker, *words]))


def as_rustc(log, rustc, *words):
    linker = pathlib.Path(log).with_name("cc")
    words = [f"-Clinker={linker}" if word.startswith("-Clinker=") else word for word in words]
    no_tokens = os.pipe()  # rustc has the one that every process is born with
    flags = f"-j1 --jobserver-auth={no_tokens[0]},{no_tokens[1]}"
    process = subprocess.Popen([rustc, *words], stderr=subprocess.PIPE, pass_fds=no_tokens,
                               env={**os.environ, "MAKEFLAGS": flags, "CARGO_MAKEFLAGS": flags})
    for line in process.stderr:
        if b'"emit":"metadata"' in line:
            note(log, front=cpu_of(process.pid))
        sys.stderr.buffer.write(line)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    note(log, all=used.ru_utime + used.ru_stime)
    sys.exit(abs(process.returncode))


class Plan:
    """The actions of a build, as Bazel's aquery tells them."""

    def __init__(self, answer):
        self.fragments = {one["id"]: one for one in answer["pathFragments"]}
        self.artifacts = {one["id"]: one["pathFragmentId"] for one in answer["artifacts"]}
        self.sets = {one["id"]: one for one in answer.get("depSetOfFiles", [])}
        self.actions = answer["actions"]
        self.paths = {}
        self.makers = {self.path(file): action for action in self.actions
                       for file in action.get("outputIds", [])}

    def path(self, artifact):
        if artifact not in self.paths:
            parts, fragment = [], self.artifacts[artifact]
            while fragment:
                parts.append(self.fragments[fragment]["label"])
                fragment = self.fragments[fragment].get("parentId")
            self.paths[artifact] = "/".join(reversed(parts))
        return self.paths[artifact]

    def outputs(self, action):
        return [self.path(file) for file in action["outputIds"]]

    def inputs(self, action):
        seen, todo, found = set(), list(action.get("inputDepSetIds", [])), {}
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += self.sets[one].get("transitiveDepSetIds", [])
                found.update((self.path(file), None)
                             for file in self.sets[one].get("directArtifactIds", []))
        return sorted(found)

    def in_order(self, goal):
        """What has to run to make the file `goal`, each behind what it needs: pairs (action, the files
        of other such actions that it takes, directly or through actions that run nothing)."""
        done, order = {}, []

        def visit(path):
            """The outputs of actions that run, which this file stands for."""
            action = self.makers.get(path)
            if action is None:
                return set()
            if id(action) not in done:
                done[id(action)] = set()
                taken = set().union(*(visit(one) for one in self.inputs(action)), set())
                runs = action["mnemonic"] in SPAWNS
                if runs:
                    order.append((action, taken))
                done[id(action)] = None if runs else taken
            return {path} if done[id(action)] is None else done[id(action)]

        visit(goal)
        return order


def kind_of(action, outputs):
    if action["mnemonic"] != "Rustc":
        return RUN
    return LIBRARY if any(path.endswith(".rlib") for path in outputs) else LINKED


def command(action, log):
    """The action's command line with us between the worker and rustc. aquery shows the content of its
    param file in the place of the file's name."""
    words = action["arguments"]
    if action["mnemonic"] == "Rustc":
        at = words.index("--") + 1
        params = pathlib.Path(log).with_suffix(".params")
        params.write_text("".join(f"{word}\n" for word in words[at + 1:]), encoding="utf-8")
        us = [sys.executable, "-B", __file__, "--as-rustc", log]
        words = [*words[:at], *us, words[at], f"@{params}"]
    return words


def remove_outputs(execroot, outputs, remove_tree):
    for output in outputs:
        path = execroot / output
        if path.is_dir():
            remove_tree(path)
            path.mkdir()
        else:
            path.unlink(missing_ok=True)


def run_once(action, words, execroot, log):
    """What was noted, and the time of all."""
    pathlib.Path(log).unlink(missing_ok=True)
    env = {one["key"]: one["value"] for one in action.get("environmentVariables", [])}
    said = pathlib.Path(log).with_suffix(".said")
    with open(said, "wb") as file:
        facts = {"all": run_measured(words, said, cwd=execroot, env=env, stdout=file, stderr=file,
                                     stdin=subprocess.DEVNULL)}
    if os.path.exists(log):
        for line in pathlib.Path(log).read_text(encoding="utf-8").splitlines():
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
    def __init__(self, workspace, log, remove_tree):
        self.execroot = pathlib.Path(workspace._info("execution_root", ()))
        self.log = str(log)
        self.remove_tree = remove_tree
        self.names = {}  # output -> the crate that makes it
        self.crates = []

    def direct(self, plan, taken):
        """Without what another library that is taken, too, takes itself."""
        libraries = [path for path in taken if path.endswith(".rlib")]
        implied = set().union(*(plan.inputs(plan.makers[path]) for path in libraries), set())
        return sorted({self.names[path] for path in taken - implied},
                      key=list(self.names.values()).index)

    def record(self, plan, action, taken):
        outputs = plan.outputs(action)
        kind = kind_of(action, outputs)
        words = command(action, self.log)
        runs = []
        for _ in range(RUNS):
            remove_outputs(self.execroot, outputs, self.remove_tree)
            runs.append(run_once(action, words, self.execroot, self.log))
        name = short_name(sorted(outputs), {crate.name for crate in self.crates})
        self.crates.append(Crate(name, kind, phases(kind, runs), self.direct(plan, taken)))
        self.names.update((output, name) for output in outputs)
        print(f"{len(self.crates):4} {kind:8} {name:40} {self.crates[-1].seconds}", flush=True)


def describe_machine(compilation_mode):
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "target": f"{TARGET} of bazel_example",
        "compilation_mode": compilation_mode,
        "seconds": f"CPU time, the smaller one of {RUNS} runs, one token",
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, "
                   f"{model.group(1) if model else 'unknown'}, Linux {platform.release()}",
        "rustc": subprocess.run(["rustc", "--version"], check=True, capture_output=True,
                                text=True).stdout.strip(),
    }


def record(scratch, mode):
    from example_workspace import remove_tree

    workspace = scratch.workspace("off", ["--config=off", f"--compilation_mode={mode}"])
    workspace.build(TARGET)
    log = scratch.top / "record" / "log"
    log.parent.mkdir()
    linker = log.with_name("cc")
    linker.write_text(f'#!/bin/sh\nexec {sys.executable} -B {__file__} --as-linker {log} '
                      f'{shutil.which("cc")} "$@"\n')
    linker.chmod(0o755)
    asked = workspace.with_flags("aquery", "--output=jsonproto", f"deps({TARGET})")
    plan = Plan(json.loads(workspace.bazel(*asked).printed))
    goal = next(path for path in plan.makers if path.endswith("/bin/app/app"))
    recorder = Recorder(workspace, log, remove_tree)
    for action, taken in plan.in_order(goal):
        recorder.record(plan, action, taken)
    return Graph(f"real, {mode}", recorder.crates, describe_machine(mode))


def main():
    stand_ins = {"--as-rustc": as_rustc, "--as-linker": as_linker}
    if len(sys.argv) > 1 and sys.argv[1] in stand_ins:
        return stand_ins[sys.argv[1]](*sys.argv[2:])
    from example_workspace import Scratch, prepare_example

    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("-c", "--compilation_mode", choices=["fastbuild", "dbg", "opt"],
                        default="fastbuild")
    mode = parser.parse_args().compilation_mode
    prepare_example()
    with Scratch("record") as scratch:
        graph = record(scratch, mode)
    RESULTS.mkdir(parents=True, exist_ok=True)
    for folder in (RESULTS, KEPT):
        graph.save(folder / f"phases-{mode}.json")
    print(f"{len(graph.crates)} crates, {graph.work():.1f} s of work, critical path "
          f"{graph.critical_path():.1f} s; kept in {KEPT.relative_to(ROOT)}/phases-{mode}.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
