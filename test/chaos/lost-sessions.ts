import type { EmulatorChild } from '../support/process.ts';
import { sleep, until } from '../support/until.ts';
import type { Point } from './points.ts';
import type { Campaign } from './strikes.ts';
import type { World } from './world.ts';

interface SessionInfo {
  readonly id: string;
  readonly status: string;
}

/** Which of the sessions that are remembered, oldest first. */
export type Choice = (sessions: readonly SessionInfo[]) => readonly SessionInfo[];

export const open: Choice = (sessions) => sessions.filter(({ status }) => status === 'normal');
/** Of the batch that is being committed: those of the next one are younger. */
export const oldestOpen: Choice = (sessions) => open(sessions).slice(0, 1);
export const all: Choice = (sessions) => sessions;

async function become(emulator: EmulatorChild, choice: Choice, state: 'expired' | 'gone'): Promise<void> {
  const url = `${emulator.tunnelEndpoint}/_control/sessions`;
  const sessions = (await (await fetch(url)).json()) as SessionInfo[];
  for (const { id } of choice(sessions)) {
    const answer = await fetch(`${url}/${id}`, { method: 'POST', body: JSON.stringify({ state }) });
    if (!answer.ok) throw new Error(`session ${id} cannot be ${state}: ${await answer.text()}`);
  }
}

/** A member that holds an intent is killed, and meanwhile the service has lost these sessions. */
export const losing =
  (point: Point, choice: Choice, state: 'expired' | 'gone'): Campaign =>
  async (world) => {
    const child = await world.crew.strike({ point, hit: 1, action: 'hold' });
    await become(world.emulator(), choice, state);
    child?.kill('SIGKILL');
    if (!child) world.failures.push(`never came to ${point}`);
    return 1;
  };

/** Some time later the others are lost as well: until then nobody can know. */
export const losingTheRest =
  (state: 'expired' | 'gone'): Campaign =>
  async (world) => {
    await sleep(4_000);
    await become(world.emulator(), open, state);
    return 0;
  };

/** Waits until a member has ended because it needs a decision. */
export const decisionNeeded: Campaign = async ({ crew }: World) => {
  const asked = () => crew.exits.some(({ code }) => code === DECISION_NEEDED);
  await until(asked, { what: 'a member asks for a decision', deadlineMs: 30_000 });
  return 0;
};

export const DECISION_NEEDED = 4;
