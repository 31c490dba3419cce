import type { Core } from '../core.ts';
import type { QuerySession } from './names.ts';
import type { QueryText } from './statements.ts';

/** One script on its way: what its statements are executed with. */
export interface Run {
  readonly core: Core;
  readonly session: QuerySession;
  /** The text as submitted. */
  readonly sql: string;
}

/** A query behind blanks, so that places in it are places in the script. */
export function placed({ sql }: Run, { text, start }: QueryText): string {
  return sql.slice(0, start).replace(/[^\n]/g, ' ') + text;
}
