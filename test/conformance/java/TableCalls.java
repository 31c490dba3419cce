import com.aliyun.odps.Column;
import com.aliyun.odps.NoSuchObjectException;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.Table;
import com.aliyun.odps.data.Struct;
import com.aliyun.odps.TableFilter;
import com.aliyun.odps.type.TypeInfoFactory;
import com.aliyun.odps.type.TypeInfoParser;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Tables: what they are, lists of them, changes. */
final class TableCalls {
  private static final String COLUMNS = "id BIGINT, name STRING";

  static void register(Map<String, Operation> all) {
    all.put("table.exists", Operation.of(judge -> {
      String name = judge.make("exists", COLUMNS);
      Judge.equal(judge.odps.tables().exists(name), true);
      Judge.equal(judge.odps.tables().exists(name.toUpperCase()), true);
      Judge.equal(judge.odps.tables().exists("nothing_like_it"), false);
    }));
    all.put("table.missing", (judge, given) -> Judge.refused(NoSuchObjectException.class, "NoSuchObject",
        () -> judge.odps.tables().get("nothing_like_it").reload()));
    all.put("table.schema", Operation.of(TableCalls::schema));
    all.put("table.extended", Operation.of(TableCalls::extended));
    all.put("table.statistics", Operation.of(judge -> {
      String name = judge.make("statistics", COLUMNS);
      judge.upload(name, null, Judge.row(1L, "a"), Judge.row(2L, "b"));
      Judge.equal(judge.odps.tables().get(name).getRecordNum(), 2L);
    }));
    all.put("table.list", Operation.of(TableCalls::listed));
    all.put("table.list-pages", TableCalls::pages);
    all.put("table.load-several", Operation.of(judge -> {
      List<String> names = List.of(judge.make("load_a", COLUMNS), judge.make("load_b", "x DOUBLE"));
      List<Table> tables = judge.odps.tables().loadTables(names);
      Judge.equal(tables.stream().map(Table::getName).sorted().collect(Collectors.toList()), names);
    }));
    all.put("table.drop", Operation.of(judge -> {
      String name = judge.make("drop", COLUMNS);
      judge.odps.tables().delete(name);
      Judge.equal(judge.odps.tables().exists(name), false);
      judge.odps.tables().delete(name, true);
    }));
    all.put("table.drop-missing", (judge, given) -> Judge.refused(OdpsException.class, "ODPS-0130131",
        () -> judge.odps.tables().delete("nothing_like_it")));
    all.put("table.truncate", Operation.of(TableCalls::truncate));
    all.put("table.add-columns", Operation.of(TableCalls::addColumns));
    all.put("table.add-fields", Operation.of(TableCalls::addFields));
    all.put("table.change", Operation.of(TableCalls::change));
    all.put("table.ddl", Operation.impossible("a Java table writes no statement of itself"));
  }

  private static void schema(Judge judge) throws Exception {
    String name = judge.make("Schema", "Id BIGINT NOT NULL COMMENT 'it\\'s ]]> \\\"<&\\\"', "
        + "v MAP<STRING,ARRAY<STRUCT<a:INT,b:DECIMAL(10,2)>>>",
        "COMMENT 'c1' PARTITIONED BY (pt STRING COMMENT 'day', h BIGINT) LIFECYCLE 7");
    Table table = judge.odps.tables().get(name);
    List<Column> columns = table.getSchema().getColumns();
    Judge.equal(columns.stream().map(Column::getName).collect(Collectors.toList()), List.of("id", "v"));
    Judge.equal(columns.get(0).getComment(), "it's ]]> \"<&\"");
    Judge.equal(columns.get(0).isNullable(), false);
    Judge.equal(columns.get(1).getTypeInfo(), TypeInfoParser.getTypeInfoFromTypeString("MAP<STRING,ARRAY<STRUCT<a:INT,b:DECIMAL(10,2)>>>"));
    List<Column> parts = table.getSchema().getPartitionColumns();
    Judge.equal(parts.stream().map(c -> c.getName() + " " + c.getTypeInfo()).collect(Collectors.toList()), List.of("pt STRING", "h BIGINT"));
    Judge.equal(List.of(table.getComment(), table.getLife(), parts.get(0).getComment()), List.of("c1", 7L, "day"));
    Judge.equal(List.of(table.getType(), table.isVirtualView()), List.of(Table.TableType.MANAGED_TABLE, false));
    Judge.holds(table.getOwner() != null && table.getCreatedTime() != null && table.getLastDataModifiedTime() != null
        && table.getLastMetaModifiedTime() != null, "owner and times");
  }

  private static void extended(Judge judge) throws Exception {
    Table plain = judge.odps.tables().get(judge.make("extended", COLUMNS));
    Judge.equal(List.of(plain.isTransactional(), plain.isDeltaTable()), List.of(false, false));
    Judge.holds(plain.getSchemaVersion() != null, "a version of the schema");
    Table delta = judge.odps.tables().get(judge.make("extended_delta", "id BIGINT NOT NULL, name STRING, PRIMARY KEY (id)",
        "TBLPROPERTIES ('transactional'='true')"));
    Judge.equal(List.of(delta.isTransactional(), delta.getPrimaryKey()), List.of(true, List.of("id")));
    Judge.equal(delta.isDeltaTable(), true);
  }

  private static void listed(Judge judge) throws Exception {
    List<String> names = List.of(judge.make("list_a", COLUMNS), judge.make("list_b", COLUMNS));
    String view = judge.name("list_view");
    judge.sql("CREATE VIEW IF NOT EXISTS " + view + " AS SELECT * FROM " + names.get(0) + ";");
    TableFilter filter = new TableFilter();
    filter.setName(judge.name("list_"));
    Set<String> found = new HashSet<>();
    for (Iterator<Table> tables = judge.odps.tables().iterator(filter); tables.hasNext(); ) found.add(tables.next().getName());
    Judge.equal(found, Set.of(names.get(0), names.get(1), view));
    Judge.equal(judge.odps.tables().get(view).getType(), Table.TableType.VIRTUAL_VIEW);
  }

  private static Object pages(Judge judge, JsonObject given) {
    TableFilter filter = new TableFilter();
    filter.setName(given.get("prefix").getAsString());
    Set<String> found = new HashSet<>();
    for (Iterator<Table> tables = judge.odps.tables().iterator(filter); tables.hasNext(); ) found.add(tables.next().getName());
    Judge.equal(found.size(), given.get("count").getAsInt());
    return null;
  }

  private static void truncate(Judge judge) throws Exception {
    String name = judge.make("truncate", COLUMNS);
    judge.upload(name, null, Judge.row(1L, "a"));
    judge.odps.tables().get(name).truncate();
    Judge.equal(judge.read(name, null), List.of());
    String parts = judge.make("truncate_parts", COLUMNS, "PARTITIONED BY (pt STRING)");
    for (String value : List.of("a", "b")) {
      judge.odps.tables().get(parts).createPartition(new PartitionSpec("pt=" + value));
      judge.upload(parts, "pt=" + value, Judge.row(1L, value));
    }
    judge.sql("TRUNCATE TABLE " + parts + " PARTITION (pt='a');");
    Judge.equal(judge.read(parts, "pt=a"), List.of());
    Judge.equal(judge.read(parts, "pt=b"), Judge.list(Judge.list(1L, "b")));
  }

  private static void addColumns(Judge judge) throws Exception {
    String name = judge.make("add_columns", COLUMNS);
    judge.upload(name, null, Judge.row(1L, "a"));
    judge.odps.tables().get(name).addColumns(List.of(new Column("amount", TypeInfoFactory.getDecimalTypeInfo(10, 2), "net"),
        new Column("tags", TypeInfoFactory.getArrayTypeInfo(TypeInfoFactory.STRING))), false);
    judge.upload(name, null, Judge.row(2L, "b", new BigDecimal("1.50"), List.of("x")));
    List<Column> columns = judge.odps.tables().get(name).getSchema().getColumns();
    Judge.equal(columns.stream().map(Column::getName).collect(Collectors.toList()), List.of("id", "name", "amount", "tags"));
    Judge.equal(judge.read(name, null), Judge.list(Judge.list(1L, "a", null, null),
        Judge.list(2L, "b", new BigDecimal("1.50"), List.of("x"))));
  }

  private static void addFields(Judge judge) throws Exception {
    String name = judge.make("add_fields", "key INT, point STRUCT<x:DOUBLE,y:DOUBLE>, l ARRAY<STRUCT<a:INT>>");
    judge.sql("INSERT INTO " + name + " SELECT 1, named_struct('x', 1.0, 'y', 2.0), array(named_struct('a', 1));");
    judge.sql("ALTER TABLE " + name + " ADD COLUMNS (point.z DOUBLE, l.element.b STRING);");
    judge.sql("INSERT INTO " + name + " SELECT 2, named_struct('x', 3.0, 'y', 4.0, 'z', 5.0), array(named_struct('a', 2, 'b', 'c'));");
    List<List<Object>> rows = Judge.sorted(judge.read(name, null));
    Judge.equal(rows.stream().map(row -> ((Struct) row.get(1)).getFieldValues()).collect(Collectors.toList()),
        List.of(Judge.list(1.0, 2.0, null), Judge.list(3.0, 4.0, 5.0)));
    Judge.equal(rows.stream().map(row -> ((Struct) ((List<?>) row.get(2)).get(0)).getFieldValues()).collect(Collectors.toList()),
        List.of(Judge.list(1, null), Judge.list(2, "c")));
  }

  private static void change(Judge judge) throws Exception {
    String name = judge.make("change", COLUMNS);
    judge.upload(name, null, Judge.row(1L, "a"));
    Table table = judge.odps.tables().get(name);
    table.changeComment("new");
    table.setLifeCycle(9);
    Table again = judge.odps.tables().get(name);
    Judge.equal(List.of(again.getComment(), again.getLife()), List.of("new", 9L));
    judge.odps.tables().delete(judge.name("changed"), true);
    table.rename(judge.name("changed"));
    Judge.equal(judge.odps.tables().exists(name), false);
    Judge.equal(judge.read(judge.name("changed"), null), Judge.list(Judge.list(1L, "a")));
  }
}
