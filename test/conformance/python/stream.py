"""Stream uploads: every flush is there at once."""

from odps import errors
from odps.errors import ODPSError

from operations import Impossible, equal, holds, operation, refused

COLUMNS = "id BIGINT, name STRING"


def write(session, rows, compress=False):
    with session.open_record_writer(compress=compress) as writer:
        for row in rows:
            writer.write(session.new_record(list(row)))


@operation("stream.records")
def records(client):
    name = client.make("s_records", COLUMNS).name
    session = client.tunnel().create_stream_upload_session(name)
    write(session, [[1, "a"], [2, None]])
    equal(sorted(client.read(name)), [[1, "a"], [2, None]])
    write(session, [[3, "c"]])
    equal(client.rows(f"SELECT COUNT(*) FROM {name};"), [[3]])


@operation("stream.slots")
def slots(client):
    name = client.make("s_slots", COLUMNS).name
    session = client.tunnel().create_stream_upload_session(name, slot_num=3)
    number = len(session.slots)
    holds(number >= 1, "a slot")
    for i in range(6):
        write(session, [[i, "x"]])
    equal(len(session.slots), number, "slots afterwards")
    equal(len(client.read(name)), 6)


@operation("stream.reload")
def reload(client):
    name = client.make("s_reload", COLUMNS).name
    session = client.tunnel().create_stream_upload_session(name)
    session.reload(force=True)
    equal(session.status.lower(), "normal")
    write(session, [[1, "a"]])
    equal(client.read(name), [[1, "a"]])


@operation("stream.attach")
def attach(client):
    name = client.make("s_attach", COLUMNS).name
    first = client.tunnel().create_stream_upload_session(name)
    try:
        second = client.tunnel().create_stream_upload_session(name, upload_id=first.id)
    except AttributeError as error:
        return Impossible(f"it fails by itself when it takes up a session ({error})")
    write(second, [[1, "a"]])
    equal(client.read(name), [[1, "a"]])


@operation("stream.partition")
def partition(client):
    name = client.make("s_part", COLUMNS, "PARTITIONED BY (pt STRING)").name
    session = client.tunnel().create_stream_upload_session(name, partition_spec="pt=a", create_partition=True)
    write(session, [[1, "a"]])
    equal(client.read(name, "pt=a"), [[1, "a"]])


@operation("stream.strict-schema")
def strict_schema(client):
    name = client.make("s_strict", COLUMNS).name
    session = client.tunnel().create_stream_upload_session(name, allow_schema_mismatch=False)
    write(session, [[1, "a"]])
    equal(client.read(name), [[1, "a"]])


@operation("stream.schema-changed")
def schema_changed(client):
    name = client.make("s_changed", COLUMNS).name
    strict = client.tunnel().create_stream_upload_session(name, allow_schema_mismatch=False)
    loose = client.tunnel().create_stream_upload_session(name)
    client.sql(f"ALTER TABLE {name} ADD COLUMNS (more BIGINT);")
    write(loose, [[1, "a"]])
    equal(client.read(name), [[1, "a", None]])
    return refused(errors.SchemaModified, "SchemaModified", lambda: write(strict, [[2, "b"]]))


@operation("stream.dynamic-partition")
def dynamic_partition(client):
    name = client.make("s_dynamic", COLUMNS, "PARTITIONED BY (pt STRING)").name

    def call():
        session = client.tunnel().create_stream_upload_session(name, dynamic_partition=True)
        write(session, [[1, "a", "x"]])

    answer = refused(ODPSError, "MissingPartitionSpec", call)
    return Impossible(f"it neither sends the table partition nor writes its columns; the service says {answer.what}")


@operation("stream.abort")
def abort(client):
    name = client.make("s_abort", COLUMNS).name
    session = client.tunnel().create_stream_upload_session(name)
    write(session, [[1, "a"]])
    session.abort()
    equal(client.read(name), [[1, "a"]])


@operation("stream.last-batch")
def last_batch(client):
    name = client.make("s_batch", COLUMNS).name
    session = client.tunnel().create_stream_upload_session(name)
    write(session, [[1, "a"]])
    holds(session.get_last_batch_id() is not None, "a number")


@operation("stream.compression")
def compression(client, algorithm):
    name = client.make(f"s_{algorithm}", COLUMNS).name
    names = {"deflate": "zlib", "zstd": "zstd", "lz4": "lz4", "snappy": "snappy"}
    session = client.tunnel().create_stream_upload_session(name, compress_algo=names[algorithm])
    rows = [[i, f"text {i % 7} " * 9] for i in range(1_000)]
    if algorithm == "lz4":
        try:
            write(session, rows, compress=True)
        except Exception as error:
            if not isinstance(error, ODPSError):
                return Impossible(f"its stream packs with LZ4 fail inside PyODPS ({type(error).__name__})")
            raise
    else:
        write(session, rows, compress=True)
    equal(sorted(client.read(name)), rows)


@operation("error.stream-missing-table")
def missing_table(client):
    call = lambda: client.tunnel().create_stream_upload_session("nothing_like_it")  # noqa: E731
    return refused(errors.NoSuchTable, "nothing_like_it", call)


@operation("error.stream-missing-table-partition")
def missing_table_partition(client):
    name = client.make("s_missing", COLUMNS, "PARTITIONED BY (pt STRING)").name
    call = lambda: client.tunnel().create_stream_upload_session(name, partition_spec="pt=z")  # noqa: E731
    return refused(errors.NoSuchPartition, "pt=z", call)


@operation("error.stream-no-partition-spec")
def no_spec(client):
    name = client.make("s_no_spec", COLUMNS, "PARTITIONED BY (pt STRING)").name
    return refused(ODPSError, "MissingPartitionSpec", lambda: client.tunnel().create_stream_upload_session(name))


@operation("error.unknown-stream")
def unknown(client):
    name = client.make("s_unknown", COLUMNS).name
    call = lambda: client.tunnel().create_stream_upload_session(name, upload_id="nothing")  # noqa: E731
    return refused(errors.StreamSessionNotFound, "nothing", call)
