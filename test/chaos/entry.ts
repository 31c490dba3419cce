import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../support/project.ts';
import { ARM_FILE } from './points.ts';
import { createTrip } from './trip.ts';
import { failPoints } from './wrappers.ts';

/**
 * `maxsink run -c FILE` with fail points: the built service, started through the seam of main.ts. The file that
 * `CHAOS_ARM_FILE` names says at which point what happens.
 */
const built = <T>(file: string): Promise<T> => import(pathToFileURL(path.join(ROOT, 'dist', file)).href);
const { loadConfig } = await built<typeof import('../../src/config/load.ts')>('config/load.js');
const { createLog } = await built<typeof import('../../src/log.ts')>('log.js');
const { runService } = await built<typeof import('../../src/main.ts')>('main.js');
const { endSoon } = await built<typeof import('../../src/cli/end-soon.ts')>('cli/end-soon.js');

const config = loadConfig(process.argv[2]!, process.env);
const log = createLog({ level: config.log.level });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort(new Error('SIGTERM')));
const wrappers = failPoints(createTrip(process.env[ARM_FILE]!));
const error = await runService(config, log, stop.signal, wrappers);
if (error) log.error({ code: error.code, hint: error.hint, error }, error.message);
else log.info({}, 'stopped');
process.exitCode = error?.exit ?? 0;
endSoon();
