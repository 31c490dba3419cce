import com.aliyun.odps.OdpsException;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.Table;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.data.RecordReader;
import com.aliyun.odps.tunnel.TunnelException;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Previews: the first rows of a table. */
final class Previews {
  static void register(Map<String, Operation> all) {
    all.put("preview.csv", Operation.impossible("its Table.read takes Arrow only"));
    all.put("preview.arrow", Operation.of(judge -> {
      String name = judge.make("v_arrow", "id BIGINT, name STRING, b BOOLEAN, t DATETIME", "PARTITIONED BY (pt STRING)");
      for (String value : List.of("a", "b"))
        judge.sql("INSERT INTO " + name + " PARTITION (pt='" + value + "') VALUES (1, 'x', true, NULL), (2, NULL, false, NULL);");
      Table table = judge.odps.tables().get(name);
      Judge.equal(Judge.read(table.read(3)).size(), 3);
      Judge.equal(Judge.read(table.read(new PartitionSpec("pt=b"), null, 1)), Judge.list(Judge.list(1L, "x", true, null, "b")));
      Judge.equal(Judge.read(table.read(new PartitionSpec("pt=a"), List.of("id", "name"), 2)),
          Judge.list(Judge.list(1L, "x"), Judge.list(2L, null)));
    }));
    all.put("preview.timestamps", Operation.of(judge -> {
      for (String by : List.of("", "PARTITIONED BY (pt STRING)")) {
        String name = judge.make("v_ts" + by.length(), "id BIGINT, t TIMESTAMP", by);
        String into = by.isEmpty() ? "" : "PARTITION (pt='a')";
        judge.sql("INSERT INTO " + name + " " + into + " VALUES (1, TIMESTAMP '2026-11-20 08:30:00.123456789');");
        RecordReader reader = judge.odps.tables().get(name).read(1);
        Record record = reader.read();
        Object found = record.get(1);
        int nanos = found instanceof Instant instant ? instant.getNano() : ((java.sql.Timestamp) found).getNanos();
        Judge.equal(nanos, 123_456_789);
      }
    }));
    all.put("preview.missing", (judge, given) -> Judge.refused(TunnelException.class, "NoSuchTable",
        () -> judge.tunnel().preview(judge.project(), null, "nothing_like_it", null, 1L)));
  }
}
