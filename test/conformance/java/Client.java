import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The Java client as a judge: takes {"operation", "arguments"} lines, answers {"ok", "outcome", "detail"} lines. */
public final class Client {
  private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  public static void main(String[] args) throws Exception {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Map<String, Operation> operations = new HashMap<>();
    Accounts.register(operations);
    TableCalls.register(operations);
    TableCreation.register(operations);
    TablePartitions.register(operations);
    Statements.register(operations);
    Results.register(operations);
    Uploads.register(operations);
    UploadErrors.register(operations);
    Downloads.register(operations);
    Previews.register(operations);
    Streams.register(operations);
    Upserts.register(operations);
    Schemas3.register(operations);
    TypeTables.register(operations);
    serve(operations, JsonParser.parseString(args[0]).getAsJsonObject(), answers);
    System.exit(0);
  }

  private static void serve(Map<String, Operation> operations, JsonObject config, PrintStream answers)
      throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Map<String, Judge> judges = new HashMap<>();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      JsonObject asked = JsonParser.parseString(line).getAsJsonObject();
      JsonObject all = config.deepCopy();
      if (asked.has("config")) asked.getAsJsonObject("config").entrySet().forEach(e -> all.add(e.getKey(), e.getValue()));
      Judge judge = judges.computeIfAbsent(all.toString(), key -> new Judge(all));
      JsonElement given = asked.get("arguments");
      answers.println(GSON.toJson(
          answer(operations.get(asked.get("operation").getAsString()), judge,
              given == null ? new JsonObject() : given.getAsJsonObject())));
    }
  }

  private static Map<String, Object> answer(Operation operation, Judge judge, JsonObject given) {
    if (operation == null) return Map.of("ok", false, "outcome", "missing", "detail", "the program has no such operation");
    try {
      Object result = operation.run(judge, given);
      if (result instanceof Refused refused) return Map.of("ok", true, "outcome", "refused", "detail", refused.what());
      if (result instanceof Impossible impossible)
        return Map.of("ok", true, "outcome", "impossible", "detail", impossible.why());
      Map<String, Object> found = new HashMap<>(Map.of("ok", true, "outcome", "works", "detail", ""));
      found.put("result", result);
      return found;
    } catch (Throwable error) {
      StringWriter text = new StringWriter();
      error.printStackTrace(new PrintWriter(text));
      return Map.of("ok", false, "outcome", "failed", "detail", text.toString().substring(0, Math.min(4000, text.toString().length())));
    }
  }
}
