"""Cancels, reused ids and the worker's end (reference-failures.md B1 B2 B3, bazel-facts.md A)."""

import os
import signal
import time
import unittest

from held import Held
from processes import alive, wait_gone
from wire import Request

# The aim is milliseconds; this leaves room for sanitizers on a loaded machine.
PROMPTLY_SECONDS = 2.0


class B1_CancelKillsBeforeItIsAnswered(Held):
    def assert_cancelled(self, worker, crate, request_id):
        rustc = crate.reached.wait()
        worker.cancel(request_id)
        response = worker.answer(request_id)
        self.assertTrue(response.was_cancelled, response)
        self.assertFalse(alive(rustc), "rustc lives when the cancel is answered")
        crate.gate.release()
        self.assert_clean_end(worker)
        self.assert_nothing_was_written(crate)

    def test_a_plain_request(self):
        worker, crate = self.start(), self.held("dep")
        self.assert_cancelled(worker, crate, worker.send(**self.plain(crate)))

    def test_a_metadata_request(self):
        worker, crate = self.start(), self.held("dep")
        self.assert_cancelled(worker, crate, worker.send(**crate.metadata()))

    def test_a_full_request_alone(self):
        worker, crate = self.start(), self.held("dep")
        self.assert_cancelled(worker, crate, worker.send(**crate.full()))

    def test_a_full_request_that_joined(self):
        worker, crate = self.start(), self.held("dep", "metadata m")
        self.assert_ok(worker.ask(**crate.metadata()))
        full = worker.send(**crate.full())
        worker.barrier()
        self.assert_cancelled(worker, crate, full)

    def test_a_singleplex_request(self):
        worker, crate = self.start(), self.held("dep")
        self.assert_cancelled(worker, crate, worker.send(**self.plain(crate, request_id=0)))

    def test_other_requests_go_on(self):
        worker = self.start()
        dead, other = self.held("dead"), self.held("other")
        ids = worker.send(**self.plain(dead)), worker.send(**self.plain(other))
        dead.reached.wait()
        other.reached.wait()
        worker.cancel(ids[0])
        self.assertTrue(worker.answer(ids[0]).was_cancelled)
        other.gate.release()
        self.assert_ok(worker.answer(ids[1]))
        self.assertEqual("late", self.workspace.read(other.rlib))

    def test_the_crate_can_be_asked_for_again(self):
        worker, crate = self.start(), self.held("dep", "metadata m")
        self.assert_ok(worker.ask(**crate.metadata()))
        full = worker.send(**crate.full())
        worker.barrier()
        worker.cancel(full)
        self.assertTrue(worker.answer(full).was_cancelled)
        crate.gate.release()
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual("late", self.workspace.read(crate.rlib))

    def test_a_cancel_for_nobody_is_answered(self):
        worker, crate = self.start(), self.crate(text="metadata m")
        answered = worker.send(**crate.metadata())
        self.assert_ok(worker.answer(answered))
        for nobody in (answered, 4711):
            worker.cancel(nobody)
            self.assertTrue(worker.answer(nobody).was_cancelled)
        self.assert_clean_end(worker)


class B2_NothingOutlivesTheWorker(Held):
    def held_all_ways(self, worker):
        """A plain request, a metadata request, an answered one whose rustc goes on, a joined one."""
        crates = [self.held("plain"), self.held("waiting"), self.held("background", "metadata m"),
                  self.held("joined", "metadata m")]
        worker.send(**self.plain(crates[0]))
        worker.send(**crates[1].metadata())
        for crate in crates[2:]:
            self.assert_ok(worker.ask(**crate.metadata()))
        worker.send(**crates[3].full())
        worker.barrier()
        for crate in crates:
            crate.reached.wait()
        self.assertGreaterEqual(len(worker.processes()), 8)
        return crates

    def assert_all_dead(self, crates):
        for crate in crates:
            crate.gate.release()
            self.assert_nothing_was_written(crate)
        self.assertEqual([], self.workspace.leftovers())

    def assert_ends(self, worker, end):
        crates = self.held_all_ways(worker)
        start = time.monotonic()
        end()
        code = worker.wait()
        took = time.monotonic() - start
        self.assertEqual([], worker.processes(), "alive after the worker's exit")
        self.assertLess(took, PROMPTLY_SECONDS)
        self.assertEqual([], [answer for answer in worker.answers if answer.exit_code == 0
                              and not answer.was_cancelled])
        self.assert_all_dead(crates)
        return code

    def test_sigterm(self):
        worker = self.start()
        self.assert_ends(worker, worker.process.terminate)

    def test_end_of_input(self):
        worker = self.start()
        self.assertEqual(0, self.assert_ends(worker, worker.close_stdin))

    def test_both_together(self):
        worker = self.start()

        def end():
            worker.process.terminate()
            worker.close_stdin()
        self.assert_ends(worker, end)

    def test_sigkill(self):
        worker = self.start()
        crates = self.held_all_ways(worker)
        before = worker.processes()
        worker.process.kill()
        worker.wait()
        for pid in before:
            self.assertTrue(wait_gone(pid), f"process {pid} outlived the worker")
        self.assertEqual([], worker.processes())
        for crate in crates:
            crate.gate.release()
            self.assert_nothing_was_written(crate)
        # What the dead worker left is swept at the next start.
        successor = self.start()
        successor.barrier()
        self.assert_clean_end(successor)

    def test_a_broken_frame(self):
        worker = self.start(wire="json")
        crates = self.held_all_ways(worker)
        worker.send_raw(b"this is no request\n")
        self.assertEqual(1, worker.wait())
        self.assertEqual([], worker.processes())
        self.assert_all_dead(crates)

    def test_its_own_group_is_not_signalled(self):
        """Bazel's server leads the group that a worker is in."""
        bystander = self.start()
        worker = self.start()
        self.assertNotEqual(os.getpgid(worker.pid), os.getpgid(bystander.pid))
        crate = self.held("dep")
        worker.send(**self.plain(crate))
        rustc = crate.reached.wait()
        self.assertNotEqual(os.getpgid(worker.pid), os.getpgid(rustc))
        os.kill(worker.pid, signal.SIGTERM)
        worker.wait()
        bystander.barrier()


class B3_ACancelRightBehindItsRequest(Held):
    def test_is_never_lost(self):
        worker = self.start()
        crate = self.held("dep")
        for number in range(1, 51):
            request = Request(**self.plain(crate, request_id=number))
            cancel = Request(request_id=number, cancel=True)
            worker.send_raw(worker.wire.encode(request) + worker.wire.encode(cancel))
            self.assertTrue(worker.answer(number).was_cancelled)
        crate.gate.release()
        self.assert_clean_end(worker)
        self.assert_nothing_was_written(crate)


class A_ReusedIds(Held):
    """bazel-facts.md A: ids restart at 1 in every build while abandoned requests run on."""

    def test_the_old_request_never_answers_the_new_one(self):
        worker = self.start()
        old, new = self.held("old"), self.held("new")
        worker.send(**self.plain(old, request_id=1))
        old.reached.wait()
        worker.send(**self.plain(new, request_id=1))
        new.reached.wait()
        old.gate.release()
        worker.barrier()
        self.assertEqual([], worker.answers)
        new.gate.release()
        self.assert_ok(worker.answer(1))
        self.assertEqual("late", self.workspace.read(new.rlib))
        self.assert_clean_end(worker)
        self.assertFalse(self.workspace.exists(old.rlib), "written for an abandoned request")

    def test_the_old_one_stays_mute_after_the_new_one_was_answered(self):
        worker = self.start()
        old = self.held("old")
        worker.send(**self.plain(old, request_id=1))
        rustc = old.reached.wait()
        self.assert_ok(worker.ask(**self.plain(self.crate("new", "link r"), request_id=1)))
        old.gate.release()
        self.assertTrue(wait_gone(rustc))
        worker.barrier()
        self.assert_clean_end(worker)
        self.assertFalse(self.workspace.exists(old.rlib))

    def test_an_abandoned_full_request(self):
        worker = self.start()
        crate = self.held("dep", "metadata m")
        self.assert_ok(worker.ask(**crate.metadata(request_id=1)))
        worker.send(**crate.full(request_id=2))
        worker.barrier()
        # The next build asks for the same, under other ids.
        self.assert_ok(worker.ask(**crate.metadata(request_id=2)))
        crate.gate.release()
        self.assert_ok(worker.ask(**crate.full(request_id=1)))
        self.assertEqual("late", self.workspace.read(crate.rlib))
        self.assert_clean_end(worker)

    def test_a_cancelled_id_can_be_used_again(self):
        worker, crate = self.start(), self.held("dep")
        worker.send(**self.plain(crate, request_id=1))
        crate.reached.wait()
        worker.cancel(1)
        self.assertTrue(worker.answer(1).was_cancelled)
        crate.gate.release()
        self.assert_ok(worker.ask(**self.plain(crate, request_id=1)))
        self.assert_clean_end(worker)


if __name__ == "__main__":
    unittest.main()
