import com.aliyun.odps.Column;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.Table;
import com.aliyun.odps.TableSchema;
import com.aliyun.odps.data.ArrayRecord;
import com.aliyun.odps.expression.TruncTime;
import com.aliyun.odps.type.TypeInfoFactory;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The forms of CREATE TABLE that the client writes. */
final class TableCreation {
  static void register(Map<String, Operation> all) {
    all.put("table.create-text", Operation.of(judge -> {
      String name = fresh(judge, "create_text");
      judge.odps.tables().create(judge.project(), name, plain(), true);
      judge.odps.tables().create(judge.project(), name, plain(), true);
      Judge.equal(names(judge, name), List.of("id", "name"));
    }));
    all.put("table.create-partitioned", Operation.of(TableCreation::partitioned));
    all.put("table.create-primary-key", Operation.of(judge -> {
      String name = fresh(judge, "create_key");
      judge.odps.tables().newTableCreator(judge.project(), name, keyed()).deltaTable().withPrimaryKeys(List.of("id")).create();
      Judge.equal(judge.odps.tables().get(name).getPrimaryKey(), List.of("id"));
    }));
    all.put("table.create-properties", Operation.of(judge -> {
      String name = fresh(judge, "create_properties");
      judge.odps.tables().newTableCreator(judge.project(), name, plain())
          .withTblProperties(Map.of("columnar.nested.type", "true")).create();
      Judge.equal(judge.odps.tables().exists(name), true);
    }));
    all.put("table.creator", Operation.of(judge -> {
      String name = fresh(judge, "creator");
      judge.odps.tables().newTableCreator(judge.project(), name, keyed()).ifNotExists().deltaTable()
          .withPrimaryKeys(List.of("id")).withDeltaTableBucketNum(4).withLifeCycle(10L).withComment("c").create();
      Table table = judge.odps.tables().get(name);
      Judge.equal(List.of(table.getLife(), table.getComment(), table.isTransactional()), List.of(10L, "c", true));
    }));
    all.put("table.create-as-select", Operation.of(TableCreation::asSelect));
    all.put("table.create-like", Operation.of(judge -> {
      String source = judge.make("like_source", "id BIGINT, name STRING", "COMMENT 'c' PARTITIONED BY (pt STRING)");
      String name = fresh(judge, "like");
      judge.sql("CREATE TABLE " + name + " LIKE " + source + ";");
      Judge.equal(names(judge, name), List.of("id", "name"));
      Judge.equal(judge.odps.tables().get(name).isPartitioned(), true);
    }));
    all.put("table.create-generated", Operation.of(TableCreation::generated));
    all.put("table.create-existing", (judge, given) -> {
      String name = judge.make("create_existing", "id BIGINT");
      return Judge.refused(OdpsException.class, "already exists", () -> judge.odps.tables().create(name, plain()));
    });
    all.put("table.create-bad", (judge, given) -> Judge.refused(OdpsException.class, "ODPS-0130161",
        () -> judge.sql("CREATE TABLE " + judge.name("bad") + " (id BIGINT, x nothing_known);")));
  }

  private static void generated(Judge judge) throws Exception {
    String name = fresh(judge, "create_generated");
    TableSchema schema = Judge.schema(new Column("at", TypeInfoFactory.TIMESTAMP_NTZ), new Column("name", TypeInfoFactory.STRING));
    judge.odps.tables().newTableCreator(judge.project(), name, schema)
        .autoPartitionBy(new TruncTime("at", TruncTime.DatePart.DAY), "pt").create();
    Table table = judge.odps.tables().get(name);
    LocalDateTime at = LocalDateTime.of(2024, 2, 29, 23, 59);
    String spec = table.getSchema().generatePartitionSpec(Judge.filled(new ArrayRecord(table.getSchema()), at, "a")).toString();
    Judge.equal(spec, "pt='2024-02-29'");
    table.createPartition(new PartitionSpec(spec));
    judge.upload(name, spec, Judge.row(at, "a"));
    judge.sql("INSERT INTO " + name + " VALUES (TIMESTAMP_NTZ '2024-02-29 10:00:00', 'b'), (TIMESTAMP_NTZ '2024-03-01 00:00:00', 'c');");
    Judge.equal(table.getPartitionSpecs().toString(), "[pt='2024-02-29', pt='2024-03-01']");
    Judge.equal(judge.rows("SELECT name FROM " + name + " WHERE pt = '2024-02-29' ORDER BY name;"),
        Judge.list(Judge.list("a"), Judge.list("b")));
  }

  private static TableSchema plain() {
    return Judge.schema(new Column("id", TypeInfoFactory.BIGINT), new Column("name", TypeInfoFactory.STRING, "it's"));
  }

  private static TableSchema keyed() {
    Column id = new Column("id", TypeInfoFactory.BIGINT);
    id.setNullable(false);
    return Judge.schema(id, new Column("name", TypeInfoFactory.STRING));
  }

  private static String fresh(Judge judge, String word) throws OdpsException {
    judge.odps.tables().delete(judge.name(word), true);
    return judge.name(word);
  }

  private static List<String> names(Judge judge, String table) {
    return judge.odps.tables().get(table).getSchema().getColumns().stream().map(Column::getName).collect(Collectors.toList());
  }

  private static void partitioned(Judge judge) throws Exception {
    String name = fresh(judge, "create_parts");
    TableSchema schema = Judge.schema(new Column("id", TypeInfoFactory.BIGINT, "it's"),
        new Column("v", TypeInfoFactory.getDecimalTypeInfo(10, 2)));
    schema.addPartitionColumn(new Column("pt", TypeInfoFactory.STRING, "day"));
    schema.addPartitionColumn(new Column("h", TypeInfoFactory.BIGINT));
    judge.odps.tables().createTableWithLifeCycle(judge.project(), name, schema, "a b", false, 7L);
    Table table = judge.odps.tables().get(name);
    Judge.equal(List.of(table.getComment(), table.getLife()), List.of("a b", 7L));
    Judge.equal(table.getSchema().getColumn("id").getComment(), "it's");
    Judge.equal(table.getSchema().getPartitionColumns().stream().map(Column::getName).collect(Collectors.toList()), List.of("pt", "h"));
  }

  private static void asSelect(Judge judge) throws Exception {
    String source = judge.make("ctas_source", "id BIGINT, name STRING");
    judge.sql("INSERT INTO " + source + " VALUES (1, 'a'), (2, NULL);");
    String name = fresh(judge, "ctas");
    judge.sql("CREATE TABLE " + name + " LIFECYCLE 3 AS SELECT id + 1 AS n, name FROM " + source + ";");
    Judge.equal(judge.rows("SELECT * FROM " + name + " ORDER BY n;"), Judge.list(Judge.list(2L, "a"), Judge.list(3L, null)));
  }
}
