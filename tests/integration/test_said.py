"""What a compile says is passed on: once, whole or with a word about the cut, and it never costs the
loop (issue E, 3)."""

import json
import os
import subprocess
import unittest
import uuid

from processes import SECONDS, wait_gone
from relay import FAKE_RUSTC, RELAY, OneShotCase, RelayCase
from scripts import diagnostic, lines
from wire import Request

MIB = 1 << 20


def is_sanitized(program):
    """AddressSanitizer has memory of its own, and keeps what is freed."""
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


def memory(worker, what):
    """In bytes, as the system counts it: VmRSS now, VmHWM at most until now."""
    with open(f"/proc/{worker.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024
    raise AssertionError(f"no {what}")


class TextWithoutANewlineBeforeRustcsJson(OneShotCase):
    """A macro's eprint!("working..."): rustc's next JSON stands on the same line."""

    def assert_early(self, text, output):
        """The metadata is answered while rustc is held, with this output."""
        gate, worker = self.gate(), self.start()
        crate = self.crate(text=lines(*text, "metadata m", f"fifo-wait {gate.path}", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()), output)
        gate.release()
        self.assert_ok(worker.ask(**crate.full()), "")
        self.assertEqual("r", self.workspace.read(crate.rlib))

    def test_the_metadata_is_seen(self):
        self.assert_early([r"stderr working...\c"], "working...\n")

    def test_several_on_one_line_and_on_others(self):
        self.assert_early([r"stderr one\c", r"stderr {two\c", diagnostic("first\n"), "stderr three",
                           r'stderr }"\\c'.replace(r"\\c", r"\x5c\c")],
                          'one{two\nfirst\nthree\n}"\\\n')

    def test_bytes_that_are_no_text(self):
        self.assert_early([r"stderr \xff{\x22\x01\c"], "\ufffd{\"\x01\n")

    def test_a_line_of_many_megabytes(self):
        """Its beginning is shown; that it is cut is said."""
        gate, worker = self.gate(), self.start()
        crate = self.crate(text=lines(f"repeat 20 stderr {'x' * MIB}\\c", "metadata m",
                                      f"fifo-wait {gate.path}", "link r"))
        response = worker.ask(**crate.metadata())
        self.assert_ok(response)
        self.assertTrue(response.output.startswith("x" * 1000), response.output[:100])
        self.assertRegex(response.output[-200:], r"\.\.\. [0-9,]+ bytes cut")
        self.assertFalse("$message_type" in response.output, response.output[-400:])
        gate.release()
        self.assert_ok(worker.ask(**crate.full()))

    def test_an_error_behind_text_is_one(self):
        worker = self.start()
        crate = self.crate(text=lines(*[diagnostic("w" * 50000 + "\n")] * 30, r"stderr text\c",
                                      diagnostic("error: the cause\n", "error"), "exit 1"))
        self.assert_fails(worker.ask(**crate.metadata()), "error: the cause")

    def test_as_json(self):
        worker = self.start()
        crate = self.crate(text=lines(r"stderr working...\c", diagnostic("shown\n"), "link r"))
        words = ["json" if word == "rendered" else word for word in crate.link_arguments()]
        response = worker.ask(arguments=words)
        self.assert_ok(response)
        text, said = response.output.splitlines()
        self.assertEqual(("working...", "shown\n"), (text, json.loads(said)["rendered"]))

    def test_as_it_came(self):
        worker = self.start()
        crate = self.crate(text=lines(r"stderr working...\c", diagnostic("shown\n"), "link r"))
        words = [word for word in crate.link_arguments()
                 if word not in ("--rustc-output-format", "rendered")]
        response = worker.ask(arguments=words)
        self.assertEqual("working..." + diagnostic("shown\n")[len("stderr "):],
                         response.output.splitlines()[0])

    def test_alone(self):
        """One-shot: a metadata request ends with the metadata, the rest is not waited for."""
        gate = self.gate()
        crate = self.crate(text=lines(r"stderr working...\c", "metadata m",
                                      f"fifo-wait {gate.path}", "link r"))
        self.workspace.delete_outputs(crate.rmeta)
        self.workspace.write("x.params", "\n".join(crate.metadata_arguments()) + "\n")
        done = self.run_relay("--subst", "pwd=${pwd}", "--", FAKE_RUSTC, "@x.params")
        self.assertEqual((0, b"working...\n"), (done.returncode, done.stderr))
        self.assertEqual("m", self.workspace.read(crate.rmeta))

    def test_alone_the_bytes_are_those_of_a_plain_run(self):
        done = self.run_script(lines(r"stderr working...\c", diagnostic("shown\n")))
        self.assertEqual("working..." + diagnostic("shown\n")[len("stderr "):] + "\n",
                         done.stderr.decode())


class ADeadRustcThatSaidMuch(RelayCase):
    """It is run again, and says all again: told once, at no cost that grows with the square."""

    COUNT = 100000

    def test_each_line_is_told_once(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines("metadata m", "stderr twice", "stderr twice",
                             f"once {self.note('died')} signal 9", "stderr third", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()))
        response = worker.ask(**crate.full())
        self.assert_ok(response)
        self.assertEqual([2, 1], [response.output.count(word) for word in ("twice\n", "third\n")])

    def test_many_lines(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines("metadata m", *(f"stderr line {i:8}" for i in range(self.COUNT)),
                             f"once {self.note('died')} signal 9", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual("r", self.workspace.read(crate.rlib))

    def test_what_it_wrote_to_stdout_does_not_count(self):
        worker = self.start(startup=["--stdout-file", "said.txt"])
        crate = self.crate(text=lines("stdout words", f"once {self.note('died')} signal 9",
                                      "link r"))
        self.workspace.delete_outputs("said.txt")
        self.assert_ok(worker.ask(arguments=crate.link_arguments()))
        self.assertEqual("words\n", self.workspace.read("said.txt"))


class TooMuchIsSaid(OneShotCase):
    """Each kind of output has a cap in memory; answers say how much they cut, files are whole."""

    COUNT = 32  # MiB
    PIECE = "x" * (MIB - 1)
    ROOM = 16 * MIB

    def flood(self, command, piece=PIECE):
        return f"repeat {self.COUNT} {command} {piece}"

    def ask(self, text, *words, startup=()):
        """The answer to a request without a stage, in little memory."""
        worker = self.start(startup=startup)
        crate = self.crate(text=lines(*text, "link r"))
        worker.barrier()
        before = memory(worker, "VmRSS")
        response = worker.ask(arguments=[*crate.link_arguments(), *words])
        taken = memory(worker, "VmHWM") - before
        print(f"{self._testMethodName}: {self.COUNT} MiB took {taken // MIB} MiB")
        if not is_sanitized(RELAY):
            self.assertLess(taken, self.ROOM)
        self.assertLess(len(response.output.encode()), MIB)
        return response

    def assert_cut(self, response, missing, of):
        last = response.output.splitlines()[-1]
        self.assertTrue(last.startswith(f"rustc-relay: ... {missing:,} bytes {of}"), last)

    def test_stdout(self):
        response = self.ask([self.flood("stdout")])
        self.assert_ok(response)
        self.assertTrue(response.output.startswith("xxx"))
        shown = response.output.index("\n")
        self.assert_cut(response, self.COUNT * MIB - shown, "of standard output cut")

    def test_stderr(self):
        """A piece is longer than an answer: its beginning is shown."""
        response = self.ask([self.flood("stderr")])
        self.assert_ok(response)
        shown = response.output.index("\n")
        self.assert_cut(response, self.COUNT * MIB - shown, f"cut ({self.COUNT} diagnostics)")

    def test_lines_that_begin_with_error(self):
        response = self.ask(["stderr first", self.flood("stderr", "error" + self.PIECE[5:])])
        self.assert_ok(response)
        self.assertIn("error", response.output)
        self.assert_cut(response, 6 + self.COUNT * MIB - response.output.index("\n"),
                        f"cut ({self.COUNT + 1} diagnostics)")

    def test_short_lines(self):
        response = self.ask(["repeat 100 repeat 1000 stderr a"])
        self.assert_ok(response)
        shown = response.output.count("a\n")
        self.assert_cut(response, 2 * (100 * 1000 - shown), "cut")

    def test_the_first_error_is_shown(self):
        response = self.ask([self.flood("stderr"), diagnostic("error: the cause\n", "error"),
                             self.flood("stderr"), "exit 1"])
        self.assert_fails(response, "error: the cause")

    def test_a_file_of_stdout_is_whole(self):
        response = self.ask([self.flood("stdout")], startup=["--stdout-file", "said.txt"])
        self.assert_ok(response, "")
        self.assertEqual(b"", self.assert_whole())

    def test_a_file_of_what_is_shown_is_whole(self):
        response = self.ask([self.flood("stderr")], startup=["--stderr-file", "said.txt"])
        self.assert_ok(response, "")
        self.assertEqual(b"", self.assert_whole())

    def test_a_file_of_stderr_as_it_came_is_whole(self):
        response = self.ask([self.flood("stderr")], "--output-file", "said.txt")
        self.assert_ok(response)
        self.assertRegex(self.assert_whole(), rb'^{"\$message_type":"artifact".*}\n$')

    def assert_whole(self):
        with open(self.workspace.path("said.txt"), "rb") as file:
            pieces = 0
            while pieces < self.COUNT:
                self.assertTrue(file.read(MIB) == self.PIECE.encode() + b"\n", f"piece {pieces}")
                pieces += 1
            return file.read()

    def test_a_file_of_both_stages(self):
        """Each has what was said until then, however long, also when all is over before the late one."""
        worker, gate, reached = self.start(), self.gate(), self.signal()
        crate = self.crate(text=lines("stderr early", self.flood("stderr"), "metadata m",
                                      f"fifo-signal {reached.path}", f"fifo-wait {gate.path}",
                                      "stderr late", "link r"))
        for fields, name in ((crate.metadata(), "early.txt"), (crate.full(), "late.txt")):
            fields["arguments"] = [*fields["arguments"], "--output-file", name]
            self.assert_ok(worker.ask(**fields))
            if name == "early.txt":
                rustc = reached.wait()
                gate.release()
                self.assertTrue(wait_gone(rustc))
                worker.barrier()
        size = len("early\n") + self.COUNT * MIB
        self.assertEqual(size, self.workspace.path("early.txt").stat().st_size)
        self.assertEqual(size + len("late\n"), self.workspace.path("late.txt").stat().st_size)

    def alone(self, text, *flags):
        """One-shot: how much it shows, in how much memory."""
        gate, reached = self.gate(uuid.uuid4().hex), self.signal(uuid.uuid4().hex)
        self.workspace.write("main.rs", lines(*text, f"fifo-signal {reached.path}",
                                              f"fifo-wait {gate.path}"))
        with open(self.workspace.top / "out", "w+b") as out:
            child = subprocess.Popen([RELAY, *flags, "--", FAKE_RUSTC, "main.rs"], stdout=out,
                                     stderr=out, stdin=subprocess.DEVNULL,
                                     cwd=self.workspace.execroot,
                                     env={"TMPDIR": str(self.workspace.tmp)})
            self.addCleanup(child.kill)
            reached.wait()
            if not is_sanitized(RELAY):
                self.assertLess(memory(child, "VmHWM"), self.ROOM)
            gate.release()
            self.assertEqual(0, child.wait(SECONDS))
            return os.fstat(out.fileno()).st_size

    def test_alone_all_is_shown(self):
        for command in ("stdout", "stderr", "stderr error"):
            with self.subTest(command):
                self.assertEqual(self.COUNT * (MIB + len(command) - 6),
                                 self.alone([self.flood(command)]))

    def test_alone_files_are_whole(self):
        for command, flag in (("stdout", "--stdout-file"), ("stderr", "--stderr-file"),
                              ("stderr", "--output-file")):
            with self.subTest(flag):
                shown = self.alone([self.flood(command)], flag, "said.txt")
                self.assertEqual(self.COUNT * MIB if flag == "--output-file" else 0, shown)
                self.assertEqual(b"", self.assert_whole())


class AnEndlessOutput(RelayCase):
    """A compile that never stops writing holds up nobody, and takes no more memory."""

    def assert_others_are_answered(self, command):
        worker = self.start()
        endless = worker.send(arguments=self.crate("endless", f"repeat 1000000000 {command}")
                              .link_arguments())
        other = self.crate(text=lines("stderr said", "link r"))
        for _ in range(50):
            self.workspace.delete_outputs(other.rlib)
            self.assert_ok(worker.ask(arguments=other.link_arguments()), "said\n")
        if not is_sanitized(RELAY):
            self.assertLess(memory(worker, "VmHWM"), 48 * MIB)
        worker.cancel(endless)
        self.assertTrue(worker.answer(endless).was_cancelled)
        self.assert_clean_end(worker)

    def test_of_short_lines(self):
        self.assert_others_are_answered("stderr x")

    def test_of_long_errors(self):
        self.assert_others_are_answered("stderr error" + "x" * 100000)

    def test_without_a_newline(self):
        self.assert_others_are_answered("stderr " + "x" * 100000 + "\\c")

    def test_of_stdout(self):
        self.assert_others_are_answered("stdout " + "x" * 100000)


class ALargeFrame(RelayCase):
    """Decoding a frame takes at most four times its size, and the memory comes back."""

    TEXT = "some/folder/of/some/length/file"
    DIGEST = "ab" * 32

    def assert_modest(self, **fields):
        worker = self.start()
        worker.settle()
        before = memory(worker, "VmRSS")
        frame = worker.wire.encode(Request(**fields, request_id=7))
        worker.send_raw(frame)
        answered, size = worker.answer(7), len(frame)
        worker.settle()
        peak, after = memory(worker, "VmHWM") - before, memory(worker, "VmRSS") - before
        print(f"{self._testMethodName}: a frame of {size // MIB} MiB took {peak // MIB} MiB, "
              f"and {after // MIB} stayed")
        self.assertGreater(size, 20 * MIB)
        if not is_sanitized(RELAY):
            self.assertLess(peak, 4 * size)
            self.assertLess(after, size // 4)
        return answered

    def test_many_inputs(self):
        crate = self.crate(text="link r")
        inputs = crate.inputs() + [(f"{self.TEXT}{number}.rs", self.DIGEST)
                                   for number in range(300000)]
        self.assert_ok(self.assert_modest(arguments=crate.link_arguments(), inputs=inputs))
        self.assertEqual("r", self.workspace.read(crate.rlib))

    def test_many_arguments(self):
        """Of a cancel, which is only decoded."""
        words = [f"--cfg={self.TEXT}{number}" for number in range(600000)]
        answered = self.assert_modest(arguments=words, cancel=True)
        self.assertTrue(answered.was_cancelled)

    def test_a_large_text(self):
        text = "x=" * (20 * MIB)
        answered = self.assert_modest(arguments=[text], cancel=True)
        self.assertTrue(answered.was_cancelled)


if __name__ == "__main__":
    unittest.main()
