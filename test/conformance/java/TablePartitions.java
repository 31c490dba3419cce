import com.aliyun.odps.NoSuchObjectException;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.Partition;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.Table;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Table partitions: all of them through the calls of a table. */
final class TablePartitions {
  static void register(Map<String, Operation> all) {
    all.put("table-partition.create", Operation.of(judge -> {
      Table table = partitioned(judge, "p_create");
      table.createPartition(spec("pt=a,h=1"));
      table.createPartition(spec("pt='a',h='1'"), true);
      Judge.equal(table.hasPartition(spec("pt=a,h=1")), true);
      Judge.equal(table.hasPartition(spec("pt=a,h=2")), false);
    }));
    all.put("table-partition.create-existing", (judge, given) -> {
      Table table = partitioned(judge, "p_existing");
      table.createPartition(spec("pt=a,h=1"));
      return Judge.refused(OdpsException.class, "already exists", () -> table.createPartition(spec("pt=a,h=1")));
    });
    all.put("table-partition.missing", (judge, given) -> {
      Table table = partitioned(judge, "p_missing");
      return Judge.refused(NoSuchObjectException.class, "NoSuchPartition", () -> table.getPartition(spec("pt=z,h=1")).reload());
    });
    all.put("table-partition.drop", Operation.of(judge -> {
      Table table = partitioned(judge, "p_drop");
      table.createPartition(spec("pt=a,h=1"));
      judge.upload(table.getName(), "pt=a,h=1", Judge.row(1L, "a"));
      table.deletePartition(spec("pt=a,h=1"));
      table.deletePartition(spec("pt=a,h=1"), true);
      Judge.equal(table.hasPartition(spec("pt=a,h=1")), false);
      Judge.equal(judge.rows("SELECT COUNT(*) FROM " + table.getName() + ";"), Judge.list(Judge.list(0L)));
    }));
    all.put("table-partition.drop-missing", (judge, given) -> {
      Table table = partitioned(judge, "p_drop_missing");
      return Judge.refused(OdpsException.class, "Partition not found", () -> table.deletePartition(spec("pt=z,h=1")));
    });
    all.put("table-partition.truncate", Operation.impossible("its Partition has no truncate; the statement works"));
    all.put("table-partition.list", Operation.of(TablePartitions::listed));
    all.put("table-partition.list-pages", TablePartitions::pages);
    all.put("table-partition.names", Operation.of(judge -> {
      Table table = partitioned(judge, "p_names");
      table.createPartition(spec("pt=b,h=1"));
      table.createPartition(spec("pt=a,h=2"));
      Judge.equal(table.getPartitionSpecs().toString(), "[pt='a',h='2', pt='b',h='1']");
    }));
    all.put("table-partition.lifecycle", Operation.of(judge -> {
      String name = judge.make("p_lifecycle", "id BIGINT", "PARTITIONED BY (pt STRING) LIFECYCLE 5");
      judge.sql("ALTER TABLE " + name + " ADD PARTITION (pt='a') PARTITION (pt='b');");
      judge.sql("ALTER TABLE " + name + " PARTITION (pt='a') DISABLE LIFECYCLE;");
      Judge.equal(List.of(days(judge, name, "pt=a"), days(judge, name, "pt=b")), List.of(-1L, 5L));
      judge.sql("ALTER TABLE " + name + " PARTITION (pt='a') ENABLE LIFECYCLE;");
      Judge.equal(days(judge, name, "pt=a"), 5L);
    }));
    all.put("table-partition.statistics", Operation.of(judge -> {
      Table table = partitioned(judge, "p_statistics");
      table.createPartition(spec("pt=a,h=1"));
      judge.upload(table.getName(), "pt=a,h=1", Judge.row(1L, "a"), Judge.row(2L, "b"));
      Partition one = table.getPartition(spec("pt=a,h=1"));
      Judge.equal(one.getRecordNum(), 2L);
      Judge.holds(one.getCreatedTime() != null && one.getLastDataModifiedTime() != null, "times");
      Judge.holds(one.getFileNum() >= 0 && one.getPhysicalSize() >= 0, "sizes");
    }));
    all.put("table-partition.values", Operation.of(judge -> keepsValues(judge, VALUES)));
    all.put("table-partition.signed-values", Operation.of(judge -> keepsValues(judge, List.of("100%", "a+b", "a&b", "%41"))));
  }

  private static long days(Judge judge, String name, String spec) throws OdpsException {
    return judge.odps.tables().get(name).getPartition(spec(spec)).getLifeCycle();
  }

  private static final List<String> VALUES = List.of("2026-11-20 08:30:00", "a b", "größe", "a<>\"x", "a:b;c");

  private static void keepsValues(Judge judge, List<String> values) throws Exception {
    Table table = judge.odps.tables().get(judge.make("p_values", "id BIGINT", "PARTITIONED BY (pt STRING)"));
    for (String value : values) {
      PartitionSpec spec = new PartitionSpec();
      spec.set("pt", value);
      table.createPartition(spec);
      Judge.holds(table.hasPartition(spec), value);
      var session = judge.tunnel().createUploadSession(judge.project(), table.getName(), spec);
      Judge.block(session, 0, Judge.row(1L));
      session.commit();
      var down = judge.tunnel().createDownloadSession(judge.project(), table.getName(), spec);
      Judge.equal(Judge.read(down.openRecordReader(0, down.getRecordCount())), Judge.list(Judge.list(1L)));
    }
  }

  private static PartitionSpec spec(String text) {
    return new PartitionSpec(text);
  }

  private static Table partitioned(Judge judge, String word) throws OdpsException {
    return judge.odps.tables().get(judge.make(word, "id BIGINT, name STRING", "PARTITIONED BY (pt STRING, h BIGINT)"));
  }

  private static void listed(Judge judge) throws Exception {
    Table table = partitioned(judge, "p_list");
    for (String text : List.of("pt=b,h=1", "pt=a,h=2", "pt=a,h=1")) table.createPartition(spec(text));
    List<String> found = new ArrayList<>();
    for (Partition one : table.getPartitions()) found.add(one.getPartitionSpec().toString());
    Judge.equal(found, List.of("pt='a',h='1'", "pt='a',h='2'", "pt='b',h='1'"));
    found.clear();
    for (Iterator<Partition> some = table.getPartitionIterator(spec("pt=a")); some.hasNext(); )
      found.add(some.next().getPartitionSpec().toString());
    Judge.equal(found, List.of("pt='a',h='1'", "pt='a',h='2'"));
  }

  private static Object pages(Judge judge, JsonObject given) {
    Table table = judge.odps.tables().get(given.get("table").getAsString());
    Set<String> found = new HashSet<>();
    for (Partition one : table.getPartitions()) found.add(one.getPartitionSpec().toString());
    Judge.equal(found.size(), given.get("count").getAsInt());
    return null;
  }
}
