#!/usr/bin/env python3
"""Disk and HTTP caches: whatever comes from them, and whoever filled them, the bytes are those of a
clean build without pipelining (reference-failures.md A1 and A3, issue B part 5)."""

import functools
import itertools
import pathlib
import shutil
import time
import unittest

from end_to_end import BazelCase, digests
from http_cache import HttpCache
from small_workspace import Crates, copy_rules

FOLDER = "chain"
NAMES = ("lower", "upper", "app")


def in_each_config(test):
    """One run for each way to use workers, after a clean."""
    @functools.wraps(test)
    def run(self):
        for config in self.configs:
            with self.subTest(config):
                self.taker.clean()
                test(self, config)
    return run


class Caches:
    """Two output bases build lower <- upper <- app from one set of sources: one fills a cache, the
    other one takes from it. What makes a cache a file system or a server is said below."""

    configs = ("worker-sandboxed",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        source = cls.scratch.top / "source"
        copy_rules(source)
        # Not a cache's affair what is fetched: all files are to be compared.
        flags = ["--remote_download_all"]
        cls.filler = cls.scratch.workspace("filler", flags, source)
        cls.taker = cls.scratch.workspace("taker", flags, source)
        cls.crates = Crates(cls.taker, FOLDER)
        cls.crates.library("lower", lower(2))
        cls.crates.library("upper", "pub fn number() -> u32 { lower::number() * 10 }", ["lower"])
        cls.crates.binary("app", "fn main() { println!(\"{}\", upper::number()) }", ["upper"])
        cls.labels = [cls.crates.label(name) for name in NAMES]
        cls.expected_of = {number: cls.build_off(number) for number in (1, 2)}
        cls.filled = {}  # config -> the folder of a cache
        cls.numbers = itertools.count()

    @classmethod
    def build_off(cls, number):
        """The bytes of a clean build without pipelining or cache."""
        cls.crates.edit("lower", lower(number))
        cls.filler.clean()
        cls.filler.build("--config=off", *cls.labels)
        return digests(cls.filler)

    def build(self, workspace, config, cache, *names):
        """Builds with the cache; returns what rustc-relay was asked for, in order."""
        started = time.monotonic()
        labels = [self.crates.label(name) for name in names or NAMES]
        workspace.build(f"--config={config}", *self.flags_of(cache), *labels)
        requests = workspace.trace().since(started).requests
        return [f"{one.stage} {one.subject.removeprefix('crate ')}" for one in requests]

    def fill(self, config):
        """A cache of its own for the test, filled by a clean build."""
        if config not in self.filled:
            self.filler.clean()
            self.build(self.filler, config, f"filled-by-{config}")
            self.filled[config] = self.folder_of(f"filled-by-{config}")
        name = f"cache-{next(self.numbers)}"
        shutil.copytree(self.filled[config], self.folder_of(name))
        return name

    def lose(self, cache, output):
        """The cache has evicted the action that makes this output; its other half is still there."""
        self.evict(self.folder_of(cache), output)

    def library(self, name):
        """Where the rlib of a library is, below bazel-out."""
        found = [path for path in self.expected_of[2] if f"/lib{name}-" in path]
        self.assertEqual(1, len(found))
        return found[0]

    def metadata(self, name):
        path = pathlib.Path(self.library(name))
        return str((path.parent / "_pipeline" / path.name).with_suffix(".rmeta"))

    def assert_right(self, workspace, number=2):
        """Not a wrong byte, in any rlib or program."""
        self.assertEqual(self.expected_of[number], digests(workspace))
        self.assertEqual(f"{number}0\n", self.printed(workspace.bin() / FOLDER / "app" / "app"))

    @in_each_config
    def test_all_hits(self, config):
        """Another worker, in another output base, has made everything."""
        self.assertEqual([], self.build(self.taker, config, self.fill(config)))
        self.assert_right(self.taker)

    @in_each_config
    def test_metadata_a_hit_and_full_a_miss(self, config):
        """The late request is alone, and its rlib is the one that fits the cached metadata."""
        cache = self.fill(config)
        self.lose(cache, self.library("lower"))
        self.lose(cache, self.library("upper"))
        self.assertEqual(["full lower", "full upper"],
                         sorted(self.build(self.taker, config, cache)))
        self.assert_right(self.taker)
        self.assert_everything_is_in(cache, config)

    @in_each_config
    def test_full_a_hit_and_metadata_a_miss(self, config):
        cache = self.fill(config)
        self.lose(cache, self.metadata("lower"))
        self.assertEqual(["metadata lower"], self.build(self.taker, config, cache))
        self.assert_right(self.taker)
        self.assert_everything_is_in(cache, config)

    def assert_everything_is_in(self, cache, config, number=2):
        """What was made anew is the same again: the next one hits it, and is right too."""
        self.filler.clean()
        self.assertEqual([], self.build(self.filler, config, cache))
        self.assert_right(self.filler, number)

    @in_each_config
    def test_filled_by_others(self, config):
        """By builds that have other actions for a crate, some of whose results fit all the same."""
        for other in ("off", "hollow"):
            self.taker.clean()
            requests = self.build(self.taker, config, self.fill(other))
            self.assertIn("metadata lower", requests)
            self.assertIn("full lower", requests)
            self.assert_right(self.taker)

    def test_filled_by_the_other_kind_of_worker(self):
        """Their actions are the same ones: what one made is the other one's."""
        sandboxed, plain = "worker-sandboxed", "worker"
        for maker, user in ((sandboxed, plain), (plain, sandboxed)):
            with self.subTest(f"{maker} for {user}"):
                self.taker.clean()
                cache = self.fill(maker)
                self.lose(cache, self.library("lower"))
                self.assertEqual(["full lower"], self.build(self.taker, user, cache))
                self.assert_right(self.taker)

    @in_each_config
    def test_A1_back_at_an_older_version(self, config):
        """v2, v1, v2: the metadata of v2 comes from the cache, the worker has seen v1 since."""
        cache = f"empty-{next(self.numbers)}"
        self.addCleanup(self.crates.edit, "lower", lower(2))
        for number in (2, 1):
            self.crates.edit("lower", lower(number))
            requests = self.build(self.taker, config, cache, "upper")
            self.assertIn("metadata lower", requests)
        for number in (2, 1):
            self.crates.edit("lower", lower(number))
            requests = self.build(self.taker, config, cache)
            self.assertNotIn("metadata lower", requests)
            self.assertIn("full lower", requests)
            self.assert_right(self.taker, number)
            # Nor is anything wrong in the cache.
            self.assert_everything_is_in(cache, config, number)


class Disk(Caches, BazelCase):
    def folder_of(self, cache):
        return self.scratch.top / "disk" / cache

    def flags_of(self, cache):
        return [f"--disk_cache={self.folder_of(cache)}"]


class Http(Caches, BazelCase):
    """nginx, as a server keeps it."""

    configs = ("worker", "worker-sandboxed")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.enterClassContext(HttpCache(cls.scratch.top / "http"))

    def folder_of(self, cache):
        return self.server.data / cache

    def flags_of(self, cache):
        return [f"--remote_cache={self.server.url}/{cache}"]

    def test_all_hits(self):
        before = self.server.served()
        super().test_all_hits()
        self.assertGreater(self.server.served(), before)


def lower(number):
    return f"pub fn number() -> u32 {{ {number} }}"


if __name__ == "__main__":
    unittest.main()
