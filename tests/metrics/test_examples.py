import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

from lanecast import metrics, optimize

MODULES = [
    f"{package.__name__}.{module.name}"
    for package in (metrics, optimize)
    for module in iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_text_are_true(name):
    assert doctest.testmod(import_module(name)).failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(import_module(name)) if test.examples]
    assert len(found) > 5
