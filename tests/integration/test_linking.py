"""Link pipelining: a linked crate is compiled while its dependencies' code does not exist, and only
its linker waits (issue C)."""

import contextlib
import json
import os
import signal
import unittest

from processes import wait_gone
from relay import RelayCase
from scripts import diagnostic, lines
from workspace import Library, Program

LINKER = """#!/bin/sh
set -e
for last; do :; done
echo linked >> %s
rm -f "$last"
for file; do
  [ "$file" = "$last" ] || cat "$file"
done > "$last.new"
mv "$last.new" "$last"
"""


class Linking(RelayCase):
    """The fake rustc generates nothing and calls a linker that joins its rlibs."""

    def setUp(self):
        super().setUp()
        self.linker = self.workspace.top / "cc"
        self.write_linker(LINKER % self.note("linked"))
        self.libraries = [Library(self.workspace, name) for name in ("lower", "upper")]
        self.make_metadata()

    def write_linker(self, text):
        self.linker.write_text(text)
        self.linker.chmod(0o755)

    def make_metadata(self, version=1):
        for library in self.libraries:
            library.version = version
            library.make_metadata()

    def make_rlibs(self, code="code"):
        for library in self.libraries:
            library.make_rlib(code)

    def program(self, *script, name="app"):
        script = script or ("linker",)
        text = lines(f"append {self.note()} x", *script)
        return Program(self.workspace, name, text, self.libraries, self.linker)

    def traced(self, **kwargs):
        """A worker whose trace tells why; see reasons()."""
        self.trace_file = self.workspace.top / "trace.json"
        return self.start(flags=[f"--trace={self.trace_file}"], **kwargs)

    def reasons(self):
        """Why requests and compiles went the ordinary way; once the worker has ended."""
        return [event["args"]["reason"] for event in json.loads(self.trace_file.read_text())
                if event["name"] == "ordinary"]

    def gated(self, worker, program):
        """Its rustc stands at the gate; returns it."""
        self.assert_ok(worker.ask(**program.codegen()), "")
        return worker

    def assert_program(self, program, code="code"):
        made = self.workspace.read_bytes(program.program)
        for library in self.libraries:
            self.assertIn(f"{library.name} {library.version}".encode(), made)
        self.assertEqual(len(self.libraries), made.count(code.encode()))

    def command(self, pid):
        """What it runs; "" when it has ended."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
                return cmdline.read().decode().split("\0")[0]
        return ""

    def links(self):
        path = self.note("linked")
        return len(path.read_text().splitlines()) if path.exists() else 0

    def expected(self, program, worker):
        """What a request without a stage makes; its runs are not counted."""
        self.assert_ok(worker.ask(**program.plain()))
        for name in ("runs", "linked"):
            self.note(name).unlink(missing_ok=True)
        made = self.workspace.read_bytes(program.program)
        self.workspace.path(program.program).unlink()
        return made


class TheLinkerWaits(Linking):
    def test_one_rustc_for_both_requests(self):
        worker, program = self.start(), self.program()
        self.make_rlibs()
        expected = self.expected(program, worker)
        for library in self.libraries:
            self.workspace.path(library.rlib).unlink()
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.assertEqual("", self.workspace.read(program.stamp))
        self.assertFalse(self.workspace.exists(program.program))
        self.assertEqual(0, self.links())
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()), "")
        self.assertEqual(expected, self.workspace.read_bytes(program.program))
        self.assertEqual((1, 1), (self.runs(), self.links()))
        self.assert_clean_end(worker)

    def test_the_linker_was_not_asked_for_yet(self):
        """The late request has brought the rlibs when the gate is reached."""
        gate = self.gate()
        worker, program = self.start(), self.program(f"fifo-wait {gate.path}", "linker")
        codegen = worker.send(**program.codegen())
        self.make_rlibs()
        link = worker.send(**program.link())
        worker.barrier()
        self.assertEqual([], worker.answers)
        gate.release()
        self.assert_ok(worker.answer(codegen))
        self.assert_ok(worker.answer(link))
        self.assert_program(program)
        self.assertEqual((1, 1), (self.runs(), self.links()))
        self.assert_clean_end(worker)

    def test_the_linker_is_called_again(self):
        """As rustc does when a first call fails in a way that it knows."""
        worker, program = self.start(), self.program("linker", "linker", "linker")
        self.gated(worker, program)
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual((1, 3), (self.runs(), self.links()))
        self.assert_clean_end(worker)

    def test_the_late_request_alone(self):
        worker, program = self.start(), self.program()
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()), "")
        self.assert_program(program)
        self.assertEqual((1, 1), (self.runs(), self.links()))
        self.assert_clean_end(worker)

    def test_warnings_are_told_once(self):
        worker, program = self.start(), self.program(diagnostic("early\n"), "linker",
                                                     diagnostic("late\n"))
        self.assert_ok(worker.ask(**program.codegen()), "early\n")
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()), "late\n")
        self.assert_clean_end(worker)

    def test_hollow_rlibs_are_shared(self):
        """Two programs on the same libraries: one file for each, while both wait."""
        worker = self.start()
        for program in (self.program(name="app"), self.program(name="other")):
            self.gated(worker, program)
        hollow = {path.stat().st_ino for path in self.workspace.state.rglob("deps/*/*.rlib")}
        self.assertEqual(len(self.libraries), len(hollow))
        self.assert_clean_end(worker)


class Identity(Linking):
    """When in doubt, compile afresh."""

    def test_rlibs_of_other_metadata(self):
        """From a cache, or of a crate that is not deterministic."""
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        self.make_metadata(version=2)
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)

    def test_metadata_changed_while_it_waited(self):
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        self.make_metadata(version=2)
        self.gated(worker, program)
        self.assertEqual(2, self.runs())
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual((2, 1), (self.runs(), self.links()))
        self.assert_clean_end(worker)

    def test_the_same_early_request_again(self):
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        self.gated(worker, program)
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)

    def test_a_source_changed(self):
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        program.set_text(lines(f"append {self.note()} x", "linker", "stderr new"))
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()), "new\n")
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)

    def test_two_late_requests_with_other_rlibs(self):
        """The rlibs are no part of the identity: nobody joins a compile that was not gated."""
        gate = self.gate()
        worker, program = self.start(), self.program(f"fifo-wait {gate.path}", "linker")
        self.make_rlibs("first")
        first = worker.send(**program.link())
        worker.barrier()
        self.make_rlibs("other")
        second = worker.send(**program.link())
        worker.barrier()
        gate.release()
        self.assert_ok(worker.answer(first))
        self.assert_ok(worker.answer(second))
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)


    def test_rlibs_changed_behind_the_open_gate(self):
        """The same metadata with another native library in it. The first build was interrupted, and
        Bazel uses the id again."""
        gate, reached = self.gate(), self.signal()
        program = self.program("linker", f"fifo-signal {reached.path}", f"fifo-wait {gate.path}")
        worker = self.start()
        self.gated(worker, program)
        self.make_rlibs("first")
        worker.send(**program.link(), request_id=7)
        reached.wait()
        self.make_rlibs("other")
        worker.send(**program.link(), request_id=7)
        reached.wait()
        gate.release()
        gate.release()
        self.assert_ok(worker.answer(7))
        self.assert_program(program, "other")
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)

    def test_the_same_rlibs_behind_the_open_gate(self):
        gate, reached = self.gate(), self.signal()
        program = self.program("linker", f"fifo-signal {reached.path}", f"fifo-wait {gate.path}")
        worker = self.start()
        self.gated(worker, program)
        self.make_rlibs()
        worker.send(**program.link(), request_id=7)
        reached.wait()
        worker.send(**program.link(), request_id=7)
        worker.barrier()
        gate.release()
        self.assert_ok(worker.answer(7))
        self.assert_program(program)
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)


class Ordinary(Linking):
    """What cannot be held at a gate is compiled the ordinary way by the late request."""

    def assert_ordinary(self, worker, program, runs, reason):
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.assertEqual("", self.workspace.read(program.stamp))
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual(runs, self.runs())
        self.assert_clean_end(worker)
        self.assertIn(reason, " ".join(self.reasons()))

    def test_by_its_arguments(self):
        for name, more, reason in (
                ("fat", ["-Clto"], "LTO"), ("thin", ["-C", "lto=thin"], "LTO"),
                ("plugin", ["-Clinker-plugin-lto"], "LTO"),
                ("staticlib", ["--crate-type=staticlib"], "crate type"),
                ("no-link", ["-Zno-link"], "-Z option"),
                ("print", ["--print=link-args"], "prints")):
            with self.subTest(name):
                self.note("runs").unlink(missing_ok=True)
                program = self.program(name=name)
                program.more = more
                worker = self.traced()
                self.assert_ok(worker.ask(**program.codegen()), "")
                self.assertEqual(0, self.runs())
                self.assert_clean_end(worker)
                self.assertIn(reason, " ".join(self.reasons()))

    def test_lto_off_is_no_reason(self):
        worker, program = self.start(), self.program()
        program.more = ["-Clto=off"]
        self.gated(worker, program)
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)

    def test_the_attempt_fails(self):
        """Not by the sources: rustc read in an rlib what is not there."""
        program = self.program(f"once {self.note('failed')} exit 1", "linker")
        self.assert_ordinary(self.traced(), program, 2, "exited with code 1")

    def test_the_attempt_says_errors(self):
        """They are not told: they may come of the gate alone."""
        failing = diagnostic("no LTO here\n", "error")
        program = self.program(f"once {self.note('said')} {failing}",
                               f"once {self.note('failed')} exit 1", "linker")
        self.assert_ordinary(self.traced(), program, 2, "exited with code 1")

    def test_the_attempt_prints(self):
        """The ordinary compile will print it, too."""
        program = self.program(f"once {self.note('printed')} stdout of the attempt",
                               f"once {self.note('failed')} exit 1", "linker")
        self.assert_ordinary(self.traced(), program, 2, "exited with code 1")

    def test_the_linker_is_never_asked_for(self):
        """An attribute may have said so: what rustc made of hollow rlibs is not taken."""
        program = self.program(f"once {self.note('wrote')} link hollow",
                               f"once {self.note('ended')} exit 0", "linker")
        self.assert_ordinary(self.traced(), program, 2, "exited with code 0")

    def test_the_attempt_is_killed(self):
        program = self.program(f"once {self.note('killed')} signal 9", "linker")
        self.assert_ordinary(self.traced(), program, 2, "killed by signal 9")

    def test_the_linker_fails_once(self):
        self.write_linker(f"#!/bin/sh\n[ -e {self.note('tried')} ] || "
                          f"{{ touch {self.note('tried')}; exit 1; }}\n" + LINKER.removeprefix("#!/bin/sh\n") % "/dev/null")
        self.assert_ordinary(self.traced(), self.program(), 2, "exited with code 1")

    def test_the_linker_fails(self):
        """As in a plain run: nothing of the first attempt is told."""
        self.write_linker("#!/bin/sh\necho undefined symbol >&2\nexit 1\n")
        worker, program = self.start(), self.program()
        self.make_rlibs()
        expected = worker.ask(**program.plain())
        self.gated(worker, program)
        response = worker.ask(**program.link())
        self.assert_fails(response, "undefined symbol", "linking failed")
        self.assertEqual(expected.output, response.output)
        self.assert_clean_end(worker)

    def test_the_linker_fails_and_all_is_said_once(self):
        """The early request has told what a macro printed before."""
        self.write_linker("#!/bin/sh\necho undefined symbol >&2\nexit 1\n")
        for second in ("stdout two", f"once {self.note('other')} stdout two"):
            with self.subTest(second):
                worker = self.start()
                program = self.program("stdout one", second, "stdout three", "linker",
                                       name=second[:4])
                self.make_rlibs()
                early = worker.ask(**program.codegen())
                self.assert_ok(early, "one\ntwo\nthree\n")
                late = worker.ask(**program.link())
                rest = "" if second == "stdout two" else "three\n"
                self.assertTrue(late.output.startswith(rest + "undefined symbol"), late.output)
                self.assert_clean_end(worker)

    def test_metadata_that_is_not_there(self):
        program = self.program()
        fields = program.codegen()
        self.workspace.path(self.libraries[0].rmeta).unlink()
        worker = self.traced()
        self.assert_ok(worker.ask(**fields), "")
        self.make_metadata()
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)
        self.assertIn("lower", " ".join(self.reasons()))

    def test_rlibs_that_vanish(self):
        """Between the comparison and the link: the attempt is killed, the ordinary way fails."""
        gate = self.gate()
        worker, program = self.start(), self.program(f"fifo-wait {gate.path}", "linker")
        codegen = worker.send(**program.codegen())
        self.make_rlibs()
        link = worker.send(**program.link())
        worker.barrier()
        for library in self.libraries:
            self.workspace.path(library.rlib).unlink()
        gate.release()
        self.assert_ok(worker.answer(codegen))
        gate.release()
        self.assert_fails(worker.answer(link), ".rlib: No such file", "linking failed")
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)


class Errors(Linking):
    def error(self, code=None):
        return "stderr " + json.dumps({
            "$message_type": "diagnostic", "message": "m", "level": "error", "children": [],
            "code": code and {"code": code}, "spans": [{"is_primary": True}], "rendered": "bad\n"})

    def test_in_the_sources(self):
        """The early request tells them; nobody compiles twice."""
        worker, program = self.start(), self.program(self.error("E0308"), "exit 1")
        self.assert_fails(worker.ask(**program.codegen()), "bad\n")
        self.assertFalse(self.workspace.exists(program.stamp))
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)

    def test_about_crates(self):
        """They may come of the hollow rlibs: the late request tells them."""
        worker, program = self.start(), self.program(self.error("E0463"), "exit 1")
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.make_rlibs()
        self.assert_fails(worker.ask(**program.link()), "bad\n")
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)

    def test_in_the_request(self):
        worker, program = self.start(), self.program()
        fields = program.codegen()
        for words, said in ((["--pipelining-link"], "exclude each other"),
                            (["--pipelining-dependency=x"], "RMETA=RLIB")):
            with self.subTest(said):
                arguments = [*fields["arguments"], *words]
                self.assert_fails(worker.ask(**{**fields, "arguments": arguments}), said)
        arguments = [word for word in fields["arguments"] if "stamp" not in word]
        self.assert_fails(worker.ask(**{**fields, "arguments": arguments}), "--pipelining-stamp")
        self.assert_clean_end(worker)


class Deaths(Linking):
    def test_the_worker_is_killed_while_ten_gates_wait(self):
        worker = self.start()
        programs = [self.program(name=f"app{number}") for number in range(10)]
        for program in programs:
            self.gated(worker, program)
        processes = worker.processes()
        self.assertGreaterEqual(len(processes), 2 * len(programs))  # rustc and gate of each
        worker.process.kill()
        worker.wait()
        for process in processes:
            self.assertTrue(wait_gone(process, 1))
        self.make_rlibs()
        successor = self.start()
        self.assert_ok(successor.ask(**programs[0].link()))
        self.assert_program(programs[0])
        self.assert_clean_end(successor)

    def test_the_worker_ends_while_gates_wait(self):
        for ending in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(ending):
                worker = self.start()
                for number in range(3):
                    self.gated(worker, self.program(name=f"app{number}"))
                worker.process.send_signal(ending)
                worker.wait()
                self.assertEqual([], worker.processes())
                self.assertEqual([], self.workspace.leftovers())

    def test_the_gate_is_killed(self):
        """By the kernel, out of memory."""
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        gates = [process for process in worker.processes() if "/gate/bin/" in self.command(process)]
        self.assertEqual(1, len(gates))
        os.kill(gates[0], signal.SIGKILL)
        self.assertTrue(wait_gone(gates[0]))
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assert_clean_end(worker)

    def test_the_state_directory_is_deleted(self):
        worker, program = self.start(), self.program()
        self.gated(worker, program)
        for path in sorted(self.workspace.state.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual((0, []), worker.finish())


class Limits(Linking):
    def test_nobody_asks_for_anything(self):
        worker, program = self.start(flags=["--gate-seconds=0"]), self.program()
        self.gated(worker, program)
        for process in worker.processes():
            if "rustc-relay" not in self.command(process):
                self.assertTrue(wait_gone(process))
        self.make_rlibs()
        self.assert_ok(worker.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)

    def test_enough_are_held(self):
        worker = self.start(flags=["--keep-gates=1"])
        first, second = self.program(name="app"), self.program(name="other")
        self.gated(worker, first)
        self.gated(worker, first)  # the same one needs no further place
        self.gated(worker, second)
        self.assertEqual(1, self.runs())
        self.make_rlibs()
        for program in (first, second):
            self.assert_ok(worker.ask(**program.link()))
            self.assert_program(program)
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)


class Cancelled(Linking):
    def assert_cancelled(self, worker, request_id):
        worker.cancel(request_id)
        self.assertTrue(worker.answer(request_id).was_cancelled)
        self.assertLessEqual(len(worker.processes()), 1)  # the guardian

    def held(self):
        gate = self.gate()
        return gate, self.program(f"fifo-wait {gate.path}", "linker", f"fifo-wait {gate.path}")

    def test_the_early_request(self):
        gate, program = self.held()
        worker = self.start()
        codegen = worker.send(**program.codegen())
        worker.barrier()
        self.assert_cancelled(worker, codegen)
        gate.release()
        self.assertFalse(self.workspace.exists(program.stamp))
        self.assert_clean_end(worker)

    def test_the_late_request_before_the_gate(self):
        """The early one still waits: the compile lives on, and stops at its gate."""
        gate, program = self.held()
        worker = self.start()
        codegen = worker.send(**program.codegen())
        self.make_rlibs()
        link = worker.send(**program.link())
        worker.cancel(link)
        self.assertTrue(worker.answer(link).was_cancelled)
        gate.release()
        self.assert_ok(worker.answer(codegen))
        self.assertEqual(0, self.links())
        link = worker.send(**program.link())
        worker.barrier()
        gate.release()
        self.assert_ok(worker.answer(link))
        self.assert_program(program)
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)

    def test_the_late_request_behind_the_gate(self):
        gate = self.gate()
        program = self.program("linker", f"fifo-wait {gate.path}")
        worker = self.start()
        self.gated(worker, program)
        self.make_rlibs()
        link = worker.send(**program.link())
        worker.barrier()
        self.assert_cancelled(worker, link)
        gate.release()
        self.assertFalse(self.workspace.exists(program.program))
        self.assert_clean_end(worker)

    def test_then_the_late_request_again(self):
        gate = self.gate()
        program = self.program("linker", f"fifo-wait {gate.path}")
        worker = self.start()
        self.gated(worker, program)
        self.make_rlibs()
        link = worker.send(**program.link())
        worker.barrier()
        self.assert_cancelled(worker, link)
        link = worker.send(**program.link())
        worker.barrier()
        gate.release()
        self.assert_ok(worker.answer(link))
        self.assert_program(program)
        self.assert_clean_end(worker)


class Sandboxed(Linking):
    """The early sandbox is gone when the linker runs, the late one has rlibs and no metadata."""

    def setUp(self):
        super().setUp()
        self.workdir, _ = self.workspace.sandbox(0, [])

    def ask(self, worker, number, fields):
        _, inside = self.workspace.sandbox(number, fields["inputs"])
        return worker.ask(**fields, sandbox_dir=inside)

    def read(self, number, name):
        return (self.workdir / f"__sandbox/{number}/ws" / name).read_bytes()

    def both(self, worker, program, ask):
        self.assert_ok(ask(1, program.codegen()), "")
        self.workspace.sandbox(1, [])  # Bazel uses it again
        self.make_rlibs()
        self.assert_ok(ask(2, program.link()), "")
        self.assertEqual(b"", b"".join(
            path.read_bytes() for path in self.workdir.glob("__sandbox/1/**/app*")))
        return self.read(2, program.program)

    def test_one_rustc_for_both_requests(self):
        worker, program = self.start(cwd=self.workdir), self.program()
        made = self.both(worker, program, lambda *args: self.ask(worker, *args))
        self.assertIn(b"lower 1", made)
        self.assertEqual((1, 1), (self.runs(), self.links()))
        self.assert_clean_end(worker)

    def test_the_ordinary_way(self):
        """It has the late request's inputs, though their sandbox was only looked at before."""
        worker = self.start(cwd=self.workdir)
        gate = self.gate()
        program = self.program(f"once {self.note('held')} fifo-wait {gate.path}",
                               f"once {self.note('failed')} exit 1", "linker")
        _, inside = self.workspace.sandbox(1, program.codegen()["inputs"])
        codegen = worker.send(**program.codegen(), sandbox_dir=inside)
        self.make_rlibs()
        fields = program.link()
        _, inside = self.workspace.sandbox(2, fields["inputs"])
        link = worker.send(**fields, sandbox_dir=inside)
        worker.barrier()
        gate.release()
        self.assert_ok(worker.answer(codegen))
        self.assert_ok(worker.answer(link))
        self.assertIn(b"lower 1", self.read(2, program.program))
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)


class Across(Linking):
    """The late request reaches another process: it brings the rlibs and opens the gate itself."""

    def two_workers(self):
        first = self.start()
        return first, self.start(mark=first.mark)

    def test_it_opens_the_gate(self):
        first, second = self.two_workers()
        program = self.program()
        self.gated(first, program)
        self.make_rlibs()
        self.assert_ok(second.ask(**program.link()), "")
        self.assert_program(program)
        self.assertEqual((1, 1), (self.runs(), self.links()))
        self.assertEqual((0, []), second.finish())
        self.assert_clean_end(first)

    def test_before_the_gate(self):
        gate = self.gate()
        first, second = self.two_workers()
        program = self.program(f"fifo-wait {gate.path}", "linker")
        codegen = first.send(**program.codegen())
        first.barrier()
        self.make_rlibs()
        link = second.send(**program.link())
        second.barrier()
        gate.release()
        self.assert_ok(first.answer(codegen))
        self.assert_ok(second.answer(link))
        self.assert_program(program)
        self.assertEqual(1, self.runs())
        self.assertEqual((0, []), second.finish())
        self.assert_clean_end(first)

    def test_rlibs_of_other_metadata(self):
        first, second = self.two_workers()
        program = self.program()
        self.gated(first, program)
        self.make_metadata(version=2)
        self.make_rlibs()
        self.assert_ok(second.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual(2, self.runs())

    def test_the_linker_fails_there(self):
        first, second = self.two_workers()
        program = self.program()
        self.gated(first, program)
        self.write_linker("#!/bin/sh\nexit 1\n")
        self.make_rlibs()
        self.assert_fails(second.ask(**program.link()), "linking failed")
        self.assertEqual(2, self.runs())

    def test_it_goes_the_ordinary_way_there(self):
        """What the other worker's attempt came to is nothing that the user would be told."""
        first, second = self.two_workers()
        program = self.program("linker", f"once {self.note('failed')} exit 1")
        self.gated(first, program)
        self.make_rlibs()
        self.assert_ok(second.ask(**program.link()), "")
        self.assert_program(program)
        self.assertEqual(2, self.runs())
        self.assertEqual((0, []), second.finish())
        self.assert_clean_end(first)

    def test_the_owner_is_killed_at_the_gate(self):
        first, second = self.two_workers()
        program = self.program()
        self.gated(first, program)
        first.process.kill()
        first.wait()
        self.make_rlibs()
        self.assert_ok(second.ask(**program.link()))
        self.assert_program(program)
        self.assertEqual((0, []), second.finish())
        self.assert_clean_end(self.start())  # which sweeps what the dead one left

    def test_the_owner_is_killed_behind_the_gate(self):
        first, second = self.two_workers()
        gate, reached = self.gate(), self.signal()
        program = self.program("linker", f"fifo-signal {reached.path}", f"fifo-wait {gate.path}")
        self.gated(first, program)
        self.make_rlibs()
        link = second.send(**program.link())
        reached.wait()
        first.process.kill()
        first.wait()
        reached.wait()
        gate.release()
        self.assert_ok(second.answer(link))
        self.assert_program(program)
        self.assertEqual(2, self.runs())
        self.assertEqual((0, []), second.finish())
        self.assert_clean_end(self.start())


if __name__ == "__main__":
    unittest.main()
