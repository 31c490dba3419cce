import com.aliyun.odps.Column;
import com.aliyun.odps.Instance;
import com.aliyun.odps.NoSuchObjectException;
import com.aliyun.odps.Schema;
import com.aliyun.odps.Table;
import com.aliyun.odps.task.SQLTask;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.type.TypeInfoFactory;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Three-layer names: a project whose tables stand in schemas. */
final class Schemas3 {
  static void register(Map<String, Operation> all) {
    all.put("schema.create", Operation.of(judge -> {
      String name = judge.name("space");
      judge.odps.schemas().create(name);
      Judge.equal(judge.odps.schemas().exists(name), true);
      Judge.equal(judge.odps.schemas().exists("nothing_like_it"), false);
      Set<String> found = new HashSet<>();
      for (Iterator<Schema> some = judge.odps.schemas().iterator(); some.hasNext(); ) found.add(some.next().getName());
      Judge.holds(found.containsAll(List.of("default", name)), "both schemas in the list: " + found);
      judge.odps.schemas().delete(name);
      Judge.equal(judge.odps.schemas().exists(name), false);
    }));
    all.put("schema.tables", Operation.of(Schemas3::tables));
    all.put("schema.sql", Operation.of(judge -> {
      String space = judge.name("sql_space");
      judge.odps.schemas().create(space);
      Map<String, String> hints = Map.of("odps.namespace.schema", "true", "odps.sql.allow.namespace.schema", "true",
          "odps.default.schema", space);
      Instance last = null;
      for (String statement : List.of("CREATE TABLE t (id BIGINT);", "INSERT INTO t VALUES (7);",
          "SELECT id FROM " + judge.project() + "." + space + ".t;")) {
        last = SQLTask.run(judge.odps, judge.project(), statement, hints, null);
        last.waitForSuccess(20);
      }
      Judge.equal(SQLTask.getResultByInstanceTunnel(last).get(0).get(0), 7L);
    }));
    all.put("schema.missing", (judge, given) -> Judge.refused(NoSuchObjectException.class, "NoSuchObject",
        () -> judge.odps.schemas().get("nothing_like_it").reload()));
  }

  private static void tables(Judge judge) throws Exception {
    String space = judge.name("shop");
    judge.odps.schemas().create(space);
    judge.odps.tables().newTableCreator(judge.project(), "orders_java", Judge.schema(new Column("id", TypeInfoFactory.BIGINT)))
        .withSchemaName(space).create();
    judge.odps.tables().newTableCreator(judge.project(), "orders_java", Judge.schema(new Column("other", TypeInfoFactory.STRING))).create();
    Table table = judge.odps.tables().get(judge.project(), space, "orders_java");
    Judge.equal(table.getSchema().getColumn(0).getName(), "id");
    Judge.equal(table.getSchemaName(), space);
    TableTunnel.UploadSession session = judge.tunnel().createUploadSession(judge.project(), space, "orders_java", false);
    Judge.block(session, 0, Judge.row(1L));
    session.commit();
    TableTunnel.DownloadSession down = judge.tunnel().createDownloadSession(judge.project(), space, "orders_java", false);
    Judge.equal(Judge.read(down.openRecordReader(0, down.getRecordCount())), Judge.list(Judge.list(1L)));
  }
}
