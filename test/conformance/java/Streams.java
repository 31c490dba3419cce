import com.aliyun.odps.Column;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.tunnel.impl.PartitionRecord;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.TableTunnel.StreamRecordPack;
import com.aliyun.odps.tunnel.TableTunnel.StreamUploadSession;
import com.aliyun.odps.tunnel.TunnelException;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Stream uploads: every flush is there at once. */
final class Streams {
  private static final String BY = "PARTITIONED BY (pt STRING)";

  static void register(Map<String, Operation> all) {
    all.put("stream.records", Operation.of(judge -> {
      String name = judge.make("s_records", Uploads.COLUMNS);
      StreamUploadSession session = builder(judge, name).build();
      flush(session, Judge.row(1L, "a"), Judge.row(2L, null));
      Judge.equal(Judge.sorted(judge.read(name, null)), Judge.list(Judge.list(1L, "a"), Judge.list(2L, null)));
      flush(session, Judge.row(3L, "c"));
      Judge.equal(judge.rows("SELECT COUNT(*) FROM " + name + ";"), Judge.list(Judge.list(3L)));
    }));
    all.put("stream.slots", Operation.of(judge -> {
      String name = judge.make("s_slots", Uploads.COLUMNS);
      StreamUploadSession session = builder(judge, name).setSlotNum(3).build();
      for (long i = 0; i < 6; i++) flush(session, Judge.row(i, "x"));
      Judge.equal(judge.read(name, null).size(), 6);
    }));
    all.put("stream.reload", Operation.impossible("its sessions reload by themselves"));
    all.put("stream.attach", Operation.impossible("it takes up no session by its id"));
    all.put("stream.partition", Operation.of(judge -> {
      String name = judge.make("s_part", Uploads.COLUMNS, BY);
      flush(builder(judge, name).setPartitionSpec("pt=a").setCreatePartition(true).build(), Judge.row(1L, "a"));
      Judge.equal(judge.read(name, "pt=a"), Judge.list(Judge.list(1L, "a")));
    }));
    all.put("stream.strict-schema", Operation.of(judge -> {
      String name = judge.make("s_strict", Uploads.COLUMNS);
      flush(builder(judge, name).allowSchemaMismatch(false).build(), Judge.row(1L, "a"));
      Judge.equal(judge.read(name, null), Judge.list(Judge.list(1L, "a")));
    }));
    all.put("stream.schema-changed", Streams::schemaChanged);
    all.put("stream.dynamic-partition", Operation.of(Streams::dynamic));
    all.put("stream.abort", Operation.impossible("a stream session has no abort"));
    all.put("stream.last-batch", Operation.of(judge -> {
      StreamUploadSession session = builder(judge, judge.make("s_batch", Uploads.COLUMNS)).build();
      flush(session, Judge.row(1L, "a"));
      Judge.holds(session.getLastBatchId() >= 0, "a number");
    }));
    all.put("stream.compression", Streams::compressed);
    all.put("error.stream-missing-table", (judge, given) ->
        Judge.refused(TunnelException.class, "NoSuchTable", () -> builder(judge, "nothing_like_it").build()));
    all.put("error.stream-missing-table-partition", (judge, given) -> {
      String name = judge.make("s_missing", Uploads.COLUMNS, BY);
      return Judge.refused(TunnelException.class, "NoSuchPartition", () -> builder(judge, name).setPartitionSpec("pt=z").build());
    });
    all.put("error.stream-no-partition-spec", (judge, given) -> {
      String name = judge.make("s_no_spec", Uploads.COLUMNS, BY);
      return Judge.refused(TunnelException.class, "MissingPartitionSpec", () -> builder(judge, name).build());
    });
    all.put("error.unknown-stream", Operation.impossible("it takes up no session by its id"));
  }

  static StreamUploadSession.Builder builder(Judge judge, String table) {
    return judge.tunnel().buildStreamUploadSession(judge.project(), table);
  }

  static void flush(StreamUploadSession session, Object[]... rows) throws Exception {
    StreamRecordPack pack = session.newRecordPack();
    for (Object[] row : rows) pack.append(Judge.filled(session.newRecord(), row));
    Judge.holds(!pack.flush().isEmpty(), "the id of the request");
  }

  private static Object schemaChanged(Judge judge, JsonObject given) throws Exception {
    String name = judge.make("s_changed", Uploads.COLUMNS);
    StreamUploadSession strict = builder(judge, name).allowSchemaMismatch(false).build();
    StreamUploadSession loose = builder(judge, name).build();
    judge.sql("ALTER TABLE " + name + " ADD COLUMNS (more BIGINT);");
    flush(loose, Judge.row(1L, "a"));
    Judge.equal(judge.read(name, null), Judge.list(Judge.list(1L, "a", null)));
    return Judge.refused(com.aliyun.odps.exceptions.SchemaMismatchException.class, "", () -> flush(strict, Judge.row(2L, "b")));
  }

  private static void dynamic(Judge judge) throws Exception {
    String name = judge.make("s_dynamic", Uploads.COLUMNS, BY);
    StreamUploadSession session = builder(judge, name).setDynamicPartition(true).build();
    StreamRecordPack pack = session.newRecordPack();
    for (String value : List.of("a", "b", "a")) {
      PartitionRecord record = (PartitionRecord) session.newRecord();
      record.set("id", 1L);
      record.set("name", value);
      record.setPartition(new PartitionSpec("pt=" + value));
      pack.append(record);
    }
    pack.flush();
    Judge.equal(judge.read(name, "pt=a").size(), 2);
    Judge.equal(judge.read(name, "pt=b"), Judge.list(Judge.list(1L, "b")));
  }

  private static Object compressed(Judge judge, JsonObject given) throws Exception {
    String algorithm = given.get("algorithm").getAsString();
    String name = judge.make("s_" + algorithm, Uploads.COLUMNS);
    StreamUploadSession session = builder(judge, name).build();
    StreamRecordPack pack = session.newRecordPack(Uploads.option(algorithm, false));
    for (Object[] row : Uploads.numbered(1_000)) pack.append(Judge.filled(session.newRecord(), row));
    pack.flush();
    Judge.equal(judge.read(name, null).size(), 1_000);
    return null;
  }
}
