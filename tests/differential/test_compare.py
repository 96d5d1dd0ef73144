"""What the differential run would say: a difference is seen, and only what a limit names is allowed."""

import json
import pathlib
import sys
import types
import unittest
import unittest.mock

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

import cases  # noqa: E402
import compare  # noqa: E402
import limits  # noqa: E402
import options  # noqa: E402
import run  # noqa: E402
import ways  # noqa: E402

WORKER, SANDBOXED = ways.way("worker"), ways.way("sandboxed")
ROOT = "/state/roots/1/0/tree"


def usual(**other):
    return {name: choices[0].name for name, choices in options.AXES.items()} | other


def case(**other):
    return cases.Case(0, usual(**other))


class SeesIt(unittest.TestCase):
    def found(self, plain, here, way=WORKER):
        return [(one.what, one.name) for one in compare.differences(plain, here, way)]

    def test_nothing(self):
        seen = ways.Seen(0, "a\n", "b\n", {"out/x": b"1"})
        self.assertEqual([], self.found(seen, seen))

    def test_each_kind(self):
        plain = ways.Seen(0, "a", "b", {"out/x": b"1", "out/y": b"2"})
        here = ways.Seen(1, "c", "d", {"out/x": b"3", "out/z": b"2"}, ["wrote it"])
        self.assertEqual([("wrong", "wrote it"), ("exit code", ""), ("stdout", ""), ("stderr", ""),
                          ("bytes", "out/x"), ("missing", "out/y"), ("extra", "out/z")],
                         self.found(plain, here))

    def test_names_that_rustc_makes_by_chance(self):
        plain, here = (ways.Seen(files={f"out/rustc{name}/symbols.o": b"1"}) for name in
                       ("Ab12cD", "xYz789"))
        self.assertEqual([], self.found(plain, here))

    def test_an_exception_is_one(self):
        result = run.Result(0)
        broken = ways.Way("broken", lambda place: 1 / 0)
        place = types.SimpleNamespace(plain=lambda version: ways.Seen(), run_paths=lambda: [],
                                      root="", finish=lambda: [])
        with unittest.mock.patch.object(ways, "of", lambda _: [broken]):
            run.Runner(None, None).run_ways(case(), place, None, result)
        self.assertEqual(["wrong"], [one.what for one in result.unexplained])


class Shown(unittest.TestCase):
    LINE = json.dumps({"$message_type": "diagnostic", "rendered": "warning: x\n"})
    ARTIFACT = json.dumps({"$message_type": "artifact", "artifact": "x", "emit": "link"})

    def test_each_format(self):
        said = f"plain\n{self.LINE}\n{self.ARTIFACT}\n"
        for answer, expected in (("rendered", "plain\nwarning: x\n"),
                                 ("json", f"plain\n{self.LINE}\n"), ("human", said)):
            with self.subTest(answer):
                self.assertEqual(expected, compare.shown(said, answer))

    def test_behind_other_text(self):
        self.assertEqual("working...\nwarning: x\n",
                         compare.shown(f"working...{self.LINE}\n", "rendered"))

    def test_json_of_others(self):
        self.assertEqual('{"a": 1}\n', compare.shown('{"a": 1}\n', "rendered"))


class Limits(unittest.TestCase):
    def explanation(self, difference, way, exit_code=0, chosen=None, twice=(), there=None):
        context = limits.Context(chosen or case(), way, ways.Seen(exit_code), [ROOT],
                                 lambda _: there or ways.Seen(), lambda: set(twice))
        return limits.explanation(difference, context)

    def difference(self, what, name="", plain=b"a", found=b"b", way=SANDBOXED):
        return compare.Difference(way.name, what, name, plain, found)

    def test_a_directory(self):
        there = ways.Seen(files={"out/x": b"of the root"}, err="of the root")
        for what, plain, found in (("bytes", b"of the execroot", b"of the root"),
                                   ("stderr", "of the execroot", "of the root")):
            one = self.difference(what, "out/x", plain, found)
            self.assertEqual("directory", self.explanation(one, SANDBOXED, there=there))
            self.assertIsNone(self.explanation(one, WORKER, there=there))
        other = self.difference("bytes", "out/x", b"of the execroot", b"of neither")
        self.assertIsNone(self.explanation(other, SANDBOXED, there=there))

    def test_what_is_undeclared(self):
        self.assertEqual("undeclared", self.explanation(self.difference("missing", "x"), SANDBOXED))
        self.assertIsNone(self.explanation(self.difference("missing", "x"), WORKER))
        self.assertIsNone(self.explanation(self.difference("missing", f"{options.OUT}/x"), SANDBOXED))
        self.assertIsNone(self.explanation(self.difference("extra", "x"), SANDBOXED))

    def test_a_failure(self):
        one = self.difference("missing", "out/x")
        self.assertEqual("failed", self.explanation(one, WORKER, exit_code=1))
        self.assertIsNone(self.explanation(one, WORKER))

    def test_what_a_linker_names(self):
        plain, here = ("linking with `cc` failed\n\"cc\" {}/krate.o\n".format(folder)
                       for folder in ("out", "/private/1/out"))
        one = self.difference("stderr", "", plain, here)
        self.assertEqual("linker", self.explanation(one, WORKER))
        other = self.difference("stderr", "", plain, here + "more\n")
        self.assertIsNone(self.explanation(other, WORKER))
        self.assertIsNone(self.explanation(self.difference("stderr", "", "out/x", "in/x"), WORKER))

    def test_what_is_said_again(self):
        staged, chosen = ways.way("staged"), case(spelling="./")
        one = self.difference("stderr", "", "x\n", "x\nx\n", staged)
        self.assertEqual("spelling", self.explanation(one, staged, chosen=chosen))
        self.assertIsNone(self.explanation(one, staged))
        self.assertIsNone(self.explanation(one, WORKER, chosen=chosen))
        other = self.difference("stderr", "", "x\n", "x\ny\n", staged)
        self.assertIsNone(self.explanation(other, staged, chosen=chosen))

    def test_a_changed_input(self):
        staged, chosen = ways.way("staged"), case(macro="replaces an input")
        one = self.difference("stderr", "", "x\n", "x\nx\n", staged)
        self.assertEqual("changed", self.explanation(one, staged, chosen=chosen))
        self.assertIsNone(self.explanation(one, ways.way("staged sandboxed"), chosen=chosen))
        self.assertIsNone(self.explanation(one, staged, chosen=case(macro="quiet")))

    def test_by_chance(self):
        one = self.difference("bytes", "out/x")
        self.assertEqual("chance", self.explanation(one, WORKER, twice=["out/x"]))
        self.assertIsNone(self.explanation(one, WORKER, twice=["out/y"]))

    def test_everything_else(self):
        for what in ("wrong", "exit code", "stdout", "stderr", "extra", "bytes"):
            with self.subTest(what):
                values = ("a", "b") if what.startswith("std") else (b"a", b"b")
                one = self.difference(what, "out/x", *values)
                self.assertIsNone(self.explanation(one, SANDBOXED))


class Generates(unittest.TestCase):
    def test_the_same_again(self):
        _, first = cases.make(3, 20)
        generator, second = cases.make(3, 20, 10)
        self.assertEqual([one.words for one in first[10:]], [one.words for one in second])
        self.assertTrue(generator.covered <= options.all_pairs())

    def test_every_answer_is_used(self):
        generator, _ = cases.make(3, 300)
        used = {one for pair in generator.covered for one in pair}
        rare = {("lto", "fat"), ("lto", "thin")}  # of seconds each
        self.assertEqual(set(), {(name, one.name) for name, choices in options.AXES.items()
                                 for one in choices} - used - rare)

    def test_what_cannot_go_together_exists(self):
        for left, lefts, right, rights in options.NEVER:
            for name, answers in ((left, lefts), (right, rights)):
                for answer in answers:
                    self.assertEqual(answer, options.choice(name, answer).name)

    def test_spellings(self):
        words = case(style="two words", place="-o", spelling="absolute").words
        self.assertIn("-o", words)
        self.assertIn(f"${{pwd}}/{options.OUT}/libkrate.rlib", words)
        self.assertIn("-Ccodegen_units=1", case(style="underscores", units="1").words)
        self.assertNotIn("rendered", case(style="two words").rustc_words("/x"))


if __name__ == "__main__":
    unittest.main()
