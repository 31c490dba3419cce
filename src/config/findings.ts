import type { z } from 'zod';
import { keysIn, OPTIONS, optionAt } from './keys.ts';
import { isMap } from './leaf.ts';
import { keyPath, type Path, valueAt } from './path.ts';
import { describeValue } from './problems.ts';
import { fold, suggest } from './suggest.ts';
import { laterKey } from './unsupported.ts';

/** Something wrong at a path, before it is known where that path was written. */
export interface Finding {
  readonly path: Path;
  readonly part: 'key' | 'value';
  readonly text: string;
  /** Character of the value that is meant, from 0. */
  readonly at?: number;
}

type Issue = z.core.$ZodIssue;

/** What the schema has to say, in the words of this project. `hidden` tells values that are not shown. */
export function findings(
  issues: readonly Issue[],
  data: unknown,
  hidden: (path: Path) => boolean,
): Finding[] {
  return issues.flatMap((issue) => findingsOf(issue, issue.path.map(String), data, hidden));
}

function findingsOf(issue: Issue, path: Path, data: unknown, hidden: (path: Path) => boolean): Finding[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path: [...path, key], part: 'key', text: unknownKey(path, key) }));
    case 'invalid_key':
      return [{ path, part: 'key', text: issue.issues[0]?.message ?? issue.message }];
    case 'invalid_union': {
      // Unions here are a scalar form first and a map form last: the one that was meant is known by the value.
      const meant = isMap(valueAt(data, path)) ? issue.errors.at(-1) : issue.errors[0];
      return (meant ?? []).flatMap((inner) =>
        findingsOf(inner, [...path, ...inner.path.map(String)], data, hidden),
      );
    }
    default: {
      const expected = expectedBy(issue);
      const at = issue.code === 'custom' ? (issue.params?.at as number | undefined) : undefined;
      if (at !== undefined) {
        if (isHidden(path, hidden)) return [{ path, part: 'value', text: NOT_SHOWN }];
        return [{ path, part: 'value', text: issue.message, at }];
      }
      const received = describeValue(valueAt(data, path), isHidden(path, hidden));
      return [
        {
          path,
          part: 'value',
          text: expected ? `expected ${expected}, received ${received}` : issue.message,
        },
      ];
    }
  }
}

const NOT_SHOWN = 'it is not valid; it is not shown, because it takes something from elsewhere';

/** Undefined: the message is a sentence of its own. */
function expectedBy(issue: Issue): string | undefined {
  if (issue.code === 'custom') return issue.params?.expected as string | undefined;
  return issue.code === 'invalid_type' && (issue.expected === 'object' || issue.expected === 'record')
    ? 'a map'
    : undefined;
}

/** A value in the place of a section may be the secret that belongs into it. */
const isHidden = (path: Path, hidden: (path: Path) => boolean): boolean =>
  hidden(path) ||
  OPTIONS.some((option) => option.facts?.secret && isAbove(path, option.path)) ||
  optionAt(path.slice(0, -1))?.facts?.hidden === true;

const isAbove = (path: Path, other: Path): boolean =>
  path.length <= other.length && path.every((name, i) => other[i] === name);

function unknownKey(parent: Path, key: string): string {
  const later = laterKey([...parent, key]);
  if (later) return later;
  const meant = meantKey(parent, key);
  return `unknown key${meant ? ` (did you mean ${meant}?)` : ''}`;
}

/**
 * The right word in another place (`brokers` -> `kafka.brokers`) is likelier than a similar one here, unless that is
 * only the plural or the singular of it.
 */
function meantKey(parent: Path, key: string): string | undefined {
  const here = keysIn(parent);
  const same = (word: string) => fold(word) === fold(key);
  const number = (word: string) => `${fold(word)}s` === fold(key) || fold(word) === `${fold(key)}s`;
  return (
    here.find(same) ??
    here.find(number) ??
    elsewhere(same) ??
    suggest(key, here) ??
    elsewhere((word) => suggest(key, [word]) === word)
  );
}

function elsewhere(isMeant: (word: string) => boolean): string | undefined {
  const found = OPTIONS.find((option) => !option.path.includes('*') && isMeant(option.path.at(-1)!));
  return found && keyPath(found.path);
}
