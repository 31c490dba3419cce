import type { DeadLetter } from './dead-letter.ts';
import type { LetterOrigin } from './message.ts';

/** A dead letter as it is found; who rejected it is not known everywhere. */
export type StoredLetter = DeadLetter & Partial<LetterOrigin>;
