"""Upserts into Delta tables: rows of one key replace each other, all at commit."""

from odps import errors
from odps.errors import ODPSError

from operations import Impossible, equal, holds, operation, refused

COLUMNS = "id BIGINT NOT NULL, name STRING, v DOUBLE, PRIMARY KEY (id)"
DELTA = "TBLPROPERTIES ('transactional'='true')"


def table_of(client, word, columns=COLUMNS, by="", more=DELTA):
    return client.make(word, columns, f"{by} {more}").name


def session_of(client, name, **more):
    return client.tunnel().create_upsert_session(name, **more)


def apply(session, upserts=(), deletes=(), **more):
    stream = session.open_upsert_stream(**more)
    for row in upserts:
        stream.upsert(session.new_record(list(row)))
    for row in deletes:
        stream.delete(session.new_record(list(row)))
    stream.flush()
    stream.close()


def change(client, name, upserts=(), deletes=(), **more):
    session = session_of(client, name, **more)
    apply(session, upserts, deletes)
    session.commit()
    session.close()


def stored(client, name):
    return sorted(client.rows(f"SELECT * FROM {name};"))


@operation("upsert.insert")
def insert(client):
    name = table_of(client, "k_insert")
    session = session_of(client, name)
    apply(session, [[1, "a", 0.5], [2, None, None]])
    equal(stored(client, name), [], "before the commit")
    session.commit()
    equal(session.status.name, "Committed")
    equal(stored(client, name), [[1, "a", 0.5], [2, None, None]])


@operation("upsert.update")
def update(client):
    name = table_of(client, "k_update")
    change(client, name, [[1, "a", 0.5], [2, "b", 0.5]])
    change(client, name, [[1, "A", 1.5], [3, "c", 0.5], [1, "AA", 2.5]])
    equal(stored(client, name), [[1, "AA", 2.5], [2, "b", 0.5], [3, "c", 0.5]])


@operation("upsert.delete")
def delete(client):
    name = table_of(client, "k_delete")
    change(client, name, [[1, "a", 0.5], [2, "b", 0.5]])
    change(client, name, [[3, "c", 0.5]], [[1, None, None], [3, None, None], [9, None, None]])
    equal(stored(client, name), [[2, "b", 0.5]])


@operation("upsert.delete-then-insert")
def delete_then_insert(client):
    name = table_of(client, "k_again")
    change(client, name, [[1, "a", 0.5]])
    session = session_of(client, name)
    stream = session.open_upsert_stream()
    stream.delete(session.new_record([1, None, None]))
    stream.upsert(session.new_record([1, "again", 2.5]))
    stream.close()
    session.commit()
    equal(stored(client, name), [[1, "again", 2.5]])


@operation("upsert.partial")
def partial(client):
    return Impossible("PyODPS writes whole rows only")


@operation("upsert.buckets")
def buckets(client):
    name = table_of(client, "k_buckets", "a BIGINT NOT NULL, b STRING NOT NULL, v BIGINT, PRIMARY KEY (a, b)",
                    more="TBLPROPERTIES ('transactional'='true', 'write.bucket.num'='4')")
    session = session_of(client, name)
    holds(len(session.buckets) >= 1, "buckets")
    session.abort()
    for factor in (1, 2):
        change(client, name, [[i, f"ключ{i}", i * factor] for i in range(300)])
    equal(client.rows(f"SELECT COUNT(*), SUM(v) FROM {name};"), [[300, 89_700]])


@operation("upsert.partition")
def partition(client):
    name = table_of(client, "k_part", by="PARTITIONED BY (pt STRING)")
    table = client.odps.get_table(name)
    for value in "ab":
        table.create_partition(f"pt={value}")
        change(client, name, [[1, value, 0.5]], partition_spec=f"pt={value}")
    equal(stored(client, name), [[1, "a", 0.5, "a"], [1, "b", 0.5, "b"]])


@operation("upsert.flushes")
def flushes(client):
    name = table_of(client, "k_flushes")
    session = session_of(client, name)
    for i in range(4):
        apply(session, [[1, f"v{i}", float(i)], [10 + i, "x", 0.5]])
    session.commit()
    equal(stored(client, name)[0], [1, "v3", 3.0])
    equal(len(stored(client, name)), 5)


@operation("upsert.abort")
def abort(client):
    name = table_of(client, "k_abort")
    session = session_of(client, name)
    apply(session, [[1, "a", 0.5]])
    session.abort()
    equal(stored(client, name), [])
    session.reload()
    equal(session.status.name, "Aborted")


@operation("upsert.commit-twice")
def commit_twice(client):
    name = table_of(client, "k_twice")
    session = session_of(client, name)
    apply(session, [[1, "a", 0.5]])
    session.commit()
    session.commit()
    equal(stored(client, name), [[1, "a", 0.5]])


@operation("upsert.attach")
def attach(client):
    name = table_of(client, "k_attach")
    first = session_of(client, name)
    apply(first, [[1, "a", 0.5]])
    second = session_of(client, name, upsert_id=first.id)
    apply(second, [[2, "b", 0.5]])
    second.commit()
    equal(len(stored(client, name)), 2)


@operation("upsert.compression")
def compression(client, algorithm):
    name = table_of(client, f"k_{algorithm}")
    names = {"deflate": "zlib", "zstd": "zstd", "lz4": "lz4", "snappy": "snappy"}
    session = session_of(client, name, compress_algo=names[algorithm])
    rows = [[i, f"text {i % 7} " * 9, i / 2] for i in range(1_000)]
    apply(session, rows, compress=True)
    session.commit()
    equal(stored(client, name), rows)


@operation("upsert.high-level")
def high_level(client):
    name = table_of(client, "k_high")
    table = client.odps.get_table(name)
    with table.open_writer() as writer:
        writer.write([[1, "a", 0.5], [2, "b", 0.5]])
    with table.open_writer() as writer:
        writer.delete([[1, None, None]])
    equal(stored(client, name), [[2, "b", 0.5]])
    with table.open_reader() as reader:
        equal([list(r.values) for r in reader], [[2, "b", 0.5]])


@operation("error.upsert-without-key")
def without_key(client):
    name = client.make("k_plain", "id BIGINT, name STRING").name
    return refused(errors.InvalidArgument, "primary key", lambda: session_of(client, name))


@operation("error.upsert-missing-table")
def missing_table(client):
    return refused(errors.NoSuchTable, "nothing_like_it", lambda: session_of(client, "nothing_like_it"))


@operation("error.upsert-missing-table-partition")
def missing_table_partition(client):
    name = table_of(client, "k_missing", by="PARTITIONED BY (pt STRING)")
    return refused(errors.NoSuchPartition, "pt=z", lambda: session_of(client, name, partition_spec="pt=z"))


@operation("error.unknown-upsert")
def unknown(client):
    name = table_of(client, "k_unknown")
    return refused(errors.UpsertSessionNotFound, "nothing", lambda: session_of(client, name, upsert_id="nothing"))


@operation("error.upsert-after-commit")
def after_commit(client):
    name = table_of(client, "k_after")
    session = session_of(client, name)
    apply(session, [[1, "a", 0.5]])
    session.commit()
    answer = refused(ODPSError, "StatusConflict", lambda: apply(session, [[2, "b", 0.5]]))
    equal(stored(client, name), [[1, "a", 0.5]])
    return answer
