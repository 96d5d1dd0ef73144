"""What a compile says is passed on: once, whole or with a word about the cut, and it never costs the
loop (issue E, 3)."""

import json
import unittest

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
