"""Downloads of tables: ranges, columns, Arrow, compressions, snapshots, previews."""

import threading

import pyarrow as pa
from odps import errors
from odps.errors import ODPSError

from operations import Impossible, equal, holds, operation, refused

COLUMNS = "id BIGINT, name STRING, v DOUBLE"
ROWS = [[i, f"n{i}", i / 2] for i in range(20)]


def filled(client, word, rows=ROWS):
    name = client.make(word, COLUMNS).name
    client.upload(name, rows)
    return name


def records(session, start, count, **more):
    with session.open_record_reader(start, count, **more) as reader:
        return [list(record.values) for record in reader]


def table_of(session, start, count, **more):
    with session.open_arrow_reader(start, count, **more) as reader:
        batches = list(iter(reader.read_next_batch, None))
    return pa.Table.from_batches([b if isinstance(b, pa.RecordBatch) else b.to_batches()[0] for b in batches])


@operation("download.records")
def whole(client):
    session = client.tunnel().create_download_session(filled(client, "d_records"))
    equal((session.count, session.status.name), (20, "Normal"))
    equal(records(session, 0, 20), ROWS)


@operation("download.ranges")
def ranges(client):
    session = client.tunnel().create_download_session(filled(client, "d_ranges"))
    equal(records(session, 0, 7) + records(session, 7, 1) + records(session, 8, 12), ROWS)
    equal(records(session, 5, 0), [])


@operation("download.beyond")
def beyond(client):
    session = client.tunnel().create_download_session(filled(client, "d_beyond"))
    return refused(ODPSError, "InvalidRowRange", lambda: records(session, 21, 5))


@operation("download.columns")
def columns(client):
    session = client.tunnel().create_download_session(filled(client, "d_columns"))
    equal(records(session, 3, 1, columns=["v", "id"]), [[1.5, 3]])
    equal(records(session, 3, 1, columns=["name"]), [["n3"]])


@operation("download.arrow")
def arrow(client):
    session = client.tunnel().create_download_session(filled(client, "d_arrow"))
    found = table_of(session, 2, 15)
    equal(found.to_pydict(), {"id": list(range(2, 17)), "name": [f"n{i}" for i in range(2, 17)], "v": [i / 2 for i in range(2, 17)]})


@operation("download.arrow-columns")
def arrow_columns(client):
    session = client.tunnel().create_download_session(filled(client, "d_arrow_cols"))
    equal(table_of(session, 1, 2, columns=["id", "v"]).to_pydict(), {"id": [1, 2], "v": [0.5, 1.0]})


@operation("download.arrow-empty")
def arrow_empty(client):
    session = client.tunnel().create_download_session(filled(client, "d_arrow_none", []))
    with session.open_arrow_reader(0, 0) as reader:
        try:
            reader.read_next_batch()
        except Exception as error:
            return Impossible(f"PyODPS asks for nothing and fails by itself: {type(error).__name__}")


@operation("download.compression")
def compression(client, algorithm, form):
    names = {"deflate": "zlib", "zstd": "zstd", "lz4": "lz4", "snappy": "snappy"}
    rows = [[i, f"text {i % 97} " * 8, i / 4] for i in range(3_000)]
    name = filled(client, f"d_{form}_{algorithm}", rows)
    session = client.tunnel().create_download_session(name, compress_algo=names[algorithm])
    if form == "records":
        equal(records(session, 0, 3_000, compress=True), rows)
    else:
        found = table_of(session, 0, 3_000, compress=True).to_pydict()
        equal([list(row) for row in zip(found["id"], found["name"], found["v"])], rows)


@operation("download.partition")
def of_partition(client):
    name = client.make("d_part", "id BIGINT", "PARTITIONED BY (pt STRING)").name
    for value in "ab":
        client.upload(name, [[ord(value)]], f"pt={value}", create_partition=True)
    equal([client.read(name, f"pt={v}") for v in "ab"], [[[97]], [[98]]])
    with client.odps.get_table(name).open_reader("pt=a", append_partitions=True) as reader:
        equal([list(r.values) for r in reader], [[97, "a"]])


@operation("download.whole-partitioned")
def whole_partitioned(client):
    name = client.make("d_whole", "id BIGINT", "PARTITIONED BY (pt STRING)").name
    call = lambda: client.tunnel().create_download_session(name)  # noqa: E731
    return refused(ODPSError, "MissingPartitionSpec", call)


@operation("download.attach")
def attach(client):
    name = filled(client, "d_attach")
    first = client.tunnel().create_download_session(name)
    second = client.tunnel().create_download_session(name, download_id=first.id)
    second.reload()
    equal(records(second, 18, 2), ROWS[18:])


@operation("download.snapshot")
def snapshot(client):
    name = filled(client, "d_snapshot")
    session = client.tunnel().create_download_session(name)
    client.upload(name, [[99, "later", 0.0]])
    equal((session.count, len(records(session, 0, 20))), (20, 20))
    client.upload(name, [[100, "instead", 0.0]], overwrite=True)
    equal(records(session, 0, 20), ROWS)
    equal(client.read(name), [[100, "instead", 0.0]])


@operation("download.high-level")
def high_level(client):
    table = client.odps.get_table(filled(client, "d_high"))
    with table.open_reader() as reader:
        equal(reader.count, 20)
        equal([list(r.values) for r in reader[4:10]], ROWS[4:10])
    equal([list(r.values) for r in client.odps.read_table(table.name, limit=3)], ROWS[:3])


@operation("download.pandas")
def pandas(client):
    table = client.odps.get_table(filled(client, "d_pandas"))
    frame = table.to_pandas()
    equal((len(frame), int(frame["id"].sum())), (20, 190))
    equal(sum(len(piece) for piece in table.iter_pandas(batch_size=6)), 20)
    with table.open_reader(arrow=True) as reader:
        equal(len(reader.to_pandas()), 20)


@operation("download.parallel")
def parallel(client):
    session = client.tunnel().create_download_session(filled(client, "d_parallel"))
    found = {}
    threads = [threading.Thread(target=lambda at=at: found.update({at: records(session, at, 5)})) for at in range(0, 20, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(sum((found[at] for at in sorted(found)), []), ROWS)


@operation("download.many-rows")
def many_rows(client, table, count):
    session = client.tunnel().create_download_session(table, compress_algo="zstd")
    equal(session.count, count)
    total, step = 0, count // 4
    for start in range(0, count, step):
        with session.open_record_reader(start, step, compress=True) as reader:
            for record in reader:
                number, text = record.values
                if text != f"name {number}":
                    equal(text, f"name {number}")
                total += number
    equal(total, count * (count - 1) // 2)
    found = table_of(session, 0, count)
    equal((found.num_rows, sum(found["id"].to_pylist())), (count, total))


@operation("download.long-text")
def long_text(client):
    name = client.make("d_long", COLUMNS).name
    rows = [[1, "x" * 2**20, 0.5], [2, "ü😀" * 174_762, 1.5]]
    client.upload(name, rows)
    session = client.tunnel().create_download_session(name)
    equal(records(session, 0, 2) == rows, True, "records")
    equal(table_of(session, 0, 2)["name"].to_pylist() == [row[1] for row in rows], True, "Arrow")


@operation("download.view")
def of_view(client):
    view = client.table_name("d_view")
    client.sql(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {filled(client, 'd_view_of')};")
    return refused(errors.MethodNotAllowed, "VIRTUAL_VIEW", lambda: client.tunnel().create_download_session(view))


@operation("error.download-missing-table")
def missing_table(client):
    return refused(errors.NoSuchTable, "nothing_like_it", lambda: client.tunnel().create_download_session("nothing_like_it"))


@operation("error.download-missing-table-partition")
def missing_table_partition(client):
    name = client.make("d_missing", "id BIGINT", "PARTITIONED BY (pt STRING)").name
    call = lambda: client.tunnel().create_download_session(name, partition_spec="pt=z")  # noqa: E731
    return refused(errors.NoSuchPartition, "pt=z", call)


@operation("error.unknown-download")
def unknown_download(client):
    name = filled(client, "d_unknown", [])
    call = lambda: client.tunnel().create_download_session(name, download_id="nothing")  # noqa: E731
    return refused(ODPSError, "NoSuchDownload", call)


@operation("error.download-of-another-table")
def another_table(client):
    session = client.tunnel().create_download_session(filled(client, "d_one"))
    other = filled(client, "d_other", [])
    call = lambda: client.tunnel().create_download_session(other, download_id=session.id)  # noqa: E731
    return refused(ODPSError, "InvalidResourceSpec", call)


def preview_table(client, word):
    name = client.make(word, "id BIGINT, name STRING, b BOOLEAN, t DATETIME", "PARTITIONED BY (pt STRING)").name
    for value in "ab":
        client.sql(f"INSERT INTO {name} PARTITION (pt='{value}') VALUES (1, 'x', true, NULL), (2, NULL, false, NULL);")
    return client.odps.get_table(name)


@operation("preview.csv")
def preview_csv(client):
    table = preview_table(client, "v_csv")
    equal(len(list(table.head(3))), 3)
    equal([list(r.values) for r in table.head(1, partition="pt=b")], [[1, "x", True, None, "b"]])
    equal([list(r.values)[:2] for r in table.head(2, partition="pt='a'", columns=["id", "name"])], [[1, "x"], [2, None]])


@operation("preview.arrow")
def preview_arrow(client):
    table = preview_table(client, "v_arrow")
    equal(len(list(table.head(3, use_legacy=False))), 3)
    equal([list(r.values) for r in table.head(1, partition="pt=b", use_legacy=False)], [[1, "x", True, None, "b"]])
    with client.tunnel().open_preview_reader(table, columns=["id", "name"], partition_spec="pt=a", limit=2) as reader:
        equal(reader.to_pandas()["id"].tolist(), [1, 2])


@operation("preview.timestamps")
def preview_timestamps(client):
    for word, by in (("v_ts", ""), ("v_ts_part", "PARTITIONED BY (pt STRING)")):
        table = client.make(word, "id BIGINT, t TIMESTAMP", by)
        into = "PARTITION (pt='a')" if by else ""
        client.sql(f"INSERT INTO {table.name} {into} VALUES (1, TIMESTAMP '2026-11-20 08:30:00.123456789');")
        if not by:
            equal([r["t"].value % 1_000_000_000 for r in table.head(1, use_legacy=False)], [123456789])
    try:
        list(table.head(1, use_legacy=False))
    except Exception as error:
        return Impossible(f"its preview of a partitioned table with a TIMESTAMP column fails by itself ({type(error).__name__})")


@operation("preview.missing")
def preview_missing(client):
    call = lambda: client.tunnel().open_preview_reader("nothing_like_it", limit=1)  # noqa: E731
    return refused(errors.NoSuchTable, "nothing_like_it", call)
