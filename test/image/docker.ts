import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Child, type Exit, startChild } from '../support/process.ts';
import { uniqueName } from '../support/topics.ts';

/** What `scripts/image-test.sh` has built. */
export const SERVICE = 'maxsink:image-test';
export const EMULATOR = 'maxsink-emulator:image-test';

/** How operators should run it: nothing of the container can be written, no rights of root are left. */
export const LOCKED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

/** Standard output of a docker command; rejects with its standard error. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', args, { maxBuffer: 64 << 20 });
  return stdout.trim();
}

/** Runs a shell command in the service image as its user. */
export const inImage = (image: string, command: string): Promise<string> =>
  docker('run', '--rm', '--network', 'none', '--entrypoint', 'sh', image, '-c', command);

/** One answer for each container. */
export const inspectAll = async (format: string, names: readonly string[]): Promise<string[]> =>
  (await docker('inspect', '--format', format, ...names)).split('\n');

export interface Container extends Child {
  readonly name: string;
  /** `docker stop`: SIGTERM, SIGKILL after 60 s. Resolves to the exit of the process in the container. */
  readonly end: () => Promise<Exit>;
  readonly signal: (name: string) => Promise<string>;
  readonly inspect: (format: string) => Promise<string>;
}

/** `docker run OPTIONS IMAGE ARGS` in the foreground, so that output and exit code are the container's. */
export function startContainer(options: string[], image: string, args: string[] = []): Container {
  const name = uniqueName('maxsink-test');
  const child = startChild('docker', ['run', '--rm', '--name', name, ...options, image, ...args]);
  return {
    ...child,
    name,
    signal: (signal) => docker('kill', '--signal', signal, name),
    inspect: (format) => docker('inspect', '--format', format, name),
    async end() {
      if (child.running()) await docker('stop', '--time', '60', name).catch(() => {});
      return child.exited;
    },
  };
}
