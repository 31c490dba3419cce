import com.aliyun.odps.Instance;
import com.aliyun.odps.NoSuchObjectException;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.Table;
import com.aliyun.odps.data.ResultSet;
import com.aliyun.odps.sqa.ExecuteMode;
import com.aliyun.odps.sqa.SQLExecutor;
import com.aliyun.odps.sqa.SQLExecutorBuilder;
import com.aliyun.odps.task.SQLTask;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** SQL: statements and their errors. */
final class Statements {
  static void register(Map<String, Operation> all) {
    all.put("sql.queries", Operation.of(Statements::queries));
    all.put("sql.functions", Operation.of(judge -> Judge.equal(judge.rows(
        "SELECT GET_JSON_OBJECT('{\"a\":{\"b\":[1,2]}}', '$.a.b[1]'), TO_CHAR(DATETIME '2026-11-20 08:30:00', 'yyyymmdd'), "
            + "NVL(CAST(NULL AS STRING), 'x'), DATEDIFF(DATETIME '2026-11-20 00:00:00', DATETIME '2026-11-18 00:00:00', 'dd'), "
            + "CONCAT_WS('-', 'a', 'b'), SPLIT_PART('a,b,c', ',', 2);"),
        Judge.list(Judge.list("2", "20261120", "x", 2L, "a-b", "b")))));
    all.put("sql.insert", Operation.of(judge -> {
      String name = judge.make("q_insert", "id BIGINT, name STRING");
      judge.sql("INSERT INTO " + name + " VALUES (1, 'a');");
      judge.sql("INSERT INTO TABLE " + name + " (name) SELECT 'b';");
      Judge.equal(Judge.sorted(judge.read(name, null)), Judge.list(Judge.list(1L, "a"), Judge.list(null, "b")));
      judge.sql("INSERT OVERWRITE TABLE " + name + " SELECT id, name FROM " + name + " WHERE id = 1;");
      Judge.equal(judge.read(name, null), Judge.list(Judge.list(1L, "a")));
    }));
    all.put("sql.insert-partition", Operation.of(Statements::insertPartition));
    all.put("sql.written-rows", Operation.of(Statements::writtenRows));
    all.put("sql.script", Operation.of(Statements::script));
    all.put("sql.view", Operation.of(Statements::view));
    all.put("sql.show-tables", Operation.of(judge -> {
      String name = judge.make("q_show", "id BIGINT");
      Judge.holds(judge.csv("SHOW TABLES;").contains(name), "the table");
      Judge.holds(judge.csv("SHOW TABLES LIKE '" + name + "*';").contains(name), "the table by a pattern");
    }));
    all.put("sql.show-partitions", Operation.of(judge -> {
      String name = judge.make("q_show_parts", "id BIGINT", "PARTITIONED BY (pt STRING, h BIGINT)");
      judge.sql("ALTER TABLE " + name + " ADD PARTITION (pt='a', h=1) PARTITION (pt='b', h=2);");
      Judge.equal(Arrays.asList(judge.csv("SHOW PARTITIONS " + name + ";").trim().split("\\s+")), List.of("pt=a/h=1", "pt=b/h=2"));
    }));
    all.put("sql.show-create", Operation.of(judge -> {
      String name = judge.make("q_show_create", "id BIGINT COMMENT 'it\\'s', m MAP<STRING,BIGINT>", "COMMENT 'c' LIFECYCLE 3");
      String text = judge.csv("SHOW CREATE TABLE " + name + ";").trim();
      judge.odps.tables().delete(name);
      judge.sql(text.endsWith(";") ? text : text + ";");
      Table table = judge.odps.tables().get(name);
      Judge.equal(List.of(table.getComment(), table.getLife(), table.getSchema().getColumn("id").getComment()), List.of("c", 3L, "it's"));
    }));
    all.put("sql.desc", Operation.of(judge -> {
      String name = judge.make("q_desc", "id BIGINT, v DECIMAL(10,2)");
      for (String statement : List.of("DESC " + name + ";", "DESC EXTENDED " + name + ";")) {
        String text = judge.csv(statement).toLowerCase();
        for (String word : List.of("id", "bigint", "decimal(10,2)")) Judge.holds(text.contains(word), word + " in " + text);
      }
    }));
    all.put("sql.executor", Operation.of(Statements::executor));
    all.put("sql.error-missing-table", (judge, given) -> Judge.refused(OdpsException.class, "ODPS-0130131:[1,15]",
        () -> judge.sql("SELECT * FROM nothing_like_it;")));
    all.put("sql.error-syntax", (judge, given) -> Judge.refused(OdpsException.class, "ODPS-0130161:[1,1]", () -> judge.sql("SELEKT 1;")));
    all.put("sql.error-statement", (judge, given) ->
        Judge.refused(OdpsException.class, "ODPS-0130161", () -> judge.sql("GRANT ALL ON x TO y;")));
    all.put("sql.error-instance", (judge, given) -> Judge.refused(NoSuchObjectException.class, "NoSuchObject",
        () -> judge.odps.instances().get("nothing").reload()));
    all.put("sql.error-project", (judge, given) -> Judge.refused(NoSuchObjectException.class, "NoSuchObject",
        () -> SQLTask.run(judge.odps, "nowhere", "SELECT 1;", null, null)));
  }

  /** JDBC adds these up for its update count. */
  private static String written(Instance instance) throws OdpsException {
    String text = instance.getTaskSummary(instance.getTaskNames().iterator().next()).getJsonSummary();
    return text.substring(text.indexOf("\"Outputs\":"));
  }

  private static void writtenRows(Judge judge) throws Exception {
    String name = judge.make("q_written", "id BIGINT NOT NULL, v BIGINT, PRIMARY KEY (id)", "TBLPROPERTIES ('transactional'='true')");
    for (String statement : List.of("3 INSERT INTO %s VALUES (1, 1), (2, 2), (3, 3);", "2 INSERT INTO %s VALUES (3, 4), (4, 4);",
        "3 UPDATE %s SET v = 0 WHERE id < 4;", "1 DELETE FROM %s WHERE id = 1;")) {
      String text = written(judge.sql(statement.substring(2).formatted(name)));
      Judge.holds(text.contains("." + name + "\":[" + statement.charAt(0) + ","), statement + text);
    }
  }

  private static void script(Judge judge) throws Exception {
    String a = judge.make("q_script_a", "id BIGINT NOT NULL");
    String b = judge.make("q_script_b", "id BIGINT NOT NULL");
    runScript(judge, "@n := SELECT explode(array(1L, 2L)) AS n; INSERT INTO " + a + " SELECT * FROM @n; INSERT INTO " + b + " SELECT n.n FROM @n;");
    Judge.refused(OdpsException.class, "NOT NULL", () -> runScript(judge, "INSERT OVERWRITE " + a + " SELECT 9L; INSERT INTO " + b
        + " SELECT id FROM (SELECT CAST(NULL AS BIGINT) AS id) q;"));
    for (String name : List.of(a, b))
      Judge.equal(judge.rows("SELECT * FROM " + name + " ORDER BY id;"), Judge.list(Judge.list(1L), Judge.list(2L)));
  }

  private static void runScript(Judge judge, String text) throws OdpsException {
    SQLTask.run(judge.odps, judge.project(), text, Map.of("odps.sql.submit.mode", "script"), null).waitForSuccess(20);
  }

  private static void queries(Judge judge) throws Exception {
    String one = judge.make("q_one", "k STRING, v BIGINT");
    String two = judge.make("q_two", "k STRING, w BIGINT", "PARTITIONED BY (pt STRING)");
    judge.sql("INSERT INTO " + one + " VALUES ('a', 1), ('a', 2), ('b', 5);");
    judge.sql("INSERT INTO " + two + " PARTITION (pt='x') VALUES ('a', 10), ('c', 30);");
    judge.sql("INSERT INTO " + two + " PARTITION (pt='y') VALUES ('b', 20);");
    Judge.equal(judge.rows("SELECT k, SUM(v) FROM " + one + " GROUP BY k HAVING SUM(v) > 2 ORDER BY k;"),
        Judge.list(Judge.list("a", 3L), Judge.list("b", 5L)));
    Judge.equal(judge.rows("SELECT o.k, o.v, t.w FROM " + one + " o LEFT OUTER JOIN " + two + " t ON o.k = t.k AND t.pt = 'x' ORDER BY o.k, o.v;"),
        Judge.list(Judge.list("a", 1L, 10L), Judge.list("a", 2L, 10L), Judge.list("b", 5L, null)));
    Judge.equal(judge.rows("SELECT v, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM " + one + " ORDER BY v;"),
        Judge.list(Judge.list(1L, 2L), Judge.list(2L, 1L), Judge.list(5L, 1L)));
    Judge.equal(judge.rows("SELECT COUNT(*) FROM " + two + " WHERE pt = 'y';"), Judge.list(Judge.list(1L)));
  }

  private static void insertPartition(Judge judge) throws Exception {
    String name = judge.make("q_insert_part", "id BIGINT", "PARTITIONED BY (pt STRING, h BIGINT)");
    judge.sql("INSERT INTO " + name + " PARTITION (pt='a', h=1) VALUES (1), (2);");
    judge.sql("INSERT OVERWRITE TABLE " + name + " PARTITION (pt='a', h=1) SELECT 3;");
    judge.sql("INSERT OVERWRITE TABLE " + name + " PARTITION (pt, h) SELECT 4, 'b', 2 UNION ALL SELECT 5, 'c', 3;");
    judge.sql("INSERT INTO " + name + " PARTITION (pt='d', h) SELECT 6, 4;");
    Judge.equal(judge.rows("SELECT id, pt, h FROM " + name + " ORDER BY id;"), Judge.list(Judge.list(3L, "a", 1L),
        Judge.list(4L, "b", 2L), Judge.list(5L, "c", 3L), Judge.list(6L, "d", 4L)));
    Judge.equal(judge.odps.tables().get(name).getPartitions().size(), 4);
  }

  private static void view(Judge judge) throws Exception {
    String table = judge.make("q_view_of", "id BIGINT, name STRING");
    String name = judge.name("q_view");
    judge.sql("INSERT INTO " + table + " VALUES (1, 'a'), (2, NULL), (3, 'c');");
    judge.sql("DROP VIEW IF EXISTS " + name + ";");
    judge.sql("CREATE VIEW " + name + " COMMENT 'v' AS SELECT id, UPPER(name) AS upper_name FROM " + table + " WHERE id < 3;");
    Judge.equal(judge.rows("SELECT * FROM " + name + " ORDER BY id;"), Judge.list(Judge.list(1L, "A"), Judge.list(2L, null)));
    Table found = judge.odps.tables().get(name);
    Judge.equal(found.isVirtualView(), true);
    Judge.holds(found.getViewText().toUpperCase().contains("SELECT"), "the text of the view");
    judge.sql("DROP VIEW " + name + ";");
  }

  private static void executor(Judge judge) throws Exception {
    SQLExecutor executor = SQLExecutorBuilder.builder().odps(judge.odps).executeMode(ExecuteMode.OFFLINE).build();
    executor.run("SELECT 7 AS seven;", Map.of());
    ResultSet rows = executor.getResultSet();
    Judge.equal(String.valueOf(rows.next().get(0)), "7");
    Judge.holds(executor.getLogView() != null, "a link");
    executor.close();
  }
}
