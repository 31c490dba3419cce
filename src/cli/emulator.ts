import { type Emulator, startEmulator } from '../emulator/server.ts';
import { SinkError } from '../errors.ts';

export interface EmulatorCommandOptions {
  readonly port: number;
  readonly project: string;
  readonly accessId: string;
  readonly accessKey: string;
  readonly stsToken?: string;
  readonly data?: string;
  readonly countOnly?: boolean;
  readonly quotas?: string;
  readonly host?: string;
}

/** Runs the local MaxCompute until SIGTERM or SIGINT; answers the exit code. */
export async function emulatorCommand(options: EmulatorCommandOptions): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  const emulator = await start(checked(options), options);
  process.stdout.write(`${banner(emulator, options)}\n`);
  await stopped;
  await emulator.stop();
  return 0;
}

function checked({ port, quotas, countOnly, data }: EmulatorCommandOptions): 'none' | 'real' {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new SinkError('usage', '--port must be a number from 0 to 65535');
  }
  if (quotas !== undefined && quotas !== 'real' && quotas !== 'none') {
    throw new SinkError('usage', `--quotas is "real" or "none", not "${quotas}"`);
  }
  if (countOnly && data !== undefined) {
    throw new SinkError('usage', '--count-only keeps no rows: leave --data out');
  }
  return quotas ?? 'none';
}

async function start(quotas: 'none' | 'real', options: EmulatorCommandOptions): Promise<Emulator> {
  const { port, project, accessId, accessKey, stsToken, data, countOnly, host = '127.0.0.1' } = options;
  try {
    const where = { port, host, project, accessId, accessKey, stsToken: stsToken ?? null };
    return await startEmulator({ ...where, dataDir: data ?? null, countOnly: countOnly ?? false, quotas });
  } catch (error) {
    throw new SinkError('usage', reason(error, `${host}:${port}`, data), error);
  }
}

/** What stood in the way, in the words of the options. */
function reason(error: unknown, address: string, data: string | undefined): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'EADDRINUSE') return `${address} is in use by another process: choose another --port`;
  if (code === 'EADDRNOTAVAIL') return `${address} is no address of this machine: choose another --host`;
  if (code === 'EACCES' && message.includes('listen'))
    return `no right to listen at ${address}: choose another --port`;
  if (data !== undefined) return `--data ${data} cannot be used: ${message.split('\n')[0]}`;
  return `the local MaxCompute cannot start at ${address}: ${message}`;
}

/** The first line is for scripts that wait, the rest for people. */
function banner(
  emulator: Emulator,
  { accessId, accessKey, countOnly, data }: EmulatorCommandOptions,
): string {
  const { endpoint, tunnelEndpoint, project, notice } = emulator;
  const kept = countOnly ? 'counted only' : data ? `kept in ${data}` : 'kept in memory';
  return [
    `emulator ready endpoint=${endpoint} tunnel=${tunnelEndpoint} project=${project}`,
    `rows are ${notice ? `counted only: ${notice}` : kept}`,
    `PyODPS  ODPS('${accessId}', '${accessKey}', '${project}', endpoint='${endpoint}')`,
    `Java    Odps odps = new Odps(new AliyunAccount("${accessId}", "${accessKey}"));`,
    `        odps.setEndpoint("${endpoint}"); odps.setDefaultProject("${project}");`,
    `faults  curl -X POST ${tunnelEndpoint}/_control -d '{"route":"commit","action":"cut","when":"after","times":1}'`,
    `stats   curl ${tunnelEndpoint}/_stats`,
  ].join('\n');
}
