import { type EmulatorChild, startMaxsink } from '../support/process.ts';
import { sleep, until } from '../support/until.ts';
import type { Point } from './points.ts';
import type { Campaign } from './strikes.ts';

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

/** What `maxsink run` and `maxsink resolve` end with when the operator has to decide. */
export const DECISION_NEEDED = 4;

/** Members end because they need a decision; it is made, and one starts again. */
export const deciding =
  (reading: '--replay' | '--assume-committed'): Campaign =>
  async ({ crew, failures }) => {
    const asked = () => crew.exits.some(({ code }) => code === DECISION_NEEDED);
    await until(asked, { what: 'a member asks for a decision' });
    await crew.halt();
    const resolve = async () => {
      const command = startMaxsink(['resolve', '-c', crew.file, reading]);
      const { code } = await command.exited;
      return code === 0 ? true : void failures.push(...(code === DECISION_NEEDED ? [] : [command.tail()]));
    };
    // The group is empty when the last session is over.
    await until(resolve, { what: 'resolve settles it', everyMs: 1_000 });
    await crew.start(1);
    return 1;
  };
