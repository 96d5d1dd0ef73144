"""Several worker processes on one output base: the pipeline table on disk (design.md, Across
processes). A full request that reaches another process than its metadata request takes the compile
over all the same."""

import os
import signal
import unittest

from relay import RelayCase
from scripts import diagnostic, lines


class Across(RelayCase):
    def script(self, *between, last="link r1"):
        return lines(f"append {self.note()} x", "metadata m1", *between, last)

    def two_workers(self, *directories):
        """Two processes as Bazel starts them for one worker key: with one environment."""
        directories = directories or (None, None)
        first = self.start(cwd=directories[0])
        return first, self.start(cwd=directories[1], mark=first.mark)

    def held_crate(self, *between, **kwargs):
        """A crate whose rustc waits behind its metadata."""
        gate = self.gate()
        return gate, self.crate(text=self.script(f"fifo-wait {gate.path}", *between, **kwargs))

    def assert_rlib(self, crate, text="r1"):
        self.assertEqual(text, self.workspace.read(crate.rlib))

    def full_in(self, worker, crate):
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate)


class TakesOver(Across):
    def test_a_running_compile(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        self.assertEqual([], second.answers)
        gate.release()
        self.assert_ok(second.answer(full))
        self.assert_rlib(crate)
        self.assertEqual(1, self.runs())
        self.assertEqual((0, []), second.finish())
        self.assert_clean_end(first)

    def test_a_finished_compile(self):
        first, second = self.two_workers()
        ended = self.signal()
        crate = self.crate(text=self.script(f"fifo-signal {ended.path}"))
        self.assert_ok(first.ask(**crate.metadata()))
        ended.wait()
        self.full_in(second, crate)
        self.assertEqual(1, self.runs())

    def test_what_rustc_said_behind_its_metadata(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate(diagnostic("late\n"))
        response = first.ask(**crate.metadata())
        self.assert_ok(response, "")
        full = second.send(**crate.full())
        second.barrier()
        gate.release()
        self.assert_ok(second.answer(full), "late\n")

    def test_a_failure_behind_the_metadata(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate(diagnostic("broken\n", "error"), last="exit 101")
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        gate.release()
        response = second.answer(full)
        self.assertEqual(101, response.exit_code)
        self.assertEqual("broken\n", response.output)
        self.assertEqual(1, self.runs())

    def test_the_owner_compiles_again_what_was_taken(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        gate.release()
        self.full_in(second, crate)
        second.barrier()  # it has removed what it took
        gate.release()
        self.full_in(first, crate)
        self.assertEqual(2, self.runs())

    def test_in_a_sandbox(self):
        """Singleplex with --worker_sandboxing: each worker's directory is its sandbox."""
        crate = self.crate(text=self.script())
        sandbox = self.workspace.singleplex_sandbox
        first, second = self.two_workers(sandbox(1, crate.inputs()), sandbox(2, crate.inputs()))
        self.assert_ok(first.ask(**crate.metadata()))
        self.assertEqual("m1", (sandbox(1, []) / crate.rmeta).read_text())
        crate.restore_metadata("m1")
        full = crate.full()
        place = sandbox(2, full["inputs"])
        self.assert_ok(second.ask(**full))
        self.assertEqual("r1", (place / crate.rlib).read_text())
        self.assertEqual(1, self.runs())


class DoesNot(Across):
    def test_another_version(self):
        first, second = self.two_workers()
        crate = self.crate(text=self.script())
        self.assert_ok(first.ask(**crate.metadata()))
        crate.set_text(self.script(last="link r2"))
        self.assert_ok(second.ask(**crate.full()))
        self.assert_rlib(crate, "r2")
        self.assertEqual(2, self.runs())

    def test_other_metadata_than_its_dependants_were_given(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        crate.restore_metadata("m2")  # from a cache: the macro was not deterministic
        full = second.send(**crate.full())
        second.barrier()
        gate.release()
        gate.release()
        self.assert_fails(second.answer(full), "its metadata differs")
        self.assertEqual(2, self.runs())

    def test_a_truncated_result(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        gate.release()
        self.wait_for_result(first)
        results = list(self.workspace.state.glob("1/worker-*/*/relay.result"))
        self.assertEqual(1, len(results))
        results[0].write_bytes(results[0].read_bytes()[:-1])
        gate.release()
        self.full_in(second, crate)
        self.assertEqual(2, self.runs())

    def wait_for_result(self, worker):
        """Its rustc has ended: a full request for another crate is answered after that."""
        other = self.crate("other", lines("metadata m", "link r"))
        self.assert_ok(worker.ask(**other.metadata()))
        self.assert_ok(worker.ask(**other.full()))
        worker.barrier()


class TheOwnerDies(Across):
    def kill(self, worker):
        os.kill(worker.pid, signal.SIGKILL)
        worker.process.wait()

    def test_while_another_waits(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        self.kill(first)
        gate.release()
        self.assert_ok(second.answer(full))
        self.assert_rlib(crate)
        self.assertEqual(2, self.runs())

    def test_before_another_asks(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        self.kill(first)
        gate.release()
        self.full_in(second, crate)
        self.assertEqual(2, self.runs())

    def test_what_it_left_is_swept_and_the_living_are_not(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        live_gate = self.gate("live")
        live = self.crate("live", lines("metadata m", f"fifo-wait {live_gate.path}", "link r"))
        self.assert_ok(second.ask(**live.metadata()))
        self.kill(first)
        third = self.start(mark=first.mark)
        third.barrier()
        workers = [path.name for path in (self.workspace.state / "1").glob("worker-*[!k]")]
        self.assertEqual(2, len(workers), workers)
        live_gate.release()
        self.assert_ok(third.ask(**live.full()))
        self.assertEqual("r", self.workspace.read(live.rlib))


class Cancelled(Across):
    def test_the_other_workers_compile_lives_on(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        second.cancel(full)
        self.assertTrue(second.answer(full).was_cancelled)
        gate.release()
        self.full_in(first, crate)
        self.assertEqual(1, self.runs())


if __name__ == "__main__":
    unittest.main()
