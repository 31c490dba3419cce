import { audit } from '../audit/audit.ts';
import { exitOf, reportJson } from '../audit/report.ts';
import { auditText } from '../audit/text.ts';
import { parseInstant } from '../config/leaf.ts';
import { loadConfig } from '../config/load.ts';
import { parseDuration } from '../config/units.ts';
import { SinkError } from '../errors.ts';
import { endSoon } from './end-soon.ts';
import { textOptions } from './text-options.ts';

export interface AuditCommandOptions {
  readonly config: string;
  readonly from?: string;
  readonly to?: string;
  readonly timeout: string;
  readonly journal?: string;
  readonly json?: boolean;
}

const TIMEOUT_MS = { min: 1_000, max: 24 * 3_600_000 };
const WIDEST = 140;
/** Into a file or a pipe. */
const USUAL = 120;

/** `maxsink audit -c FILE`: 0 every record is accounted for; 2 the rows do not say which record they were; 3 found. */
export async function auditCommand(options: AuditCommandOptions): Promise<number> {
  const { config: file, json = false } = options;
  const window = { from: timeOf('--from', options.from), to: timeOf('--to', options.to) };
  const timeoutMs = timeoutOf(options.timeout);
  const config = loadConfig(file, process.env);
  try {
    const report = await audit(config, { file, ...window, timeoutMs, journal: options.journal ?? null });
    const text = json
      ? `${JSON.stringify(reportJson(report), null, 2)}\n`
      : auditText(report, textOptions(USUAL, WIDEST));
    process.stdout.write(text);
    return exitOf(report);
  } finally {
    endSoon();
  }
}

function timeOf(option: string, written: string | undefined): number | null {
  if (written === undefined) return null;
  const time = parseInstant(written);
  if (time !== undefined) return time;
  throw new SinkError(
    'usage',
    `${option} is a time with its zone such as 2026-11-20T00:00:00+08:00, not "${written}"`,
  );
}

function timeoutOf(written: string): number {
  const ms = parseDuration(written);
  if (ms !== undefined && ms >= TIMEOUT_MS.min && ms <= TIMEOUT_MS.max) return ms;
  throw new SinkError('usage', `--timeout is a duration from 1s to 24h such as 30m, not "${written}"`);
}
