/** What a session may be. Each kind has some of these, in its clients' own words. */
export type State = 'normal' | 'committing' | 'committed' | 'aborted' | 'expired' | 'critical';

/** `gone`: nobody remembers it. */
export type Target = State | 'gone';

/**
 * What may become of a session. A commit that fails leaves it as it was. A committed one never expires, and one that
 * ended is never committed; `critical` after a commit: the rows stay, nobody can read the outcome.
 */
const TRANSITIONS: Readonly<Record<State, readonly Target[]>> = {
  normal: ['committing', 'committed', 'aborted', 'expired', 'critical', 'gone'],
  committing: ['normal', 'committed', 'aborted', 'expired', 'critical', 'gone'],
  committed: ['critical', 'gone'],
  aborted: ['gone'],
  expired: ['gone'],
  critical: ['gone'],
};

export const mayBecome = (state: State, target: Target): boolean =>
  state === target || TRANSITIONS[state].includes(target);

/** Neither committed nor ended: it holds what it was given. */
export const isUndecided = (state: State): boolean => state === 'normal' || state === 'committing';

/** What clients of each kind say for the states that it has. */
export type Words = Readonly<Partial<Record<State, string>>>;

/** The state that a word means, of whichever kind it is. */
export const targetOf = (word: StateWord): Target => ANY_WORD[word];

/** Words of all kinds. */
const ANY_WORD = {
  normal: 'normal',
  committing: 'committing',
  closing: 'committing',
  committed: 'committed',
  closed: 'committed',
  aborted: 'aborted',
  canceled: 'aborted',
  expired: 'expired',
  critical: 'critical',
  gone: 'gone',
} as const satisfies Record<string, Target>;

export type StateWord = keyof typeof ANY_WORD;
export const STATE_WORDS: readonly string[] = Object.keys(ANY_WORD);
