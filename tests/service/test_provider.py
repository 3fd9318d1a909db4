"""Settings of an identity provider, and what claims grant."""

import json
from typing import Any

import pytest

from lanecast.service.keys import ADMIN
from lanecast.service.provider import Provider, grants
from lanecast.service.settings import from_environment

SET = {
    "LANECAST_LAKES": "main=lake",
    "LANECAST_OIDC_ISSUER": "https://login.example.com/acme",
    "LANECAST_OIDC_CLIENT_ID": "lanecast",
    "LANECAST_OIDC_CLIENT_SECRET": "s3cret",
    "LANECAST_OIDC_GRANTS": '{"admins": {"main": ["admin"]}, "desk": {"main": ["parcels:read"]}}',
}


def test_a_provider_is_read_from_the_environment_and_hides_its_secret() -> None:
    told = from_environment({}, SET | {"LANECAST_OIDC_SCOPES": "openid groups"})
    assert told.oidc is not None
    assert told.oidc.name == "login.example.com/acme"
    assert told.oidc.scopes == ("openid", "groups")
    assert told.oidc.client_secret == "s3cret"
    assert "s3cret" not in repr(told)
    assert told.oidc.granted({"groups": ["admins"]}) == {"main": ADMIN}
    assert from_environment({}, {"LANECAST_LAKES": "main=lake"}).oidc is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"LANECAST_OIDC_ISSUER": ""}, "LANECAST_OIDC_ISSUER: expected it"),
        ({"LANECAST_OIDC_ISSUER": "http://login.example.com"}, "oidc_issuer: expected an https"),
        ({"LANECAST_OIDC_CLIENT_ID": ""}, "LANECAST_OIDC_CLIENT_ID: expected it"),
        ({"LANECAST_OIDC_GRANT": "{}"}, "LANECAST_OIDC_GRANT: is no setting"),
        ({"LANECAST_OIDC_SCOPES": "groups"}, "oidc_scopes: expected openid"),
        ({"LANECAST_OIDC_REDIRECT_URI": "lanecast/back"}, "oidc_redirect_uri: expected an https"),
        ({"LANECAST_OIDC_GRANTS": "admins=main"}, "LANECAST_OIDC_GRANTS: expected JSON"),
        ({"LANECAST_OIDC_GRANTS": '{"a": {"main": "admin"}}'}, "GRANTS: expected JSON"),
        ({"LANECAST_OIDC_GRANTS": '{"a": {"main": ["all"]}}'}, "GRANTS: unknown all; expected"),
        ({"LANECAST_OIDC_GRANTS": '{"a": {"acme": ["admin"]}}'}, "'acme' is no tenant"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_environment({}, SET | changes)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"groups": ["a", "b"]}, {"main": {"parcels:read", "jobs:read"}, "x": {"audit:read"}}),
        ({"groups": "b"}, {"main": {"jobs:read"}, "x": {"audit:read"}}),
        ({"groups": ["c"]}, {}),
        ({"groups": None}, {}),
        ({}, {}),
        ({"groups": {"a": True}}, {}),
        ({"groups": [{"a": 1}, 3]}, {}),
    ],
)
def test_scopes_of_several_values_add_up_and_nothing_is_granted_by_default(
    claims: dict[str, Any], expected: dict[str, set[str]]
) -> None:
    table = {"a": {"main": ["parcels:read"]}, "b": {"main": ["jobs:read"], "x": ["audit:read"]}}
    provider = Provider("https://a.example", "id", grants=grants(json.dumps(table)))
    assert provider.granted(claims) == expected
    assert Provider("https://a.example", "id").granted(claims) == {}


def test_an_address_counts_only_if_it_was_verified() -> None:
    table = grants('{"ada@example.com": {"main": ["parcels:read"]}}')
    provider = Provider("https://a.example", "id", claim="email", grants=table)
    claims: dict[str, Any] = {"email": "ada@example.com"}
    assert provider.granted(claims | {"email_verified": True})
    for unsure in ({}, {"email_verified": False}, {"email_verified": "true"}):
        assert provider.granted(claims | unsure) == {}
