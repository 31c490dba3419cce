import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.data.ArrowRecordWriter;
import com.aliyun.odps.data.RecordWriter;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.TunnelException;
import com.aliyun.odps.tunnel.io.CompressOption;
import com.aliyun.odps.tunnel.io.CompressOption.CompressAlgorithm;
import com.aliyun.odps.tunnel.io.TunnelBufferedWriter;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Batch uploads that work: blocks, commits, compressions, Arrow, sizes. */
final class Uploads {
  static final String COLUMNS = "id BIGINT, name STRING";
  static final String BY = "PARTITIONED BY (pt STRING, h BIGINT)";

  static void register(Map<String, Operation> all) {
    all.put("upload.records", Operation.of(judge -> {
      String name = judge.make("u_records", COLUMNS);
      judge.upload(name, null, Judge.row(1L, "a"), Judge.row(null, null), Judge.row(Long.MIN_VALUE + 1, "ü\0😀"));
      Judge.equal(judge.read(name, null), Judge.list(Judge.list(1L, "a"), Judge.list(null, null), Judge.list(Long.MIN_VALUE + 1, "ü\0😀")));
    }));
    all.put("upload.buffered", Operation.of(Uploads::buffered));
    all.put("upload.high-level", Operation.impossible("its Table has no writer"));
    all.put("upload.pandas", Operation.impossible("pandas is Python"));
    all.put("upload.arrow", Operation.of(judge -> arrow(judge, "u_arrow", 1)));
    all.put("upload.arrow-buffered", Operation.of(judge -> arrow(judge, "u_arrow_buf", 10)));
    all.put("upload.mixed", Operation.of(Uploads::mixed));
    all.put("upload.compression", Uploads::compressed);
    all.put("upload.checksum", Operation.of(judge -> {
      String name = judge.make("u_crc", COLUMNS);
      judge.upload(name, null, numbered(500));
      Judge.equal(judge.rows("SELECT COUNT(*) FROM " + name + ";"), Judge.list(Judge.list(500L)));
    }));
    all.put("upload.blocks", Operation.of(Uploads::blocks));
    all.put("upload.replace-block", Operation.of(judge -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_replace", COLUMNS), null);
      Judge.block(session, 0, Judge.row(1L, "old"), Judge.row(2L, "old"));
      Judge.block(session, 0, Judge.row(3L, "new"));
      session.commit(new Long[] {0L});
      Judge.equal(judge.read(judge.name("u_replace"), null), Judge.list(Judge.list(3L, "new")));
    }));
    all.put("upload.block-version", Operation.of(Uploads::versions));
    all.put("upload.empty-block", Operation.of(judge -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_empty", COLUMNS), null);
      Judge.block(session, 3);
      Judge.equal(Arrays.asList(session.getBlockList()), List.of(3L));
      session.commit(new Long[] {3L});
      Judge.equal(judge.read(judge.name("u_empty"), null), List.of());
    }));
    all.put("upload.no-blocks", Operation.of(judge -> {
      judge.session(judge.make("u_none", COLUMNS), null).commit();
      Judge.equal(judge.read(judge.name("u_none"), null), List.of());
    }));
    all.put("upload.status", Operation.of(judge -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_status", COLUMNS), null);
      Judge.equal(session.getStatus(), TableTunnel.UploadStatus.NORMAL);
      session.commit();
      Judge.equal(session.getStatus(), TableTunnel.UploadStatus.CLOSED);
    }));
    all.put("upload.attach", Operation.of(Uploads::attach));
    all.put("upload.overwrite", Operation.of(judge -> overwrite(judge, "u_over", "")));
    all.put("upload.overwrite-partition", Operation.of(judge -> overwrite(judge, "u_over_part", BY)));
    all.put("upload.create-partition", Operation.impossible("its batch upload cannot ask for that: create it first"));
    all.put("upload.delta-table", Operation.impossible("its Table has no writer; upserts work"));
    all.put("upload.given-up", Operation.impossible("its writers end a block that was begun"));
    all.put("upload.long-text", Operation.of(Uploads::longText));
    all.put("upload.bigint-min", (judge, given) -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_min", COLUMNS), null);
      try {
        session.newRecord().set(0, Long.MIN_VALUE);
      } catch (IllegalArgumentException error) {
        return new Impossible("the client itself refuses it: it stands for NULL");
      }
      throw new AssertionError("it was taken");
    });
    all.put("upload.many-rows", Uploads::manyRows);
  }

  static Object[][] numbered(int count) {
    Object[][] rows = new Object[count][];
    for (int i = 0; i < count; i++) rows[i] = Judge.row((long) i, "text " + i % 97 + " ".repeat(8));
    return rows;
  }

  static CompressOption option(String algorithm, boolean arrow) {
    CompressAlgorithm found = switch (algorithm) {
      case "deflate" -> CompressAlgorithm.ODPS_ZLIB;
      case "zstd" -> arrow ? CompressAlgorithm.ODPS_ARROW_ZSTD : CompressAlgorithm.ODPS_ZSTD;
      case "lz4" -> arrow ? CompressAlgorithm.ODPS_ARROW_LZ4_FRAME : CompressAlgorithm.ODPS_LZ4_FRAME;
      default -> CompressAlgorithm.ODPS_SNAPPY;
    };
    return new CompressOption(found, 1, 0);
  }

  private static void buffered(Judge judge) throws Exception {
    TableTunnel.UploadSession session = judge.session(judge.make("u_buffered", COLUMNS), null);
    TunnelBufferedWriter writer = (TunnelBufferedWriter) session.openBufferedWriter();
    writer.setBufferSize(1 << 20);
    for (long i = 0; i < 5_000; i++) writer.write(Judge.filled(session.newRecord(), i, "x".repeat(1_000)));
    writer.close();
    Judge.holds(session.getBlockList().length > 1, "several blocks");
    session.commit();
    Judge.equal(judge.rows("SELECT COUNT(*), SUM(id) FROM " + judge.name("u_buffered") + ";"), Judge.list(Judge.list(5_000L, 12_497_500L)));
  }

  private static void arrow(Judge judge, String word, int batches) throws Exception {
    TableTunnel.UploadSession session = judge.session(judge.make(word, COLUMNS), null);
    List<List<Object>> expected = new ArrayList<>();
    try (ArrowRecordWriter writer = session.openArrowRecordWriter(0)) {
      for (int i = 0; i < batches; i++) {
        List<List<Object>> rows = Judge.table(Judge.list((long) i, "a"), Judge.list(null, null), Judge.list(2L, "ü\0😀"));
        ArrowCells.write(writer, session.getArrowSchema(), session.getSchema(), rows);
        expected.addAll(rows);
      }
    }
    session.commit(new Long[] {0L});
    Judge.equal(judge.read(judge.name(word), null), expected);
  }

  private static void mixed(Judge judge) throws Exception {
    TableTunnel.UploadSession session = judge.session(judge.make("u_mixed", COLUMNS), null);
    Judge.block(session, 0, Judge.row(1L, "record"));
    try (RecordWriter writer = session.openRecordWriter(1, option("deflate", false))) {
      writer.write(Judge.filled(session.newRecord(), 2L, "deflate"));
    }
    try (ArrowRecordWriter writer = session.openArrowRecordWriter(2)) {
      ArrowCells.write(writer, session.getArrowSchema(), session.getSchema(), Judge.table(Judge.list(3L, "arrow")));
    }
    session.commit(new Long[] {0L, 1L, 2L});
    Judge.equal(Judge.sorted(judge.read(judge.name("u_mixed"), null)),
        Judge.list(Judge.list(1L, "record"), Judge.list(2L, "deflate"), Judge.list(3L, "arrow")));
  }

  private static Object compressed(Judge judge, JsonObject given) throws Exception {
    String algorithm = given.get("algorithm").getAsString();
    boolean arrow = given.get("form").getAsString().equals("arrow");
    if (arrow && algorithm.equals("zstd")) return new Impossible("its Arrow writer knows deflate, LZ4 and Snappy");
    String name = judge.make("u_" + given.get("form").getAsString() + "_" + algorithm, COLUMNS);
    TableTunnel.UploadSession session = judge.session(name, null);
    Object[][] rows = numbered(3_000);
    if (arrow) {
      try (ArrowRecordWriter writer = session.openArrowRecordWriter(0, option(algorithm, true))) {
        for (int at = 0; at < 3_000; at += 1_000)
          ArrowCells.write(writer, session.getArrowSchema(), session.getSchema(),
              Arrays.stream(rows, at, at + 1_000).map(Arrays::asList).toList());
      }
    } else {
      try (RecordWriter writer = session.openRecordWriter(0, option(algorithm, false))) {
        for (Object[] row : rows) writer.write(Judge.filled(session.newRecord(), row));
      }
    }
    session.commit(new Long[] {0L});
    List<List<Object>> found = judge.read(name, null);
    Judge.equal(found, Arrays.stream(rows).map(Arrays::asList).toList());
    return null;
  }

  private static void blocks(Judge judge) throws Exception {
    TableTunnel.UploadSession session = judge.session(judge.make("u_blocks", COLUMNS), null);
    Long[] numbers = {7L, 0L, 19_999L, 42L};
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<?>> running = new ArrayList<>();
    for (long number : numbers)
      running.add(threads.submit(() -> {
        Judge.block(session, number, Judge.row(number, "x"), Judge.row(number, "y"));
        return null;
      }));
    for (Future<?> one : running) one.get();
    threads.shutdown();
    session.commit(numbers);
    Judge.equal(judge.rows("SELECT id, COUNT(*) FROM " + judge.name("u_blocks") + " GROUP BY id ORDER BY id;"),
        Judge.list(Judge.list(0L, 2L), Judge.list(7L, 2L), Judge.list(42L, 2L), Judge.list(19_999L, 2L)));
  }

  private static void versions(Judge judge) throws Exception {
    TableTunnel.UploadSession session = judge.session(judge.make("u_version", COLUMNS), null);
    for (long version = 1; version <= 2; version++) {
      try (RecordWriter writer = session.openRecordWriter(0, option("deflate", false), version)) {
        writer.write(Judge.filled(session.newRecord(), version, "v"));
      }
    }
    session.commit(new Long[] {0L});
    Judge.equal(judge.read(judge.name("u_version"), null), Judge.list(Judge.list(2L, "v")));
  }

  private static void attach(Judge judge) throws Exception {
    String name = judge.make("u_attach", COLUMNS);
    TableTunnel.UploadSession first = judge.session(name, null);
    Judge.block(first, 0, Judge.row(1L, "a"));
    TableTunnel.UploadSession second = judge.tunnel().getUploadSession(judge.project(), name, first.getId());
    Judge.equal(Arrays.asList(second.getBlockList()), List.of(0L));
    Judge.block(second, 1, Judge.row(2L, "b"));
    second.commit(new Long[] {0L, 1L});
    Judge.equal(judge.read(name, null).size(), 2);
  }

  private static void overwrite(Judge judge, String word, String by) throws Exception {
    String name = judge.make(word, COLUMNS, by);
    String spec = by.isEmpty() ? null : "pt=a,h=1";
    if (spec != null) {
      for (String one : List.of("pt=a,h=1", "pt=b,h=1")) judge.odps.tables().get(name).createPartition(new PartitionSpec(one));
      judge.upload(name, "pt=b,h=1", Judge.row(9L, "other"));
    }
    judge.upload(name, spec, Judge.row(1L, "old"));
    for (Object[][] rows : List.of(new Object[][] {Judge.row(2L, "new")}, new Object[][] {})) {
      TableTunnel.UploadSession session = spec == null
          ? judge.tunnel().createUploadSession(judge.project(), name, true)
          : judge.tunnel().createUploadSession(judge.project(), name, new PartitionSpec(spec), true);
      if (rows.length > 0) Judge.block(session, 0, rows);
      session.commit();
      Judge.equal(judge.read(name, spec).size(), rows.length);
    }
    if (spec != null) Judge.equal(judge.read(name, "pt=b,h=1"), Judge.list(Judge.list(9L, "other")));
  }

  private static void longText(Judge judge) throws Exception {
    String name = judge.make("u_long", COLUMNS);
    String text = "ü😀".repeat(174_762);
    TableTunnel.UploadSession session = judge.session(name, null);
    Judge.block(session, 0, Judge.row(1L, text));
    try (ArrowRecordWriter writer = session.openArrowRecordWriter(1)) {
      ArrowCells.write(writer, session.getArrowSchema(), session.getSchema(), Judge.table(Judge.list(2L, text)));
    }
    session.commit(new Long[] {0L, 1L});
    for (List<Object> row : judge.read(name, null)) Judge.holds(row.get(1).equals(text), "the text");
  }

  private static Object manyRows(Judge judge, JsonObject given) throws Exception {
    String name = given.get("table").getAsString();
    long count = given.get("count").getAsLong();
    judge.sql("DROP TABLE IF EXISTS " + name + ";");
    judge.sql("CREATE TABLE " + name + " (" + COLUMNS + ");");
    TableTunnel.UploadSession session = judge.session(name, null);
    for (long block = 0; block < 2; block++) {
      try (RecordWriter writer = session.openRecordWriter(block, option("zstd", false))) {
        for (long i = block * count / 2; i < (block + 1) * count / 2; i++) writer.write(Judge.filled(session.newRecord(), i, "name " + i));
      }
    }
    session.commit(new Long[] {0L, 1L});
    Judge.equal(judge.rows("SELECT COUNT(*), SUM(id) FROM " + name + ";"), Judge.list(Judge.list(count, count * (count - 1) / 2)));
    return null;
  }
}
