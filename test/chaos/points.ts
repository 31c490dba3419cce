/**
 * The steps after which, and before which, something can go wrong: those of a batch in the order of its
 * life, then those of a recovery. Each is one call through a port; `wrappers.ts` knows which.
 */
export const LINE = [
  'session', // an upload session is created
  'block', // a block is uploaded
  'verify', // the server's block list is compared with ours: the batch is whole
  'letters', // its dead letters are made durable
  'intent', // its intent is committed, at the unchanged offsets
  'commit:letters', // the session of its dead letters is committed, when they go to a table
  'commit:1', // its first session is committed
  'commit:2',
  'commit:3', // the last one
  'publish', // its dead letters are renamed: from now on they count
  'advance', // the offsets move
  'advance+intent', // the same, with the next batch's intent in the same commit
] as const;

export const RECOVERY = [
  'recovery:read', // what the members of the intent have committed
  'recovery:confirm', // "I honour it", in a commit that Kafka checks
  'recovery:state', // of a session
  'recovery:commit', // of a session
  'recovery:letters', // those of the batch are renamed
  'recovery:advance', // the offsets move
] as const;

export type Step = (typeof LINE)[number] | (typeof RECOVERY)[number];
export type Point = `before:${Step}` | `after:${Step}`;

/** `kill`: SIGKILL to itself. `stall`: SIGSTOP to itself. `hold`: the call waits for SIGUSR2, the process lives on. */
export type Action = 'kill' | 'stall' | 'hold';

/** What a process does when it reaches a point for the `hit`-th time since it was armed. */
export interface Arm {
  readonly point: Point;
  readonly hit: number;
  readonly action: Action;
}

/** The environment variable that names the file with the {@link Arm}; all members of a group share one file. */
export const ARM_FILE = 'CHAOS_ARM_FILE';

export const around = (steps: readonly Step[]): Point[] =>
  steps.flatMap((step): Point[] => [`before:${step}`, `after:${step}`]);

/** One line, with a number that no other arm has. */
export const armText = (id: number, { point, hit, action }: Arm): string => `${id} ${point} ${hit} ${action}`;

export function parseArm(text: string): (Arm & { readonly id: number }) | null {
  const [id, point, hit, action] = text.split(' ');
  if (action === undefined) return null;
  return { id: Number(id), point: point as Point, hit: Number(hit), action: action as Action };
}

/** What a process says when it has met its arm, to be found in its output. */
export const metLine = (id: number): string => `chaos: met arm ${id}`;
