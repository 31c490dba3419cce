import type { TimeSpec } from '../plan.ts';
import { epochUnit } from './epoch.ts';
import { compilePattern, type Pattern, readProblem } from './pattern.ts';
import { parseZone } from './zone.ts';

/** Checks `timeFormat` and `timeZone` under the configuration key `key`; null after a problem. */
export function timeSpec(
  format: string | null,
  zone: string,
  key: string,
  problems: string[],
): TimeSpec | null {
  const wrongFormat = format === null ? null : formatProblem(format);
  if (wrongFormat) problems.push(`${key}.timeFormat: ${JSON.stringify(format)}: ${wrongFormat}`);
  const wrongZone = zoneProblem(zone);
  if (wrongZone) problems.push(`${key}.timeZone: ${wrongZone}`);
  return wrongFormat || wrongZone ? null : { format, zone };
}

/** What is wrong with a `timeFormat`; null: nothing. */
export function formatProblem(format: string): string | null {
  if (format === 'iso' || epochUnit(format) !== undefined) return null;
  if (format.startsWith('epoch')) return 'known are epoch_s epoch_ms epoch_us epoch_ns';
  const pattern = compilePattern(format);
  return 'problem' in pattern ? pattern.problem : readProblem(pattern);
}

export function zoneProblem(zone: string): string | null {
  return parseZone(zone)
    ? null
    : `${JSON.stringify(zone)} is no time zone such as Asia/Shanghai, UTC or +08:00`;
}

/** The `format` of a table partition column, compiled, or what is wrong with it. */
export function compileWrittenFormat(format: string): Pattern | { readonly problem: string } {
  const pattern = compilePattern(format);
  if ('problem' in pattern || !pattern.hasOffset) return pattern;
  return { problem: 'X and XXX make no safe value of a table partition' };
}
