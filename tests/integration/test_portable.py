"""Link pipelining in two processes (issue C, part 5): the early one runs rustc and notes what the
linker is to be given, the late one calls the linker; on different machines, perhaps."""

import os
import signal
import subprocess
import tempfile
import unittest

from processes import SECONDS, wait_gone
from relay import FAKE_RUSTC, RELAY, OneShotCase, real_rustc
from scripts import diagnostic, lines
from workspace import Library, PortableProgram, Workspace, archive

LINKER = """#!/bin/sh
echo linked >> %s
for last; do :; done
files=
for word; do case $word in *.rlib) files="$files $word";; esac; done
cat $files > "$last"
"""


class Machines(OneShotCase):
    """The early action runs in one workspace, the late one in another; only what Bazel declares
    goes from one to the other."""

    def setUp(self):
        super().setUp()
        self.other = Workspace(tempfile.mkdtemp(prefix="relay-other-machine-"))
        self.addCleanup(self.other.remove)

    def run_stage(self, program, stage, tool=FAKE_RUSTC, **kwargs):
        workspace = program.workspace
        return subprocess.run(
            [RELAY, "--subst", "pwd=${pwd}", "--", tool, f"@{program.param_file(stage)}"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False,
            cwd=workspace.execroot,
            env={"TMPDIR": str(workspace.tmp), "PATH": os.environ["PATH"], **kwargs})

    def assert_done(self, done, said=b""):
        self.assertEqual(0, done.returncode, done.stderr.decode())
        self.assertEqual((b"", said), (done.stdout, done.stderr))

    def assert_nothing_left(self):
        for workspace in (self.workspace, self.other):
            self.assertEqual([], workspace.leftovers())

    def reason(self, program):
        """Why the late action will compile the ordinary way; None: it will not."""
        texts = program.workspace.read(f"{program.objects}/record").split("\0")
        return texts[texts.index("obstacle") + 1] if "obstacle" in texts else None


class Portable(Machines):
    """The fake rustc generates nothing and calls a linker that joins its rlibs."""

    def setUp(self):
        super().setUp()
        self.linker = self.workspace.top / "cc"
        self.write_linker(LINKER % self.note("linked"))
        self.libraries = [Library(self.workspace, name) for name in ("lower", "upper")]
        for library in self.libraries:
            library.make_metadata()

    def write_linker(self, text):
        self.linker.write_text(text)
        self.linker.chmod(0o755)

    def program(self, *script, more=()):
        script = lines(f"append {self.note()} x", *(script or ("linker -o",)))
        program = PortableProgram(self.workspace, "app", script, self.libraries, self.linker)
        program.more = list(more)
        self.script = script
        return program

    def late(self, program, version=1):
        """The same program on the other machine, with the rlibs."""
        libraries = [Library(self.other, one.name, version) for one in self.libraries]
        for library in libraries:
            library.make_rlib()
        late = PortableProgram(self.other, "app", self.script, libraries, self.linker)
        late.more = program.more
        program.copy_objects(self.other)
        return late

    def assert_linked(self, late, version=1):
        made = self.other.read_bytes(late.program)
        for library in self.libraries:
            self.assertIn(f"{library.name} {version}".encode(), made)
        self.assertEqual(2, made.count(b"code"))

    def counts(self):
        path = self.note("linked")
        return self.runs(), len(path.read_text().splitlines()) if path.exists() else 0

    def beside(self, params, program):
        """The same action, for a directory of its own: its param file."""
        text = self.workspace.read(params).replace(program.objects, f"{program.objects}.2")
        self.workspace.write(f"{params}.2", text)
        return f"{params}.2"

    def held(self, params):
        process = subprocess.Popen(
            [RELAY, "--subst", "pwd=${pwd}", "--", FAKE_RUSTC, f"@{params}"],
            cwd=self.workspace.execroot, stdin=subprocess.DEVNULL,
            env={"TMPDIR": str(self.workspace.tmp), "PATH": os.environ["PATH"]})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process


class TheLinkerRunsElsewhere(Portable):
    def test_one_rustc_for_both_actions(self):
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        self.assertIsNone(self.reason(program))
        self.assertEqual((1, 0), self.counts())
        self.assertFalse(self.workspace.exists(program.program))
        late = self.late(program)
        self.assert_done(self.run_stage(late, "link"))
        self.assert_linked(late)
        self.assertEqual((1, 1), self.counts())
        self.assert_nothing_left()

    def test_a_volatile_stamp_that_has_changed(self):
        """Bazel would not have run the early action again for it."""
        program = self.program(more=["--env-file", "app.env", "--volatile-status-file", "volatile"])
        for number, workspace in enumerate((self.workspace, self.other)):
            workspace.write("app.env", "AT={TIME}\n")
            workspace.write("volatile", f"TIME {number}\n")
        self.assert_done(self.run_stage(program, "codegen"))
        late = self.late(program)
        self.assert_done(self.run_stage(late, "link"))
        self.assert_linked(late)
        self.assertEqual((1, 1), self.counts())

    def test_the_directory_is_the_same_in_every_place(self):
        """Else no cache would know it again."""
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        first = self.workspace.read_bytes(f"{program.objects}/record")
        there = [Library(self.other, one.name) for one in self.libraries]
        for library in there:
            library.make_metadata()
        again = PortableProgram(self.other, "app", self.script, there, self.linker)
        self.assert_done(self.run_stage(again, "codegen"))
        self.assertEqual(first, self.other.read_bytes(f"{again.objects}/record"))

    def test_two_at_once(self):
        """Nothing is shared: neither waits for the other."""
        gate = self.gate()
        program = self.program(f"fifo-wait {gate.path}", "linker -o")
        params = program.param_file("codegen")
        beside = self.beside(params, program)
        with self.held(params) as first:
            with self.held(beside) as second:
                gate.release()
                gate.release()
                for process in (first, second):
                    self.assertEqual(0, process.wait(SECONDS))
        self.assertEqual(self.workspace.read(f"{program.objects}/record"),
                         self.workspace.read(f"{program.objects}.2/record"))
        self.assert_nothing_left()

    def test_warnings_are_told_once(self):
        program = self.program(diagnostic("early\n"), "linker -o", diagnostic("late\n"))
        self.assert_done(self.run_stage(program, "codegen"), b"early\nlate\n")
        self.assert_done(self.run_stage(self.late(program), "link"))

    def test_an_old_directory_is_replaced(self):
        program = self.program()
        self.workspace.write(f"{program.objects}/objects/old.o", "old")
        self.assert_done(self.run_stage(program, "codegen"))
        self.assertFalse(self.workspace.exists(f"{program.objects}/objects/old.o"))

    def test_dep_info_names_the_place_of_the_late_action(self):
        program = self.program("dep-info app.d: main.rs", "linker -o",
                               more=["--emit=dep-info=app.d"])
        self.assert_done(self.run_stage(program, "codegen"))
        late = self.late(program)
        self.assert_done(self.run_stage(late, "link"))
        self.assertIn("main.rs", self.other.read("app.d"))

    def test_more_arguments_than_the_system_takes(self):
        """rustc hands them over in a file; so do we."""
        rustc = self.workspace.top / "rustc"
        rustc.write_text("#!/bin/sh\nout=; for word; do case $word in -Clinker=*) "
                         "linker=${word#-Clinker=};; --emit=link=*) out=${word#--emit=link=};; "
                         "esac; done\ndir=${out%/link/*}\n"
                         "i=0; while [ $i -lt 30000 ]; do echo \"-L/some/where/far\\ away/$i\"; "
                         "i=$((i+1)); done > \"$dir/tmp/args\"\n"
                         "for rlib in \"$dir\"/deps/*/*.rlib; do echo \"$rlib\"; done >> "
                         "\"$dir/tmp/args\"\nprintf '%s\\n' -o \"$out\" >> \"$dir/tmp/args\"\n"
                         "exec \"$linker\" @\"$dir/tmp/args\"\n")
        rustc.chmod(0o755)
        self.write_linker("#!/bin/sh\nsed 's/\\\\\\(.\\)/\\1/g' \"${1#@}\" > "
                          f"{self.note('words')}\n"
                          f"tail -1 {self.note('words')} | xargs touch\n")
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen", rustc))
        self.assertIsNone(self.reason(program))
        late = self.late(program)
        self.assert_done(self.run_stage(late, "link", rustc))
        words = self.note("words").read_text().splitlines()
        self.assertEqual(30004, len(words))
        self.assertEqual("-L/some/where/far away/29999", words[29999])
        self.assertTrue(all(os.path.basename(one.rlib) in "".join(words[30000:30002])
                            for one in self.libraries))
        self.assert_nothing_left()


class Ordinary(Portable):
    """Whatever is in doubt: the late action compiles, and says why."""

    def assert_says(self, done, reason):
        self.assertEqual(0, done.returncode, done.stderr.decode())
        said = done.stderr.decode().splitlines()
        self.assertEqual(1, len(said), said)
        self.assertTrue(said[0].startswith("rustc-relay: crate app is compiled from its sources, not linked "))
        self.assertIn(reason, said[0])

    def assert_ordinary(self, program, reason, version=1, runs=2):
        late = self.late(program, version)
        self.assert_says(self.run_stage(late, "link"), reason)
        self.assert_linked(late, version)
        self.assertEqual(runs, self.runs())
        self.assert_nothing_left()

    def test_by_its_arguments(self):
        for words, reason in ((["-Clto"], "LTO"), (["-Zno-link"], "-Z option"),
                              (["--crate-type=staticlib"], "crate type"),
                              (["-Csplit-debuginfo=packed"], "debug information"),
                              (["--target=aarch64-apple-darwin"], "after the link")):
            with self.subTest(words):
                self.note("runs").unlink(missing_ok=True)
                program = self.program(more=words)
                self.assert_done(self.run_stage(program, "codegen"))
                self.assertIn(reason, self.reason(program))
                self.assertEqual(0, self.runs())
                if "staticlib" not in words[0]:
                    self.assert_ordinary(program, reason, runs=1)

    def test_rlibs_of_other_metadata(self):
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        self.assert_ordinary(program, "other metadata", version=2)

    def test_other_arguments(self):
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        program.more = ["-Copt-level=3"]
        self.assert_ordinary(program, "made with other arguments, environment")

    def test_another_environment(self):
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen", CARGO_PKG_VERSION="1"))
        self.assert_ordinary(program, "made with other arguments, environment")

    def test_what_runners_set_is_no_doubt(self):
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen", HOME="/one", USER="one"))
        late = self.late(program)
        self.assert_done(self.run_stage(late, "link"))
        self.assert_linked(late)
        self.assertEqual(1, self.runs())

    def test_a_directory_that_is_damaged(self):
        program = self.program()
        for name, text in (("record", ""), ("record", "rustc-relay link 2\0argument"),
                           ("record", "rustc-relay link 3\0")):
            with self.subTest(text):
                self.note("runs").unlink(missing_ok=True)
                self.assert_done(self.run_stage(program, "codegen"))
                self.workspace.write(f"{program.objects}/{name}", text)
                self.assert_ordinary(program, "is damaged")

    def test_no_directory(self):
        program = self.program()
        self.workspace.path(program.objects).mkdir(parents=True)
        self.assert_ordinary(program, "no such file", runs=1)

    def test_a_hollow_rlib(self):
        """A shared object would be linked, and its users would fail."""
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        late = self.late(program)
        for library in late.libraries:
            self.other.write(library.rlib, archive(lib_rmeta=library._metadata()))
        self.assert_says(self.run_stage(late, "link"), "hollow rlib")
        self.assertEqual(2, self.runs())

    def test_the_attempt_fails(self):
        program = self.program(f"once {self.note('failed')} exit 1", "linker -o")
        self.assert_done(self.run_stage(program, "codegen"))
        self.assertIn("exited with code 1", self.reason(program))
        self.assert_ordinary(program, "exited with code 1")

    def test_the_attempt_says_errors(self):
        failing = diagnostic("no LTO here\n", "error")
        program = self.program(f"once {self.note('said')} {failing}",
                               f"once {self.note('failed')} exit 1", "linker -o")
        self.assert_done(self.run_stage(program, "codegen"))
        self.assert_ordinary(program, "exited with code 1")

    def test_the_linker_is_never_asked_for(self):
        program = self.program(f"once {self.note('wrote')} link hollow",
                               f"once {self.note('ended')} exit 0", "linker -o")
        self.assert_done(self.run_stage(program, "codegen"))
        self.assertIn("exited with code 0", self.reason(program))
        self.assert_ordinary(program, "exited with code 0")

    def test_the_linker_is_asked_for_twice(self):
        program = self.program("linker -o", "linker -o")
        self.assert_done(self.run_stage(program, "codegen"))
        self.assertIn("calls its linker more than once", self.reason(program))
        self.assert_ordinary(program, "calls its linker more than once")

    def test_metadata_that_is_not_there(self):
        program = self.program()
        self.workspace.path(self.libraries[0].rmeta).unlink()
        self.assert_done(self.run_stage(program, "codegen"))
        self.assertIn("lower", self.reason(program))
        self.assert_ordinary(program, "lower", runs=1)

    def test_the_linker_fails_once(self):
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        tried = self.note("tried")
        self.write_linker(f"#!/bin/sh\n[ -e {tried} ] || {{ touch {tried}; echo bad; exit 1; }}\n"
                          + LINKER.removeprefix("#!/bin/sh\n") % "/dev/null")
        self.assert_ordinary(program, "the linker exited with code 1")

    def test_the_linker_makes_nothing_once(self):
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        tried = self.note("tried")
        self.write_linker(f"#!/bin/sh\n[ -e {tried} ] || {{ touch {tried}; exit 0; }}\n"
                          + LINKER.removeprefix("#!/bin/sh\n") % "/dev/null")
        self.assert_ordinary(program, "wrote no output")

    def test_the_linker_fails(self):
        """As in a plain run: nothing of the first attempt is told but that it failed."""
        program = self.program()
        self.assert_done(self.run_stage(program, "codegen"))
        self.write_linker("#!/bin/sh\necho undefined symbol >&2\nexit 1\n")
        late = self.late(program)
        done = self.run_stage(late, "link")
        self.assertEqual(1, done.returncode)
        reason, *said = done.stderr.decode().splitlines()
        self.assertIn("the linker exited with code 1", reason)
        self.assertEqual(["undefined symbol", "error: linking failed"], said)
        self.assertFalse(self.other.exists(late.program))
        self.assert_nothing_left()


class Errors(Portable):
    def test_in_the_sources(self):
        """The early action tells them."""
        error = ('stderr {"$message_type": "diagnostic", "message": "m", "level": "error", '
                 '"children": [], "code": {"code": "E0308"}, "spans": [{"is_primary": true}], '
                 '"rendered": "bad\\n"}')
        program = self.program(error, "exit 101")
        done = self.run_stage(program, "codegen")
        self.assertEqual((101, b"bad\n"), (done.returncode, done.stderr))
        self.assertFalse(self.workspace.exists(f"{program.objects}/record"))
        self.assert_nothing_left()

    def test_in_the_flags(self):
        program = self.program()
        name = program.param_file("codegen")
        text = self.workspace.read(name)
        for old, new, said in (("--pipelining-codegen", "--pipelining-full", b"belongs to"),
                               ("--pipelining-objects", "--pipelining-rlib-path", b"or --pipelining-"),
                               (f"--pipelining-objects={program.objects}",
                                f"--pipelining-objects={program.objects}\n--pipelining-stamp=x",
                                b"--pipelining-stamp=FILE or --pipelining-objects=DIR")):
            with self.subTest(new):
                self.workspace.write(name, text.replace(old, new))
                done = self.run_relay("--", FAKE_RUSTC, f"@{name}")
                self.assertEqual(1, done.returncode)
                self.assertIn(said, done.stderr)

    def test_killed(self):
        """Nothing of it lives on, and the directory is not made."""
        reached = self.signal()
        program = self.program(f"fifo-signal {reached.path}", f"fifo-wait {self.gate().path}")
        for ending in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(ending):
                process = self.held(program.param_file("codegen"))
                rustc = reached.wait()
                process.send_signal(ending)
                self.assertNotEqual(0, process.wait(SECONDS))
                self.assertTrue(wait_gone(rustc))
                self.assertFalse(self.workspace.exists(f"{program.objects}/record"))


class UnderAWorker(Portable):
    """The same requests reach a worker: it holds the linker at a gate."""

    def requests(self, program):
        self.workspace.delete_outputs(program.program)
        rlibs = [one.rlib for one in self.libraries]
        early = {"arguments": program._staged("--pipelining-codegen"),
                 "inputs": program._inputs(*(one.rmeta for one in self.libraries))}
        def late():
            return {"arguments": program._staged("--pipelining-link"),
                    "inputs": program._inputs(*rlibs, f"{program.objects}/record")}
        return early, late

    def test_one_rustc_for_both_requests(self):
        worker, program = self.start(), self.program()
        early, late = self.requests(program)
        self.assert_ok(worker.ask(**early), "")
        self.assertIn("ran in a worker", self.reason(program))
        for library in self.libraries:
            library.make_rlib()
        self.assert_ok(worker.ask(**late()), "")
        self.assertEqual((1, 1), self.counts())
        self.assert_clean_end(worker)

    def test_then_the_late_one_alone(self):
        worker, program = self.start(), self.program()
        self.assert_ok(worker.ask(**self.requests(program)[0]), "")
        late = self.late(program)
        done = self.run_stage(late, "link")
        self.assertEqual(0, done.returncode)
        self.assertIn(b"its early action ran in a worker", done.stderr)
        self.assert_linked(late)
        self.assertEqual(2, self.runs())
        self.assert_clean_end(worker)


if __name__ == "__main__":
    unittest.main()
