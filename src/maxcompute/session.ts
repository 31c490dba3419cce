/** What the tunnel says about an upload session (protocol 4.1). Pure. */
import { LIMITS } from '../limits.ts';
import { type Column, columnsOf, countOf, isObject, listOf, parseObject, textOf } from './answer.ts';

export interface SessionState {
  readonly id: string | null;
  /** Upper case: NORMAL, COMMITTING, CLOSING, CLOSED, CANCELED, EXPIRED, CRITICAL, or a word not known yet. */
  readonly status: string;
  readonly columns: readonly Column[];
  /** Bytes of one value. */
  readonly maxFieldBytes: number;
  /** The quota that is really used. */
  readonly quota: string | null;
  /** Block id to number of rows; null where the service does not say. */
  readonly blocks: ReadonlyMap<number, number | null>;
}

/** Throws an Error when the text is not a session. */
export function readSession(text: string): SessionState {
  const json = parseObject(text);
  return {
    id: textOf(json.UploadID),
    status: (textOf(json.Status) ?? 'UNKNOWN').toUpperCase(),
    columns: isObject(json.Schema) ? columnsOf(json.Schema.columns) : [],
    maxFieldBytes: countOf(json.MaxFieldSize) || LIMITS.maxFieldBytes,
    quota: textOf(json.QuotaName),
    blocks: blocksOf(json.UploadedBlockList),
  };
}

function blocksOf(list: unknown): Map<number, number | null> {
  return new Map(
    listOf(list).map((block) => {
      const id = countOf(block.BlockID);
      if (id === null) throw new Error('a block without an id');
      return [id, countOf(block.RecordCount)] as const;
    }),
  );
}

/**
 * How the server's blocks differ from ours, or null when ids and row counts are equal. The server commits
 * every block it has, so this comparison is the only protection (protocol 4.4).
 */
export function blockDifference(
  ours: ReadonlyMap<number, number | null>,
  theirs: SessionState['blocks'],
): string | null {
  const missing = [...ours.keys()].filter((id) => !theirs.has(id));
  const stray = [...theirs.keys()].filter((id) => !ours.has(id));
  const other = [...ours].filter(([id, rows]) => theirs.has(id) && theirs.get(id) !== rows);
  const parts = [
    missing.length > 0 ? `missing: ${some(missing)}` : '',
    stray.length > 0 ? `not ours: ${some(stray)}` : '',
    other.length > 0
      ? `other row count: ${some(other.map(([id, rows]) => `${id} (${rows}, there ${theirs.get(id)})`))}`
      : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join('; ');
}

/** What a session is to hold, when no more is known of it: blocks 0 .. `blocks` - 1 with `rows` rows in all. */
export interface SessionContent {
  readonly blocks: number;
  readonly rows: number;
}

/** How the server's blocks differ from that, or null. Where the service tells no rows, the ids decide alone. */
export function contentDifference(
  { blocks, rows }: SessionContent,
  theirs: SessionState['blocks'],
): string | null {
  const wanted = Array.from({ length: blocks }, (_, id) => [id, theirs.get(id) ?? null] as const);
  const counts = [...theirs.values()];
  const there = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const other = blockDifference(new Map(wanted), theirs);
  if (other !== null || there === rows || counts.includes(null)) return other;
  return `other row count: ${rows}, there ${there}`;
}

function some(items: readonly unknown[]): string {
  const more = items.length > 5 ? ` and ${items.length - 5} more` : '';
  return `block ${items.slice(0, 5).join(', ')}${more}`;
}
