"""Three-layer names: a project whose tables stand in schemas."""

from odps import options
from odps.errors import NoSuchObject

from operations import equal, holds, operation, refused


def entry(client, **more):
    options.enable_schema = True
    try:
        return client.entry(**more)
    finally:
        options.enable_schema = False


@operation("schema.create")
def create(client):
    odps, name = client.odps, client.table_name("space")
    odps.create_schema(name)
    equal(odps.exist_schema(name), True)
    equal(odps.exist_schema("nothing_like_it"), False)
    holds({"default", name} <= {schema.name for schema in odps.list_schemas()}, "both schemas in the list")
    odps.delete_schema(name)
    equal(odps.exist_schema(name), False)


@operation("schema.tables")
def tables(client):
    odps, space = client.odps, client.table_name("shop")
    odps.create_schema(space)
    odps.create_table("orders", "id bigint, name string", schema=space, if_not_exists=True)
    odps.create_table("orders", "other string", if_not_exists=True)
    table = odps.get_table("orders", schema=space)
    equal(table.table_schema.names, ["id", "name"])
    equal([t.name for t in odps.list_tables(schema=space)], ["orders"])
    session = client.tunnel().create_upload_session("orders", schema=space)
    with session.open_record_writer(0) as writer:
        writer.write(session.new_record([1, "a"]))
    session.commit([0])
    down = client.tunnel().create_download_session("orders", schema=space)
    with down.open_record_reader(0, down.count) as reader:
        equal([list(r.values) for r in reader], [[1, "a"]])
    with table.open_reader() as reader:
        equal(reader.count, 1)
    equal([list(r.values) for r in table.head(1)], [[1, "a"]])


@operation("schema.sql")
def sql(client):
    space = client.table_name("sql_space")
    client.odps.create_schema(space)
    odps = entry(client, schema=space)
    hints = {"odps.namespace.schema": "true", "odps.sql.allow.namespace.schema": "true", "odps.default.schema": space}
    for statement in ("CREATE TABLE t (id BIGINT);", "INSERT INTO t VALUES (7);"):
        odps.run_sql(statement, hints=hints).wait_for_success(interval=0.02)
    instance = odps.run_sql(f"SELECT id FROM {client.project}.{space}.t;", hints=hints)
    instance.wait_for_success(interval=0.02)
    with instance.open_reader(tunnel=True) as reader:
        equal([list(r.values) for r in reader], [[7]])


@operation("schema.missing")
def missing(client):
    return refused(NoSuchObject, "nothing_like_it", lambda: client.odps.get_schema("nothing_like_it").reload())
