"""Stands between the worker's one-shot mode and rustc, and between rustc and its linker, and notes in the
log what each phase has computed: see record.py.

    stand_ins.py rustc LOG RUSTC ARGS...
    stand_ins.py linker LOG LINKER ARGS...
"""

import json
import os
import pathlib
import subprocess
import sys
import time

CPU_CLOCK = 2  # CPUCLOCK_SCHED of a process: see clock_getcpuclockid


def cpu_of(pid):
    """Seconds that a living process itself has computed, without its children."""
    return time.clock_gettime((~pid << 3) | CPU_CLOCK)


def ended(process):
    """(the seconds that it and its children have computed, its exit code), when it has ended."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, process.returncode


def run_measured(words, said=None, **kwargs):
    """The seconds; it must succeed."""
    seconds, code = ended(subprocess.Popen(words, **kwargs))
    if code != 0:
        sys.exit(f"this ended with code {code}: {' '.join(map(str, words))}\n"
                 f"{said.read_text() if said else ''}")
    return seconds


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
    seconds, code = ended(process)
    note(log, all=seconds)
    sys.exit(abs(code))


if __name__ == "__main__":
    {"rustc": as_rustc, "linker": as_linker}[sys.argv[1]](*sys.argv[2:])
