import type { KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { systemClock } from '../clock.ts';
import { parseInstant } from '../config/leaf.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { parseDuration } from '../config/units.ts';
import { deadLetterLine } from '../deadletter/dead-letter.ts';
import type { StoredLetter } from '../deadletter/stored.ts';
import { SinkError } from '../errors.ts';
import { createLog } from '../log.ts';
import { ANY, chosenLetters, type LetterChoice } from '../replay/choice.ts';
import { readJournal } from '../replay/journal.ts';
import { type LetterPlace, parseLetterId } from '../replay/letter-ids.ts';
import { groupLetters, type ListReport } from '../replay/list.ts';
import { exitOf, openLetter, type ReplayReport, readPrivateKey, runReplay } from '../replay/run.ts';
import { letterStore } from '../replay/stored-letters.ts';
import { letterText, listText, replayText } from '../replay/text.ts';
import { endSoon } from './end-soon.ts';
import { plainLine } from './preview.ts';
import { textOptions } from './text-options.ts';

export interface DeadLettersOptions {
  readonly config: string;
  readonly code?: readonly string[];
  readonly column?: string;
  readonly since?: string;
  readonly journal?: string;
  readonly key?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const WIDEST = 160;
/** Into a file or a pipe. */
const USUAL = 120;

/** `maxsink deadletters list -c FILE`: 0. */
export async function listCommand(options: DeadLettersOptions): Promise<number> {
  return withStore(options, async ({ store, choice, journal }) => {
    let unreadable = 0;
    const letters = chosenLetters(store.read('heads'), choice, () => {
      unreadable += 1;
    });
    const { replayed } = await readJournal(journal);
    const groups = await groupLetters(letters, replayed);
    const report: ListReport = { place: store.name, journal, groups, unreadable };
    print(options.json ? json(report) : listText(report, textOptions(USUAL, WIDEST)));
    return 0;
  });
}

/** `maxsink deadletters show -c FILE ID...`: 0; 3 one of them is not there. */
export async function showCommand(ids: readonly string[], options: DeadLettersOptions): Promise<number> {
  return withStore(options, async ({ store }) => {
    const wanted = idsOf(ids) ?? [];
    const key = options.key === undefined ? null : readPrivateKey(options.key);
    let found = 0;
    for await (const letter of chosenLetters(store.read('whole'), { ...ANY, ids: wanted })) {
      found += 1;
      const opened = key === null || letter.original === 'dropped' ? letter : openWith(letter, key);
      print(options.json ? lineOf(opened) : letterText(opened, textOptions(USUAL, WIDEST)));
    }
    if (found < wanted.length)
      process.stderr.write(`maxsink: ${wanted.length - found} of these ids are in no letter\n`);
    return found < wanted.length ? 3 : 0;
  });
}

/** Throws `usage` for a key that is not the letter's. */
function openWith(letter: StoredLetter, key: KeyObject): StoredLetter {
  try {
    return openLetter(letter, key);
  } catch (error) {
    throw new SinkError('usage', `--key: ${(error as Error).message}`, error);
  }
}

/** `maxsink deadletters replay -c FILE [ID...]`: 0 done; 3 letters are rejected again, or something is unclear. */
export async function replayCommand(ids: readonly string[], options: DeadLettersOptions): Promise<number> {
  return withStore(options, async ({ config, store, choice, journal }) => {
    const log = createLog({
      level: 'warn',
      stream: { write: (line) => void process.stderr.write(plainLine(line)) },
    });
    const key = options.key === undefined ? null : readPrivateKey(options.key);
    const { dryRun = false } = options;
    const request = { store, choice: { ...choice, ids: idsOf(ids) }, journal, key, dryRun };
    const report = await runReplay(config, request, log, systemClock);
    print(options.json ? json(replayJson(report)) : replayText(report, textOptions(USUAL, WIDEST)));
    return exitOf(report);
  });
}

interface Given {
  readonly config: Config;
  readonly store: ReturnType<typeof letterStore>;
  readonly choice: LetterChoice;
  readonly journal: string;
}

async function withStore(
  options: DeadLettersOptions,
  run: (given: Given) => Promise<number>,
): Promise<number> {
  const choice = choiceOf(options);
  const config = loadConfig(options.config, process.env);
  const store = letterStore(config, systemClock);
  // A reader that has seen enough (head) closes the pipe.
  process.stdout.on('error', () => undefined);
  try {
    return await run({ config, store, choice, journal: resolve(options.journal ?? store.journal) });
  } finally {
    endSoon();
  }
}

function choiceOf({ code, column, since }: DeadLettersOptions): LetterChoice {
  return {
    codes: code ?? null,
    column: column ?? null,
    since: since === undefined ? null : timeOf(since),
    ids: null,
  };
}

/** A time, or how long ago. */
function timeOf(written: string): number {
  const ago = parseDuration(written);
  const time = ago === undefined ? parseInstant(written) : systemClock.now() - ago;
  if (time !== undefined) return time;
  throw new SinkError(
    'usage',
    `--since is a duration such as 6h, or a time with its zone such as 2026-11-20T00:00:00+08:00, not "${written}"`,
  );
}

/** Null: none are given. */
function idsOf(ids: readonly string[]): LetterPlace[] | null {
  if (ids.length === 0) return null;
  return ids.map((id) => {
    const place = parseLetterId(id);
    if (place) return place;
    throw new SinkError(
      'usage',
      `"${id}" is no id of a dead letter: topic-number-offset, such as orders-0-17`,
    );
  });
}

const print = (text: string): void => void process.stdout.write(text);
const json = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;
const lineOf = (letter: StoredLetter): string => [...deadLetterLine(letter)].join('');

const replayJson = ({ tablePartitions, ...report }: ReplayReport): object => ({
  ...report,
  exitCode: exitOf(report as ReplayReport),
  tablePartitions: Object.fromEntries(tablePartitions),
});
