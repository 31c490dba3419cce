"""Values of each type: written as records or Arrow, read in every way, each in one text form for both clients."""

import json
import re
import struct
from calendar import timegm
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, getcontext

import pandas as pd
import pyarrow as pa
from odps import types
from odps.lib import Monthdelta
from odps.tunnel.io.types import odps_type_to_arrow_type
from odps.types import validate_data_type

import stream
import upsert
from operations import equal, operation

# DECIMAL has up to 38 digits, Decimal counts with 28 unless told.
getcontext().prec = 60
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
WHOLE = ("tinyint", "smallint", "int", "bigint")
NANOS = ("timestamp", "timestamp_ntz", "interval_day_time")


def kind(type_):
    return type_.name.split("(")[0].split("<")[0].lower()


def bits(value, size):
    return struct.pack(">f" if size == 4 else ">d", value).hex()


def from_bits(text):
    return struct.unpack(">f" if len(text) == 8 else ">d", bytes.fromhex(text))[0]


def given(type_, value, arrow):
    """What the client is handed for a value in text form."""
    if value is None:
        return None
    name = kind(type_)
    if name == "array":
        return [given(type_.value_type, item, arrow) for item in value]
    if name == "map":
        pairs = [(given(type_.key_type, k, arrow), given(type_.value_type, v, arrow)) for k, v in value]
        return pairs if arrow else dict(pairs)
    if name == "struct":
        return {field: given(of, item, arrow) for (field, of), item in zip(type_.field_types.items(), value)}
    return given_leaf(name, value, arrow)


def given_leaf(name, value, arrow):
    if name in WHOLE:
        return int(value)
    if name in ("float", "double"):
        return from_bits(value)
    if name == "decimal":
        return Decimal(value)
    if name == "binary":
        return bytes.fromhex(value)
    if name == "date":
        return date.fromisoformat(value)
    if name == "json":
        return json.loads(value)
    if name == "datetime":
        return int(value) if arrow else EPOCH + timedelta(milliseconds=int(value))
    if name in ("timestamp", "timestamp_ntz"):
        stamp = pd.Timestamp(int(value), unit="ns")
        return int(value) if arrow else (stamp.tz_localize("UTC") if name == "timestamp" else stamp)
    if name == "interval_day_time":
        seconds, nanos = divmod(int(value), 1_000_000_000)
        return {"sec": seconds, "nano": nanos} if arrow else pd.Timedelta(int(value), unit="ns")
    if name == "interval_year_month":
        return int(value) if arrow else Monthdelta(int(value))
    return value


def shown(type_, value):
    """The text form of what the client read."""
    if value is None or value is pd.NaT:
        return None
    name = kind(type_)
    if name == "array":
        return [shown(type_.value_type, item) for item in value]
    if name == "map":
        pairs = value.items() if isinstance(value, dict) else value
        return [[shown(type_.key_type, k), shown(type_.value_type, v)] for k, v in pairs]
    if name == "struct":
        items = value.values() if isinstance(value, dict) else value
        return [shown(of, item) for of, item in zip(type_.field_types.values(), items)]
    return shown_leaf(type_, name, value)


def shown_leaf(type_, name, value):
    if name in WHOLE:
        return str(int(value))
    if name in ("float", "double"):
        return bits(value, 4 if name == "float" else 8)
    if name == "decimal":
        return format(Decimal(value).quantize(Decimal(1).scaleb(-(type_.scale or 0)) if type_.precision else Decimal("1E-18")), "f")
    if name == "binary":
        return bytes(value).hex()
    if name == "date":
        return value.isoformat()
    if name == "json":
        return json.dumps(value)
    if name == "datetime":
        return str(millis(value))
    if name in NANOS:
        return str(nanos(value))
    if name == "interval_year_month":
        return str(value.total_months() if hasattr(value, "total_months") else int(value))
    return value if isinstance(value, (bool, str)) else value.decode()


def millis(value):
    if isinstance(value, dict):
        return value["nano"] // 1_000_000
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    if value.tzinfo is None:
        return timegm(value.timetuple()) * 1000 + value.microsecond // 1000
    return (value - EPOCH) // timedelta(milliseconds=1)


def nanos(value):
    if isinstance(value, dict):
        return value["sec"] * 1_000_000_000 + value["nano"]
    if isinstance(value, datetime) and not isinstance(value, pd.Timestamp):
        value = pd.Timestamp(value)
    if isinstance(value, pd.Timestamp):
        return value.as_unit("ns").value
    return pd.Timedelta(value).as_unit("ns").value


def rows_of(type_, values, arrow=False):
    return [[i, given(type_, value, arrow)] for i, value in enumerate(values)]


@operation("types.write")
def write(client, table, type, form, values):
    """Creates the table by the client's own call and uploads the values."""
    client.odps.delete_table(table, if_exists=True)
    schema = types.OdpsSchema([types.Column("id", "bigint"), types.Column("v", type)])
    client.odps.create_table(table, schema)
    column = validate_data_type(type)
    session = client.tunnel().create_upload_session(table)
    if form == "records":
        with session.open_record_writer(0) as writer:
            for row in rows_of(column, values):
                writer.write(session.new_record(row))
    else:
        of = odps_type_to_arrow_type(column)
        data = [given(column, value, True) for value in values]
        batch = pa.RecordBatch.from_arrays([pa.array(range(len(values)), pa.int64()), pa.array(data, of)], names=["id", "v"])
        with session.open_arrow_writer(0) as writer:
            writer.write(batch)
    session.commit([0])


@operation("types.read")
def read(client, table, type, route, column="v"):
    of = validate_data_type(type)
    rows = ROUTES[route](client, table, ["id", column])
    return [shown(of, value) for _, value in sorted(rows, key=lambda row: row[0])]


def by_records(client, table, columns):
    return client.read(table, columns=columns)


def arrow_rows(reader):
    rows = []
    for batch in iter(reader.read_next_batch, None):
        rows += zip(*(exact(column) for column in batch.columns))
    return rows


def exact(column):
    """Python values; times as integers, which hold every one of them."""
    if pa.types.is_timestamp(column.type):
        unit = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}[column.type.unit]
        numbers = column.cast(pa.int64()).to_pylist()
        return [None if n is None else {"sec": 0, "nano": n * unit} for n in numbers]
    return column.to_pylist()


def by_arrow(client, table, columns):
    session = client.tunnel().create_download_session(table)
    with session.open_arrow_reader(0, session.count, columns=columns) as reader:
        return arrow_rows(reader)


def by_sql(client, table, columns):
    return client.rows(f"SELECT {', '.join(columns)} FROM {table};")


def by_sql_arrow(client, table, columns):
    with client.sql(f"SELECT {', '.join(columns)} FROM {table};").open_reader(tunnel=True, arrow=True) as reader:
        return [row for batch in reader for row in zip(*(exact(column) for column in batch.columns))]


def by_preview(client, table, columns):
    """All columns: asked for some, PyODPS takes BINARY for a text."""
    assert columns == ["id", "v"]
    return [list(record.values) for record in client.odps.get_table(table).head(100, use_legacy=False)]


ROUTES = {
    "records": by_records,
    "arrow": by_arrow,
    "sql": by_sql,
    "sql-arrow": by_sql_arrow,
    "preview": by_preview,
}


@operation("types.csv")
def csv(client, table, **_):
    """The texts of the CSV result, as they stand there."""
    with client.sql(f"SELECT id, v FROM {table} ORDER BY id;").open_reader(tunnel=False) as reader:
        return reader.raw


@operation("stream.types")
def by_stream(client, samples):
    table = client.make("s_types", typed_columns(samples)).name
    stream.write(client.tunnel().create_stream_upload_session(table), typed_rows(samples))
    check_typed(client, table, samples)


@operation("upsert.types")
def by_upsert(client, samples):
    table = upsert.table_of(client, "k_types", f"{typed_columns(samples)}, PRIMARY KEY (id)")
    upsert.change(client, table, typed_rows(samples))
    check_typed(client, table, samples)


def typed_columns(samples):
    """One column for each type."""
    return ", ".join(["id BIGINT NOT NULL", *(f"v{at} {sample['type']}" for at, sample in enumerate(samples))])


def typed_texts(samples):
    """Rows in text form; a type with fewer values is NULL in the last ones."""
    count = max(len(sample["values"]) for sample in samples)
    return [[dict(enumerate(sample["values"])).get(row) for sample in samples] for row in range(count)]


def typed_rows(samples):
    kinds = [validate_data_type(sample["type"]) for sample in samples]
    rows = typed_texts(samples)
    return [[at, *(given(of, text, False) for of, text in zip(kinds, row))] for at, row in enumerate(rows)]


def filled(type_text, text):
    """CHAR comes back in its whole length, filled with blanks."""
    length = re.fullmatch(r"char\((\d+)\)", type_text)
    return text.ljust(int(length[1])) if length and text else text


def check_typed(client, table, samples):
    rows = sorted(client.read(table), key=lambda row: row[0])
    for at, sample in enumerate(samples):
        of = validate_data_type(sample["type"])
        read = json.loads if kind(of) == "json" else lambda text: text
        found = [shown(of, row[at + 1]) for row in rows]
        wanted = [filled(sample["type"], row[at]) for row in typed_texts(samples)]
        equal([text and read(text) for text in found], [text and read(text) for text in wanted], sample["type"])
