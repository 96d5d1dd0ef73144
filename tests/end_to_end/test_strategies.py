#!/usr/bin/env python3
"""The small half of ./dev matrix: every strategy of Bazel makes the bytes of plain rustc, and every
worker runs rustc once per crate."""

import unittest

from end_to_end import BazelCase

import matrix


class Strategies(BazelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.matrix = matrix.Matrix(cls.scratch, matrix.QUICK)
        cls.local = cls.matrix.measure(matrix.CONFIGS[0], "fastbuild")


def config_test(config):
    def test(self):
        cell = self.matrix.measure(config, "fastbuild")
        self.assertEqual([], cell.bad)
        self.assertEqual(self.local.files, cell.files)
        self.assertGreater(cell.files, 0)

    return test


for one in matrix.CONFIGS[1:]:
    setattr(Strategies, f"test_{one}".replace("-", "_"), config_test(one))


if __name__ == "__main__":
    unittest.main()
