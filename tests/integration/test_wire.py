"""Both wires, however the bytes are cut, and what must not come through (issue, Bad input)."""

import json
import os
import subprocess
import unittest

from relay import RelayCase
from scripts import lines, printed_arguments, without_outputs
from wire import Proto, Request, Response, varint

BOTH = ("json", "proto")


class BothWires(RelayCase):
    def ask_hello(self, worker, **fields):
        self.workspace.write("hello.rs", "stderr hello")
        self.assert_ok(worker.ask(arguments=["hello.rs"], **fields), "hello\n")

    def on_each_wire(self, check):
        """Calls check(worker) for workers that are told their wire and that find it out."""
        for wire in BOTH:
            for flags in ([], [f"--wire={wire}"]):
                with self.subTest(wire=wire, flags=flags):
                    check(self.start(wire=wire, flags=flags))

    def test_a_request_is_answered(self):
        def check(worker):
            self.ask_hello(worker)
            self.assert_clean_end(worker)
        self.on_each_wire(check)

    def test_one_byte_at_a_time(self):
        self.workspace.write("hello.rs", "stderr hello")
        def check(worker):
            for byte in worker.wire.encode(Request(["hello.rs", "--cfg=a=b"], request_id=7)):
                worker.send_raw(bytes([byte]))
            self.assert_ok(worker.answer(7), "hello\n")
        self.on_each_wire(check)

    def test_many_requests_in_one_piece(self):
        self.workspace.write("hello.rs", "stderr hello")
        def check(worker):
            worker.send_raw(b"".join(worker.wire.encode(Request(["hello.rs"], request_id=number))
                                     for number in range(1, 21)))
            for number in range(20, 0, -1):
                self.assert_ok(worker.answer(number), "hello\n")
            self.assert_clean_end(worker)
        self.on_each_wire(check)

    def test_singleplex(self):
        def check(worker):
            for _ in range(3):
                self.ask_hello(worker, request_id=0)
            self.assert_clean_end(worker)
        self.on_each_wire(check)

    def test_answers_in_any_order(self):
        gates = [self.gate(f"gate{number}") for number in range(8)]
        for number, gate in enumerate(gates):
            self.workspace.write(f"c{number}.rs", lines(f"fifo-wait {gate.path}", f"stderr {number}"))
        worker = self.start()
        ids = [worker.send(arguments=[f"c{number}.rs"]) for number in range(8)]
        for number in reversed(range(8)):
            gates[number].release()
            self.assert_ok(worker.answer(ids[number]), f"{number}\n")

    def test_thousands_of_inputs(self):
        inputs = [(f"some/folder/of/medium/length/file{i}.txt", "ab" * 32) for i in range(3002)]
        def check(worker):
            self.ask_hello(worker, inputs=inputs, verbosity=10)
        self.on_each_wire(check)

    def test_text_of_every_kind(self):
        self.workspace.write("args.rs", "print-args")
        words = ["args.rs", "--cfg=näme=\"wert\"", "tab\tand\\backslash", "🦀", "</script>"]
        def check(worker):
            response = worker.ask(arguments=words)
            self.assert_ok(response)
            self.assertEqual(words, without_outputs(printed_arguments(response.output)))
        self.on_each_wire(check)

    def test_large_answers(self):
        self.workspace.write("big.rs", lines(*["stderr " + "é" * 1000] * 200))
        def check(worker):
            self.assert_ok(worker.ask(arguments=["big.rs"]), ("é" * 1000 + "\n") * 200)
        self.on_each_wire(check)

    def test_a_protobuf_frame_that_starts_like_json(self):
        """A message of 123 bytes has the length byte '{'."""
        self.workspace.write("hello.rs", "stderr hello")
        for length in range(60, 120):
            frame = Proto.encode(Request(["hello.rs", "x" * length], request_id=1))
            if frame[0] == ord("{"):
                break
        self.assertEqual(ord("{"), frame[0])
        worker = self.start(wire="proto")
        worker.send_raw(frame)
        self.assert_ok(worker.answer(1), "hello\n")

    def test_unknown_fields_are_accepted(self):
        self.workspace.write("hello.rs", "stderr hello")
        worker = self.start(wire="json")
        worker.send_raw(b'{"arguments":["hello.rs"],"future":{"a":[1,null]},"requestId":3}\n')
        self.assert_ok(worker.answer(3), "hello\n")
        worker = self.start(wire="proto")
        body = Proto.encode(Request(["hello.rs"], request_id=3))[1:]
        body += varint(99 << 3) + varint(5) + varint(98 << 3 | 2) + varint(3) + b"abc"
        worker.send_raw(varint(len(body)) + body)
        self.assert_ok(worker.answer(3), "hello\n")

    def test_json_with_spaces_and_empty_lines(self):
        self.workspace.write("hello.rs", "stderr hello")
        worker = self.start(wire="json")
        for number in (3, 4):
            worker.send_raw(b'{"arguments": ["hello.rs"], "requestId": %d}\r\n\n\n' % number)
            self.assert_ok(worker.answer(number), "hello\n")

    def test_json_names_and_shape(self):
        worker = self.start(wire="json")
        self.ask_hello(worker, request_id=5)
        self.assertEqual(1, worker.raw.count(b"\n"))
        self.assertEqual({"requestId": 5, "output": "hello\n"},
                         {name: value for name, value in json.loads(worker.raw).items() if value})


class FirstBytes(RelayCase):
    """Nobody said which wire it is (protocol/opening.h; its test has more rows)."""

    OPENINGS = (b"{ ", b"{\t", b"{  \t ", b" {", b"\t {", b"\n{", b"\r\n\r\n{", b" \n\n{",
                b"\xef\xbb\xbf{", b"\xef\xbb\xbf \n { ")

    def assert_answered(self, data):
        self.workspace.write("hello.rs", "stderr hello")
        for step in (1, len(data)):
            for flags in ([], ["--wire=json"]):
                with self.subTest(data=data, step=step, flags=flags):
                    worker = self.start(wire="json", flags=flags)
                    for at in range(0, len(data), step):
                        worker.send_raw(data[at:at + step])
                    self.assert_ok(worker.answer(7), "hello\n")
                    self.assert_clean_end(worker)

    def test_json_behind_blanks_and_marks(self):
        for opening in self.OPENINGS:
            self.assert_answered(opening + b'"arguments" : ["hello.rs"], "requestId" : 7 }\n')

    def test_neither_is_said_at_once(self):
        """It would wait for 116 bytes, for 60 bytes, for 10 bytes."""
        for data in (b"this", b"<html>", b"\n this", b"[{}]\n", b"{requestId:1}\n", b"{\n}\n"):
            with self.subTest(data):
                worker = self.start(wire="json")
                worker.send_raw(data)
                self.assertEqual(1, worker.wait(), worker.stderr())
                self.assertEqual(1, len(worker.stderr().splitlines()), worker.stderr())
                self.assertEqual([], self.workspace.leftovers())

    def test_json_over_several_lines_is_said_to_be_none(self):
        worker = self.start(wire="json")
        worker.send_raw(b'{\n  "requestId": 1\n}\n')
        self.assertEqual(1, worker.wait(), worker.stderr())
        self.assertIn("JSON", worker.stderr())


class BrokenStreams(RelayCase):
    """Nobody can be told on the wire: one sentence on stderr, exit 1, nothing left."""

    def assert_broken(self, data, wire="json", flags=(), close=False, more=()):
        worker = self.start(wire=wire, flags=flags)
        self.workspace.write("hello.rs", "stderr hello")
        self.assert_ok(worker.ask(arguments=["hello.rs"]), "hello\n")
        worker.send_raw(data)
        if close:
            worker.close_stdin()
        self.assertEqual(1, worker.wait(), worker.stderr())
        self.assertEqual([], worker.answers)
        said = worker.stderr().strip()
        self.assertEqual(1, len(said.splitlines()), said)
        self.assertGreater(len(said), 20, said)
        for word in more:
            self.assertIn(word, said)
        self.assertEqual([], worker.processes())
        self.assertEqual([], self.workspace.leftovers())

    def test_json_that_is_none(self):
        self.assert_broken(b"this is no json\n")

    def test_json_of_another_shape(self):
        self.assert_broken(b'["requestId"]\n')

    def test_truncated_json(self):
        self.assert_broken(b'{"arguments":["a', close=True)

    def test_truncated_protobuf(self):
        self.assert_broken(varint(100) + b"\x0a\x05he", wire="proto", close=True)

    def test_a_varint_without_end(self):
        self.assert_broken(b"\xff" * 11, wire="proto")

    def test_an_oversized_frame(self):
        self.assert_broken(varint(1 << 40), wire="proto")

    def test_protobuf_that_is_none(self):
        self.assert_broken(varint(3) + b"\x0a\x50a", wire="proto")

    def test_the_other_wire_than_told(self):
        worker = self.start(wire="proto", flags=["--wire=json"])
        worker.send_raw(Proto.encode(Request(["hello.rs"], request_id=1)) + b"\n")
        self.assertEqual(1, worker.wait())


class BadRequests(RelayCase):
    """One request is wrong: it is told so, and nobody else notices."""

    def assert_answered_alone(self, raw, request_id, *words, wire="json"):
        gate = self.gate()
        worker = self.start(wire=wire)
        self.workspace.write("other.rs", lines(f"fifo-wait {gate.path}", "stderr other"))
        other = worker.send(arguments=["other.rs"], request_id=1)
        worker.send_raw(raw)
        self.assert_fails(worker.answer(request_id), *words)
        gate.release()
        self.assert_ok(worker.answer(other), "other\n")
        self.assert_clean_end(worker)

    def test_broken_json_with_an_id(self):
        self.assert_answered_alone(b'{"arguments":["a.rs",],"requestId":42}\n', 42)

    def test_a_field_of_the_wrong_type(self):
        self.assert_answered_alone(b'{"arguments":"a.rs","requestId":42}\n', 42, "arguments")

    def test_a_nul_inside_a_word(self):
        self.assert_answered_alone(b'{"arguments":["a\\u0000b.rs"],"requestId":42}\n', 42)

    def test_a_nul_inside_a_word_in_protobuf(self):
        frame = Proto.encode(Request(["a\0b.rs"], request_id=42))
        self.assert_answered_alone(frame, 42, wire="proto")

    def test_no_arguments(self):
        for wire in BOTH:
            with self.subTest(wire):
                worker = self.start(wire=wire)
                self.assert_fails(worker.ask(request_id=42))
                self.assert_clean_end(worker)


class Stdin(RelayCase):
    """What else than a pipe may be there at the start."""

    def run_with(self, stdin):
        worker = self.start(stdin=stdin, wire="json")
        return worker, worker.wait()

    def test_closed_at_once(self):
        worker = self.start()
        self.assert_clean_end(worker)
        self.assertEqual("", worker.stderr())

    def assert_served_or_refused(self, stdin, answers):
        worker, code = self.run_with(stdin)
        if code == 0:
            self.assertEqual((answers, ""), (worker.answers, worker.stderr()))
        else:
            self.assertEqual((1, b""), (code, worker.raw))
            self.assertEqual(1, len(worker.stderr().strip().splitlines()), worker.stderr())
        self.assertEqual([], self.workspace.leftovers())

    def test_dev_null(self):
        self.assert_served_or_refused(subprocess.DEVNULL, [])

    def test_a_regular_file(self):
        self.workspace.write("hello.rs", "stderr hello")
        requests = self.workspace.write("requests", b'{"arguments":["hello.rs"],"requestId":1}\n')
        with open(requests, "rb") as stdin:
            self.assert_served_or_refused(stdin, [Response(0, "hello\n", 1)])

    def test_an_empty_file(self):
        with open(self.workspace.write("requests", ""), "rb") as stdin:
            self.assert_served_or_refused(stdin, [])

    def test_a_directory(self):
        stdin = os.open(self.workspace.execroot, os.O_RDONLY)
        self.addCleanup(os.close, stdin)
        worker, code = self.run_with(stdin)
        self.assertEqual(1, code, worker.stderr())
        self.assertEqual(1, len(worker.stderr().strip().splitlines()), worker.stderr())


if __name__ == "__main__":
    unittest.main()
