import { malformed, Refusal } from '../errors.ts';
import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { parseType } from '../model/types.ts';
import { type Cell, cellReader, readCell } from '../record/cells.ts';
import type { RecordHandler } from '../record/record-reader.ts';
import { Scan } from '../record/scan.ts';
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
  ...{ name, type: parseType(type), comment: '', nullable: true },
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
 * Looks at each record: its operation, its keys (never NULL), its bucket and what of it is assigned.
 * Throws MalformedDataStream, or InvalidArgument for a partial update that the table does not allow.
 */
export function upsertCheck(plan: BucketPlan): RecordHandler {
  const { columns } = plan.table;
  const keys = keyColumns(plan.table).map(({ name, type, index }) => ({
    ...{ name, index, read: cellReader(type), hash: keyHash(type, plan.hasher)! },
  }));
  const [operationAt, valuesAt] = [columns.length + 2, columns.length + 4];
  const readOperation = cellReader(EXTRA[2]!.type);
  const readValues = cellReader(EXTRA[4]!.type);
  const hashes: (number | undefined)[] = keys.map(() => 0);
  const scan = new Scan();
  let row = 0;
  return (bytes, starts) => {
    scan.bytes = bytes;
    checkOperation(readCell(scan, readOperation, starts[operationAt]!), row);
    keys.forEach(({ name, index, read, hash }, at) => {
      const value = readCell(scan, read, starts[index]!);
      if (value === null) throw malformed(`row ${row}: key column ${name} is NULL`);
      hashes[at] = hash(value);
    });
    checkBucket(bucketOf(hashes, plan.buckets), plan.bucket, row);
    checkAssigned(readCell(scan, readValues, starts[valuesAt]!), plan, row);
    row += 1;
  };
}

/** Key columns with their place in the table. */
export function keyColumns({ columns, primaryKey }: Table) {
  return primaryKey.map((name) => {
    const index = columns.findIndex((column) => column.name === name);
    return { ...columns[index]!, index };
  });
}

function checkOperation(operation: Cell, row: number): void {
  if (operation === UPSERT || operation === DELETE) return;
  throw malformed(
    `row ${row}: __operation is ${String(operation)}, neither ${UPSERT} (upsert) nor ${DELETE} (delete)`,
  );
}

function checkBucket(wanted: number | undefined, given: number, row: number): void {
  if (wanted === undefined || wanted === given) return;
  throw malformed(`row ${row}: its keys belong into bucket ${wanted}, it came in bucket ${given}`);
}

function checkAssigned(assigned: Cell, { table, partialUpdate }: BucketPlan, row: number): void {
  if (!Array.isArray(assigned) || assigned.length === 0) return;
  if (!partialUpdate) {
    const text = `row ${row}: table ${table.name} has no acid.partial.fields.update.enable=true: it takes whole rows only.`;
    throw new Refusal(400, 'InvalidArgument', text);
  }
  for (const id of assigned) {
    const index = Number(id ?? -1);
    if (index < 0 || index >= table.columns.length) {
      throw malformed(
        `row ${row}: __value_cols names column ${String(id)}, which table ${table.name} has not`,
      );
    }
  }
}
