"""What the chaos run would say: wrong bytes, answers that nobody asked for and what is left are seen."""

import pathlib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

import run  # noqa: E402
from fleet import Wrong  # noqa: E402
from wire import Response  # noqa: E402

ANSWERS = 12


class SeesIt(unittest.TestCase):
    def chaos(self, seed=1):
        chaos = run.Chaos(seed, ANSWERS)
        self.addCleanup(chaos.remove)
        chaos.world.begin(chaos.random)
        return chaos

    def request(self, chaos):
        """One that was answered well, as (request, response)."""
        unit = chaos.world.reals[0]
        while unit.may_fail():
            unit.edit(chaos.random)
        member = chaos.members[0]
        member.send(unit, unit.stages(None)[0])
        while not (came := member.answers(0.1)):
            pass
        return came[0]

    def assert_wrong(self, chaos, request, response, words):
        with self.assertRaisesRegex(Wrong, words):
            chaos.judge(request, response)

    def test_nothing(self):
        chaos = self.chaos()
        self.assertTrue(chaos.judge(*self.request(chaos)))

    def test_other_bytes(self):
        chaos = self.chaos()
        request, response = self.request(chaos)
        request.stage.places = {name: ["another version"] for name in request.stage.places}
        self.assert_wrong(chaos, request, response, "another version")

    def test_a_missing_file(self):
        chaos = self.chaos()
        request, response = self.request(chaos)
        for name in request.stage.places:
            (request.base / name).unlink()
        self.assert_wrong(chaos, request, response, "No such file")

    def test_a_failure(self):
        chaos = self.chaos()
        request, _ = self.request(chaos)
        self.assert_wrong(chaos, request, Response(1, "no"), "no")

    def test_a_cancel_that_nobody_sent(self):
        chaos = self.chaos()
        request, _ = self.request(chaos)
        self.assert_wrong(chaos, request, Response(was_cancelled=True), "nobody asked")

    def test_an_answer_that_nobody_waits_for(self):
        chaos = self.chaos()
        member = chaos.members[0]
        member.worker.cancel(7)  # behind the books' back
        with self.assertRaisesRegex(Wrong, "not open"):
            while True:
                member.answers(0.1)

    def test_what_is_left(self):
        chaos = self.chaos()
        (chaos.workspace.tmp / "left").write_text("")
        with self.assertRaisesRegex(Wrong, "files are left"):
            chaos.finish()

    def test_a_worker_that_ends(self):
        chaos = self.chaos()
        chaos.members[0].worker.process.kill()
        with self.assertRaisesRegex(Wrong, "exit code -9"):
            chaos.run()


if __name__ == "__main__":
    unittest.main()
