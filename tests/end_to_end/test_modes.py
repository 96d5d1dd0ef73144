#!/usr/bin/env python3
"""bazel_example, with its real crates, in every mode: it builds, it runs, and the bytes are those
of plain rustc."""

import contextlib
import functools
import io
import unittest

from end_to_end import BazelCase

import compare_outputs
import example

# No mode of building makes the same bytes twice from a macro that is not deterministic.
UNSTABLE = ["*nondeterministic*"]
OWN = "//crates/..."
BAZEL_FOLDERS = ["_tmp"]  # what actions print
BAZEL_SUFFIXES = [".params", ".runfiles_manifest"]
BAZEL_FILES = ["stable-status.txt", "volatile-status.txt"]
WARNING = "function `nobody_calls_this_function` is never used"


def of_bazel(path):
    """What Bazel itself puts into its output tree."""
    folders = {part for part in path.parts if part in BAZEL_FOLDERS or part.endswith(".runfiles")}
    return bool(folders) or path.suffix in BAZEL_SUFFIXES or path.name in BAZEL_FILES


class Modes(BazelCase):
    """Each mode is built once, by the first test that needs it."""

    @classmethod
    @functools.cache
    def first_build(cls, mode, wire):
        """Returns the workspace and what became of its first build."""
        flags = [f"--config={mode}", f"--//:wire={wire}"]
        workspace = cls.scratch.workspace(f"{mode}-{wire}", flags)
        if (mode, wire) == ("worker", "proto"):
            return workspace, example.build(workspace, check=False)
        few = mode == "worker-one-shot" or wire == "json"
        return workspace, workspace.build(OWN if few else "//...", check=False)

    def built(self, mode, wire="proto"):
        workspace, done = self.first_build(mode, wire)
        self.assertEqual(0, done.exit_code, done.tail())
        return workspace

    def off(self):
        return self.built("off")

    def worker(self):
        return self.built("worker")

    def hollow(self):
        return self.built("hollow")

    def assert_one_rustc_per_crate(self, workspace, *targets):
        trace = workspace.trace()
        crates = workspace.crates(*targets)
        self.assertGreater(crates, 0)
        self.assertEqual(crates, trace.crates())
        self.assertEqual(crates, len(trace.compiles))
        self.assertEqual([0], sorted({one.exit_code for one in trace.compiles}))

    def assert_equal_to_off(self, workspace):
        """Every rlib, shared object and program of the build. Returns their names, and off's."""
        found = compare_outputs.artefacts(workspace.out(), UNSTABLE)
        expected = compare_outputs.artefacts(self.off().out(), UNSTABLE)
        different = [name for name, path in found.items()
                     if compare_outputs.compare(expected.get(name), path) != "equal"]
        self.assertEqual([], different)
        return found.keys(), expected.keys()

    def assert_own_crates_equal_off(self, workspace):
        found, _ = self.assert_equal_to_off(workspace)
        self.assertTrue(any(name.endswith("/crates/report/report_test") for name in found), found)

    def assert_nothing_undeclared(self, workspace, *targets):
        """No file in the output tree but what actions declared, and Bazel's own."""
        declared = {path for one in workspace.actions(*targets) for path in one.outputs}
        top = workspace.out()
        found = [path.relative_to(top.parent) for path in top.rglob("*") if not path.is_dir()]
        undeclared = [str(path) for path in found if not of_bazel(path)
                      and declared.isdisjoint(map(str, [path, *path.parents]))]
        self.assertGreater(len(found), 0)
        self.assertEqual([], undeclared)

    def test_one_rustc_per_crate(self):
        self.assert_one_rustc_per_crate(self.worker(), *example.TARGETS)

    def test_every_library_is_two_requests(self):
        """Both reached the worker, and the second one took over what the first one started."""
        stages = {}
        for request in self.worker().trace().requests:
            stages.setdefault(request.key, []).append((request.stage, request.compile))
        pairs = [requests for key, requests in stages.items() if key]
        self.assertGreater(len(pairs), 0)
        for requests in pairs:
            self.assertIn([stage for stage, _ in requests], (["metadata"], ["metadata", "full"]))
            self.assertEqual(1, len({id(compile_) for _, compile_ in requests}))

    def test_the_worker_makes_the_bytes_of_plain_rustc(self):
        found, expected = self.assert_equal_to_off(self.worker())
        self.assertEqual(expected, found)

    def test_the_program_prints_the_same(self):
        expected = self.printed(self.off().bin() / "app" / "app")
        self.assertIn("adler32", expected)
        for workspace in (self.worker(), self.hollow()):
            self.assertEqual(expected, self.printed(workspace.bin() / "app" / "app"))

    def test_a_warning_is_shown_once(self):
        _, done = self.first_build("worker", "proto")
        self.assert_said_once(WARNING, done)

    def test_what_the_example_tells(self):
        workspace = self.worker()
        _, done = self.first_build("worker", "proto")
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            example.report(workspace, done.wall_seconds)
        self.assertRegex(told.getvalue(), rf"rustc processes +{workspace.trace().crates()}\n")

    def test_rust_tests_pass(self):
        done = self.worker().test("//...")
        self.assertRegex(done.said + done.printed, r"Executed \d+ out of \d+ tests: \d+ tests pass")

    def test_what_actions_run_is_there_before_the_first_action(self):
        """Bazel has linked all external repositories then: those as well that no action of ours
        needs. Else the first build of a workspace may find neither rustc nor rustc-relay."""
        linked = {path.name for path in (self.off().out().parent / "external").iterdir()}
        self.assertLessEqual({"platforms", "rust_toolchain", "rustc_relay"}, linked)

    def test_hollow_builds(self):
        """Two rustc runs per library: what the other modes are measured against."""
        libraries = [action for action in self.hollow().actions("//...")
                     if action.mnemonic == "Rustc" and not action.finishes_a_crate()]
        self.assertGreater(len(libraries), 0)

    def test_a_macro_that_is_not_deterministic_builds_with_the_worker(self):
        program = self.worker().bin() / "nondeterministic" / "nondeterministic"
        self.assertEqual('["ALPHA", "PI"]\n', self.printed(program))

    def test_a_macro_that_is_not_deterministic_is_named_by_hollow(self):
        done = self.hollow().build("//nondeterministic", check=False)
        self.assert_fails(done, "//nondeterministic:shuffled", "shuffled", "deterministic")
        self.assertNotIn("E0460", done.said)

    def test_json(self):
        workspace = self.built("worker", "json")
        self.assert_one_rustc_per_crate(workspace, OWN)
        self.assert_own_crates_equal_off(workspace)

    def test_worker_flags_without_a_worker(self):
        """Each request alone: both stages succeed, make the same bytes, and leave nothing else."""
        workspace = self.built("worker-one-shot")
        self.assertEqual([], workspace.trace().requests)
        self.assert_own_crates_equal_off(workspace)
        self.assert_nothing_undeclared(workspace, OWN)

    def test_nothing_undeclared(self):
        self.assert_nothing_undeclared(self.worker(), *example.TARGETS)


if __name__ == "__main__":
    unittest.main()
