import com.aliyun.odps.Column;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.data.RecordReader;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.TunnelException;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Downloads of tables: ranges, columns, Arrow, compressions, snapshots. */
final class Downloads {
  private static final String COLUMNS = "id BIGINT, name STRING, v DOUBLE";

  static void register(Map<String, Operation> all) {
    all.put("download.records", Operation.of(judge -> {
      TableTunnel.DownloadSession session = filled(judge, "d_records");
      Judge.equal(List.of(session.getRecordCount(), session.getStatus()), List.of(20L, TableTunnel.DownloadStatus.NORMAL));
      Judge.equal(Judge.read(session.openRecordReader(0, 20)), expected(0, 20));
    }));
    all.put("download.ranges", Operation.of(judge -> {
      TableTunnel.DownloadSession session = filled(judge, "d_ranges");
      Judge.equal(Judge.read(session.openRecordReader(0, 7)), expected(0, 7));
      Judge.equal(Judge.read(session.openRecordReader(7, 13)), expected(7, 20));
      Judge.equal(Judge.read(session.openRecordReader(5, 0)), List.of());
    }));
    all.put("download.columns", Operation.of(judge -> {
      TableTunnel.DownloadSession session = filled(judge, "d_columns");
      Judge.equal(Judge.read(session.openRecordReader(3, 1, false, columns(session, "v", "id"))), Judge.list(Judge.list(1.5, 3L)));
      Judge.equal(Judge.read(session.openRecordReader(3, 1, false, columns(session, "name"))), Judge.list(Judge.list("n3")));
    }));
    all.put("download.arrow", Operation.of(judge -> {
      TableTunnel.DownloadSession session = filled(judge, "d_arrow");
      Judge.equal(ArrowCells.read(session.openArrowRecordReader(2, 15)), expected(2, 17));
    }));
    all.put("download.arrow-columns", Operation.of(judge -> {
      TableTunnel.DownloadSession session = filled(judge, "d_arrow_cols");
      Judge.equal(ArrowCells.read(session.openArrowRecordReader(1, 2, columns(session, "id", "v"))),
          Judge.list(Judge.list(1L, 0.5), Judge.list(2L, 1.0)));
    }));
    all.put("download.arrow-empty", Operation.of(judge -> {
      TableTunnel.DownloadSession session = judge.download(judge.make("d_arrow_none", COLUMNS), null);
      Judge.equal(ArrowCells.read(session.openArrowRecordReader(0, 0)), List.of());
    }));
    all.put("download.compression", Downloads::compressed);
    all.put("download.partition", Operation.of(judge -> {
      String name = judge.make("d_part", "id BIGINT", "PARTITIONED BY (pt STRING)");
      for (String value : List.of("a", "b")) {
        judge.odps.tables().get(name).createPartition(new PartitionSpec("pt=" + value));
        judge.upload(name, "pt=" + value, Judge.row((long) value.charAt(0)));
      }
      Judge.equal(judge.read(name, "pt=a"), Judge.list(Judge.list(97L)));
      Judge.equal(judge.read(name, "pt=b"), Judge.list(Judge.list(98L)));
    }));
    all.put("download.parallel", Operation.of(Downloads::parallel));
    all.put("download.high-level", Operation.of(judge -> {
      TableTunnel.DownloadSession session = filled(judge, "d_high");
      RecordReader reader = session.openBufferedRecordReader(0, 20, 6, 1 << 20, Uploads.option("deflate", false), null, false);
      Judge.equal(Judge.read(reader), expected(0, 20));
    }));
    all.put("download.pandas", Operation.impossible("pandas is Python"));
    all.put("download.long-text", Operation.of(judge -> {
      String name = judge.make("d_long", COLUMNS);
      String text = "ü😀".repeat(174_762);
      judge.upload(name, null, Judge.row(1L, text, 0.5));
      TableTunnel.DownloadSession session = judge.download(name, null);
      Judge.holds(Judge.read(session.openRecordReader(0, 1)).get(0).get(1).equals(text), "records");
      Judge.holds(ArrowCells.read(session.openArrowRecordReader(0, 1)).get(0).get(1).equals(text), "Arrow");
    }));
    all.put("download.attach", Operation.of(judge -> {
      String id = filled(judge, "d_attach").getId();
      TableTunnel.DownloadSession again = judge.tunnel().getDownloadSession(judge.project(), judge.name("d_attach"), id);
      Judge.equal(again.getStatus(), TableTunnel.DownloadStatus.NORMAL);
      Judge.equal(Judge.read(again.openRecordReader(18, 2)), expected(18, 20));
    }));
    all.put("download.snapshot", Operation.of(Downloads::snapshot));
    all.put("download.beyond", (judge, given) -> {
      TableTunnel.DownloadSession session = filled(judge, "d_beyond");
      return Judge.refused(TunnelException.class, "InvalidRowRange", () -> Judge.read(session.openRecordReader(21, 5)));
    });
    all.put("download.whole-partitioned", (judge, given) -> {
      String name = judge.make("d_whole", "id BIGINT", "PARTITIONED BY (pt STRING)");
      return Judge.refused(TunnelException.class, "MissingPartitionSpec", () -> judge.download(name, null));
    });
    all.put("download.view", (judge, given) -> {
      String view = judge.name("d_view");
      judge.sql("CREATE OR REPLACE VIEW " + view + " AS SELECT * FROM " + judge.make("d_view_of", COLUMNS) + ";");
      return Judge.refused(TunnelException.class, "MethodNotAllowed", () -> judge.download(view, null));
    });
    all.put("download.many-rows", Downloads::manyRows);
    all.put("error.download-missing-table", (judge, given) ->
        Judge.refused(TunnelException.class, "NoSuchTable", () -> judge.download("nothing_like_it", null)));
    all.put("error.download-missing-table-partition", (judge, given) -> {
      String name = judge.make("d_missing", "id BIGINT", "PARTITIONED BY (pt STRING)");
      return Judge.refused(TunnelException.class, "NoSuchPartition", () -> judge.download(name, "pt=z"));
    });
    all.put("error.unknown-download", (judge, given) -> {
      String name = judge.make("d_unknown", COLUMNS);
      return Judge.refused(TunnelException.class, "NoSuchDownload", () -> judge.tunnel().getDownloadSession(judge.project(), name, "nothing"));
    });
    all.put("error.download-of-another-table", (judge, given) -> {
      String id = filled(judge, "d_one").getId();
      String other = judge.make("d_other", COLUMNS);
      return Judge.refused(TunnelException.class, "InvalidResourceSpec", () -> judge.tunnel().getDownloadSession(judge.project(), other, id));
    });
  }

  private static TableTunnel.DownloadSession filled(Judge judge, String word) throws Exception {
    String name = judge.make(word, COLUMNS);
    judge.upload(name, null, expected(0, 20).stream().map(List::toArray).toArray(Object[][]::new));
    return judge.download(name, null);
  }

  private static List<List<Object>> expected(int from, int to) {
    List<List<Object>> rows = new ArrayList<>();
    for (long i = from; i < to; i++) rows.add(Judge.list(i, "n" + i, i / 2.0));
    return rows;
  }

  private static List<Column> columns(TableTunnel.DownloadSession session, String... names) {
    return Arrays.stream(names).map(name -> session.getSchema().getColumn(name)).toList();
  }

  private static Object compressed(Judge judge, JsonObject given) throws Exception {
    String algorithm = given.get("algorithm").getAsString();
    boolean arrow = given.get("form").getAsString().equals("arrow");
    if (arrow && algorithm.equals("zstd")) return new Impossible("its Arrow reader knows deflate, LZ4 and Snappy");
    String name = judge.make("d_" + given.get("form").getAsString() + "_" + algorithm, COLUMNS);
    Object[][] rows = new Object[3_000][];
    for (int i = 0; i < rows.length; i++) rows[i] = Judge.row((long) i, "text " + i % 97, i / 4.0);
    judge.upload(name, null, rows);
    TableTunnel.DownloadSession session = judge.download(name, null);
    List<List<Object>> found = arrow
        ? ArrowCells.read(session.openArrowRecordReader(0, 3_000, Uploads.option(algorithm, true)))
        : Judge.read(session.openRecordReader(0, 3_000, Uploads.option(algorithm, false)));
    Judge.equal(found, Arrays.stream(rows).map(Arrays::asList).toList());
    return null;
  }

  private static void parallel(Judge judge) throws Exception {
    TableTunnel.DownloadSession session = filled(judge, "d_parallel");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<List<List<Object>>>> running = new ArrayList<>();
    for (int at = 0; at < 20; at += 5) {
      int start = at;
      running.add(threads.submit(() -> Judge.read(session.openRecordReader(start, 5))));
    }
    List<List<Object>> found = new ArrayList<>();
    for (Future<List<List<Object>>> one : running) found.addAll(one.get());
    threads.shutdown();
    Judge.equal(found, expected(0, 20));
  }

  private static void snapshot(Judge judge) throws Exception {
    TableTunnel.DownloadSession session = filled(judge, "d_snapshot");
    String name = judge.name("d_snapshot");
    judge.upload(name, null, Judge.row(99L, "later", 0.0));
    TableTunnel.UploadSession over = judge.tunnel().createUploadSession(judge.project(), name, true);
    Judge.block(over, 0, Judge.row(100L, "instead", 0.0));
    over.commit();
    Judge.equal(Judge.read(session.openRecordReader(0, 20)), expected(0, 20));
    Judge.equal(judge.read(name, null), Judge.list(Judge.list(100L, "instead", 0.0)));
  }

  private static Object manyRows(Judge judge, JsonObject given) throws Exception {
    long count = given.get("count").getAsLong();
    TableTunnel.DownloadSession session = judge.download(given.get("table").getAsString(), null);
    Judge.equal(session.getRecordCount(), count);
    long sum = 0;
    for (long start = 0; start < count; start += count / 4) {
      RecordReader reader = session.openRecordReader(start, count / 4, Uploads.option("zstd", false));
      for (Record record = reader.read(); record != null; record = reader.read()) {
        long number = record.getBigint(0);
        if (!record.getString(1).equals("name " + number)) throw new AssertionError(number + " " + record.getString(1));
        sum += number;
      }
      reader.close();
    }
    Judge.equal(sum, count * (count - 1) / 2);
    return null;
  }
}
