"""Table partitions: all of them through the calls of a table."""

from odps import errors

from operations import Impossible, equal, holds, operation, refused

COLUMNS = "id BIGINT, name STRING"
BY = "PARTITIONED BY (pt STRING, h BIGINT)"


def partitioned(client, word):
    return client.make(word, COLUMNS, BY)


@operation("table-partition.create")
def create(client):
    table = partitioned(client, "p_create")
    table.create_partition("pt=a,h=1")
    table.create_partition("pt='a',h='1'", if_not_exists=True)
    equal(table.exist_partition("pt=a,h=1"), True)
    equal(table.exist_partition("pt=a,h=2"), False)


@operation("table-partition.create-existing")
def create_existing(client):
    table = partitioned(client, "p_existing")
    table.create_partition("pt=a,h=1")
    return refused(errors.ODPSError, "already exists", lambda: table.create_partition("pt=a,h=1"))


@operation("table-partition.missing")
def missing(client):
    table = partitioned(client, "p_missing")
    return refused(errors.NoSuchPartition, "pt", lambda: table.get_partition("pt=z,h=1").reload())


@operation("table-partition.drop")
def drop(client):
    table = partitioned(client, "p_drop")
    table.create_partition("pt=a,h=1")
    client.upload(table.name, [[1, "a"]], "pt=a,h=1")
    table.delete_partition("pt=a,h=1")
    table.delete_partition("pt=a,h=1", if_exists=True)
    equal(table.exist_partition("pt=a,h=1"), False)
    equal(client.rows(f"SELECT COUNT(*) FROM {table.name};"), [[0]])


@operation("table-partition.drop-missing")
def drop_missing(client):
    table = partitioned(client, "p_drop_missing")
    return refused(errors.ODPSError, "Partition not found", lambda: table.delete_partition("pt=z,h=1"))


@operation("table-partition.list")
def listed(client):
    table = partitioned(client, "p_list")
    for spec in ("pt=b,h=1", "pt=a,h=2", "pt=a,h=1"):
        table.create_partition(spec)
    equal([str(p.partition_spec) for p in table.partitions], ["pt='a',h='1'", "pt='a',h='2'", "pt='b',h='1'"])
    equal([str(p.partition_spec) for p in table.iterate_partitions("pt=a")], ["pt='a',h='1'", "pt='a',h='2'"])
    equal(table.exist_partitions("pt=b"), True)
    client.upload(table.name, [[1, "x"]], "pt=a,h=1")
    equal(str(table.get_max_partition("pt=a").partition_spec), "pt='a',h='1'")


@operation("table-partition.list-pages")
def list_pages(client, table, count):
    equal(len({str(p.partition_spec) for p in client.odps.get_table(table).partitions}), count)


@operation("table-partition.names")
def names(client):
    return Impossible("PyODPS lists table partitions with their columns only")


@operation("table-partition.lifecycle")
def lifecycle(client):
    name = client.make("p_lifecycle", COLUMNS, f"{BY} LIFECYCLE 5").name
    client.sql(f"ALTER TABLE {name} ADD PARTITION (pt='a', h=1) PARTITION (pt='b', h=1);")
    client.sql(f"ALTER TABLE {name} PARTITION (pt='a', h=1) DISABLE LIFECYCLE;")
    days = lambda: [client.odps.get_table(name).get_partition(f"pt={v},h=1").lifecycle for v in "ab"]  # noqa: E731
    equal(days(), [-1, 5])
    client.sql(f"ALTER TABLE {name} PARTITION (pt='a', h=1) ENABLE LIFECYCLE;")
    equal(days(), [5, 5])


@operation("table-partition.statistics")
def statistics(client):
    table = partitioned(client, "p_statistics")
    table.create_partition("pt=a,h=1")
    client.upload(table.name, [[i, "x"] for i in range(25)], "pt=a,h=1")
    one = table.get_partition("pt=a,h=1")
    equal(one.record_num, 25)
    holds(one.creation_time and one.last_data_modified_time and one.last_meta_modified_time, "times")
    holds(one.physical_size is not None and one.file_num is not None, "the extended part")


def keep_values(client, word, values):
    table = client.make(word, "id BIGINT", "PARTITIONED BY (pt STRING)")
    for value in values:
        table.create_partition(f"pt='{value}'")
        holds(table.exist_partition(f"pt='{value}'"), value)
        client.upload(table.name, [[1]], f"pt='{value}'")
        equal(client.read(table.name, f"pt='{value}'"), [[1]], value)


@operation("table-partition.values")
def values(client):
    keep_values(client, "p_values", ("2026-11-20 08:30:00", "a b", "größe", "a<>\"x", "a:b;c"))


@operation("table-partition.signed-values")
def signed_values(client):
    """PyODPS unquotes the address before it takes it apart, and so signs another text than it sends."""
    found = refused(errors.Unauthorized, "ODPS-0410042", lambda: keep_values(client, "p_signed", ("a&b",)))
    return Impossible(f"it signs another address than it sends: {found.what}")


@operation("table-partition.truncate")
def truncate(client):
    table = partitioned(client, "p_truncate")
    table.create_partition("pt=a,h=1")
    client.upload(table.name, [[1, "a"]], "pt=a,h=1")
    table.get_partition("pt=a,h=1").truncate()
    equal(client.read(table.name, "pt=a,h=1"), [])
