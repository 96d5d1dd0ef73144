"""Workers as Bazel keeps them: open requests by id, ids that are used again, sandboxes that are
emptied right after each answer."""

import dataclasses
import itertools
import os
import pathlib
import select
import shutil

from relay import Worker

MARKER_ID = 1 << 20  # cancels of nothing: answered in the order of what was sent


class Wrong(Exception):
    """What must never happen."""


@dataclasses.dataclass
class Open:
    """A request that waits for its answer."""

    unit: object
    stage: object
    base: object  # where its outputs go
    sandbox: object = None  # its number
    cancelled: bool = False
    is_sure: bool = True  # False: an answer may be that of an older request with this id
    was_answered: bool = False  # while it was not sure


class Member:
    """One worker process and what is open in it."""

    def __init__(self, world, number, sandboxed, flags, mark):
        self.world = world
        self.number = number
        self.sandboxed = sandboxed
        self.cwd = None
        if sandboxed:
            self.cwd = (world.workspace.output_base / "bazel-workers"
                        / f"Rustc-multiplex-worker-{number}-workdir" / "ws")
            self.cwd.mkdir(parents=True, exist_ok=True)
        self.worker = Worker(world.workspace, str(world.tool), flags=flags, mark=mark, cwd=self.cwd,
                             env={"PATH": os.environ["PATH"]}, wire=("json", "proto")[number % 2])
        self.open = {}
        self.stale = set()  # ids of abandoned requests that were not answered yet
        self.late_cancels = {}  # ids -> cancels whose own answer is still to come
        self.free = []  # sandboxes; the last one that became free is taken first
        self._next_sandbox = itertools.count(1)
        self.markers = {}  # id -> the request that is sure behind it, or None
        self._next_marker = itertools.count(MARKER_ID)
        self._next_id = 1

    # Requests.

    def send(self, unit, stage):
        fields = stage.request()
        request = Open(unit, stage, self.world.workspace.execroot)
        if self.sandboxed:
            request.sandbox, inside = self._fill_sandbox(fields["inputs"], stage)
            request.base = self.cwd / inside
            fields["sandbox_dir"] = inside
        number = self._next_id
        self._next_id += 1
        self.open[number] = request
        self._tell(lambda: self.worker.send(request_id=number, **fields))
        if number in self.stale:
            self._be_sure_behind(number, request)

    def _be_sure_behind(self, number, request):
        """When the marker is answered, the worker has seen the new request and muted the old."""
        marker = next(self._next_marker)
        request.is_sure = False
        self.markers[marker] = number
        self._tell(lambda: self.worker.cancel(marker))

    def _fill_sandbox(self, inputs, stage):
        number = self.free.pop() if self.free else next(self._next_sandbox)
        inside = f"__sandbox/{number}/ws"
        base = self.cwd / inside
        shutil.rmtree(base.parent, ignore_errors=True)
        for name, _ in inputs:
            link = base / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(self.world.workspace.path(name))
        for name in stage.places:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
        return number, inside

    def cancel(self, number):
        self.open[number].cancelled = True
        self._tell(lambda: self.worker.cancel(number))

    def _tell(self, send):
        try:
            send()
        except BrokenPipeError:
            raise self._died() from None

    def _died(self):
        return Wrong(f"worker {self.number} ended with exit code {self.worker.process.wait()}; "
                     f"it said:\n{self.worker.stderr()}")

    def mark(self):
        """It is quiet again when it has seen all that was sent before."""
        marker = next(self._next_marker)
        self.markers[marker] = None
        self._tell(lambda: self.worker.cancel(marker))

    def forget_all(self):
        """The build is over for Bazel: nobody waits, and the next one counts from 1 again."""
        self.stale |= set(self.open)
        self.open.clear()
        self._next_id = 1

    # Answers.

    def answers(self, seconds):
        """Those of open requests that came within the time: (request, response)."""
        try:
            ready = select.select([self.worker.process.stdout], [], [], seconds)[0]
            if ready and not self.worker.read_more(seconds):
                raise self._died()
        except AssertionError as error:
            raise Wrong(str(error)) from error
        came, self.worker.answers = self.worker.answers, []
        return [found for found in map(self._sort, came) if found is not None]

    def _sort(self, response):
        number = response.request_id
        if number in self.markers:
            return self._reach(self.markers.pop(number))
        request = self.open.get(number)
        if request is not None and not request.is_sure:
            request.was_answered = True
            return None
        if request is not None:
            return self._take(number, request, response)
        if response.was_cancelled and self.late_cancels.get(number, 0) > 0:
            self.late_cancels[number] -= 1
            return None
        if number in self.stale:
            self.stale.discard(number)
            return None
        raise Wrong(f"an answer to request {number}, which is not open: {response}")

    def _reach(self, number):
        """Was that the old one's answer, or the new one's? A cancel tells."""
        request = self.open.get(number)
        self.stale.discard(number)
        if request is not None:
            request.is_sure = True
            if request.was_answered and not request.cancelled:
                self.cancel(number)

    def _take(self, number, request, response):
        del self.open[number]
        if request.cancelled and not response.was_cancelled:
            self.late_cancels[number] = self.late_cancels.get(number, 0) + 1
        return request, response

    def empty_sandbox(self, request):
        if request.sandbox is not None:
            shutil.rmtree(request.base.parent)
            self.free.append(request.sandbox)

    def is_quiet(self):
        """No answer is still to come but those of abandoned requests."""
        return not self.open and not self.markers and not any(self.late_cancels.values())

    # The end.

    def kill(self):
        """Only this one: worker.destroy() would end all that share its environment."""
        self.worker.process.kill()
        self.worker.process.wait()
        self.worker.close()

    def finish(self):
        code, answers = self.worker.finish()
        late = [one for one in answers if one.request_id not in self.stale]
        said = self.worker.stderr()
        self.worker.close()
        if code != 0 or late or said:
            raise Wrong(f"worker {self.number} ended with exit code {code}, answers {late}; "
                        f"it said:\n{said}")


def files_below(base):
    return [str(pathlib.Path(folder, name).relative_to(base))
            for folder, _, names in os.walk(base) for name in names]
