import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import type { Rows } from '../store/store.ts';
import { doubleText, floatText } from './query/scalars/conversions.ts';

export interface ResultCsv {
  readonly text: string;
  /** Not all rows are in it, because they hold too much. */
  readonly truncated: boolean;
}

/** What a CSV holds at most; the first row is in it whatever it holds. */
export interface CsvBounds {
  readonly rows: number;
  readonly bytes: number;
}

/** The CSV of an instance's result. */
export async function resultCsv(
  rows: Pick<Rows, 'columns' | 'read'>,
  names: readonly string[],
  bounds: CsvBounds,
  timeZone: string,
): Promise<ResultCsv> {
  const lines: string[] = [];
  let bytes = 0;
  for await (const piece of csvLines(rows, names, bounds.rows, timeZone))
    for (const line of piece) {
      bytes += Buffer.byteLength(line);
      if (bytes > bounds.bytes && lines.length > 1) return { text: lines.join(''), truncated: true };
      lines.push(line);
    }
  return { text: lines.join(''), truncated: false };
}

/**
 * Lines of a CSV as they are read, the names first (protocol 3.6): `\N` for NULL, numbers bare, the rest quoted. What
 * fails at once fails before the names are answered.
 */
export async function* csvLines(
  rows: Pick<Rows, 'columns' | 'read'>,
  names: readonly string[],
  limit: number,
  timeZone: string,
): AsyncGenerator<readonly string[]> {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const types = rows.columns.map((column) => column.type);
  const columns = rows.columns.map((column) => column.name);
  let head = [`${names.map(quoted).join(',')}\n`];
  for await (const piece of rows.read({ columns, start: 0, count: limit })) {
    const fields = (row: readonly Cell[]) =>
      row.map((cell, at) => field(cell, types[at]!, timeZone, quoted)).join(',');
    yield [...head, ...piece.map((row) => `${fields(row)}\n`)];
    head = [];
  }
  if (head.length) yield head;
}

function field(cell: Cell, type: ColumnType, timeZone: string, quoted: (text: string) => string): string {
  if (cell === null) return '\\N';
  const text = cellText(cell, type, timeZone);
  return BARE.test(type.name) ? text : quoted(text);
}

const BARE = /^(TINYINT|SMALLINT|INT|BIGINT|FLOAT|DOUBLE|DECIMAL|BOOLEAN)$/;

function cellText(cell: Exclude<Cell, null>, type: ColumnType, timeZone: string): string {
  switch (type.name) {
    case 'FLOAT':
      return floatText(cell as number);
    case 'DOUBLE':
      return doubleText(cell as number);
    case 'BINARY':
      return blobText(cell as Uint8Array);
    case 'DATE':
      return new Date((cell as number) * 86_400_000).toISOString().slice(0, 10);
    case 'DATETIME':
      // Whole seconds: PyODPS reads no others.
      return timeText((cell as bigint) * 1_000_000n, timeZone).slice(0, 19);
    case 'TIMESTAMP':
      return timeText(cell as bigint, timeZone);
    case 'TIMESTAMP_NTZ':
      return timeText(cell as bigint, 'UTC');
    case 'ARRAY':
      return `[${(cell as readonly Cell[]).map((item) => jsonText(item, type.element, timeZone)).join(',')}]`;
    case 'MAP': {
      const entries = cell as readonly (readonly [Exclude<Cell, null>, Cell])[];
      return `{${entries.map(([k, v]) => `${JSON.stringify(cellText(k, type.key, timeZone))}:${jsonText(v, type.value, timeZone)}`).join(',')}}`;
    }
    case 'STRUCT': {
      const items = cell as readonly Cell[];
      return `{${type.fields.map(({ name, type: of }, at) => `${JSON.stringify(name)}:${jsonText(items[at]!, of, timeZone)}`).join(',')}}`;
    }
    default:
      return String(cell);
  }
}

function jsonText(cell: Cell, type: ColumnType, timeZone: string): string {
  // As at the top: PyODPS knows no other word for it.
  if (cell === null) return '\\N';
  const text = cellText(cell, type, timeZone);
  return BARE.test(type.name) || /^(ARRAY|MAP|STRUCT)$/.test(type.name) ? text : JSON.stringify(text);
}

/** `2026-02-01 08:00:00.123`: the wall time of a zone, fraction only when there is one. */
function timeText(nanos: bigint, timeZone: string): string {
  const below = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanos - below) / 1_000_000_000n);
  const wall = new Date((seconds + offsetSeconds(seconds, timeZone)) * 1000);
  const text = wall.toISOString().slice(0, 19).replace('T', ' ');
  return below
    ? `${text}.${String(below)
        .padStart(9, '0')
        .replace(/(000)+$/, '')}`
    : text;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetSeconds(seconds: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const options = { timeZone, hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric' } as const;
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      ...options,
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  formats.set(timeZone, format);
  const part = Object.fromEntries(
    format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]),
  );
  const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year);
  const wall = new Date(0);
  wall.setUTCFullYear(year, Number(part.month) - 1, Number(part.day));
  wall.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second));
  return wall.getTime() / 1000 - seconds;
}

/** Printable ASCII as it is, other bytes as `=XX`, as the service prints BINARY. */
function blobText(bytes: Uint8Array): string {
  const parts = Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x3d
      ? String.fromCharCode(byte)
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return parts.join('');
}
