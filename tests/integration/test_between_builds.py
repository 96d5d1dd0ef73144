"""A build is given up, and its rustc goes on. A file is changed while that reads, and changed back
before the next build: the digests are the same again, but what was read in between is not what they
say (README.md, A join needs equal identity)."""

import os
import unittest

from processes import wait_gone
from relay import RelayCase
from scripts import lines
from workspace import Library, Program

DATA = "dep/data.txt"


class BetweenBuilds(RelayCase):
    """A crate whose rustc reads a file late, and may be held before that and behind it."""

    def setUp(self):
        super().setUp()
        self.reading, self.read = self.gate("reading"), self.gate("read")
        self.at_reading, self.at_read = self.signal("at-reading"), self.signal("at-read")

    def dep(self, before=("metadata m1",), reads=f"copy {DATA} link", behind=()):
        self.workspace.write(DATA, "right")
        crate = self.crate(text=lines(
            f"append {self.note()} x", *before,
            f"fifo-signal {self.at_reading.path}", f"fifo-wait {self.reading.path}", reads,
            f"fifo-signal {self.at_read.path}", f"fifo-wait {self.read.path}", *behind))
        crate.more_inputs = [DATA]
        return crate

    def write_again(self, name):
        """As an editor saves it, and as one takes back what he had written."""
        text = self.workspace.read(name)
        self.workspace.write(name, text + "\n")
        self.workspace.write(name, text)

    def let_read(self, text, *workers):
        """rustc reads this, and is held behind it. Then all is as it was before. Returns its pid."""
        self.at_reading.wait()
        for worker in workers:
            worker.pass_time()
        if text != "right":
            self.workspace.write(DATA, text)
        self.reading.release()
        pid = self.at_read.wait()
        if text != "right":
            self.workspace.write(DATA, "right")
        return pid

    def let_end(self, pid, worker):
        self.read.release()
        self.assertTrue(wait_gone(pid))
        worker.barrier()
        worker.barrier()  # the first may have been answered in the same turn of the loop

    def ask_again(self, worker, fields):
        """The request that had this id was given up."""
        request = worker.send(**fields)
        worker.settle()
        self.reading.release()
        self.read.release()
        self.assert_ok(worker.answer(request))

    def assert_right(self, crate, runs):
        self.assertEqual("right", self.workspace.read(crate.rlib))
        self.assertEqual(runs, self.runs())


class WhatIsKept(BetweenBuilds):
    def build(self, text, runs):
        worker, crate = self.start(), self.dep()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.let_end(self.let_read(text, worker), worker)
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_right(crate, runs)
        self.assert_clean_end(worker)

    def test_changed_and_changed_back(self):
        self.build("wrong", runs=2)

    def test_nothing_changed(self):
        self.build("right", runs=1)

    def test_a_failure_is_not_told_either(self):
        worker = self.start()
        crate = self.dep(reads=f"shell grep -q right {DATA}", behind=[f"copy {DATA} link"])
        self.assert_ok(worker.ask(**crate.metadata()))
        pid = self.at_reading.wait()
        worker.pass_time()
        self.workspace.write(DATA, "wrong")
        self.reading.release()
        self.let_end(pid, worker)
        self.workspace.write(DATA, "right")
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_right(crate, runs=2)


class WhatRuns(BetweenBuilds):
    def join(self, worker, crate):
        full = worker.send(**crate.full())
        worker.settle()
        self.read.release()
        self.assert_ok(worker.answer(full))

    def build(self, text, runs):
        worker, crate = self.start(), self.dep()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.let_read(text, worker)
        self.join(worker, crate)
        self.assert_right(crate, runs)
        self.assert_clean_end(worker)

    def test_changed_and_changed_back(self):
        self.build("wrong", runs=2)

    def test_nothing_changed(self):
        self.build("right", runs=1)

    def before_the_metadata(self, text, metadata, runs):
        """The next build gives the id of the request that was given up to its own."""
        worker = self.start()
        crate = self.dep(before=(), reads=f"shell cp {DATA} {self.note('was-read')}",
                         behind=[f"copy {self.note('was-read')} metadata", "link right"])
        worker.send(**crate.metadata(request_id=1))
        self.let_read(text, worker)
        self.ask_again(worker, crate.metadata(request_id=1))
        self.assertEqual(metadata, self.workspace.read(crate.rmeta))
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_right(crate, runs)

    def test_before_the_metadata(self):
        self.before_the_metadata("wrong", "right", runs=2)

    def test_before_the_metadata_nothing_changed(self):
        self.before_the_metadata("right", "right", runs=1)

    def test_a_source_before_the_metadata(self):
        worker, crate = self.start(), self.dep(before=(), behind=["metadata m1"])
        worker.send(**crate.metadata(request_id=1))
        self.at_reading.wait()
        worker.pass_time()
        self.write_again(crate.root)
        self.ask_again(worker, crate.metadata(request_id=1))
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_right(crate, runs=2)

    def test_a_source_behind_the_metadata(self):
        """rustc has read it by then: who edits it while his build runs has done no harm."""
        worker, crate = self.start(), self.dep()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.let_read("right", worker)
        self.write_again(crate.root)
        self.join(worker, crate)
        self.assert_right(crate, runs=1)

    def test_a_source_between_two_starts(self):
        """One that starts again reads it again."""
        worker, dying = self.start(), self.signal("dying")
        crate = self.dep(before=["metadata m1", f"fifo-signal {dying.path}",
                                 f"once {self.note('killed')} signal 9"])
        self.assert_ok(worker.ask(**crate.metadata()))
        worker.pass_time()
        self.reading.release()
        self.let_end(dying.wait(), worker)
        self.write_again(crate.root)
        self.assert_ok(worker.ask(**crate.metadata()), "")
        self.assert_ok(worker.ask(**crate.full()))
        self.assert_right(crate, runs=2)


class ByAnotherWorker(BetweenBuilds):
    def setUp(self):
        super().setUp()
        self.first = self.start()
        self.second = self.start(mark=self.first.mark)

    def running(self, text, runs):
        crate = self.dep()
        self.assert_ok(self.first.ask(**crate.metadata()))
        self.let_read(text, self.first)
        full = self.second.send(**crate.full())
        self.second.settle()
        self.read.release()
        self.assert_ok(self.second.answer(full))
        self.assert_right(crate, runs)
        self.assertEqual((0, []), self.first.finish())
        self.assert_clean_end(self.second)

    def finished(self, text, runs):
        crate = self.dep()
        self.assert_ok(self.first.ask(**crate.metadata()))
        self.let_end(self.let_read(text, self.first), self.first)
        self.assert_ok(self.second.ask(**crate.full()))
        self.assert_right(crate, runs)

    def test_running_changed_and_changed_back(self):
        self.running("wrong", runs=2)

    def test_running_nothing_changed(self):
        self.running("right", runs=1)

    def test_finished_changed_and_changed_back(self):
        self.finished("wrong", runs=2)

    def test_finished_nothing_changed(self):
        self.finished("right", runs=1)


class InASandbox(BetweenBuilds):
    """rustc reads by way of the links of its private root."""

    def build(self, text, runs):
        worker = self.start(cwd=self.workspace.sandbox(0, [])[0])
        crate = self.dep()
        self.ask(worker, 1, crate.metadata())
        self.let_end(self.let_read(text, worker), worker)
        crate.restore_metadata("m1")
        base = self.ask(worker, 2, crate.full())
        self.assertEqual("right", (base / crate.rlib).read_text())
        self.assertEqual(runs, self.runs())
        self.assert_clean_end(worker)

    def ask(self, worker, number, fields):
        workdir, inside = self.workspace.sandbox(number, fields["inputs"])
        self.assert_ok(worker.ask(**fields, sandbox_dir=inside))
        return workdir / inside

    def test_changed_and_changed_back(self):
        self.build("wrong", runs=2)

    def test_nothing_changed(self):
        self.build("right", runs=1)


class WhatBazelDoes(BetweenBuilds):
    """Not every touch is a change."""

    def build(self, name, touch, runs):
        worker, crate = self.start(), self.dep()
        self.workspace.write(name, "made")
        crate.more_inputs.append(name)
        self.assert_ok(worker.ask(**crate.metadata()))
        self.let_read("right", worker)
        touch(name)
        full = worker.send(**crate.full())
        worker.settle()
        self.read.release()
        self.assert_ok(worker.answer(full))
        self.assert_right(crate, runs)

    def test_an_output_is_made_read_only(self):
        self.build("bazel-out/k8-fastbuild/bin/made.txt", self.workspace.seal_outputs, runs=1)

    def test_an_output_is_made_anew(self):
        self.build("bazel-out/k8-fastbuild/bin/made.txt", self.write_again, runs=2)

    def test_a_file_is_changed_in_place_and_its_time_set_back(self):
        def touch(name):
            path = self.workspace.path(name)
            before = path.stat()
            path.write_text("eggs")
            path.write_text("made")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        self.build("dep/more.txt", touch, runs=2)


class AtItsGate(BetweenBuilds):
    def program(self):
        """Its rustc reads a file before it asks for the linker."""
        library = Library(self.workspace, "lower")
        library.make_metadata()
        self.workspace.write(DATA, "right")
        linker = self.workspace.top / "ld.sh"
        linker.write_text('#!/bin/sh\nfor out; do :; done\ncp ' + str(self.note("was-read")) + ' "$out"\n')
        linker.chmod(0o755)
        program = Program(self.workspace, "app", lines(
            f"append {self.note()} x", f"fifo-signal {self.at_reading.path}",
            f"fifo-wait {self.reading.path}", f"shell cp {DATA} {self.note('was-read')}",
            f"fifo-signal {self.at_read.path}", f"fifo-wait {self.read.path}", "linker"),
            [library], linker=str(linker))
        return program, library

    def fields(self, fields):
        fields["inputs"].append(self.workspace.input(DATA))
        return fields

    def build(self, text, runs, edit=None):
        worker = self.start()
        program, library = self.program()
        worker.send(**self.fields(program.codegen(request_id=1)))
        self.let_read(text, worker)
        self.ask_again(worker, self.fields(program.codegen(request_id=1)))
        if edit is not None:
            worker.pass_time()
            edit(program)
        library.make_rlib()
        self.assert_ok(worker.ask(**self.fields(program.link())))
        self.assertEqual("right", self.workspace.read(program.program))
        self.assertEqual(runs, self.runs())

    def test_changed_and_changed_back(self):
        self.build("wrong", runs=2)

    def test_nothing_changed(self):
        self.build("right", runs=1)

    def test_what_only_the_early_request_has(self):
        """Whether its libraries' metadata are still the same is told by what is in them."""
        self.build("right", runs=1, edit=lambda program: program.libraries[0].make_metadata())

    def test_a_source_at_the_gate(self):
        self.build("right", runs=1, edit=lambda program: self.write_again(program.root))


if __name__ == "__main__":
    unittest.main()
