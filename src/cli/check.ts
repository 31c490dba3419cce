import { runCheck } from '../check/check.ts';
import { exitOf, reportJson } from '../check/report.ts';
import { reportText } from '../check/text.ts';
import { SinkError } from '../errors.ts';
import { endSoon } from './end-soon.ts';
import { textOptions } from './text-options.ts';

export interface CheckCommandOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly write?: boolean;
  readonly replicas?: number;
}

const MOST_REPLICAS = 1000;
const WIDEST = 120;
/** Into a file or a pipe. */
const USUAL = 110;

/** `maxsink check -c FILE`: 0 all well, warnings allowed; 2 the configuration is invalid; 3 something was found. */
export async function checkCommand(options: CheckCommandOptions): Promise<number> {
  const { config: file, json = false, write = false, replicas = 1 } = options;
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > MOST_REPLICAS)
    throw new SinkError('usage', `--replicas must be a whole number from 1 to ${MOST_REPLICAS}`);
  const report = await runCheck({ file, env: process.env, write, replicas });
  process.stdout.write(
    json
      ? `${JSON.stringify(reportJson(report), null, 2)}\n`
      : reportText(report, textOptions(USUAL, WIDEST)),
  );
  endSoon();
  return exitOf(report);
}
