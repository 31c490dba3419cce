"""Accounts, addresses, the project and tables."""

from datetime import datetime

from odps import errors
from odps.accounts import AliyunAccount, StsAccount
from odps.models import TableSchema
from odps.types import Column, Partition

from operations import Impossible, equal, holds, operation, refused

PLAIN = "id BIGINT, name STRING"


@operation("account.v2")
def signature_v2(client):
    name = client.make("account_v2", PLAIN).name
    client.upload(name, [[1, "a"]])
    equal(client.read(name), [[1, "a"]])


@operation("account.v4")
def signature_v4(client):
    odps = client.entry(region_name="cn-hangzhou")
    name = client.make("account_v4", PLAIN).name
    client.sql(f"INSERT INTO {name} VALUES (1, 'a');", odps)
    session = client.tunnel(odps).create_download_session(name)
    equal(session.count, 1)
    with odps.get_table(name).open_writer() as writer:
        writer.write([[2, "b"]])
    equal(client.rows(f"SELECT COUNT(*) FROM {name};"), [[2]])


@operation("account.sts")
def sts(client):
    account = StsAccount(client.config["accessId"], client.config["accessKey"], client.config["securityToken"])
    odps = client.entry(account=account)
    client.sql(f"CREATE TABLE IF NOT EXISTS {client.table_name('sts')} ({PLAIN});", odps)
    with odps.get_table(client.table_name("sts")).open_writer() as writer:
        writer.write([[1, "a"]])


@operation("account.sts-missing")
def sts_missing(client):
    c = client.config
    odps = client.entry(account=AliyunAccount(c["accessId"], c["accessKey"]))
    return refused(errors.Unauthorized, "ODPS-0410051", lambda: odps.get_project().reload())


@operation("account.wrong-key")
def wrong_key(client):
    odps = client.entry(key="wrong")
    return refused(errors.Unauthorized, "ODPS-0410042", lambda: odps.get_project().reload())


@operation("account.wrong-key-tunnel")
def wrong_key_tunnel(client):
    name = client.make("wrong_key", PLAIN).name
    tunnel = client.tunnel(client.entry(key="wrong"), endpoint=client.config["tunnelEndpoint"])
    return refused(errors.Unauthorized, "ODPS-0410042", lambda: tunnel.create_upload_session(name))


@operation("account.unknown-id")
def unknown_id(client):
    odps = client.entry(access_id="nobody")
    return refused(errors.Unauthorized, "ODPS-0410051", lambda: odps.get_project().reload())


@operation("account.wrong-key-v4")
def wrong_key_v4(client):
    odps = client.entry(key="wrong", region_name="cn-hangzhou")
    return refused(errors.Unauthorized, "ODPS-0410042", lambda: odps.get_project().reload())


@operation("address.discovered")
def discovered(client):
    tunnel = client.tunnel(client.entry())
    name = client.make("discovered", PLAIN).name
    tunnel.create_upload_session(name)
    equal(tunnel.tunnel_rest.endpoint, client.config["tunnelEndpoint"])


@operation("address.given")
def given(client):
    odps = client.entry(tunnel_endpoint=client.config["tunnelEndpoint"])
    name = client.make("given", PLAIN).name
    client.tunnel(odps).create_upload_session(name)


@operation("address.quota")
def quota(client):
    odps = client.entry(quota_name="loading")
    name = client.make("quota", PLAIN).name
    session = client.tunnel(odps, quota_name="loading").create_upload_session(name)
    with session.open_record_writer(0) as writer:
        writer.write(session.new_record([1, "a"]))
    session.commit([0])
    equal(client.read(name), [[1, "a"]])


@operation("project.get")
def project_get(client):
    project = client.odps.get_project()
    project.reload()
    equal(project.name, client.project)
    holds(project.owner, "an owner")
    holds(project.creation_time, "a time of creation")
    equal(project.properties.get("odps.schema.model.enabled"), "false")


@operation("project.exists")
def project_exists(client):
    equal(client.odps.exist_project(client.project), True)
    equal(client.odps.exist_project("nowhere"), False)


@operation("project.missing")
def project_missing(client):
    odps = client.entry(project="nowhere")
    return refused(errors.NoSuchObject, "nowhere", lambda: odps.get_project().reload())


@operation("project.missing-tunnel")
def project_missing_tunnel(client):
    odps = client.entry(project="nowhere")
    tunnel = client.tunnel(odps, endpoint=client.config["tunnelEndpoint"])
    return refused(errors.NoSuchProject, "nowhere", lambda: tunnel.create_upload_session("t"))


@operation("table.exists")
def table_exists(client):
    name = client.make("exists", PLAIN).name
    equal(client.odps.exist_table(name), True)
    equal(client.odps.exist_table(name.upper()), True)
    equal(client.odps.exist_table("nothing_like_it"), False)


@operation("table.missing")
def table_missing(client):
    return refused(errors.NoSuchObject, "nothing_like_it", lambda: client.odps.get_table("nothing_like_it").reload())


@operation("table.schema")
def table_schema(client):
    table = client.make(
        "Schema", "Id BIGINT NOT NULL COMMENT 'it\\'s \\\"<&\\\"', v MAP<STRING,ARRAY<STRUCT<a:INT,b:DECIMAL(10,2)>>>",
        "COMMENT 'c1' PARTITIONED BY (pt STRING COMMENT 'day', h BIGINT) LIFECYCLE 7",
    )
    columns = table.table_schema.simple_columns
    equal([c.name for c in columns], ["id", "v"])
    equal(columns[0].comment, "it's \"<&\"")
    equal([str(c.type).lower() for c in columns], ["bigint", "map<string,array<struct<`a`:int,`b`:decimal(10,2)>>>"])
    equal([c.nullable for c in columns], [False, True])
    parts = table.table_schema.partitions
    equal([(p.name, str(p.type).lower(), p.comment or "") for p in parts], [("pt", "string", "day"), ("h", "bigint", "")])
    equal((table.comment, table.lifecycle), ("c1", 7))
    equal((table.is_virtual_view, table.type.name), (False, "MANAGED_TABLE"))
    holds(table.owner, "an owner")
    holds(table.creation_time and table.last_data_modified_time and table.last_meta_modified_time, "times")


@operation("table.extended")
def table_extended(client):
    plain = client.make("extended", PLAIN)
    equal((plain.is_transactional, plain.primary_key or [], plain.schema_version is not None), (False, [], True))
    delta = client.make(
        "extended_delta", "id BIGINT NOT NULL, name STRING, PRIMARY KEY (id)", "TBLPROPERTIES ('transactional'='true')"
    )
    equal((delta.is_transactional, delta.primary_key), (True, ["id"]))


@operation("table.statistics")
def table_statistics(client):
    name = client.make("statistics", PLAIN).name
    client.upload(name, [[i, "x"] for i in range(30)])
    table = client.odps.get_table(name)
    table.reload()
    equal(table.record_num, 30)


@operation("table.list")
def table_list(client):
    names = [client.make(word, PLAIN).name for word in ("list_a", "list_b")]
    listed = [table.name for table in client.odps.list_tables()]
    holds(set(names) <= set(listed), "both tables in the list")
    prefix = client.table_name("list_")
    equal(sorted(t.name for t in client.odps.list_tables(prefix=prefix) if t.name in names), sorted(names))
    view = client.table_name("list_view")
    client.sql(f"CREATE VIEW IF NOT EXISTS {view} AS SELECT * FROM {names[0]};")
    types = {t.name: t.type.name for t in client.odps.list_tables(prefix=prefix)}
    equal(types[view], "VIRTUAL_VIEW")


@operation("table.list-pages")
def table_list_pages(client, prefix, count):
    equal(len({table.name for table in client.odps.list_tables(prefix=prefix)}), count)


@operation("table.create-text")
def create_text(client):
    name = client.table_name("create_text")
    client.odps.delete_table(name, if_exists=True)
    client.odps.create_table(name, "id bigint, name string", if_not_exists=True)
    client.odps.create_table(name, "id bigint, name string", if_not_exists=True)
    equal(client.odps.get_table(name).table_schema.names, ["id", "name"])


@operation("table.create-partitioned")
def create_partitioned(client):
    name = client.table_name("create_parts")
    client.odps.delete_table(name, if_exists=True)
    columns = [Column("id", "bigint", comment="it's"), Column("v", "decimal(10,2)")]
    schema = TableSchema(columns=columns, partitions=[Partition("pt", "string", comment="day"), Partition("h", "bigint")])
    client.odps.create_table(name, schema, comment='a "b"', lifecycle=7)
    table = client.odps.get_table(name)
    equal((table.comment, table.lifecycle), ('a "b"', 7))
    equal([c.comment or "" for c in table.table_schema.columns], ["it's", "", "day", ""])
    equal([c.name for c in table.table_schema.partitions], ["pt", "h"])


@operation("table.create-primary-key")
def create_primary_key(client):
    name = client.table_name("create_key")
    client.odps.delete_table(name, if_exists=True)
    client.odps.create_table(name, "id bigint not null, name string", primary_key="id", transactional=True)
    equal(client.odps.get_table(name).primary_key, ["id"])


@operation("table.create-properties")
def create_properties(client):
    name = client.table_name("create_properties")
    client.odps.delete_table(name, if_exists=True)
    client.odps.create_table(name, "id bigint", table_properties={"columnar.nested.type": "true"})
    equal(client.odps.exist_table(name), True)


@operation("table.create-as-select")
def create_as_select(client):
    source, name = client.make("ctas_source", PLAIN).name, client.table_name("ctas")
    client.sql(f"INSERT INTO {source} VALUES (1, 'a'), (2, NULL);")
    client.odps.delete_table(name, if_exists=True)
    client.sql(f"CREATE TABLE {name} LIFECYCLE 3 AS SELECT id + 1 AS n, name FROM {source};")
    equal(client.odps.get_table(name).table_schema.names, ["n", "name"])
    equal(client.rows(f"SELECT * FROM {name} ORDER BY n;"), [[2, "a"], [3, None]])


@operation("table.create-like")
def create_like(client):
    source = client.make("like_source", PLAIN, "COMMENT 'c' PARTITIONED BY (pt STRING)").name
    name = client.table_name("like")
    client.sql(f"DROP TABLE IF EXISTS {name};")
    client.sql(f"CREATE TABLE {name} LIKE {source};")
    equal([c.name for c in client.odps.get_table(name).table_schema.columns], ["id", "name", "pt"])


@operation("table.create-generated")
def create_generated(client):
    name = client.table_name("create_generated")
    client.odps.delete_table(name, if_exists=True)
    client.odps.create_table(name, ("at timestamp_ntz, name string", "trunc_time(at, 'day') as pt"))
    rows = [[datetime(2024, 2, 29, 23, 59), "a"], [datetime(2024, 3, 1), "b"], [datetime(2024, 3, 1, 8), "c"]]
    client.odps.write_table(name, rows, create_partition=True)
    client.sql(f"INSERT INTO {name} SELECT TIMESTAMP_NTZ '2024-02-29 10:00:00', 'd';")
    equal([str(p.partition_spec) for p in client.odps.get_table(name).partitions], ["pt='2024-02-29'", "pt='2024-03-01'"])
    equal(client.rows(f"SELECT name FROM {name} WHERE pt = '2024-02-29' ORDER BY name;"), [["a"], ["d"]])
    holds("AUTO PARTITIONED BY" in client.odps.get_table(name).get_ddl(), "its statement")


@operation("table.create-existing")
def create_existing(client):
    name = client.make("create_existing", PLAIN).name
    call = lambda: client.odps.create_table(name, "id bigint")  # noqa: E731
    return refused(errors.ODPSError, "already exists", call)


@operation("table.create-bad")
def create_bad(client):
    call = lambda: client.odps.create_table(client.table_name("bad"), "id bigint, x nothing_known")  # noqa: E731
    return refused(errors.ParseError, "ODPS-0130161", call)


@operation("table.drop")
def drop(client):
    table = client.make("drop", PLAIN)
    table.drop()
    equal(client.odps.exist_table(table.name), False)
    client.odps.delete_table(table.name, if_exists=True)


@operation("table.drop-missing")
def drop_missing(client):
    return refused(errors.NoSuchTable, "ODPS-0130131", lambda: client.odps.delete_table("nothing_like_it"))


@operation("table.truncate")
def truncate(client):
    table = client.make("truncate", PLAIN)
    client.upload(table.name, [[1, "a"]])
    table.truncate()
    equal(client.read(table.name), [])
    parts = client.make("truncate_parts", PLAIN, "PARTITIONED BY (pt STRING)")
    for value in "ab":
        client.upload(parts.name, [[1, value]], f"pt={value}", create_partition=True)
    parts.truncate("pt='a'")
    equal([client.read(parts.name, f"pt={value}") for value in "ab"], [[], [[1, "b"]]])


@operation("table.add-columns")
def add_columns(client):
    table = client.make("add_columns", PLAIN)
    client.upload(table.name, [[1, "a"]])
    table.add_columns([Column("amount", "decimal(10,2)", comment="net"), Column("tags", "array<string>")])
    client.upload(table.name, [[2, "b", "1.50", ["x"]]])
    found = client.odps.get_table(table.name).table_schema
    equal([c.name for c in found.columns], ["id", "name", "amount", "tags"])
    rows = client.read(table.name)
    equal([[str(cell) if i == 2 else cell for i, cell in enumerate(row)] for row in rows],
          [[1, "a", "None", None], [2, "b", "1.50", ["x"]]])


@operation("table.add-fields")
def add_fields(client):
    name = client.make("add_fields", "key INT, point STRUCT<x:DOUBLE,y:DOUBLE>, l ARRAY<STRUCT<a:INT>>").name
    client.sql(f"INSERT INTO {name} SELECT 1, named_struct('x', 1.0, 'y', 2.0), array(named_struct('a', 1));")
    client.sql(f"ALTER TABLE {name} ADD COLUMNS (point.z DOUBLE, l.element.b STRING);")
    client.sql(f"INSERT INTO {name} SELECT 2, named_struct('x', 3.0, 'y', 4.0, 'z', 5.0), array(named_struct('a', 2, 'b', 'c'));")
    rows = sorted(client.read(name))
    equal([tuple(row[1]) for row in rows], [(1.0, 2.0, None), (3.0, 4.0, 5.0)])
    equal([[tuple(item) for item in row[2]] for row in rows], [[(1, None)], [(2, "c")]])


@operation("table.change")
def change(client):
    table = client.make("change", PLAIN)
    client.upload(table.name, [[1, "a"]])
    table.set_comment("it's new")
    table.set_lifecycle(9)
    table.reload()
    equal((table.comment, table.lifecycle), ("it's new", 9))
    renamed = client.table_name("changed")
    client.odps.delete_table(renamed, if_exists=True)
    table.rename(renamed)
    equal([client.odps.exist_table(n) for n in (client.table_name("change"), renamed)], [False, True])
    equal(client.read(renamed), [[1, "a"]])


@operation("table.creator")
def creator(client):
    return Impossible("create_table takes all of it")


@operation("table.ddl")
def ddl(client):
    table = client.make("ddl", PLAIN, "COMMENT 'c' PARTITIONED BY (pt STRING) LIFECYCLE 5")
    text = table.get_ddl()
    client.odps.delete_table(table.name)
    client.sql(text)
    again = client.odps.get_table(table.name)
    equal((again.comment, again.lifecycle, [c.name for c in again.table_schema.columns]), ("c", 5, ["id", "name", "pt"]))


@operation("table.load-several")
def load_several(client):
    return Impossible("PyODPS loads tables one at a time")


@operation("prepare.pages")
def prepare_pages(client, prefix, tables, table, partitions):
    """Many small tables and table partitions, for lists of several pages."""
    for at in range(0, tables, 100):
        names = [f"{prefix}{i}" for i in range(at, min(at + 100, tables))]
        instances = [client.odps.run_sql(f"CREATE TABLE {name} (id BIGINT);") for name in names]
        instances[-1].wait_for_success(interval=0.02)
    specs = " ".join(f"PARTITION (day='{i:05d}')" for i in range(partitions))
    client.sql(f"CREATE TABLE {table} (id BIGINT) PARTITIONED BY (day STRING);")
    client.sql(f"ALTER TABLE {table} ADD IF NOT EXISTS {specs};")
