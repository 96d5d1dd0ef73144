"""Both wires as Bazel speaks them: JSON lines and varint-delimited protobuf, written by hand."""

import base64
import dataclasses
import json


@dataclasses.dataclass
class Request:
    arguments: list = dataclasses.field(default_factory=list)
    inputs: list = dataclasses.field(default_factory=list)  # (path, digest as hex text)
    request_id: int = 0
    cancel: bool = False
    verbosity: int = 0
    sandbox_dir: str = ""


@dataclasses.dataclass
class Response:
    exit_code: int = 0
    output: str = ""
    request_id: int = 0
    was_cancelled: bool = False


class Json:
    """One compact object a line, camelCase, defaults left out, '=' escaped, digests in base64."""

    @staticmethod
    def encode(request):
        inputs = [{"path": path, "digest": base64.b64encode(digest.encode()).decode()}
                  for path, digest in request.inputs]
        fields = {"arguments": request.arguments, "inputs": inputs,
                  "requestId": request.request_id, "cancel": request.cancel,
                  "verbosity": request.verbosity, "sandboxDir": request.sandbox_dir}
        line = json.dumps({name: value for name, value in fields.items() if value},
                          separators=(",", ":"))
        return line.replace("=", "\\u003d").encode() + b"\n"

    @staticmethod
    def decode(data):
        """Returns (response, rest), or None when more bytes are needed."""
        line, newline, rest = data.partition(b"\n")
        if not newline:
            return None
        fields = json.loads(line.decode("utf-8"))
        unknown = set(fields) - {"exitCode", "output", "requestId", "wasCancelled"}
        assert not unknown, f"unknown fields {unknown}"
        return Response(fields.get("exitCode", 0), fields.get("output", ""),
                        fields.get("requestId", 0), fields.get("wasCancelled", False)), rest


def varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data, at):
    """Returns (number, place behind it), or None when it is cut off."""
    number = shift = 0
    while at < len(data):
        number |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return number, at
    return None


def signed32(number):
    number &= (1 << 32) - 1
    return number - (1 << 32) if number >> 31 else number


class Proto:
    @staticmethod
    def _text(field, text):
        raw = text.encode("utf-8", "surrogateescape")
        return varint(field << 3 | 2) + varint(len(raw)) + raw

    @staticmethod
    def _number(field, number):
        return varint(field << 3) + varint(number) if number else b""

    @classmethod
    def encode(cls, request):
        entries = (cls._text(1, path) + cls._text(2, digest) for path, digest in request.inputs)
        body = b"".join((*(cls._text(1, word) for word in request.arguments),
                         *(varint(2 << 3 | 2) + varint(len(entry)) + entry for entry in entries)))
        body += cls._number(3, request.request_id) + cls._number(4, int(request.cancel))
        body += cls._number(5, request.verbosity)
        if request.sandbox_dir:
            body += cls._text(6, request.sandbox_dir)
        return varint(len(body)) + body

    @staticmethod
    def decode(data):
        head = read_varint(data, 0)
        if head is None or len(data) < head[1] + head[0]:
            return None
        length, at = head
        end = at + length
        values = {}
        while at < end:
            tag, at = read_varint(data, at)
            value, at = read_varint(data, at)
            if tag & 7 == 2:
                value, at = data[at:at + value], at + value
            values[tag >> 3] = value
        assert at == end, "a field goes beyond its message"
        return Response(signed32(values.get(1, 0)), values.get(2, b"").decode("utf-8"),
                        signed32(values.get(3, 0)), bool(values.get(4, 0))), data[end:]


WIRES = {"json": Json, "proto": Proto}
