"""What all cases of a run share: rustc, the macros and the upstream libraries, each compiled once."""

import os
import pathlib
import subprocess

import sources
from relay import real_rustc

PATH = os.environ.get("PATH", "/usr/bin:/bin")
QUIET = ("--edition=2021", "--remap-path-prefix=src=up", "-Awarnings")


class Kit:
    def __init__(self, top):
        self.rustc = real_rustc()
        self.files = {}  # path in a workspace -> the file that is linked there
        self._top = pathlib.Path(top)
        (self._top / "src").mkdir(parents=True)
        (self._top / "up" / "meta").mkdir(parents=True)
        self._compile("helper", sources.HELPER, "--crate-type=proc-macro", "--emit=link=helper.so")
        self.files["macros/libhelper.so"] = self._top / "helper.so"
        for name, (text, needs) in sources.UPSTREAM.items():
            self._library(name, text, needs)

    def _library(self, name, text, needs):
        rlib, rmeta = f"up/lib{name}.rlib", f"up/meta/lib{name}.rmeta"
        externs = [f"--extern={one}=up/meta/lib{one}.rmeta" for one in needs]
        self._compile(name, text, "--crate-type=rlib", f"--emit=metadata={rmeta},link={rlib}",
                      *externs, "-Ldependency=up/meta")
        for path in (rlib, rmeta):
            self.files[path] = self._top / path

    def _compile(self, name, text, *words):
        (self._top / "src" / f"{name}.rs").write_text(text)
        subprocess.run([self.rustc, f"src/{name}.rs", f"--crate-name={name}", *QUIET, *words],
                       cwd=self._top, check=True)
