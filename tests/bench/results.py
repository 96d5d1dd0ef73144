"""Keeps what a bench measured, with the machine that it was measured on, in build/bench/."""

import json
import os
import pathlib
import platform
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory_gib():
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2 ** 30)


def first_line(*words):
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.partition("\n")[0]


def machine():
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": processor(),
        "memory_gib": memory_gib(),
        "kernel": platform.release(),
        "rustc": first_line("rustc", "--version"),
        "commit": first_line("git", "rev-parse", "--short", "HEAD"),
    }


def save(name, **facts):
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    whole = {"date": time.strftime("%Y-%m-%d"), **facts, "machine": machine()}
    path.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    print(f"\nkept in {path.relative_to(ROOT)}")
