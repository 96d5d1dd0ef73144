"""A Cargo workspace that Bazel builds, too: the same files, with the same features and flags.

In a folder of our own stand the rules of bazel_example, the workspace itself (workspace/) and every crate
that it fetched (third_party/crates/). third_party/generate.py turns cargo's unit graph into the BUILD
files. In the copy of the manifest all fetched crates are patched by their paths: cargo compiles anew
what is edited there, as Bazel does.
"""

import functools
import itertools
import pathlib
import re
import shutil
import tomllib

import generate
from small_workspace import copy_rules

OWN = "workspace"
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index"
# Bazel's and hidden files, what cargo made, and what makes it use another rustc than Bazel.
LEFT_OUT = ["BUILD", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel", "MODULE.bazel", "bazel-*", ".*",
            "target", "rust-toolchain", "rust-toolchain.toml"]
LIBRARY_KINDS = ["lib", "rlib"]
KINDS = [*([kind] for kind in LIBRARY_KINDS), ["proc-macro"], ["bin"], ["custom-build"]]
# Behind whatever a crate's root file has, with or without std, in any edition. The function is in its
# metadata; the static is code also of a program, where nothing calls the function.
TOUCH = """
#[doc(hidden)]
pub fn relay_touch_{number}(seed: u64) -> u64 {{
    seed.wrapping_mul({number} + 2).rotate_left(7)
}}
#[used]
static RELAY_TOUCH: fn(u64) -> u64 = relay_touch_{number};
"""


class Unsuitable(Exception):
    """The rules of bazel_example cannot build this workspace; the message says which crate and why."""


class CargoWorkspace:
    """The copy. Paths of packages are those below Bazel's workspace, `folder`."""

    def __init__(self, manifest, folder):
        self.folder = folder
        self.root, self.package = self._roots(manifest)
        self.packages, graph = generate.cargo_plan(manifest, host())
        self.targets = generate.targets_of(graph["units"], self.packages, self._place)
        self.tops = [self.targets.of_unit[index] for index in graph["roots"]]
        for target in self.targets.distinct:
            target.is_foreign = True  # cargo caps the lints of all, too: see builders.py
            self._check(target)
        self._copy()

    @staticmethod
    def _roots(manifest):
        """(of the workspace, the folder below it where cargo is called)"""
        words = ["cargo", "locate-project", "--workspace", "--message-format=plain",
                 "--manifest-path", str(manifest)]
        root = pathlib.Path(generate.output(*words).strip()).parent
        return root, manifest.parent.relative_to(root)

    def _place(self, package):
        if package["source"] is not None:
            return generate.usual_folder(package)
        folder = folder_of(package)
        if not folder.is_relative_to(self.root):
            raise Unsuitable(f"package '{package['name']}' is outside of the workspace, in '{folder}'")
        return str(pathlib.Path(OWN) / folder.relative_to(self.root))

    def _check(self, target):
        name = f"crate '{target.crate_name}' of package '{target.package['name']}'"
        kind = target.unit["target"]["kind"]
        if kind not in KINDS:
            raise Unsuitable(f"{name} is a {' and '.join(kind)}: there is no rule for that")
        if target.package["source"] not in (None, CRATES_IO):
            raise Unsuitable(f"{name} is from '{target.package['source']}': only crates.io and the "
                             "workspace itself can be patched")
        if not source_of(target).is_relative_to(folder_of(target.package)):
            raise Unsuitable(f"{name} has its root file outside of its package")

    def _copy(self):
        copy_rules(self.folder)
        generate.write_packages(self.packages, self.targets, self.folder / "third_party" / "crates")
        shutil.copytree(self.root, self.folder / OWN, ignore=shutil.ignore_patterns(*LEFT_OUT),
                        ignore_dangling_symlinks=True)
        own = {one.package["id"]: one.package for one in self.targets.distinct if not one.is_fetched}
        for package in own.values():
            generate.write_build_file(package, self.targets, self.folder / self._place(package))
        self._write_manifest()
        self._write_lock()

    def _fetched(self):
        return [self.packages[package_id] for package_id in self.targets.package_ids()]

    def _write_manifest(self):
        """With the flags that Bazel's rules have, and none of the workspace's own profiles."""
        path = self.folder / OWN / "Cargo.toml"
        text = path.read_text(encoding="utf-8")
        if "patch" in tomllib.loads(text):
            raise Unsuitable(f"'{self.root}/Cargo.toml' has patches of its own")
        sections = re.split(r"(?m)^(?=\[)", text)
        text = "".join(one for one in sections if not re.match(r"\[profile\b", one))
        patches = "".join(
            f'{generate.folder_of(package).replace(".", "_")} = {{ package = "{package["name"]}", '
            f'path = "../{self._place(package)}" }}\n' for package in self._fetched())
        path.write_text(f"{text}\n[patch.crates-io]\n{patches}", encoding="utf-8")

    def _write_lock(self):
        """What is patched has no source."""
        path = self.folder / OWN / "Cargo.lock"
        patched = {(package["name"], package["version"]) for package in self._fetched()}
        packages = path.read_text(encoding="utf-8").split("[[package]]\n")
        for number, text in enumerate(packages):
            words = dict(re.findall(r'(?m)^(name|version) = "(.*)"$', text))
            if (words.get("name"), words.get("version")) in patched:
                packages[number] = re.sub(r"(?m)^(source|checksum) = .*\n", "", text)
        path.write_text("[[package]]\n".join(packages), encoding="utf-8")

    def cargo_folder(self):
        return self.folder / OWN / self.package

    def labels(self):
        """What `cargo build` builds."""
        return sorted({one.label for one in self.tops})

    # Which crates are touched.

    def needs(self, target):
        """The targets directly below."""
        return [one for _, one in self.targets.dependencies(target.unit)]

    @functools.cache
    def below(self, target):
        """All targets below this one."""
        found = set()
        for one in self.needs(target):
            found |= {one} | self.below(one)
        return found

    @functools.cache
    def dependants(self, target):
        return {one for one in self.targets.distinct if target in self.below(one)}

    def touched(self):
        """case -> the target that is touched in it.

        Libraries with a build script are left out (whether an edit runs that again is the script's to
        say to cargo, and not to Bazel), and those that macros or build scripts are made of."""
        plain = [one for one in self.targets.distinct if self._is_plain(one)]
        if not plain:
            raise Unsuitable("it has no library that could be touched")
        leaves = [one for one in plain if not self.below(one)]
        return {
            "leaf": max(leaves or plain, key=lambda one: (len(self.dependants(one)), one.label)),
            "middle": max(plain, key=lambda one: (self._middle(one), one.label)),
            "root": max(self.tops, key=lambda one: (one.is_program, len(self.below(one)), one.label)),
        }

    def _is_plain(self, target):
        kind = target.unit["target"]["kind"][0]
        above = self.dependants(target) | {target}
        return (kind in LIBRARY_KINDS
                and not any(one.is_script or one.is_macro for one in above)
                and not any(one.is_script for one in self.needs(target))
                and not target.name.endswith("_for_host"))

    def _middle(self, target):
        return min(len(self.below(target)), len(self.dependants(target)))


class Touch:
    """Real edits of one crate, each different from those before, also from another Touch's: in a small
    workspace several cases touch the same crate."""

    _numbers = itertools.count(1)

    def __init__(self, workspace, target):
        self.crate = target.crate_name
        self.dependants = len(workspace.dependants(target))
        root = source_of(target).relative_to(folder_of(target.package))
        self._path = workspace.folder / target.label[2:].partition(":")[0] / root
        self._text = self._path.read_text(encoding="utf-8")

    def __call__(self):
        text = self._text + TOUCH.format(number=next(self._numbers))
        self._path.write_text(text, encoding="utf-8")


def source_of(target):
    return pathlib.Path(target.unit["target"]["src_path"])


def folder_of(package):
    return pathlib.Path(package["manifest_path"]).parent


def host():
    return generate.host_of(generate.output("rustc", "-vV"))
