"""Where the links of private roots are: in memory where that is possible (roots/link_home.h).

Each test has a /dev/shm of its own."""

import os
import shutil
import unittest

import links
import private_mounts
from test_bad_days import Sandboxed
from workspace import Workspace

NOTE = "the links to sandboxed inputs are kept on the disk"


class Links(Sandboxed):
    def setUp(self):
        super().setUp()
        self.edits = 0
        if not os.environ.get(private_mounts.INSIDE, "x"):
            self.mount("300m")

    def held_again(self, name):
        """The same crate, edited, with a gate and a signal of its own."""
        self.edits += 1
        held = self.held_crate(name=f"edit{self.edits}")
        crate = self.crate(name, held.workspace.read(held.root))
        crate.gate, crate.reached = held.gate, held.reached
        return crate

    def mount(self, size):
        """In place of what was there."""
        private_mounts.make_small(self, links.MEMORY, size)

    def root_of(self, worker, crate, number=1):
        """Where its rustc works, which is held there."""
        self.assert_ok(self.ask(worker, number, crate.metadata()))
        return os.readlink(f"/proc/{crate.reached.wait()}/cwd")

    def finish_held(self, worker, crate, number=1):
        """The full request takes over what is held."""
        runs = self.runs()
        crate.gate.release()
        crate.restore_metadata("m1")
        self.assert_ok(self.ask(worker, number, crate.full()))
        self.assertEqual("r1", self.read(number, crate.rlib))
        self.assertEqual(runs, self.runs())

    def builds_in(self, worker, place, name="dep"):
        """One crate by both requests, in a private root in that place."""
        crate = self.held_again(name)
        root = self.root_of(worker, crate)
        self.assertTrue(root.startswith(f"{place}/"), f"{root} is not in {place}")
        self.finish_held(worker, crate)
        return root

    def other(self, name="other"):
        """Another output base with a worker that has started."""
        workspace = Workspace(self.workspace.top / name)
        self.workspace, mine = workspace, self.workspace
        worker = self.start()
        self.workspace = mine
        worker.barrier()
        return workspace, worker


class WhereTheyAre(Links):
    @private_mounts.needed
    def test_in_memory(self):
        worker = self.start_here()
        root = self.builds_in(worker, links.top())
        self.assertTrue(root.startswith(f"{self.workspace.links()}/"))
        self.assertFalse((self.workspace.state / "1" / "roots").exists())
        self.assertNotIn(NOTE, worker.stderr())
        self.assert_clean_end(worker)
        successor = self.start_here()
        self.assertEqual(root, self.builds_in(successor, links.top()))
        self.assert_builds_sandboxed(successor)

    @private_mounts.needed
    def test_in_the_directory_that_was_asked_for(self):
        state = self.workspace.top / "my-state"
        worker = self.start_here(flags=[f"--state-dir={state}"])
        self.builds_in(worker, state)
        self.assertFalse(links.top().exists())
        self.assertEqual((0, []), worker.finish())

    @private_mounts.needed
    def test_in_the_temporary_directory(self):
        """Its users want to be rid of all when they remove it."""
        self.workspace.state.write_text("")  # in the way of what would be made there
        worker = self.start_here()
        self.builds_in(worker, self.workspace.tmp)
        self.assertFalse(links.top().exists())
        self.assertEqual((0, []), worker.finish())

    @private_mounts.needed
    def test_two_workers_share_them(self):
        """One takes over what another one compiles, and the next compile is at the same place."""
        first = self.start_here()
        workers = [first, self.start_here(mark=first.mark)]
        roots = set()
        for number, worker in enumerate(workers, 1):
            crate = self.held_again("dep")
            roots.add(self.root_of(worker, crate, number))
            self.finish_held(workers[2 - number], crate, number)
        root, = roots
        self.assertTrue(root.startswith(f"{self.workspace.links()}/roots/"), root)
        self.assertEqual((0, []), first.finish())
        self.assert_builds_sandboxed(workers[1])

    @private_mounts.needed
    def test_long_paths(self):
        """No link is longer than an inode has room for, and each leads to its input."""
        deep = Workspace(self.workspace.top / "/".join(["a-long-name-of-a-folder"] * 6))
        self.workspace = deep
        self.workdir, _ = deep.sandbox(0, [])
        for number in range(40):
            deep.write(f"external/large/deep/{number}", "x")
            deep.write(f"src/deep/{number}", "x")
        worker, crate = self.start_here(), self.held_crate()
        crate.more_inputs = [f"{top}/deep/{number}" for number in range(40)
                             for top in ("external/large", "src")]
        root = deep.links() / self.root_of(worker, crate)
        self.addCleanup(deep.remove)
        found = [path for path in root.rglob("*") if path.is_symlink()]
        self.assertEqual(81, len(found))
        for path in found:
            self.assertLess(len(os.readlink(path)), 128)
            self.assertTrue(path.resolve().is_relative_to(deep.top), path)
        self.finish_held(worker, crate)
        self.assert_clean_end(worker)


class TheOutputBaseIsGone(Links):
    @private_mounts.needed
    def test_the_next_worker_sweeps(self):
        worker = self.start_here()
        self.builds_in(worker, links.top())
        self.assertEqual((0, []), worker.finish())
        mine = self.workspace.links()
        other, second = self.other()
        self.assertTrue(mine.exists(), "its output base is there")
        shutil.rmtree(self.workspace.output_base)
        _, third = self.other("third")
        self.assertFalse(mine.exists())
        self.assertTrue(other.links().is_relative_to(links.top()))
        for left in (second, third):
            self.assertEqual((0, []), left.finish())

    @private_mounts.needed
    def test_a_living_worker_keeps_them(self):
        worker, crate = self.start_here(), self.held_crate()
        root = self.root_of(worker, crate)
        mine = self.workspace.links()
        shutil.rmtree(self.workspace.output_base)
        self.other()
        self.assertTrue(os.path.lexists(f"{root}/{crate.root}"))
        self.kill(worker)
        crate.gate.release()
        self.other("third")
        self.assertFalse(mine.exists())


class TheyAreRemoved(Links):
    """Under a live worker; systemd does this when the user has logged out."""

    def remove(self):
        shutil.rmtree(links.top())

    @private_mounts.needed
    def test_between_requests(self):
        worker = self.start_here()
        root = self.builds_in(worker, links.top())
        self.remove()
        self.assertEqual(root, self.builds_in(worker, links.top()))
        self.assertIsNotNone(links.in_memory(self.workspace.output_base))
        self.assert_builds_sandboxed(worker)

    @private_mounts.needed
    def test_while_rustc_runs(self):
        """Its sources are read, so that nobody can look at them any more is no harm."""
        worker, crate = self.start_here(), self.held_crate()
        self.root_of(worker, crate)
        self.remove()
        worker.pass_time()
        self.finish_held(worker, crate)
        self.assert_builds_sandboxed(worker)


class MemoryIsShort(Links):
    """Then the links are on the disk, and all else is as it was."""

    def fill(self):
        """More than half of the files that the file system can have are there."""
        self.mount("300m,nr_inodes=200")
        ballast = links.MEMORY / "ballast"
        ballast.mkdir()
        for number in range(120):
            (ballast / str(number)).touch()
        return ballast

    def on_disk(self):
        return self.workspace.state / "1" / "roots"

    @private_mounts.needed
    def test_there_is_little_of_it(self):
        self.mount("64m")
        worker = self.start_here()
        self.builds_in(worker, self.on_disk())
        self.assertEqual(1, worker.stderr().count(NOTE))
        self.assertEqual([], list(links.MEMORY.iterdir()))
        self.assert_builds_sandboxed(worker)

    @private_mounts.needed
    def test_until_there_is_room(self):
        ballast = self.fill()
        worker = self.start_here()
        self.builds_in(worker, self.on_disk())
        shutil.rmtree(ballast)
        self.builds_in(worker, links.top())
        self.assert_builds_sandboxed(worker)

    @private_mounts.needed
    def test_for_one_of_two_workers(self):
        """It is the same compile all the same."""
        ballast = self.fill()
        first, crate = self.start_here(), self.held_crate()
        root = self.root_of(first, crate)
        self.assertTrue(root.startswith(f"{self.on_disk()}/"), root)
        shutil.rmtree(ballast)
        second = self.start_here(mark=first.mark)
        self.finish_held(second, crate, 2)
        self.assertEqual((0, []), first.finish())
        self.assert_builds_sandboxed(second)

    @private_mounts.needed
    def test_it_is_full_while_a_root_is_filled(self):
        self.mount("300m,nr_inodes=200")
        for number in range(250):
            self.workspace.write(f"src/{number}", "x")
        worker, crate = self.start_here(), self.held_crate()
        crate.more_inputs = [f"src/{number}" for number in range(250)]
        root = self.root_of(worker, crate)
        self.assertTrue(root.startswith(f"{self.on_disk()}/"), root)
        self.assertEqual([], self.workspace.roots(), "what was made takes room")
        self.finish_held(worker, crate)
        self.builds_in(worker, links.top())
        self.assert_builds_sandboxed(worker)


class SomebodyElseHasTheName(Links):
    """Anybody can make names in /dev/shm."""

    def assert_on_disk(self):
        worker = self.start_here()
        self.builds_in(worker, self.workspace.state)
        self.assertEqual(1, worker.stderr().count(NOTE))
        self.assertIn(str(links.top()), worker.stderr())
        self.assert_builds_sandboxed(worker)

    @private_mounts.needed
    def test_a_link(self):
        target = self.workspace.top / "target"
        target.mkdir(mode=0o700)
        links.top().symlink_to(target)
        self.assert_on_disk()
        self.assertEqual([], list(target.iterdir()))

    @private_mounts.needed
    def test_a_directory_that_others_can_enter(self):
        links.top().mkdir()
        links.top().chmod(0o755)
        self.assert_on_disk()
        self.assertEqual([], list(links.top().iterdir()))

    @private_mounts.needed
    def test_a_directory_of_another_user(self):
        links.top().mkdir(mode=0o700)
        try:
            os.chown(links.top(), 1, -1)
        except OSError:
            self.skipTest("only root can make one")
        self.assert_on_disk()
        self.assertEqual([], list(links.top().iterdir()))


if __name__ == "__main__":
    private_mounts.enter()
    unittest.main()
