import com.aliyun.odps.TableSchema;
import com.aliyun.odps.data.ArrowRecordReader;
import com.aliyun.odps.data.ArrowRecordWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DateMilliVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.IntervalDayVector;
import org.apache.arrow.vector.IntervalYearVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampNanoVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Plain values in Arrow vectors: Long, String, byte[], BigDecimal ...; days as Integer, DATETIME as milliseconds and
 * TIMESTAMP as nanoseconds in a Long, a list as List, a map as List of pairs, a struct as List by position.
 */
final class ArrowCells {
  private static final long DAY = 86_400_000_000_000L;
  static final BufferAllocator ALLOCATOR = new RootAllocator();

  /** One batch of rows. */
  static void write(ArrowRecordWriter writer, Schema schema, TableSchema table, List<List<Object>> rows) throws IOException {
    try (VectorSchemaRoot root = VectorSchemaRoot.create(schema, ALLOCATOR)) {
      root.allocateNew();
      for (int column = 0; column < table.getColumns().size(); column++)
        for (int row = 0; row < rows.size(); row++) set(root.getVector(column), row, rows.get(row).get(column));
      root.setRowCount(rows.size());
      writer.write(root);
    }
  }

  static List<List<Object>> read(ArrowRecordReader reader) throws IOException {
    List<List<Object>> rows = new ArrayList<>();
    for (VectorSchemaRoot root = reader.read(); root != null; root = reader.read()) {
      for (int row = 0; row < root.getRowCount(); row++) {
        List<Object> cells = new ArrayList<>();
        for (FieldVector vector : root.getFieldVectors()) cells.add(get(vector, row));
        rows.add(cells);
      }
    }
    reader.close();
    return rows;
  }

  private static void set(FieldVector vector, int row, Object value) {
    if (value == null) {
      vector.setNull(row);
    } else if (vector instanceof ListVector list) {
      int start = list.startNewValue(row);
      List<?> items = (List<?>) value;
      for (int i = 0; i < items.size(); i++) set(list.getDataVector(), start + i, items.get(i));
      list.endValue(row, items.size());
      list.getDataVector().setValueCount(start + items.size());
    } else if (vector instanceof StructVector struct) {
      struct.setIndexDefined(row);
      for (int i = 0; i < struct.size(); i++) set((FieldVector) struct.getChildByOrdinal(i), row, ((List<?>) value).get(i));
    } else {
      setLeaf(vector, row, value);
    }
  }

  private static void setLeaf(FieldVector vector, int row, Object value) {
    if (vector instanceof BigIntVector v) v.setSafe(row, (Long) value);
    else if (vector instanceof IntVector v) v.setSafe(row, ((Number) value).intValue());
    else if (vector instanceof SmallIntVector v) v.setSafe(row, ((Number) value).intValue());
    else if (vector instanceof TinyIntVector v) v.setSafe(row, ((Number) value).intValue());
    else if (vector instanceof BitVector v) v.setSafe(row, (Boolean) value ? 1 : 0);
    else if (vector instanceof Float4Vector v) v.setSafe(row, (Float) value);
    else if (vector instanceof Float8Vector v) v.setSafe(row, (Double) value);
    else if (vector instanceof VarCharVector v) v.setSafe(row, value.toString().getBytes(StandardCharsets.UTF_8));
    else if (vector instanceof VarBinaryVector v) v.setSafe(row, (byte[]) value);
    else if (vector instanceof DecimalVector v) v.setSafe(row, (BigDecimal) value);
    else if (vector instanceof DateDayVector v) v.setSafe(row, (Integer) value);
    else if (vector instanceof DateMilliVector v) v.setSafe(row, (Long) value);
    else if (vector instanceof TimeStampNanoVector v) v.setSafe(row, (Long) value);
    else if (vector instanceof IntervalDayVector v) v.setSafe(row, (int) Math.floorDiv((Long) value, DAY), (int) (Math.floorMod((Long) value, DAY) / 1_000_000L));
    else if (vector instanceof IntervalYearVector v) v.setSafe(row, ((Number) value).intValue());
    else throw new IllegalArgumentException("no writing of " + vector.getClass().getSimpleName());
  }

  private static Object get(FieldVector vector, int row) {
    if (vector.isNull(row)) return null;
    if (vector instanceof ListVector list) {
      List<Object> items = new ArrayList<>();
      for (int i = list.getElementStartIndex(row); i < list.getElementEndIndex(row); i++) items.add(get(list.getDataVector(), i));
      return items;
    }
    if (vector instanceof StructVector struct) {
      List<Object> fields = new ArrayList<>();
      for (int i = 0; i < struct.size(); i++) fields.add(get((FieldVector) struct.getChildByOrdinal(i), row));
      return fields;
    }
    if (vector instanceof VarCharVector v) return new String(v.get(row), StandardCharsets.UTF_8);
    if (vector instanceof VarBinaryVector v) return v.get(row);
    if (vector instanceof DateDayVector v) return v.get(row);
    if (vector instanceof DateMilliVector v) return v.get(row);
    if (vector instanceof TimeStampNanoVector v) return v.get(row);
    if (vector instanceof IntervalDayVector v) return IntervalDayVector.getDays(v.getDataBuffer(), row) * DAY + IntervalDayVector.getMilliseconds(v.getDataBuffer(), row) * 1_000_000L;
    if (vector instanceof IntervalYearVector v) return v.get(row);
    return vector.getObject(row);
  }
}
