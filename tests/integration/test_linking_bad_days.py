"""What goes wrong around linked crates that wait at their gates, and the build after it, which must be
right (issue C part 7). Deaths of worker, rustc and gate: test_linking.py."""

import os
import shutil
import unittest

import private_mounts
from test_linking import Linking

PAGE = 4096
ROUNDS, AT_ONCE, KEPT = 100, 10, 12
FIRST_ID = 1000  # all others are smaller


class BadDay(Linking):
    def build(self, worker, program=None):
        """Both requests, and the program is right."""
        program = program or self.program(name="after")
        self.assert_ok(worker.ask(**program.codegen()))
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)

    def assert_builds(self, worker, program=None):
        self.build(worker, program)
        self.assert_clean_end(worker)


class TheDiskIsFull(BadDay):
    SIZE = 256 * PAGE

    def fill(self, folder):
        """No byte of its file system is left; returns what fills it."""
        ballast = folder / "ballast"
        info = os.statvfs(folder)
        ballast.write_bytes(bytes(info.f_bfree * info.f_bsize))
        return ballast

    @private_mounts.needed
    def test_while_hollow_rlibs_are_made(self):
        """The early request needs nothing; the late one says what is missing."""
        private_mounts.make_small(self, self.workspace.state, self.SIZE)
        worker, program = self.start(), self.program()
        worker.barrier()
        ballast = self.fill(self.workspace.state)
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.make_rlibs()
        self.assert_fails(worker.ask(**program.link()))
        ballast.unlink()
        self.assert_builds(worker)

    @private_mounts.needed
    def test_while_rlibs_are_put_in_place(self):
        """They lie on another file system, so they are copied; then it goes the ordinary way."""
        private_mounts.make_small(self, self.workspace.state, self.SIZE)
        worker, program = self.start(), self.program()
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.make_rlibs("x" * 8 * PAGE)
        ballast = self.fill(self.workspace.state)
        self.assert_fails(worker.ask(**program.link()))
        ballast.unlink()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program, "x" * 8 * PAGE)
        self.assert_builds(worker)

    @private_mounts.needed
    def test_while_the_stamp_is_written(self):
        outputs = self.workspace.path("bazel-out")
        private_mounts.make_small(self, outputs, f"{self.SIZE},nr_inodes=32")
        self.make_metadata()
        worker, program = self.start(), self.program()
        fields = program.codegen()
        names = []
        try:
            while True:
                names.append(outputs / f"ballast{len(names)}")
                names[-1].touch()
        except OSError:
            names.pop()
        self.assert_fails(worker.ask(**fields), program.stamp, "no space left")
        for name in names:
            name.unlink()
        self.assert_builds(worker, program)


class TheStateDirectoryIsReadOnly(BadDay):
    @private_mounts.needed
    def test_from_the_start(self):
        self.workspace.state.mkdir()
        private_mounts.make_read_only(self.workspace.state)
        self.addCleanup(private_mounts.unmount, self.workspace.state)
        worker = self.start()
        self.build(worker)
        self.assertEqual(1, self.runs())
        self.assertEqual((0, []), worker.finish())


class TheStateDirectoryIsDeleted(BadDay):
    def test_before_the_linker_is_asked_for(self):
        gate = self.gate()
        worker, program = self.start(), self.program(f"fifo-wait {gate.path}", "linker")
        codegen = worker.send(**program.codegen())
        worker.barrier()
        while self.workspace.state.exists():
            shutil.rmtree(self.workspace.state, ignore_errors=True)
        gate.release()
        self.assert_ok(worker.answer(codegen))  # its gate is gone: it does not count
        gate.release()
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.build(worker)
        self.assertEqual((0, []), worker.finish())

    def test_of_hollow_rlibs_that_are_shared(self):
        worker = self.start()
        self.gated(worker, self.program())
        for folder in self.workspace.state.glob("1/worker-*/hollow"):
            shutil.rmtree(folder)
        self.assert_builds(worker)


class FilesAreBroken(BadDay):
    def test_an_rlib_without_code(self):
        """A hollow one reaches the late request: a shared object of it would be linked silently."""
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        hollow = next(self.workspace.state.rglob("deps/0/*.rlib")).read_bytes()
        self.make_rlibs()
        self.workspace.write(self.libraries[0].rlib, hollow)
        worker.ask(**program.link())  # the gate refuses it; what plain rustc does is its affair
        self.assertEqual(2, self.runs())
        self.assert_builds(worker)

    def test_a_truncated_rlib(self):
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        self.make_rlibs()
        whole = self.workspace.read_bytes(self.libraries[0].rlib)
        self.workspace.write(self.libraries[0].rlib, whole[:40])
        self.assert_ok(worker.ask(**program.link()))  # by a linker that joins whatever there is
        self.assertEqual(2, self.runs())
        self.assert_builds(worker)

    def test_metadata_that_is_empty(self):
        worker, program = self.start(), self.program()
        self.workspace.write(self.libraries[0].rmeta, "")
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.make_metadata()
        self.assert_builds(worker)


class TheClockIsSetBack(BadDay):
    def test_while_a_gate_waits(self):
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        self.workspace.age()
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual(1, self.runs())
        self.assert_builds(worker)


class TwoWorkersOnOneProgram(BadDay):
    """Both have a gate for it; each serves its own."""

    def test_at_once(self):
        first = self.start()
        second = self.start(mark=first.mark)
        program = self.program()
        self.gated(first, program)
        self.gated(second, program)
        self.make_rlibs()
        for worker in (first, second):
            self.assert_ok(worker.ask(**program.link()))
            self.assert_program(program)
        self.assertEqual((0, []), first.finish())
        self.assert_builds(second)


class AThousandRequestsAreAbandoned(BadDay):
    """Their ids come again: nobody will be answered."""

    def start_one(self):
        return self.start(flags=[f"--keep-gates={KEPT}"])

    def abandon(self, worker, request_of):
        most = 0
        for number in range(ROUNDS):
            for place in range(AT_ONCE):
                worker.send(**request_of(number, place), request_id=FIRST_ID + place)
            worker.barrier()
            most = max(most, len(worker.processes()))
        return most

    def test_early_ones_of_ever_new_programs(self):
        worker = self.start_one()
        most = self.abandon(worker, lambda number, place: self.program(
            name=f"app{number}x{place}").codegen())
        self.assertLessEqual(most, 2 * KEPT + 2)
        self.build(worker)
        self.assertEqual(0, worker.finish()[0])
        self.assertEqual([], worker.processes())

    def test_early_ones_of_edited_programs(self):
        worker = self.start_one()
        most = self.abandon(worker, lambda number, place: self.program(
            f"stderr {number}", "linker", name=f"app{place}").codegen())
        self.assertLessEqual(most, 4 * KEPT + 2)
        self.build(worker)
        self.assertEqual(0, worker.finish()[0])
        self.assertEqual([], worker.processes())

    def test_late_ones_of_one_program(self):
        gate = self.gate()
        worker, program = self.start_one(), self.program("linker", f"fifo-wait {gate.path}")
        self.gated(worker, program)
        self.make_rlibs()
        fields = program.link()
        most = self.abandon(worker, lambda *_: fields)
        self.assertLessEqual(most, 2 * KEPT + 2)
        gate.release()
        self.assert_ok(worker.answer(FIRST_ID))
        self.assert_program(program)
        self.assertEqual(1, self.runs())
        self.assertEqual(0, worker.finish()[0])
        self.assertEqual([], worker.processes())


if __name__ == "__main__":
    private_mounts.enter()
    unittest.main()
