import com.aliyun.odps.Odps;
import com.aliyun.odps.OdpsException;
import com.aliyun.odps.NoSuchObjectException;
import com.aliyun.odps.Project;
import com.aliyun.odps.account.AliyunAccount;
import com.aliyun.odps.account.StsAccount;
import com.aliyun.odps.task.SQLTask;
import com.aliyun.odps.tunnel.Configuration;
import com.aliyun.odps.tunnel.TableTunnel;
import com.aliyun.odps.tunnel.TunnelException;
import java.util.Map;

/** Accounts, addresses and the project. */
final class Accounts {
  private static final String COLUMNS = "id BIGINT, name STRING";

  static void register(Map<String, Operation> all) {
    all.put("account.v2", Operation.of(judge -> writesAndReads(judge, judge.odps, "account_v2")));
    all.put("account.v4", Operation.of(judge -> writesAndReads(judge,
        judge.entry(new AliyunAccount(judge.text("accessId"), judge.text("accessKey"), "cn-hangzhou")), "account_v4")));
    all.put("account.sts", Operation.of(judge -> writesAndReads(judge, judge.entry(judge.account()), "account_sts")));
    all.put("account.sts-missing", (judge, given) -> refused(judge, judge.text("accessId"), judge.text("accessKey"), "ODPS-0410051"));
    all.put("account.wrong-key", (judge, given) -> refused(judge, judge.text("accessId"), "wrong", "ODPS-0410042"));
    all.put("account.unknown-id", (judge, given) -> refused(judge, "nobody", judge.text("accessKey"), "ODPS-0410051"));
    all.put("account.wrong-key-v4", (judge, given) -> {
      Odps odps = judge.entry(new AliyunAccount(judge.text("accessId"), "wrong", "cn-hangzhou"));
      return Judge.refused(OdpsException.class, "ODPS-0410042", () -> odps.projects().get().reload());
    });
    all.put("account.wrong-key-tunnel", Accounts::wrongKeyTunnel);
    all.put("address.discovered", Operation.of(judge -> {
      TableTunnel tunnel = judge.tunnel();
      Judge.equal(tunnel.getConfig().getEndpoint(judge.project()).toString(), judge.text("tunnelEndpoint"));
      tunnel.createUploadSession(judge.project(), judge.make("discovered", COLUMNS));
    }));
    all.put("address.given", Operation.of(judge -> {
      TableTunnel tunnel = judge.tunnel();
      tunnel.setEndpoint(judge.text("tunnelEndpoint"));
      tunnel.createUploadSession(judge.project(), judge.make("given", COLUMNS));
    }));
    all.put("address.quota", Operation.of(Accounts::quota));
    all.put("project.get", Operation.of(Accounts::project));
    all.put("project.exists", Operation.of(judge -> {
      Judge.equal(judge.odps.projects().exists(judge.project()), true);
      Judge.equal(judge.odps.projects().exists("nowhere"), false);
    }));
    all.put("project.missing", (judge, given) ->
        Judge.refused(NoSuchObjectException.class, "NoSuchObject", () -> judge.odps.projects().get("nowhere").reload()));
    all.put("project.missing-tunnel", (judge, given) -> {
      TableTunnel tunnel = judge.tunnel();
      tunnel.setEndpoint(judge.text("tunnelEndpoint"));
      return Judge.refused(TunnelException.class, "NoSuchProject", () -> tunnel.createUploadSession("nowhere", "t"));
    });
  }

  private static void writesAndReads(Judge judge, Odps odps, String word) throws Exception {
    String name = judge.name(word);
    SQLTask.run(odps, "CREATE TABLE IF NOT EXISTS " + name + " (" + COLUMNS + ");").waitForSuccess(20);
    TableTunnel tunnel = new TableTunnel(odps);
    TableTunnel.UploadSession session = tunnel.createUploadSession(judge.project(), name, true);
    Judge.block(session, 0, Judge.row(1L, "a"));
    session.commit(new Long[] {0L});
    TableTunnel.DownloadSession down = tunnel.createDownloadSession(judge.project(), name);
    Judge.equal(Judge.read(down.openRecordReader(0, 1)), Judge.list(Judge.list(1L, "a")));
  }

  private static Refused refused(Judge judge, String id, String key, String words) {
    Odps odps = judge.entry(new AliyunAccount(id, key));
    return Judge.refused(OdpsException.class, words, () -> odps.projects().get().reload());
  }

  private static Object wrongKeyTunnel(Judge judge, Object given) throws Exception {
    String name = judge.make("wrong_key", COLUMNS);
    TableTunnel tunnel = new TableTunnel(judge.entry(new AliyunAccount(judge.text("accessId"), "wrong")));
    tunnel.setEndpoint(judge.text("tunnelEndpoint"));
    return Judge.refused(TunnelException.class, "ODPS-0410042", () -> tunnel.createUploadSession(judge.project(), name));
  }

  private static void quota(Judge judge) throws Exception {
    String name = judge.make("quota", COLUMNS);
    Configuration configuration = Configuration.builder(judge.odps).withQuotaName("loading").build();
    TableTunnel.UploadSession session = new TableTunnel(judge.odps, configuration).createUploadSession(judge.project(), name);
    Judge.block(session, 0, Judge.row(1L, "a"));
    session.commit(new Long[] {0L});
    Judge.equal(judge.read(name, null), Judge.list(Judge.list(1L, "a")));
  }

  private static void project(Judge judge) throws Exception {
    Project project = judge.odps.projects().get();
    project.reload();
    Judge.equal(project.getName(), judge.project());
    Judge.holds(project.getOwner() != null && project.getCreatedTime() != null, "owner and time");
    Judge.equal(project.getProperty("odps.schema.model.enabled"), "false");
  }
}
