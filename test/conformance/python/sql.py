"""SQL through instances: statements, results both ways, SHOW and DESC."""

import json
from datetime import date, datetime, timezone
from decimal import Decimal

from odps import errors
from odps.errors import InvalidStateSetting, ODPSError

from operations import Impossible, equal, holds, operation, refused

COLUMNS = "id BIGINT, name STRING, v DECIMAL(10,2), day DATE, t DATETIME"


def filled(client, word):
    name = client.make(word, COLUMNS).name
    client.sql(
        f"INSERT INTO {name} VALUES (1, 'a\"b', 1.50, DATE '2026-11-20', DATETIME '2026-11-20 08:30:00'), "
        "(2, NULL, -0.05, NULL, NULL), (3, 'c,\\nd', NULL, DATE '0001-01-01', NULL);"
    )
    return name


@operation("sql.tunnel-result")
def tunnel_result(client):
    instance = client.sql(f"SELECT * FROM {filled(client, 'q_tunnel')} ORDER BY id;")
    with instance.open_reader() as reader:
        holds(type(reader).__name__ == "TunnelRecordReader" or hasattr(reader, "count"), "the instance tunnel")
        equal(reader.count, 3)
        rows = [list(r.values) for r in reader]
    equal([row[:3] for row in rows], [[1, 'a"b', Decimal("1.50")], [2, None, Decimal("-0.05")], [3, "c,\nd", None]])
    equal([row[3] for row in rows], [date(2026, 11, 20), None, date(1, 1, 1)])
    # PyODPS sends its own time zone as that of the session.
    equal(rows[0][4].astimezone(timezone.utc), datetime(2026, 11, 20, 8, 30, tzinfo=timezone.utc))


@operation("sql.csv-result")
def csv_result(client):
    instance = client.sql(f"SELECT id, name, v FROM {filled(client, 'q_csv')} ORDER BY id;")
    with instance.open_reader(tunnel=False) as reader:
        rows = [[str(value) if value is not None else None for value in r.values] for r in reader]
    equal(rows, [["1", 'a"b', "1.5"], ["2", None, "-0.05"], ["3", "c,\nd", None]])


@operation("sql.arrow-result")
def arrow_result(client):
    instance = client.sql(f"SELECT id, name FROM {filled(client, 'q_arrow')} ORDER BY id;")
    with instance.open_reader(tunnel=True, arrow=True) as reader:
        frame = reader.to_pandas()
    equal(frame["id"].tolist(), [1, 2, 3])
    with client.sql(f"SELECT id, name FROM {client.table_name('q_arrow')};").open_reader(tunnel=True) as reader:
        equal(len(reader.to_pandas()), 3)


@operation("sql.columns-result")
def columns_result(client):
    from odps.tunnel import InstanceTunnel

    instance = client.sql(f"SELECT * FROM {filled(client, 'q_columns')} ORDER BY id;")
    session = InstanceTunnel(client.odps).create_download_session(instance)
    with session.open_record_reader(1, 1, columns=["name", "id"]) as reader:
        equal([list(r.values) for r in reader], [[None, 2]])
    again = InstanceTunnel(client.odps).create_download_session(instance, download_id=session.id)
    equal(again.count, 3)
    with again.open_record_reader(0, 3, columns=["id"]) as reader:
        equal([list(r.values) for r in reader], [[1], [2], [3]])


@operation("sql.limited-result")
def limited_result(client):
    name = client.make("q_limit", "id BIGINT").name
    client.upload(name, [[i] for i in range(10_500)])
    instance = client.sql(f"SELECT * FROM {name};")
    with instance.open_reader(tunnel=True, limit=True) as reader:
        equal(reader.count, 10_000)
    with instance.open_reader(tunnel=True, limit=False, reopen=True) as reader:
        equal(reader.count, 10_500)


@operation("sql.result-compression")
def result_compression(client, algorithm):
    instance = client.sql(f"SELECT id, name FROM {filled(client, 'q_' + algorithm)} ORDER BY id;")
    names = {"deflate": "zlib", "zstd": "zstd", "lz4": "lz4", "snappy": "snappy"}
    from odps.tunnel import InstanceTunnel

    session = InstanceTunnel(client.odps).create_download_session(instance, compress_algo=names[algorithm])
    with session.open_record_reader(0, 3, compress=True) as reader:
        equal([r.values[0] for r in reader], [1, 2, 3])


@operation("sql.ddl-result")
def ddl_result(client):
    instance = client.odps.execute_sql(f"CREATE TABLE IF NOT EXISTS {client.table_name('q_ddl')} (id BIGINT);")
    with instance.open_reader() as reader:
        equal((reader.raw or "").strip(), "")


@operation("sql.status")
def status(client):
    instance = client.odps.run_sql("SELECT 1 AS one;")
    instance.wait_for_success(interval=0.02)
    equal((instance.status.name, instance.is_terminated(), instance.is_successful()), ("TERMINATED", True, True))
    equal([t.status.name for t in instance.get_task_statuses().values()], ["SUCCESS"])
    equal(instance.get_task_names(), ["AnonymousSQLTask"])
    holds(instance.start_time and instance.end_time and instance.owner, "times and the owner")
    found = client.odps.get_instance(instance.id)
    equal(found.is_successful(), True)
    equal(client.odps.exist_instance(instance.id), True)


@operation("sql.task-name")
def task_name(client):
    instance = client.odps.run_sql("SELECT 7 AS seven;", name="my_task")
    instance.wait_for_success(interval=0.02)
    holds("7" in instance.get_task_result("my_task"), "the result by the name")


@operation("sql.source")
def source(client):
    instance = client.sql("SELECT '<&\"' AS x;")
    holds("SELECT '<&\"' AS x" in instance.get_sql_query(), "the statement")


@operation("sql.progress")
def progress(client):
    instance = client.sql("SELECT 1 AS one;")
    instance.get_task_progress(instance.get_task_names()[0])
    instance.get_all_task_progresses()


@operation("sql.stop")
def stop(client):
    numbers = "(SELECT explode(sequence(1, 1000000)) AS n)"
    instance = client.odps.run_sql(f"SELECT SUM(a.n * b.n) FROM {numbers} a, {numbers} b;")
    client.odps.stop_instance(instance.id)
    holds(instance.is_terminated(), "an end")
    refused(InvalidStateSetting, "", instance.stop)


@operation("sql.logview")
def logview(client):
    holds(client.sql("SELECT 1 AS one;").get_logview_address(), "a link")


@operation("sql.list-instances")
def list_instances(client):
    instance = client.sql("SELECT 1 AS one;")
    holds(instance.id in [one.id for one in client.odps.list_instances()], "the instance in the list")


@operation("sql.settings")
def settings(client):
    rows = client.rows("SET odps.sql.timezone=UTC; SELECT DATETIME '2026-11-20 08:30:00' AS t;")
    equal(rows[0][0].replace(tzinfo=None), datetime(2026, 11, 20, 8, 30))
    instance = client.odps.run_sql("SELECT DATETIME '2026-11-20 08:30:00' AS t;", hints={"odps.sql.timezone": "UTC"})
    instance.wait_for_success(interval=0.02)
    with instance.open_reader(tunnel=True) as reader:
        equal(next(iter(reader))[0].replace(tzinfo=None), datetime(2026, 11, 20, 8, 30))


@operation("sql.executor")
def executor(client):
    return Impossible("an SQLExecutor is a class of the Java client")


@operation("sql.dbapi")
def dbapi(client):
    import odps.dbapi

    connection = odps.dbapi.connect(client.odps)
    cursor = connection.cursor()
    cursor.execute("SELECT 1 AS one, 'a' AS two")
    equal(cursor.fetchall(), [[1, "a"]])
    equal([column[0] for column in cursor.description], ["one", "two"])


@operation("sql.pandas")
def pandas(client):
    frame = client.sql("SELECT 1 AS one, 'a' AS two;").to_pandas()
    equal(frame.to_dict("records"), [{"one": 1, "two": "a"}])


def text_of(client, statement):
    with client.sql(statement).open_reader(tunnel=False) as reader:
        return reader.raw


def written(instance):
    outputs = json.loads(instance.get_task_summary().json_summary)["Outputs"]
    return {name.split(".")[-1]: figures[0] for name, figures in outputs.items()}


@operation("sql.written-rows")
def written_rows(client):
    delta = "TBLPROPERTIES ('transactional'='true')"
    name = client.make("q_written", "id BIGINT NOT NULL, v BIGINT, PRIMARY KEY (id)", delta).name
    equal(written(client.sql(f"INSERT INTO {name} VALUES (1, 1), (2, 2), (3, 3);")), {name: 3})
    equal(written(client.sql(f"INSERT INTO {name} VALUES (3, 4), (4, 4);")), {name: 2})
    equal(written(client.sql(f"UPDATE {name} SET v = 0 WHERE id < 4;")), {name: 3})
    equal(written(client.sql(f"DELETE FROM {name} WHERE id = 1;")), {name: 1})
    parts = client.make("q_written_parts", "id BIGINT", "PARTITIONED BY (pt STRING)").name
    instance = client.sql(f"INSERT INTO {parts} PARTITION (pt) VALUES (1, 'a'), (2, 'b'), (3, 'b');")
    equal(written(instance), {f"{parts}/pt=a": 1, f"{parts}/pt=b": 2})


@operation("sql.script")
def script(client):
    a, b = (client.make(word, "id BIGINT NOT NULL").name for word in ("q_script_a", "q_script_b"))
    run = lambda text: client.odps.execute_sql(text, hints={"odps.sql.submit.mode": "script"})  # noqa: E731
    run(f"@n := SELECT explode(array(1L, 2L)) AS n; INSERT INTO {a} SELECT * FROM @n; INSERT INTO {b} SELECT n.n FROM @n;")
    found = refused(ODPSError, "NOT NULL", lambda: run(f"INSERT OVERWRITE {a} SELECT 9L; INSERT INTO {b} SELECT id FROM (SELECT CAST(NULL AS BIGINT) AS id) q;"))
    equal([client.rows(f"SELECT * FROM {name} ORDER BY id;") for name in (a, b)], [[[1], [2]]] * 2)
    holds(found is not None, "the error")


@operation("sql.show-tables")
def show_tables(client):
    name = filled(client, "q_show")
    holds(name in text_of(client, "SHOW TABLES;"), "the table")
    holds(name in text_of(client, f"SHOW TABLES LIKE '{name}*';"), "the table by a pattern")


@operation("sql.show-partitions")
def show_partitions(client):
    name = client.make("q_show_parts", "id BIGINT", "PARTITIONED BY (pt STRING, h BIGINT)").name
    client.sql(f"ALTER TABLE {name} ADD PARTITION (pt='a', h=1) PARTITION (pt='b', h=2);")
    equal(text_of(client, f"SHOW PARTITIONS {name};").split(), ["pt=a/h=1", "pt=b/h=2"])


@operation("sql.show-create")
def show_create(client):
    name = client.make("q_show_create", "id BIGINT COMMENT 'it\\'s', m MAP<STRING,BIGINT>", "COMMENT 'c' LIFECYCLE 3").name
    text = text_of(client, f"SHOW CREATE TABLE {name};")
    client.sql(f"DROP TABLE {name};")
    client.sql(text if text.rstrip().endswith(";") else text + ";")
    table = client.odps.get_table(name)
    equal((table.comment, table.lifecycle, table.table_schema["id"].comment), ("c", 3, "it's"))


@operation("sql.desc")
def desc(client):
    name = filled(client, "q_desc")
    for statement in (f"DESC {name};", f"DESC EXTENDED {name};"):
        text = text_of(client, statement)
        for word in ("id", "bigint", "decimal(10,2)"):
            holds(word in text.lower(), f"{word} in {statement}: {text}")


@operation("sql.insert")
def insert(client):
    name = client.make("q_insert", "id BIGINT, name STRING").name
    client.sql(f"INSERT INTO {name} VALUES (1, 'a');")
    client.sql(f"INSERT INTO TABLE {name} (name) SELECT 'b';")
    equal(sorted(client.read(name), key=str), [[1, "a"], [None, "b"]])
    client.sql(f"INSERT OVERWRITE TABLE {name} SELECT id, name FROM {name} WHERE id = 1;")
    equal(client.read(name), [[1, "a"]])


@operation("sql.insert-partition")
def insert_partition(client):
    name = client.make("q_insert_part", "id BIGINT", "PARTITIONED BY (pt STRING, h BIGINT)").name
    client.sql(f"INSERT INTO {name} PARTITION (pt='a', h=1) VALUES (1), (2);")
    client.sql(f"INSERT OVERWRITE TABLE {name} PARTITION (pt='a', h=1) SELECT 3;")
    client.sql(f"INSERT OVERWRITE TABLE {name} PARTITION (pt, h) SELECT 4, 'b', 2 UNION ALL SELECT 5, 'c', 3;")
    client.sql(f"INSERT INTO {name} PARTITION (pt='d', h) SELECT 6, 4;")
    rows = client.rows(f"SELECT id, pt, h FROM {name} ORDER BY id;")
    equal(rows, [[3, "a", 1], [4, "b", 2], [5, "c", 3], [6, "d", 4]])
    equal(len(list(client.odps.get_table(name).partitions)), 4)


@operation("sql.queries")
def queries(client):
    one = client.make("q_one", "k STRING, v BIGINT").name
    two = client.make("q_two", "k STRING, w BIGINT", "PARTITIONED BY (pt STRING)").name
    client.sql(f"INSERT INTO {one} VALUES ('a', 1), ('a', 2), ('b', 5);")
    client.sql(f"INSERT INTO {two} PARTITION (pt='x') VALUES ('a', 10), ('c', 30);")
    client.sql(f"INSERT INTO {two} PARTITION (pt='y') VALUES ('b', 20);")
    equal(client.rows(f"SELECT k, SUM(v) FROM {one} GROUP BY k HAVING SUM(v) > 2 ORDER BY k;"), [["a", 3], ["b", 5]])
    joined = f"SELECT o.k, o.v, t.w FROM {one} o LEFT OUTER JOIN {two} t ON o.k = t.k AND t.pt = 'x' ORDER BY o.k, o.v;"
    equal(client.rows(joined), [["a", 1, 10], ["a", 2, 10], ["b", 5, None]])
    windows = f"SELECT v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM {one} ORDER BY v;"
    equal(client.rows(windows), [[1, 2], [2, 1], [5, 1]])
    equal(client.rows(f"SELECT COUNT(*) FROM {two} WHERE pt = 'y';"), [[1]])


@operation("sql.functions")
def functions(client):
    query = (
        "SELECT GET_JSON_OBJECT('{\"a\":{\"b\":[1,2]}}', '$.a.b[1]'), TO_CHAR(DATETIME '2026-11-20 08:30:00', 'yyyymmdd'), "
        "NVL(CAST(NULL AS STRING), 'x'), DATEDIFF(DATETIME '2026-11-20 00:00:00', DATETIME '2026-11-18 00:00:00', 'dd'), "
        "CONCAT_WS('-', 'a', 'b'), SPLIT_PART('a,b,c', ',', 2);"
    )
    equal(client.rows(query), [["2", "20261120", "x", 2, "a-b", "b"]])


@operation("sql.view")
def view(client):
    name, table = client.table_name("q_view"), filled(client, "q_view_of")
    client.sql(f"DROP VIEW IF EXISTS {name};")
    client.sql(f"CREATE VIEW {name} COMMENT 'v' AS SELECT id, UPPER(name) AS upper_name FROM {table} WHERE id < 3;")
    equal(client.rows(f"SELECT * FROM {name} ORDER BY id;"), [[1, 'A"B'], [2, None]])
    found = client.odps.get_table(name)
    equal((found.is_virtual_view, found.type.name), (True, "VIRTUAL_VIEW"))
    holds("SELECT" in (found.view_text or "").upper(), "the text of the view")
    client.sql(f"DROP VIEW {name};")


@operation("sql.error-missing-table")
def error_missing_table(client):
    return refused(errors.NoSuchTable, "ODPS-0130131:[1,15]", lambda: client.sql("SELECT * FROM nothing_like_it;"))


@operation("sql.error-syntax")
def error_syntax(client):
    return refused(errors.ParseError, "ODPS-0130161:[1,1]", lambda: client.sql("SELEKT 1;"))


@operation("sql.error-statement")
def error_statement(client):
    return refused(errors.ParseError, "ODPS-0130161", lambda: client.sql("GRANT ALL ON x TO y;"))


@operation("sql.error-instance")
def error_instance(client):
    return refused(errors.NoSuchObject, "nothing", lambda: client.odps.get_instance("nothing").reload())


@operation("sql.error-project")
def error_project(client):
    odps = client.entry(project="nowhere")
    return refused(errors.NoSuchObject, "nowhere", lambda: odps.run_sql("SELECT 1;"))


@operation("sql.error-failed-result")
def error_failed_result(client):
    from odps.tunnel import InstanceTunnel

    instance = client.odps.run_sql("SELECT * FROM nothing_like_it;")
    instance.wait_for_completion(interval=0.02)
    equal(instance.is_successful(), False)
    return refused(ODPSError, "TaskFailed", lambda: InstanceTunnel(client.odps).create_download_session(instance))


@operation("sql.error-no-rows")
def error_no_rows(client):
    from odps.tunnel import InstanceTunnel

    instance = client.sql("DROP TABLE IF EXISTS nothing_like_it;")
    call = lambda: InstanceTunnel(client.odps).create_download_session(instance)  # noqa: E731
    return refused(errors.InstanceTypeNotSupported, "InstanceTypeNotSupported", call)

