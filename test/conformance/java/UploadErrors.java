import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.TunnelException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;

/** Batch uploads that the service refuses. */
final class UploadErrors {
  static void register(Map<String, Operation> all) {
    all.put("upload.block-list", (judge, given) -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_list", Uploads.COLUMNS), null);
      Judge.block(session, 0, Judge.row(1L, "a"));
      Judge.block(session, 1, Judge.row(2L, "b"));
      Refused refused = Judge.refused(TunnelException.class, "Blocks not match", () -> session.commit(new Long[] {0L}));
      Judge.equal(judge.read(judge.name("u_list"), null), List.of());
      session.commit(new Long[] {0L, 1L});
      return refused;
    });
    all.put("upload.commit-twice", Operation.of(judge -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_twice", Uploads.COLUMNS), null);
      Judge.block(session, 0, Judge.row(1L, "a"));
      session.commit();
      try {
        session.commit();
      } catch (TunnelException error) {
        Judge.equal(error.getErrorCode(), "StatusConflict");
      }
      Judge.equal(judge.read(judge.name("u_twice"), null), Judge.list(Judge.list(1L, "a")));
    }));
    all.put("upload.put-after-commit", (judge, given) -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_after", Uploads.COLUMNS), null);
      session.commit();
      return Judge.refused(IOException.class, "StatusConflict", () -> Judge.block(session, 0, Judge.row(1L, "a")));
    });
    all.put("upload.expired", (judge, given) -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_expired", Uploads.COLUMNS), null);
      judge.control("/_control/sessions/" + session.getId(), "{\"state\":\"expired\"}");
      Judge.equal(session.getStatus(), TableTunnel.UploadStatus.EXPIRED);
      return Judge.refused(IOException.class, "StatusConflict", () -> Judge.block(session, 0, Judge.row(1L, "a")));
    });
    all.put("upload.view", (judge, given) -> {
      String view = judge.name("u_view");
      judge.sql("CREATE OR REPLACE VIEW " + view + " AS SELECT * FROM " + judge.make("u_view_of", Uploads.COLUMNS) + ";");
      return Judge.refused(TunnelException.class, "MethodNotAllowed", () -> judge.session(view, null));
    });
    all.put("error.upload-missing-table", (judge, given) ->
        Judge.refused(TunnelException.class, "NoSuchTable", () -> judge.session("nothing_like_it", null)));
    all.put("error.upload-missing-table-partition", onPartitioned("pt=z,h=1", "NoSuchPartition"));
    all.put("error.no-partition-spec", onPartitioned(null, "MissingPartitionSpec"));
    all.put("error.incomplete-partition-spec", onPartitioned("pt=a", "InvalidPartitionSpec"));
    all.put("error.unknown-partition-column", onPartitioned("pt=a,nothing=1", "InvalidPartitionSpec"));
    all.put("error.forbidden-partition-spec", (judge, given) -> {
      String name = judge.make("u_plain", Uploads.COLUMNS);
      return Judge.refused(TunnelException.class, "InvalidPartitionSpec", () -> judge.session(name, "pt=a"));
    });
    all.put("error.unknown-upload", (judge, given) -> {
      String name = judge.make("u_unknown", Uploads.COLUMNS);
      return Judge.refused(TunnelException.class, "NoSuchUpload", () -> judge.tunnel().getUploadSession(judge.project(), name, "nothing"));
    });
    all.put("error.upload-of-another-table", (judge, given) -> {
      String id = judge.session(judge.make("u_one", Uploads.COLUMNS), null).getId();
      String other = judge.make("u_other", Uploads.COLUMNS);
      return Judge.refused(TunnelException.class, "InvalidResourceSpec", () -> judge.tunnel().getUploadSession(judge.project(), other, id));
    });
    all.put("error.block-id", (judge, given) -> {
      TableTunnel.UploadSession session = judge.session(judge.make("u_block_id", Uploads.COLUMNS), null);
      Judge.refused(IOException.class, "InvalidBlockID", () -> Judge.block(session, -1, Judge.row(1L, "a")));
      return Judge.refused(IOException.class, "InvalidBlockID", () -> Judge.block(session, 20_000, Judge.row(1L, "a")));
    });
    all.put("error.wrong-columns", UploadErrors::wrongColumns);
  }

  private static Operation onPartitioned(String spec, String code) {
    return (judge, given) -> {
      String name = judge.make("u_specs", Uploads.COLUMNS, Uploads.BY);
      return Judge.refused(TunnelException.class, code, () -> judge.session(name, spec));
    };
  }

  /** The columns of another table than the one that the session belongs to: the text is no number. */
  private static Object wrongColumns(Judge judge, Object given) throws Exception {
    TableTunnel.UploadSession session = judge.session(judge.make("u_columns", Uploads.COLUMNS), null);
    TableTunnel.UploadSession other = judge.session(judge.make("u_columns_other", "id STRING, name BIGINT"), null);
    for (String name : List.of("id", "tableName")) {
      Field field = TableTunnel.UploadSession.class.getDeclaredField(name);
      field.setAccessible(true);
      field.set(other, field.get(session));
    }
    return Judge.refused(IOException.class, "MalformedDataStream", () -> Judge.block(other, 0, Judge.row("a", 1L)));
  }
}
