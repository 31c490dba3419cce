import { systemClock } from '../clock.ts';
import { parseInstant } from '../config/leaf.ts';
import { loadConfig } from '../config/load.ts';
import { parseDuration } from '../config/units.ts';
import { SinkError } from '../errors.ts';
import { createLog } from '../log.ts';
import { preview } from '../preview/preview.ts';
import { printPreview } from '../preview/print.ts';
import type { ReadFrom } from '../source/read/reader.ts';
import { endSoon } from './end-soon.ts';

export interface PreviewCommandOptions {
  readonly config: string;
  readonly records: number;
  readonly from: string;
  readonly timeout: string;
  readonly json?: boolean;
}

const RECORDS_MAX = 10_000;
const TIMEOUT_MS = { min: 1_000, max: 600_000 };

/** `maxsink preview -c FILE`: rows and rejections on standard output, trouble on standard error. 0 also when records were rejected. */
export async function previewCommand(options: PreviewCommandOptions): Promise<number> {
  const { records } = options;
  if (!Number.isInteger(records) || records < 1 || records > RECORDS_MAX)
    throw new SinkError('usage', `--records must be a whole number from 1 to ${RECORDS_MAX}`);
  const wanted = { records, from: fromOf(options.from), timeoutMs: timeoutOf(options.timeout) };
  const config = loadConfig(options.config, process.env);
  // A reader that has seen enough (head) closes the pipe.
  process.stdout.on('error', () => undefined);
  try {
    const log = createLog({
      level: 'warn',
      stream: { write: (line) => void process.stderr.write(plainLine(line)) },
    });
    const shown = await preview(config, wanted, log, systemClock);
    const room = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
    const text = options.json
      ? JSON.stringify(shown, null, 2)
      : printPreview(shown, records, room).join('\n');
    process.stdout.write(`${text}\n`);
    return 0;
  } finally {
    endSoon();
  }
}

/** A line of the service's log for who looks at a terminal: what happened, and why. */
export function plainLine(line: string): string {
  const { msg, message, error, about } = JSON.parse(line) as Record<string, string> & { error?: Error };
  const parts = [msg, about, message ?? error?.message].filter((part) => part !== undefined && part !== '');
  return `maxsink: ${[...new Set(parts)].join(': ')}\n`;
}

function fromOf(written: string): ReadFrom {
  if (written === 'committed' || written === 'earliest' || written === 'latest') return written;
  const timestamp = parseInstant(written);
  if (timestamp !== undefined) return { timestamp };
  throw new SinkError(
    'usage',
    `--from is committed, earliest, latest or a time with its zone such as 2026-11-20T00:00:00+08:00, not "${written}"`,
  );
}

function timeoutOf(written: string): number {
  const ms = parseDuration(written);
  if (ms !== undefined && ms >= TIMEOUT_MS.min && ms <= TIMEOUT_MS.max) return ms;
  throw new SinkError('usage', `--timeout is a duration from 1s to 10m such as 15s, not "${written}"`);
}
