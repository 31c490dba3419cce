import { layOut } from '../terminal/columns.ts';
import { count } from '../terminal/words.ts';

/** Where the demo writes: a terminal, or anything that takes text. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Of a terminal; knows NO_COLOR and FORCE_COLOR. */
  hasColors?(): boolean;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

export interface Terminal extends Style {
  line(text?: string): void;
  /** A line that the next one replaces; where nothing can be replaced it stays, at most every 2 s. */
  status(text: string): void;
}

const STATUS_MS = 2_000;
const CLEAR_LINE = '\r\u001b[2K';

export function createTerminal(output: Output, now: () => number = Date.now): Terminal {
  const replaces = output.isTTY === true;
  let shown = false;
  let last = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (shown) output.write(CLEAR_LINE);
    shown = false;
  };
  return {
    ...styleFor(replaces && output.hasColors?.() === true),
    line(text = '') {
      clear();
      output.write(`${text}\n`);
    },
    status(text) {
      if (replaces) {
        clear();
        output.write(text.slice(0, (output.columns ?? 80) - 1));
        shown = true;
      } else if (now() - last >= STATUS_MS) {
        last = now();
        output.write(`${text}\n`);
      }
    },
  };
}

export function styleFor(colours: boolean): Style {
  const code = (on: number, off: number) => (text: string) =>
    colours ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return { bold: code(1, 22), dim: code(2, 22), good: code(32, 39), bad: code(31, 39) };
}

/** Cells in columns as wide as their widest cell; a number is a cell on the right. */
export const table = (rows: readonly (readonly (string | number)[])[]): readonly string[] =>
  layOut(
    rows.map((row) =>
      row.map((cell) => (typeof cell === 'number' ? { text: count(cell), right: true } : { text: cell })),
    ),
    Number.POSITIVE_INFINITY,
    0,
  ).lines;

/** 1234 ms -> 1.2 s */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
