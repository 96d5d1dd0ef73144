"""What a run writes elsewhere than rustc's own outputs goes where a plain run leaves it (issue E, 1)."""

import os
import unittest

from relay import FAKE_RUSTC, RelayCase
from scripts import lines
from test_roots import Roots


class OutputsInOtherPlaces(Roots):
    """A word of the command names a folder that Bazel has made for an output."""

    def setUp(self):
        super().setUp()
        self.map = "bazel-out/k8-fastbuild/bin/maps/user.map"
        self.mapped = [f"-Clink-arg=-Wl,-Map={self.map}"]
        self.fake = "bazel-out/k8-fastbuild/bin/more/notes.txt"

    def assert_is_map(self, top):
        self.assertTrue(b".text" in (top / self.map).read_bytes())

    def test_a_linker_map(self):
        program = self.program("fn main() {}")
        program.more = [*self.more, *self.mapped]
        for number in range(2):
            program.set_text(f"fn main() {{}} // {number}")
            outputs = [program.program, self.map]
            self.assert_ok(self.ask(self.worker(), program.plain(), outputs))
            self.assert_is_map(self.top)

    def test_a_linker_map_whose_path_is_spelled_otherwise(self):
        """And lies elsewhere."""
        program = self.program("fn main() {}")
        program.more = [*self.more, "-Clink-arg=-Wl,-Map=user/../maps/user.map"]
        self.map = "maps/user.map"
        self.assert_ok(self.ask(self.worker(), program.plain(), [self.map]))
        self.assert_is_map(self.top)

    def test_a_linker_map_of_a_linked_crate(self):
        """It goes to the late request."""
        program = self.program("fn main() {}")
        program.more = [*self.more, *self.mapped]
        self.assert_ok(self.ask(self.worker(), program.codegen(), [program.stamp, self.map]))
        self.workspace.write(program.stamp, "")
        self.assertFalse((self.top / self.map).exists())
        self.assert_ok(self.ask(self.worker(), program.link(), [program.program, self.map]))
        self.assert_is_map(self.top)

    def test_a_linker_map_in_a_singleplex_sandbox(self):
        program = self.program("fn main() {}")
        program.more = [*self.more, *self.mapped]
        fields = program.plain(request_id=0)
        place = self.workspace.singleplex_sandbox(1, fields["inputs"])
        (place / self.map).parent.mkdir(parents=True)
        (place / program.program).parent.mkdir(parents=True, exist_ok=True)
        worker = self.start_real(cwd=place)
        self.assert_ok(worker.ask(**fields))
        self.assert_is_map(place)

    def test_split_debug_information(self):
        folder = "bazel-out/k8-fastbuild/bin/user/dwo"
        crate = self.library("pub fn f(x: u32) -> u32 { x + 1 }")
        crate.more = [*self.more, "-Cdebuginfo=2", "-Csplit-debuginfo=unpacked",
                      "-Zunstable-options", f"-Zsplit-dwarf-out-dir={folder}"]
        worker = self.start_real(env={"RUSTC_BOOTSTRAP": "1"})
        fields = {"arguments": crate.plain_arguments(), "inputs": crate.inputs()}
        self.assert_ok(self.ask(worker, fields, [crate.rlib, f"{folder}/x"]))
        self.assertNotEqual([], list((self.top / folder).glob("*.dwo")))

    def fake_crate(self, name="dep"):
        crate = self.crate(name, lines(f"append {self.note()} x", "metadata m", "link r",
                                       f"write {self.fake} noted",
                                       "write bazel-out/undeclared lost"))
        crate.more = [f"-Clink-arg=--notes={self.fake}"]
        return crate

    def assert_noted(self):
        self.assertEqual("noted", (self.top / self.fake).read_text())
        self.assertFalse((self.top / "bazel-out/undeclared").exists())

    def test_of_a_pair(self):
        """Only the request that waits for the end takes them."""
        worker, crate = self.start(cwd=self.workdir), self.fake_crate()
        self.assert_ok(self.ask(worker, crate.metadata(), [crate.rmeta, self.fake]))
        self.assertFalse((self.top / self.fake).exists())
        crate.restore_metadata("m")
        self.assert_ok(self.ask(worker, crate.full(), [crate.rlib, self.fake]))
        self.assert_noted()
        self.assertEqual(1, self.runs())
        self.assert_clean_end(worker)

    def test_of_another_worker_s_compile(self):
        first, crate = self.start(cwd=self.workdir), self.fake_crate()
        second = self.start(cwd=self.workdir, mark=first.mark)
        self.assert_ok(self.ask(first, crate.metadata(), [crate.rmeta, self.fake]))
        crate.restore_metadata("m")
        self.assert_ok(self.ask(second, crate.full(), [crate.rlib, self.fake]))
        self.assert_noted()
        self.assertEqual(1, self.runs())

    def test_an_input_in_the_same_folder_stays_one(self):
        worker, crate = self.start(cwd=self.workdir), self.fake_crate()
        beside = f"{os.path.dirname(self.fake)}/input.txt"
        self.workspace.write(beside, "an input")
        crate.more_inputs = [beside]
        for _ in range(2):
            fields = {"arguments": crate.plain_arguments(), "inputs": crate.inputs()}
            self.assert_ok(self.ask(worker, fields, [crate.rlib, self.fake]))
            self.assert_noted()
            self.assertTrue((self.top / beside).is_symlink())
            crate.set_text(crate.workspace.read(crate.root) + "\n")
        root, = self.workspace.roots()
        self.assertEqual("an input", (root / beside).read_text())


class AnotherTool(RelayCase):
    """Whose outputs nobody can redirect."""

    def setUp(self):
        super().setUp()
        tool = self.workspace.top / "formatter"
        tool.symlink_to(FAKE_RUSTC)
        self.tool = str(tool)
        self.made = "bazel-out/k8-fastbuild/bin/made.txt"
        self.workspace.write("main.rs", lines("print-cwd", "print-args", f"write {self.made} made"))
        self.fields = {"arguments": ["main.rs", "--place=${pwd}", f"--output={self.made}"],
                       "inputs": [self.workspace.input("main.rs")]}

    def expect(self, worker, place, **more):
        (place / self.made).parent.mkdir(parents=True, exist_ok=True)
        response = worker.ask(**self.fields, **more)
        self.assert_ok(response)
        self.assertEqual("made", (place / self.made).read_text())
        self.assertIn(f"{place}\n", response.output)
        self.assertIn(f"arg: --place={place}\n", response.output)
        self.assertEqual([], self.workspace.roots())

    def test_in_a_multiplex_sandbox(self):
        workdir, inside = self.workspace.sandbox(1, self.fields["inputs"])
        worker = self.start(self.tool, cwd=workdir)
        self.expect(worker, workdir / inside, sandbox_dir=inside)
        self.assert_clean_end(worker)

    def test_in_a_singleplex_sandbox(self):
        place = self.workspace.singleplex_sandbox(1, self.fields["inputs"])
        self.expect(self.start(self.tool, cwd=place), place, request_id=0)


if __name__ == "__main__":
    unittest.main()
