import { malformed, Refusal } from '../errors.ts';
import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { parseType } from '../model/types.ts';
import { type Cell, cellReader, readCell } from '../record/cells.ts';
import type { RecordHandler } from '../record/record-reader.ts';
import { Scan } from '../record/scan.ts';
import { isNull, requiredColumns } from '../record/value-checks.ts';
import { bucketOf, type HasherName, keyHash } from './bucket-hash.ts';

/** Columns that an upsert record has besides those of the table (protocol 9.2). */
const EXTRA_TYPES = {
  __version: 'BIGINT',
  __app_version: 'BIGINT',
  __operation: 'TINYINT',
  __key_cols: 'ARRAY<BIGINT>',
  __value_cols: 'ARRAY<BIGINT>',
};
const EXTRA: readonly ColumnDefinition[] = Object.entries(EXTRA_TYPES).map(([name, type]) => ({
  name,
  type: parseType(type),
  comment: '',
  nullable: true,
}));

/** Columns of the records of an upsert on a table with these. */
export const upsertColumns = (columns: readonly ColumnDefinition[]): ColumnDefinition[] => [
  ...columns,
  ...EXTRA,
];

const UPSERT = 85;
const DELETE = 68;

/** What a record must be to belong into a bucket of an upsert session. */
export interface BucketPlan {
  readonly table: Table;
  readonly hasher: HasherName;
  readonly buckets: number;
  readonly bucket: number;
  readonly partialUpdate: boolean;
}

/**
 * Looks at each record: its operation, its keys (never NULL), its bucket, what of it is assigned and the
 * columns that take no NULL. Throws MalformedDataStream (the record reader adds the row), or InvalidArgument for a partial update that the table does not allow.
 */
export function upsertCheck(plan: BucketPlan): RecordHandler {
  const { columns } = plan.table;
  const keys = keyColumns(plan.table).map(({ name, type, index }) => ({
    name,
    index,
    read: cellReader(type),
    hash: keyHash(type, plan.hasher)!,
  }));
  const [operationAt, valuesAt] = [columns.length + 2, columns.length + 4];
  const readOperation = cellReader(EXTRA[2]!.type);
  const readValues = cellReader(EXTRA[4]!.type);
  const required = requiredColumns(columns, []);
  const hashes: (number | undefined)[] = keys.map(() => 0);
  const scan = new Scan();
  return (bytes, starts) => {
    scan.bytes = bytes;
    const operation = checkedOperation(readCell(scan, readOperation, starts[operationAt]!));
    keys.forEach(({ name, index, read, hash }, at) => {
      const value = readCell(scan, read, starts[index]!);
      if (value === null) throw malformed(`key column ${name} is NULL`);
      hashes[at] = hash(value);
    });
    checkBucket(bucketOf(hashes, plan.buckets), plan.bucket);
    const assigned = checkedAssigned(readCell(scan, readValues, starts[valuesAt]!), plan);
    for (const { index, name } of operation === UPSERT ? required : []) {
      if (starts[index]! < 0 && (!assigned.length || assigned.includes(index))) throw malformed(isNull(name));
    }
  };
}

/** Key columns with their place in the table. */
export function keyColumns({ columns, primaryKey }: Table) {
  return primaryKey.map((name) => {
    const index = columns.findIndex((column) => column.name === name);
    return { ...columns[index]!, index };
  });
}

function checkedOperation(operation: Cell): typeof UPSERT | typeof DELETE {
  if (operation === UPSERT || operation === DELETE) return operation;
  throw malformed(`__operation is ${String(operation)}, neither ${UPSERT} (upsert) nor ${DELETE} (delete)`);
}

function checkBucket(wanted: number | undefined, given: number): void {
  if (wanted === undefined || wanted === given) return;
  throw malformed(`its keys belong into bucket ${wanted}, it came in bucket ${given}`);
}

/** Places of the columns that are assigned; none: all are. */
function checkedAssigned(cell: Cell, { table, partialUpdate }: BucketPlan): number[] {
  const assigned = Array.isArray(cell) ? cell.map((id) => Number(id ?? -1)) : [];
  if (!assigned.length) return assigned;
  if (!partialUpdate) {
    const text = `table ${table.name} has no acid.partial.fields.update.enable=true: it takes whole rows only.`;
    throw new Refusal(400, 'InvalidArgument', text);
  }
  const unknown = assigned.find((id) => id < 0 || id >= table.columns.length);
  if (unknown === undefined) return assigned;
  throw malformed(`__value_cols names column ${unknown}, which table ${table.name} has not`);
}
