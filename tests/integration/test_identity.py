"""What nobody knows for sure is compiled afresh, and what is not Bazel's own execroot is left alone as
soon as a request is answered (design.md, Exactly)."""

import os
import shutil
import unittest

from held import Held
from processes import wait_gone
from relay import RelayCase
from scripts import lines
from workspace import Library, Program


class Doubtful(RelayCase):
    def versioned(self, version, *between):
        return lines(f"append {self.note()} x", "metadata m", *between,
                     f"link r{version}")

    def assert_no_rustc(self, worker):
        self.assertLessEqual(len(worker.processes()), 1)  # the guardian

    def rlib_in(self, place, crate):
        return (place / crate.rlib).read_text()

    def program(self, script):
        library = Library(self.workspace, "one")
        library.make_metadata()
        library.make_rlib()
        return Program(self.workspace, "app", script, [library])


class AnInputWithoutADigest(Doubtful):
    """As Bazel lists a source directory: its path, and nothing else."""

    def folder(self, text="1"):
        self.workspace.write("data/file", text)
        return [("data", "")]

    def ask_with(self, worker, request, *more):
        request["inputs"] = [*request["inputs"], *more]
        return worker.ask(**request)

    def test_full_compiles_afresh(self):
        worker, crate = self.start(), self.crate(text=lines(
            f"append {self.note()} x", "metadata m", "copy data/file link"))
        self.assert_ok(self.ask_with(worker, crate.metadata(), *self.folder("1")))
        self.assert_ok(self.ask_with(worker, crate.full(), *self.folder("2")))
        self.assertEqual("2", self.workspace.read(crate.rlib))
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)

    def test_rustc_ends_with_its_metadata(self):
        """Nobody can take the rest."""
        worker, gate = self.start(), self.gate()
        crate = self.crate(text=self.versioned(1, f"fifo-wait {gate.path}"))
        self.assert_ok(self.ask_with(worker, crate.metadata(), *self.folder()))
        self.assertEqual("m", self.workspace.read(crate.rmeta))
        self.assert_no_rustc(worker)

    def test_a_failure_is_one(self):
        worker, crate = self.start(), self.crate(text=lines("stderr error: no", "exit 1"))
        self.assert_fails(self.ask_with(worker, crate.metadata(), *self.folder()), "error: no")

    def test_another_process_does_not_find_it(self):
        first, ended = self.start(), self.signal()
        crate = self.crate(text=self.versioned(1, f"fifo-signal {ended.path}"))
        second = self.start(mark=first.mark)
        self.assert_ok(self.ask_with(first, crate.metadata(), *self.folder("1")))
        self.assert_ok(self.ask_with(second, crate.full(), *self.folder("2")))
        self.assertEqual(2, self.runs())

    def test_in_a_sandbox(self):
        crate = self.crate(text=lines(f"append {self.note()} x", "metadata m",
                                      "copy data/file link"))
        worker = self.start(cwd=self.workspace.sandbox(0, [])[0])
        places = []
        for number, request in enumerate((crate.metadata, crate.full), 1):
            fields = request()
            crate.restore_metadata("m")
            fields["inputs"] += self.folder(str(number))
            workdir, inside = self.workspace.sandbox(number, fields["inputs"])
            self.assert_ok(worker.ask(**fields, sandbox_dir=inside))
            places.append(workdir / inside)
        self.assertEqual("2", self.rlib_in(places[1], crate))
        self.assertEqual(2, self.runs())

    def test_a_linked_crate_waits_for_its_libraries(self):
        worker, program = self.start(), self.program(
            lines(f"append {self.note()} x", "link app"))
        self.assert_ok(self.ask_with(worker, program.codegen(), *self.folder()))
        self.assertEqual(0, self.runs())
        self.assert_ok(self.ask_with(worker, program.link(), *self.folder()))
        self.assertEqual("app", self.workspace.read(program.program))


class ARequestWithoutInputs(Doubtful):
    """As NativeLink asks: no inputs, the action's own folder as the sandbox, and that is gone as soon
    as the answer is there."""

    def action(self, number, crate, arguments):
        place = self.workspace.top / "actions" / str(number) / "work"
        for name in (crate.root, *([crate.rmeta] if self.workspace.exists(crate.rmeta) else [])):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.workspace.path(name), place / name)
        for name in (crate.rmeta, crate.rlib):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
        return place, {"arguments": arguments, "sandbox_dir": str(place)}

    def start_foreign(self):
        place = self.workspace.top / "actions"
        place.mkdir()
        return self.start(cwd=place)

    def test_nothing_is_shared(self):
        worker, crate = self.start(), self.crate(text=self.versioned(1))
        self.assert_ok(worker.ask(arguments=crate.metadata_arguments()))
        crate.set_text(self.versioned(2))
        crate.restore_metadata("m")
        self.assert_ok(worker.ask(arguments=crate.full_arguments()))
        self.assertEqual("r2", self.workspace.read(crate.rlib))
        self.assertEqual(2, self.runs())

    def test_it_runs_where_it_says(self):
        worker, crate = self.start_foreign(), self.crate(text=lines("metadata m", "print-cwd",
                                                                    "link r"))
        place, request = self.action(1, crate, crate.link_arguments())
        self.assert_ok(worker.ask(**request), f"cwd: {place}\n")
        self.assertEqual("r", self.rlib_in(place, crate))
        self.assertEqual([], self.workspace.roots())

    def test_one_action_behind_the_other(self):
        """The first one's rustc would go on, and ends with its metadata."""
        worker, gate = self.start_foreign(), self.gate()
        crate = self.crate(text=self.versioned(1, f"fifo-wait {gate.path}"))
        place, request = self.action(1, crate, crate.metadata_arguments())
        self.assert_ok(worker.ask(**request))
        self.assert_no_rustc(worker)
        crate.restore_metadata((place / crate.rmeta).read_bytes())
        shutil.rmtree(place)
        gate.release()
        place, request = self.action(2, crate, crate.full_arguments())
        self.assert_ok(worker.ask(**request))
        self.assertEqual("r1", self.rlib_in(place, crate))
        self.assertEqual(2, self.runs())


class ADirectoryThatIsNotBazels(Held, Doubtful):
    """As Buildfarm asks: inputs with digests, in a directory of its own that is emptied after each
    answer."""

    def setUp(self):
        super().setUp()
        self.place = self.workspace.top / "exec"
        self.place.mkdir()

    def start_here(self, **kwargs):
        return self.start(cwd=self.place, **kwargs)

    def bring(self, fields):
        """Brings the inputs, and makes the folders of the outputs."""
        shutil.copytree(self.workspace.execroot, self.place, dirs_exist_ok=True)
        return fields

    def metadata_of(self, worker, crate):
        """Asks for it, and takes it away with all that is there."""
        self.assert_ok(worker.ask(**self.bring(crate.metadata())))
        crate.restore_metadata((self.place / crate.rmeta).read_bytes())
        for path in self.place.iterdir():
            shutil.rmtree(path)

    def test_metadata_is_answered_when_rustc_has_ended(self):
        worker, gate = self.start_here(), self.gate()
        crate = self.crate(text=self.versioned(1, f"fifo-wait {gate.path}"))
        metadata = worker.send(**self.bring(crate.metadata()))
        worker.barrier()
        self.assertEqual([], worker.answers)
        gate.release()
        self.assert_ok(worker.answer(metadata))
        self.assert_no_rustc(worker)
        self.assertEqual("m", (self.place / crate.rmeta).read_text())

    def test_full_takes_what_was_made(self):
        worker, crate = self.start_here(), self.crate(text=self.versioned(1))
        self.metadata_of(worker, crate)
        self.assert_ok(worker.ask(**self.bring(crate.full())))
        self.assertEqual("r1", self.rlib_in(self.place, crate))
        self.assertEqual(1, self.runs())

    def test_another_version_is_compiled_afresh(self):
        worker, crate = self.start_here(), self.crate(text=self.versioned(1))
        self.metadata_of(worker, crate)
        crate.set_text(self.versioned(2))
        self.assert_ok(worker.ask(**self.bring(crate.full())))
        self.assertEqual("r2", self.rlib_in(self.place, crate))

    def test_nothing_runs_for_a_request_that_was_given_up(self):
        """Its id comes again."""
        worker, crate = self.start_here(), self.held("dep", "metadata m")
        request = self.bring(crate.metadata())
        worker.send(**request, request_id=7)
        rustc = crate.reached.wait()
        other = self.crate("other", lines("metadata m", "link r"))
        self.assert_ok(worker.ask(**self.bring(other.metadata()), request_id=7))
        self.assertTrue(wait_gone(rustc))

    def test_a_linked_crate_waits_for_its_libraries(self):
        worker, program = self.start_here(), self.program(
            lines(f"append {self.note()} x", "link app"))
        self.assert_ok(worker.ask(**self.bring(program.codegen())))
        self.assertTrue((self.place / program.stamp).exists())
        self.assertEqual(0, self.runs())
        self.assert_ok(worker.ask(**self.bring(program.link())))
        self.assertEqual("app", (self.place / program.program).read_text())

    def test_a_sandbox_of_files(self):
        """Inputs with digests, and a folder of each action's own, which is not a folder of links."""
        worker, crate = self.start_here(), self.crate(text=lines("metadata m", "print-cwd", "link r"))
        place = self.place / "action"
        crate.metadata(), crate.full()
        shutil.copytree(self.workspace.execroot, place)
        response = worker.ask(arguments=crate.link_arguments(), inputs=crate.inputs(),
                              sandbox_dir=str(place))
        self.assert_ok(response, f"cwd: {place}\n")
        self.assertEqual("r", self.rlib_in(place, crate))


class TheKeyInAParamFile(Doubtful):
    """That Bazel leaves to the worker: --flagfile=FILE. The key counts wherever it stands."""

    def listed(self, arguments, output, fields):
        name = f"{output}-0.params"
        self.workspace.write(name, "\n".join(arguments) + "\n")
        fields["arguments"] = [f"--flagfile={name}"]
        fields["inputs"] = [*fields["inputs"], self.workspace.input(name)]
        return fields

    def test_both_requests_have_one_root_and_one_compile(self):
        worker = self.start(cwd=self.workspace.sandbox(0, [])[0])
        crate = self.crate(text=self.versioned(1))
        early = self.listed(crate.metadata_arguments(), crate.rmeta, crate.metadata())
        self.assert_ok(worker.ask(**early, sandbox_dir=self.workspace.sandbox(1, early["inputs"])[1]))
        crate.restore_metadata("m")
        late = self.listed(crate.full_arguments(), crate.rlib, crate.full())
        workdir, inside = self.workspace.sandbox(2, late["inputs"])
        self.assert_ok(worker.ask(**late, sandbox_dir=inside))
        self.assertEqual("r1", self.rlib_in(workdir / inside, crate))
        self.assertEqual((1, 1), (self.runs(), len(self.workspace.roots())))


class ASpareRoot(Doubtful):
    """Another compile of the crate holds its usual directory: one that embeds the path has other
    metadata then."""

    def test_the_message_names_it(self):
        gate, reached = self.gate(), self.signal()
        first = self.start(cwd=self.workspace.sandbox(0, [])[0])
        second = self.start(cwd=self.workspace.sandbox(0, [])[0], mark=first.mark)
        place = self.note("place")
        crate = self.crate(text=lines(f"fifo-signal {reached.path}", f"copy {place} metadata",
                                      f"fifo-wait {gate.path}", "link r"))
        place.write_text("of the usual one")
        early = crate.metadata()
        self.assert_ok(first.ask(**early, sandbox_dir=self.workspace.sandbox(1, early["inputs"])[1]))
        usual = os.readlink(f"/proc/{reached.wait()}/cwd")
        crate.restore_metadata("of the usual one")
        place.write_text("of a spare one")
        crate.more = ["-Copt-level=1"]  # not the same compile, so it is not joined
        late = crate.full()
        request = second.send(**late, sandbox_dir=self.workspace.sandbox(2, late["inputs"])[1])
        spare = os.readlink(f"/proc/{reached.wait()}/cwd")
        self.assertNotEqual(usual, spare)
        gate.release()
        response = second.answer(request)
        self.assert_fails(response, "its metadata differs", spare, "--remap-path-prefix")
        self.assertNotIn("macro", response.output)


class StampedCrates(Doubtful):
    """Bazel does not run the early action again when only the volatile status has changed: what that
    says is no part of identity."""

    def stamped(self, *between, stable="USER me\n"):
        self.workspace.write("stable.txt", stable)
        self.workspace.write("volatile.txt", "TIME 1\n")
        self.workspace.write("crate.env", "AT={TIME}\nBY={USER}\n")
        crate = self.crate(text=lines(f"append {self.note()} x", "print-env AT", "print-env BY",
                                      "copy volatile.txt metadata", *between, "link r"))
        crate.more = ["--env-file", "crate.env", "--stable-status-file", "stable.txt",
                      "--volatile-status-file", "volatile.txt"]
        crate.more_inputs = ["crate.env", "stable.txt", "volatile.txt"]
        return crate

    def time_passes(self):
        self.workspace.write("volatile.txt", "TIME 2\n")

    def test_the_running_compile_is_joined(self):
        worker, gate = self.start(), self.gate()
        crate = self.stamped(f"fifo-wait {gate.path}")
        self.assert_ok(worker.ask(**crate.metadata()), "env: AT=1\nenv: BY=me\n")
        self.time_passes()
        full = worker.send(**crate.full())
        gate.release()
        self.assert_ok(worker.answer(full))
        self.assertEqual(1, self.runs())

    def test_in_another_process_too(self):
        first = self.start()
        second, crate = self.start(mark=first.mark), self.stamped()
        self.assert_ok(first.ask(**crate.metadata()))
        self.time_passes()
        self.assert_ok(second.ask(**crate.full()))
        self.assertEqual(1, self.runs())

    def test_when_it_is_gone_the_message_says_what_to_do(self):
        worker, crate = self.start(), self.stamped()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertEqual((0, []), worker.finish())
        self.time_passes()
        response = self.start().ask(**crate.full())
        self.assert_fails(response, "its metadata differs", "--volatile-status-file", "bazel clean")
        self.assertNotIn("macro", response.output)

    def test_what_lasts_is_part_of_it(self):
        worker, crate = self.start(), self.stamped()
        self.assert_ok(worker.ask(**crate.metadata()))
        self.workspace.write("stable.txt", "USER you\n")
        self.assert_ok(worker.ask(**crate.full()), "env: AT=1\nenv: BY=you\n")
        self.assertEqual(2, self.runs())


if __name__ == "__main__":
    unittest.main()
