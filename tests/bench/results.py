"""What the benches measured, with the machine that it was measured on, is kept in build/bench/."""

import json
import os
import pathlib
import platform
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "bench"


def processor():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return model[1] if model else platform.machine()


def first_line(*words):
    done = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout.partition("\n")[0]


def machine():
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": processor(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2 ** 30),
        "kernel": platform.release(),
        "rustc": first_line("rustc", "--version"),
        "commit": first_line("git", "rev-parse", "--short", "HEAD"),
    }


def save(name, **facts):
    """Returns what is kept."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    whole = {"date": time.strftime("%Y-%m-%d"), **facts, "machine": machine()}
    path.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    print(f"\nkept in {path.relative_to(ROOT)}")
    return whole


def read(name):
    """What a bench has kept; None when it did not run."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
