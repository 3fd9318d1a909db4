import pytest

from lanecast.tables.status import CROSSWALK, FINAL, INCIDENTS, MILESTONES, STATUSES, translate

SYSTEMS = sorted({system for system, *_ in CROSSWALK})


def test_every_row_translates_to_a_status_and_its_milestone():
    for _, code, status, milestone in CROSSWALK:
        assert status in STATUSES, code
        assert MILESTONES[status] == milestone


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_code_means_one_thing_per_system_also_in_lower_case(system):
    codes = [code.lower() for name, code, *_ in CROSSWALK if name == system]
    assert len(set(codes)) == len(codes)
    assert len(translate(system)) == len(codes)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_can_say_created_and_delivered(system):
    assert {"created", "delivered"} <= set(translate(system).values())


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AF", "picked_up"),  # departed the pick-up place; web pages exist that say otherwise
        ("X3", "arrived"),  # arrived at the pick-up place
        ("AV", "arrived"),  # free for delivery, not a pickup point
        ("X1", "arrived"),  # at the delivery location, not a pickup point
        ("A3", "returned"),
        ("A7", "returning"),  # refused
        ("A9", "damaged"),
        ("X6", "out_for_delivery"),
        ("D1", "delivered"),
    ],
)
def test_traps_of_edi_214(code, status):
    assert translate("edi214")[code.lower()] == status


@pytest.mark.parametrize("code", ["AG", "B6", "C1", "X2"])
def test_an_estimate_is_no_event(code):
    assert code.lower() not in translate("edi214")


def test_edi_214_knows_no_pickup_point():
    assert "ready_for_pickup" not in translate("edi214").values()


def test_our_own_words_translate_to_themselves():
    assert translate("lanecast") == {status: status for status in STATUSES}


def test_what_ends_a_parcel():
    assert set(FINAL) == {"delivered", "returned", "lost", "cancelled"}
    assert MILESTONES["delivery_failed"] != "final"  # there is another attempt


def test_incidents_are_grouped_by_who_can_act():
    groups = ("carrier_", "consignee_", "customs_")
    others = {"weather_delay", "natural_disaster", "unknown"}
    assert {i for i in INCIDENTS if not i.startswith(groups)} == others
    assert len(set(INCIDENTS)) == len(INCIDENTS)


def test_a_system_that_nobody_knows_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"system: 'fedex' has no crosswalk; expected aftership,"):
        translate("fedex")
