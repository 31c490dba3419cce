import com.aliyun.odps.Column;
import com.aliyun.odps.OdpsType;
import com.aliyun.odps.TableSchema;
import com.aliyun.odps.data.ArrowRecordWriter;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.data.RecordReader;
import com.aliyun.odps.task.SQLTask;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.type.ArrayTypeInfo;
import com.aliyun.odps.type.CharTypeInfo;
import com.aliyun.odps.type.DecimalTypeInfo;
import com.aliyun.odps.type.MapTypeInfo;
import com.aliyun.odps.type.StructTypeInfo;
import com.aliyun.odps.type.TypeInfo;
import com.aliyun.odps.type.TypeInfoFactory;
import com.aliyun.odps.type.TypeInfoParser;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Values of each type: written as records or Arrow, read in every way. */
final class TypeTables {
  static void register(Map<String, Operation> all) {
    all.put("types.write", TypeTables::write);
    all.put("types.read", TypeTables::read);
    all.put("stream.types", (judge, given) -> {
      String table = judge.make("s_types", columns(samples(given)));
      Streams.flush(Streams.builder(judge, table).build(), rows(samples(given)).toArray(new Object[0][]));
      return compared(judge, table, samples(given));
    });
    all.put("upsert.types", (judge, given) -> {
      String table = judge.make("k_types", columns(samples(given)) + ", PRIMARY KEY (id)", Upserts.DELTA);
      Upserts.change(judge, table, rows(samples(given)), List.of());
      return compared(judge, table, samples(given));
    });
    all.put("types.csv", (judge, given) -> judge.csv("SELECT id, v FROM " + given.get("table").getAsString() + " ORDER BY id;"));
  }

  private static Object write(Judge judge, JsonObject given) throws Exception {
    String table = given.get("table").getAsString();
    TypeInfo type = TypeInfoParser.getTypeInfoFromTypeString(given.get("type").getAsString());
    JsonArray values = given.get("values").getAsJsonArray();
    TableSchema schema = Judge.schema(new Column("id", TypeInfoFactory.BIGINT), new Column("v", type));
    judge.odps.tables().delete(table, true);
    judge.odps.tables().newTableCreator(judge.project(), table, schema)
        .withHints(Map.of("odps.sql.type.system.odps2", "true", "odps.sql.decimal.odps2", "true")).create();
    TableTunnel.UploadSession session = judge.session(table, null);
    if (given.get("form").getAsString().equals("records")) {
      Object[][] rows = new Object[values.size()][];
      for (int i = 0; i < rows.length; i++) rows[i] = Judge.row((long) i, Cells.given(type, values.get(i)));
      Judge.block(session, 0, rows);
    } else {
      List<List<Object>> rows = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) rows.add(Judge.list((long) i, plain(type, values.get(i))));
      try (ArrowRecordWriter writer = session.openArrowRecordWriter(0)) {
        ArrowCells.write(writer, session.getArrowSchema(), session.getSchema(), rows);
      }
    }
    session.commit();
    return null;
  }

  private static Object read(Judge judge, JsonObject given) throws Exception {
    String table = given.get("table").getAsString();
    TypeInfo type = TypeInfoParser.getTypeInfoFromTypeString(given.get("type").getAsString());
    String route = given.get("route").getAsString();
    String column = given.has("column") ? given.get("column").getAsString() : "v";
    if (route.equals("arrow")) {
      TableTunnel.DownloadSession session = judge.download(table, null);
      List<List<Object>> rows = ArrowCells.read(session.openArrowRecordReader(0, session.getRecordCount(), columns(session, column)));
      rows.sort(Comparator.comparing(row -> (Long) row.get(0)));
      return rows.stream().map(row -> shownPlain(type, row.get(1))).toList();
    }
    List<Record> records = records(judge, table, route, column);
    records.sort(Comparator.comparing(record -> record.getBigint(0)));
    List<Object> found = new ArrayList<>();
    for (Record record : records) found.add(Cells.shown(type, record.get(1)));
    return found;
  }

  private static List<Column> columns(TableTunnel.DownloadSession session, String column) {
    return List.of(session.getSchema().getColumn("id"), session.getSchema().getColumn(column));
  }

  private static List<Record> records(Judge judge, String table, String route, String column) throws Exception {
    if (route.equals("sql")) return SQLTask.getResultByInstanceTunnel(judge.sql("SELECT id, " + column + " FROM " + table + ";"));
    List<Record> records = new ArrayList<>();
    TableTunnel.DownloadSession session = route.equals("records") ? judge.download(table, null) : null;
    RecordReader reader = session == null
        ? judge.odps.tables().get(table).read(null, List.of("id", column), 100)
        : session.openRecordReader(0, session.getRecordCount(), false, columns(session, column));
    for (Record record = reader.read(); record != null; record = reader.read()) records.add(record);
    reader.close();
    return records;
  }

  /** A type with its values in text form: a column of one table with all of them. */
  private record Sample(TypeInfo type, JsonArray values) {
    JsonElement at(int row) {
      return row < values.size() ? values.get(row) : JsonNull.INSTANCE;
    }
  }

  private static List<Sample> samples(JsonObject given) {
    List<Sample> samples = new ArrayList<>();
    for (JsonElement one : given.get("samples").getAsJsonArray()) {
      String type = one.getAsJsonObject().get("type").getAsString();
      samples.add(new Sample(TypeInfoParser.getTypeInfoFromTypeString(type), one.getAsJsonObject().get("values").getAsJsonArray()));
    }
    return samples;
  }

  private static String columns(List<Sample> samples) {
    StringBuilder columns = new StringBuilder("id BIGINT NOT NULL");
    for (int i = 0; i < samples.size(); i++) columns.append(", v").append(i).append(' ').append(samples.get(i).type());
    return columns.toString();
  }

  private static List<Object[]> rows(List<Sample> samples) {
    int count = samples.stream().mapToInt(sample -> sample.values().size()).max().orElse(0);
    List<Object[]> rows = new ArrayList<>();
    for (int at = 0; at < count; at++) {
      List<Object> row = new ArrayList<>(Judge.list((long) at));
      for (Sample sample : samples) row.add(sample.at(at).isJsonNull() ? null : Cells.given(sample.type(), sample.at(at)));
      rows.add(row.toArray());
    }
    return rows;
  }

  /** Reads all of the table as records and compares each column with its sample. */
  private static Object compared(Judge judge, String table, List<Sample> samples) throws Exception {
    TableTunnel.DownloadSession session = judge.download(table, null);
    List<Record> records = new ArrayList<>();
    try (RecordReader reader = session.openRecordReader(0, session.getRecordCount())) {
      for (Record record = reader.read(); record != null; record = reader.read()) records.add(record);
    }
    records.sort(Comparator.comparing(record -> record.getBigint(0)));
    Judge.equal(records.size(), rows(samples).size());
    for (int column = 0; column < samples.size(); column++) {
      Sample sample = samples.get(column);
      for (int row = 0; row < records.size(); row++) {
        Object cell = records.get(row).get(column + 1);
        Judge.equal(sample.type() + " " + normal(sample.type(), cell == null ? null : Cells.shown(sample.type(), cell)),
            sample.type() + " " + normal(sample.type(), filled(sample.type(), new Gson().fromJson(sample.at(row), Object.class))));
      }
    }
    return null;
  }

  /** CHAR comes back in its whole length, filled with blanks. */
  private static Object filled(TypeInfo type, Object value) {
    if (!(type instanceof CharTypeInfo chars) || !(value instanceof String text)) return value;
    int length = chars.getLength();
    return text + " ".repeat(length - text.codePointCount(0, text.length()));
  }

  /** Texts of JSON may differ in blanks, entries of a map in their order. */
  private static Object normal(TypeInfo type, Object shown) {
    if (shown == null) return null;
    if (type.getOdpsType() == OdpsType.JSON) return JsonParser.parseString(shown.toString());
    return type.toString().toLowerCase().contains("map<") ? sorted(shown) : shown;
  }

  private static Object sorted(Object shown) {
    if (!(shown instanceof List<?> list)) return shown;
    List<Object> items = new ArrayList<>();
    for (Object item : list) items.add(sorted(item));
    items.sort(Comparator.comparing(String::valueOf));
    return items;
  }

  /** From the text form to what {@link ArrowCells} takes. */
  private static Object plain(TypeInfo type, JsonElement value) {
    if (value.isJsonNull()) return null;
    if (type instanceof ArrayTypeInfo array) {
      List<Object> items = new ArrayList<>();
      value.getAsJsonArray().forEach(item -> items.add(plain(array.getElementTypeInfo(), item)));
      return items;
    }
    if (type instanceof MapTypeInfo map) {
      List<Object> pairs = new ArrayList<>();
      value.getAsJsonArray().forEach(pair -> pairs.add(Judge.list(plain(map.getKeyTypeInfo(), pair.getAsJsonArray().get(0)),
          plain(map.getValueTypeInfo(), pair.getAsJsonArray().get(1)))));
      return pairs;
    }
    if (type instanceof StructTypeInfo struct) {
      List<Object> fields = new ArrayList<>();
      for (int i = 0; i < struct.getFieldCount(); i++) fields.add(plain(struct.getFieldTypeInfos().get(i), value.getAsJsonArray().get(i)));
      return fields;
    }
    return switch (type.getOdpsType()) {
      case BINARY -> HexFormat.of().parseHex(value.getAsString());
      case DATE -> (int) LocalDate.parse(value.getAsString()).toEpochDay();
      case DATETIME, TIMESTAMP, TIMESTAMP_NTZ, INTERVAL_DAY_TIME, INTERVAL_YEAR_MONTH -> Long.valueOf(value.getAsString());
      case DECIMAL -> new BigDecimal(value.getAsString()).setScale(((DecimalTypeInfo) type).getScale());
      case VARCHAR, CHAR, JSON -> value.getAsString();
      default -> Cells.given(type, value);
    };
  }

  private static Object shownPlain(TypeInfo type, Object value) {
    if (value == null) return null;
    List<Object> shown = new ArrayList<>();
    if (type instanceof ArrayTypeInfo array) {
      for (Object item : (List<?>) value) shown.add(shownPlain(array.getElementTypeInfo(), item));
      return shown;
    }
    if (type instanceof MapTypeInfo map) {
      for (Object pair : (List<?>) value)
        shown.add(Judge.list(shownPlain(map.getKeyTypeInfo(), ((List<?>) pair).get(0)), shownPlain(map.getValueTypeInfo(), ((List<?>) pair).get(1))));
      return shown;
    }
    if (type instanceof StructTypeInfo struct) {
      for (int i = 0; i < struct.getFieldCount(); i++) shown.add(shownPlain(struct.getFieldTypeInfos().get(i), ((List<?>) value).get(i)));
      return shown;
    }
    return switch (type.getOdpsType()) {
      case DATE -> LocalDate.ofEpochDay((Integer) value).toString();
      case DATETIME, TIMESTAMP, TIMESTAMP_NTZ, INTERVAL_DAY_TIME, INTERVAL_YEAR_MONTH, JSON -> value.toString();
      case BOOLEAN, BINARY, FLOAT, DOUBLE, DECIMAL -> Cells.shown(type, value);
      default -> value.toString();
    };
  }
}
