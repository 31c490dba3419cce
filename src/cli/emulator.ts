import { readFileSync } from 'node:fs';
import { type Emulator, startEmulator } from '../emulator/server.ts';
import { SinkError } from '../errors.ts';
import { banner } from './emulator-banner.ts';

export interface EmulatorCommandOptions {
  readonly port: number;
  readonly project: string;
  readonly accessId: string;
  readonly accessKey?: string;
  readonly stsToken?: string;
  readonly data?: string;
  readonly countOnly?: boolean;
  readonly quotas?: string;
  readonly host: string;
  readonly public?: string;
  readonly schemas?: boolean;
  readonly init?: string;
}

/** The key where none is given: good enough for what only this machine can reach. */
const LOCAL_KEY = 'local';

/** Longest time of a stop. */
const STOP_MS = 8_000;

/** Runs the local MaxCompute until SIGTERM or SIGINT; answers the exit code. */
export async function emulatorCommand(options: EmulatorCommandOptions): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  check(options);
  const accessKey = options.accessKey ?? LOCAL_KEY;
  const emulator = await start(options, accessKey);
  const { accessId, host, public: address } = options;
  process.stdout.write(`${banner(emulator, { accessId, accessKey, host, address })}\n`);
  await stopped;
  // What is committed is safe: nothing is lost by not waiting for ever.
  setTimeout(() => process.exit(5), STOP_MS).unref();
  await emulator.stop();
  return 0;
}

function check({
  port,
  quotas,
  countOnly,
  data,
  host,
  accessKey,
  public: address,
}: EmulatorCommandOptions): void {
  const refuse = (text: string): never => {
    throw new SinkError('usage', text);
  };
  if (!Number.isInteger(port) || port < 0 || port > 65535) refuse('--port must be a number from 0 to 65535');
  if (quotas !== undefined && quotas !== 'real' && quotas !== 'none')
    refuse(`--quotas is "real" or "none", not "${quotas}"`);
  if (countOnly && data !== undefined) refuse('--count-only keeps no rows: leave --data out');
  if (address !== undefined && !/^(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(address))
    refuse(`--public is HOST:PORT as clients reach it, not "${address}"`);
  if (accessKey === undefined && !/^(?:127\.|localhost$|::1$)/.test(host))
    refuse(`--host ${host} can be reached from other machines: choose an --access-key`);
}

async function start(options: EmulatorCommandOptions, accessKey: string): Promise<Emulator> {
  const { port, project, accessId, stsToken = null, data = null, countOnly = false, host } = options;
  const tables = options.init === undefined ? [] : [read(options.init)];
  try {
    return await startEmulator({
      ...{ port, host, project, accessId, accessKey, stsToken, countOnly, tables },
      ...{ dataDir: data, quotas: options.quotas === 'real' ? 'real' : 'none' },
      ...{ threeLayers: options.schemas ?? false, publicAddress: options.public },
    });
  } catch (error) {
    throw new SinkError('usage', reason(error, options), error);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SinkError('usage', `--init ${file} cannot be read: ${(error as Error).message}`, error);
  }
}

/** What stood in the way, in the words of the options. */
function reason(error: unknown, { host, port, data, init }: EmulatorCommandOptions): string {
  const address = `${host}:${port}`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'EADDRINUSE') return `${address} is in use by another process: choose another --port`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine: choose another --host`;
  if (code === 'EACCES' && message.includes('listen'))
    return `no right to listen at ${address}: choose another --port`;
  if (init !== undefined && /^ODPS-\d+/.test(message)) return `--init ${init}: ${message}`;
  if (data !== undefined && message.startsWith('the data folder')) return message;
  if (data !== undefined) return `--data ${data} cannot be used: ${message.split('\n')[0]}`;
  return `the local MaxCompute cannot start at ${address}: ${message}`;
}
