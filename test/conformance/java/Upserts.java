import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.tunnel.TableTunnel.UpsertSession;
import com.aliyun.odps.tunnel.TunnelException;
import com.aliyun.odps.tunnel.streams.UpsertStream;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Map;

/** Upserts into Delta tables: rows of one key replace each other, all at commit. */
final class Upserts {
  private static final String COLUMNS = "id BIGINT NOT NULL, name STRING, v DOUBLE, PRIMARY KEY (id)";
  static final String DELTA = "TBLPROPERTIES ('transactional'='true')";

  static void register(Map<String, Operation> all) {
    all.put("upsert.insert", Operation.of(judge -> {
      String name = judge.make("k_insert", COLUMNS, DELTA);
      UpsertSession session = builder(judge, name).build();
      apply(session, List.of(Judge.row(1L, "a", 0.5), Judge.row(2L, null, null)), List.of());
      Judge.equal(stored(judge, name), List.of());
      session.commit(false);
      Judge.equal(stored(judge, name), Judge.list(Judge.list(1L, "a", 0.5), Judge.list(2L, null, null)));
      close(session);
    }));
    all.put("upsert.update", Operation.of(judge -> {
      String name = judge.make("k_update", COLUMNS, DELTA);
      change(judge, name, List.of(Judge.row(1L, "a", 0.5), Judge.row(2L, "b", 0.5)), List.of());
      change(judge, name, List.of(Judge.row(1L, "A", 1.5), Judge.row(3L, "c", 0.5), Judge.row(1L, "AA", 2.5)), List.of());
      Judge.equal(stored(judge, name), Judge.list(Judge.list(1L, "AA", 2.5), Judge.list(2L, "b", 0.5), Judge.list(3L, "c", 0.5)));
    }));
    all.put("upsert.delete", Operation.of(judge -> {
      String name = judge.make("k_delete", COLUMNS, DELTA);
      change(judge, name, List.of(Judge.row(1L, "a", 0.5), Judge.row(2L, "b", 0.5)), List.of());
      change(judge, name, List.<Object[]>of(Judge.row(3L, "c", 0.5)), List.of(Judge.row(1L), Judge.row(3L), Judge.row(9L)));
      Judge.equal(stored(judge, name), Judge.list(Judge.list(2L, "b", 0.5)));
    }));
    all.put("upsert.delete-then-insert", Operation.of(Upserts::again));
    all.put("upsert.partial", Operation.of(Upserts::partial));
    all.put("upsert.buckets", Operation.of(Upserts::buckets));
    all.put("upsert.partition", Operation.of(judge -> {
      String name = judge.make("k_part", COLUMNS, "PARTITIONED BY (pt STRING) " + DELTA);
      for (String value : List.of("a", "b")) {
        judge.odps.tables().get(name).createPartition(new PartitionSpec("pt=" + value));
        UpsertSession session = builder(judge, name).setPartitionSpec("pt=" + value).build();
        apply(session, List.<Object[]>of(Judge.row(1L, value, 0.5)), List.of());
        session.commit(false);
        close(session);
      }
      Judge.equal(stored(judge, name), Judge.list(Judge.list(1L, "a", 0.5, "a"), Judge.list(1L, "b", 0.5, "b")));
    }));
    all.put("upsert.flushes", Operation.of(judge -> {
      String name = judge.make("k_flushes", COLUMNS, DELTA);
      UpsertSession session = builder(judge, name).build();
      for (long i = 0; i < 4; i++) apply(session, List.of(Judge.row(1L, "v" + i, (double) i), Judge.row(10 + i, "x", 0.5)), List.of());
      session.commit(false);
      close(session);
      Judge.equal(stored(judge, name).size(), 5);
      Judge.equal(stored(judge, name).get(0), Judge.list(1L, "v3", 3.0));
    }));
    all.put("upsert.abort", Operation.of(judge -> {
      String name = judge.make("k_abort", COLUMNS, DELTA);
      UpsertSession session = builder(judge, name).build();
      apply(session, List.<Object[]>of(Judge.row(1L, "a", 0.5)), List.of());
      session.abort();
      Judge.equal(stored(judge, name), List.of());
      close(session);
    }));
    all.put("upsert.commit-twice", Operation.of(judge -> {
      String name = judge.make("k_twice", COLUMNS, DELTA);
      UpsertSession session = builder(judge, name).build();
      apply(session, List.<Object[]>of(Judge.row(1L, "a", 0.5)), List.of());
      session.commit(false);
      session.commit(false);
      close(session);
      Judge.equal(stored(judge, name).size(), 1);
    }));
    all.put("upsert.attach", Operation.of(judge -> {
      String name = judge.make("k_attach", COLUMNS, DELTA);
      UpsertSession first = builder(judge, name).build();
      apply(first, List.<Object[]>of(Judge.row(1L, "a", 0.5)), List.of());
      UpsertSession second = builder(judge, name).setUpsertId(first.getId()).build();
      apply(second, List.<Object[]>of(Judge.row(2L, "b", 0.5)), List.of());
      second.commit(false);
      close(first);
      close(second);
      Judge.equal(stored(judge, name).size(), 2);
    }));
    all.put("upsert.high-level", Operation.impossible("its Table has no writer"));
    all.put("upsert.compression", Upserts::compressed);
    all.put("error.upsert-without-key", (judge, given) -> {
      String name = judge.make("k_plain", "id BIGINT, name STRING");
      return Judge.refused(TunnelException.class, "InvalidArgument", () -> builder(judge, name).build());
    });
    all.put("error.upsert-missing-table", (judge, given) ->
        Judge.refused(TunnelException.class, "NoSuchTable", () -> builder(judge, "nothing_like_it").build()));
    all.put("error.upsert-missing-table-partition", (judge, given) -> {
      String name = judge.make("k_missing", COLUMNS, "PARTITIONED BY (pt STRING) " + DELTA);
      return Judge.refused(TunnelException.class, "NoSuchPartition", () -> builder(judge, name).setPartitionSpec("pt=z").build());
    });
    all.put("error.unknown-upsert", (judge, given) -> {
      String name = judge.make("k_unknown", COLUMNS, DELTA);
      return Judge.refused(TunnelException.class, "UpsertSessionNotFound", () -> builder(judge, name).setUpsertId("nothing").build());
    });
    all.put("error.upsert-after-commit", (judge, given) -> {
      String name = judge.make("k_after", COLUMNS, DELTA);
      UpsertSession session = builder(judge, name).build();
      apply(session, List.<Object[]>of(Judge.row(1L, "a", 0.5)), List.of());
      session.commit(false);
      Refused refused = Judge.refused(TunnelException.class, "StatusConflict", () -> apply(session, List.<Object[]>of(Judge.row(2L, "b", 0.5)), List.of()));
      close(session);
      Judge.equal(stored(judge, name).size(), 1);
      return refused;
    });
  }

  private static UpsertSession.Builder builder(Judge judge, String table) {
    return judge.tunnel().buildUpsertSession(judge.project(), table);
  }

  /** Beside the next operations: its network threads take two seconds to end. */
  private static void close(UpsertSession session) {
    Thread closing = new Thread(session::close);
    closing.setDaemon(true);
    closing.start();
  }

  private static void apply(UpsertSession session, List<Object[]> upserts, List<Object[]> deletes) throws Exception {
    UpsertStream stream = session.buildUpsertStream().build();
    for (Object[] row : upserts) stream.upsert(Judge.filled(session.newRecord(), row));
    for (Object[] row : deletes) stream.delete(Judge.filled(session.newRecord(), row));
    stream.flush();
    stream.close();
  }

  static void change(Judge judge, String name, List<Object[]> upserts, List<Object[]> deletes) throws Exception {
    UpsertSession session = builder(judge, name).build();
    apply(session, upserts, deletes);
    session.commit(false);
    close(session);
  }

  private static List<List<Object>> stored(Judge judge, String name) throws Exception {
    return Judge.sorted(judge.rows("SELECT * FROM " + name + ";"));
  }

  private static void again(Judge judge) throws Exception {
    String name = judge.make("k_again", COLUMNS, DELTA);
    change(judge, name, List.<Object[]>of(Judge.row(1L, "a", 0.5)), List.of());
    UpsertSession session = builder(judge, name).build();
    UpsertStream stream = session.buildUpsertStream().build();
    stream.delete(Judge.filled(session.newRecord(), 1L));
    stream.upsert(Judge.filled(session.newRecord(), 1L, "again", 2.5));
    stream.close();
    session.commit(false);
    close(session);
    Judge.equal(stored(judge, name), Judge.list(Judge.list(1L, "again", 2.5)));
  }

  private static void partial(Judge judge) throws Exception {
    String name = judge.make("k_partial", COLUMNS, "TBLPROPERTIES ('transactional'='true', 'acid.partial.fields.update.enable'='true')");
    change(judge, name, List.<Object[]>of(Judge.row(1L, "a", 0.5)), List.of());
    UpsertSession session = builder(judge, name).build();
    UpsertStream stream = session.buildUpsertStream().build();
    Record record = session.newRecord();
    record.set("id", 1L);
    record.set("v", 9.5);
    stream.upsert(record, List.of("v"));
    stream.close();
    session.commit(false);
    close(session);
    Judge.equal(stored(judge, name), Judge.list(Judge.list(1L, "a", 9.5)));
  }

  private static void buckets(Judge judge) throws Exception {
    String name = judge.make("k_buckets", "a BIGINT NOT NULL, b STRING NOT NULL, v BIGINT, PRIMARY KEY (a, b)",
        "TBLPROPERTIES ('transactional'='true', 'write.bucket.num'='4')");
    for (long factor = 1; factor <= 2; factor++) {
      UpsertSession session = builder(judge, name).build();
      UpsertStream stream = session.buildUpsertStream().build();
      for (long i = 0; i < 300; i++) stream.upsert(Judge.filled(session.newRecord(), i, "ключ" + i, i * factor));
      stream.close();
      session.commit(false);
      close(session);
    }
    Judge.equal(judge.rows("SELECT COUNT(*), SUM(v) FROM " + name + ";"), Judge.list(Judge.list(300L, 89_700L)));
  }

  private static Object compressed(Judge judge, JsonObject given) throws Exception {
    String algorithm = given.get("algorithm").getAsString();
    String name = judge.make("k_" + algorithm, COLUMNS, DELTA);
    UpsertSession session = builder(judge, name).build();
    UpsertStream stream = session.buildUpsertStream().setCompressOption(Uploads.option(algorithm, false)).build();
    for (long i = 0; i < 1_000; i++) stream.upsert(Judge.filled(session.newRecord(), i, "text " + i % 7, i / 2.0));
    stream.close();
    session.commit(false);
    close(session);
    Judge.equal(judge.rows("SELECT COUNT(*), SUM(id) FROM " + name + ";"), Judge.list(Judge.list(1_000L, 499_500L)));
    return null;
  }
}
