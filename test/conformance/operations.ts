import { SAMPLES } from './types.ts';

/** One thing that a data engineer does with a client: a row of docs/official-clients.md, a test for each client. */
export interface Operation {
  /** Name in the programs of both clients. */
  readonly name: string;
  readonly title: string;
  /** What the programs get besides. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Which of the emulators it speaks to; `plain` by default. */
  readonly at?: 'plain' | 'sts' | 'schemas';
  /** It needs the tables of `prepare.pages`, which takes its time. */
  readonly late?: boolean;
}

export interface Section {
  readonly title: string;
  readonly operations: readonly Operation[];
}

const ALGORITHMS = ['deflate', 'zstd', 'lz4', 'snappy'] as const;
const compressions = (name: string, what: string, given: object = {}): Operation[] =>
  ALGORITHMS.map((algorithm) => ({ name, title: `${what}, ${algorithm}`, given: { algorithm, ...given } }));

export const MANY = { rows: 200_000, tables: 1_100, tablePartitions: 1_100 } as const;
export const PAGES = { prefix: 'paged_', table: 'by_day' } as const;

/** `['name', 'title']` pairs as operations. */
const all = (...pairs: readonly (readonly [string, string])[]): Operation[] =>
  pairs.map(([name, title]) => ({ name, title }));

export const SECTIONS: readonly Section[] = [
  {
    title: 'Accounts and addresses',
    operations: [
      ...all(
        ['account.v2', 'signature V2, service and tunnel'],
        ['account.v4', 'signature V4 (a region is named)'],
        ['account.wrong-key', 'a wrong key, service call'],
        ['account.wrong-key-tunnel', 'a wrong key, tunnel call'],
        ['account.wrong-key-v4', 'a wrong key, signature V4'],
        ['account.unknown-id', 'an unknown key id'],
      ),
      { name: 'account.sts', title: 'a temporary key with its token (STS)', at: 'sts' },
      { name: 'account.sts-missing', title: 'a temporary key without its token', at: 'sts' },
      ...all(
        ['address.discovered', 'the address of the tunnel is asked for'],
        ['address.given', 'the address of the tunnel is given'],
        ['address.quota', 'a tunnel quota is named (quotaName)'],
      ),
    ],
  },
  {
    title: 'Project and tables',
    operations: [
      ...all(
        ['project.get', 'properties of the project'],
        ['project.exists', 'does the project exist'],
        ['project.missing', 'a missing project, service call'],
        ['project.missing-tunnel', 'a missing project, tunnel call'],
        ['table.exists', 'does a table exist, in any case of its name'],
        ['table.missing', 'a missing table, service call'],
        ['table.schema', 'columns with nested types, comments, NOT NULL, lifecycle, owner, times'],
        ['table.extended', 'extended: transactional, primary key, schema version'],
        ['table.statistics', 'number of rows'],
        ['table.list', 'list tables, by prefix, with their types'],
      ),
      {
        name: 'table.list-pages',
        title: `list ${MANY.tables} tables, page by page`,
        given: { prefix: PAGES.prefix, count: MANY.tables },
        late: true,
      },
      ...all(
        ['table.load-several', 'load several tables in one call'],
        ['table.create-text', 'create, IF NOT EXISTS'],
        ['table.create-partitioned', 'create with table partitions, comments, lifecycle'],
        ['table.create-primary-key', 'create a Delta table (primary key, transactional)'],
        ['table.create-properties', 'create with table properties'],
        ['table.creator', 'create by a table creator (lifecycle, Delta table, buckets)'],
        ['table.create-as-select', 'create from a SELECT'],
        ['table.create-like', 'create like another table'],
        ['table.create-generated', 'create with table partitions made of a time, write into them'],
        ['table.create-existing', 'create a table that is there'],
        ['table.create-bad', 'create with an unknown type'],
        ['table.ddl', 'the statement that creates a table like this one'],
        ['table.drop', 'drop, IF EXISTS'],
        ['table.drop-missing', 'drop a table that is not there'],
        ['table.truncate', 'truncate a table and a table partition'],
        ['table.add-columns', 'add columns; old rows have NULL there'],
        ['table.add-fields', 'add fields to structs in columns, by a statement'],
        ['table.change', 'change comment, lifecycle, name'],
      ),
    ],
  },
  {
    title: 'Table partitions',
    operations: [
      ...all(
        ['table-partition.create', 'create, IF NOT EXISTS, exists'],
        ['table-partition.create-existing', 'create one that is there'],
        ['table-partition.missing', 'load one that is not there'],
        ['table-partition.drop', 'drop with its rows, IF EXISTS'],
        ['table-partition.drop-missing', 'drop one that is not there'],
        ['table-partition.truncate', 'truncate one'],
        ['table-partition.list', 'list all and by prefix, in order'],
      ),
      {
        name: 'table-partition.list-pages',
        title: `list ${MANY.tablePartitions} table partitions, page by page`,
        given: { table: PAGES.table, count: MANY.tablePartitions },
        late: true,
      },
      ...all(
        ['table-partition.names', 'list names only'],
        ['table-partition.statistics', 'number of rows, sizes, times'],
        ['table-partition.lifecycle', 'lifecycle switched off and on, by statements'],
        ['table-partition.values', 'values with blanks, quotes, colons and letters of all scripts'],
        ['table-partition.signed-values', 'values with percent, plus and ampersand'],
      ),
    ],
  },
  {
    title: 'SQL',
    operations: [
      ...all(
        ['sql.tunnel-result', 'SELECT, result by the instance tunnel'],
        ['sql.csv-result', 'SELECT, result as CSV'],
        ['sql.arrow-result', 'SELECT, result as Arrow'],
        ['sql.columns-result', 'some columns and rows of a result, re-opened by its id'],
        ['sql.limited-result', '10,000 rows with the limit, all without'],
      ),
      ...compressions('sql.result-compression', 'a compressed result'),
      ...all(
        ['sql.ddl-result', 'result of a statement without rows'],
        ['sql.pandas', 'result as a pandas frame'],
        ['sql.dbapi', 'Python DB-API'],
        ['sql.executor', 'SQLExecutor, offline'],
        ['sql.status', 'status, tasks, owner and times of an instance'],
        ['sql.task-name', 'a name for the task'],
        ['sql.source', 'the submitted statement'],
        ['sql.progress', 'progress of the task'],
        ['sql.stop', 'stop an instance'],
        ['sql.logview', 'Logview link'],
        ['sql.list-instances', 'list instances'],
        ['sql.settings', 'settings, by SET and as hints'],
        ['sql.queries', 'WHERE on table partitions, JOIN, GROUP BY, window functions'],
        ['sql.functions', 'functions of MaxCompute'],
        ['sql.insert', 'INSERT INTO and OVERWRITE'],
        ['sql.insert-partition', 'INSERT ... PARTITION, static and dynamic'],
        ['sql.written-rows', 'numbers of rows that statements wrote'],
        ['sql.script', 'script mode: variables, all or nothing'],
        ['sql.view', 'views'],
        ['sql.show-tables', 'SHOW TABLES'],
        ['sql.show-partitions', 'SHOW PARTITIONS'],
        ['sql.show-create', 'SHOW CREATE TABLE'],
        ['sql.desc', 'DESC and DESC EXTENDED'],
        ['sql.error-missing-table', 'a missing table'],
        ['sql.error-syntax', 'a statement that cannot be read'],
        ['sql.error-statement', 'a statement that is not supported'],
        ['sql.error-instance', 'an unknown instance'],
        ['sql.error-project', 'a missing project'],
        ['sql.error-failed-result', 'result of a failed instance by the instance tunnel'],
        ['sql.error-no-rows', 'result of DDL by the instance tunnel'],
      ),
    ],
  },
  {
    title: 'Batch upload',
    operations: [
      ...all(
        ['upload.records', 'records'],
        ['upload.buffered', 'buffered writer, several blocks by itself'],
        ['upload.high-level', "the table's own writer"],
        ['upload.pandas', 'a pandas frame'],
        ['upload.arrow', 'Arrow'],
        ['upload.arrow-buffered', 'Arrow, several batches'],
        ['upload.mixed', 'records, compressed records and Arrow in one session'],
      ),
      ...compressions('upload.compression', 'compressed records', { form: 'records' }),
      ...compressions('upload.compression', 'compressed Arrow', { form: 'arrow' }),
      ...all(
        ['upload.checksum', 'records with checksums of every kind'],
        ['upload.blocks', 'blocks in parallel, with gaps up to 19999'],
        ['upload.replace-block', 'a block again: the last one counts'],
        ['upload.block-version', 'a block with a version'],
        ['upload.empty-block', 'a block without rows'],
        ['upload.no-blocks', 'commit without a block'],
        ['upload.status', 'status before and after the commit'],
        ['upload.attach', 'a session in another process, by its id'],
        ['upload.overwrite', 'overwrite a table, also with nothing'],
        ['upload.overwrite-partition', 'overwrite one table partition'],
        ['upload.create-partition', 'create the missing table partition'],
        ['upload.delta-table', 'write a Delta table by its own writer'],
        ['upload.given-up', 'a connection that ends in the middle of a block'],
        ['upload.long-text', 'texts of 1 MiB'],
        ['upload.bigint-min', 'BIGINT -2^63'],
        ['upload.commit-twice', 'commit again: no row twice'],
        ['upload.block-list', 'commit with another list of blocks'],
        ['upload.put-after-commit', 'a block after the commit'],
        ['upload.expired', 'a block for an expired session'],
        ['upload.view', 'upload to a view'],
        ['error.upload-missing-table', 'a missing table'],
        ['error.upload-missing-table-partition', 'a missing table partition'],
        ['error.no-partition-spec', 'no table partition for a partitioned table'],
        ['error.incomplete-partition-spec', 'a table partition without all its columns'],
        ['error.unknown-partition-column', 'a table partition with an unknown column'],
        ['error.forbidden-partition-spec', 'a table partition of a table without'],
        ['error.unknown-upload', 'an unknown session'],
        ['error.upload-of-another-table', 'the session of another table'],
        ['error.block-id', 'block ids below 0 and above 19999'],
        ['error.wrong-columns', 'records with other columns than the table'],
      ),
    ],
  },
  {
    title: 'Download',
    operations: [
      ...all(
        ['download.records', 'records'],
        ['download.ranges', 'ranges, and an empty one'],
        ['download.columns', 'some columns in another order'],
        ['download.arrow', 'Arrow'],
        ['download.arrow-columns', 'Arrow, some columns'],
        ['download.arrow-empty', 'Arrow, no rows'],
      ),
      ...compressions('download.compression', 'compressed records', { form: 'records' }),
      ...compressions('download.compression', 'compressed Arrow', { form: 'arrow' }),
      ...all(
        ['download.partition', 'a table partition'],
        ['download.parallel', 'ranges in parallel'],
        ['download.high-level', "the table's own reader"],
        ['download.pandas', 'a pandas frame'],
        ['download.long-text', 'texts of 1 MiB'],
        ['download.attach', 'a session in another process, by its id'],
        ['download.snapshot', 'rows stay as they were when the session began'],
        ['download.beyond', 'a range beyond the end'],
        ['download.whole-partitioned', 'a partitioned table without a table partition'],
        ['download.view', 'download of a view'],
        ['error.download-missing-table', 'a missing table'],
        ['error.download-missing-table-partition', 'a missing table partition'],
        ['error.unknown-download', 'an unknown session'],
        ['error.download-of-another-table', 'the session of another table'],
        ['preview.csv', 'preview as CSV'],
        ['preview.arrow', 'preview as Arrow, of a table partition, of some columns'],
        ['preview.timestamps', 'preview of TIMESTAMP columns, with and without table partitions'],
        ['preview.missing', 'preview of a missing table'],
      ),
    ],
  },
  {
    title: 'Stream upload',
    operations: [
      ...all(
        ['stream.records', 'rows are there with each flush'],
        ['stream.slots', 'several slots'],
        ['stream.reload', 'reload the session'],
        ['stream.attach', 'a session in another process, by its id'],
        ['stream.partition', 'create the missing table partition'],
        ['stream.strict-schema', 'schema of the latest version'],
        ['stream.schema-changed', 'columns were added meanwhile: loose goes on, strict is told'],
        ['stream.dynamic-partition', 'table partitions from the rows'],
        ['stream.abort', 'abort'],
        ['stream.last-batch', 'number of the last batch'],
      ),
      ...compressions('stream.compression', 'compressed'),
      { name: 'stream.types', title: 'every type at its edges', given: { samples: SAMPLES } },
      ...all(
        ['error.stream-missing-table', 'a missing table'],
        ['error.stream-missing-table-partition', 'a missing table partition'],
        ['error.stream-no-partition-spec', 'no table partition for a partitioned table'],
        ['error.unknown-stream', 'an unknown session'],
      ),
    ],
  },
  {
    title: 'Upsert',
    operations: [
      ...all(
        ['upsert.insert', 'insert; nothing is there before the commit'],
        ['upsert.update', 'update, also within one session'],
        ['upsert.delete', 'delete, also of a key that is not there'],
        ['upsert.delete-then-insert', 'delete and insert of one key in one session'],
        ['upsert.partial', 'update of some columns'],
        ['upsert.buckets', 'several buckets, a key of two columns'],
        ['upsert.partition', 'a table partition'],
        ['upsert.flushes', 'several flushes'],
        ['upsert.abort', 'abort'],
        ['upsert.commit-twice', 'commit again'],
        ['upsert.attach', 'a session in another process, by its id'],
        ['upsert.high-level', "the table's own writer and reader"],
      ),
      ...compressions('upsert.compression', 'compressed'),
      { name: 'upsert.types', title: 'every type at its edges', given: { samples: SAMPLES } },
      ...all(
        ['error.upsert-without-key', 'a table without a primary key'],
        ['error.upsert-missing-table', 'a missing table'],
        ['error.upsert-missing-table-partition', 'a missing table partition'],
        ['error.unknown-upsert', 'an unknown session'],
        ['error.upsert-after-commit', 'rows after the commit'],
      ),
    ],
  },
  {
    title: 'Three-layer names (`--schemas`)',
    operations: all(
      ['schema.create', 'create, list and drop schemas'],
      ['schema.tables', 'tables of one name in two schemas, upload and download'],
      ['schema.sql', 'SQL in a schema'],
      ['schema.missing', 'a missing schema'],
    ).map((operation) => ({ ...operation, at: 'schemas' as const })),
  },
];
