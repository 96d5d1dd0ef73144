"""File systems that only a test and its children see: small ones, and read-only ones.

    if __name__ == "__main__":
        private_mounts.enter()
        unittest.main()
"""

import functools
import os
import subprocess
import sys
import tempfile

INSIDE = "RELAY_TEST_MOUNTS"
# As root a mount namespace is enough; anybody else needs to be root in a user namespace.
WAYS = (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"])
TRIAL = ["sh", "-c", 'mount -t tmpfs -o size=64k trial "$1"', "sh"]


def _way():
    """Returns (the command that permits mounting, or None; why not)."""
    why = ""
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            try:
                done = subprocess.run([*way, *TRIAL, folder], capture_output=True, text=True,
                                      check=False)
            except FileNotFoundError:
                return None, "there is no unshare(1)"
            if done.returncode == 0:
                return way, ""
            why = done.stderr.strip()
    return None, f"mounting is not permitted: {why}"


def enter():
    """Goes on in a mount namespace of its own, if that is permitted."""
    if INSIDE in os.environ:
        return
    way, why = _way()
    os.environ[INSIDE] = why
    if way is not None:
        os.execvp(way[0], [*way, *sys.orig_argv])


def needed(test):
    @functools.wraps(test)
    def wrapper(case, *args):
        why = os.environ.get(INSIDE, "run the file itself, not its tests")
        if why:
            case.skipTest(why)
        return test(case, *args)
    return wrapper


def _mount(*words):
    subprocess.run(["mount", *words], check=True)


def unmount(path):
    subprocess.run(["umount", "--lazy", path], check=True)


def make_small(case, path, size):
    """A file system of so many bytes, until the test's end."""
    path.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={size}", "relay-test", path)
    case.addCleanup(unmount, path)


def make_read_only(path):
    """What is there can be seen and not changed, until unmount(). Open files stay as they are."""
    _mount("--bind", path, path)
    _mount("-o", "remount,bind,ro", path)
