"""Type-ahead beside tantivy and SQLite FTS5: python benchmarks/suggest.py --data D --folder F.

A million streets are made of the postal codes of GeoNames with street names by country, of the real
streets of Alexandria and those of Taiwan. 400 of them are typed: 6, 10, 14, 20 and all characters,
with 0 to 2 slips in letters anywhere in the whole line. ``bound`` is the share that any engine can
hit which cannot guess: of n lines that begin as what was typed (slips aside), it shows ten.
With ``--houses`` every line begins with the number of the street's one house, which the peers index
and Lanecast looks up.
Each engine runs in a process of its own; memory is what that process grew by.
"""

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from lanecast.address.gazetteer import stored
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.compile import assembled
from lanecast.address.suggest import Session
from lanecast.address.suggest.documents import documents
from lanecast.address.suggest.index import Index, build
from lanecast.address.suggest.stored import FORM
from lanecast.address.suggest.words import cut, numeric, words
from lanecast.tables.address import TABLES

LENGTHS = (6, 10, 14, 20, 0)
KINDS = {
    "US CA AU NZ GB IE ZA IN PH": ("{} St", "{} Rd", "{} Ave", "{} Dr", "{} Ln", "Old {} Rd"),
    "DE AT CH LI": ("{}straße", "{}weg", "{}gasse", "{}allee", "Am {}", "{}platz"),
    "FR BE LU MC RE GP": ("Rue {}", "Rue de {}", "Avenue {}", "Place {}", "Chemin de {}"),
    "ES AR UY CL CO DO GT": ("Calle {}", "Avenida {}", "Calle de {}", "Plaza {}"),
    "PT BR": ("Rua {}", "Avenida {}", "Travessa {}"),
    "IT SM VA": ("Via {}", "Piazza {}", "Viale {}"),
    "NL": ("{}straat", "{}laan", "{}weg", "{}plein"),
    "SE": ("{}gatan", "{}vägen"),
    "DK NO": ("{}vej", "{}gade", "{}veien"),
    "RO MD": ("Strada {}", "Bulevardul {}", "Aleea {}"),
    "TR": ("{} Sokak", "{} Caddesi"),
}
NUMBER_LAST = ("US", "CA", "AU", "NZ", "GB", "IE", "ZA", "IN", "PH")


def premises(data: Path, rows: int, seed: int) -> pl.DataFrame:
    """Return streets as rows of the table gazetteer_premises."""
    rng = np.random.default_rng(seed)
    real = pl.concat([_alexandria(data), _taiwan(data)])
    codes = pl.read_parquet(data / "geonames_postal.parquet").filter(pl.col("country_code") != "TW")
    names = pl.read_parquet(data / "street_dictionaries.parquet")
    pool = names.filter(dictionary="surnames", lang="all")["canonical"].str.to_titlecase()
    pool = pool.filter(pool.str.len_chars() >= 3).to_numpy()
    take = codes[rng.integers(0, codes.height, rows - real.height)]
    roads = []
    by_country = {code: kinds for group, kinds in KINDS.items() for code in group.split()}
    chance = 1 / (np.arange(4000) + 12.0)
    chance = np.cumsum(chance / chance.sum())
    own: dict[str, np.ndarray] = {}
    ranks = np.searchsorted(chance, rng.random(take.height)).tolist()
    forms = rng.random(take.height).tolist()
    for country, rank, form in zip(take["country_code"], ranks, forms, strict=True):
        if country not in own:
            own[country] = rng.choice(pool, 4000, replace=False)
        kinds = by_country.get(country, ("{} Street", "{} Road"))
        roads.append(kinds[int(form * form * len(kinds))].format(own[country][min(rank, 3999)]))
    made = take.select(
        country="country_code",
        state=pl.col("admin1_code").replace("", None),
        city="place_name",
        postal_code="postal_code",
        road=pl.Series(roads),
        lat="latitude",
        lon="longitude",
    )
    every = pl.concat([real, made.select(real.columns)]).unique(maintain_order=True)
    return every.with_row_index("n").select(
        pl.lit("made").alias("gazetteer_id"),
        pl.format("r{}", "n").alias("record_id"),
        *real.columns,
        house_number=pl.Series(rng.integers(1, 400, every.height)).cast(pl.String),
        unit=pl.lit(None, pl.String),
    )


def _alexandria(data: Path) -> pl.DataFrame:
    rows = pl.read_parquet(data / "alexandria_va_address_points.parquet")
    parts = [pl.col(c).fill_null("") for c in ("STPFX", "STNAME", "STTYPE")]
    road = pl.concat_str(parts, separator=" ")
    return (
        rows.select(
            country=pl.lit("US"),
            state=pl.lit("VA"),
            city=pl.lit("Alexandria"),
            postal_code="ZIP",
            road=road.str.replace_all(r"\s+", " ").str.strip_chars().str.to_titlecase(),
            lat=pl.col("Y").cast(pl.Float64).round(2),
            lon=pl.col("X").cast(pl.Float64).round(2),
        )
        .drop_nulls("postal_code")
        .unique(["postal_code", "road"], maintain_order=True)
    )


def _taiwan(data: Path) -> pl.DataFrame:
    rows = pl.read_parquet(data / "taiwan_roads__roads.parquet")
    parts = [
        rows.select(city=pl.col("city") + pl.col("area"), road="road", postal_code="zip"),
        rows.select(
            city=pl.col("area_en") + " " + pl.col("city_en"), road="road_en", postal_code="zip"
        ),
    ]
    return pl.concat(parts).select(
        country=pl.lit("TW"),
        state=pl.lit(None, pl.String),
        city="city",
        postal_code=pl.col("postal_code").cast(pl.String),
        road="road",
        lat=pl.lit(25.0),
        lon=pl.lit(121.5),
    )


def line(country: str, road: str, city: str, state: str, code: str) -> str:
    """Return an address as it is typed."""
    if country in NUMBER_LAST:
        return ", ".join(filter(None, (road, city, " ".join(filter(None, (state, code))))))
    return f"{road}, {code} {city}" if road.isascii() or country != "TW" else f"{code}{city}{road}"


def slipped(text: str, many: int, rng: random.Random) -> str:
    """Return ``text`` with slips: one letter another, more, less, or exchanged with the next."""
    for _ in range(many):
        letters = [i for i, c in enumerate(text) if c.isalpha()]
        i, kind = rng.choice(letters), rng.randrange(4)
        other = rng.choice("abcdefghijklmnopqrstuvwxyz")
        if kind == 0:
            text = text[:i] + other + text[i + 1 :]
        elif kind == 1:
            text = text[:i] + other + text[i:]
        elif kind == 2:
            text = text[:i] + text[i + 1 :]
        elif i + 1 < len(text) and text[i + 1].isalpha():
            text = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
        else:
            text = text[:i] + other + text[i + 1 :]
    return text


def questions(known: Gazetteer, seed: int, addresses: int, houses: bool) -> pl.DataFrame:
    """Return what is typed: text, the street that is meant, slips, characters, and the bound."""
    rng, s = random.Random(seed), known.streets
    every = np.arange(len(s.road))
    texts = [
        line(known.countries[c], *parts)
        for c, *parts in zip(
            s.country.tolist(), *(x.take(every) for x in (s.road, s.city, s.state, s.code)),
            strict=True,
        )
    ]  # fmt: skip
    if houses:
        texts = [f"{n} {text}" for n, text in zip(_numbers(known), texts, strict=True)]
    order = np.sort(np.array([" ".join(cut(text)) for text in texts], dtype=object))
    rows = []
    for street in rng.sample(range(len(texts)), addresses):
        whole = texts[street]
        for slips in (0, 1, 2):
            wrong = slipped(whole, slips, rng)
            for many in LENGTHS:
                begun = " ".join(cut(whole[:many] if many else whole))
                low = np.searchsorted(order, begun)
                high = np.searchsorted(order, begun + "\U0010ffff")
                text = wrong[:many] if many else wrong
                rows.append((text, street, slips, many, min(1.0, 10 / max(int(high - low), 1))))
    return pl.DataFrame(rows, ["text", "street", "slips", "typed", "bound"], orient="row")


def ours(folder: Path, known: Gazetteer, houses: bool) -> Callable[[str], list[int]]:
    """Return what asks Lanecast: each question from scratch, with the whole reply."""
    index = stored.kept(
        folder / "index", {"form": FORM}, Index, lambda: build(documents(known), known.streets)
    )

    def ask(text: str) -> list[int]:
        found = Session(known, index).suggest(text)
        return [int(index.row[each.document]) for each in found]

    return ask


def with_tantivy(folder: Path, known: Gazetteer, houses: bool) -> Callable[[str], list[int]]:
    """Return what asks tantivy: fuzzy terms with our tolerances, better where as typed."""
    import tantivy

    t: Any = tantivy
    schema = t.SchemaBuilder().add_text_field("text").add_integer_field("n", stored=True).build()
    place = folder / ("tantivy-houses" if houses else "tantivy")
    if place.is_dir():
        index = t.Index.open(str(place))
    else:
        place.mkdir()
        index = t.Index(schema, path=str(place))
        writer = index.writer(200_000_000, 1)
        for n, text in enumerate(_lines(known, houses)):
            writer.add_document(t.Document(text=" ".join(words(text)), n=n))
        writer.commit()
        writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def query(word: str, last: bool) -> Any:
        edits = 0 if numeric(word) or len(word) < 4 else 1 if len(word) < 6 else 2
        return t.Query.fuzzy_term_query(schema, "text", word, edits, True, last)

    def ask(text: str) -> list[int]:
        found = words(text[: text.rfind(" ") + 1]) + cut(text[text.rfind(" ") + 1 :])
        each = [query(w, i == len(found) - 1) for i, w in enumerate(found)]
        # fuzzy terms all score alike, so that words as they were typed are asked for once more
        plain = [t.Query.term_query(schema, "text", w) for w in found[:-1]]
        plain += [t.Query.fuzzy_term_query(schema, "text", found[-1], 0, True, True)] * bool(found)
        better = [(t.Occur.Should, q) for q in plain]
        for how in (t.Occur.Must, t.Occur.Should):
            asked = [(how, q) for q in each] + better
            hits = searcher.search(t.Query.boolean_query(asked), 10).hits
            if hits:
                return [searcher.doc(at)["n"][0] for _, at in hits]
        return []

    return ask


def with_fts5(folder: Path, known: Gazetteer, houses: bool) -> Callable[[str], list[int]]:
    """Return what asks SQLite FTS5: words, and the last one as a prefix; it knows no slips."""
    file = folder / ("fts5-houses.db" if houses else "fts5.db")
    fresh = not file.is_file()
    base = sqlite3.connect(file)
    if fresh:
        base.execute("create virtual table t using fts5(text, content='', prefix='2 3 4')")
        rows = ((n, " ".join(words(text))) for n, text in enumerate(_lines(known, houses)))
        base.executemany("insert into t(rowid, text) values (?, ?)", rows)
        base.commit()

    def ask(text: str) -> list[int]:
        found = words(text[: text.rfind(" ") + 1]) + cut(text[text.rfind(" ") + 1 :])
        asked = " ".join(f'"{w}"' for w in found) + "*"
        sql = "select rowid from t where t match ? order by rank limit 10"
        return [n for (n,) in base.execute(sql, (asked,))]

    return ask


def _numbers(known: Gazetteer) -> list[str]:
    """Return the number of the first house of each street."""
    return known.streets.number.take(known.streets.first[:-1])


def _lines(known: Gazetteer, houses: bool) -> list[str]:
    s, every = known.streets, np.arange(len(known.streets.road))
    fields = [x.take(every) for x in (s.road, s.city, s.state, s.code)]
    fields = [_numbers(known), *fields] if houses else fields
    return [" ".join(parts) for parts in zip(*fields, strict=True)]


ENGINES = {"lanecast": ours, "tantivy": with_tantivy, "fts5": with_fts5}


def gazetteer(folder: Path, made: Callable[[], pl.DataFrame] | None = None) -> Gazetteer:
    """Return the compiled gazetteer in ``folder``."""

    def compiled() -> Gazetteer:
        assert made is not None
        empty = {t.name: pl.DataFrame(schema=dict.fromkeys(t.columns, pl.String)) for t in TABLES}
        covers, places, codes = (
            empty[f"gazetteer{kind}"] for kind in ("s", "_places", "_postcodes")
        )
        return assembled(covers, places, codes, made())

    return stored.kept(folder / "gazetteer", {"form": stored.FORM}, Gazetteer, compiled)


def measured(engine: str, folder: Path, houses: bool) -> None:
    """Ask every question of one engine; write hits and times, print what it took."""
    known = gazetteer(folder)
    rows = pl.read_parquet(folder / "questions.parquet")
    before = _resident()
    began = time.process_time()
    ask = ENGINES[engine](folder, known, houses)
    built = time.process_time() - began
    hits, wall, cpu = [], [], []
    for text, street in zip(rows["text"], rows["street"], strict=True):
        a, b = time.perf_counter(), time.process_time()
        found = ask(text)
        wall.append(1e3 * (time.perf_counter() - a))
        cpu.append(1e3 * (time.process_time() - b))
        hits.append(found.index(street) + 1 if street in found else 0)
    grew = {kind: mb - before[kind] for kind, mb in _resident().items()}
    out = rows.with_columns(
        engine=pl.lit(engine), rank=pl.Series(hits), wall=pl.Series(wall), cpu=pl.Series(cpu)
    )
    out.write_parquet(folder / f"{engine}.parquet")
    told = {"engine": engine, "opened_cpu_s": built, **grew}
    (folder / f"{engine}.json").write_text(json.dumps(told))


def _resident() -> dict[str, float]:
    """Return the memory of this process in MB: in all, its own, and files that are mapped."""
    status = Path("/proc/self/status").read_text().splitlines()
    kb = dict(line.split(":", 1) for line in status)
    kinds = {"grew_mb": "VmRSS", "own_mb": "RssAnon", "mapped_mb": "RssFile"}
    return {name: int(kb[kind].split()[0]) / 1024 for name, kind in kinds.items()}


def main() -> None:
    """Make what is missing in the folder, ask, and print the tables."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, required=True)
    asked.add_argument("--folder", type=Path, required=True, help="what is made is kept here")
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--addresses", type=int, default=400)
    asked.add_argument("--seed", type=int, default=1, help="of what is typed")
    asked.add_argument("--houses", action="store_true", help="lines begin with a house number")
    asked.add_argument("--engines", default="lanecast,tantivy,fts5")
    asked.add_argument("--one", help=argparse.SUPPRESS)
    args = asked.parse_args()
    if args.one:
        measured(args.one, args.folder, args.houses)
        return
    known = gazetteer(args.folder, lambda: premises(args.data, args.rows, 0))
    typed = questions(known, args.seed, args.addresses, args.houses)
    typed.write_parquet(args.folder / "questions.parquet")
    engines = args.engines.split(",")
    for engine in engines:
        began, used = time.perf_counter(), time.process_time()
        ask = ENGINES[engine](args.folder, known, args.houses)  # made before: memory is of asking
        del ask
        took = time.perf_counter() - began, time.process_time() - used
        print(f"{engine}: made or opened in {took[0]:.1f} s, {took[1]:.1f} s of the processor")
        again = [*sys.argv, "--one", engine]
        subprocess.run([sys.executable, *again], check=True)
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=140, tbl_hide_dataframe_shape=True):
        rows = pl.concat([pl.read_parquet(args.folder / f"{e}.parquet") for e in engines])
        print(
            rows.group_by("engine", "typed", "slips", maintain_order=True)
            .agg(
                hit=(pl.col("rank") > 0).mean(),
                first=(pl.col("rank") == 1).mean(),
                bound=pl.col("bound").mean(),
                p50=pl.col("wall").median(),
                p99=pl.col("wall").quantile(0.99),
                cpu50=pl.col("cpu").median(),
                cpu99=pl.col("cpu").quantile(0.99),
            )
            .with_columns(pl.col(pl.Float64).round(3))
        )
        spent = rows.group_by("engine", maintain_order=True).agg(pl.col("wall", "cpu").sum() / 1e3)
        print(spent.with_columns(per_s=rows.height / len(engines) / pl.col("cpu")))
        print(pl.DataFrame([json.loads((args.folder / f"{e}.json").read_text()) for e in engines]))


if __name__ == "__main__":
    main()
