"""So many compiles compute at once as there are jobs, and one more; the others wait for their turn
(reference-failures.md C1). Counted are real processes, not what the worker says of itself."""

import shutil
import unittest

from processes import command_line, wait_gone
from relay import FAKE_RUSTC, RelayCase
from scripts import lines
from workspace import Library, Program

JOBS = 2
AT_ONCE = JOBS + 1
NAME = "--crate-name="


class Turns(RelayCase):
    def start_few(self, jobs=JOBS, **kwargs):
        return self.start(flags=[f"--jobs={jobs}"], **kwargs)

    def held(self, name, *before):
        gate, reached = self.gate(f"gate-{name}"), self.signal(f"reached-{name}")
        crate = self.crate(name, lines(*before, f"fifo-signal {reached.path}",
                                       f"fifo-wait {gate.path}", "link late"))
        crate.gate, crate.reached = gate, reached
        return crate

    def several(self, count, *before):
        return [self.held(f"held{i}", *before) for i in range(count)]

    def send(self, worker, crate):
        return worker.send(arguments=crate.link_arguments(), inputs=crate.inputs())

    def compiling(self, worker):
        """The names of the crates that it has a rustc for."""
        found = []
        for pid in worker.processes():
            try:
                found += [word[len(NAME):] for word in command_line(pid) if word.startswith(NAME)]
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended meanwhile
        return found

    def assert_waits(self, worker, crate):
        worker.settle()
        self.assertNotIn(crate.name, self.compiling(worker))
        self.assertEqual([], worker.answers)


class Libraries(Turns):
    def test_one_more_than_jobs(self):
        worker, crates = self.start_few(), self.several(AT_ONCE + 4)
        ids = [self.send(worker, crate) for crate in crates]
        for crate in crates[:AT_ONCE]:
            crate.reached.wait()
        for number, crate in enumerate(crates):
            waiting = crates[number + AT_ONCE:]
            for one in waiting:
                self.assert_waits(worker, one)
            self.assertEqual(min(AT_ONCE, len(crates) - number), len(self.compiling(worker)))
            crate.gate.release()
            self.assert_ok(worker.answer(ids[number]))
            if waiting:
                waiting[0].reached.wait()  # in the order they came
        self.assert_clean_end(worker)

    def test_who_runs_on_after_an_early_answer_counts(self):
        worker, crates = self.start_few(), self.several(AT_ONCE + 1, "metadata early")
        for crate in crates[:AT_ONCE]:
            self.assert_ok(worker.ask(**crate.metadata()))
        last = worker.send(**crates[-1].metadata())
        self.assert_waits(worker, crates[-1])
        crates[0].gate.release()
        self.assert_ok(worker.answer(last))
        for crate in crates:
            crate.gate.release()
            self.assert_ok(worker.ask(**crate.full()))
        self.assert_clean_end(worker)

    def test_a_cancelled_one_never_starts(self):
        worker, crates = self.start_few(), self.several(AT_ONCE + 2)
        ids = [self.send(worker, crate) for crate in crates]
        cancelled, last = AT_ONCE, AT_ONCE + 1
        self.assert_waits(worker, crates[cancelled])
        worker.cancel(ids[cancelled])
        self.assertTrue(worker.answer(ids[cancelled]).was_cancelled)
        crates[0].gate.release()
        self.assert_ok(worker.answer(ids[0]))
        crates[last].reached.wait()
        for crate in crates:
            crate.gate.release()
        for number in (*range(1, AT_ONCE), last):
            self.assert_ok(worker.answer(ids[number]))
        self.assertFalse(crates[cancelled].reached.reached())
        self.assert_clean_end(worker)

    def test_the_worker_ends_while_some_wait(self):
        worker, crates = self.start_few(), self.several(AT_ONCE + 2)
        for crate in crates:
            self.send(worker, crate)
        for crate in crates[:AT_ONCE]:
            crate.reached.wait()
        self.assert_waits(worker, crates[-1])
        self.assert_clean_end(worker)
        self.assertFalse(any(crate.reached.reached() for crate in crates[AT_ONCE:]))

    def test_one_cannot_be_started_when_its_turn_comes(self):
        tool = self.workspace.top / "rustc"
        shutil.copy(FAKE_RUSTC, tool)
        worker = self.start(str(tool), flags=[f"--jobs={JOBS}"])
        crates = self.several(AT_ONCE + 2)
        ids = [self.send(worker, crate) for crate in crates]
        self.assert_waits(worker, crates[AT_ONCE])
        for crate in crates[:AT_ONCE]:
            crate.reached.wait()
        tool.unlink()
        crates[0].gate.release()
        self.assert_ok(worker.answer(ids[0]))
        for number in (AT_ONCE, AT_ONCE + 1):  # the first one's end is the second one's turn
            self.assert_fails(worker.answer(ids[number]), "cannot start", "rustc",
                              "no such file or directory")
        for crate in crates[1:AT_ONCE]:
            crate.gate.release()
            self.assert_ok(worker.answer(ids[crates.index(crate)]))
        self.assert_clean_end(worker)

    def test_one_that_is_killed_is_followed_by_the_next(self):
        """It is started once more, and its second start waits for its turn, like any other."""
        worker, crates = self.start_few(), self.several(AT_ONCE)
        ids = [self.send(worker, crate) for crate in crates[1:]]
        for crate in crates[1:]:
            crate.reached.wait()
        doomed = self.crate("doomed", lines("signal 9"))
        response = worker.ask(arguments=doomed.link_arguments(), inputs=doomed.inputs())
        self.assert_fails(response)
        for crate, request_id in zip(crates[1:], ids):
            crate.gate.release()
            self.assert_ok(worker.answer(request_id))
        self.assert_clean_end(worker)


class AtTheGate(Turns):
    """Who stands at its gate computes nothing."""

    def setUp(self):
        super().setUp()
        self.cc = self.workspace.top / "cc"
        self.cc.symlink_to("/bin/true")
        self.library = Library(self.workspace, "first")
        self.library.make_metadata()

    def program(self, name):
        return Program(self.workspace, name, lines("linker", "link the program"), [self.library],
                       str(self.cc))

    def all_seats_taken(self, program):
        """The program's rustc stands at its gate, and as many others as may compute."""
        worker, crates = self.start_few(), self.several(AT_ONCE)
        self.assert_ok(worker.ask(**program.codegen()))
        ids = [self.send(worker, crate) for crate in crates]
        for crate in crates:
            crate.reached.wait()
        self.library.make_rlib()
        return worker, crates, ids

    def test_it_does_not_count(self):
        worker, programs = self.start_few(), [self.program(f"app{i}") for i in range(AT_ONCE + 1)]
        for program in programs:
            self.assert_ok(worker.ask(**program.codegen()))
        self.library.make_rlib()
        for program in programs:
            self.assert_ok(worker.ask(**program.link()))
        self.assert_clean_end(worker)

    def test_it_goes_on_in_its_turn(self):
        program = self.program("app")
        worker, crates, ids = self.all_seats_taken(program)
        link, later = worker.send(**program.link()), self.held("later")
        later_id = self.send(worker, later)
        self.assert_waits(worker, later)
        worker.settle()  # the open gate is heard of a turn of the loop later
        said = {path.name for path in self.workspace.state.rglob("gate/*")}
        self.assertIn("open", said)
        self.assertNotIn("passed", said)
        crates[0].gate.release()
        self.assert_ok(worker.answer(ids[0]))
        self.assert_ok(worker.answer(link))  # before the later one, which is not done
        later.reached.wait()
        for crate, request_id in zip([*crates[1:], later], [*ids[1:], later_id]):
            crate.gate.release()
            self.assert_ok(worker.answer(request_id))
        self.assert_clean_end(worker)

    def test_it_is_cancelled_while_it_waits_for_its_turn(self):
        program = self.program("app")
        worker, crates, ids = self.all_seats_taken(program)
        link = worker.send(**program.link())
        worker.settle()
        worker.cancel(link)
        self.assertTrue(worker.answer(link).was_cancelled)
        for crate, request_id in zip(crates, ids):
            crate.gate.release()
            self.assert_ok(worker.answer(request_id))
        self.assertFalse(self.workspace.exists(program.program))
        self.assert_clean_end(worker)


class SeveralWorkers(Turns):
    """All of one output base take turns together."""

    def test_one_waits_for_another(self):
        one, two = self.start_few(jobs=1), self.start_few(jobs=1)
        crates = self.several(4)
        ids = [self.send(one, crate) for crate in crates[:2]]
        for crate in crates[:2]:
            crate.reached.wait()
        others = [self.send(two, crate) for crate in crates[2:]]
        crates[2].reached.wait()  # no worker is held up by others alone
        self.assert_waits(two, crates[3])
        crates[0].gate.release()
        self.assert_ok(one.answer(ids[0]))
        crates[3].reached.wait()
        for crate in crates:
            crate.gate.release()
        self.assert_ok(one.answer(ids[1]))
        for request_id in others:
            self.assert_ok(two.answer(request_id))
        self.assertEqual((0, []), one.finish())
        self.assert_clean_end(two)

    def test_one_is_killed(self):
        one, two = self.start_few(jobs=1), self.start_few(jobs=1)
        crates = self.several(4)
        for crate in crates[:2]:
            self.send(one, crate)
        pids = [crate.reached.wait() for crate in crates[:2]]
        ids = [self.send(two, crate) for crate in crates[2:]]
        crates[2].reached.wait()
        one.process.kill()
        one.process.wait()
        for pid in pids:
            self.assertTrue(wait_gone(pid))
        crates[2].gate.release()
        self.assert_ok(two.answer(ids[0]))
        crates[3].gate.release()
        self.assert_ok(two.answer(ids[1]))
        self.assertEqual((0, []), two.finish())


if __name__ == "__main__":
    unittest.main()
