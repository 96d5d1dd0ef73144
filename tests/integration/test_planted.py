"""What another user has made under a name that can be guessed, where everybody may make names: nothing
of ours goes there, and nothing is written through it."""

import os
import unittest

from relay import FAKE_RUSTC, OneShotCase

OTHER_USER = os.geteuid() + 1
OPEN_TO_ALL = 0o777


class Planted(OneShotCase):
    def setUp(self):
        super().setUp()
        self.public = self.workspace.top / "public"
        self.public.mkdir()
        self.public.chmod(0o1777)
        self.target = self.workspace.top / "target"
        self.target.mkdir(mode=0o700)

    def plant_link(self, path):
        path.symlink_to(self.target)

    def plant_directory(self, path, mode=0o700):
        path.mkdir(parents=True)
        path.chmod(mode)

    def give_away(self, path):
        """To another user, with all that is in it."""
        try:
            for each in (path, *path.rglob("*")):
                os.chown(each, OTHER_USER, -1, follow_symlinks=False)
        except OSError:
            self.skipTest("only root can give a file away")

    def contents(self):
        return sorted(self.target.rglob("*")) + sorted(self.public.rglob("*"))

    def refusing(self, *words, flags=(), cwd=None, env=None):
        """A worker and a one-shot run; both say why they do not start."""
        before = self.contents()
        worker = self.start(flags=flags, cwd=cwd, env=env)
        self.assertEqual(1, worker.wait())
        for word in words:
            self.assertIn(word, worker.stderr())
        state_flags = [flag for flag in flags if flag.startswith("--state-dir")]
        self.assert_refused(self.run_relay(*state_flags, "--", FAKE_RUSTC, cwd=cwd, env=env), *words)
        self.assertEqual(before, self.contents())


class TheTrace(Planted):
    """--trace=/tmp/relay.json"""

    def refused(self, trace):
        worker = self.start(flags=[f"--trace={trace}"])
        self.assertEqual(1, worker.wait())
        self.assertIn(str(trace), worker.stderr())
        self.assertEqual(1, len(worker.stderr().splitlines()))
        self.assertEqual([], self.workspace.leftovers())

    def test_a_link_to_a_file_of_ours(self):
        precious = self.workspace.top / "precious"
        precious.write_text("precious")
        trace = self.public / "relay.json"
        trace.symlink_to(precious)
        self.refused(trace)
        self.assertEqual("precious", precious.read_text())

    def test_a_link_to_nothing(self):
        trace = self.public / "relay.json"
        trace.symlink_to(self.target / "new")
        self.refused(trace)
        self.assertEqual([], list(self.target.iterdir()))

    def test_a_file_of_another_user(self):
        trace = self.public / "relay.json"
        trace.write_text("theirs")
        self.give_away(trace)
        self.refused(trace)
        self.assertEqual("theirs", trace.read_text())

    def test_a_second_name_of_a_file_of_ours(self):
        precious = self.workspace.top / "precious"
        precious.write_text("precious")
        trace = self.public / "relay.json"
        os.link(precious, trace)
        worker = self.start(flags=[f"--trace={trace}"])
        self.assert_clean_end(worker)
        self.assertEqual("precious", precious.read_text())
        self.assertEqual("[\n]\n", trace.read_text())
        self.assertEqual(0o100600, trace.stat().st_mode)


class TheTemporaryDirectory(Planted):
    """TMPDIR/rustc-relay-<uid>, where there is no output base."""

    def setUp(self):
        super().setUp()
        self.name = self.public / f"rustc-relay-{os.geteuid()}"

    def refuses(self):
        self.refusing(str(self.name), cwd=self.workspace.top, env={"TMPDIR": str(self.public)})

    def test_a_link(self):
        self.plant_link(self.name)
        self.refuses()

    def test_a_directory_of_another_user(self):
        self.plant_directory(self.name)
        self.give_away(self.name)
        self.refuses()

    def test_a_directory_that_is_open_to_all(self):
        self.plant_directory(self.name, OPEN_TO_ALL)
        self.refuses()


class TheStateDirectory(Planted):
    """--state-dir in a place where everybody may make names."""

    def refuses(self):
        self.refusing(str(self.public / "1"), flags=[f"--state-dir={self.public}"])

    def test_a_link(self):
        self.plant_link(self.public / "1")
        self.refuses()

    def test_a_directory_of_another_user(self):
        self.plant_directory(self.public / "1")
        self.give_away(self.public / "1")
        self.refuses()

    def test_a_directory_that_is_open_to_all(self):
        self.plant_directory(self.public / "1", OPEN_TO_ALL)
        self.refuses()


class AnOutputBaseThatIsNone(Planted):
    """/tmp/execroot and /tmp/server, above a working directory in /tmp."""

    def test_is_not_used(self):
        self.plant_directory(self.public / "execroot")
        self.plant_directory(self.public / "server")
        self.plant_directory(self.public / "rustc-relay", OPEN_TO_ALL)
        ours = self.public / "ours"
        ours.mkdir()
        worker = self.start(cwd=ours)
        worker.barrier()
        self.assertEqual([], list((self.public / "rustc-relay").iterdir()))
        self.assertEqual(1, len(list(self.workspace.tmp.glob("rustc-relay-*/1/worker-*.lock"))))
        self.assertEqual((0, []), worker.finish())


if __name__ == "__main__":
    unittest.main()
