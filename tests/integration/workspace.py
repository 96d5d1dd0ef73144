"""A directory tree as Bazel lays it out, and crates in it with the two requests of each."""

import contextlib
import hashlib
import os
import pathlib
import shutil

import links


FUTURE = 4_000_000_000  # 2096


def _below(place):
    """All that is there, though a worker may be tidying up. (A test may have its output base in a
    mount namespace of its own: then a worker outside finds it gone, and may sweep the links in
    memory.)"""
    for folder, names, files in os.walk(place):
        yield from (pathlib.Path(folder, name) for name in (*names, *files))


class Workspace:
    """<top>/output_base/execroot/ws, and what else an output base of Bazel's is known by."""

    def __init__(self, top):
        self.top = pathlib.Path(top)
        self.output_base = self.top / "output_base"
        self.execroot = self.output_base / "execroot" / "ws"
        self.state = self.output_base / "rustc-relay"
        self.tmp = self.top / "tmp"
        for folder in (self.execroot, self.output_base / "server", self.tmp):
            folder.mkdir(parents=True)
        (self.output_base / "DO_NOT_BUILD_HERE").write_text(str(self.top / "source"))
        (self.output_base / "README").write_text(f"WORKSPACE: {self.top / 'source'}\n")

    def path(self, name):
        return self.execroot / name

    def write(self, name, text):
        """Replaces a file, as Bazel does: never through what was there."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def read(self, name):
        return self.path(name).read_text()

    def read_bytes(self, name):
        return self.path(name).read_bytes()

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def input(self, name):
        return name, hashlib.sha256(self.path(name).read_bytes()).hexdigest()

    def delete_outputs(self, *names):
        """What Bazel does before it sends a request: outputs away, their directories made."""
        for name in names:
            self.path(name).parent.mkdir(parents=True, exist_ok=True)
            self.path(name).unlink(missing_ok=True)

    def seal_outputs(self, *names):
        """What Bazel does after an action."""
        for name in names:
            self.path(name).chmod(0o555)

    def files(self):
        """Every file of the execroot."""
        return sorted(str(path.relative_to(self.execroot))
                      for path in self.execroot.rglob("*") if not path.is_dir())

    def links(self):
        """Where private roots are by default."""
        return links.in_memory(self.output_base) or self.state / "1"

    def named(self, name):
        """Whatever has this name, anywhere."""
        return [path for path in _below(self.top) if path.name == name]

    def roots(self, spare=0):
        """The private roots of crates that nobody else compiled meanwhile; or the spares."""
        return list(self.links().glob(f"roots/*/{spare}/tree"))

    def leftovers(self):
        """Whatever a worker that has ended still occupies: nothing but empty folders of its state,
        the private roots and the tokens, which belong to the output base, and what the test itself
        made."""
        memory = links.in_memory(self.output_base)
        places = [self.state / "1", *([memory] if memory else [])]
        kept = [place / name for place in (*places, *self.tmp.glob("rustc-relay-*/1"))
                for name in ("roots", "base", "jobserver")]
        return [str(path) for place in (self.state, self.tmp, *places) for path in _below(place)
                if not any(path.is_relative_to(place) for place in kept)
                and (not path.is_dir() or path.name.startswith("worker-"))]

    def age(self):
        """All that is there is of the future."""
        for path in (self.top, *_below(self.top)):
            with contextlib.suppress(FileNotFoundError):  # a worker is tidying up
                os.utime(path, (FUTURE, FUTURE), follow_symlinks=False)

    def remove(self):
        """Also what belongs to it elsewhere."""
        links.remove(self.output_base)
        shutil.rmtree(self.top, ignore_errors=True)

    def singleplex_sandbox(self, number, inputs):
        """The directory of a sandboxed singleplex worker, with links to the inputs."""
        place = self.output_base / "bazel-workers" / f"worker-{number}-Rustc" / "ws"
        place.mkdir(parents=True, exist_ok=True)
        self.link_inputs(place, inputs)
        return place

    def link_inputs(self, place, inputs):
        for name, _ in inputs:
            if os.path.isabs(name):
                continue  # such a link would be made where the file is
            link = place / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(self.path(name))

    def sandbox(self, number, inputs):
        """A multiplex sandbox with links to the inputs; returns (worker's cwd, sandbox_dir)."""
        workdir = self.output_base / "bazel-workers" / "Rustc-multiplex-worker-1-workdir" / "ws"
        inside = f"__sandbox/{number}/ws"
        shutil.rmtree(workdir / inside, ignore_errors=True)
        (workdir / inside).mkdir(parents=True)
        self.link_inputs(workdir / inside, inputs)
        return workdir, inside


class Crate:
    """A library as rules_rust asks for it (rules_rust-contract.md, 5)."""

    def __init__(self, workspace, name, text, hash_="77"):
        self.workspace = workspace
        self.name = name
        self.root = f"{name}/lib.rs"
        self.out_dir = f"bazel-out/k8-fastbuild/bin/{name}"
        stem = f"lib{name}-{hash_}"
        self.rlib = f"{self.out_dir}/{stem}.rlib"
        self.rmeta = f"{self.out_dir}/_pipeline/{stem}.rmeta"
        self.key = self.rlib.replace("/", "_").replace(".", "_")
        self.hash = hash_
        self.more = []
        self.more_inputs = []
        self.set_text(text)

    def set_text(self, text):
        """The crate's source; for the fake rustc, its script."""
        self.workspace.write(self.root, text)

    def common(self):
        return [self.root, f"--crate-name={self.name}", "--crate-type=rlib",
                "--rustc-output-format", "rendered", "--error-format=json",
                "--json=artifacts,diagnostic-rendered-ansi", f"--codegen=metadata=-{self.hash}",
                f"--codegen=extra-filename=-{self.hash}", f"--out-dir={self.out_dir}",
                "--remap-path-prefix=${pwd}=.", "--edition=2021", *self.more]

    def plain_arguments(self):
        """As off asks: one action, the same kinds."""
        return [*self.common(), f"--emit=metadata={self.rmeta}", "--emit=dep-info,link"]

    def link_arguments(self):
        """One action, the rlib alone."""
        return [*self.common(), "--emit=link"]

    def metadata_arguments(self):
        return [*self.plain_arguments(), "--pipelining-metadata", f"--pipelining-key={self.key}"]

    def full_arguments(self):
        return [*self.common(), "--emit=dep-info,link", "--pipelining-full",
                f"--pipelining-key={self.key}", f"--pipelining-rlib-path={self.rlib}",
                f"--pipelining-rmeta-path={self.rmeta}"]

    def inputs(self):
        return [self.workspace.input(self.root),
                *(self.workspace.input(name) for name in self.more_inputs)]

    def metadata(self, **fields):
        self.workspace.delete_outputs(self.rmeta)
        return {"arguments": self.metadata_arguments(), "inputs": self.inputs(), **fields}

    def restore_metadata(self, text):
        """The early request's output comes from a cache, or from another worker."""
        self.workspace.write(self.rmeta, text)

    def full(self, **fields):
        """The late request: the .rmeta of the early one is among its inputs."""
        self.workspace.delete_outputs(self.rlib)
        own = [self.workspace.input(self.rmeta)] if self.workspace.exists(self.rmeta) else []
        return {"arguments": self.full_arguments(), "inputs": self.inputs() + own, **fields}


def archive(**members):
    """An archive as rustc writes rlibs; each argument is a member, with '_' for '.'."""
    data = b"!<arch>\n"
    for name, content in members.items():
        header = f"{name.replace('_', '.') + '/':<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(content):<10}`\n"
        data += header.encode() + content + b"\n" * (len(content) % 2)
    return data


class Library:
    """A library that a program needs, by its files alone: metadata, and an rlib that holds it."""

    def __init__(self, workspace, name, version=1):
        self.workspace = workspace
        self.name = name
        folder = f"bazel-out/k8-fastbuild/bin/{name}"
        self.rlib = f"{folder}/lib{name}-77.rlib"
        self.rmeta = f"{folder}/_pipeline/lib{name}-77.rmeta"
        self.version = version

    def _metadata(self):
        return b"rust\0\0\0\x08" + f"{self.name} {self.version}".encode()

    def make_metadata(self):
        self.workspace.write(self.rmeta, self._metadata())

    def make_rlib(self, code="code"):
        wrapped = b"\x7fELF and more " + self._metadata() + b" until here"
        self.workspace.write(self.rlib, archive(lib_rmeta=wrapped, app_cgu_rcgu_o=code.encode()))


class Program:
    """A program as our rules ask for it: two requests, early with metadata, late with rlibs."""

    def __init__(self, workspace, name, text, libraries, linker="cc"):
        self.workspace = workspace
        self.name = name
        self.root = f"{name}/main.rs"
        self.out_dir = f"bazel-out/k8-fastbuild/bin/{name}"
        self.program = f"{self.out_dir}/{name}"
        self.stamp = f"{self.out_dir}/{name}.codegen"
        self.key = self.program.replace("/", "_")
        self.libraries = libraries
        self.linker = linker
        self.crate_type = "bin"
        self.more = []
        self.set_text(text)

    def set_text(self, text):
        self.workspace.write(self.root, text)

    def plain_arguments(self):
        """As off asks: one action."""
        externs = [f"--extern={one.name}={one.rlib}" for one in self.libraries]
        folders = [f"-Ldependency={one.rlib.rpartition('/')[0]}" for one in self.libraries]
        return [self.root, f"--crate-name={self.name}", f"--crate-type={self.crate_type}",
                "--edition=2021", f"--out-dir={self.out_dir}", "--remap-path-prefix=${pwd}=.",
                f"-Cmetadata=-{self.name}", f"-Clinker={self.linker}", *externs, *folders, "--error-format=json",
                "--json=artifacts,diagnostic-rendered-ansi", f"--emit=link={self.program}",
                "--rustc-output-format", "rendered", *self.more]

    def _staged(self, flag):
        pairs = [f"--pipelining-dependency={one.rmeta}={one.rlib}" for one in self.libraries]
        return [*self.plain_arguments(), flag, f"--pipelining-key={self.key}",
                f"--pipelining-stamp={self.stamp}", *pairs]

    def _inputs(self, *names):
        return [self.workspace.input(name) for name in (self.root, *names)]

    def codegen(self, **fields):
        self.workspace.delete_outputs(self.stamp)
        return {"arguments": self._staged("--pipelining-codegen"),
                "inputs": self._inputs(*(one.rmeta for one in self.libraries)), **fields}

    def link(self, **fields):
        self.workspace.delete_outputs(self.program)
        stamp = [self.stamp] if self.workspace.exists(self.stamp) else []
        return {"arguments": self._staged("--pipelining-link"),
                "inputs": self._inputs(*(one.rlib for one in self.libraries), *stamp), **fields}

    def plain(self, **fields):
        self.workspace.delete_outputs(self.program)
        return {"arguments": self.plain_arguments(),
                "inputs": self._inputs(*(one.rlib for one in self.libraries)), **fields}


class PortableProgram(Program):
    """A program of two actions that have nothing in common but their arguments: the early one leaves
    a directory for the late one, which may run in another workspace."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.objects = f"{self.out_dir}/{self.name}.objects"

    def _staged(self, flag):
        words = [word for word in super()._staged(flag)
                 if not word.startswith("--pipelining-stamp=")]
        return [*words, f"--pipelining-objects={self.objects}"]

    def param_file(self, stage):
        """The file with the arguments of one of its actions, as Bazel writes them."""
        arguments = {"codegen": lambda: self._staged("--pipelining-codegen"),
                     "link": lambda: self._staged("--pipelining-link"),
                     "plain": self.plain_arguments}[stage]()
        name = f"{self.out_dir}/{self.name}-{stage}.params"
        self.workspace.write(name, "\n".join(arguments) + "\n")
        return name

    def copy_objects(self, to):
        """Bazel brings the early action's output to where the late one runs."""
        shutil.rmtree(to.path(self.objects), ignore_errors=True)
        shutil.copytree(self.workspace.path(self.objects), to.path(self.objects))
