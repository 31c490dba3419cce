import { loadConfig } from '../config/load.ts';
import { createLog, type Log } from '../log.ts';
import { runService } from '../main.ts';
import { endSoon } from './end-soon.ts';

/**
 * `maxsink run -c FILE`. SIGTERM and SIGINT stop it in order; the second one kills the process at once:
 * nothing needs cleaning, that is the guarantee. Resolves to the exit code.
 */
export async function runCommand({ config: file }: { config: string }): Promise<number> {
  const config = loadConfig(file, process.env);
  const log = createLog({ level: config.log.level });
  const error = await runService(config, log, stopSignal(log));
  if (error) log.error({ code: error.code, hint: error.hint, error }, error.message);
  else log.info({}, 'stopped');
  const code = error?.exit ?? 0;
  endSoon();
  return code;
}

function stopSignal(log: Log): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.kill(process.pid, 'SIGKILL');
    log.info({ signal }, 'stopping: finishing the batch');
    stop.abort(new Error(signal));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop.signal;
}
