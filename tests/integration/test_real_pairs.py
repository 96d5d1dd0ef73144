"""Linked crates of two requests: odd names of outputs, and any spelling of a library."""

import shutil
import subprocess
import unittest

from processes import SECONDS
from relay import RELAY
from test_real_linking import MAIN, RealLinking
from test_real_outputs import snapshot
from workspace import PortableProgram, Program


class Pairs(RealLinking):
    def traced(self, **kwargs):
        self.trace_file = self.workspace.top / "trace.json"
        return self.start_real(flags=[f"--trace={self.trace_file}"], **kwargs)

    def assert_gated(self, worker):
        self.assert_clean_end(worker)
        trace = self.trace_file.read_text()
        self.assertEqual((0, 1), (trace.count('"name":"ordinary"'), trace.count('"name":"opened"')))

    def left(self, program, root=None):
        """What is there beside the stamp or the objects."""
        folder = (root or self.workspace.execroot) / program.out_dir
        return {path.name: path.read_bytes() for path in folder.iterdir()
                if path.is_file() and path.suffix not in (".codegen", ".params")}

    def plain(self, program):
        """By rustc itself; the libraries and what they are made of stay."""
        worker = self.start_real()
        self.build_libraries(worker, "metadata")
        self.build_libraries(worker)
        self.assert_clean_end(worker)
        self.workspace.delete_outputs(program.program)
        words = [word.replace("${pwd}", str(self.workspace.execroot))
                 for word in program.plain_arguments()
                 if word not in ("--rustc-output-format", "rendered")]
        subprocess.run([self.rustc, *words], cwd=self.workspace.execroot, check=True,
                       capture_output=True)
        made = self.left(program)
        shutil.rmtree(self.workspace.path("bazel-out"))
        return made

    def gated(self, program):
        worker = self.traced()
        self.build_libraries(worker, "metadata")
        self.assert_ok(worker.ask(**program.codegen()), "")
        self.build_libraries(worker)
        self.assert_ok(worker.ask(**program.link()), "")
        self.assert_gated(worker)
        return self.left(program)

    def assert_same(self, expected, made):
        self.assertEqual(sorted(expected), sorted(made))
        for name, data in expected.items():
            if name.endswith(".deps"):
                self.assertEqual(data.decode(), made[name].decode())
            self.assertTrue(data == made[name], f"{name} has other bytes")


class OddNames(Pairs):
    """A program named conf.d, with dep-info under another name."""

    def odd(self, kind=Program):
        program = kind(self.workspace, "app", MAIN, self.libraries)
        program.program = f"{program.out_dir}/conf.d"
        program.more = [f"--emit=dep-info={program.out_dir}/x.deps,llvm-bc={program.out_dir}/b.d"]
        return program

    def test_held_at_a_gate(self):
        program = self.odd()
        expected = self.plain(program)
        self.assertEqual(["b.d", "conf.d", "x.deps"], sorted(expected))
        self.assert_same(expected, self.gated(program))

    def test_across_processes(self):
        program = self.odd()
        expected = self.plain(program)
        first = self.traced()
        second = self.start_real(mark=first.mark)
        self.build_libraries(first, "metadata")
        self.assert_ok(first.ask(**program.codegen()), "")
        self.build_libraries(second)
        self.assert_ok(second.ask(**program.link()), "")
        self.assert_same(expected, self.left(program))
        self.assertEqual((0, []), second.finish())
        self.assert_gated(first)

    def test_in_sandboxes(self):
        program = self.odd()
        expected = self.plain(program)
        workdir, _ = self.workspace.sandbox(0, [])
        worker = self.traced(cwd=workdir)

        def ask(fields, *outputs):
            _, inside = self.workspace.sandbox(1, fields["inputs"])
            self.assert_ok(worker.ask(**fields, sandbox_dir=inside), "")
            for name in outputs:
                self.workspace.write(name, (workdir / inside / name).read_bytes())
            return workdir / inside
        for crate in self.libraries:
            ask(crate.metadata(), crate.rmeta)
        ask(program.codegen())
        for crate in self.libraries:
            ask(crate.full(), crate.rlib)
        sandbox = ask(program.link())
        self.assert_same(expected, self.left(program, sandbox))
        self.assert_gated(worker)

    def test_in_two_processes_that_share_nothing(self):
        program = self.odd(PortableProgram)
        expected = self.plain(program)
        worker = self.start_real()
        self.build_libraries(worker, "metadata")
        self.build_libraries(worker)
        self.assert_clean_end(worker)
        for stage in ("codegen", "link"):
            done = subprocess.run(
                [RELAY, "--subst", "pwd=${pwd}", "--", self.rustc, f"@{program.param_file(stage)}"],
                cwd=self.workspace.execroot, capture_output=True, timeout=SECONDS, check=False,
                env={"PATH": "/usr/bin:/bin"})
            self.assertEqual(0, done.returncode, done.stderr)
        record = self.workspace.path(program.objects) / "record"
        self.assertNotIn(b"obstacle", record.read_bytes())
        self.assert_same(expected, self.left(program))


class BesideTheProgram(Pairs):
    def left(self, program, root=None):
        return {name: data for name, data in snapshot(root or self.workspace.execroot).items()
                if name.startswith(program.out_dir) and not name.endswith(".codegen")}

    def test_save_temps(self):
        program = Program(self.workspace, "app", MAIN, self.libraries)
        program.more = ["-Csave-temps", "--emit=dep-info"]
        expected = self.plain(program)
        self.assertIn(f"{program.out_dir}/rustc??????/symbols.o", expected)
        self.assert_same(expected, self.gated(program))


class AnySpelling(Pairs):
    """A path that is a library's is that library, however it is written."""

    def spelt(self, spell, options="", more=()):
        program = Program(self.workspace, "app", MAIN, self.libraries)
        plain_arguments = program.plain_arguments

        def respell(word):
            for start in ("--extern=leaf=", "--extern=middle=", "-Ldependency="):
                if word.startswith(start):
                    path = spell(word[len(start):])
                    return start.replace("--extern=", f"--extern={options}") + path
            return word
        program.plain_arguments = lambda: [*map(respell, plain_arguments()), *more]
        return program

    def assert_known(self, *args, **kwargs):
        program = self.spelt(*args, **kwargs)
        self.assert_same(self.plain(program), self.gated(program))
        shutil.rmtree(self.workspace.path("bazel-out"))

    def test_of_extern(self):
        self.assert_known(lambda path: f"./bazel-out/../{path}")
        self.assert_known(lambda path: path.replace("/", "/.//"))
        self.assert_known(lambda path: f"${{pwd}}/bazel-out/../{path}")

    def test_behind_options(self):
        self.start_real = lambda start=self.start_real, **kwargs: start(
            **kwargs, startup=["--env-file", "bootstrap.env"])
        self.workspace.write("bootstrap.env", "RUSTC_BOOTSTRAP=1\n")
        run = subprocess.run

        def with_bootstrap(*args, **kwargs):
            return run(*args, **{"env": {"RUSTC_BOOTSTRAP": "1", "PATH": "/usr/bin:/bin"}, **kwargs})
        subprocess.run = with_bootstrap
        self.addCleanup(setattr, subprocess, "run", run)
        for options in ("priv:", "noprelude,nounused:"):
            program = self.spelt(lambda path: f"./bazel-out/../{path}", options,
                                 ["-Zunstable-options"])
            program.set_text("extern crate leaf; extern crate middle;" + MAIN)
            self.assert_same(self.plain(program), self.gated(program))
            shutil.rmtree(self.workspace.path("bazel-out"))

    def test_of_the_pairs_themselves(self):
        program = Program(self.workspace, "app", MAIN, self.libraries)
        staged = program._staged
        program._staged = lambda flag: [
            word.replace("--pipelining-dependency=", "--pipelining-dependency=./bazel-out/../")
                .replace("=bazel-out", "=./bazel-out")
            if word.startswith("--pipelining-") and "key" not in word else word
            for word in staged(flag)]
        self.assert_same(self.plain(program), self.gated(program))


if __name__ == "__main__":
    unittest.main()
