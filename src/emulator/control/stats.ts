import type { Core } from '../core.ts';
import { DEFAULT_SCHEMA } from '../model/catalog.ts';
import { specText } from '../model/spec.ts';

interface TableStats {
  readonly rows: number;
  readonly tablePartitions: Readonly<Record<string, number>>;
  /** By topic partition; only where offsets are tracked (--count-only). */
  readonly offsets?: readonly object[];
}

/** Counters for tests and people: `GET /_stats`. */
export interface Stats {
  readonly tables: Readonly<Record<string, TableStats>>;
  readonly sessions: { readonly created: number; readonly committed: number; readonly open: number };
  readonly streams: { readonly created: number; readonly flushes: number; readonly rows: number };
  readonly upserts: Readonly<Record<'created' | 'committed' | 'packs' | 'rows', number>>;
  /** Blocks accepted by uploads and rows committed by them since the start. */
  readonly blocks: number;
  readonly rows: number;
  /** Body bytes of blocks as received, compressed. */
  readonly bytesIn: number;
  readonly requests: Readonly<Record<string, number>>;
}

/** What the process has taken and holds by now. */
export function stats(core: Core): Stats {
  const { created, committed, blocks, rows } = core.uploads.counts;
  const tables = core.catalog.list().map((table) => {
    const known = table.tablePartitions
      .all()
      .map(({ values, rows: count }) => [specText(table, values), count] as const);
    const offsets = core.store.offsets(table);
    const name = table.schema === DEFAULT_SCHEMA ? table.name : `${table.schema}.${table.name}`;
    const content = {
      rows: table.rows,
      tablePartitions: Object.fromEntries(known),
      ...(offsets ? { offsets } : {}),
    };
    return [name, content] as const;
  });
  return {
    tables: Object.fromEntries(tables),
    sessions: { created, committed, open: core.uploads.open().length },
    streams: { ...core.streams.counts },
    upserts: { ...core.upserts.counts },
    blocks,
    rows,
    bytesIn: core.traffic.bytesIn,
    requests: { ...core.traffic.requests },
  };
}
