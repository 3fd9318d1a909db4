"""Deliveries that the buyer says never came, read off the public Olist reviews.

A review counts when it was answered after the recorded delivery, of an order with one item, with a
score of 2 or less, and its text says "nao recebi" (I did not receive). Texts that speak of another
matter are left out: a wrong or partial delivery, a parcel waiting at the counter, an answer or a
document that did not come. Read by hand, 8 to 9 in 10 of such reviews mean a parcel that never
came; who was robbed and wrote nothing counts as received. The label is positive-unlabelled: it can
rank, and says nothing of how often parcels vanish.
"""

import polars as pl

from .times import localize

ZONE = "America/Sao_Paulo"
UNHAPPY = 2  # of five stars
SAYS_SO = r"\bnao (?:[a-z]+ ){0,2}?recebi\b"
OTHER_MATTER = "|".join(
    (
        r"errad|diferente|outr[oa]|trocad|\btroca\b|devol|defeito|quebrad|usado",  # a wrong one
        r"(?:\be|[.,!]) recebi\b",  # something else came
        r"falt|complet|parcial|\bpartes?\b|restante|metade|apenas|somente",  # a part
        r"\bso (?:recebi|veio|chegou|entregaram)|\bdois\b|\bduas\b|\b[2-9] (?:un|prod|itens)",
        r"retirar|retirada|buscar|agencia",  # at the counter
        r"e-?mail|respost|retorno|contato|posicionamento|feedback|suporte",  # an answer
        r"nota fiscal|\bnf\b|brinde|manual|garantia|estorno|reembolso",  # a document, money
    )
)


def not_received(reviews: pl.DataFrame, orders: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``claims`` from the public tables ``order_reviews``, ``orders``, ``items``."""
    single = items.group_by("order_id").agg(lines=pl.len()).filter(pl.col("lines") == 1)
    words = [
        pl.col(f"review_comment_{part}").fill_null("").str.to_lowercase().str.normalize("NFKD")
        for part in ("title", "message")
    ]
    text = pl.concat_str(words, separator=" . ").str.replace_all(r"\p{M}", "")
    text = text.str.replace_all(r"\s+", " ")
    said = pl.col("review_answer_timestamp")
    home = pl.col("order_delivered_customer_date")
    return (
        reviews.join(orders.select("order_id", home), on="order_id")
        .join(single, on="order_id", how="semi")
        .filter(
            said > home,
            pl.col("review_score") <= UNHAPPY,
            text.str.contains(SAYS_SO),
            ~text.str.contains(OTHER_MATTER),
        )
        .sort("review_answer_timestamp", "review_id")
        .unique("order_id", keep="first", maintain_order=True)
        .select(
            parcel_id="order_id",
            kind=pl.lit("not_received"),
            claimed_at=localize(said, ZONE),
            source=pl.lit("review"),
            recorded_at=localize(said, ZONE),
        )
    )
