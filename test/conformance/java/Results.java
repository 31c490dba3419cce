import com.aliyun.odps.Column;
import com.aliyun.odps.Instance;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.task.SQLTask;
import com.aliyun.odps.tunnel.InstanceTunnel;
import com.aliyun.odps.tunnel.TunnelException;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** What instances tell and the rows they give. */
final class Results {
  static void register(Map<String, Operation> all) {
    all.put("sql.tunnel-result", Operation.of(judge -> {
      List<List<Object>> rows = judge.rows("SELECT * FROM " + filled(judge, "q_tunnel") + " ORDER BY id;");
      Judge.equal(rows.get(0).subList(0, 4), Judge.list(1L, "a\"b", new BigDecimal("1.5"), LocalDate.of(2026, 11, 20)));
      Judge.equal(((ZonedDateTime) rows.get(0).get(4)).toInstant().toString(), "2026-11-20T00:30:00Z");
      Judge.equal(rows.get(1), Judge.list(2L, null, new BigDecimal("-0.05"), null, null));
      Judge.equal(rows.get(2), Judge.list(3L, "c,\nd", null, LocalDate.of(1, 1, 1), null));
    }));
    all.put("sql.csv-result", Operation.of(judge -> {
      Instance instance = judge.sql("SELECT id, name, v FROM " + filled(judge, "q_csv") + " ORDER BY id;");
      List<List<Object>> rows = new ArrayList<>();
      for (Record record : SQLTask.getResult(instance)) rows.add(Judge.values(record));
      Judge.equal(rows, Judge.list(Judge.list("1", "a\"b", "1.5"), Judge.list("2", "\\N", "-0.05"), Judge.list("3", "c,\nd", "\\N")));
    }));
    all.put("sql.arrow-result", Operation.impossible("its InstanceTunnel reads records only"));
    all.put("sql.columns-result", Operation.of(Results::columns));
    all.put("sql.limited-result", Operation.of(Results::limited));
    all.put("sql.result-compression", Results::compressed);
    all.put("sql.ddl-result", Operation.of(judge ->
        Judge.equal(judge.csv("CREATE TABLE IF NOT EXISTS " + judge.name("q_ddl") + " (id BIGINT);").trim(), "")));
    all.put("sql.pandas", Operation.impossible("pandas is Python"));
    all.put("sql.dbapi", Operation.impossible("DB-API is Python"));
    all.put("sql.status", Operation.of(Results::status));
    all.put("sql.task-name", Operation.of(judge -> {
      Instance instance = SQLTask.run(judge.odps, judge.project(), "SELECT 7 AS seven;", "my_task", null, null);
      instance.waitForSuccess(20);
      Judge.holds(instance.getTaskResults().get("my_task").contains("7"), "the result by the name");
    }));
    all.put("sql.source", Operation.of(judge -> {
      Instance instance = judge.sql("SELECT '<&]]>\\'' AS x;");
      Judge.holds(((SQLTask) instance.getTasks().get(0)).getQuery().contains("SELECT '<&]]>\\'' AS x"), "the statement");
    }));
    all.put("sql.progress", Operation.of(judge -> {
      Instance instance = judge.sql("SELECT 1 AS one;");
      instance.getTaskProgress(instance.getTaskNames().iterator().next());
    }));
    all.put("sql.stop", Operation.of(judge -> {
      String numbers = "(SELECT explode(sequence(1, 1000000)) AS n)";
      Instance instance = SQLTask.run(judge.odps, "SELECT SUM(a.n * b.n) FROM " + numbers + " a, " + numbers + " b;");
      instance.stop();
      Judge.holds(instance.isTerminated(), "an end");
      Judge.refused(OdpsException.class, "InvalidStateSetting", instance::stop);
    }));
    all.put("sql.logview", Operation.of(judge ->
        Judge.holds(judge.odps.logview().generateLogView(judge.sql("SELECT 1 AS one;"), 24) != null, "a link")));
    all.put("sql.list-instances", Operation.of(judge -> {
      String id = judge.sql("SELECT 1 AS one;").getId();
      boolean found = false;
      for (Iterator<Instance> some = judge.odps.instances().iterator(); some.hasNext(); ) found |= some.next().getId().equals(id);
      Judge.holds(found, "the instance in the list");
    }));
    all.put("sql.settings", Operation.of(Results::settings));
    all.put("sql.error-failed-result", (judge, given) -> {
      Instance instance = SQLTask.run(judge.odps, "SELECT * FROM nothing_like_it;");
      instance.waitForTerminated(20, false);
      Judge.equal(instance.isSuccessful(), false);
      return Judge.refused(TunnelException.class, "TaskFailed",
          () -> new InstanceTunnel(judge.odps).createDownloadSession(judge.project(), instance.getId()));
    });
    all.put("sql.error-no-rows", (judge, given) -> {
      Instance instance = judge.sql("DROP TABLE IF EXISTS nothing_like_it;");
      return Judge.refused(TunnelException.class, "InstanceTypeNotSupported",
          () -> new InstanceTunnel(judge.odps).createDownloadSession(judge.project(), instance.getId()));
    });
  }

  private static String filled(Judge judge, String word) throws Exception {
    String name = judge.make(word, "id BIGINT, name STRING, v DECIMAL(10,2), day DATE, t DATETIME");
    judge.sql("INSERT INTO " + name + " VALUES (1, 'a\"b', 1.50, DATE '2026-11-20', DATETIME '2026-11-20 08:30:00'), "
        + "(2, NULL, -0.05, NULL, NULL), (3, 'c,\\nd', NULL, DATE '0001-01-01', NULL);");
    return name;
  }

  private static void columns(Judge judge) throws Exception {
    Instance instance = judge.sql("SELECT * FROM " + filled(judge, "q_columns") + " ORDER BY id;");
    InstanceTunnel tunnel = new InstanceTunnel(judge.odps);
    InstanceTunnel.DownloadSession session = tunnel.createDownloadSession(judge.project(), instance.getId());
    List<Column> some = List.of(session.getSchema().getColumn("name"), session.getSchema().getColumn("id"));
    Judge.equal(Judge.read(session.openRecordReader(1, 1, false, some)), Judge.list(Judge.list(null, 2L)));
    InstanceTunnel.DownloadSession again = tunnel.getDownloadSession(judge.project(), instance.getId(), session.getId());
    Judge.equal(again.getRecordCount(), 3L);
    Judge.equal(Judge.read(again.openRecordReader(0, 3, false, some.subList(1, 2))), Judge.list(Judge.list(1L), Judge.list(2L), Judge.list(3L)));
  }

  private static void limited(Judge judge) throws Exception {
    String name = judge.make("q_limit", "id BIGINT");
    Object[][] rows = new Object[10_500][];
    for (int i = 0; i < rows.length; i++) rows[i] = Judge.row((long) i);
    judge.upload(name, null, rows);
    Instance instance = judge.sql("SELECT * FROM " + name + ";");
    Judge.equal(SQLTask.getResultByInstanceTunnel(instance).size(), 10_000);
    InstanceTunnel.DownloadSession all = new InstanceTunnel(judge.odps).createDownloadSession(judge.project(), instance.getId(), false);
    Judge.equal(all.getRecordCount(), 10_500L);
    Judge.equal(Judge.read(all.openRecordReader(10_000, 500)).size(), 500);
  }

  private static Object compressed(Judge judge, JsonObject given) throws Exception {
    String algorithm = given.get("algorithm").getAsString();
    Instance instance = judge.sql("SELECT id, name FROM " + filled(judge, "q_" + algorithm) + " ORDER BY id;");
    InstanceTunnel.DownloadSession session = new InstanceTunnel(judge.odps).createDownloadSession(judge.project(), instance.getId());
    Judge.equal(Judge.read(session.openRecordReader(0, 3, Uploads.option(algorithm, false))).size(), 3);
    return null;
  }

  private static void status(Judge judge) throws Exception {
    Instance instance = judge.sql("SELECT 1 AS one;");
    Judge.equal(List.of(instance.getStatus(), instance.isSuccessful()), List.of(Instance.Status.TERMINATED, true));
    Judge.equal(instance.getTaskNames().toString(), "[AnonymousSQLTask]");
    Judge.equal(instance.getTaskStatus().get("AnonymousSQLTask").getStatus().name(), "SUCCESS");
    Judge.holds(instance.getStartTime() != null && instance.getEndTime() != null && instance.getOwner() != null, "times and the owner");
    Judge.equal(judge.odps.instances().exists(instance.getId()), true);
    Judge.equal(judge.odps.instances().exists("nothing"), false);
  }

  private static void settings(Judge judge) throws Exception {
    Map<String, String> utc = Map.of("odps.sql.timezone", "UTC");
    Instance instance = SQLTask.run(judge.odps, judge.project(), "SELECT DATETIME '2026-11-20 08:30:00' AS t;", utc, null);
    instance.waitForSuccess(20);
    ZonedDateTime found = (ZonedDateTime) SQLTask.getResultByInstanceTunnel(instance).get(0).get(0);
    Judge.equal(found.toInstant().toString(), "2026-11-20T08:30:00Z");
    List<List<Object>> rows = judge.rows("SET odps.sql.timezone=UTC; SELECT DATETIME '2026-11-20 08:30:00' AS t;");
    Judge.equal(((ZonedDateTime) rows.get(0).get(0)).toInstant().toString(), "2026-11-20T08:30:00Z");
  }
}
