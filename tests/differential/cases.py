"""One case: what was chosen, as a command line, the files it needs and the files it names."""

import os.path
import random

import options
import sources
from options import OUT

CRATE = "krate"
_ENDINGS = {"rlib": ("lib", ".rlib"), "lib": ("lib", ".rlib"), "bin": ("", ""), "test": ("", ""),
            "proc-macro": ("lib", ".so"), "cdylib": ("lib", ".so"), "dylib": ("lib", ".so"),
            "staticlib": ("lib", ".a"), "two types": ("lib", ".rlib")}
_KINDS = {"dep-info": ".d", "asm": ".s", "llvm-ir": ".ll", "llvm-bc": ".bc", "mir": ".mir",
          "obj": ".o", "metadata": ".rmeta"}
_EMITS = {"many": ("asm", "llvm-ir", "llvm-bc", "mir", "obj", "dep-info", "metadata", "link"),
          "no link": ("obj", "dep-info", "asm"), "not said": ()}
JSON = ("--error-format=json", "--json=artifacts,diagnostic-rendered-ansi")
_FORMATS = {"rendered": (*JSON, "--rustc-output-format=rendered"),
            "json": (*JSON, "--rustc-output-format=json"), "raw json": JSON,
            "no artifacts": ("--error-format=json", "--json=diagnostic-short",
                             "--rustc-output-format=rendered")}
FORMAT_FLAG = "--rustc-output-format"
ENV_FILE = f"{OUT}/krate.env"
ENV = {"OUT_DIR": f"${{pwd}}/{sources.OUT_DIR}", "HERE": "${pwd}/data", "RELAY_COLOUR": "blue",
       "CARGO_PKG_NAME": CRATE}
KEY = "krate-of-a-case"
STAMP = f"{OUT}/stamps/krate.stamp"
OBJECTS = f"{OUT}/krate.objects"  # instead of the stamp, for stages of this name:
PORTABLE = "portable "
_TWO_WORDS = ("--emit", "--out-dir", "--crate-type", "--crate-name", "--edition", "--cfg",
              "--check-cfg", "--cap-lints", "--extern", "--remap-path-prefix", "--error-format",
              "--color", "--rustc-output-format", "--json")
_LETTERS = ("-C", "-L", "-o", "-A", "-D", "-F", "-W")


def _two_words(word):
    name, equals, value = word.partition("=")
    if equals and name in _TWO_WORDS:
        return [name, value]
    return [word[:2], word[2:]] if word[:2] in _LETTERS and len(word) > 2 else [word]


def _underscores(word):
    name, equals, value = word.partition("=")
    return [name.replace("-", "_").replace("_C", "-C", 1) + equals + value] if (
        word.startswith("-C")) else [word]


_STYLES = {
    "one word": lambda word: [word],
    "two words": _two_words,
    "--codegen": lambda word: ["--codegen=" + word[2:]] if word.startswith("-C") else [word],
    "--codegen apart": lambda word: ["--codegen", word[2:]] if word.startswith("-C") else [word],
    "underscores": _underscores,
}


def _named(name, kind, usual):
    """The file of an emit kind under an odd name; `usual` is rustc's own."""
    ending = _KINDS.get(kind, os.path.splitext(usual)[1])
    stem = os.path.splitext(usual)[0]
    return {
        "usual": usual,
        "conf.d": "conf.d" if kind == "link" else usual,
        "x.deps": "x.deps" if kind == "dep-info" else usual,
        "with space": f"with space{ending}",
        "unicode": f"größe-日本{ending}",
        "leading dash": f"-dash{ending}",
        "equals sign": f"a=b{ending}",
        "subfolders": f"{kind}/a/b/{usual}",
        "a folder.d": f"{kind}.d/{usual}",
        "one stem": f"one{ending}" if kind in _KINDS else "one",
        "dots": f"..a..b.{ending}",
        "like another kind": {"link": "link.rmeta", "metadata": "metadata.d", "obj": "obj.rlib"}.get(
            kind, f"{kind}.so"),
    }[name]


class Case:
    def __init__(self, number, chosen):
        self.number = number
        self.chosen = chosen
        self.kind = chosen["kind"]
        self.wire = ("json", "proto")[number % 2]
        self.needed = sources.NEEDED[chosen["upstream"]]
        self.named = self._named_files()  # emit kind -> path
        self.words = self._plain_words()

    def is_library(self):
        return self.kind in options.LIBRARIES

    def emits(self):
        emit = self.chosen["emit"]
        return _EMITS.get(emit, tuple(emit.split(",")))

    def _usual(self, kind):
        prefix, ending = _ENDINGS[self.kind]
        if kind != "link":
            prefix, ending = "lib" if kind == "metadata" else "", _KINDS[kind]
        return f"{prefix}{CRATE}{ending}"

    def _named_files(self):
        place, name = self.chosen["place"], self.chosen["name"]
        if place == "-o":
            return {"link": f"{OUT}/" + _named(name, "link", self._usual("link"))}
        kinds = {"paths": self.emits(), "paths and out-dir": {"link", "metadata"} & set(self.emits())}
        return {kind: f"{OUT}/" + _named(name, kind, self._usual(kind))
                for kind in sorted(kinds.get(place, ()))}

    def folders(self):
        """The folders of all declared outputs: Bazel makes them."""
        found = {OUT, *(os.path.dirname(path) for path in self.named.values())}
        if self.chosen["linker"] == "map in a folder":
            found.add(f"{OUT}/maps")
        return sorted(os.path.normpath(path) for path in found)

    def is_declared(self, path):
        """May it be an output of the action?"""
        return self.chosen["place"] == "working directory" and "/" not in path or any(
            path.startswith(folder + "/") for folder in self.folders())

    # The command line.

    def spelled(self, path, is_output=False):
        spelling = self.chosen["spelling"]
        return {"./": f"./{path}", "//": path.replace("/", "//"), "x/../": f"data/../{path}",
                "absolute": "${pwd}/" + path,
                "absolute outputs": "${pwd}/" + path if is_output else path}.get(spelling, path)

    def _output_words(self):
        place = self.chosen["place"]
        if place == "-o":
            return [f"--emit={','.join(self.emits())}"] * bool(self.emits()) + [
                "-o" + self.spelled(self.named["link"], True)]
        emits = [kind + ("=" + self.spelled(self.named[kind], True) if kind in self.named else "")
                 for kind in self.emits()]
        found = [f"--emit={','.join(emits)}"] if emits else []
        if place in ("out-dir", "extra-filename", "paths and out-dir"):
            found.append("--out-dir=" + self.spelled(OUT, True))
        return found + ["-Cextra-filename=-7f3a"] * (place == "extra-filename")

    def _crate_words(self):
        found = [] if self.chosen["crate name"] == "derived" else [f"--crate-name={CRATE}"]
        types = {"test": [], "two types": ["rlib", "cdylib"]}.get(self.kind, [self.kind])
        return found + [f"--crate-type={one}" for one in types] + ["--test"] * (self.kind == "test")

    def upstream_file(self, name, early):
        return f"up/meta/lib{name}.rmeta" if early else f"up/lib{name}.rlib"

    def _upstream_words(self):
        early = self.is_library()
        found = [f"--extern={name}={self.spelled(self.upstream_file(name, early))}"
                 for name in self.needed]
        if self.needed:
            found.append("-Ldependency=" + self.spelled("up/meta" if early else "up"))
        if self.chosen["macro"] != "none":
            found.append(f"--extern=helper={self.spelled('macros/libhelper.so')}")
        return found + ["--extern=proc_macro"] * (self.kind == "proc-macro")

    def _option_words(self):
        return [word for name, answer in self.chosen.items()
                for word in options.choice(name, answer).words]

    def _length_words(self):
        return {"a long word": ["--check-cfg=cfg(deep, values(\""
                                + "a" * options.LONG_WORD_BYTES + "\"))"],
                "many words": [f"--cfg=word_{i}" for i in range(options.MANY_WORDS)],
                "a newline": ['--cfg=feature="two\nlines"']}.get(self.chosen["length"], [])

    def _plain_words(self):
        """All of it, with ${pwd}, and with our flag for the format."""
        style = _STYLES[self.chosen["style"]]
        given = [*self._crate_words(), *self._output_words(), *self._upstream_words(),
                 *_FORMATS.get(self.chosen["format"], ()), *self._option_words(),
                 *self._length_words()]
        return [self.spelled("src/lib.rs"), *(part for word in given for part in style(word))]

    def rustc_words(self, place):
        """What plain rustc is given at an absolute place."""
        ours = [index for index, word in enumerate(self.words) if word.startswith(FORMAT_FLAG)]
        ours += [index + 1 for index in ours if self.words[index] == FORMAT_FLAG]
        return [word.replace("${pwd}", str(place)) for index, word in enumerate(self.words)
                if index not in ours]

    def format_flag(self):
        return [word for word in _FORMATS.get(self.chosen["format"], ())
                if word.startswith(FORMAT_FLAG)]

    # The stages.

    def is_staged(self):
        if self.chosen["crate name"] == "derived":
            return False
        if self.is_library():
            return {"link", "metadata"} <= set(self.named)
        return self.kind in options.LINKED and (not self.emits() or "link" in self.emits())

    def stages(self):
        return ("metadata", "full") if self.is_library() else ("codegen", "link")

    def stage_words(self, stage):
        if stage is None:
            return self.words
        name = stage.removeprefix(PORTABLE)
        found = [*self.words, f"--pipelining-{name}", f"--pipelining-key={KEY}"]
        if stage == "full":
            return [*found, "--pipelining-rmeta-path=" + self.spelled(self.named["metadata"], True)]
        if stage == "metadata":
            return found
        pairs = [f"--pipelining-dependency={self.spelled(self.upstream_file(name, True))}="
                 f"{self.spelled(self.upstream_file(name, False))}" for name in self.needed]
        joint = f"stamp={STAMP}" if name == stage else f"objects={OBJECTS}"
        return [*found, f"--pipelining-{joint}", *pairs]

    def param_file(self, stage):
        """As Bazel names it: after the action's first output."""
        first = {"metadata": self.named.get("metadata"), "codegen": STAMP,
                 PORTABLE + "codegen": OBJECTS}.get(
            stage, self.named.get("link", f"{OUT}/krate"))
        return f"{os.path.normpath(first)}-0.params"

    def upstream_files(self, stage):
        """The library files among the inputs of this stage (None: of the whole)."""
        early = self.is_library() or (stage or "").endswith("codegen")
        return [self.upstream_file(name, early) for name in self.needed]

    def describe(self):
        told = options.unusual(self.chosen)
        return ", ".join(f"{name}: {answer}" for name, answer in told.items()) or "nothing unusual"


def make(seed, count, first=0):
    """The generator behind its first `count` cases, and those of them from `first` on."""
    generator = options.Generator(random.Random(seed))
    chosen = [generator.next() for _ in range(count)]
    return generator, [Case(number, chosen[number]) for number in range(first, count)]
