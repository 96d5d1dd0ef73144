"""What a compile starts and what then leaves its process group, its session and its parents, also its
environment and its open files (README: Nothing survives it)."""

import contextlib
import os
import resource
import signal
import subprocess
import unittest

from held import Held
from processes import MARK, SECONDS, alive, command_line, wait_gone
from relay import FAKE_RUSTC, RELAY
from scripts import lines

HARD = 1_000_000  # microseconds of real-time computing


class Strays(Held):
    def stray(self, name):
        """The command that starts one, which tells its pid through the signal."""
        born = self.signal(f"stray-{name}-is-born")
        return born, ("shell env -i setsid -f sh -c "
                      f"'echo $$ > {born.path}; exec sleep 1000' <&- >&- 2>&-")

    def await_birth(self, born):
        pid = born.wait()
        self.addCleanup(self.kill_if_alive, pid)
        return pid

    @staticmethod
    def kill_if_alive(pid):
        """Of a test that failed."""
        if alive(pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def held_with_stray(self, name, *before):
        born, command = self.stray(name)
        crate = self.held(name, command, *before)
        crate.born = born
        return crate

    def born(self, crate):
        """The stray's pid, when rustc is at its gate and the stray what it wants to be."""
        crate.reached.wait()
        return self.await_birth(crate.born)

    def guardian(self, worker):
        for pid in worker.processes():
            with open(f"/proc/{pid}/comm", encoding="ascii") as name:
                if name.read() == "relay-guardian\n":
                    return pid
        raise AssertionError("there is no guardian")


class AGrandchildThatCalledSetsid(Strays):
    """It belongs to its compile."""

    def running(self, worker):
        crate = self.held_with_stray("dep")
        request = worker.send(**self.plain(crate))
        return crate, request, self.born(crate)

    def test_is_told_by_nothing_that_it_can_change(self):
        worker = self.start()
        _, _, stray = self.running(worker)
        self.assertNotIn(stray, worker.processes(), "it has kept its environment")
        self.assertEqual(os.getsid(stray), os.getpgid(stray))
        self.assertNotEqual(worker.pid, os.getsid(stray))
        with open(f"/proc/{stray}/stat", encoding="ascii") as stat:
            self.assertEqual(str(worker.pid), stat.read().split()[3], "an orphan is the worker's")

    def test_is_dead_when_the_cancel_is_answered(self):
        worker = self.start()
        crate, request, stray = self.running(worker)
        worker.cancel(request)
        self.assertTrue(worker.answer(request).was_cancelled)
        self.assertFalse(alive(stray))
        crate.gate.release()
        self.assert_clean_end(worker)
        self.assert_nothing_was_written(crate)

    def test_is_dead_when_its_rustc_was_killed(self):
        """By whomever: the compile is tried once more, and of the first try nothing is left."""
        worker = self.start()
        born, command = self.stray("dep")
        first = self.workspace.top / "first"
        gate = self.gate()
        crate = self.crate("dep", lines(
            f"once {first} {command}", f"once {first}-wait fifo-wait {gate.path}",
            f"once {first}-end signal 9", "link whole"))
        request = worker.send(**self.plain(crate))
        stray = self.await_birth(born)
        gate.release()
        self.assert_ok(worker.answer(request))
        self.assertFalse(alive(stray))
        self.assertEqual("whole", self.workspace.read(crate.rlib))

    def test_of_another_compile_is_left_alone(self):
        worker = self.start()
        dead, other = self.held_with_stray("dead"), self.held_with_stray("other")
        ids = [worker.send(**self.plain(crate)) for crate in (dead, other)]
        strays = [self.born(crate) for crate in (dead, other)]
        worker.cancel(ids[0])
        self.assertTrue(worker.answer(ids[0]).was_cancelled)
        self.assertEqual([False, True], [alive(stray) for stray in strays])
        other.gate.release()
        self.assert_ok(worker.answer(ids[1]))

    def test_many_cancelled_at_once(self):
        worker = self.start()
        crates = [self.held_with_stray(f"dep{number}") for number in range(10)]
        ids = [worker.send(**self.plain(crate)) for crate in crates]
        strays = [self.born(crate) for crate in crates]
        for request in ids:
            worker.cancel(request)
        for request, stray in zip(ids, strays):
            self.assertTrue(worker.answer(request).was_cancelled)
            self.assertFalse(alive(stray))


class TheWorkersEnd(Strays):
    """Also of what a compile that ended well has left running in the background."""

    def occupied(self):
        """A worker, a stray of a rustc that runs and one of a rustc that has ended."""
        worker = self.start()
        running, ended = self.held_with_stray("running"), self.held_with_stray("ended")
        worker.send(**self.plain(running))
        request = worker.send(**self.plain(ended))
        strays = [self.born(running), self.born(ended)]
        ended.gate.release()
        self.assert_ok(worker.answer(request))
        self.assertEqual([True, True], [alive(stray) for stray in strays])
        return worker, strays

    def assert_over(self, worker, strays):
        worker.wait()
        self.assertEqual([], [stray for stray in strays if alive(stray)])
        self.assertEqual([], worker.processes())

    def test_sigterm(self):
        worker, strays = self.occupied()
        worker.process.terminate()
        self.assert_over(worker, strays)

    def test_end_of_input(self):
        worker, strays = self.occupied()
        worker.close_stdin()
        self.assert_over(worker, strays)

    def test_sigkill(self):
        worker, strays = self.occupied()
        rest = worker.processes()
        worker.process.kill()
        for pid in [*strays, *rest]:
            self.assertTrue(wait_gone(pid), f"process {pid} outlived the worker")

    def test_the_guardian_was_killed_before(self):
        worker, strays = self.occupied()
        os.kill(self.guardian(worker), signal.SIGKILL)
        worker.process.terminate()
        self.assert_over(worker, strays)

    def test_the_guardian_is_killed_too(self):
        """The limit that the README names: then only rustc itself dies."""
        worker, strays = self.occupied()
        rustc = next(pid for pid in worker.processes()
                     if pid != os.getsid(worker.pid) and os.getsid(pid) == pid
                     and command_line(pid)[0] == FAKE_RUSTC)
        os.kill(self.guardian(worker), signal.SIGKILL)
        worker.process.kill()
        self.assertTrue(wait_gone(rustc))
        self.assertEqual([True, True], [alive(stray) for stray in strays])


class AHardLimit(Strays):
    """Where nobody can be told by a limit of his own: the group is killed all the same, and at the
    worker's end everybody."""

    def test_is_said_and_worked_with(self):
        worker = self.start(preexec=lambda: resource.setrlimit(resource.RLIMIT_RTTIME, (HARD, HARD)))
        crate = self.held_with_stray("dep")
        request = worker.send(**self.plain(crate))
        rustc, stray = crate.reached.wait(), self.await_birth(crate.born)
        worker.cancel(request)
        self.assertTrue(worker.answer(request).was_cancelled)
        self.assertFalse(alive(rustc))
        self.assertIn("hard limit", worker.stderr())
        self.assertEqual((0, []), worker.finish())
        self.assertFalse(alive(stray))


class AOneShotRunsEnd(Strays):
    def running(self):
        crate = self.held_with_stray("dep")
        process = subprocess.Popen(
            [RELAY, "--", FAKE_RUSTC, *crate.link_arguments()], cwd=self.workspace.execroot,
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={"TMPDIR": str(self.workspace.tmp), MARK: "one-shot"})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, self.born(crate)

    def test_sigterm(self):
        process, stray = self.running()
        process.terminate()
        self.assertNotEqual(0, process.wait(SECONDS))
        self.assertFalse(alive(stray))

    def test_sigkill(self):
        process, stray = self.running()
        process.kill()
        self.assertTrue(wait_gone(stray))


if __name__ == "__main__":
    unittest.main()
