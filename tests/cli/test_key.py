import pytest

from lanecast.service import audit, keys
from lanecast.service.clock import wall
from lanecast.service.state import State


def test_who_has_the_machine_issues_a_key_that_no_key_may_grant(lanecast, tmp_path):
    state = State(tmp_path / "service.db")
    said = lanecast("key", "--home", tmp_path, "--name", "dpo", "--scope", "personal:erase")
    assert said.code == 0, said.err
    caller = keys.caller(state, said.out.strip(), wall())
    assert caller is not None
    assert (caller.name, caller.scopes, caller.tenant) == ("dpo", {"personal:erase"}, "main")
    (entry,) = audit.entries(state, "main", None, 10)
    assert (entry["action"], entry["subject"]) == ("key issued", caller.key_id)
    assert said.out.strip() not in str(entry)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scope", "personal"), "scopes: personal; expected some of"),
        (("--tenant", "../x"), "--tenant: '../x' is no name"),
        (("--name", ""), "--name: ''; expected 1 to 80 characters"),
        (("--name", "  \t"), "--name: ''; expected 1 to 80 characters"),
        (("--name", "a\nb"), "characters that can be printed"),
        (("--name", "x" * 81), "expected 1 to 80 characters"),
        (("--home", "nowhere"), "has no service.db"),
    ],
)
def test_what_cannot_be_meant_is_refused(lanecast, tmp_path, words, told):
    State(tmp_path / "service.db").close()
    said = lanecast("key", "--home", tmp_path, "--name", "x", *words)
    assert said.code == 2
    assert told in " ".join(said.err.split())
