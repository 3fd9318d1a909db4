"""A signal waits until what must be whole is, and then does what it always did."""

import signal

import pytest

from lanecast.cli.unbroken import unbroken


@pytest.fixture(autouse=True)
def asked():
    """Ctrl-C as in a terminal: programs in the background may be started deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_waits_for_the_end():
    done = []
    with pytest.raises(KeyboardInterrupt), unbroken():
        signal.raise_signal(signal.SIGINT)
        done.append("whole")
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_failure_inside_is_told_itself():
    with pytest.raises(ValueError, match="full"), unbroken():
        raise ValueError("full")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_a_signal_nothing_happens():
    with unbroken():
        pass
