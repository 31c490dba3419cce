import com.aliyun.odps.Column;
import com.aliyun.odps.Instance;
import com.aliyun.odps.Odps;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.PartitionSpec;
import com.aliyun.odps.TableSchema;
import com.aliyun.odps.account.Account;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.account.StsAccount;
import com.aliyun.odps.data.Record;
import com.aliyun.odps.data.RecordReader;
import com.aliyun.odps.data.RecordWriter;
import com.aliyun.odps.task.SQLTask;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.TunnelException;
import com.google.gson.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** What every operation is given: the client with the addresses and names of this run, and checks. */
final class Judge {
  final JsonObject config;
  final Odps odps;

  Judge(JsonObject config) {
    this.config = config;
    this.odps = entry(account());
  }

  String text(String key) {
    return config.get(key).getAsString();
  }

  Account account() {
    boolean temporary = config.has("securityToken") && !config.get("securityToken").isJsonNull();
    return temporary
        ? new StsAccount(text("accessId"), text("accessKey"), text("securityToken"))
        : new AliyunAccount(text("accessId"), text("accessKey"));
  }

  Odps entry(Account account) {
    Odps entry = new Odps(account);
    entry.setEndpoint(text("endpoint"));
    entry.setDefaultProject(text("project"));
    return entry;
  }

  String project() {
    return text("project");
  }

  String name(String word) {
    return text("prefix") + "_" + word;
  }

  TableTunnel tunnel() {
    return new TableTunnel(odps);
  }

  /** Runs a statement to its end; throws with the text of the service when it fails. */
  Instance sql(String text) throws OdpsException {
    Instance instance = SQLTask.run(odps, text);
    instance.waitForSuccess(20);
    return instance;
  }

  List<List<Object>> rows(String query) throws Exception {
    List<List<Object>> rows = new ArrayList<>();
    for (Record record : SQLTask.getResultByInstanceTunnel(sql(query))) rows.add(values(record));
    return rows;
  }

  String csv(String statement) throws OdpsException {
    return SQLTask.getRawResult(sql(statement));
  }

  /** A new table of this client; answers its name. */
  String make(String word, String columns, String more) throws OdpsException {
    String name = name(word);
    sql("DROP TABLE IF EXISTS " + name + ";");
    sql("CREATE TABLE " + name + " (" + columns + ") " + more + ";");
    return name;
  }

  String make(String word, String columns) throws OdpsException {
    return make(word, columns, "");
  }

  TableTunnel.UploadSession session(String table, String spec) throws OdpsException {
    return spec == null
        ? tunnel().createUploadSession(project(), table)
        : tunnel().createUploadSession(project(), table, new PartitionSpec(spec));
  }

  static void block(TableTunnel.UploadSession session, long number, Object[]... rows) throws Exception {
    try (RecordWriter writer = session.openRecordWriter(number)) {
      for (Object[] row : rows) writer.write(filled(session.newRecord(), row));
    }
  }

  static Record filled(Record record, Object... cells) {
    for (int i = 0; i < cells.length; i++) record.set(i, cells[i]);
    return record;
  }

  /** One block of records in a session of its own. */
  void upload(String table, String spec, Object[]... rows) throws Exception {
    TableTunnel.UploadSession session = session(table, spec);
    block(session, 0, rows);
    session.commit(new Long[] {0L});
  }

  TableTunnel.DownloadSession download(String table, String spec) throws OdpsException {
    return spec == null
        ? tunnel().createDownloadSession(project(), table)
        : tunnel().createDownloadSession(project(), table, new PartitionSpec(spec));
  }

  List<List<Object>> read(String table, String spec) throws Exception {
    TableTunnel.DownloadSession session = download(table, spec);
    return read(session.openRecordReader(0, session.getRecordCount()));
  }

  static List<List<Object>> read(RecordReader reader) throws Exception {
    List<List<Object>> rows = new ArrayList<>();
    for (Record record = reader.read(); record != null; record = reader.read()) rows.add(values(record));
    reader.close();
    return rows;
  }

  static List<Object> values(Record record) {
    List<Object> cells = new ArrayList<>();
    for (int i = 0; i < record.getColumnCount(); i++) {
      Object cell = record.get(i);
      cells.add(cell instanceof byte[] ? record.getString(i) : cell);
    }
    return cells;
  }

  static Object[] row(Object... cells) {
    return cells;
  }

  static List<Object> list(Object... cells) {
    return Arrays.asList(cells);
  }

  @SafeVarargs
  static List<List<Object>> table(List<Object>... rows) {
    return Arrays.asList(rows);
  }

  static List<List<Object>> sorted(List<List<Object>> rows) {
    rows.sort(Comparator.comparing(String::valueOf));
    return rows;
  }

  static TableSchema schema(Column... columns) {
    TableSchema schema = new TableSchema();
    for (Column column : columns) schema.addColumn(column);
    return schema;
  }

  /** A call about the emulator itself: the states of sessions. */
  void control(String path, String body) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(text("tunnelEndpoint") + path))
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() >= 300) throw new IllegalStateException(answer.body());
  }

  static void equal(Object actual, Object expected) {
    if (!Objects.deepEquals(actual, expected)) throw new AssertionError(shown(actual) + " instead of " + shown(expected));
  }

  static void holds(boolean condition, String what) {
    if (!condition) throw new AssertionError(what);
  }

  private static String shown(Object value) {
    String text = String.valueOf(value);
    return text.length() <= 400 ? text : text.substring(0, 400) + " ...";
  }

  /** The attempt has to throw this class, no other below it, with these words in its code or text. */
  static Refused refused(Class<? extends Throwable> kind, String words, Operation.Attempt attempt) {
    try {
      attempt.run();
    } catch (Throwable error) {
      String code = error instanceof OdpsException odps ? odps.getErrorCode() + " " : "";
      String text = code + error.getMessage();
      boolean right = error.getClass() == kind && text.contains(words);
      String shown = words.startsWith("ODPS-") || !(error instanceof TunnelException) ? words : code.trim();
      if (right) return new Refused((kind.getSimpleName() + " " + shown).trim());
      throw new AssertionError(error.getClass().getName() + " instead of " + kind.getSimpleName() + " " + words + ": " + text, error);
    }
    throw new AssertionError("no " + kind.getSimpleName() + " (" + words + ") was thrown");
  }
}
