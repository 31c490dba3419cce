import type { Core } from '../core.ts';
import type { ColumnDefinition, Table } from '../model/catalog.ts';
import { lifecycleOf, tableJson } from '../model/schema-json.ts';
import type { TablePartition } from '../model/table-partitions.ts';
import { typeText } from '../model/types.ts';

/** Characters between the bars at both sides. */
const WIDTH = 82;
const RULE = `+${'-'.repeat(WIDTH + 2)}+`;

const line = (text: string): string => `| ${text.padEnd(WIDTH)} |`;
const fact = (name: string, value: string | number | boolean): string =>
  line(`${`${name}:`.padEnd(25)} ${value}`);

/** DESC: the frame that the official command line shows. */
export function describeTable(core: Core, table: Table, extended: boolean): string {
  return frame([
    [
      line(`Owner: ${table.owner.padEnd(20)} | Project: ${core.project}`),
      ...(table.schema === 'default' ? [] : [line(`Schema: ${table.schema}`)]),
      line(`TableComment: ${table.comment}`),
    ],
    [
      fact('CreateTime', localTime(core, table.createdAt)),
      fact('LastDDLTime', localTime(core, table.ddlAt)),
      fact('LastModifiedTime', localTime(core, table.lastModifiedAt)),
      ...(table.lifecycle > 0 ? [fact('Lifecycle', table.lifecycle)] : []),
    ],
    [kindLine(table)],
    [line('Native Columns:')],
    [extended ? EXTENDED_HEADER : HEADER],
    table.columns.map(extended ? extendedRow : row),
    ...levelGroups(table),
    ...(extended ? [[line('Extended Info:')], extendedFacts(table)] : []),
  ]);
}

const frame = (groups: readonly (readonly string[])[]): string =>
  `${[RULE, ...groups.flatMap((lines) => [...lines, RULE])].join('\n')}\n`;

function kindLine(table: Table): string {
  if (table.kind === 'EXTERNAL_TABLE') return line('ExternalTable: YES');
  if (table.kind === 'VIRTUAL_VIEW')
    return line(`VirtualView  : YES  | ViewText: ${table.viewText.replace(/\s+/g, ' ')}`);
  return line(`InternalTable: YES      | Size: ${table.bytes}`);
}

const fields = (texts: readonly string[], widths: readonly number[]): string =>
  `| ${texts.map((text, index) => text.padEnd(widths[index]!)).join(' | ')} |`;

const WIDTHS = [15, 10, 5, 43];
const HEADER = fields(['Field', 'Type', 'Label', 'Comment'], WIDTHS);
const row = ({ name, type, comment }: ColumnDefinition): string =>
  fields([name, typeText(type), '', comment], WIDTHS);

const EXTENDED_WIDTHS = [8, 6, 5, 13, 8, 12, 12];
const EXTENDED_HEADER = fields(
  ['Field', 'Type', 'Label', 'ExtendedLabel', 'Nullable', 'DefaultValue', 'Comment'],
  EXTENDED_WIDTHS,
);
const extendedRow = ({ name, type, comment, nullable, defaultValue }: ColumnDefinition): string =>
  fields([name, typeText(type), '', '', String(nullable), defaultValue ?? 'NULL', comment], EXTENDED_WIDTHS);

function levelGroups({ tablePartitionColumns: levels }: Table): string[][] {
  if (!levels.length) return [];
  const rows = levels.map(({ name, type, comment }) => fields([name, typeText(type), comment], [15, 10, 51]));
  return [[line('Partition Columns:')], rows];
}

function extendedFacts(table: Table): string[] {
  const { Reserved } = tableJson(table, true) as { Reserved: string };
  const reserved = JSON.parse(Reserved) as Record<string, unknown>;
  const shown = Object.entries(reserved).map(([name, value]) =>
    fact(name, typeof value === 'string' ? value : JSON.stringify(value)),
  );
  const outside = table.external ? [fact('Location', table.external.location)] : [];
  return [
    fact('TableID', table.id),
    ...outside,
    fact('IsArchived', false),
    fact('PhysicalSize', table.bytes),
    fact('FileNum', 1),
    ...shown,
  ];
}

/** `DESC t PARTITION (...)`. */
export function describeTablePartition(
  core: Core,
  table: Table,
  known: TablePartition,
  extended: boolean,
): string {
  const facts = [
    fact('PartitionSize', known.bytes),
    fact('CreateTime', localTime(core, known.createdAt)),
    fact('LastDDLTime', localTime(core, known.createdAt)),
    fact('LastModifiedTime', localTime(core, known.lastModifiedAt)),
  ];
  const more = [
    fact('IsExstore', false),
    fact('LifeCycle', lifecycleOf(table, known)),
    fact('IsArchived', false),
    fact('PhysicalSize', known.bytes),
    fact('FileNum', 1),
  ];
  return frame(extended ? [facts, more] : [facts]);
}

/** `yyyy-MM-dd HH:mm:ss` in the project's zone. */
export function localTime(core: Core, ms: number): string {
  const options = {
    timeZone: core.timeZone,
    hourCycle: 'h23',
    dateStyle: 'short',
    timeStyle: 'medium',
  } as const;
  return new Intl.DateTimeFormat('sv-SE', options).format(ms);
}
