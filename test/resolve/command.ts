import { execFile } from 'node:child_process';
import type { ResolveReport } from '../../src/resolve/report.ts';
import { CLI } from '../support/project.ts';

export interface ResolveRun {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `maxsink resolve` as operators do. */
export function resolve(file: string, ...args: string[]): Promise<ResolveRun> {
  return new Promise((done) => {
    execFile(process.execPath, [CLI, 'resolve', '-c', file, ...args], (error, stdout, stderr) => {
      const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      done({ exit, stdout, stderr });
    });
  });
}

export type Resolved = ResolveRun & ResolveReport & { readonly result: string };

/** The same with `--json`, read. */
export async function resolved(file: string, ...args: string[]): Promise<Resolved> {
  const run = await resolve(file, '--json', ...args);
  if (run.stdout === '') throw new Error(`exit ${run.exit}: ${run.stderr}`);
  return { ...run, ...JSON.parse(run.stdout) };
}
