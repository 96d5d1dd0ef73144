"""Started by a parent that has blocked or ignored signals, as daemons do: the worker ends when it is
told, and rustc gets none of that."""

import signal
import subprocess
import unittest

from held import Held
from processes import MARK, SECONDS, alive
from relay import FAKE_RUSTC, RELAY
from scripts import lines

UNTOUCHABLE = {signal.SIGKILL, signal.SIGSTOP}
VALID = sum(1 << (number - 1) for number in signal.valid_signals())  # not those of libc itself


def block_all():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def ignore_all():
    for number in signal.valid_signals() - UNTOUCHABLE:
        signal.signal(number, signal.SIG_IGN)


class AllBlocked(Held):
    preexec = staticmethod(block_all)

    def ends(self, number):
        worker, crate = self.start(preexec=self.preexec), self.held("dep")
        worker.send(**self.plain(crate))
        rustc = crate.reached.wait()
        worker.process.send_signal(number)
        self.assertEqual(0, worker.wait(), worker.stderr())
        self.assertFalse(alive(rustc))
        self.assertEqual([], worker.processes())
        self.assertEqual([], self.workspace.leftovers())

    def test_sigterm_ends_the_worker(self):
        self.ends(signal.SIGTERM)

    def test_sigint_ends_the_worker(self):
        self.ends(signal.SIGINT)

    def test_compiles_end(self):
        worker = self.start(preexec=self.preexec)
        self.assert_ok(worker.ask(**self.plain(self.crate("dep", "link r"))))
        self.assert_clean_end(worker)

    def test_rustc_gets_none_of_it(self):
        worker = self.start(preexec=self.preexec)
        crate = self.crate("dep", lines("shell grep ^Sig /proc/self/status >&2", "link r"))
        response = worker.ask(**self.plain(crate))
        self.assert_ok(response)
        masks = dict(line.split(":\t") for line in response.output.splitlines())
        for name in ("SigBlk", "SigIgn"):
            self.assertEqual(0, int(masks[name], 16) & VALID, name)

    def test_sigterm_ends_a_one_shot_run(self):
        crate = self.held("dep")
        with subprocess.Popen(
                [RELAY, "--", FAKE_RUSTC, *crate.link_arguments()], cwd=self.workspace.execroot,
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                preexec_fn=self.preexec,
                env={"TMPDIR": str(self.workspace.tmp), MARK: "one-shot"}) as process:
            try:
                rustc = crate.reached.wait()
                process.terminate()
                self.assertEqual(1, process.wait(SECONDS))
                self.assertFalse(alive(rustc))
            finally:
                process.kill()


class AllIgnored(AllBlocked):
    preexec = staticmethod(ignore_all)


if __name__ == "__main__":
    unittest.main()
