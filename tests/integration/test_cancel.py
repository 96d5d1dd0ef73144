"""Cancels in every state of the table, in the sandboxes that Bazel uses again at once (bazel-facts.md
28-33). Cancels of single unsandboxed requests: test_ending.py, B1."""

import os
import signal
import unittest

from held import Held
from processes import alive, wait_gone
from scripts import lines
from wire import Request

RACES = 50


class Sandboxed(Held):
    """A multiplex worker whose requests have a sandbox each."""

    def setUp(self):
        super().setUp()
        self.workdir, _ = self.workspace.sandbox(0, [])

    def start_here(self, **kwargs):
        return self.start(cwd=self.workdir, **kwargs)

    def place(self, number):
        return self.workdir / f"__sandbox/{number}/ws"

    def fill(self, number, inputs):
        return self.workspace.sandbox(number, inputs)[1]

    def send(self, worker, number, fields):
        """Sends a request with the sandbox of this number, as Bazel fills it."""
        return worker.send(**fields, sandbox_dir=self.fill(number, fields["inputs"]))

    def cancel(self, worker, request_id, number):
        worker.send(request_id=request_id, cancel=True, sandbox_dir=f"__sandbox/{number}/ws")

    def reuse(self, number, crate):
        """Another action's: what we declared may be a link into the execroot there."""
        self.workspace.write("other", "other")
        self.fill(number, [("other", "")])
        for name in (crate.rmeta, crate.rlib):
            precious = self.workspace.write(f"precious/{name}", "precious")
            link = self.place(number) / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(precious)
        return self.contents(number)

    def contents(self, number):
        place = self.place(number)
        return sorted((str(path.relative_to(place)), path.is_symlink() and path.read_text())
                      for path in place.rglob("*"))


class OneWaits(Sandboxed):
    """The cancelled request was the only one: group and sandbox are done with at the answer."""

    def assert_cancelled(self, worker, crate, request_id, number):
        rustc = crate.reached.wait()
        self.cancel(worker, request_id, number)
        response = worker.answer(request_id)
        self.assertTrue(response.was_cancelled, response)
        self.assertFalse(alive(rustc), "rustc lives when the cancel is answered")
        # Its child too; the guardian stays.
        self.assertLessEqual(len(worker.processes()), 1)
        before = self.reuse(number, crate)
        crate.gate.release()
        worker.barrier()
        self.assertEqual(before, self.contents(number))
        self.assert_clean_end(worker)
        self.assert_nothing_was_written(crate)

    def test_a_plain_request(self):
        worker, crate = self.start_here(), self.held("dep")
        self.assert_cancelled(worker, crate, self.send(worker, 1, self.plain(crate)), 1)

    def test_metadata_before_the_metadata(self):
        worker, crate = self.start_here(), self.held("dep")
        self.assert_cancelled(worker, crate, self.send(worker, 1, crate.metadata()), 1)

    def test_full_alone_before_the_metadata(self):
        worker, crate = self.start_here(), self.held("dep")
        self.assert_cancelled(worker, crate, self.send(worker, 1, crate.full()), 1)

    def test_full_alone_after_the_metadata(self):
        worker, crate = self.start_here(), self.held("dep", "metadata m")
        self.assert_cancelled(worker, crate, self.send(worker, 1, crate.full()), 1)

    def test_full_that_joined(self):
        worker, crate = self.start_here(), self.held("dep", "metadata m")
        self.assert_ok(worker.answer(self.send(worker, 1, crate.metadata())))
        crate.restore_metadata("m")
        full = self.send(worker, 2, crate.full())
        worker.barrier()
        self.assert_cancelled(worker, crate, full, 2)

    def test_full_that_waits_for_another_worker(self):
        owner = self.start_here()
        worker, crate = self.start_here(mark=owner.mark), self.held("dep", "metadata m")
        self.assert_ok(owner.answer(self.send(owner, 1, crate.metadata())))
        crate.restore_metadata("m")
        full = self.send(worker, 2, crate.full())
        worker.barrier()
        self.cancel(worker, full, 2)
        self.assertTrue(worker.answer(full).was_cancelled)
        self.assertTrue(alive(crate.reached.wait()), "it is not ours to kill")
        before = self.reuse(2, crate)
        crate.gate.release()
        self.assert_ok(owner.answer(self.send(owner, 1, crate.full())))
        self.assertEqual("late", (self.place(1) / crate.rlib).read_text())
        self.assertEqual(before, self.contents(2))
        self.assertEqual((0, []), worker.finish())

    def test_the_crate_is_compiled_again_in_the_same_root(self):
        """The lease is free when the cancel is answered."""
        worker, crate = self.start_here(), self.held("dep", "print-cwd")
        request = self.send(worker, 1, self.plain(crate))
        crate.reached.wait()
        self.cancel(worker, request, 1)
        self.assertTrue(worker.answer(request).was_cancelled)
        crate.gate.release()
        response = worker.answer(self.send(worker, 1, self.plain(crate)))
        self.assert_ok(response)
        self.assertIn("/0/tree", response.output)


class AnswerSent(Sandboxed):
    """A cancel that comes too late changes nothing. It is answered all the same: Bazel may have dropped
    the answer and would wait for this one for ever."""

    def test_an_answered_metadata_requests_compile_lives_on(self):
        worker, crate = self.start_here(), self.held("dep", "metadata m")
        request = self.send(worker, 1, crate.metadata())
        self.assert_ok(worker.answer(request))
        rustc = crate.reached.wait()
        self.cancel(worker, request, 1)
        self.assertTrue(worker.answer(request).was_cancelled)
        self.assertTrue(alive(rustc))
        crate.gate.release()
        crate.restore_metadata("m")
        self.assert_ok(worker.answer(self.send(worker, 1, crate.full())))
        self.assertEqual("late", (self.place(1) / crate.rlib).read_text())

    def test_a_refused_request(self):
        """Its answer is on the way when the cancel is read."""
        worker = self.start()
        request = Request(arguments=["lib.rs"], sandbox_dir="missing", request_id=7)
        cancel = Request(request_id=7, cancel=True)
        worker.send_raw(worker.wire.encode(request) + worker.wire.encode(cancel))
        self.assert_fails(worker.answer(7), "missing")
        self.assertTrue(worker.answer(7).was_cancelled)
        self.assert_clean_end(worker)

    def test_it_crosses_the_answer(self):
        """Whichever wins: the outputs are what the first answer says."""
        worker = self.start()
        outcomes = set()
        for number in range(1, RACES + 1):
            crate = self.held(f"dep{number}", "metadata m")
            self.assert_ok(worker.ask(**crate.metadata(request_id=1)))
            worker.send(**crate.full(request_id=2))
            crate.reached.wait()
            crate.gate.release()
            worker.cancel(2)
            response = worker.answer(2)
            outcomes.add(response.was_cancelled)
            if response.was_cancelled:
                self.assertFalse(self.workspace.exists(crate.rlib))
            else:
                self.assert_ok(response)
                self.assertEqual("late", self.workspace.read(crate.rlib))
                self.assertTrue(worker.answer(2).was_cancelled)
        print(f"cancelled or not: {sorted(outcomes)}")
        self.assert_clean_end(worker)


class TwoWait(Sandboxed):
    """A compile that another request still waits for lives on; the cancel is answered at once."""

    def two(self, worker, *requests):
        """Sends them with the sandboxes 1, 2; returns their ids."""
        ids = [self.send(worker, number, fields) for number, fields in enumerate(requests, 1)]
        worker.barrier()
        self.assertEqual([], worker.answers)
        return ids

    def assert_other_goes_on(self, worker, crate, ids, cancelled, output, text):
        rustc = crate.reached.wait()
        other = 1 - cancelled
        self.cancel(worker, ids[cancelled], cancelled + 1)
        self.assertTrue(worker.answer(ids[cancelled]).was_cancelled)
        self.assertTrue(alive(rustc))
        before = self.reuse(cancelled + 1, crate)
        crate.gate.release()
        self.assert_ok(worker.answer(ids[other]))
        self.assertEqual(text, (self.place(other + 1) / output).read_text())
        self.assertEqual(before, self.contents(cancelled + 1))
        self.assert_clean_end(worker)

    def with_metadata(self, crate):
        """A full request whose metadata came from a cache."""
        crate.restore_metadata("m")
        return crate.full()

    def metadata_behind_the_gate(self):
        return self.held("dep", after="metadata m")

    def test_the_metadata_request_that_started_it(self):
        worker, crate = self.start_here(), self.metadata_behind_the_gate()
        ids = self.two(worker, crate.metadata(), crate.metadata())
        self.assert_other_goes_on(worker, crate, ids, 0, crate.rmeta, "m")

    def test_the_metadata_request_that_joined(self):
        worker, crate = self.start_here(), self.metadata_behind_the_gate()
        ids = self.two(worker, crate.metadata(), crate.metadata())
        self.assert_other_goes_on(worker, crate, ids, 1, crate.rmeta, "m")

    def test_metadata_while_full_waits(self):
        worker, crate = self.start_here(), self.held("dep", after="metadata m\nlink late")
        ids = self.two(worker, crate.metadata(), self.with_metadata(crate))
        self.assert_other_goes_on(worker, crate, ids, 0, crate.rlib, "late")

    def test_full_while_metadata_waits(self):
        worker, crate = self.start_here(), self.metadata_behind_the_gate()
        ids = self.two(worker, crate.metadata(), crate.full())
        self.assert_other_goes_on(worker, crate, ids, 1, crate.rmeta, "m")

    def test_one_of_two_full_requests(self):
        worker, crate = self.start_here(), self.held("dep", "metadata m")
        ids = self.two(worker, self.with_metadata(crate), self.with_metadata(crate))
        self.assert_other_goes_on(worker, crate, ids, 0, crate.rlib, "late")

    def test_inputs_are_read_after_the_cancel(self):
        """The sandbox from which they were linked is another action's by then."""
        worker = self.start_here()
        crate = self.held("dep", "metadata m", after="copy native.a link")
        self.workspace.write("native.a", "native code")
        crate.more_inputs = ["native.a"]
        ids = self.two(worker, self.with_metadata(crate), self.with_metadata(crate))
        self.assert_other_goes_on(worker, crate, ids, 0, crate.rlib, "native code")

    def test_both(self):
        worker, crate = self.start_here(), self.held("dep")
        ids = self.two(worker, crate.metadata(), crate.full())
        rustc = crate.reached.wait()
        for number, request in enumerate(ids, 1):
            self.assertTrue(alive(rustc))
            self.cancel(worker, request, number)
            self.assertTrue(worker.answer(request).was_cancelled)
        self.assertFalse(alive(rustc), "nobody waits for it")
        crate.gate.release()
        self.assert_clean_end(worker)
        self.assert_nothing_was_written(crate)


class AlreadyDying(Held):
    def send_at_once(self, worker, *requests):
        worker.send_raw(b"".join(worker.wire.encode(request) for request in requests))

    def running(self, worker):
        crate = self.held("dep")
        worker.send(**self.plain(crate, request_id=1))
        return crate, crate.reached.wait()

    def test_cancelled_twice(self):
        worker = self.start()
        crate, _ = self.running(worker)
        cancel = Request(request_id=1, cancel=True)
        self.send_at_once(worker, cancel, cancel, cancel)
        self.assertTrue(worker.answer(1).was_cancelled)
        crate.gate.release()
        self.assert_clean_end(worker)

    def test_the_id_is_used_again(self):
        worker = self.start()
        crate, rustc = self.running(worker)
        other = self.crate("other", "link r")
        self.send_at_once(worker, Request(request_id=1, cancel=True),
                          Request(**self.plain(other, request_id=1)))
        self.assert_ok(worker.answer(1))
        self.assertEqual("r", self.workspace.read(other.rlib))
        self.assertTrue(wait_gone(rustc))
        worker.barrier()  # by then it has seen that, and killed who had left the group
        crate.gate.release()
        self.assert_clean_end(worker)
        self.assert_nothing_was_written(crate)

    def test_a_crate_of_the_same_key_is_asked_for(self):
        """Another request cannot join what is dying."""
        worker, crate = self.start(), self.held("dep", "metadata m")
        self.assert_ok(worker.ask(**crate.metadata(request_id=1)))
        worker.send(**crate.full(request_id=2))
        rustc = crate.reached.wait()
        self.send_at_once(worker, Request(request_id=2, cancel=True),
                          Request(**crate.full(request_id=3)))
        self.assertTrue(worker.answer(2).was_cancelled)
        self.assertFalse(alive(rustc))
        crate.gate.release()
        self.assert_ok(worker.answer(3))
        self.assertEqual("late", self.workspace.read(crate.rlib))
        self.assert_clean_end(worker)

    def test_rustc_dies_at_the_same_time(self):
        """It would be compiled once more."""
        worker = self.start()
        crate, rustc = self.running(worker)
        os.kill(rustc, signal.SIGKILL)
        worker.cancel(1)
        self.assertTrue(worker.answer(1).was_cancelled)
        crate.gate.release()
        self.assert_clean_end(worker)
        self.assertFalse(self.workspace.exists(crate.rlib))


class Ids(Held):
    def test_an_unknown_one_harms_nobody(self):
        worker, crate = self.start(), self.held("dep")
        request = worker.send(**self.plain(crate))
        rustc = crate.reached.wait()
        for unknown in (request + 1, 2**31 - 1, -1):
            worker.cancel(unknown)
            self.assertTrue(worker.answer(unknown).was_cancelled)
        self.assertTrue(alive(rustc))
        crate.gate.release()
        self.assert_ok(worker.answer(request))

    def test_without_ids_a_late_one_has_no_answer(self):
        """Singleplex: Bazel would take it for the next request's."""
        worker, crate = self.start(), self.crate(text="link r")
        self.assert_ok(worker.ask(**self.plain(crate, request_id=0)))
        worker.cancel(0)
        self.assert_clean_end(worker)

    def test_id_0_is_a_request_like_others(self):
        worker, crates = self.start(), [self.held("one"), self.held("two")]
        for request_id, crate in enumerate(crates):
            worker.send(**self.plain(crate, request_id=request_id))
            crate.reached.wait()
        worker.cancel(0)
        self.assertTrue(worker.answer(0).was_cancelled)
        crates[1].gate.release()
        self.assert_ok(worker.answer(1))
        crates[0].gate.release()
        self.assert_ok(worker.ask(**self.plain(crates[0], request_id=0)))
        self.assert_clean_end(worker)

    def test_an_abandoned_request_is_not_cancelled(self):
        """The id is the next build's, and so is the cancel."""
        worker, old, new = self.start(), self.held("old", "metadata m"), self.held("new")
        worker.send(**old.metadata(request_id=1))
        self.assert_ok(worker.answer(1))
        worker.send(**old.full(request_id=1))
        rustc = old.reached.wait()
        worker.send(**self.plain(new, request_id=1))
        newer = new.reached.wait()
        worker.cancel(1)
        self.assertTrue(worker.answer(1).was_cancelled)
        self.assertFalse(alive(newer))
        self.assertTrue(alive(rustc), "the abandoned request's compile is kept for the next build")
        old.gate.release()
        self.assert_ok(worker.ask(**old.full(request_id=1)))
        self.assertEqual("late", self.workspace.read(old.rlib))

    def test_a_cancel_is_known_by_its_mark_alone(self):
        """Whatever else it holds is not run."""
        worker, crate = self.start(), self.crate(text=lines(f"append {self.note()} x", "link r"))
        request = worker.send(**{**self.plain(crate), "cancel": True})
        self.assertTrue(worker.answer(request).was_cancelled)
        self.assert_clean_end(worker)
        self.assertEqual(0, self.runs())


if __name__ == "__main__":
    unittest.main()
