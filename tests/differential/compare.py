"""What differs between plain rustc and one of our ways."""

import dataclasses
import json
import re

# rustc names some temporary folders by chance: with -Csave-temps they stay, and linkers name them.
_BY_CHANCE = re.compile(rb"(^|/)(rmeta|rustc)[A-Za-z0-9]{6}(?=/)")


@dataclasses.dataclass(frozen=True)
class Difference:
    way: str
    what: str  # exit code, stdout, stderr, missing, extra, bytes, or wrong
    name: str = ""  # of the file
    plain: object = None
    found: object = None

    def kind(self):
        return self.way, self.what

    def text(self):
        if self.what in ("missing", "extra", "wrong"):
            return f"{self.what}: {self.name}"
        if self.what == "bytes":
            return f"bytes of {self.name}: {_first_difference(self.plain, self.found)}"
        return f"{self.what}: plain {_short(self.plain)}\n      here  {_short(self.found)}"


def _short(value):
    text = repr(value)
    return text if len(text) < 700 else text[:340] + " ... " + text[-340:]


def _first_difference(plain, found):
    at = next((i for i, (a, b) in enumerate(zip(plain, found)) if a != b),
              min(len(plain), len(found)))
    near = slice(max(0, at - 24), at + 48)
    return (f"{len(plain)} and {len(found)} bytes, from {at} on: "
            f"plain {plain[near]!r}, here {found[near]!r}")


def steady(text):
    """Without names that rustc makes by chance; of a binary file, itself."""
    if isinstance(text, str):
        return steady(text.encode()).decode()
    return text if b"\0" in text else _BY_CHANCE.sub(rb"\1\2*", text)


def _json_at_end(line):
    """(text before, object) of a line that ends in one of rustc's JSON objects; else None."""
    at = line.find('{"$message_type"')
    if at < 0:
        return None
    try:
        return line[:at], json.loads(line[at:])
    except ValueError:
        return None


def shown(stderr, answer):
    """rustc's stderr as our format flag has it: rendered, or the diagnostics' lines alone."""
    if answer not in ("rendered", "json", "no artifacts"):
        return stderr
    parts = []
    for line in stderr.splitlines(keepends=True):
        found = _json_at_end(line)
        if found is None:
            parts.append(line)
            continue
        before, message = found
        rendered = message.get("rendered")
        parts.append(before + "\n" if before else "")
        if rendered is not None:
            parts.append(line[len(before):] if answer == "json" else rendered)
    return "".join(parts)


def _ended(text):
    return text if not text or text.endswith("\n") else text + "\n"


def plain_as_shown(case, seen):
    """The truth, as an answer would have it."""
    err = _ended(shown(seen.err, case.chosen["format"]))
    files = {steady(name): steady(data) for name, data in seen.files.items()}
    return dataclasses.replace(seen, out=_ended(seen.out), err=err, files=files)


def differences(truth, seen, way):
    """`truth` comes from plain_as_shown()."""
    found = [Difference(way.name, "wrong", text) for text in seen.wrong]
    # In one process both streams may be one; rustc itself prints on stdout as well.
    for what, plain, here in (("exit code", truth.exit_code, seen.exit_code),
                              ("stdout", truth.out, _ended(seen.out)),
                              ("stderr", truth.err, _ended(seen.err))):
        if steady(str(plain)) != steady(str(here)):
            found.append(Difference(way.name, what, "", plain, here))
    return found + _file_differences(truth.files, seen.files, way)


def _file_differences(plain_files, found_files, way):
    plain = {steady(name): steady(data) for name, data in plain_files.items()}
    here = {steady(name): steady(data) for name, data in found_files.items()}
    found = []
    for name in sorted(plain.keys() | here.keys()):
        if name not in here:
            found.append(Difference(way.name, "missing", name, plain[name]))
        elif name not in plain:
            found.append(Difference(way.name, "extra", name, None, here[name]))
        elif plain[name] != here[name]:
            found.append(Difference(way.name, "bytes", name, plain[name], here[name]))
    return found
