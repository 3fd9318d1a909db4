from datetime import datetime

import polars as pl
import pytest

from lanecast.sources.olist_reviews import not_received
from lanecast.tables.events import CLAIMS
from lanecast.tables.lake import Lake

HOME = datetime.fromisoformat("2018-01-10T12:00")


def claims(text, score=1, said="2018-01-12T00:00", lines=1, title=None):
    orders = pl.DataFrame(
        {"order_id": ["o"], "order_delivered_customer_date": [HOME]},
        schema_overrides={"order_delivered_customer_date": pl.Datetime("us")},
    )
    reviews = pl.DataFrame(
        {
            "review_id": ["r"],
            "order_id": ["o"],
            "review_score": [score],
            "review_comment_title": [title],
            "review_comment_message": [text],
            "review_answer_timestamp": [datetime.fromisoformat(said)],
        },
        schema_overrides={"review_comment_title": pl.String, "review_comment_message": pl.String},
    )
    return not_received(reviews, orders, pl.DataFrame({"order_id": ["o"] * lines}))


@pytest.mark.parametrize(
    "text",
    ["Não recebi o produto", "Ainda nao\r\nrecebi", "NÃO O RECEBI", "Consta entregue, não recebi!"],
)
def test_who_did_not_receive_says_so_in_many_ways(text):
    assert claims(text).height == 1
    assert claims(None, title=text).height == 1


@pytest.mark.parametrize(
    "text",
    [
        "não recebi o produto certo, veio errado",
        "não recebi resposta",
        "não recebi a nota fiscal",
        "não recebi tudo, faltou uma peça",
        "não recebi, tive que buscar na agência",
        "não recebi o que comprei, recebi outro",
        "recebi o produto",
        "chegou antes do prazo",
        None,
    ],
)
def test_other_matters_are_no_claim(text):
    assert claims(text).is_empty()


def test_before_the_recorded_delivery_it_is_only_late():
    assert claims("não recebi", said="2018-01-10T11:00").is_empty()


def test_of_several_items_one_may_be_missing():
    assert claims("não recebi", lines=2).is_empty()


def test_who_is_content_has_received():
    assert claims("não recebi", score=3).is_empty()


def test_a_claim_is_a_canonical_row(tiny_olist, lake):
    from lanecast.sources.ingest import ingest

    ingest(lake, "olist", tiny_olist)
    rows = Lake(lake.path).read(CLAIMS).collect().to_native()
    assert rows["parcel_id"].to_list() == ["reversed"]
    assert rows.row(0, named=True)["source"] == "review"
    assert rows["recorded_at"].item() == rows["claimed_at"].item()


def test_the_label_is_rare_on_the_public_data(olist_dir):
    files = ("order_reviews", "orders", "order_items")
    frames = [pl.read_parquet(olist_dir / f"olist_{name}_dataset.parquet") for name in files]
    claims = not_received(*frames)
    home = frames[1]["order_delivered_customer_date"].drop_nulls()
    assert 0.0015 < claims.height / len(home) < 0.0035
    assert claims["parcel_id"].is_unique().all()
