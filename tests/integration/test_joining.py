"""When a full request takes over a compile, and when it must not (reference-failures.md A1 A2 B4 B7,
bazel-facts.md C)."""

import unittest

from processes import alive, wait_gone
from relay import RelayCase
from scripts import lines


class Counted(RelayCase):
    """Crates whose outputs tell their version, and that count their runs."""

    def versioned(self, version, *between):
        return lines(f"append {self.note()} x", f"metadata m{version}", *between,
                     f"link r{version}")

    def build(self, worker, crate):
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_ok(worker.ask(**crate.full()))

    def assert_rlib(self, crate, text):
        self.assertEqual(text, self.workspace.read(crate.rlib))


class Joining(Counted):
    def test_one_compile_serves_both_requests(self):
        worker, crate = self.start(), self.crate(text=self.versioned(1))
        self.build(worker, crate)
        self.assertEqual("m1", self.workspace.read(crate.rmeta))
        self.assert_rlib(crate, "r1")
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)

    def test_metadata_is_answered_while_rustc_goes_on(self):
        gate = self.gate()
        worker = self.start()
        crate = self.crate(text=self.versioned(1, f"fifo-wait {gate.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        full = worker.send(**crate.full())
        worker.barrier()
        self.assertEqual([], worker.answers)
        gate.release()
        self.assert_ok(worker.answer(full))
        self.assert_rlib(crate, "r1")

    def test_the_order_of_inputs_makes_no_difference(self):
        worker, crate = self.start(), self.crate(text=self.versioned(1))
        self.workspace.write("a.txt", "a")
        self.workspace.write("b.txt", "b")
        crate.more_inputs = ["a.txt", "b.txt"]
        self.assert_ok(worker.ask(**crate.metadata()))
        crate.more_inputs.reverse()
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(1, self.runs())

    def test_our_own_rules_name_both_outputs_in_both_requests(self):
        worker, crate = self.start(), self.crate(text=self.versioned(1))
        both = [*crate.common(), f"--emit=metadata={crate.rmeta},link={crate.rlib}",
                f"--pipelining-key={crate.key}"]
        metadata = {**crate.metadata(), "arguments": [*both, "--pipelining-metadata"]}
        self.assert_ok(worker.ask(**metadata))
        self.assertFalse(self.workspace.exists(crate.rlib))
        full = crate.full()
        full["arguments"] = [*both, "--pipelining-full", f"--pipelining-rmeta-path={crate.rmeta}"]
        self.assert_ok(worker.ask(**full))
        self.assert_rlib(crate, "r1")
        self.assertEqual(1, self.runs())

    def test_two_keys_do_not_meet(self):
        worker = self.start()
        one, two = self.crate("one", self.versioned(1)), self.crate("two", self.versioned(2))
        for crate in (one, two):
            self.assert_ok(worker.ask(**crate.metadata()))
        for crate in (two, one):
            self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(one, "r1")
        self.assert_rlib(two, "r2")
        self.assertEqual(2, self.runs())


class A1_SilentlyWrongBuild(Counted):
    """A full request never takes a compile of other inputs, arguments or environment."""

    def test_back_at_a_version_whose_metadata_comes_from_a_cache(self):
        worker, crate = self.start(), self.crate(text=self.versioned(2))
        self.build(worker, crate)
        crate.set_text(self.versioned(1))
        self.build(worker, crate)
        crate.set_text(self.versioned(2))
        crate.restore_metadata("m2")
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate, "r2")

    def test_a_finished_compile_of_other_inputs(self):
        worker, crate, ended = self.start(), self.crate(), self.signal()
        crate.set_text(self.versioned(1, f"fifo-signal {ended.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        wait_gone(ended.wait())
        crate.set_text(self.versioned(2))
        crate.restore_metadata("m2")
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate, "r2")

    def test_a_running_compile_of_other_inputs(self):
        worker, crate, gate = self.start(), self.crate(), self.gate()
        crate.set_text(self.versioned(1, f"fifo-wait {gate.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        crate.set_text(self.versioned(2))
        crate.restore_metadata("m2")
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate, "r2")

    def assert_compiled_afresh(self, change, runs=2):
        worker, crate = self.start(), self.crate(text=self.versioned(1))
        self.workspace.write("dep.txt", "1")
        self.workspace.write("env", "COLOUR=red\n")
        crate.more_inputs = ["dep.txt"]
        crate.more = ["--env-file", "env"]
        self.assert_ok(worker.ask(**crate.metadata()))
        change(crate)
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(runs, self.runs())

    def test_nothing_changed(self):
        self.assert_compiled_afresh(lambda crate: None, runs=1)

    def test_another_input_changed(self):
        self.assert_compiled_afresh(lambda crate: self.workspace.write("dep.txt", "2"))

    def test_an_input_more(self):
        def change(crate):
            self.workspace.write("new.txt", "new")
            crate.more_inputs.append("new.txt")
        self.assert_compiled_afresh(change)

    def test_an_input_less(self):
        self.assert_compiled_afresh(lambda crate: crate.more_inputs.clear())

    def test_other_arguments(self):
        self.assert_compiled_afresh(lambda crate: crate.more.append("--cfg=other"))

    def test_another_environment(self):
        self.assert_compiled_afresh(lambda crate: self.workspace.write("env", "COLOUR=blue\n"))


class A2_TheNextBuildTakesTheResult(Counted):
    def finished(self, worker, crate):
        """The metadata request is answered and rustc has ended, but nobody asked for the rlib."""
        ended = self.signal(f"ended-{crate.name}")
        crate.set_text(self.versioned(1, f"fifo-signal {ended.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertTrue(wait_gone(ended.wait()))

    def test_without_a_second_compile(self):
        worker, crate = self.start(), self.crate()
        self.finished(worker, crate)
        # The next build: ids start again, and Bazel has swept what no action declares.
        for name in self.workspace.files():
            if name not in (crate.root, crate.rmeta):
                self.workspace.path(name).unlink()
        self.assert_ok(worker.ask(**crate.full(request_id=1)))
        self.assert_rlib(crate, "r1")
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)

    def test_a_result_is_taken_once(self):
        worker, crate = self.start(), self.crate()
        self.finished(worker, crate)
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate, "r1")

    def test_the_number_of_results_is_bounded(self):
        worker = self.start(flags=["--keep-results=1"])
        crates = [self.crate(name) for name in ("one", "two", "three")]
        for crate in crates:
            self.finished(worker, crate)
        for crate in crates:
            self.assert_ok(worker.ask(**crate.full()))
            self.assert_rlib(crate, "r1")
        self.assertEqual(5, self.runs())

    def test_their_bytes_are_bounded(self):
        worker = self.start(flags=["--keep-bytes=1"])
        crate, other = self.crate("one"), self.crate("two")
        self.finished(worker, crate)
        self.finished(worker, other)
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate, "r1")
        self.assertEqual(3, self.runs())

    def test_nothing_of_it_is_in_the_execroot(self):
        worker, crate, gate = self.start(), self.crate(), self.gate()
        crate.set_text(self.versioned(1, f"fifo-wait {gate.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertEqual(sorted([crate.root, crate.rmeta]), self.workspace.files())
        self.assertTrue(self.workspace.state.is_dir())
        self.assertEqual(0o700, self.workspace.state.stat().st_mode & 0o777)

    def test_an_explicit_state_directory(self):
        state = self.workspace.top / "elsewhere"
        worker, crate = self.start(flags=[f"--state-dir={state}"]), self.crate(text="metadata m")
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertTrue(state.is_dir())
        self.assertFalse(self.workspace.state.exists())


class B4_ADirectoryBelongsToOneCompile(Counted):
    def test_ending_one_compile_leaves_its_successor_alone(self):
        worker, crate = self.start(), self.crate()
        gates = self.gate("gate1"), self.gate("gate2")
        crate.set_text(self.versioned(1, f"fifo-wait {gates[0].path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        first = worker.send(**crate.full())
        worker.barrier()
        crate.set_text(self.versioned(2, f"fifo-wait {gates[1].path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        gates[0].release()
        worker.answer(first)  # taken, or told that it was replaced; then its directory goes
        worker.barrier()
        gates[1].release()
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate, "r2")
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)


class B7_ANewMetadataRequestOfTheSameKey(Counted):
    def test_of_other_inputs_kills_the_older_rustc(self):
        worker, crate = self.start(), self.crate()
        gate, reached = self.gate(), self.signal()
        crate.set_text(self.versioned(1, f"fifo-signal {reached.path}", f"fifo-wait {gate.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        older = reached.wait()
        crate.set_text(self.versioned(2))
        self.build(worker, crate)
        self.assertTrue(wait_gone(older), "the older rustc goes on")
        self.assert_rlib(crate, "r2")
        self.assert_clean_end(worker)

    def test_of_the_same_compile_joins_it(self):
        worker, crate = self.start(), self.crate()
        gate, reached = self.gate(), self.signal()
        crate.set_text(self.versioned(1, f"fifo-signal {reached.path}", f"fifo-wait {gate.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        rustc = reached.wait()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertEqual("m1", self.workspace.read(crate.rmeta))
        self.assertTrue(alive(rustc))
        gate.release()
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(1, self.runs())

    def test_two_at_once_before_the_metadata_is_there(self):
        worker, crate, gate = self.start(), self.crate(), self.gate()
        crate.set_text(lines(f"append {self.note()} x", f"fifo-wait {gate.path}", "metadata m1",
                             "link r1"))
        ids = [worker.send(**crate.metadata()) for _ in range(2)]
        worker.barrier()
        gate.release()
        for request_id in ids:
            self.assert_ok(worker.answer(request_id))
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(1, self.runs())


class C_DeclaredOutputs(Counted):
    """bazel-facts.md C: Bazel deletes declared outputs before the request that declares them."""

    def test_nothing_is_placed_before_the_full_request(self):
        worker, crate, ended = self.start(), self.crate(), self.signal()
        crate.set_text(self.versioned(1, f"fifo-signal {ended.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        wait_gone(ended.wait())
        worker.barrier()
        self.assertFalse(self.workspace.exists(crate.rlib))
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate, "r1")

    def test_nothing_is_placed_when_no_full_request_comes(self):
        worker, crate, ended = self.start(), self.crate(), self.signal()
        crate.set_text(self.versioned(1, f"fifo-signal {ended.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        wait_gone(ended.wait())
        self.assert_clean_end(worker)
        self.assertFalse(self.workspace.exists(crate.rlib))

    def test_outputs_deleted_while_rustc_runs(self):
        worker, crate = self.start(), self.crate()
        gate, reached = self.gate(), self.signal()
        crate.set_text(self.versioned(1, f"fifo-signal {reached.path}", f"fifo-wait {gate.path}"))
        self.workspace.write(crate.rlib, "of an older build")
        self.assert_ok(worker.ask(**crate.metadata()))
        reached.wait()
        full = worker.send(**crate.full())  # deletes the rlib
        worker.barrier()
        self.assertFalse(self.workspace.exists(crate.rlib))
        gate.release()
        self.assert_ok(worker.answer(full))
        self.assert_rlib(crate, "r1")


if __name__ == "__main__":
    unittest.main()
