"""The wrapper's flags (rules_rust-contract.md 3, 4, 7) and what happens when they are wrong. Each flag
that means the same in both ways of running is tried in both."""

import os
import unittest

from relay import FAKE_RUSTC, OneShotCase
from scripts import diagnostic, lines, printed_arguments, without_outputs


class OneShot(OneShotCase):
    """The program without --persistent_worker."""

    def assert_done(self, done, stderr=None, code=0):
        self.assertEqual(code, done.returncode, done)
        if stderr is not None:
            self.assertEqual(stderr, done.stderr.decode())

    def test_exit_code_stdout_and_stderr_are_rustcs(self):
        done = self.run_script(lines("stdout out", "stderr err", "exit 5"))
        self.assertEqual((5, b"out\n", b"err\n"), (done.returncode, done.stdout, done.stderr))

    def test_a_signal_is_a_failure_with_a_reason(self):
        done = self.run_script("signal 9")
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stderr.decode(), r"(?i)signal 9|SIGKILL|killed")

    def test_outputs_are_where_rustc_was_told(self):
        self.workspace.path("out").mkdir()
        words = ["--crate-name=x", "--emit=dep-info,metadata,link", "--out-dir=out"]
        self.assert_done(self.run_script(lines("dep-info d", "metadata m", "link r"), words=words))
        self.assertEqual(["main.rs", "out/libx.rlib", "out/libx.rmeta", "out/x.d"],
                         self.workspace.files())

    def test_rustc_output_format(self):
        script = lines(diagnostic("shown\n"), "stderr plain", "stderr {\"other\":1}")
        rendered = self.run_script(script, "--rustc-output-format", "rendered")
        self.assert_done(rendered, "shown\nplain\n")
        self.assert_done(self.run_script(script, "--rustc-output-format", "json"))
        raw = self.run_script(script)
        self.assertIn('"rendered": "shown\\n"', raw.stderr.decode())
        self.assertIn('{"other":1}', raw.stderr.decode())

    def test_output_file_has_stderr(self):
        self.assert_done(self.run_script("stderr words", "--output-file", "log"), "words\n")
        self.assertEqual("words\n", self.workspace.read("log"))

    def test_stdout_file(self):
        done = self.run_script(lines("stdout out", "stderr err"), "--stdout-file", "log")
        self.assertEqual((0, b"", b"err\n"), (done.returncode, done.stdout, done.stderr))
        self.assertEqual("out\n", self.workspace.read("log"))

    def test_stderr_file_has_what_would_be_shown(self):
        script = lines(diagnostic("shown\n"), "stdout out")
        done = self.run_script(script, "--stderr-file", "log", "--rustc-output-format", "rendered")
        self.assertEqual((0, b"out\n", b""), (done.returncode, done.stdout, done.stderr))
        self.assertEqual("shown\n", self.workspace.read("log"))

    def test_touch_file(self):
        self.assert_done(self.run_script("", "--touch-file", "marker"))
        self.assertEqual("", self.workspace.read("marker"))

    def test_touch_file_empties_an_old_one(self):
        self.workspace.write("marker", "old")
        self.assert_done(self.run_script("", "--touch-file", "marker"))
        self.assertEqual("", self.workspace.read("marker"))

    def test_no_touch_file_after_a_failure(self):
        self.assert_done(self.run_script("exit 1", "--touch-file", "marker"), code=1)
        self.assertFalse(self.workspace.exists("marker"))

    def test_copy_output(self):
        script = f"write {self.workspace.path('made')} content"
        self.assert_done(self.run_script(script, "--copy-output", "made", "copied"))
        self.assertEqual("content", self.workspace.read("copied"))
        self.assertEqual("content", self.workspace.read("made"))

    def test_no_copy_after_a_failure(self):
        self.workspace.write("made", "content")
        self.assert_done(self.run_script("exit 1", "--copy-output", "made", "copied"), code=1)
        self.assertFalse(self.workspace.exists("copied"))

    def test_a_copy_onto_itself(self):
        self.workspace.write("made", "content")
        done = self.run_script("", "--copy-output", "made", "made")
        self.assert_refused(done, "made")
        self.assertEqual("content", self.workspace.read("made"))

    def test_a_copy_of_nothing(self):
        self.assert_refused(self.run_script("", "--copy-output", "missing", "copied"), "missing")

    def test_any_tool_can_be_run(self):
        done = self.run_relay("--stdout-file", "log", "--", "/bin/echo", "hello")
        self.assert_done(done, "")
        self.assertEqual("hello\n", self.workspace.read("log"))

    def test_a_param_file_that_is_not_there_is_rustcs_affair(self):
        done = self.run_script("", words=["@missing.params"])
        self.assertNotEqual(0, done.returncode)
        self.assertIn("missing.params", done.stderr.decode())

    def test_pipelining_flags_in_a_param_file_are_ours(self):
        self.workspace.path("out").mkdir()
        self.workspace.write("x.params", lines(
            "--crate-name=x", "--crate-type=rlib", "--emit=metadata=out/x.rmeta", "--emit=link",
            "--out-dir=out", "--pipelining-metadata", "--pipelining-key=k"))
        done = self.run_script(lines("print-args", "metadata m", "link r"), words=["@x.params"])
        self.assert_done(done)
        self.assertNotIn("pipelining", done.stderr.decode())
        self.assertEqual("m", self.workspace.read("out/x.rmeta"))

    def test_a_full_request_alone(self):
        self.workspace.path("out").mkdir()
        self.workspace.write("out/x.rmeta", "m")
        self.workspace.write("x.params", lines(
            "--crate-name=x", "--crate-type=rlib", "--emit=link", "--out-dir=out",
            "--pipelining-full", "--pipelining-key=k", "--pipelining-rlib-path=out/libx.rlib",
            "--pipelining-rmeta-path=out/x.rmeta", "--rustc-output-format", "rendered"))
        self.assert_done(self.run_script(lines("metadata m", "link r"), words=["@x.params"]))
        self.assertEqual("r", self.workspace.read("out/libx.rlib"))
        self.assertEqual("m", self.workspace.read("out/x.rmeta"))
        self.workspace.path("out/libx.rlib").unlink()
        self.workspace.write("out/x.rmeta", "another")
        done = self.run_script(lines("metadata m", "link r"), words=["@x.params"])
        self.assert_refused(done, "x")

    def test_no_file_is_left(self):
        self.workspace.write("x.params", lines("--cfg=a"))
        self.assert_done(self.run_script("", words=["@x.params"]))
        self.assertEqual(["main.rs", "x.params"], self.workspace.files())
        self.assertEqual([], self.workspace.leftovers())


class TheCommandLine(OneShotCase):
    def test_is_the_tools_as_it_stands(self):
        """It is nobody else's: the tool writes where it says."""
        words = ["--crate-name=x", "--crate-type=bin", "--emit=dep-info,link=out/y", "--out-dir=out",
                 "-Cincremental=inc"]
        done = self.run_script("print-args", words=words)
        self.assertEqual(["main.rs", *words], printed_arguments(done.stderr.decode()))


class WhatWasShown(OneShotCase):
    """It cannot be taken back."""

    def test_a_killed_tool_is_not_started_again(self):
        done = self.run_script(lines("stdout out", "stderr err", "signal 9"))
        self.assertEqual((1, b"out\n"), (done.returncode, done.stdout))
        said, reason = done.stderr.decode().splitlines()
        self.assertEqual("err", said)
        self.assertIn("was killed by signal 9", reason)


class WrongCommandLines(OneShotCase):
    def test_each_gets_one_sentence(self):
        for words, telling in [
                (["--unknown-flag", "x"], "--unknown-flag"),
                (["--env-file"], "--env-file"),
                (["--touch-file"], "--touch-file"),
                (["--touch-file", "a", "b"], "--touch-file"),
                (["--touch-file", "a", "--touch-file", "b"], "--touch-file"),
                (["--copy-output", "a"], "--copy-output"),
                (["--copy-output", "a", "b", "c"], "--copy-output"),
                (["--subst", "novalue"], "novalue"),
                (["--env-file", "missing.env"], "missing.env"),
                (["--arg-file", "missing.args"], "missing.args"),
                (["--stable-status-file", "missing.status"], "missing.status"),
                (["--volatile-status-file", "missing.status"], "missing.status"),
                (["--rustc-output-format", "purple"], "purple")]:
            with self.subTest(words):
                self.assert_refused(self.run_script("append ran x", *words), telling)
                self.assertEqual(["main.rs"], self.workspace.files())

    def test_nothing_behind_the_dashes(self):
        self.assert_refused(self.run_relay("--"))
        self.assert_refused(self.run_relay())

    def test_a_rustc_that_is_not_there(self):
        self.assert_refused(self.run_relay("--", "no/such/rustc", "x.rs"), "no/such/rustc")

    def test_a_worker_told_nonsense_does_not_start(self):
        for words, telling in [(["--unknown-flag", "x"], "--unknown-flag"),
                               (["--env-file"], "--env-file")]:
            with self.subTest(words):
                done = self.run_relay(*words, "--", FAKE_RUSTC, "--persistent_worker")
                self.assert_refused(done, telling)
        for flag in ("--wire=morse", "--keep-results=many", "--what=ever"):
            with self.subTest(flag):
                done = self.run_relay("--", FAKE_RUSTC, "--persistent_worker", flag)
                self.assert_refused(done, flag.partition("=")[0])

    def test_help_and_version(self):
        shown = self.run_relay("--help")
        self.assertEqual((0, b""), (shown.returncode, shown.stderr))
        for flag in ("--persistent_worker", "--env-file", "--pipelining-key", "--wire"):
            self.assertIn(flag, shown.stdout.decode())
        version = self.run_relay("--version").stdout.decode()
        for library in ("rustc-relay", "libuv", "cJSON", "protobuf-c"):
            self.assertIn(library, version)


class BothWays(OneShotCase):
    """Each test runs its script once without a worker and once in one."""

    def each_way(self, script, *flags, words=(), env=None):
        """Yields what the user sees; start-up flags first, then the request's words."""
        self.workspace.write("main.rs", script)
        done = self.run_relay(*flags, "--", FAKE_RUSTC, "main.rs", *words, env=env)
        self.assertEqual(0, done.returncode, done)
        yield done.stderr.decode()
        worker = self.start(startup=flags, env=env)
        response = worker.ask(arguments=["main.rs", *words])
        self.assert_ok(response)
        yield response.output

    def assert_environment(self, expected, *flags, env=None):
        """expected: NAME -> value."""
        script = lines(*(f"print-env {name}" for name in expected))
        said = "".join(f"env: {name}={value}\n" for name, value in expected.items())
        for output in self.each_way(script, *flags, env=env):
            self.assertEqual(said, output)

    def assert_arguments(self, expected, *flags, words=()):
        for output in self.each_way("print-args", *flags, words=words):
            self.assertEqual(["main.rs", *expected],
                             without_outputs(printed_arguments(output)))

    def test_the_environment_is_inherited(self):
        self.assert_environment({"COLOUR": "red", "SHAPE": "(unset)"}, env={"COLOUR": "red"})

    def test_env_file(self):
        self.workspace.write("a.env", "COLOUR=red\n\nSHAPE=round\n")
        self.workspace.write("b.env", "COLOUR=blue=green\n")
        self.assert_environment({"COLOUR": "blue=green", "SHAPE": "round", "SIZE": "s"},
                                "--env-file", "a.env", "--env-file", "b.env",
                                env={"COLOUR": "black", "SIZE": "s"})

    def test_a_backslash_joins_lines_with_a_newline(self):
        self.workspace.write("a.env", "TEXT=one\\\ntwo\nPAIR=back\\\\\n")
        self.assert_environment({"TEXT": "one\ntwo", "PAIR": "back\\"}, "--env-file", "a.env")

    def test_substitutions_in_environment_and_arguments(self):
        self.workspace.write("a.env", "DIR=${pwd}/x\nOTHER=${other}\nNONE=${none}\n")
        cwd = os.path.realpath(self.workspace.execroot)
        flags = ["--subst", "pwd=${pwd}", "--subst", "other=thing", "--env-file", "a.env"]
        self.assert_environment({"DIR": f"{cwd}/x", "OTHER": "thing", "NONE": "${none}"}, *flags)
        self.assert_arguments([f"--remap-path-prefix={cwd}=.", "thing"], *flags,
                              words=["--remap-path-prefix=${pwd}=.", "${other}"])

    def test_status_files_stamp_the_environment(self):
        self.workspace.write("stable", "USER me\nBOTH {VOLATILE}\n")
        self.workspace.write("volatile", "VOLATILE 12 30\n")
        self.workspace.write("a.env", "BY={USER}\nAT={BOTH}\nNONE={NONE}\n")
        self.assert_environment({"BY": "me", "AT": "12 30", "NONE": "{NONE}"},
                                "--stable-status-file", "stable",
                                "--volatile-status-file", "volatile", "--env-file", "a.env")

    def test_arg_file(self):
        self.workspace.write("a.args", "--cfg=a\n\n--cfg=${x}\n")
        self.assert_arguments(["--cfg=a", "--cfg=b"], "--subst", "x=b", "--arg-file", "a.args")

    def test_require_explicit_unstable_features(self):
        flags = ["--require-explicit-unstable-features", "true"]
        self.assert_arguments(["-Zallow-features="], *flags)
        self.assert_arguments(["-Zallow-features=a"], *flags, words=["-Zallow-features=a"])
        self.assert_arguments(["-Z", "allow-features=a"], *flags, words=["-Z", "allow-features=a"])
        self.assert_arguments([], "--require-explicit-unstable-features", "false")

    def test_param_files(self):
        self.workspace.write("x.params", "--cfg=${x}\n@nested.params\nwith space\n")
        self.workspace.write("nested.params", "--cfg=nested\n")
        expected = ["--cfg=1", "--cfg=nested", "with space", "last"]
        for words in (["@x.params", "last"], ["--flagfile=x.params", "last"]):
            with self.subTest(words):
                self.assert_arguments(expected, "--subst", "x=1", words=words)

    def test_our_flags_in_a_param_file(self):
        self.workspace.write("a.env", "COLOUR=red\n")
        self.workspace.write("a.args", "--cfg=a\n")
        self.workspace.write("x.params", lines("--env-file", "a.env", "--arg-file", "a.args"))
        for output in self.each_way(lines("print-args", "print-env COLOUR"), words=["@x.params"]):
            self.assertEqual(["main.rs", "--cfg=a"], without_outputs(printed_arguments(output)))
            self.assertTrue(output.endswith("env: COLOUR=red\n"), output)

    def test_a_param_file_that_includes_itself(self):
        self.workspace.write("x.params", "@x.params\n")
        self.workspace.write("main.rs", "")
        done = self.run_relay("--", FAKE_RUSTC, "main.rs", "@x.params")
        self.assertGreater(done.returncode, 0)
        self.assertIn("x.params", done.stderr.decode())
        self.assert_fails(self.start().ask(arguments=["main.rs", "@x.params"]), "x.params")


class InARequest(OneShotCase):
    """Flags of a request beside those of the start (contract, 3)."""

    def test_start_and_request_are_merged(self):
        self.workspace.write("a.env", "COLOUR=red\nSHAPE=round\n")
        self.workspace.write("b.env", "COLOUR=blue\n")
        self.workspace.write("main.rs", lines("print-env COLOUR", "print-env SHAPE"))
        worker = self.start(startup=["--env-file", "a.env"])
        response = worker.ask(arguments=["main.rs", "--env-file", "b.env"])
        self.assert_ok(response, "env: COLOUR=blue\nenv: SHAPE=round\n")
        self.assert_ok(worker.ask(arguments=["main.rs"]), "env: COLOUR=red\nenv: SHAPE=round\n")

    def test_output_file(self):
        self.workspace.write("main.rs", diagnostic("shown\n"))
        worker = self.start()
        self.assert_ok(worker.ask(arguments=[
            "main.rs", "--output-file", "log", "--rustc-output-format", "rendered"]), "shown\n")
        self.assertIn("shown", self.workspace.read("log"))

    def assert_told(self, arguments, *words):
        """The request fails with a sentence; the next one is served; nothing was run or left."""
        worker = self.start()
        self.note().unlink(missing_ok=True)
        self.workspace.write("main.rs", f"append {self.note()} x")
        before = self.workspace.files()
        response = worker.ask(arguments=["main.rs", *arguments])
        self.assert_fails(response, *words)
        self.assertEqual(1, len(response.output.strip().splitlines()), response.output)
        self.assertEqual(0, self.runs())
        self.assertEqual(before, self.workspace.files())
        self.assert_ok(worker.ask(arguments=["main.rs"]))
        self.assert_clean_end(worker)

    STAGED = ["--crate-name=x", "--crate-type=rlib", "--emit=metadata=x.rmeta", "--emit=link"]

    def test_an_unknown_flag_of_ours(self):
        self.assert_told([*self.STAGED, "--pipelining-unknown"], "--pipelining-unknown")

    def test_a_flag_without_its_value(self):
        self.assert_told(["--env-file"], "--env-file")

    def test_missing_files(self):
        self.assert_told(["--env-file", "missing.env"], "missing.env")
        self.assert_told(["--arg-file", "missing.args"], "missing.args")

    def test_a_missing_flagfile(self):
        self.assert_told(["--flagfile=missing.params"], "missing.params")

    def test_a_stage_without_a_key(self):
        self.assert_told([*self.STAGED, "--pipelining-metadata"], "--pipelining-key")

    def test_two_stages(self):
        self.assert_told([*self.STAGED, "--pipelining-metadata", "--pipelining-full",
                          "--pipelining-key=k"], "--pipelining-")

    def test_keys_that_would_be_paths(self):
        for key in ("a/b", "..", "../../escape", "/absolute", ""):
            with self.subTest(key):
                self.assert_told([*self.STAGED, "--pipelining-metadata", f"--pipelining-key={key}"],
                                 "key")

    def test_a_missing_param_file(self):
        worker = self.start()
        self.workspace.write("main.rs", "")
        response = worker.ask(arguments=["main.rs", "@missing.params"])
        self.assert_fails(response, "missing.params")
        self.assert_clean_end(worker)

    def test_a_missing_rustc(self):
        worker = self.start(tool="no/such/rustc")
        self.workspace.write("main.rs", "")
        for _ in range(3):
            self.assert_fails(worker.ask(arguments=["main.rs"]), "no/such/rustc")
        self.assert_clean_end(worker)

    def test_a_missing_rustc_in_a_staged_request(self):
        worker, crate = self.start(tool="no/such/rustc"), self.crate()
        self.assert_fails(worker.ask(**crate.metadata()), "no/such/rustc")
        self.assert_fails(worker.ask(**crate.full()), "no/such/rustc")
        self.assert_clean_end(worker)

    def test_a_rustc_that_cannot_be_run(self):
        self.workspace.write("tool", "no program").chmod(0o755)
        worker = self.start(tool="./tool")
        self.workspace.write("main.rs", "")
        self.assert_fails(worker.ask(arguments=["main.rs"]), "tool")
        self.assert_clean_end(worker)


if __name__ == "__main__":
    unittest.main()
