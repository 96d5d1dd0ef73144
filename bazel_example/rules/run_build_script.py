"""Runs one cargo build script and writes down what it asked for.

The script's `cargo:` and `cargo::` lines become five files: rustc arguments for its own package,
rustc arguments for whatever links the package, linker arguments for some kinds of crates only (see
select_link_args.py), environment of the package's compiles, and DEP_* variables for the build scripts
of dependants. The execroot's absolute path becomes ${pwd} in all of them, so that they are the same
on every machine.

It is also in what the script generates, where the script was told OUT_DIR or its package's folder. A
text file gets /proc/self/cwd instead: an absolute path as well, the same everywhere, and the execroot
to whoever works there, as rustc and its linker do, in a sandbox or not.
"""

import argparse
import os
import pathlib
import stat
import subprocess
import sys

# The files, by what Asked and BuildScriptInfo call their content.
WRITTEN = ["flags", "link_flags", "link_args", "env", "dep_env"]


def main() -> None:
    options = parse_arguments()
    execroot = pathlib.Path.cwd()
    environment = read_environment(options.read_env, execroot)
    environment["OUT_DIR"] = str(execroot / options.out_dir)
    asked = Asked(options)
    asked.read(run(options, execroot, environment))
    asked.say()
    portable = Portable(execroot, options.package)
    portable.rewrite(pathlib.Path(options.out_dir))
    for name in WRITTEN:
        text = "".join(escaped(portable.line(line)) + "\n" for line in getattr(asked, name))
        pathlib.Path(getattr(options, f"write_{name}")).write_text(text)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="the compiled build.rs")
    parser.add_argument("--package", required=True, help="the package's folder in the execroot")
    parser.add_argument("--links", default="", help="the package's links key")
    parser.add_argument("--quiet", action="store_true", help="show warnings of a failure only")
    parser.add_argument("--read-env", action="append", default=[], help="a file of K=V lines")
    parser.add_argument("--out-dir", required=True, help="OUT_DIR in the execroot")
    for name in WRITTEN:
        parser.add_argument(f"--write_{name}", required=True)
    return parser.parse_args()


def read_environment(files: list[str], execroot: pathlib.Path) -> dict[str, str]:
    """K=V lines over our own environment."""
    environment = dict(os.environ)
    for file in files:
        for line in unescaped_lines(pathlib.Path(file).read_text()):
            key, _, value = line.partition("=")
            environment[key] = value.replace("${pwd}", str(execroot))
    return environment


def unescaped_lines(text: str) -> list[str]:
    """At a line's end two backslashes are one; an odd one joins the next line by a newline."""
    lines, joined = [], ""
    for line in text.split("\n"):
        stem = line.rstrip("\\")
        backslashes = len(line) - len(stem)
        joined += stem + "\\" * (backslashes // 2)
        if backslashes % 2:
            joined += "\n"
        elif joined:
            lines.append(joined)
            joined = ""
    return lines


def escaped(line: str) -> str:
    stem = line.rstrip("\\")
    return stem + "\\" * (2 * (len(line) - len(stem)))


def run(
    options: argparse.Namespace, execroot: pathlib.Path, environment: dict[str, str]
) -> list[str]:
    """Runs the script where cargo would, in its package's folder, and returns what it printed."""
    result = subprocess.run(
        [execroot / options.program],
        cwd=execroot / options.package,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode != 0:
        sys.exit(
            f"{result.stdout}{result.stderr}\nthe build script of //{options.package} ended with"
            f" code {result.returncode}; what it printed is above"
        )
    return result.stdout.splitlines()


class Asked:
    """What a build script asked for, by the file it goes into, and what it said."""

    # Directives whose value becomes an argument of rustc -> what stands before it.
    FLAGS = {
        "rustc-cfg": "--cfg=",
        "rustc-check-cfg": "--check-cfg=",
        "rustc-link-arg": "-Clink-arg=",
        "rustc-link-lib": "-l",
    }
    # Directives whose value is a linker's argument -> which crates get it: see select_link_args.py.
    LINK_ARGS = {
        "rustc-cdylib-link-arg": "cdylib",
        "rustc-link-arg-benches": "bench",
        "rustc-link-arg-bins": "bin",
        "rustc-link-arg-cdylib": "cdylib",
        "rustc-link-arg-examples": "example",
        "rustc-link-arg-tests": "test",
    }

    def __init__(self, options: argparse.Namespace) -> None:
        self.package = options.package
        self.links = options.links
        self.quiet = options.quiet
        self.flags: list[str] = []
        self.link_flags: list[str] = []
        self.link_args: list[str] = []
        self.env: list[str] = []
        self.dep_env: list[str] = []
        self.warnings: list[str] = []
        self.errors: list[str] = []

    def read(self, lines: list[str]) -> None:
        """Obeys cargo's lines and passes over all others."""
        for line in lines:
            key, _, value = line.removeprefix("cargo:").removeprefix(":").partition("=")
            if line.startswith("cargo::"):
                self.directive(key, value)
            elif line.startswith("cargo:") and not self.directive(key, value):
                self.metadata(key, value)

    def directive(self, key: str, value: str) -> bool:
        """Obeys one line; false if cargo has no such directive."""
        if key in self.FLAGS:
            self.flags.append(self.FLAGS[key] + value)
        elif key == "rustc-env":
            self.env.append(value)
        elif key == "rustc-link-search":
            self.search(value)
        elif key == "rustc-flags":
            self.old_flags(value.split())
        elif key == "rustc-link-arg-bin":
            name, _, argument = value.partition("=")
            self.link_args.append(f"bin:{name}={argument}")
        elif key in self.LINK_ARGS:
            self.link_args.append(f"{self.LINK_ARGS[key]}={value}")
        elif key == "metadata":
            self.metadata(*value.split("=", 1))
        elif key == "warning":
            self.warnings.append(value)
        elif key == "error":
            self.errors.append(value)
        else:
            return key.startswith("rerun-if-")
        return True

    def say(self) -> None:
        """Shows the script's warnings and errors; with errors, this is the end."""
        warnings = [] if self.quiet and not self.errors else self.warnings
        for kind, texts in (("warning", warnings), ("error", self.errors)):
            for text in texts:
                print(f"{kind}: //{self.package}: {text}", file=sys.stderr)
        if self.errors:
            sys.exit(f"the build script of //{self.package} says that it failed")

    def search(self, folder: str) -> None:
        self.flags.append(f"-L{folder}")
        self.link_flags.append(f"-L{folder}")

    def old_flags(self, words: list[str]) -> None:
        """`-l x`, `-lx`, `-L x` and `-Lx` are all that cargo allows here."""
        remaining = iter(words)
        for word in remaining:
            value = word[2:] or next(remaining, "")
            if word.startswith("-L"):
                self.search(value)
            else:
                self.flags.append(f"-l{value}")

    def metadata(self, key: str, value: str) -> None:
        if self.links:
            self.dep_env.append(f"DEP_{variable(self.links)}_{variable(key)}={value}")


def variable(word: str) -> str:
    return word.upper().replace("-", "_")


class Portable:
    """Turns absolute paths of the execroot, and of the package behind its link, into such as hold
    everywhere."""

    def __init__(self, execroot: pathlib.Path, package: str) -> None:
        self.execroot = str(execroot)
        self.real_package = str((execroot / package).resolve())
        self.package = package

    def text(self, text: str, root: str) -> str:
        return text.replace(self.execroot, root).replace(self.real_package, f"{root}/{self.package}")

    def line(self, line: str) -> str:
        return self.text(line, "${pwd}")

    def rewrite(self, folder: pathlib.Path) -> None:
        """Text files only: in others a path has a length that counts."""
        for path in folder.rglob("*"):
            if path.is_symlink() or not path.is_file():
                continue
            old = path.read_bytes().decode("utf-8", "surrogateescape")
            new = old if "\0" in old else self.text(old, "/proc/self/cwd")
            if new != old:
                path.chmod(path.stat().st_mode | stat.S_IWUSR)
                path.write_bytes(new.encode("utf-8", "surrogateescape"))


if __name__ == "__main__":
    main()
