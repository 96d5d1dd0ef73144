"""A command is limited by neither word nor total, and jobservers are inherited only alive (issue E,
4)."""

import fcntl
import os
import pathlib
import struct
import subprocess
import termios
import unittest

from processes import SECONDS
from relay import FAKE_RUSTC, RELAY, OneShotCase, real_rustc
from scripts import lines, printed_arguments

KIB = 1 << 10
LONG = "x" * (130 * KIB)  # more than the system takes as one argument


class Long(OneShotCase):
    """With a rustc that prints its arguments."""

    TEXT = lines("print-args", "link r")

    def words(self, *more):
        self.workspace.write("main.rs", self.TEXT)
        return ["main.rs", "--crate-name=main", *more]

    def assert_passed(self, words, more):
        """In their order and as they were, in a worker and alone. (The fake rustc prints a newline
        as it is.)"""
        expected = [word.split("\n")[0] for word in more]
        worker = self.start()
        response = worker.ask(arguments=[*words, "--emit=link=out.rlib"])
        self.assert_ok(response)
        self.assertEqual("r", self.workspace.read("out.rlib"))
        out = self.workspace.top / "said"
        response = self.start(startup=["--stderr-file", str(out)]).ask(
            arguments=[*words, "--emit=link=out.rlib"])
        self.assert_ok(response)
        got = [word for word in printed_arguments(out.read_text()) if word in expected]
        self.assertTrue(expected == got, [word[:60] for word in got])
        done = self.run_words(*words, "--emit=link=out.rlib")
        self.assertEqual(0, done.returncode, done.stderr[-500:])
        got = [word for word in printed_arguments(done.stderr.decode()) if word in expected]
        self.assertTrue(expected == got, [word[:60] for word in got])

    def run_words(self, *words, tool=FAKE_RUSTC):
        """One-shot, the words by a file: they may be too long for us too."""
        text = "\n".join(word.replace("\n", "\\\n") for word in words)
        self.workspace.write("main.params", text + "\n")
        return self.run_relay("--", tool, "@main.params", tool=tool)


class OneLongWord(Long):
    def test_it_is_passed(self):
        more = ["--cfg=first", f"--check-cfg=cfg({LONG})", "--cfg=last"]
        self.assert_passed(self.words(*more), more)

    def test_it_is_the_second(self):
        more = [f"--cfg={LONG}", "--cfg=last"]
        self.workspace.write("main.rs", self.TEXT)
        self.assert_passed([*more, "main.rs", "--crate-name=main"], more)

    def test_words_with_a_newline_stay_where_they_are(self):
        more = ["--cfg=a", "--cfg=n1\nx", "--cfg=b", f"--cfg={LONG}", "--cfg=c", "--cfg=n2\nx",
                "--cfg=d"]
        self.assert_passed(self.words(*more), more)

    def test_a_long_word_with_a_newline_is_refused(self):
        words = self.words(f"--cfg={LONG}\nx")
        response = self.start().ask(arguments=[*words, "--emit=link=out.rlib"])
        self.assert_fails(response, "--cfg=xxx", "bytes", "argument file")
        self.assert_refused(self.run_words(*words), "--cfg=xxx", "bytes", "argument file")

    def test_a_long_variable_is_refused(self):
        self.workspace.write("env", f"TOO_LONG={LONG}\n")
        words = self.words("--env-file=env")
        response = self.start().ask(arguments=[*words, "--emit=link=out.rlib"])
        self.assert_fails(response, "environment variable TOO_LONG", "bytes")
        self.assert_refused(self.run_words(*words), "environment variable TOO_LONG")

    def test_a_tool_that_reads_no_files(self):
        tool = self.workspace.top / "compiler"
        tool.symlink_to(FAKE_RUSTC)
        words = self.words(f"--cfg={LONG}")
        response = self.start(str(tool)).ask(arguments=words)
        self.assert_fails(response, "'compiler'", "--cfg=xxx", "bytes")
        self.assert_refused(self.run_words(*words, tool=str(tool)), "'compiler'", "bytes")
        self.assert_ok(self.start(str(tool)).ask(arguments=self.words("--cfg=short")))


class ManyWords(Long):
    def test_they_are_passed(self):
        more = [f"--cfg=w{number}{'x' * KIB}" for number in range(3 * KIB)]
        self.assert_passed(self.words(*more), more)


class RealTools(OneShotCase):
    """rustc and its relatives read what we write."""

    CFG = "--check-cfg=cfg(feature, values({}))".format(
        ",".join(f'"feature-{number}"' for number in range(10000)))
    WORDS = ["main.rs", "--crate-name=main", "--crate-type=rlib", "--cfg=feature=\"a\nb\"", CFG,
             "--cfg=feature=\"feature-7\""]
    TEXT = """#[cfg(all(feature = "feature-7", feature = "a\\nb"))] pub fn there() {}
    #[cfg(not(feature = "feature-7"))] compile_error!("a word is lost");"""

    def setUp(self):
        super().setUp()
        self.workspace.write("main.rs", self.TEXT)
        self.rustc = real_rustc()

    def plain(self):
        """By rustc, with its own argument files."""
        before, after = self.WORDS[:3], self.WORDS[4:]
        for name, words in (("before", before), ("after", [*after, "--emit=link=plain.rlib"])):
            self.workspace.write(name, "\n".join(words) + "\n")
        subprocess.run([self.rustc, "@before", self.WORDS[3], "@after"], check=True,
                       cwd=self.workspace.execroot, capture_output=True)
        return self.workspace.read_bytes("plain.rlib")

    def alone(self, tool, *words):
        text = "\n".join(word.replace("\n", "\\\n") for word in (*self.WORDS, *words))
        self.workspace.write("main.params", text + "\n")
        return self.run_relay("--", tool, "@main.params")

    def test_rustc(self):
        self.assertGreater(len(self.CFG), 128 * KIB)
        expected = self.plain()
        self.assert_ok(self.start(self.rustc).ask(arguments=[*self.WORDS, "--emit=link=out.rlib"]))
        self.assertEqual(expected, self.workspace.read_bytes("out.rlib"))
        done = self.alone(self.rustc, "--emit=link=out1.rlib")
        self.assertEqual(0, done.returncode, done.stderr[-500:])
        self.assertEqual(expected, self.workspace.read_bytes("out1.rlib"))

    def test_its_relatives(self):
        for name, words in (("clippy-driver", ["--emit=metadata=out.rmeta"]), ("rustdoc", [])):
            tool = pathlib.Path(self.rustc).parent / name
            if tool.exists():
                with self.subTest(name):
                    done = self.alone(str(tool), *words)
                    self.assertEqual(0, done.returncode, done.stderr[-500:])
                    made = "out.rmeta" if words else "doc/main/index.html"
                    self.assertTrue(self.workspace.exists(made))


class AnInheritedJobserver(OneShotCase):
    """One that does not answer is left out: rustc would warn of it in every crate. One that does is
    passed on by one-shot runs; a worker has its own."""

    VARIABLES = ("CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS")
    DEAD = ("-j4 --jobserver-fds=1000,1001 --jobserver-auth=1000,1001",
            "-j4 --jobserver-auth=fifo:/nowhere/fifo", "--jobserver-auth=0,0")
    PRINT = lines(*(f"print-env {name}" for name in VARIABLES), "link r")

    def setUp(self):
        super().setUp()
        self.read_fd, self.write_fd = os.pipe()
        self.addCleanup(os.close, self.read_fd)
        self.addCleanup(os.close, self.write_fd)
        os.write(self.write_fd, b"+" * 8)
        self.alive = f"-j8 --jobserver-auth={self.read_fd},{self.write_fd}"

    def alone(self, tool, env, *words):
        """One-shot, started with the descriptors of the one that is alive."""
        return subprocess.Popen(
            [RELAY, "--", tool, *words], env={"TMPDIR": str(self.workspace.tmp), **env},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            cwd=self.workspace.execroot, pass_fds=(self.read_fd, self.write_fd))

    def said(self, child):
        self.addCleanup(child.kill)
        text = child.communicate(timeout=SECONDS)[1].decode()
        self.assertEqual(0, child.returncode, text)
        return text

    def test_dead_in_a_worker(self):
        crate = self.crate(text=self.PRINT)
        for name in self.VARIABLES:
            for value in self.DEAD:
                with self.subTest(f"{name}={value}"):
                    response = self.start(env={name: value}).ask(arguments=crate.link_arguments())
                    self.assert_ok(response)
                    self.assertNotIn(value, response.output)
                    self.assertIn("CARGO_MAKEFLAGS=-j64 --jobserver-auth=fifo:/",
                                  response.output)

    def test_alive_in_a_worker(self):
        """It could not be reached behind Bazel, and would be a second pool."""
        fifo = self.gate().path
        crate = self.crate(text=self.PRINT)
        worker = self.start(env={"MAKEFLAGS": f"-j4 --jobserver-auth=fifo:{fifo}"})
        response = worker.ask(arguments=crate.link_arguments())
        self.assert_ok(response)
        self.assertIn("env: MAKEFLAGS=(unset)", response.output)

    def test_flags_without_a_jobserver_stay(self):
        crate = self.crate(text=self.PRINT)
        response = self.start(env={"MAKEFLAGS": "-k"}).ask(arguments=crate.link_arguments())
        self.assertIn("env: MAKEFLAGS=-k", response.output)

    def test_dead_with_rustc_itself(self):
        self.workspace.write("lib.rs", "pub fn f() {}")
        words = ["lib.rs", "--crate-type=lib", "--emit=metadata=out.rmeta"]
        rustc = real_rustc()
        for name in self.VARIABLES:
            with self.subTest(name):
                env = {name: self.DEAD[0]}
                self.assert_ok(self.start(rustc, env=env).ask(arguments=words), "")
                self.assertEqual("", self.said(self.alone(rustc, env, *words)))

    def test_dead_alone(self):
        self.workspace.write("main.rs", self.PRINT)
        for name in self.VARIABLES:
            for value in self.DEAD:
                with self.subTest(f"{name}={value}"):
                    said = self.said(self.alone(FAKE_RUSTC, {name: value}, "main.rs"))
                    self.assertIn(f"env: {name}=(unset)\n", said)

    def test_alive_alone(self):
        self.workspace.write("main.rs", self.PRINT)
        for name in self.VARIABLES:
            for value in (self.alive, f"-j --jobserver-auth=fifo:{self.gate(name).path}"):
                with self.subTest(f"{name}={value}"):
                    said = self.said(self.alone(FAKE_RUSTC, {name: value}, "main.rs"))
                    self.assertIn(f"env: {name}={value}\n", said)

    def test_alive_rustc_takes_its_tokens(self):
        text = "\n".join(f"pub fn f{n}(v: &mut Vec<u64>) {{ v.sort(); v.dedup(); v.push({n}); }}"
                         for n in range(600))
        self.workspace.write("lib.rs", text)
        child = self.alone(real_rustc(), {"CARGO_MAKEFLAGS": self.alive}, "lib.rs",
                           "--crate-type=lib", "--emit=link=out.rlib", "-Ccodegen-units=16",
                           "-Copt-level=2")
        fewest = 8
        while child.poll() is None:
            fewest = min(fewest, self.tokens())
        self.assertEqual("", self.said(child))
        self.assertLess(fewest, 8)
        self.assertEqual(8, self.tokens())

    def tokens(self):
        return struct.unpack("i", fcntl.ioctl(self.read_fd, termios.FIONREAD, b"\0" * 4))[0]


if __name__ == "__main__":
    unittest.main()
