"""Several worker processes on one output base: the pipeline table on disk (design.md, Across
processes). A full request that reaches another process than its metadata request takes the compile
over all the same."""

import os
import select
import signal
import threading
import unittest

from processes import SECONDS
from relay import RelayCase, real_rustc
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


    def wait_for_result(self):
        """The only compile's directory, when it has ended and others may have it: its FIFO says so, to
        a reader that has seen a writer."""
        alive, = self.workspace.state.glob("1/worker-*/*/relay.alive")
        reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        os.close(os.open(alive, os.O_WRONLY))
        self.assertTrue(select.select([reader], [], [], SECONDS)[0])
        return alive.parent


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

    def test_other_metadata_than_any_of_its_requests_was_given(self):
        """Also when a younger one, which wants the metadata themselves, has been given none."""
        first, second = self.two_workers()
        gate = self.gate()
        undeclared = self.note("undeclared")
        crate = self.crate(text=lines(f"append {self.note()} x", f"copy {undeclared} metadata",
                                      f"fifo-wait {gate.path}", "link r1"))
        undeclared.write_text("m1")
        self.assert_ok(first.ask(**crate.metadata()))
        undeclared.write_text("m2")
        crate.restore_metadata("m2")
        full = second.send(**crate.full())
        again = crate.metadata_arguments() + [f"--emit=metadata={crate.out_dir}/again.rmeta"]
        metadata = second.send(arguments=again, inputs=crate.inputs())
        second.barrier()
        gate.release()
        for request in (full, metadata):
            self.assert_ok(second.answer(request))
        self.assert_rlib(crate)
        self.assertEqual("m2", self.workspace.read(f"{crate.out_dir}/again.rmeta"))
        self.assertEqual(2, self.runs())

    def test_nor_what_the_other_one_said_then(self):
        """Its own rustc says it, in its order."""
        first, second = self.two_workers()
        gate = self.gate()
        undeclared = self.note("undeclared")
        crate = self.crate(text=lines("stderr early", f"copy {undeclared} metadata",
                                      f"fifo-wait {gate.path}", "stderr late", "link r1"))
        undeclared.write_text("m1")
        self.assert_ok(first.ask(**crate.metadata()), "early\n")
        undeclared.write_text("m2")
        crate.restore_metadata("m2")
        full = second.send(**crate.full())
        second.barrier()
        gate.release()
        gate.release()
        self.assert_ok(second.answer(full), "early\nlate\n")

    def test_a_truncated_result(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        gate.release()
        result = self.wait_for_result() / "relay.result"
        result.write_bytes(result.read_bytes()[:-1])
        gate.release()
        self.full_in(second, crate)
        self.assertEqual(2, self.runs())


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

    def test_it_is_ended_while_another_waits(self):
        first, second = self.two_workers()
        gate, crate = self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        self.assertEqual((0, []), first.finish())
        gate.release()
        self.assert_ok(second.answer(full))
        self.assert_rlib(crate)
        self.assertEqual(2, self.runs())
        self.assert_clean_end(second)

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


def declare_dep_info(crate, path):
    """Of several --emit of a kind, rustc takes the last."""
    full_arguments = crate.full_arguments
    crate.full_arguments = lambda: [*full_arguments(), f"--emit=dep-info={path}"]


class WhatWasToldThere(Across):
    def test_is_not_told_again(self):
        """A macro's output; the owner dies, and the other one compiles again."""
        first, second = self.two_workers()
        gate = self.gate()
        crate = self.crate(text=self.script(f"once {self.note('held')} fifo-wait {gate.path}",
                                            "stdout two")
                           .replace("metadata m1", "stdout one\nmetadata m1"))
        early = first.ask(**crate.metadata())
        self.assert_ok(early)
        full = second.send(**crate.full())
        second.barrier()
        first.process.kill()
        late = second.answer(full)
        self.assert_ok(late)
        self.assertEqual("one\ntwo\n", early.output + late.output)
        self.assertEqual(2, self.runs())


class ATakeoverIsClaimed(Across):
    """Whoever takes a finished compile has it for himself from one rename on. Here it is held in the
    middle of placing what was made: its dep-info file has become a FIFO."""

    def setUp(self):
        super().setUp()
        self.first, self.second = self.two_workers()
        self.dep = self.crate(text=lines(f"append {self.note()} x", "dep-info d", "metadata m1",
                                         "link r1"))
        self.dep_info = f"{self.dep.out_dir}/dep.d"
        declare_dep_info(self.dep, self.dep_info)
        self.assert_ok(self.first.ask(**self.dep.metadata()))
        self.fifo, = self.wait_for_result().glob("*.d")

    def hold_full(self, worker):
        """Returns the request's id, when it is held, and the FIFO's other end."""
        self.fifo.unlink()
        os.mkfifo(self.fifo)
        fifo = os.open(self.fifo, os.O_PATH)  # it may move
        self.addCleanup(os.close, fifo)
        request = worker.send(**self.dep.full())
        writers = []
        opening = threading.Thread(
            target=lambda: writers.append(open(f"/proc/self/fd/{fifo}", "wb")), daemon=True)
        opening.start()
        opening.join(SECONDS)
        self.assertEqual(1, len(writers), "nobody reads what was made")
        return request, writers[0]

    def assert_taken(self, worker, held, runs):
        request, writer = held
        self.workspace.delete_outputs(self.dep.rlib)
        writer.write(b"made")
        writer.close()
        self.assert_ok(worker.answer(request))
        self.assert_rlib(self.dep)
        self.assertEqual("made", self.workspace.read(self.dep_info))
        self.assertEqual(runs, self.runs())

    def test_its_owner_ends_meanwhile(self):
        held = self.hold_full(self.second)
        self.assertEqual((0, []), self.first.finish())
        self.assert_taken(self.second, held, 1)
        self.assert_clean_end(self.second)

    def test_its_owner_has_died_and_a_third_one_sweeps(self):
        held = self.hold_full(self.second)
        self.first.process.kill()
        self.first.process.wait()
        third = self.start(mark=self.first.mark)
        third.barrier()
        self.assert_taken(self.second, held, 1)

    def test_its_owner_wants_it_too(self):
        held = self.hold_full(self.second)
        self.full_in(self.first, self.dep)
        self.assert_taken(self.second, held, 2)

    def test_its_owner_was_faster(self):
        held = self.hold_full(self.first)
        self.full_in(self.second, self.dep)
        self.assert_taken(self.first, held, 2)
        self.assertEqual((0, []), self.second.finish())
        self.assert_clean_end(self.first)

    def test_a_third_one_wants_it_too(self):
        third = self.start(mark=self.first.mark)
        held = self.hold_full(self.second)
        self.full_in(third, self.dep)
        self.assert_taken(self.second, held, 2)

    def test_its_owner_has_ended_before(self):
        self.assertEqual((0, []), self.first.finish())
        self.full_in(self.second, self.dep)
        self.assertEqual(2, self.runs())

    def test_what_was_swept_before(self):
        self.first.process.kill()
        self.first.process.wait()
        self.start(mark=self.first.mark).barrier()
        self.full_in(self.second, self.dep)
        self.assertEqual(2, self.runs())


class ItsFilesHaveMoved(RelayCase):
    def test_dep_info_is_that_of_a_plain_run(self):
        texts = []
        for name, workers in (("one", 1), ("two", 2)):
            crate = self.crate(name, "pub fn f() {}\n")
            declare_dep_info(crate, f"{crate.out_dir}/{name}.d")
            started = [self.start(real_rustc())]
            self.assert_ok(started[0].ask(**crate.metadata()))
            if workers > 1:
                started.append(self.start(real_rustc(), mark=started[0].mark))
            self.assert_ok(started[-1].ask(**crate.full()))
            texts.append(self.workspace.read(f"{crate.out_dir}/{name}.d").replace(name, "it"))
        self.assertIn("it/lib.rs", texts[0])
        self.assertEqual(*texts)


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
