"""What goes wrong around a worker, and the build after it, which must be right (issue B, Bad days).

See also: rustc killed twice (test_outcomes.py A4), a truncated result (test_across.py)."""

import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import private_mounts
from processes import wait_gone
from relay import RELAY, FAKE_RUSTC, RelayCase
from scripts import lines
from workspace import FUTURE, Crate, Workspace

PAGE = 4096


class BadDay(RelayCase):
    """Crates whose outputs tell their version, sandboxed or not."""

    def script(self, version, *before, between=(), text=None):
        return lines(f"append {self.note()} x", *before, f"metadata m{version}", *between,
                     text or f"link r{version}")

    def held_crate(self, version=1, name="dep"):
        """Its rustc waits behind its metadata."""
        crate = self.crate(name)
        crate.gate, crate.reached = self.gate(f"gate-{name}"), self.signal(f"reached-{name}")
        crate.set_text(self.script(version, between=[f"fifo-signal {crate.reached.path}",
                                                     f"fifo-wait {crate.gate.path}"]))
        return crate

    def finished_crate(self, worker, version=1, name="dep"):
        """Its metadata is answered and its rustc has ended; nobody has taken the rlib."""
        crate, ended = self.crate(name), self.signal(f"ended-{name}")
        crate.set_text(lines(f"append {self.note()} x", f"metadata m{version}", f"link r{version}",
                             f"fifo-signal {ended.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertTrue(wait_gone(ended.wait()))
        worker.barrier()
        worker.barrier()  # the first may have been answered in the same turn of the loop
        return crate

    def kill(self, worker):
        worker.process.kill()
        worker.wait()

    def assert_rlib(self, crate, version=1):
        self.assertEqual(f"r{version}", self.workspace.read(crate.rlib))

    def build_edits(self, worker, crate=None):
        """An edit, both requests, and the outputs are of that edit."""
        crate = crate or self.crate("dep")
        for version in (8, 9):
            crate.set_text(self.script(version))
            self.assert_ok(worker.ask(**crate.metadata()))
            self.assertEqual(f"m{version}", self.workspace.read(crate.rmeta))
            self.assert_ok(worker.ask(**crate.full()))
            self.assert_rlib(crate, version)

    def assert_builds(self, worker, crate=None):
        """It builds again, right, and gives back all it had."""
        self.build_edits(worker, crate)
        self.assert_clean_end(worker)


class Sandboxed(BadDay):
    def setUp(self):
        super().setUp()
        self.workdir, _ = self.workspace.sandbox(0, [])

    def start_here(self, **kwargs):
        return self.start(cwd=self.workdir, **kwargs)

    def send(self, worker, number, fields):
        inside = self.workspace.sandbox(number, fields["inputs"])[1]
        return worker.send(**fields, sandbox_dir=inside)

    def ask(self, worker, number, fields):
        return worker.answer(self.send(worker, number, fields))

    def read(self, number, name):
        return (self.workdir / f"__sandbox/{number}/ws" / name).read_text()

    def build_edits_sandboxed(self, worker, number=1, name="dep"):
        crate = self.crate(name)
        for version in (8, 9):
            crate.set_text(self.script(version))
            self.assert_ok(self.ask(worker, number, crate.metadata()))
            self.assertEqual(f"m{version}", self.read(number, crate.rmeta))
            crate.restore_metadata(f"m{version}")
            self.assert_ok(self.ask(worker, number, crate.full()))
            self.assertEqual(f"r{version}", self.read(number, crate.rlib))

    def assert_builds_sandboxed(self, worker, number=1, name="dep"):
        self.build_edits_sandboxed(worker, number, name)
        self.assert_clean_end(worker)


class TheWorkerIsKilledBetweenMetadataAndFull(Sandboxed):
    def assert_full_alone(self, crate):
        """Compiled afresh: what the dead one had made is not taken."""
        successor = self.start()
        self.assert_ok(successor.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assertEqual(2, self.runs())
        self.assert_builds(successor)

    def test_while_rustc_runs(self):
        worker, crate = self.start(), self.held_crate()
        self.assert_ok(worker.ask(**crate.metadata()))
        rustc = crate.reached.wait()
        self.kill(worker)
        self.assertTrue(wait_gone(rustc))
        crate.gate.release()
        self.assert_full_alone(crate)

    def test_when_rustc_has_ended(self):
        worker = self.start()
        crate = self.finished_crate(worker)
        self.kill(worker)
        self.assert_full_alone(crate)

    def test_while_full_waits(self):
        worker, crate = self.start(), self.held_crate()
        self.assert_ok(worker.ask(**crate.metadata()))
        worker.send(**crate.full())
        worker.barrier()
        self.kill(worker)
        crate.gate.release()
        self.assertEqual([], worker.answers)
        self.assert_full_alone(crate)

    def test_in_a_sandbox(self):
        worker, crate = self.start_here(), self.held_crate()
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        rustc = crate.reached.wait()
        root = os.readlink(f"/proc/{rustc}/cwd")
        self.kill(worker)
        self.assertTrue(wait_gone(rustc))
        crate.gate.release()
        crate.restore_metadata("m1")
        successor = self.start_here()
        full = self.send(successor, 1, crate.full())
        self.assert_ok(successor.answer(full))
        self.assertEqual("r1", self.read(1, crate.rlib))
        self.assertIn("/0/tree", root)
        self.assertEqual([], self.workspace.roots(spare=1), "a spare was needed")
        self.assert_builds_sandboxed(successor)


class RustcIsKilled(Sandboxed):
    """By the kernel, out of memory. It is said, and compiled once more in the same private root."""

    def killed_once(self, *before, after=()):
        crate = self.crate()
        crate.set_text(lines(f"append {self.note()} x", *before,
                             f"once {self.note('killed')} signal 9", *after))
        return crate

    def test_before_the_metadata(self):
        worker = self.start_here()
        crate = self.killed_once(after=["metadata m1", "link r1"])
        response = self.ask(worker, 1, crate.metadata())
        self.assert_ok(response)
        self.assertIn("killed by signal 9", response.output)
        crate.restore_metadata("m1")
        self.assert_ok(self.ask(worker, 2, crate.full()))
        self.assertEqual("r1", self.read(2, crate.rlib))
        self.assertEqual(2, self.runs())
        self.assert_builds_sandboxed(worker)

    def test_after_the_metadata(self):
        worker = self.start_here()
        crate = self.killed_once("metadata m1", after=["link r1"])
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        crate.restore_metadata("m1")
        response = self.ask(worker, 2, crate.full())
        self.assert_ok(response)
        self.assertIn("killed by signal 9", response.output)
        self.assertEqual("r1", self.read(2, crate.rlib))
        self.assertEqual(2, self.runs())
        self.assert_builds_sandboxed(worker)

    def test_from_outside_while_full_waits(self):
        worker, crate = self.start_here(), self.held_crate()
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        crate.restore_metadata("m1")
        full = self.send(worker, 2, crate.full())
        os.kill(crate.reached.wait(), signal.SIGKILL)
        crate.reached.wait()
        crate.gate.release()
        self.assert_ok(worker.answer(full))
        self.assertEqual("r1", self.read(2, crate.rlib))
        self.assert_builds_sandboxed(worker)

    def test_its_links_are_looked_at_again(self):
        """A link may be what was wrong: the next compile makes them anew."""
        worker, crate = self.start_here(), self.crate(text=self.script(1, "exit 101"))
        self.workspace.write("data", "")
        crate.more_inputs = ["data"]
        self.assert_fails(self.ask(worker, 1, crate.metadata()))
        root, = self.workspace.roots()
        before = (root / "data").lstat()
        crate.set_text(self.script(1))
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        after = (root / "data").lstat()
        self.assertNotEqual((before.st_ino, before.st_ctime_ns), (after.st_ino, after.st_ctime_ns))
        self.assert_builds_sandboxed(worker)


class TheDiskIsFull(Sandboxed):
    """On a file system of a few pages; the state directory or the execroot's outputs lie on it."""

    SIZE, LEFT = 256 * PAGE, 16 * PAGE
    MUCH = "x" * (24 * PAGE)  # what rustc writes

    def big_crate(self, *kinds):
        """Its outputs of these kinds do not fit."""
        big = self.note("big")
        big.write_text(self.MUCH)
        return self.crate("big", lines(*(f"copy {big} {kind}" if kind in kinds else f"{kind} small"
                                         for kind in ("metadata", "link"))))

    def fill(self, folder, left):
        """A file system of which only so many bytes are left; `ballast` is what fills it."""
        if not folder.is_mount():
            private_mounts.make_small(self, folder, self.SIZE)
        self.ballast = folder / "ballast"
        info = os.statvfs(folder)
        self.ballast.write_bytes(bytes(info.f_bfree * info.f_bsize - left))

    def small_outputs(self):
        """The outputs are on another file system than the state, so they are copied there."""
        outputs = self.workspace.path("bazel-out")
        self.fill(outputs, self.LEFT)
        return outputs

    def assert_no_half_output(self, crate, outputs):
        self.assertEqual([], [path for path in outputs.rglob("*")
                              if path.is_file() and path.name.startswith(".relay-")])
        self.assertFalse(self.workspace.exists(crate.rlib))

    @private_mounts.needed
    def test_while_the_metadata_is_placed(self):
        outputs, worker, crate = self.small_outputs(), self.start(), self.big_crate("metadata")
        self.assert_fails(worker.ask(**crate.metadata()), crate.rmeta, "no space left")
        self.assertFalse(self.workspace.exists(crate.rmeta))
        self.assert_no_half_output(crate, outputs)
        self.ballast.unlink()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertEqual(self.MUCH, self.workspace.read(crate.rmeta))
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_builds(worker)

    @private_mounts.needed
    def test_while_the_rlib_is_placed(self):
        outputs, worker, crate = self.small_outputs(), self.start(), self.big_crate("link")
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_fails(worker.ask(**crate.full()), crate.rlib, "no space left")
        self.assert_no_half_output(crate, outputs)
        self.ballast.unlink()
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(self.MUCH, self.workspace.read(crate.rlib))
        self.assert_builds(worker)

    @private_mounts.needed
    def test_while_outputs_of_a_plain_request_are_placed(self):
        outputs, worker, crate = self.small_outputs(), self.start(), self.big_crate("link")
        plain = {"arguments": crate.plain_arguments(), "inputs": crate.inputs()}
        self.assert_fails(worker.ask(**plain), crate.rlib, "no space left")
        self.assert_no_half_output(crate, outputs)
        self.ballast.unlink()
        self.assert_ok(worker.ask(**plain))
        self.assertEqual(self.MUCH, self.workspace.read(crate.rlib))
        self.assert_builds(worker)

    @private_mounts.needed
    def test_while_rustc_writes(self):
        self.fill(self.workspace.state, self.LEFT)
        worker, crate = self.start(), self.big_crate("link")
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_fails(worker.ask(**crate.full()), "No space left")
        self.assertFalse(self.workspace.exists(crate.rlib))
        self.ballast.unlink()
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(self.MUCH, self.workspace.read(crate.rlib))
        self.assert_builds(worker)

    @private_mounts.needed
    def test_before_a_compile_starts(self):
        private_mounts.make_small(self, self.workspace.state, f"{self.SIZE},nr_inodes=32")
        worker, crate = self.start(), self.crate(text=self.script(1))
        worker.barrier()
        worker.settle()  # now what the barrier's compile had is removed
        names = []
        try:
            while True:
                names.append(self.workspace.state / f"ballast{len(names)}")
                names[-1].touch()
        except OSError:
            names.pop()
        self.assert_fails(worker.ask(**crate.metadata()), "no space left")
        for name in names:
            name.unlink()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assert_builds(worker)

    @private_mounts.needed
    def test_while_a_private_root_is_filled(self):
        """On the disk: nothing is left to fall back to (in memory: test_links.py)."""
        private_mounts.make_small(self, self.workspace.state, f"{self.SIZE},nr_inodes=40")
        worker = self.start_here(flags=[f"--state-dir={self.workspace.state}"])
        crate = self.crate(text=self.script(1))
        for number in range(60):
            self.workspace.write(f"src/{number}", "x")
        many = [f"src/{number}" for number in range(60)]
        crate.more_inputs = many
        self.assert_fails(self.ask(worker, 1, crate.metadata()), "no space left")
        crate.more_inputs = many[:5]
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        root, = self.workspace.roots()
        self.assertEqual(sorted(["lib.rs", *"01234"]),
                         sorted(path.name for path in root.rglob("*") if path.is_symlink()))
        self.assert_builds_sandboxed(worker)

    @private_mounts.needed
    def test_while_another_worker_waits_for_a_result(self):
        """Without a result it compiles for itself."""
        private_mounts.make_small(self, self.workspace.state, self.SIZE)
        first = self.start()
        second, crate = self.start(mark=first.mark), self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        crate.reached.wait()
        self.fill(self.workspace.state, 0)
        crate.gate.release()
        response = second.answer(full)
        self.assertNotEqual(0, response.exit_code, "there was no room for anything")
        self.assertFalse(self.workspace.exists(crate.rlib))
        self.ballast.unlink()
        self.assert_ok(second.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assertEqual((0, []), first.finish())
        self.assert_builds(second)


class TheStateDirectoryIsDeleted(Sandboxed):
    """Under a live worker, at every moment."""

    def delete(self, below=""):
        while (self.workspace.state / below).exists():  # the worker may be writing there
            shutil.rmtree(self.workspace.state / below, ignore_errors=True)

    def test_before_a_request(self):
        worker = self.start()
        worker.barrier()
        self.delete()
        self.assert_builds(worker)

    def test_before_a_sandboxed_request(self):
        worker = self.start_here()
        crate = self.crate(text=self.script(1))
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        self.delete()
        self.assert_builds_sandboxed(worker)

    def test_with_a_kept_result(self):
        worker = self.start()
        crate = self.finished_crate(worker)
        self.delete()
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assertEqual(2, self.runs())
        self.assert_builds(worker)

    def test_with_a_result_that_another_worker_has(self):
        first = self.start()
        second = self.start(mark=first.mark)
        crate = self.finished_crate(first)
        self.delete()
        self.assert_ok(second.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assertEqual((0, []), first.finish())
        self.assert_builds(second)

    def assert_told_or_right(self, worker, response, crate):
        """rustc had nowhere to write to: it is said, or it was compiled once more."""
        if response.exit_code != 0:
            self.assert_fails(response)
            self.assertFalse(self.workspace.exists(crate.rlib))
            self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate)

    def test_while_rustc_runs_before_its_metadata(self):
        worker, crate = self.start(), self.held_crate()
        gate, reached = self.gate(), self.signal()
        crate.set_text(self.script(1, f"fifo-signal {reached.path}", f"fifo-wait {gate.path}"))
        metadata = worker.send(**crate.metadata())
        reached.wait()
        self.delete()
        gate.release()
        self.assert_fails(worker.answer(metadata))
        self.assertFalse(self.workspace.exists(crate.rmeta))
        self.assert_builds(worker)

    def test_while_rustc_runs_behind_its_metadata(self):
        worker, crate = self.start(), self.held_crate()
        self.assert_ok(worker.ask(**crate.metadata()))
        crate.reached.wait()
        self.delete()
        crate.gate.release()
        self.assert_told_or_right(worker, worker.ask(**crate.full()), crate)
        self.assert_builds(worker)

    def test_while_full_waits(self):
        worker, crate = self.start(), self.held_crate()
        self.assert_ok(worker.ask(**crate.metadata()))
        full = worker.send(**crate.full())
        crate.reached.wait()
        self.delete()
        crate.gate.release()
        self.assert_told_or_right(worker, worker.answer(full), crate)
        self.assert_builds(worker)

    def test_while_another_worker_waits(self):
        first = self.start()
        second, crate = self.start(mark=first.mark), self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        crate.reached.wait()
        self.delete()
        crate.gate.release()
        self.assert_told_or_right(second, second.answer(full), crate)
        self.assertEqual((0, []), first.finish())
        self.assert_builds(second)

    def test_while_a_sandboxed_rustc_runs(self):
        worker, crate = self.start_here(), self.held_crate()
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        crate.reached.wait()
        self.delete()
        crate.gate.release()
        crate.restore_metadata("m1")
        self.ask(worker, 2, crate.full())
        self.assert_builds_sandboxed(worker)

    def test_parts_of_it(self):
        for part in ("1", "1/roots", "1/shared"):
            with self.subTest(part):
                worker = self.start_here()
                crate = self.crate(f"dep{len(part)}", self.script(1))
                self.assert_ok(self.ask(worker, 1, crate.metadata()))
                self.delete(part)
                self.assert_builds_sandboxed(worker, name=crate.name)


class TheStateDirectoryIsReadOnly(Sandboxed):
    def setUp(self):
        super().setUp()
        self.state = self.workspace.state
        if not os.environ.get(private_mounts.INSIDE, "x"):
            private_mounts.make_small(self, self.state, 256 * PAGE)

    def assert_ends(self, worker):
        """What it could not remove is swept by the next one."""
        self.assertEqual((0, []), worker.finish())
        successor = self.start_here()
        successor.barrier()
        self.assert_clean_end(successor)

    @private_mounts.needed
    def test_from_the_start(self):
        """As in linux-sandbox: a temporary directory is taken."""
        private_mounts.make_read_only(self.state)
        self.addCleanup(private_mounts.unmount, self.state)
        worker, crate = self.start(), self.crate(text=self.script(1))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertEqual(1, len(list(self.workspace.tmp.glob("rustc-relay-*"))))
        self.assert_builds(worker, crate)

    @private_mounts.needed
    def test_one_that_was_asked_for(self):
        private_mounts.make_read_only(self.state)
        self.addCleanup(private_mounts.unmount, self.state)
        done = subprocess.run([RELAY, f"--state-dir={self.state}", "--", FAKE_RUSTC,
                               "--persistent_worker"], stdin=subprocess.DEVNULL, check=False,
                              capture_output=True, text=True, cwd=self.workspace.execroot,
                              env={"TMPDIR": str(self.workspace.tmp)})
        self.assertEqual(1, done.returncode)
        self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
        self.assertIn(str(self.state), done.stderr)
        self.assertIn("ead-only", done.stderr)

    @private_mounts.needed
    def test_from_one_request_to_the_next(self):
        worker = self.start()
        kept = self.finished_crate(worker, name="kept")
        private_mounts.make_read_only(self.state)
        crate = self.crate("dep", self.script(1))
        self.assert_fails(worker.ask(**crate.metadata()), "ead-only")
        self.assertFalse(self.workspace.exists(crate.rmeta))
        self.assert_ok(worker.ask(**kept.full()))  # copied, as a link would change the original
        self.assert_rlib(kept)
        private_mounts.unmount(self.state)
        self.build_edits(worker)
        self.assert_ends(worker)

    @private_mounts.needed
    def test_for_a_sandboxed_request(self):
        worker = self.start_here()
        crate = self.crate("dep", self.script(1))
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        private_mounts.make_read_only(self.state)
        crate.set_text(self.script(2))
        self.assert_fails(self.ask(worker, 1, crate.metadata()), "ead-only")
        private_mounts.unmount(self.state)
        self.build_edits_sandboxed(worker)
        self.assert_ends(worker)


class AResultIsBroken(BadDay):
    """What another worker finds of a finished compile is not as it must be: it compiles."""

    def assert_compiled_again(self, spoil):
        first = self.start()
        second = self.start(mark=first.mark)
        crate = self.finished_crate(first)
        directory, = (path.parent for path in self.workspace.state.glob("1/worker-*/*/relay.result"))
        spoil(directory)
        self.assert_ok(second.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assertEqual(2, self.runs())
        first.close_stdin()
        self.assertEqual(0, first.wait())
        self.assert_builds(second)

    def test_an_empty_one(self):
        self.assert_compiled_again(lambda place: (place / "relay.result").write_bytes(b""))

    def test_one_of_another_format(self):
        self.assert_compiled_again(lambda place: (place / "relay.result").write_bytes(b"done\n"))

    def test_a_directory_in_its_place(self):
        def spoil(place):
            (place / "relay.result").unlink()
            (place / "relay.result").mkdir()
        self.assert_compiled_again(spoil)

    def test_its_fifo_is_gone(self):
        self.assert_compiled_again(lambda place: (place / "relay.alive").unlink())

    def test_a_file_in_the_place_of_its_fifo(self):
        def spoil(place):
            (place / "relay.result").unlink()
            (place / "relay.alive").unlink()
            (place / "relay.alive").write_bytes(b"")
        self.assert_compiled_again(spoil)

    def test_its_outputs_are_gone(self):
        def spoil(place):
            for rlib in place.rglob("*.rlib"):
                rlib.unlink()
        self.assert_compiled_again(spoil)


class TwoAtOnce(Sandboxed):
    """Two workers of one output base, or two output bases, on one crate."""

    def both(self, workers, fields):
        ids = [worker.send(**fields) for worker in workers]
        for worker, request in zip(workers, ids):
            self.assert_ok(worker.answer(request))

    def test_two_workers(self):
        first = self.start()
        workers = [first, self.start(mark=first.mark)]
        for version in range(1, 20):
            crate = self.crate(text=self.script(version))
            self.both(workers, crate.metadata())
            self.assertEqual(f"m{version}", self.workspace.read(crate.rmeta))
            self.both(workers, crate.full())
            self.assert_rlib(crate, version)
        self.assertEqual((0, []), first.finish())
        self.assert_builds(workers[1])

    def test_two_sandboxed_workers(self):
        """Each has a private root to itself."""
        first = self.start_here()
        workers = [first, self.start_here(mark=first.mark)]
        crate = self.held_crate()
        roots = set()
        for number, worker in enumerate(workers, 1):
            self.assert_ok(self.ask(worker, number, crate.metadata()))
            roots.add(os.readlink(f"/proc/{crate.reached.wait()}/cwd"))
        self.assertEqual(2, len(roots), roots)
        crate.restore_metadata("m1")
        ids = [self.send(worker, number, crate.full()) for number, worker in enumerate(workers, 1)]
        for worker in workers:
            worker.barrier()
        crate.gate.release()
        for number, (worker, request) in enumerate(zip(workers, ids), 1):
            self.assert_ok(worker.answer(request))
            self.assertEqual("r1", self.read(number, crate.rlib))
        self.assertEqual((0, []), first.finish())
        self.assert_builds_sandboxed(workers[1])

    def test_two_output_bases(self):
        """Two Bazel servers on one set of sources: they know nothing of each other."""
        other = Workspace(self.workspace.top / "other")
        here, there = self.start(), self.start_in(other)
        self.crate()
        other.path("dep").symlink_to(self.workspace.path("dep"))
        for version in (1, 2, 3):
            crate = self.crate(text=self.script(version))
            same = Crate(other, "dep", self.script(version))
            ids = [here.send(**crate.metadata()), there.send(**same.metadata())]
            self.assert_ok(here.answer(ids[0]))
            self.assert_ok(there.answer(ids[1]))
            self.assert_ok(here.ask(**crate.full()))
            self.assert_rlib(crate, version)
            self.assert_ok(there.ask(**same.full()))
            self.assertEqual(f"r{version}", other.read(same.rlib))
        self.assertEqual(6, self.runs())
        self.kill(there)  # and its end is nothing to the other one
        self.assert_builds(here)

    def start_in(self, workspace):
        mine, self.workspace = self.workspace, workspace
        try:
            return self.start()
        finally:
            self.workspace = mine


class TheClockIsSetBack(Sandboxed):
    """All that is there is of the future; nothing of ours asks what time it is."""

    def test_with_a_kept_result(self):
        worker = self.start()
        crate = self.finished_crate(worker)
        self.workspace.age()
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assertEqual(1, self.runs())
        self.workspace.age()
        self.assert_builds(worker)

    def test_while_another_worker_waits(self):
        first = self.start()
        second, crate = self.start(mark=first.mark), self.held_crate()
        self.assert_ok(first.ask(**crate.metadata()))
        full = second.send(**crate.full())
        second.barrier()
        self.workspace.age()
        crate.gate.release()
        self.assert_ok(second.answer(full))
        self.assert_rlib(crate)
        self.assertEqual(1, self.runs())
        self.assertEqual((0, []), first.finish())
        self.assert_builds(second)

    def test_with_the_directories_of_dead_and_living_workers(self):
        """The dead one's are swept, the living one's stay."""
        dead, living, crate = self.start(), self.start(), self.held_crate()
        dead.barrier()
        self.assert_ok(living.ask(**crate.metadata()))
        self.kill(dead)
        self.workspace.age()
        successor = self.start()
        successor.barrier()
        owners = {path.name.split("-")[1] for path in self.workspace.state.glob("1/worker-*")}
        self.assertEqual({str(living.pid), str(successor.pid)}, owners)
        crate.gate.release()
        self.assert_ok(living.ask(**crate.full()))
        self.assert_rlib(crate)
        self.assertEqual((0, []), living.finish())
        self.assert_builds(successor)

    def test_with_a_private_root(self):
        worker, crate = self.start_here(), self.crate(text=self.script(1))
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        root, = self.workspace.roots()
        self.workspace.age()
        crate.restore_metadata("m1")
        self.assert_ok(self.ask(worker, 1, crate.full()))
        crate.set_text(self.script(2))
        self.assert_ok(self.ask(worker, 1, crate.metadata()))
        self.assertEqual("m2", self.read(1, crate.rmeta))
        self.assertNotEqual(FUTURE, root.lstat().st_mtime, "it was not looked at")
        self.assert_builds_sandboxed(worker)

    def test_no_source_asks_for_the_time_of_day(self):
        """But the seal of a folder, which looks for a time that no clock gives, and the stamps of inputs,
        which are compared with one another."""
        source = pathlib.Path(__file__).resolve().parents[2] / "src"
        words = ("CLOCK_REALTIME", "gettimeofday", " time(", "st_mtim", "st_ctim", "st_atim",
                 "uv_fs_utime", "timespec_get")
        asking = [(path.name, word) for path in source.rglob("*.c") for word in words
                  if word in path.read_text() and path.name not in ("link_seal.c", "input_stamps.c")]
        self.assertEqual([], asking)


class AThousandRequestsAreAbandoned(BadDay):
    """Builds that fail leave requests behind without a word, and their ids are used again. A
    thousand in all of these tests."""

    ROUNDS, AT_ONCE, KEPT = 32, 8, 4
    IDS = range(1 << 20, (1 << 20) + AT_ONCE)

    def occupied(self, worker):
        """What it has: descriptors, processes, directories of compiles."""
        return (len(os.listdir(f"/proc/{worker.pid}/fd")), len(worker.processes()),
                len(list(self.workspace.state.glob("1/worker-*/*"))))

    def memory(self, worker):
        for line in pathlib.Path(f"/proc/{worker.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def start_one(self):
        # AddressSanitizer would keep freed memory for long.
        env = {"ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}
        return self.start(flags=[f"--keep-results={self.KEPT}"], env=env)

    def abandon(self, worker, request_of):
        """Rounds of requests of which none is ever waited for; returns the largest figures."""
        most = (0, 0, 0)
        middle = 0
        for number in range(self.ROUNDS):
            for place, request_id in enumerate(self.IDS):
                worker.send(**request_of(number, place), request_id=request_id)
            worker.barrier()
            most = tuple(map(max, most, self.occupied(worker)))
            if number == self.ROUNDS // 2:
                middle = self.memory(worker)
        growth = self.memory(worker) - middle
        print(f"{self._testMethodName}: at most {most[0]} descriptors, {most[1]} processes, "
              f"{most[2]} directories; the second half took {growth // 1024} KiB")
        self.assertLess(growth, 4 * 1024 * 1024)
        return most

    def assert_bounded(self, worker, most, processes):
        self.assertLessEqual(most[1], processes)
        self.assertLessEqual(most[2], processes + self.KEPT)
        self.assertLessEqual(most[0], 30 + 4 * processes)
        self.assert_still_builds(worker)

    def assert_still_builds(self, worker):
        """Of the last round some may be answered yet."""
        self.build_edits(worker)
        self.assertEqual(0, worker.finish()[0])
        self.assertEqual([], worker.processes())
        self.assertEqual([], self.workspace.leftovers())

    def test_plain_ones(self):
        """Nobody can come for them: they are killed."""
        worker, gate = self.start_one(), self.gate()
        crate = self.crate("held", lines(f"fifo-wait {gate.path}", "link r"))
        plain = {"arguments": crate.link_arguments(), "inputs": crate.inputs()}
        most = self.abandon(worker, lambda *_: plain)
        self.assert_bounded(worker, most, 2 * self.AT_ONCE + 2)

    def test_metadata_of_edited_crates(self):
        """Each edit displaces the compile of the one before."""
        worker, gate = self.start_one(), self.gate()

        def request_of(number, place):
            script = lines(f"fifo-wait {gate.path}", f"metadata m{number}")
            return self.crate(f"dep{place}", script).metadata()
        most = self.abandon(worker, request_of)
        self.assert_bounded(worker, most, 2 * self.AT_ONCE + 2)

    def test_full_ones_that_joined(self):
        """The same compile all the time: it is joined and joined again."""
        worker, gate = self.start_one(), self.gate()
        crates = [self.crate(f"dep{number}", lines(f"append {self.note()} x", "metadata m",
                                                   f"fifo-wait {gate.path}", "link r"))
                  for number in range(self.AT_ONCE)]
        for crate in crates:
            self.assert_ok(worker.ask(**crate.metadata()))
        fields = [crate.full() for crate in crates]
        most = self.abandon(worker, lambda _, place: fields[place])
        self.assertEqual(self.AT_ONCE, self.runs())
        gate.release()
        for request_id, crate in zip(self.IDS, crates):
            self.assert_ok(worker.answer(request_id))
            self.assertEqual("r", self.workspace.read(crate.rlib))
        self.assert_bounded(worker, most, self.AT_ONCE + 2)

    def test_metadata_of_ever_new_crates(self):
        """What they made is kept, up to the limit."""
        worker = self.start_one()

        def request_of(number, place):
            return self.crate(f"dep{number}x{place}", lines("metadata m", "link r")).metadata()
        most = self.abandon(worker, request_of)
        self.assertLessEqual(most[2], 6 * self.AT_ONCE)
        self.assert_still_builds(worker)


if __name__ == "__main__":
    private_mounts.enter()
    unittest.main()
