"""Every end of a worker in every state that it can be in (reference-failures.md B2, bazel-facts.md
34-36): how long it took is printed, nothing of it is left, and its successor builds."""

import signal
import time
import unittest

from held import Held
from processes import alive, wait_gone
from scripts import lines

# The aim is 100 ms; this leaves room for sanitizers on a loaded machine.
PROMPTLY_SECONDS = 1.0
MANY = 10

longest = {}  # state -> (milliseconds, end)


def tearDownModule():
    for state, (milliseconds, end) in sorted(longest.items()):
        print(f"{state:24} at most {milliseconds:4.0f} ms ({end})")


class Ends:
    """All ends of a worker; a class below says what it does when they come."""

    strangers = frozenset()  # processes that look like its own
    others = ()  # workers that live on

    def occupied(self):
        """Returns (worker, crates whose rustc waits at a gate)."""
        raise NotImplementedError

    def check_again(self, crates):
        """What is to be seen when all is over."""

    def release(self, crates):
        """What could still write does so now."""
        for crate in crates:
            crate.gate.release()
            self.assert_nothing_was_written(crate)

    def living(self, worker):
        return sorted(set(worker.processes()) - self.strangers)

    def assert_only(self, *workers):
        """Of the state only these workers' directories and locks are there."""
        if not workers:
            self.assertEqual([], self.workspace.leftovers())
        owners = [path.name.split("-")[1] for path in self.workspace.state.glob("1/worker-*")]
        self.assertEqual(sorted(2 * [str(worker.pid) for worker in workers]), sorted(owners))

    def end(self, name, *actions):
        """The worker is told and ends by itself: at once, with all its processes."""
        worker, crates = self.occupied()
        started = time.monotonic()
        for action in actions:
            action(worker)
        code = worker.wait()
        took = time.monotonic() - started
        self.assertEqual([], self.living(worker), "alive after the worker's exit")
        self.assertEqual(0, code, worker.stderr())
        self.assertLess(took, PROMPTLY_SECONDS)
        state = type(self).__name__
        longest[state] = max(longest.get(state, (0, "")), (took * 1000, name))
        self.assertEqual([], [answer for answer in worker.answers if not answer.was_cancelled])
        self.release(crates)
        self.assert_only(*self.others)
        self.check_again(crates)

    def test_sigterm(self):
        self.end("SIGTERM", lambda worker: worker.process.terminate())

    def test_sigint(self):
        self.end("SIGINT", lambda worker: worker.process.send_signal(signal.SIGINT))

    def test_end_of_input(self):
        self.end("end of input", lambda worker: worker.close_stdin())

    def test_sigterm_and_end_of_input(self):
        self.end("SIGTERM and end of input", lambda worker: worker.process.terminate(),
                 lambda worker: worker.close_stdin())

    def test_end_of_input_and_both_signals(self):
        self.end("end of input and both signals", lambda worker: worker.close_stdin(),
                 lambda worker: worker.process.send_signal(signal.SIGINT),
                 lambda worker: worker.process.terminate())

    def test_sigkill(self):
        """Then the guardian does it; what is on disk goes at the next start."""
        worker, crates = self.occupied()
        before = self.living(worker)
        worker.process.kill()
        worker.wait()
        for pid in before:
            self.assertTrue(wait_gone(pid), f"process {pid} outlived the worker")
        self.release(crates)
        successor = self.start()
        successor.barrier()
        self.assert_only(successor, *self.others)
        self.check_again(crates)
        self.assertEqual((0, []), successor.finish())
        self.assert_only(*self.others)


class Idle(Ends, Held):
    def occupied(self):
        worker = self.start()
        worker.barrier()
        return worker, []


class BeforeMetadata(Ends, Held):
    def occupied(self):
        worker, crate = self.start(), self.held("dep")
        worker.send(**crate.metadata())
        crate.reached.wait()
        return worker, [crate]


class Background(Ends, Held):
    """The metadata is answered, nobody waits, rustc goes on."""

    def occupied(self):
        worker, crate = self.start(), self.held("dep", "metadata m")
        self.assert_ok(worker.ask(**crate.metadata()))
        crate.reached.wait()
        return worker, [crate]

    def check_again(self, crates):
        """The next worker builds the late request alone."""
        worker = self.start()
        self.assert_ok(worker.ask(**crates[0].full()))
        self.assertEqual("late", self.workspace.read(crates[0].rlib))
        self.assertEqual((0, []), worker.finish())


class ManyInBackground(Ends, Held):
    """Each with a child in its group and one that holds its output."""

    def occupied(self):
        worker = self.start()
        crates = []
        for number in range(MANY):
            holder = self.gate(f"holder{number}")
            crates.append(self.held(f"dep{number}", "metadata m",
                                    f"grandchild-hold {holder.path}"))
            self.assert_ok(worker.ask(**crates[-1].metadata()))
        for crate in crates:
            crate.reached.wait()
        self.assertGreaterEqual(len(worker.processes()), 3 * MANY)
        return worker, crates


class Dying(Ends, Held):
    """A cancel has just been read: its group is being killed."""

    def occupied(self):
        worker, crate = self.start(), self.held("dep")
        request = worker.send(**self.plain(crate))
        crate.reached.wait()
        worker.cancel(request)
        return worker, [crate]


class Kept(Ends, Held):
    """A finished compile that nobody has taken."""

    def occupied(self):
        worker, ended = self.start(), self.signal()
        crate = self.crate("dep", lines("metadata m", "link r", f"fifo-signal {ended.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertTrue(wait_gone(ended.wait()))
        worker.barrier()
        return worker, []


class InPrivateRoots(Ends, Held):
    """Sandboxed: roots stay, and they are free."""

    def occupied(self):
        self.crate_ = self.held("dep", "metadata m", "print-cwd")
        self.workdir, inside = self.workspace.sandbox(1, self.crate_.inputs())
        worker = self.start(cwd=self.workdir)
        self.assert_ok(worker.ask(**self.crate_.metadata(), sandbox_dir=inside))
        self.crate_.reached.wait()
        return worker, [self.crate_]

    def check_again(self, crates):
        """The next worker leases the same root, not a spare."""
        crates[0].restore_metadata("m")
        full = crates[0].full()
        _, inside = self.workspace.sandbox(1, full["inputs"])
        worker = self.start(cwd=self.workdir)
        response = worker.ask(**full, sandbox_dir=inside)
        self.assert_ok(response)
        self.assertIn("/0/tree", response.output)
        self.assertEqual((0, []), worker.finish())


class WaitingForAnotherWorker(Ends, Held):
    """A full request has joined a compile of another worker, which goes on."""

    def occupied(self):
        owner, crate = self.start(), self.held("dep", "metadata m")
        self.assert_ok(owner.ask(**crate.metadata()))
        self.rustc = crate.reached.wait()
        self.crate_ = crate
        self.others = [owner]
        self.strangers = {owner.pid, *owner.processes()}
        worker = self.start(mark=owner.mark)
        worker.send(**crate.full())
        worker.barrier()
        return worker, []

    def check_again(self, crates):
        self.assertTrue(alive(self.rustc))
        self.crate_.gate.release()
        owner, = self.others
        self.assert_ok(owner.ask(**self.crate_.full()))
        self.assertEqual("late", self.workspace.read(self.crate_.rlib))


if __name__ == "__main__":
    unittest.main()
