"""Batch uploads: blocks, commits, compressions, Arrow, sizes."""

import socket
import threading
from urllib.parse import urlparse

import pyarrow as pa
from odps import errors
from odps.errors import ODPSError
from odps.tunnel.errors import TunnelError

from operations import Impossible, equal, holds, operation, refused

COLUMNS = "id BIGINT, name STRING"
BY = "PARTITIONED BY (pt STRING, h BIGINT)"


def block(session, number, rows, **more):
    with session.open_record_writer(number, **more) as writer:
        for row in rows:
            writer.write(session.new_record(list(row)))


def session_of(client, word, **more):
    table = client.make(word, COLUMNS)
    return table.name, client.tunnel().create_upload_session(table.name, **more)


def batch(rows):
    return pa.RecordBatch.from_pydict({"id": [r[0] for r in rows], "name": [r[1] for r in rows]})


def stored(client, name):
    return sorted(client.read(name))


@operation("upload.records")
def records(client):
    name, session = session_of(client, "u_records")
    block(session, 0, [[1, "a"], [None, None], [-(2**63) + 1, "ü\0😀"]])
    session.commit([0])
    equal(client.read(name), [[1, "a"], [None, None], [-(2**63) + 1, "ü\0😀"]])


@operation("upload.buffered")
def buffered(client):
    name, session = session_of(client, "u_buffered")
    with session.open_record_writer(buffer_size=10_000) as writer:
        for i in range(5_000):
            writer.write(session.new_record([i, "x" * 20]))
    holds(len(writer.get_blocks_written()) > 3, "several blocks")
    session.commit(writer.get_blocks_written())
    equal(client.rows(f"SELECT COUNT(*), SUM(id) FROM {name};"), [[5_000, 12_497_500]])


@operation("upload.high-level")
def high_level(client):
    name = client.make("u_high", COLUMNS).name
    client.odps.write_table(name, [[1, "a"], [2, "b"]])
    with client.odps.get_table(name).open_writer(blocks=[0, 1]) as writer:
        writer.write(0, [[3, "c"]])
        writer.write(1, [[4, "d"]])
    equal(stored(client, name), [[1, "a"], [2, "b"], [3, "c"], [4, "d"]])


@operation("upload.pandas")
def pandas(client):
    import pandas as pd

    name = client.make("u_pandas", COLUMNS).name
    client.odps.write_table(name, pd.DataFrame({"id": [1, 2], "name": ["a", None]}))
    equal(sorted(client.read(name)), [[1, "a"], [2, None]])


@operation("upload.blocks")
def blocks(client):
    name, session = session_of(client, "u_blocks")
    numbers = [7, 0, 19_999, 42]
    threads = [threading.Thread(target=block, args=(session, n, [[n, "x"]] * 100)) for n in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(sorted(int(n) for n in session.get_block_list()), sorted(numbers))
    session.commit(numbers)
    equal(client.rows(f"SELECT id, COUNT(*) FROM {name} GROUP BY id ORDER BY id;"), [[n, 100] for n in sorted(numbers)])


@operation("upload.replace-block")
def replace_block(client):
    name, session = session_of(client, "u_replace")
    block(session, 0, [[1, "old"], [2, "old"]])
    block(session, 0, [[3, "new"]])
    session.commit([0])
    equal(client.read(name), [[3, "new"]])


@operation("upload.empty-block")
def empty_block(client):
    name, session = session_of(client, "u_empty")
    block(session, 3, [])
    equal([int(n) for n in session.get_block_list()], [3])
    session.commit([3])
    equal(client.read(name), [])


@operation("upload.no-blocks")
def no_blocks(client):
    name, session = session_of(client, "u_none")
    session.commit([])
    equal(client.read(name), [])


@operation("upload.block-list")
def block_list(client):
    name, session = session_of(client, "u_list")
    block(session, 0, [[1, "a"]])
    block(session, 1, [[2, "b"]])
    answer = refused(TunnelError, "Blocks not match", lambda: session.commit([0]))
    equal(client.read(name), [])
    session.commit([0, 1])
    equal(len(client.read(name)), 2)
    return answer


@operation("upload.status")
def status(client):
    _, session = session_of(client, "u_status")
    equal(session.status.name, "Normal")
    session.commit([])
    session.reload()
    equal(session.status.name, "Closed")


@operation("upload.commit-twice")
def commit_twice(client):
    name, session = session_of(client, "u_twice")
    block(session, 0, [[1, "a"]])
    session.commit([0])
    try:
        session.commit([0])
    except ODPSError as error:
        equal(error.code, "StatusConflict")
    equal(client.read(name), [[1, "a"]])


@operation("upload.put-after-commit")
def put_after_commit(client):
    name, session = session_of(client, "u_after")
    session.commit([])
    answer = refused(ODPSError, "StatusConflict", lambda: block(session, 0, [[1, "a"]]))
    equal(client.read(name), [])
    return answer


@operation("upload.expired")
def expired(client):
    _, session = session_of(client, "u_expired")
    client.control(f"/_control/sessions/{session.id}", {"state": "expired"})
    session.reload()
    equal(session.status.name, "Expired")
    return refused(ODPSError, "StatusConflict", lambda: block(session, 0, [[1, "a"]]))


@operation("upload.overwrite")
def overwrite(client):
    name = client.make("u_over", COLUMNS).name
    client.upload(name, [[1, "old"]])
    client.upload(name, [[2, "new"]], overwrite=True)
    equal(client.read(name), [[2, "new"]])
    client.tunnel().create_upload_session(name, overwrite=True).commit([])
    equal(client.read(name), [])


@operation("upload.overwrite-partition")
def overwrite_partition(client):
    name = client.make("u_over_part", COLUMNS, BY).name
    for spec in ("pt=a,h=1", "pt=b,h=1"):
        client.upload(name, [[1, "old"]], spec, create_partition=True)
    client.upload(name, [[2, "new"]], "pt=a,h=1", overwrite=True)
    equal([client.read(name, spec) for spec in ("pt=a,h=1", "pt=b,h=1")], [[[2, "new"]], [[1, "old"]]])


@operation("upload.attach")
def attach(client):
    name, first = session_of(client, "u_attach")
    block(first, 0, [[1, "a"]])
    second = client.tunnel().create_upload_session(name, upload_id=first.id)
    equal([int(n) for n in second.get_block_list()], [0])
    block(second, 1, [[2, "b"]])
    second.commit([0, 1])
    equal(len(client.read(name)), 2)


@operation("upload.block-version")
def block_version(client):
    return Impossible("PyODPS numbers no versions of a block")


@operation("upload.create-partition")
def create_partition(client):
    name = client.make("u_create_part", COLUMNS, BY).name
    client.upload(name, [[1, "a"]], "pt=a,h=1", create_partition=True)
    with client.odps.get_table(name).open_writer("pt=b,h=2", create_partition=True) as writer:
        writer.write([[2, "b"]])
    equal(client.read(name, "pt='a',h='1'"), [[1, "a"]])
    equal(client.read(name, "pt=b,h=2"), [[2, "b"]])


@operation("upload.view")
def to_view(client):
    name = client.make("u_view_of", COLUMNS).name
    view = client.table_name("u_view")
    client.sql(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {name};")
    return refused(errors.MethodNotAllowed, "VIRTUAL_VIEW", lambda: client.tunnel().create_upload_session(view))


@operation("upload.given-up")
def given_up(client):
    """The connection ends in the middle of a block: nothing is stored, the session goes on."""
    name, session = session_of(client, "u_given_up")

    class GivenUp(Exception):
        pass

    def rows():
        yield [1, "a"]
        raise GivenUp()

    try:
        block(session, 0, rows())
        holds(False, "the writer to raise")
    except Exception as error:
        holds("GivenUp" in repr(error) or isinstance(error, (GivenUp, ODPSError, IOError)), repr(error))
    equal(session.get_block_list() or [], [])
    address = urlparse(client.config["tunnelEndpoint"])
    socket.create_connection((address.hostname, address.port)).close()
    block(session, 0, [[2, "b"]])
    session.commit([0])
    equal(client.read(name), [[2, "b"]])


@operation("upload.compression")
def compression(client, algorithm, form):
    name = client.make(f"u_{form}_{algorithm}", COLUMNS).name
    names = {"deflate": "zlib", "zstd": "zstd", "lz4": "lz4", "snappy": "snappy"}
    session = client.tunnel().create_upload_session(name, compress_algo=names[algorithm])
    rows = [[i, f"text {i % 97} " * 8] for i in range(3_000)]
    if form == "records":
        block(session, 0, rows, compress=True)
    else:
        with session.open_arrow_writer(0, compress=True) as writer:
            for at in range(0, len(rows), 1_000):
                writer.write(batch(rows[at : at + 1_000]))
    session.commit([0])
    equal(sorted(client.read(name)), rows)


@operation("upload.arrow")
def arrow(client):
    name, session = session_of(client, "u_arrow")
    with session.open_arrow_writer(0) as writer:
        writer.write(batch([[1, "a"], [None, None]]))
        writer.write(batch([[2, "ü\0😀"]]))
    session.commit([0])
    equal(client.read(name), [[1, "a"], [None, None], [2, "ü\0😀"]])


@operation("upload.arrow-buffered")
def arrow_buffered(client):
    name = client.make("u_arrow_buf", COLUMNS).name
    with client.odps.get_table(name).open_writer(arrow=True) as writer:
        for at in range(0, 50_000, 10_000):
            writer.write(batch([[i, "x" * 50] for i in range(at, at + 10_000)]))
    equal(client.rows(f"SELECT COUNT(*), SUM(id) FROM {name};"), [[50_000, 1_249_975_000]])


@operation("upload.mixed")
def mixed(client):
    name = client.make("u_mixed", COLUMNS).name
    session = client.tunnel().create_upload_session(name, compress_algo="zlib")
    block(session, 0, [[1, "record"]])
    block(session, 1, [[2, "deflate"]], compress=True)
    with session.open_arrow_writer(2) as writer:
        writer.write(batch([[3, "arrow"]]))
    session.commit([0, 1, 2])
    equal(stored(client, name), [[1, "record"], [2, "deflate"], [3, "arrow"]])


@operation("upload.long-text")
def long_text(client):
    name, session = session_of(client, "u_long")
    texts = ["x" * 2**20, "ü😀" * 174_762]
    block(session, 0, [[i, text] for i, text in enumerate(texts)])
    with session.open_arrow_writer(1) as writer:
        writer.write(batch([[i + 2, text] for i, text in enumerate(texts)]))
    session.commit([0, 1])
    equal([row[1] for row in stored(client, name)] == texts * 2, True, "the texts")


@operation("upload.many-rows")
def many_rows(client, table, count):
    client.sql(f"DROP TABLE IF EXISTS {table};")
    client.sql(f"CREATE TABLE {table} ({COLUMNS});")
    session = client.tunnel().create_upload_session(table, compress_algo="zlib")
    half = count // 2
    block(session, 0, ([i, f"name {i}"] for i in range(half)), compress=True)
    block(session, 1, ([i, f"name {i}"] for i in range(half, count)), compress=True)
    session.commit([0, 1])
    equal(client.rows(f"SELECT COUNT(*), SUM(id) FROM {table};"), [[count, count * (count - 1) // 2]])


@operation("upload.delta-table")
def delta_table(client):
    table = client.make("u_delta", "id BIGINT NOT NULL, name STRING, PRIMARY KEY (id)", "TBLPROPERTIES ('transactional'='true')")
    with table.open_writer() as writer:
        writer.write([[1, "a"], [2, "b"]])
    equal(sorted(client.rows(f"SELECT * FROM {table.name};")), [[1, "a"], [2, "b"]])


@operation("upload.bigint-min")
def bigint_min(client):
    name, session = session_of(client, "u_min")
    try:
        block(session, 0, [[-(2**63), "lowest"]])
        session.commit([0])
    except ODPSError as error:
        equal(error.code, "MalformedDataStream")
        return
    equal(client.read(name), [[-(2**63), "lowest"]])


@operation("upload.checksum")
def checksum(client):
    """About half of all records have a checksum with bit 31 set, which PyODPS writes in ten bytes."""
    name = client.make("u_crc", COLUMNS).name
    client.upload(name, [[i, str(i * 7919)] for i in range(500)])
    equal(client.rows(f"SELECT COUNT(*) FROM {name};"), [[500]])


@operation("error.upload-missing-table")
def missing_table(client):
    return refused(errors.NoSuchTable, "nothing_like_it", lambda: client.tunnel().create_upload_session("nothing_like_it"))


def on_partitioned(client, spec):
    name = client.make("u_specs", COLUMNS, BY).name
    return lambda: client.tunnel().create_upload_session(name, partition_spec=spec)


@operation("error.upload-missing-table-partition")
def missing_table_partition(client):
    return refused(errors.NoSuchPartition, "pt=z", on_partitioned(client, "pt=z,h=1"))


@operation("error.no-partition-spec")
def no_spec(client):
    return refused(ODPSError, "MissingPartitionSpec", on_partitioned(client, None))


@operation("error.incomplete-partition-spec")
def incomplete_spec(client):
    return refused(ODPSError, "InvalidPartitionSpec", on_partitioned(client, "pt=a"))


@operation("error.unknown-partition-column")
def unknown_spec(client):
    return refused(ODPSError, "InvalidPartitionSpec", on_partitioned(client, "pt=a,nothing=1"))


@operation("error.forbidden-partition-spec")
def forbidden_spec(client):
    name = client.make("u_plain", COLUMNS).name
    call = lambda: client.tunnel().create_upload_session(name, partition_spec="pt=a")  # noqa: E731
    return refused(ODPSError, "InvalidPartitionSpec", call)


@operation("error.unknown-upload")
def unknown_upload(client):
    name = client.make("u_unknown", COLUMNS).name
    return refused(ODPSError, "NoSuchUpload", lambda: client.tunnel().create_upload_session(name, upload_id="nothing"))


@operation("error.upload-of-another-table")
def another_table(client):
    _, session = session_of(client, "u_one")
    other = client.make("u_other", COLUMNS).name
    return refused(ODPSError, "InvalidResourceSpec", lambda: client.tunnel().create_upload_session(other, upload_id=session.id))


@operation("error.block-id")
def block_id(client):
    _, session = session_of(client, "u_block_id")
    for number in (-1, 20_000):
        answer = refused(ODPSError, "InvalidBlockID", lambda: block(session, number, [[1, "a"]]))
    return answer


@operation("error.wrong-columns")
def wrong_columns(client):
    """The table has other columns than the session's client thinks: the text is no number."""
    name, session = session_of(client, "u_columns")
    other = client.make("u_columns_other", "id STRING, name BIGINT").name
    strange = client.tunnel().create_upload_session(other)
    strange.id = session.id
    strange._table = client.tunnel()._get_tunnel_table(name)
    answer = refused(ODPSError, "MalformedDataStream", lambda: block(strange, 0, [["a", 1]]))
    session.reload()
    equal(session.blocks or [], [])
    return answer
