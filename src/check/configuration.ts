import { totalmem } from 'node:os';
import type { Config } from '../config/schema.ts';
import { effectiveSettings } from '../config/settings.ts';
import { sizeText } from '../config/units.ts';
import { effectiveWorkers } from '../encode/cpu.ts';
import { asSinkError } from '../errors.ts';
import { plural } from '../terminal/words.ts';
import { fail, failed, type Item, ok, type Section, warn } from './report.ts';

const MiB = 1024 * 1024;
/** What the process needs beside the budget. */
const BESIDE_BYTES = 220 * MiB;

/** The configuration as it is in force. */
export function checkConfiguration(file: string, config: Config): Section {
  const { kafka, name, guarantee, flush } = config;
  const workers = effectiveWorkers(config.workers);
  return {
    step: 'configuration',
    items: [
      ok('file', `${file} is valid: pipeline ${name}, ${guarantee}`),
      ok('consumer group', `${kafka.groupId}, reading ${kafka.topics?.join(', ') ?? kafka.topicPattern}`),
      ok('workers', `${plural(workers, 'thread')}${config.workers === null ? ', from the CPU limit' : ''}`),
      memoryItem(config.memory, process.constrainedMemory()),
    ],
    facts: {
      ...{ name, guarantee, groupId: kafka.groupId, workers, memoryBytes: config.memory },
      ...{ flushIntervalMs: flush.interval, settings: effectiveSettings(config) },
    },
  };
}

/** `limit`: of the control group, bytes; huge or 0 without one. */
function memoryItem(budget: number, limit: number): Item {
  const needed = budget + BESIDE_BYTES;
  const text = `budget ${sizeText(budget)}, with the process itself about ${Math.round(needed / MiB)} MiB`;
  if (limit <= 0 || limit >= totalmem()) return ok('memory', text);
  const allowed = `${text}; the container allows ${Math.floor(limit / MiB)} MiB`;
  if (limit >= needed) return ok('memory', allowed);
  return warn('memory', allowed, 'Give the container more memory, or lower memory.');
}

/** Every problem of the file as an item of its own. */
export function invalidConfiguration(thrown: unknown): Section {
  const error = asSinkError(thrown);
  if (error.code !== 'config_invalid') return { step: 'configuration', items: [failed('file', error)] };
  const items = error.message.split('\n').map((line) => fail('file', line, null, 'config_invalid'));
  return { step: 'configuration', items: [...items.slice(0, -1), { ...items.at(-1)!, advice: error.hint }] };
}
