import { loadConfig } from '../config/load.ts';
import { SinkError } from '../errors.ts';
import { exitOf, reportJson } from '../resolve/report.ts';
import { resolve } from '../resolve/resolve.ts';
import type { Reading } from '../resolve/settle.ts';
import { resolveText } from '../resolve/text.ts';
import { endSoon } from './end-soon.ts';
import { textOptions } from './text-options.ts';

export interface ResolveCommandOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly assumeCommitted?: boolean;
  readonly replay?: boolean;
  readonly batch?: string;
}

const WIDEST = 120;
/** Into a file or a pipe. */
const USUAL = 110;

/** `maxsink resolve -c FILE`: 0 nothing is left to decide; 4 something is; 1 MaxCompute could not be asked. */
export async function resolveCommand(options: ResolveCommandOptions): Promise<number> {
  const { config: file, json = false, batch = null } = options;
  const reading = readingOf(options);
  const config = loadConfig(file, process.env);
  try {
    const report = await resolve(config, { file, reading, batch });
    process.stdout.write(
      json
        ? `${JSON.stringify(reportJson(report), null, 2)}\n`
        : resolveText(report, textOptions(USUAL, WIDEST)),
    );
    return exitOf(report);
  } finally {
    endSoon();
  }
}

function readingOf({ assumeCommitted, replay }: ResolveCommandOptions): Reading | null {
  if (assumeCommitted && replay)
    throw new SinkError('usage', '--assume-committed and --replay exclude each other');
  if (assumeCommitted) return 'assume_committed';
  return replay ? 'replay' : null;
}
