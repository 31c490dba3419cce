import type { Path } from './path.ts';

/** Keys that later versions will know, with what they are for. `*` stands for a column. */
const LATER: Readonly<Record<string, string>> = {
  routes: 'several topics to several tables',
  'maxcompute.credentials.provider': 'credentials from a provider',
};

/** A sentence about a key of a later version, or undefined for a key that nobody planned. */
export function laterKey(path: Path): string | undefined {
  const found = Object.entries(LATER).find(([key]) => matches(key.split('.'), path));
  return found && `comes with a later version (${found[1]})`;
}

const matches = (pattern: readonly string[], path: Path): boolean =>
  pattern.length === path.length && pattern.every((part, i) => part === '*' || part === path[i]);
