"""What the tests under a real Bazel share."""

import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
for folder in ("tools", "bazel_example/tools", "tests/integration"):
    sys.path.append(str(ROOT / folder))

import compare_outputs  # noqa: E402
from example_workspace import Scratch, prepare_example  # noqa: E402


def digests(workspace):
    """Of all rlibs, shared objects and programs of a build."""
    found = compare_outputs.artefacts(workspace.out(), [])
    return {name: compare_outputs.digest(path) for name, path in found.items()}


class BazelCase(unittest.TestCase):
    """All tests of a class share a scratch folder, and whatever they build in it."""

    @classmethod
    def setUpClass(cls):
        prepare_example()
        cls.scratch = cls.enterClassContext(Scratch(cls.__name__.lower()))

    def printed(self, program):
        """What a program prints that has to end well."""
        done = subprocess.run([program], check=True, capture_output=True, text=True)
        return done.stdout

    def evict(self, cache, output):
        """Takes the action that makes this output out of a cache's folder."""
        entries = [path for path in cache.glob("**/ac/**/*")
                   if path.is_file() and output.encode() in path.read_bytes()]
        self.assertEqual(1, len(entries), f"actions that make {output}")
        entries[0].unlink()

    def assert_said_once(self, words, done):
        self.assertEqual(1, done.said.count(words), done.tail())

    def assert_fails(self, done, *words):
        self.assertNotEqual(0, done.exit_code, done.tail())
        for word in words:
            self.assertIn(word, done.said)
