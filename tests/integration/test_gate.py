"""Our program as rustc's linker, at a gate that is made by hand: no worker (gate/gate_layout.h)."""

import os
import pathlib
import select
import signal
import subprocess
import unittest

from processes import SECONDS, command_line
from relay import RELAY, RelayCase, real_rustc

GONE = "rustc-relay: cannot link: the worker that started this rustc is gone\n"
SIGPIPE_BIT = 1 << (signal.SIGPIPE - 1)


def refusal(path):
    return f"rustc-relay: cannot link: '{path}' has metadata and no code (a hollow rlib)\n"


def archive(*members):
    """An archive of (name, bytes)."""
    text = b"!<arch>\n"
    for name, data in members:
        text += f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(data):<10}`\n".encode()
        text += data + b"\n" * (len(data) % 2)
    return text


def hollow(metadata=b"rust\0\0\0\x0a..."):
    return archive(("lib.rmeta", metadata))


class HandMadeGate:
    """What a worker makes; `asked` and `go` stay open until it "dies"."""

    def __init__(self, folder, linker):
        self.dir = pathlib.Path(folder)
        gate = self.dir / "gate"
        (gate / "bin").mkdir(parents=True)
        self.path = gate / "bin" / pathlib.Path(linker).name
        self.path.symlink_to(RELAY)
        (gate / "linker").symlink_to(linker)
        self.fds = {}
        for name in ("asked", "go"):
            os.mkfifo(gate / name)
            self.fds[name] = os.open(gate / name, os.O_RDWR | os.O_NONBLOCK)

    def wait_asked(self):
        if not select.select([self.fds["asked"]], [], [], SECONDS)[0]:
            raise AssertionError(f"nobody asked for the linker within {SECONDS} s")
        os.read(self.fds["asked"], 1)

    def was_asked(self):
        return bool(select.select([self.fds["asked"]], [], [], 0)[0])

    def open(self):
        (self.dir / "gate" / "open").touch()
        os.write(self.fds["go"], b"\0")

    def die(self):
        for fd in self.fds.values():
            os.close(fd)
        self.fds = {}


class GateCase(RelayCase):
    def make_gate(self, linker="cc", name="compile"):
        gate = HandMadeGate(self.workspace.top / name, linker)
        self.addCleanup(gate.die)
        return gate

    def launch(self, argv, **kwargs):
        process = subprocess.Popen(
            [str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=self.workspace.execroot, **kwargs)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def finish(self, process):
        """(exit code, stdout, stderr)"""
        out, err = process.communicate(timeout=SECONDS)
        return process.returncode, out, err.decode()

    def link(self, gate, *arguments, **kwargs):
        """Calls the linker through a gate that is open."""
        gate.open()
        return self.finish(self.launch([gate.path, *arguments], **kwargs))

    def script(self, text):
        path = self.workspace.write("tools/my-ld", "#!/bin/sh\n" + text)
        path.chmod(0o755)
        return "tools/my-ld"


class TheRealLinker(GateCase):
    def test_it_runs_when_the_gate_opens(self):
        gate = self.make_gate(self.script('echo "$# $1 $2"; exit 7\n'))
        process = self.launch([gate.path, "a b", ""])
        gate.wait_asked()
        self.assertEqual(str(gate.path), command_line(process.pid)[0])
        gate.open()
        self.assertEqual((7, b"2 a b \n", ""), self.finish(process))
        self.assertFalse(gate.was_asked())

    def test_it_runs_at_once_when_the_gate_is_open(self):
        gate = self.make_gate(self.script("echo linked\n"))
        for _ in range(3):
            self.assertEqual((0, b"linked\n", ""), self.link(gate))

    def test_its_name_and_arguments(self):
        gate = self.make_gate("cat")  # searched in PATH, as rustc would
        self.assertEqual((0, b"cat\0/proc/self/cmdline\0", ""),
                         self.link(gate, "/proc/self/cmdline"))

    def test_its_environment(self):
        gate = self.make_gate("/usr/bin/env")
        code, out, _ = self.link(gate, env={"B": "2", "A": "1", "PATH": "/nowhere"})
        self.assertEqual((0, b"B=2\nA=1\nPATH=/nowhere\n"), (code, out))

    def test_its_signals_and_files(self):
        for given in (True, False):  # Python ignores SIGPIPE; rustc gives its linker the default
            gate = self.make_gate("/bin/cat", f"compile-{given}")
            _, out, _ = self.link(gate, "/proc/self/status", restore_signals=given)
            ignored, = (int(line.split()[1], 16) for line in out.decode().splitlines()
                        if line.startswith("SigIgn:"))
            self.assertEqual(given, ignored & SIGPIPE_BIT == 0)
        gate = self.make_gate("/bin/ls")
        _, out, _ = self.link(gate, "/proc/self/fd")
        self.assertEqual(["0", "1", "2", "3"], out.decode().split())  # 3 is of ls

    def test_there_is_none(self):
        gate = self.make_gate("no-such-linker")
        self.assertEqual((1, b"", "rustc-relay: cannot start the linker 'no-such-linker': "
                                  "no such file or directory\n"), self.link(gate))


class TheWorkerIsGone(GateCase):
    def test_while_linkers_wait(self):
        gate = self.make_gate("echo")
        waiting = [self.launch([gate.path]) for _ in range(10)]
        for _ in waiting:
            gate.wait_asked()
        gate.die()
        for process in waiting:
            self.assertEqual((1, b"", GONE), self.finish(process))

    def test_before_the_linker_is_asked_for(self):
        gate = self.make_gate("echo")
        gate.open()
        gate.die()
        self.assertEqual((1, b"", GONE), self.finish(self.launch([gate.path])))

    def test_with_its_directory(self):
        gate = self.make_gate("echo")
        (gate.dir / "gate" / "go").unlink()
        code, out, err = self.finish(self.launch([gate.path]))
        self.assertEqual((1, b""), (code, out))
        self.assertIn("gate/go': no such file or directory\n", err)


class HollowRlibs(GateCase):
    def setUp(self):
        super().setUp()
        self.gate = self.make_gate("echo")

    def rlib(self, name, data):
        return self.workspace.write(name, data)

    def test_one_is_refused(self):
        full = self.rlib("libfull.rlib", archive(("lib.rmeta", b"\x7fELF"), ("a.rcgu.o", b"code")))
        path = self.rlib("libdep.rlib", hollow())
        self.assertEqual((1, b"", refusal(path)), self.link(self.gate, full, "-o", "x", path))
        self.assertEqual((1, b"", refusal("libdep.rlib")), self.link(self.gate, "libdep.rlib"))

    def test_others_are_not(self):
        names = ["libfull.rlib", "libempty.rlib", "libtext.rlib", "missing.rlib", "hollow.a"]
        self.rlib(names[0], archive(("lib.rmeta", b"\x7fELF"), ("a.rcgu.o", b"code")))
        self.rlib(names[1], b"")
        self.rlib(names[2], b"text")
        self.rlib(names[4], hollow())
        line = " ".join(names) + "\n"
        self.assertEqual((0, line.encode(), ""), self.link(self.gate, *names))

    def response_file(self, *arguments):
        """As rustc writes it: one argument a line, a backslash before each blank and backslash."""
        lines = (argument.replace("\\", "\\\\").replace(" ", "\\ ") for argument in arguments)
        return self.workspace.write("linker-arguments", "".join(line + "\n" for line in lines))

    def test_one_in_a_response_file(self):
        for name in ("libdep.rlib", "a b/libdep.rlib", "a\\b/this is it.rlib"):
            path = self.rlib(name, hollow())
            response = self.response_file("-o", "x", str(path), "-lc")
            self.assertEqual((1, b"", refusal(path)), self.link(self.gate, f"@{response}"))

    def test_one_in_quotes(self):
        """As the linker's driver reads them; rustc writes none."""
        path = self.rlib("it's.rlib", hollow())
        response = self.workspace.write("linker-arguments", f'-o x "{path}" -lc')
        self.assertEqual((1, b"", refusal(path)), self.link(self.gate, f"@{response}"))

    def test_one_at_the_end_of_a_response_file(self):
        path = self.rlib("libdep.rlib", hollow())
        response = self.workspace.write("linker-arguments", f"-o\nx\n{path}")
        self.assertEqual((1, b"", refusal(path)), self.link(self.gate, f"@{response}"))

    def test_response_files_without_one(self):
        words = [f"@{self.response_file('-o', 'a b')}", f"@{self.workspace.write('empty', '')}",
                 "@missing", "@"]
        self.assertEqual((0, (" ".join(words) + "\n").encode(), ""), self.link(self.gate, *words))


DEP = """
#[inline(never)] pub fn twice(x: u32) -> u32 { x * 2 }
pub fn list<T: Clone>(x: &T) -> Vec<T> { vec![x.clone(); 3] }
"""
MAIN = 'fn main() { println!("{} {:?}", dep::twice(21), dep::list(&1)); }'
MACRO = """
extern crate proc_macro;
#[proc_macro] pub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    dep::twice(21).to_string().parse().unwrap()
}
"""
SHARED = '#[no_mangle] pub extern "C" fn answer() -> u32 { dep::twice(21) }'


class RealRustc(GateCase):
    @classmethod
    def setUpClass(cls):
        cls.rustc = real_rustc()

    def run_rustc(self, *arguments, env=None):
        return subprocess.run(
            [self.rustc, *arguments], cwd=self.workspace.execroot, check=True, timeout=SECONDS,
            capture_output=True, env={**os.environ, **(env or {})})

    def setUp(self):
        super().setUp()
        self.workspace.write("dep.rs", DEP)
        self.workspace.write("main.rs", MAIN)
        self.workspace.write("macro.rs", MACRO)
        self.workspace.write("shared.rs", SHARED)
        self.workspace.path("full").mkdir()
        self.workspace.path("my deps").mkdir()
        self.run_rustc("--crate-type=rlib", "dep.rs",
                       "--emit=metadata=full/libdep.rmeta,link=full/libdep.rlib")
        self.place = self.workspace.path("my deps/libdep.rlib")

    def put_full(self):
        """As the worker does it: by a hard link and a rename."""
        fresh = self.workspace.path("my deps/fresh")
        os.link(self.workspace.path("full/libdep.rlib"), fresh)
        fresh.rename(self.place)

    def put_hollow(self):
        self.workspace.write("my deps/libdep.rlib",
                             hollow(self.workspace.read_bytes("full/libdep.rmeta")))

    @staticmethod
    def arguments(source, crate_type):
        return [source, f"--crate-type={crate_type}", "--extern", "dep=my deps/libdep.rlib",
                "-Cprefer-dynamic=no", "-Cdebuginfo=2", "-o", "product.so"]

    def gated(self, *arguments):
        gate = self.make_gate("cc", f"compile-{arguments[0]}")
        return gate, self.launch([self.rustc, *arguments, f"-Clinker={gate.path}"])

    def test_the_bytes_are_those_of_a_plain_build(self):
        for source, crate_type in (("main.rs", "bin"), ("macro.rs", "proc-macro"),
                                   ("shared.rs", "cdylib")):
            words = self.arguments(source, crate_type)
            self.place.unlink(missing_ok=True)
            self.put_full()
            self.run_rustc(*words)
            expected = self.workspace.read_bytes("product.so")
            self.workspace.delete_outputs("product.so")
            self.put_hollow()
            gate, rustc = self.gated(*words)
            gate.wait_asked()
            self.put_full()
            gate.open()
            self.assertEqual((0, b"", ""), self.finish(rustc))
            self.assertEqual(expected, self.workspace.read_bytes("product.so"), crate_type)

    def test_a_hollow_rlib_is_refused(self):
        self.put_hollow()
        gate, rustc = self.gated(*self.arguments("macro.rs", "proc-macro"))
        gate.open()
        code, _, err = self.finish(rustc)
        self.assertEqual(1, code)
        self.assertIn(refusal(self.place), err.replace("  = note: ", ""))
        self.assertFalse(self.workspace.exists("product.so"))

    def test_a_hollow_rlib_in_a_response_file(self):
        """More arguments than the system takes: rustc writes them to a file."""
        self.put_hollow()
        many = "".join(f"-Clink-arg=-L/{number:0100}\n" for number in range(30000))
        self.workspace.write("many", many)
        gate, rustc = self.gated(*self.arguments("main.rs", "bin"), "@many")
        gate.open()
        code, _, err = self.finish(rustc)
        self.assertEqual(1, code)
        self.assertIn(refusal(self.place), err.replace("  = note: ", ""))

    def test_the_worker_is_gone(self):
        self.put_hollow()
        gate, rustc = self.gated(*self.arguments("main.rs", "bin"))
        gate.wait_asked()
        gate.die()
        code, _, err = self.finish(rustc)
        self.assertEqual(1, code)
        self.assertIn(GONE, err.replace("  = note: ", ""))

    def test_rlibs_of_rustc(self):
        """All of the sysroot, and of a crate without any code; but none of -Zno-codegen."""
        self.workspace.write("empty.rs", "#![no_std]")
        self.run_rustc("--crate-type=rlib", "empty.rs", "-o", "libempty.rlib")
        sysroot = self.run_rustc("--print=sysroot").stdout.decode().strip()
        rlibs = [str(path) for path in pathlib.Path(sysroot).glob("lib/rustlib/*/lib/*.rlib")]
        self.assertGreater(len(rlibs), 10)
        gate = self.make_gate("true")
        self.assertEqual((0, b"", ""), self.link(gate, *rlibs, "libempty.rlib", "full/libdep.rlib"))
        for source in ("empty.rs", "dep.rs"):
            self.run_rustc("--crate-type=rlib", source, "-Zno-codegen", "-o", "libhollow.rlib",
                           env={"RUSTC_BOOTSTRAP": "1"})
            self.assertEqual((1, b"", refusal("libhollow.rlib")), self.link(gate, "libhollow.rlib"))


if __name__ == "__main__":
    unittest.main()
