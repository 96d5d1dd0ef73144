"""What a command line is made of: one axis per question, a few answers to each, and what cannot go
together, all as data. The first answer of an axis is the usual one; shrinking goes back to it."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Choice:
    """One answer. `words` are spelled in one word each; the axis `style` spells them anew."""

    name: str
    weight: float = 1.0
    words: tuple = ()


def axis(*choices, usual=6.0):
    first, *others = choices
    return (dataclasses.replace(first, weight=usual), *others)


def words(name, *given, weight=1.0):
    return Choice(name, weight, given)


NONE = Choice("none")
OUT = "bazel-out/k8/bin"  # Bazel has all outputs below bazel-out, and only those
LONG_WORD_BYTES = 140_000  # the system takes no word of 128 KiB and more
MANY_WORDS = 3_000

AXES = {
    "kind": axis(Choice("rlib"), Choice("lib"), Choice("bin", 3), Choice("test"),
                 Choice("proc-macro", 2), Choice("cdylib"), Choice("dylib", 0.7),
                 Choice("staticlib", 0.5), Choice("two types", 0.4), usual=3),
    "emit": axis(Choice("metadata,link"), Choice("link", 2), Choice("dep-info,link", 2),
                 Choice("dep-info,metadata,link", 3), Choice("many"), Choice("no link", 0.5),
                 Choice("metadata", 0.5), Choice("not said")),
    "place": axis(Choice("paths"), Choice("out-dir", 2), Choice("extra-filename", 2), Choice("-o", 2),
                  Choice("paths and out-dir", 2), Choice("working directory", 0.3)),
    "name": axis(Choice("usual"), Choice("conf.d"), Choice("x.deps"), Choice("with space"),
                 Choice("unicode"), Choice("leading dash"), Choice("equals sign"), Choice("subfolders"),
                 Choice("a folder.d"), Choice("one stem"), Choice("dots"), Choice("like another kind")),
    "spelling": axis(Choice("plain"), Choice("./"), Choice("//"), Choice("x/../"), Choice("absolute"),
                     Choice("absolute outputs"), usual=3),
    "style": axis(Choice("one word"), Choice("two words", 2), Choice("--codegen"),
                  Choice("--codegen apart"), Choice("underscores"), usual=3),
    "length": axis(Choice("short"), Choice("param file", 4), Choice("nested param files"),
                   Choice("a long word", 0.5), Choice("many words", 0.5), Choice("a newline", 0.7)),
    "upstream": axis(NONE, Choice("one", 4), Choice("two", 3), Choice("format strings", 1), usual=3),
    "macro": axis(NONE, Choice("quiet", 2), Choice("keeps a file"), Choice("leaves files"),
                  Choice("writes beside outputs"), Choice("replaces an input"), Choice("prints lines"),
                  Choice("prints without newline"), Choice("reads environment"),
                  Choice("reads the jobserver", 0.3),
                  Choice("leaves a process", 0.7), Choice("leaves a session", 0.4),
                  Choice("panics", 0.5), Choice("exits with 0", 0.3)),
    "text": axis(Choice("clean"), Choice("warns", 3), Choice("warns much"), Choice("includes", 2),
                 Choice("embeds its directory"), Choice("error", 0.6), Choice("many errors", 0.4),
                 Choice("late error", 0.4), Choice("missing symbol", 0.4)),
    "format": axis(Choice("rendered"), Choice("json", 1.5), Choice("raw json"), Choice("no artifacts"),
                   Choice("human"), words("short", "--error-format=short"),
                   words("colours", "--color=always")),
    "optimisation": axis(NONE, words("-O", "-O"), words("3", "-Copt-level=3", weight=2),
                         words("s", "-Copt-level=s")),
    "debug": axis(NONE, words("-g", "-g", weight=2), words("1", "-Cdebuginfo=1"),
                  words("lines", "-Cdebuginfo=line-tables-only")),
    "split": axis(NONE, words("off", "-Csplit-debuginfo=off"),
                  words("packed", "-Csplit-debuginfo=packed"),
                  words("unpacked", "-Csplit-debuginfo=unpacked")),
    "strip": axis(NONE, words("debuginfo", "-Cstrip=debuginfo"), words("symbols", "-Cstrip=symbols")),
    "units": axis(NONE, words("1", "-Ccodegen-units=1"), words("4", "-Ccodegen-units=4")),
    "temps": axis(NONE, words("saved", "-Csave-temps", weight=0.6)),
    "linking": axis(NONE, words("dynamic", "-Cprefer-dynamic"),
                    words("rpath", "-Cprefer-dynamic", "-Crpath"), words("only rpath", "-Crpath"),
                    words("cc", "-Clinker=cc"), words("/usr/bin/cc", "-Clinker=/usr/bin/cc")),
    "linker": axis(NONE, words("map", f"-Clink-arg=-Wl,-Map={OUT}/linked.map"),
                   words("map in a folder", f"-Clink-arg=-Wl,-Map={OUT}/maps/linked.map"),
                   words("arguments", "-Clink-args=-Wl,--as-needed -Wl,-z,now")),
    "lto": axis(NONE, words("off", "-Clto=off"),
                words("fat", "-Clto=fat", weight=0.05), words("thin", "-Clto=thin", weight=0.05),
                usual=8),
    "panic": axis(NONE, words("abort", "-Cpanic=abort"), words("unwind", "-Cpanic=unwind")),
    "coverage": axis(NONE, words("counted", "-Cinstrument-coverage", weight=0.6)),
    "relocation": axis(NONE, words("pic", "-Crelocation-model=pic"),
                       words("static", "-Crelocation-model=static", weight=0.5)),
    "lints": axis(NONE, words("allowed", "-Awarnings"), words("denied", "-Dunused", weight=0.7),
                  words("capped", "--cap-lints=allow"), words("capped at warn", "--cap-lints=warn"),
                  words("forbidden", "-Funsafe_code"), words("warned", "-Wunused_qualifications")),
    "cfg": axis(NONE, words("feature", '--cfg=feature="deep"'),
                words("checked", "--check-cfg=cfg(deep)", "--cfg=deep"),
                words("unchecked", "--cfg=strange")),
    "remap": axis(words("working directory", "--remap-path-prefix=${pwd}=."),
                  words("to nothing", "--remap-path-prefix=${pwd}="), NONE, usual=5),
    "metadata": axis(NONE, words("given", "-Cmetadata=9c1f")),
    "edition": axis(words("2021", "--edition=2021"), words("2024", "--edition=2024"), usual=2),
    "crate name": axis(Choice("given"), Choice("derived", 0.4)),
}

LIBRARIES = ("rlib", "lib")
LINKED = ("bin", "test", "proc-macro", "cdylib", "dylib")

# (axis, answers, axis, answers): none of the first goes with any of the second.
NEVER = (
    ("kind", ("two types",), "place", ("paths", "-o", "paths and out-dir")),
    ("emit", ("not said",), "place", ("paths", "paths and out-dir")),
    ("name", tuple(c.name for c in AXES["name"][1:]), "place",
     ("out-dir", "extra-filename", "working directory")),
    ("crate name", ("derived",), "place", ("extra-filename",)),
    ("lto", ("fat", "thin"), "kind", ("rlib", "lib", "test", "proc-macro", "dylib", "two types")),
    ("lto", ("fat", "thin"), "linking", ("dynamic", "rpath")),
    ("lto", ("fat", "thin"), "temps", ("saved",)),  # of the whole standard library
    ("linking", ("dynamic", "rpath"), "panic", ("abort",)),
    ("panic", ("abort",), "kind", ("test", "proc-macro", "dylib", "two types")),
    ("linking", ("dynamic", "rpath"), "kind", ("staticlib",)),
    ("relocation", ("static",), "kind", ("proc-macro", "cdylib", "dylib", "two types")),
    ("linker", ("map", "map in a folder"), "kind", ("rlib", "lib", "staticlib")),
    ("text", ("missing symbol",), "kind", ("rlib", "lib", "staticlib", "two types")),
    ("text", ("missing symbol",), "emit", ("metadata", "no link")),
    ("text", ("missing symbol",), "lints", ("forbidden",)),
    ("kind", ("cdylib", "staticlib", "two types"), "lints", ("forbidden",)),  # #[no_mangle]
    ("upstream", ("format strings",), "kind", ("test",)),
    ("macro", ("panics", "exits with 0"), "text",
     ("error", "many errors", "late error", "missing symbol")),
)

PAIRED = tuple((left, right) for index, left in enumerate(AXES) for right in list(AXES)[index + 1:])


def choice(name, answer):
    return next(one for one in AXES[name] if one.name == answer)


def forbidden_pairs():
    """Pairs ((axis, answer), (axis, answer)), in the order of the axes."""
    order = {name: index for index, name in enumerate(AXES)}
    found = set()
    for left, lefts, right, rights in NEVER:
        for one in lefts:
            for other in rights:
                pair = sorted(((left, one), (right, other)), key=lambda item: order[item[0]])
                found.add(tuple(pair))
    return found


def pairs(chosen):
    return {((left, chosen[left]), (right, chosen[right])) for left, right in PAIRED}


def all_pairs():
    return {((left, one.name), (right, other.name)) for left, right in PAIRED
            for one in AXES[left] for other in AXES[right]} - forbidden_pairs()


class Generator:
    """Endless valid choices. Of some random ones it takes that with the most pairs nobody had yet;
    the same seed gives the same row of cases."""

    CANDIDATES = 6

    def __init__(self, random):
        self._random = random
        self._never = forbidden_pairs()
        self.covered = set()

    def next(self):
        candidates = [self._valid() for _ in range(self.CANDIDATES)]
        best = max(candidates, key=lambda chosen: len(pairs(chosen) - self.covered))
        self.covered |= pairs(best)
        return best

    def _valid(self):
        while True:
            chosen = {name: self._random.choices(
                choices, [one.weight for one in choices])[0].name
                for name, choices in AXES.items()}
            if is_valid(chosen, self._never):
                return chosen


def is_valid(chosen, never=None):
    return not pairs(chosen) & (forbidden_pairs() if never is None else never)


def unusual(chosen):
    """What is not the usual answer of its axis."""
    return {name: answer for name, answer in chosen.items() if AXES[name][0].name != answer}
