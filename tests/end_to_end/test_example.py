#!/usr/bin/env python3
"""bazel_example under a real Bazel: the end-to-end test."""

import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Example(unittest.TestCase):
    def test_it_builds_and_runs_with_the_worker(self):
        subprocess.run([ROOT / "tools/example.py"], check=True)


if __name__ == "__main__":
    unittest.main()
