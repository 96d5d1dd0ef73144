"""What may differ from a run of plain rustc, and why: the one list. README.md shows it
(tools/docs.py), and tests/differential holds every difference that it finds against it."""

import dataclasses
import re

import sources


@dataclasses.dataclass(frozen=True)
class Context:
    """What a row may look at beside the difference."""

    case: object
    way: object
    truth: object  # Seen
    run_paths: list  # where a sandboxed rustc may have run
    plain_at: object  # path -> what plain rustc leaves when it runs there (Seen)
    twice: object  # () -> names and streams in which two plain runs differ


@dataclasses.dataclass(frozen=True)
class Limit:
    name: str
    text: str  # for README.md
    explains: object  # (Difference, Context) -> bool


def _bytes_of(value):
    return value if isinstance(value, bytes) else str(value).encode()


def _directory(difference, context):
    """What plain rustc makes, too, when it runs at the path of the private root, or of the sandbox."""
    if not context.way.sandboxed or difference.what not in ("bytes", "stdout", "stderr"):
        return False
    return any(_same(difference, context.plain_at(path)) for path in context.run_paths)


def _same(difference, plain):
    if difference.what == "bytes":
        there = plain.files.get(difference.name, b"")
    else:
        there = {"stdout": plain.out, "stderr": plain.err}[difference.what]
    other = dataclasses.replace(difference, plain=there)
    return there == difference.found or _linker_names(other, None)


def _undeclared(difference, context):
    by_macro = (context.case.chosen["macro"] == "writes beside outputs"
                and difference.name.endswith("/beside.txt"))  # no word of the command names it
    # Outputs may lie in the working directory itself (never Bazel's), which no word names, either.
    beside = context.case.chosen["place"] == "working directory" and difference.name in sources.LEFT
    return (context.way.sandboxed and difference.what == "missing"
            and (by_macro or beside or not context.case.is_declared(difference.name)))


def _failed(difference, context):
    return context.truth.exit_code != 0 and difference.what == "missing"


def _without_path(difference, context):
    named = {context.case.named.get(kind) for kind in ("link", "metadata")}
    return (context.way.staged and context.case.is_library() and difference.what == "missing"
            and difference.name not in named)


_FOLDERS = re.compile(r"""(?<![^\s"'(=\\])[^\s"'(=\\]*/""")


def _linker_names(difference, _):
    """Text of a linker: equal but for the folders of the files that it names."""
    if difference.what == "stderr":
        is_linker = "linking with `" in difference.plain
    else:
        is_linker = difference.what == "bytes" and difference.name.endswith(".map")
    return is_linker and _without_folders(difference.plain) == _without_folders(difference.found)


def _without_folders(text):
    return sorted(_FOLDERS.sub("", _bytes_of(text).decode(errors="replace")).split())


_ARTIFACT = re.compile(r'"artifact":"[^"]*"')
_LINKED = re.compile(r'^\{"\$message_type":"artifact".*"emit":"link"\}\n', re.MULTILINE)
_JSON_OF_OTHERS = re.compile(r'^\{"not": .*\n', re.MULTILINE)


def _reduced(text, context):
    """Without what two other rows allow."""
    text = _JSON_OF_OTHERS.sub("", text)
    if context.case.chosen["format"] == "raw json" and context.way.name == "portable":
        text = _LINKED.sub("", text)
    return _ARTIFACT.sub("", text) if context.case.chosen["format"] == "raw json" else text


def _said_again(difference, context):
    chosen = context.case.chosen
    is_known = chosen["spelling"] == "plain" and chosen["place"].startswith("paths")
    return not is_known and _is_said_twice(difference, context)


def _changed(difference, context):
    return (context.case.chosen["macro"] == "replaces an input" and not context.way.sandboxed
            and _is_said_twice(difference, context))


def _is_said_twice(difference, context):
    if not (context.way.staged and difference.what in ("stdout", "stderr")):
        return False
    plain, found = (_reduced(text, context) for text in (difference.plain, difference.found))
    return plain != "" and found.endswith(plain) and plain.startswith(found[:-len(plain)])


def _ends_early(difference, context):
    return (context.case.chosen["macro"] == "exits with 0" and context.truth.exit_code == 0
            and (difference.what == "exit code" or
                 difference.what == "stderr" and "did not write" in difference.found))


def _json_of_others(difference, context):
    return (context.case.chosen["macro"] == "prints lines" and difference.what == "stderr"
            and _JSON_OF_OTHERS.sub("", difference.plain) == difference.found)


def _reads_ours(difference, context):
    return (context.case.chosen["macro"] == "reads the jobserver"
            and difference.what in ("bytes", "stdout", "stderr"))


def _raw_artifacts(difference, context):
    """rustc's own JSON, passed on as it is: equal but for the artifacts' files."""
    return (context.case.chosen["format"] == "raw json" and difference.what == "stderr"
            and _reduced(difference.plain, context) == _reduced(difference.found, context))


def _by_chance(difference, context):
    return (difference.name or difference.what) in context.twice()


SEVERAL = "several of these"
LIMITS = (
    Limit("directory", "A sandboxed request's rustc runs in its private root. A crate that embeds its "
          "absolute directory (`env!(\"CARGO_MANIFEST_DIR\")`, debug information that "
          "`--remap-path-prefix` does not cover, `-Crpath`'s way to the toolchain) embeds that one, and "
          "the execroot's when it is not sandboxed.", _directory),
    Limit("undeclared", "What a macro or a linker writes outside the folders of outputs that the "
          "command's words or environment name stays in the private root of a sandboxed request, and is "
          "undone before the next.",
          _undeclared),
    Limit("failed", "A request that fails places nothing; rustc leaves what it had written.",
          _failed),
    Limit("library stages", "The stages of a library place the `.rmeta`, the rlib, and what `--emit` "
          "gives a path; not what follows from `--out-dir` alone.", _without_path),
    Limit("linker", "A linker's map and its errors name the object files where they are: in the compile's "
          "private directory, not beside the output.", _linker_names),
    Limit("spelling", "A stage knows its own files among the inputs when `--emit=KIND=FILE` names its outputs "
          "as Bazel spells them; with `-o`, `--out-dir` alone or `./out/x` the late request may compile "
          "afresh, and say its diagnostics again.", _said_again),
    Limit("changed", "A late request compiles afresh when an input was changed while rustc may have read it, "
          "also by a macro of the crate, and says its diagnostics again.", _changed),
    Limit("exit", "A rustc that ends with code 0 and without its outputs (a macro may end the process) is a "
          "failure, and says so.", _ends_early),
    Limit("JSON of others", "A line that is a JSON object is taken for rustc's, whoever printed it (older "
          "rustcs do not mark theirs): with `--rustc-output-format` it is dropped if it has nothing to "
          "show.", _json_of_others),
    Limit("environment", "rustc's environment holds our jobserver (`CARGO_MAKEFLAGS`) and a `TMPDIR` of the "
          "compile's own: a macro that reads them sees them.", _reads_ours),
    Limit("artifact lines", "Without `--rustc-output-format` rustc's JSON lines pass as they are: those of "
          "artifacts name the compile's private directory, and a portable pair's early half says that it has "
          "linked.", _raw_artifacts),
    Limit("chance", "What two plain runs of rustc make differently, ours make differently as well.",
          _by_chance),
)


def _words(text, context):
    """Without what the rows for directories, for text of a linker, of artifacts and of others' JSON
    allow: an early and a late compile may run in two roots."""
    text = _reduced(text, context)
    for path in context.run_paths if context.way.sandboxed else []:
        text = text.replace(path, "(root)")
    return _without_folders(text) if "linking with `" in text else text.split()


def _is_rest(found, plain):
    """Is it what was said, or that and before it a part of the same?"""
    again = found[:len(found) - len(plain)]
    return found[len(again):] == plain and plain[:len(again)] == again


def _several(difference, context):
    """Several rows meet in one text."""
    if difference.what != "stderr":
        return False
    paths = context.run_paths if context.way.sandboxed else []
    truths = [context.plain_at(path).err for path in paths]
    if "linking with `" in difference.plain or any(
            _reduced(text, context) != text for text in (difference.plain, difference.found)):
        truths.append(difference.plain)
    found = _words(difference.found, context)
    for text in truths:
        plain = _words(text, context)
        if found == plain or context.way.staged and plain and _is_rest(found, plain):
            return True
        if context.way.staged and sorted(set(found)) == sorted(set(plain)):
            return True  # the linker's words are sorted: said twice
    return False


def explanation(difference, context):
    """The name of the row that allows it, or None. Chance is looked for last: it takes many runs."""
    *rows, chance = LIMITS
    name = next((limit.name for limit in rows if limit.explains(difference, context)), None)
    if name is None and _several(difference, context):
        return SEVERAL
    return name or (chance.name if chance.explains(difference, context) else None)
