"""How a compile ends, and what the requests are told (reference-failures.md A3 A4 A8 A9 A10 A11)."""

import unittest

from relay import OneShotCase, RelayCase
from scripts import BOLD_YELLOW, RESET, diagnostic, emits, lines, printed_arguments

MIB = 1 << 20


class A3_FullAlone(RelayCase):
    """A full request without a live compile runs rustc with the same kinds of output. (The bytes
    are compared in test_real_rustc.py.)"""

    def test_it_asks_for_the_same_kinds(self):
        worker, crate = self.start(), self.crate(text=lines("print-args", "metadata m", "link r"))
        early = worker.ask(**crate.metadata())
        self.assert_ok(worker.ask(**crate.full()))
        late = self.start().ask(**crate.full())
        self.assert_ok(late)
        kinds = [emits(printed_arguments(response.output)) for response in (early, late)]
        self.assertEqual({"dep-info", "link", "metadata"}, set(kinds[0]))
        self.assertEqual(set(kinds[0]), set(kinds[1]))
        self.assertEqual("r", self.workspace.read(crate.rlib))

    def test_its_metadata_goes_to_a_private_place(self):
        worker, crate = self.start(), self.crate(text=lines("print-args", "metadata m", "link r"))
        crate.restore_metadata("m")
        response = worker.ask(**crate.full())
        self.assert_ok(response)
        private = emits(printed_arguments(response.output))["metadata"]
        self.assertTrue(private.startswith("/"), private)
        self.assertFalse(private.startswith(str(self.workspace.execroot) + "/"), private)
        self.assertEqual(sorted([crate.root, crate.rmeta, crate.rlib]), self.workspace.files())

    def test_metadata_other_than_what_dependants_used_is_an_error(self):
        worker, crate = self.start(), self.crate(text=lines("metadata m", "link r"))
        self.workspace.write(crate.rmeta, "something else")
        self.assert_fails(worker.ask(**crate.full()), "dep")


class A4_ADeadRustc(RelayCase):
    def test_killed_by_a_signal_it_is_said_and_compiled_once_more(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines(f"append {self.note()} x", "metadata m",
                             f"once {self.note('died')} stderr last words",
                             f"once {self.note('died2')} signal 9", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()))
        response = worker.ask(**crate.full())
        self.assert_ok(response)
        self.assertRegex(response.output, r"(?i)signal 9|SIGKILL|killed")
        self.assertIn("last words", response.output)
        self.assertEqual("r", self.workspace.read(crate.rlib))
        self.assertEqual(2, self.runs())

    def test_killed_twice_it_is_an_error(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines(f"append {self.note()} x", "metadata m", "signal 9"))
        self.assert_ok(worker.ask(**crate.metadata()))
        response = worker.ask(**crate.full())
        self.assert_fails(response)
        self.assertRegex(response.output, r"(?i)signal 9|SIGKILL|killed")
        self.assertEqual(2, self.runs())
        self.assertFalse(self.workspace.exists(crate.rlib))

    def test_an_exit_code_is_an_error_and_not_tried_again(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines(f"append {self.note()} x", "metadata m",
                             diagnostic("error: boom\n", "error"), "exit 3"))
        self.assert_ok(worker.ask(**crate.metadata()))
        response = worker.ask(**crate.full())
        self.assert_fails(response, "error: boom")
        self.assertEqual(3, response.exit_code)
        self.assertEqual(1, self.runs())
        self.assertFalse(self.workspace.exists(crate.rlib))

    def test_a_failure_is_not_kept_for_the_next_build(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines("metadata m", f"once {self.note('first')} exit 3", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_fails(worker.ask(**crate.full()))
        self.assert_ok(worker.ask(**crate.full()))
        self.assertEqual("r", self.workspace.read(crate.rlib))


class Failures(RelayCase):
    def test_rustc_fails_before_the_metadata(self):
        worker = self.start()
        crate = self.crate(text=lines(diagnostic("error: no\n", "error"), "exit 1"))
        response = worker.ask(**crate.metadata())
        self.assertEqual((1, "error: no\n"), (response.exit_code, response.output))
        self.assertFalse(self.workspace.exists(crate.rmeta))

    def test_a_failure_without_a_word_gets_a_reason(self):
        worker, crate = self.start(), self.crate(text="exit 7")
        response = worker.ask(arguments=crate.link_arguments())
        self.assert_fails(response, "7")
        self.assertEqual(7, response.exit_code)

    def test_a_signal_gets_a_reason(self):
        worker, crate = self.start(), self.crate(text="signal 11")
        response = worker.ask(arguments=crate.link_arguments())
        self.assert_fails(response)
        self.assertRegex(response.output, r"(?i)signal 11|SIGSEGV|segmentation")

    def test_success_without_the_metadata_is_an_error(self):
        worker, crate = self.start(), self.crate(text="link r")
        self.assert_fails(worker.ask(**crate.metadata()), ".rmeta")

    def test_success_without_the_rlib_is_an_error(self):
        worker, crate = self.start(), self.crate(text="metadata m")
        self.assert_ok(worker.ask(**crate.metadata()))
        self.assert_fails(worker.ask(**crate.full()), crate.name)

    def test_a_child_of_rustc_that_holds_its_output_holds_no_answer(self):
        worker, crate, gate = self.start(), self.crate(), self.gate()
        crate.set_text(lines("link r", "stderr said",
                             f"grandchild-hold {gate.path}"))
        self.assert_ok(worker.ask(arguments=crate.link_arguments()), "said\n")
        self.assertEqual("r", self.workspace.read(crate.rlib))
        self.assert_clean_end(worker)


class A8_BytesThatAreNoText(RelayCase):
    def test_a_plain_line(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines(r"stderr caf\xe9 \xff", "metadata m", "link r"))
        response = worker.ask(**crate.metadata())
        self.assert_ok(response, "caf\ufffd \ufffd\n")
        self.assertEqual("m", self.workspace.read(crate.rmeta))

    def test_inside_a_diagnostic(self):
        worker, crate = self.start(), self.crate()
        crate.set_text(lines(diagnostic("caf@\n").replace("@", r"\xe9"), "metadata m", "link r"))
        response = worker.ask(**crate.metadata())
        self.assert_ok(response)
        self.assertIn("caf\ufffd", response.output)
        self.assertEqual("m", self.workspace.read(crate.rmeta))


class A9_PlainLinesAmongJson(OneShotCase):
    TEXT = lines(diagnostic("first\n"), "stderr a macro says hello", diagnostic("second\n"),
                 "metadata m", "link r")

    def test_in_the_worker(self):
        worker, crate = self.start(), self.crate(text=self.TEXT)
        self.assert_ok(worker.ask(**crate.metadata()), "first\na macro says hello\nsecond\n")
        self.assert_ok(worker.ask(**crate.full()), "")

    def test_alone(self):
        done = self.run_script(self.TEXT, "--rustc-output-format", "rendered")
        self.assertEqual((0, b"first\na macro says hello\nsecond\n"), (done.returncode, done.stderr))


class A10_Colours(RelayCase):
    COLOURED = f"{BOLD_YELLOW}warning{RESET}: \tbell \x07 and \x7f\n"

    def test_control_characters_arrive(self):
        worker = self.start()
        crate = self.crate(text=lines(diagnostic(self.COLOURED), "metadata m", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()), self.COLOURED)

    def test_json_escapes_them(self):
        worker = self.start(wire="json")
        crate = self.crate(text=lines(diagnostic(self.COLOURED), "metadata m", "link r"))
        self.assert_ok(worker.ask(**crate.metadata()), self.COLOURED)
        self.assertNotIn(b"\x1b", worker.raw)
        self.assertIn(rb"\u001b", worker.raw.lower())


class A11_EachDiagnosticOnce(RelayCase):
    def crate_with_warnings(self, *more):
        return self.crate(text=lines(diagnostic("early\n"), "metadata m", diagnostic("late\n"),
                                     *more, "link r"))

    def test_early_ones_with_metadata_late_ones_with_full(self):
        gate, worker = self.gate(), self.start()
        crate = self.crate(text=lines(diagnostic("early\n"), "metadata m",
                                      f"fifo-wait {gate.path}", diagnostic("late\n"), "link r"))
        self.assert_ok(worker.ask(**crate.metadata()), "early\n")
        gate.release()
        self.assert_ok(worker.ask(**crate.full()), "late\n")

    def test_no_line_twice_or_never_whatever_the_moment(self):
        worker = self.start()
        for number in range(20):
            crate = self.crate(f"dep{number}", lines(diagnostic("early\n"), "metadata m",
                                                     diagnostic("late\n"), "link r"))
            texts = [worker.ask(**crate.metadata()).output, worker.ask(**crate.full()).output]
            self.assertEqual("early\nlate\n", "".join(texts))

    def test_a_full_request_alone_shows_all(self):
        worker, crate = self.start(), self.crate_with_warnings()
        crate.restore_metadata("m")
        self.assert_ok(worker.ask(**crate.full()), "early\nlate\n")

    def test_a_late_error_comes_without_the_early_warning(self):
        gate, worker = self.gate(), self.start()
        crate = self.crate(text=lines(diagnostic("early\n"), "metadata m",
                                      f"fifo-wait {gate.path}",
                                      diagnostic("error: late\n", "error"), "exit 1"))
        self.assert_ok(worker.ask(**crate.metadata()), "early\n")
        gate.release()
        response = worker.ask(**crate.full())
        self.assertEqual((1, "error: late\n"), (response.exit_code, response.output))


class Output(RelayCase):
    def test_it_ends_with_a_newline(self):
        worker, crate = self.start(), self.crate(text="link r\nstderr no newline\\c")
        self.assert_ok(worker.ask(arguments=crate.link_arguments()), "no newline\n")

    def test_too_much_is_cut_and_the_first_errors_are_kept(self):
        worker = self.start()
        warnings = [diagnostic(f"warning {i}: {'w' * 50000}\n") for i in range(30)]
        error = diagnostic("error: the cause\n", "error")
        crate = self.crate(text=lines(*warnings, error, "exit 1"))
        response = worker.ask(**crate.metadata())
        self.assert_fails(response, "error: the cause")
        self.assertLess(len(response.output.encode()), MIB)
        self.assertGreater(len(response.output.encode()), MIB // 4)

    def test_one_enormous_line(self):
        worker = self.start()
        crate = self.crate(text=lines("stderr " + "x" * (3 * MIB), "metadata m", "link r"))
        response = worker.ask(**crate.metadata())
        self.assert_ok(response)
        self.assertLess(len(response.output.encode()), MIB)

    def test_what_rustc_prints_on_stdout_reaches_the_user_not_the_wire(self):
        worker = self.start()
        crate = self.crate(text=lines("stdout {\"requestId\":1}", "stderr words", "link r"))
        response = worker.ask(arguments=crate.link_arguments())
        self.assert_ok(response, "{\"requestId\":1}\nwords\n")
        self.assert_clean_end(worker)

    def test_formats(self):
        text = lines(diagnostic("shown\n"), "stderr {\"unknown\":1}", "link r")
        for form, expected in (("rendered", "shown\n"), ("json", '"rendered": "shown\\n"')):
            with self.subTest(form):
                worker, crate = self.start(), self.crate(text=text)
                words = [form if word == "rendered" else word for word in crate.link_arguments()]
                response = worker.ask(arguments=words)
                self.assert_ok(response)
                self.assertIn(expected, response.output)
                self.assertNotIn("unknown", response.output)


if __name__ == "__main__":
    unittest.main()
