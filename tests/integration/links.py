"""Where workers keep the links of private roots (include/roots/link_home.h)."""

import os
import pathlib
import shutil

MEMORY = pathlib.Path("/dev/shm")


def top():
    """Those of all output bases of this user."""
    return MEMORY / f"rustc-relay-{os.geteuid()}"


def in_memory(output_base):
    """The output base's directory on the tmpfs; None while it has none."""
    state = os.path.join(os.path.realpath(output_base), "rustc-relay", "1")
    for base in top().glob("*/base"):
        try:
            if os.readlink(base) == state:
                return base.parent
        except OSError:
            continue  # a worker has swept it meanwhile
    return None


def remove(output_base):
    """What the next worker would do when the output base is gone."""
    place = in_memory(output_base)
    if place is not None:
        shutil.rmtree(place, ignore_errors=True)
