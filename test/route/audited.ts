import { expect } from 'vitest';
import type { AuditReport } from '../../src/audit/report.ts';
import { startMaxsink } from '../support/process.ts';
import type { Pipeline } from './pipeline.ts';

/** The document of `maxsink audit --json`. */
export interface AuditJson extends Omit<AuditReport, 'startedAt'> {
  readonly result: 'ok' | 'found';
  readonly exitCode: number;
}

export interface Audited {
  readonly code: number | null;
  /** Everything printed. */
  readonly output: string;
  /** Null: it printed no report. */
  readonly report: AuditJson | null;
}

/** Runs `maxsink audit` with the configuration of the pipeline's last service, as an operator would. */
export async function runAudit(pipeline: Pipeline, more: readonly string[] = []): Promise<Audited> {
  const file = pipeline.services.at(-1)!.file;
  const child = startMaxsink(['audit', '-c', file, '--json', ...more]);
  const { code } = await child.exited;
  const output = child.lines.join('\n');
  return { code, output, report: output.startsWith('{') ? (JSON.parse(output) as AuditJson) : null };
}

/** Every record that the group has committed is in the table once or is a dead letter: the end of any route test. */
export async function expectAudited(pipeline: Pipeline): Promise<AuditJson> {
  const { code, output, report } = await runAudit(pipeline);
  expect(code, output).toBe(0);
  return report!;
}
