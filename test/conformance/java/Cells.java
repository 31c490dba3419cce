import com.aliyun.odps.OdpsType;
import com.aliyun.odps.data.Binary;
import com.aliyun.odps.data.Char;
import com.aliyun.odps.data.IntervalDayTime;
import com.aliyun.odps.data.IntervalYearMonth;
import com.aliyun.odps.data.JsonValue;
import com.aliyun.odps.data.SimpleJsonValue;
import com.aliyun.odps.data.SimpleStruct;
import com.aliyun.odps.data.Struct;
import com.aliyun.odps.data.Varchar;
import com.aliyun.odps.type.ArrayTypeInfo;
import com.aliyun.odps.type.DecimalTypeInfo;
import com.aliyun.odps.type.MapTypeInfo;
import com.aliyun.odps.type.StructTypeInfo;
import com.aliyun.odps.type.TypeInfo;
import com.google.gson.JsonElement;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values between the one text form of both programs and what records of this client hold. */
final class Cells {
  private static final long BILLION = 1_000_000_000L;

  /** What a record is handed. */
  static Object given(TypeInfo type, JsonElement value) {
    if (value.isJsonNull()) return null;
    if (type instanceof ArrayTypeInfo array) {
      List<Object> items = new ArrayList<>();
      value.getAsJsonArray().forEach(item -> items.add(given(array.getElementTypeInfo(), item)));
      return items;
    }
    if (type instanceof MapTypeInfo map) {
      Map<Object, Object> entries = new LinkedHashMap<>();
      value.getAsJsonArray().forEach(pair -> entries.put(given(map.getKeyTypeInfo(), pair.getAsJsonArray().get(0)),
          given(map.getValueTypeInfo(), pair.getAsJsonArray().get(1))));
      return entries;
    }
    if (type instanceof StructTypeInfo struct) {
      List<Object> fields = new ArrayList<>();
      for (int i = 0; i < struct.getFieldCount(); i++)
        fields.add(given(struct.getFieldTypeInfos().get(i), value.getAsJsonArray().get(i)));
      return new SimpleStruct(struct, fields);
    }
    return type.getOdpsType() == OdpsType.BOOLEAN ? (Object) value.getAsBoolean() : leaf(type, value.getAsString());
  }

  private static Object leaf(TypeInfo type, String text) {
    return switch (type.getOdpsType()) {
      case TINYINT -> Byte.valueOf(text);
      case SMALLINT -> Short.valueOf(text);
      case INT -> Integer.valueOf(text);
      case BIGINT -> Long.valueOf(text);
      case FLOAT -> Float.intBitsToFloat(Integer.parseUnsignedInt(text, 16));
      case DOUBLE -> Double.longBitsToDouble(Long.parseUnsignedLong(text, 16));
      case DECIMAL -> new BigDecimal(text);
      case VARCHAR -> new Varchar(text);
      case CHAR -> new Char(text);
      case BINARY -> new Binary(HexFormat.of().parseHex(text));
      case DATE -> LocalDate.parse(text);
      case DATETIME -> Instant.ofEpochMilli(Long.parseLong(text)).atZone(ZoneOffset.UTC);
      case TIMESTAMP -> instant(text);
      case TIMESTAMP_NTZ -> LocalDateTime.ofInstant(instant(text), ZoneOffset.UTC);
      case INTERVAL_DAY_TIME -> new IntervalDayTime(Long.parseLong(text) / BILLION, (int) (Long.parseLong(text) % BILLION));
      case INTERVAL_YEAR_MONTH -> new IntervalYearMonth(Integer.parseInt(text));
      case JSON -> new SimpleJsonValue(text);
      default -> text;
    };
  }

  private static Instant instant(String nanos) {
    long number = Long.parseLong(nanos);
    return Instant.ofEpochSecond(Math.floorDiv(number, BILLION), Math.floorMod(number, BILLION));
  }

  /** The text form of what a record holds. */
  static Object shown(TypeInfo type, Object value) {
    if (value == null) return null;
    if (type instanceof ArrayTypeInfo array) {
      List<Object> items = new ArrayList<>();
      for (Object item : (List<?>) value) items.add(shown(array.getElementTypeInfo(), item));
      return items;
    }
    if (type instanceof MapTypeInfo map) {
      List<Object> pairs = new ArrayList<>();
      ((Map<?, ?>) value).forEach((k, v) -> pairs.add(Judge.list(shown(map.getKeyTypeInfo(), k), shown(map.getValueTypeInfo(), v))));
      return pairs;
    }
    if (type instanceof StructTypeInfo struct) {
      List<Object> fields = new ArrayList<>();
      for (int i = 0; i < struct.getFieldCount(); i++)
        fields.add(shown(struct.getFieldTypeInfos().get(i), ((Struct) value).getFieldValue(i)));
      return fields;
    }
    return shownLeaf(type, value);
  }

  private static Object shownLeaf(TypeInfo type, Object value) {
    return switch (type.getOdpsType()) {
      case BOOLEAN -> value;
      case FLOAT -> String.format("%08x", Float.floatToIntBits((Float) value));
      case DOUBLE -> String.format("%016x", Double.doubleToLongBits((Double) value));
      case DECIMAL -> ((BigDecimal) value).setScale(((DecimalTypeInfo) type).getScale(), RoundingMode.UNNECESSARY).toPlainString();
      case BINARY -> HexFormat.of().formatHex(value instanceof Binary binary ? binary.data() : (byte[]) value);
      case DATETIME -> String.valueOf(((ZonedDateTime) value).toInstant().toEpochMilli());
      case TIMESTAMP -> nanos(value instanceof Instant instant ? instant : ((java.sql.Timestamp) value).toInstant());
      case TIMESTAMP_NTZ -> nanos(((LocalDateTime) value).toInstant(ZoneOffset.UTC));
      case INTERVAL_DAY_TIME -> String.valueOf(((IntervalDayTime) value).getTotalSeconds() * BILLION + ((IntervalDayTime) value).getNanos());
      case INTERVAL_YEAR_MONTH -> String.valueOf(((IntervalYearMonth) value).getTotalMonths());
      case JSON -> ((JsonValue) value).toString();
      default -> value instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : value.toString();
    };
  }

  private static String nanos(Instant instant) {
    return String.valueOf(instant.getEpochSecond() * BILLION + instant.getNano());
  }
}
