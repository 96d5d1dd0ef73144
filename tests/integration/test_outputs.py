"""What is written where (reference-failures.md A5 A7 C3 C4, bazel-facts.md B)."""

import json
import os
import pathlib
import unittest

from processes import command_line, wait_gone
from relay import RelayCase
from scripts import emits, lines


class A5_OnlyDeclaredOutputs(RelayCase):
    def test_nothing_undeclared_is_left_behind(self):
        worker = self.start()
        crate = self.crate(text=lines("dep-info d", "metadata m", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assertEqual(sorted([crate.root, crate.rmeta]), self.workspace.files())
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(sorted([crate.root, crate.rmeta, crate.rlib]), self.workspace.files())

    def test_a_build_after_an_edit_replaces_sealed_outputs(self):
        worker, crate = self.start(), self.crate()
        for version in ("1", "2"):
            crate.set_text(lines("dep-info d", f"metadata m{version}", f"link r{version}"))
            metadata, full = crate.metadata(), crate.full()
            self.assert_ok(worker.ask(**metadata))
            self.assert_ok(worker.ask(**full))
            self.assertEqual(f"m{version}r{version}", self.workspace.read(crate.rmeta) +
                             self.workspace.read(crate.rlib))
            self.workspace.seal_outputs(crate.rmeta, crate.rlib)

    def test_sealed_outputs_that_nobody_deleted(self):
        worker, crate = self.start(), self.crate()
        for version in ("1", "2"):
            crate.set_text(lines(f"metadata m{version}", f"link r{version}"))
            inputs = crate.inputs()
            self.assert_ok(worker.ask(arguments=crate.metadata_arguments(), inputs=inputs))
            self.assert_ok(worker.ask(arguments=crate.full_arguments(), inputs=inputs))
            self.assertEqual(f"r{version}", self.workspace.read(crate.rlib))
            self.workspace.seal_outputs(crate.rmeta, crate.rlib)

    def test_a_link_at_the_place_is_replaced_not_followed(self):
        worker, crate = self.start(), self.crate(text=lines("metadata m", "link r"))
        target = self.workspace.write("precious", "precious")
        crate.restore_metadata("m")
        full = crate.full()
        self.workspace.path(crate.rlib).symlink_to(target)
        self.assert_ok(worker.ask(**full))
        self.assertEqual("precious", target.read_text())
        self.assertEqual("r", self.workspace.read(crate.rlib))


class C3_PlacedByRenameOrLink(RelayCase):
    def test_the_file_that_rustc_wrote_is_the_file_that_is_placed(self):
        worker = self.start()
        gate, reached = self.gate(), self.signal()
        crate = self.crate(text=lines("metadata m", "link r", f"fifo-signal {reached.path}",
                                      f"fifo-wait {gate.path}"))
        self.assert_ok(worker.ask(**crate.metadata()))
        rustc = reached.wait()
        cwd = pathlib.Path(os.readlink(f"/proc/{rustc}/cwd"))
        written = {kind: (cwd / path).stat() for kind, path in emits(command_line(rustc)).items()
                   if kind in ("metadata", "link")}
        gate.release()
        self.assert_ok(worker.ask(**crate.full()))
        for kind, place in (("metadata", crate.rmeta), ("link", crate.rlib)):
            placed = self.workspace.path(place).lstat()
            self.assertEqual(written[kind].st_ino, placed.st_ino, f"{kind} was copied")

    def test_across_filesystems_it_is_copied(self):
        elsewhere = pathlib.Path("/dev/shm")
        if not elsewhere.is_dir() or elsewhere.stat().st_dev == self.workspace.top.stat().st_dev:
            self.skipTest("no second filesystem here")
        state = elsewhere / f"relay-test-{os.getpid()}"
        self.addCleanup(lambda: state.exists() and os.system(f"rm -rf '{state}'"))
        worker = self.start(flags=[f"--state-dir={state}"])
        crate = self.crate(text=lines("metadata m", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual("mr", self.workspace.read(crate.rmeta) + self.workspace.read(crate.rlib))


class C4_NeighboursAreNotTouched(RelayCase):
    def test_mode_and_times_stay(self):
        worker, crate = self.start(), self.crate(text=lines("metadata m", "link r"))
        neighbours = [self.workspace.write(f"{folder}/neighbour{number}", "n")
                      for folder in (crate.out_dir, f"{crate.out_dir}/_pipeline")
                      for number in range(3)]
        for path in neighbours:
            path.chmod(0o444)
        before = [self.facts(path) for path in neighbours]
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual(before, [self.facts(path) for path in neighbours])

    @staticmethod
    def facts(path):
        info = path.stat()
        return info.st_mode, info.st_ino, info.st_mtime_ns, info.st_ctime_ns


class PlainRequests(RelayCase):
    """Without a stage flag: everything rustc was asked for."""

    def test_all_outputs_are_there(self):
        worker, crate = self.start(), self.crate(text=lines("dep-info d", "metadata m", "link r"))
        self.assert_ok(worker.ask(arguments=crate.plain_arguments(), inputs=crate.inputs()))
        self.assertEqual("mr", self.workspace.read(crate.rmeta) + self.workspace.read(crate.rlib))
        self.assertTrue(self.workspace.exists(f"{crate.out_dir}/dep-77.d"), self.workspace.files())

    def test_each_is_compiled_by_itself(self):
        worker = self.start()
        crate = self.crate(text=lines(f"append {self.note()} x", "metadata m", "link r"))
        for _ in range(2):
            self.assert_ok(worker.ask(arguments=crate.plain_arguments(), inputs=crate.inputs()))
        self.assertEqual(2, self.runs())


class AllOrNothing(RelayCase):
    """A failing answer leaves none of its outputs, and nothing of others is touched."""

    def test_an_output_that_cannot_be_placed(self):
        worker, crate = self.start(), self.crate(text=lines("dep-info d", "metadata m", "link r"))
        precious = self.workspace.write(f"{crate.rmeta}/precious", "precious")
        arguments = [*crate.plain_arguments(), f"--emit=link={crate.rlib}"]  # placed before that
        self.assert_fails(worker.ask(arguments=arguments, inputs=crate.inputs()),
                          "cannot place", crate.rmeta)
        self.assertEqual(sorted([crate.root, f"{crate.rmeta}/precious"]), self.workspace.files())
        self.assertEqual("precious", precious.read_text())

    def test_an_output_that_rustc_did_not_write(self):
        worker, crate = self.start(), self.crate(text=lines("dep-info d", "link r"))
        self.assert_fails(worker.ask(arguments=crate.plain_arguments(), inputs=crate.inputs()),
                          "crate dep", "exited with code 0 and did not write", crate.rmeta)
        self.assertEqual([crate.root], self.workspace.files())


class InPlace(RelayCase):
    """What must write where its arguments say is alone there."""

    def ask(self, script, name="app", more=(), **fields):
        self.workspace.write(f"{name}.rs", script)
        return {"arguments": [f"{name}.rs", f"--crate-name={name}", "-Crpath",
                              f"--emit=link=out/{name}", *more],
                "inputs": [self.workspace.input(f"{name}.rs")], **fields}

    def start_traced(self):
        self.trace_file = self.workspace.top / "trace.json"
        return self.start(flags=[f"--trace={self.trace_file}"])

    def compiles(self):
        """"b" and "e" for each begin and end of a process, in their order."""
        return "".join(event["ph"] for event in json.loads(self.trace_file.read_text())
                       if event["name"] == "compile" and event["ph"] in "be")

    def test_the_next_one_waits_for_the_death_of_an_abandoned_one(self):
        worker, gate, reached = self.start_traced(), self.gate(), self.signal()
        self.workspace.path("out").mkdir()
        worker.send(**self.ask(lines(f"fifo-signal {reached.path}", f"fifo-wait {gate.path}",
                                     "link old"), request_id=7))
        reached.wait()
        self.assert_ok(worker.ask(**self.ask(lines("link new"), request_id=7)))
        self.assertEqual("new", self.workspace.read("out/app"))
        self.assert_clean_end(worker)
        self.assertEqual("bebe", self.compiles())

    def test_one_that_waits_is_cancelled(self):
        worker, gate, reached = self.start_traced(), self.gate(), self.signal()
        worker.send(**self.ask(lines(f"fifo-signal {reached.path}", f"fifo-wait {gate.path}"),
                               request_id=7))
        reached.wait()
        worker.send(**self.ask(lines(f"append {self.note()} x", f"fifo-wait {gate.path}"),
                               request_id=7))
        worker.cancel(7)
        self.assertTrue(worker.answer(7).was_cancelled)
        self.assert_clean_end(worker)

    def test_others_do_not_wait_for_each_other(self):
        worker, gate = self.start(), self.gate()
        signals = [self.signal(name) for name in ("one", "two")]
        requests = [worker.send(**self.ask(lines(f"fifo-signal {reached.path}",
                                                 f"fifo-wait {gate.path}"), name))
                    for name, reached in zip(("one", "two"), signals)]
        for reached in signals:
            reached.wait()
        gate.release()
        for request in requests:
            self.assert_ok(worker.answer(request))

    def test_nobody_joins_it(self):
        worker = self.start()
        self.workspace.path("out").mkdir()
        request = self.ask(lines(f"append {self.note()} x", "link r"),
                           more=["--pipelining-link", "--pipelining-key=app"])
        for _ in range(2):
            self.assert_ok(worker.ask(**request))
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)


class B_TheSandboxIsReused(RelayCase):
    """bazel-facts.md B: a multiplex sandbox belongs to somebody else as soon as we answer."""

    def start_sandboxed(self):
        self.workdir, _ = self.workspace.sandbox(0, [])
        return self.start(cwd=self.workdir)

    def sandbox(self, number, inputs):
        return self.workspace.sandbox(number, inputs)[1]

    def ask_for_metadata(self, worker, crate, sandbox):
        """Answered while rustc is held behind its metadata."""
        self.assert_ok(worker.ask(**crate.metadata(), sandbox_dir=sandbox))
        self.assertEqual("m", (self.workdir / sandbox / crate.rmeta).read_text())
        crate.restore_metadata("m")  # Bazel moves it to the execroot

    def test_outputs_go_to_the_sandbox_of_the_open_request(self):
        worker, gate = self.start_sandboxed(), self.gate()
        crate = self.crate(text=lines(f"append {self.note()} x", "metadata m",
                                      f"fifo-wait {gate.path}", "link r"))
        first = self.sandbox(1, crate.inputs())
        self.ask_for_metadata(worker, crate, first)
        gate.release()
        full = crate.full()
        second = self.sandbox(2, full["inputs"])
        self.assert_ok(worker.ask(**full, sandbox_dir=second))
        self.assertEqual("r", (self.workdir / second / crate.rlib).read_text())
        self.assertFalse((self.workdir / first / crate.rlib).exists())
        self.assertEqual(1, self.runs())
        self.assertEqual(sorted([crate.root, crate.rmeta]), self.workspace.files())

    def test_A7_inputs_are_read_late(self):
        worker, gate = self.start_sandboxed(), self.gate()
        self.workspace.write("native/libnat.a", "native code")
        crate = self.crate(text=lines(f"append {self.note()} x", "metadata m",
                                      f"fifo-wait {gate.path}", "copy native/libnat.a link"))
        crate.more_inputs = ["native/libnat.a"]
        self.ask_for_metadata(worker, crate, self.sandbox(1, crate.inputs()))
        self.workspace.write("other", "")
        self.sandbox(1, [("other", "")])  # now it is another action's
        gate.release()
        full = crate.full()
        second = self.sandbox(2, full["inputs"])
        self.assert_ok(worker.ask(**full, sandbox_dir=second))
        self.assertEqual("native code", (self.workdir / second / crate.rlib).read_text())
        self.assertEqual(1, self.runs())

    def test_nothing_is_written_to_it_after_the_answer(self):
        worker = self.start_sandboxed()
        gate, ended = self.gate(), self.signal()
        crate = self.crate(text=lines("metadata m", f"fifo-wait {gate.path}", "link r",
                                      f"fifo-signal {ended.path}"))
        self.ask_for_metadata(worker, crate, self.sandbox(1, crate.inputs()))
        precious = self.workspace.write(crate.rlib, "precious")
        link = self.workdir / self.sandbox(1, []) / crate.rlib
        link.parent.mkdir(parents=True)
        link.symlink_to(precious)
        gate.release()
        self.assertTrue(wait_gone(ended.wait()))
        self.assert_clean_end(worker)
        self.assertEqual("precious", precious.read_text())
        self.assertTrue(link.is_symlink())

    def test_a_plain_request(self):
        worker, crate = self.start_sandboxed(), self.crate(text=lines("metadata m", "link r"))
        inside = self.sandbox(1, crate.inputs())
        self.assert_ok(worker.ask(arguments=crate.plain_arguments(), inputs=crate.inputs(),
                                  sandbox_dir=inside))
        self.assertEqual("r", (self.workdir / inside / crate.rlib).read_text())
        self.assertEqual([crate.root], self.workspace.files())

    def test_a_sandbox_that_is_not_there(self):
        worker, crate = self.start_sandboxed(), self.crate(text="metadata m")
        self.assert_fails(worker.ask(**crate.metadata(), sandbox_dir="__sandbox/9/ws"),
                          "__sandbox/9/ws")

    def test_an_empty_sandbox(self):
        worker, crate = self.start_sandboxed(), self.crate(text="metadata m")
        (self.workdir / "__sandbox/9/ws").mkdir(parents=True)
        self.assert_fails(worker.ask(**crate.metadata(), sandbox_dir="__sandbox/9/ws"),
                          "__sandbox/9/ws")


if __name__ == "__main__":
    unittest.main()
