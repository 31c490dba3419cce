import { SinkError } from '../../../src/errors.ts';
import type { IntentSession, SessionRef, TableName } from '../../../src/ledger/intent.ts';
import type { SessionState, Sessions } from '../../../src/ledger/ports.ts';
import type { Tunnel, UploadSession } from '../../../src/sink/ports.ts';
import type { Process, Simulation } from './simulation.ts';

export interface SimSession {
  readonly id: string;
  readonly tablePartition: string;
  state: SessionState;
  /** Block id -> rows, as `topic partition number, offset` pairs. */
  readonly blocks: Map<number, readonly Row[]>;
  /** It is no more to be found, whatever it was. */
  forgotten: boolean;
  /** How long its commit runs. */
  slowMs: number;
}

export interface Row {
  readonly partition: number;
  readonly offset: number;
}

/** No answer for this long is none. */
const ANSWER_MS = 5_000;
const POLL_MS = 1_000;
/** A session lives a day; shorter here, and longer than anybody needs. */
const LIFE_MS = 12 * 60_000;

/** The service that holds the table: upload sessions, and what was committed. */
export class SimTunnel {
  readonly #sim: Simulation;
  readonly sessions = new Map<string, SimSession>();
  onCommitted: (session: SimSession) => void = () => undefined;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  get list(): readonly SimSession[] {
    return [...this.sessions.values()];
  }

  stateOf(id: string): SessionState {
    const session = this.sessions.get(id);
    return !session || session.forgotten ? 'gone' : session.state;
  }

  /** A commit that arrives; sent again it is the same. */
  commit(id: string): void {
    const session = this.sessions.get(id);
    if (!session || session.forgotten || session.state !== 'open') return;
    if (session.slowMs === 0) this.#done(session);
    else {
      session.state = 'busy';
      this.#sim.tell(`the commit of session ${id} runs`);
      this.#sim.timer(null, session.slowMs, () => this.#done(session));
    }
  }

  #done(session: SimSession): void {
    session.state = 'committed';
    this.#sim.tell(`session ${session.id} is committed`);
    this.onCommitted(session);
  }

  /** NORMAL becomes EXPIRED. */
  expire(session: SimSession): void {
    session.state = 'dead';
    this.#sim.tell(`session ${session.id} expires`);
  }

  /** NORMAL becomes CRITICAL. */
  break(session: SimSession): void {
    session.state = 'unknown';
    this.#sim.tell(`session ${session.id} is CRITICAL`);
  }

  forget(session: SimSession): void {
    session.forgotten = true;
    this.#sim.tell(`session ${session.id} is forgotten`);
  }

  /** Any other question to the service. */
  ask<T>(process: Process, what: string, signal: AbortSignal, serve: () => T): Promise<T> {
    return new Line(this.#sim, process).ask(what, signal, serve);
  }

  /** The ports of one process. */
  ports(process: Process): { tunnel: Tunnel; sessions: Sessions } {
    const line = new Line(this.#sim, process);
    return {
      tunnel: { create: (tablePartition, signal) => this.#create(line, tablePartition, signal) },
      sessions: {
        state: (_to: TableName, { id }: SessionRef, signal) => this.#state(line, id, signal),
        commit: (_to: TableName, session: IntentSession, signal) => this.#commitFound(line, session, signal),
      },
    };
  }

  async #create(line: Line, tablePartition: string, signal?: AbortSignal): Promise<UploadSession> {
    const id = await line.ask(`a session for ${tablePartition}`, signal, () => {
      const made = `s${this.sessions.size + 1}`;
      const blocks = new Map<number, readonly Row[]>();
      const session: SimSession = {
        id: made,
        tablePartition,
        state: 'open',
        blocks,
        forgotten: false,
        slowMs: 0,
      };
      this.sessions.set(made, session);
      this.#sim.timer(null, LIFE_MS, () => session.state === 'open' && this.expire(session));
      return made;
    });
    return {
      ...{ id, tablePartition, createdAt: this.#sim.now },
      putBlock: (number, body, _encoding, aborted) =>
        line.ask(`block ${number} of ${id}`, aborted, () => this.#put(id, number, body)),
      verify: (blocks, aborted) => line.ask(`look at ${id}`, aborted, () => this.#verify(id, blocks)),
      commit: (_blocks, aborted) => this.#commit(line, id, aborted),
    };
  }

  #put(id: string, number: number, body: readonly Uint8Array[]): void {
    const session = this.#open(id);
    session.blocks.set(number, rowsOf(body));
  }

  #open(id: string): SimSession {
    const session = this.sessions.get(id)!;
    if (this.stateOf(id) !== 'open')
      throw new SinkError('session_lost', `session ${id} is ${this.stateOf(id)}`);
    return session;
  }

  #verify(id: string, blocks: ReadonlyMap<number, number>): void {
    const held = this.#open(id).blocks;
    const same = held.size === blocks.size && [...blocks].every(([n, rows]) => held.get(n)?.length === rows);
    if (!same) throw new SinkError('block_mismatch', `session ${id} has other blocks`);
  }

  /** Sent, and on doubt looked at before it is sent again. */
  async #commit(line: Line, id: string, signal?: AbortSignal): Promise<void> {
    for (;;) {
      await line.send(`commit of ${id}`, signal, () => this.commit(id), id);
      let state = await this.#state(line, id, signal);
      for (; state === 'busy'; state = await this.#state(line, id, signal)) await line.wait(POLL_MS, signal);
      if (state === 'committed') return;
      if (state !== 'open') throw new SinkError('commit_unknown', `session ${id} is ${state}`);
    }
  }

  async #commitFound(line: Line, { id, blocks, rows }: IntentSession, signal: AbortSignal): Promise<void> {
    const state = await this.#state(line, id, signal);
    if (state === 'open') this.#assertHolds(id, blocks, rows);
    if (state !== 'committed') await this.#commit(line, id, signal);
  }

  #assertHolds(id: string, blocks: number, rows: number): void {
    const held = [...this.sessions.get(id)!.blocks.values()];
    if (held.length !== blocks || held.reduce((n, block) => n + block.length, 0) !== rows)
      throw new SinkError('block_mismatch', `session ${id} has other blocks`);
  }

  async #state(line: Line, id: string, signal?: AbortSignal): Promise<SessionState> {
    for (;;) {
      const state = await line.ask(`state of ${id}`, signal, () => this.stateOf(id)).catch(keepAsking);
      if (state !== null) return state;
      await line.wait(POLL_MS, signal);
    }
  }
}

function keepAsking(error: unknown): null {
  if (error instanceof SinkError && error.code === 'maxcompute_unreachable') return null;
  throw error;
}

/** Requests of one process: each takes effect and is answered when chosen; lost ones time out. */
class Line {
  readonly #sim: Simulation;
  readonly #process: Process;

  constructor(sim: Simulation, process: Process) {
    this.#sim = sim;
    this.#process = process;
  }

  ask<T>(what: string, signal: AbortSignal | undefined, serve: () => T): Promise<T> {
    return this.#request(what, signal, null, (answer) => {
      this.#sim.step(`${this.#process.name}: ${what}`, this.#process, () => answer(serve));
    });
  }

  /** Takes effect and is answered apart from each other; resolves as well when no answer comes. */
  send(what: string, signal: AbortSignal | undefined, serve: () => void, about: string): Promise<void> {
    if (this.#process.alive) this.#sim.tell(`${this.#process.name} sends the ${what}`);
    return this.#request<void>(
      what,
      signal,
      () => undefined,
      (answer) => {
        this.#sim.step(
          `${what} arrives`,
          null,
          () => {
            serve();
            this.#sim.step(
              `${this.#process.name}: ${what} is answered`,
              this.#process,
              () => answer(() => undefined),
              {
                answerTo: about,
              },
            );
          },
          { commitOf: about },
        );
      },
    );
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#sim.clock(this.#process).sleep(ms, signal);
  }

  #request<T>(
    what: string,
    signal: AbortSignal | undefined,
    unanswered: (() => T) | null,
    begin: (answer: (value: () => T) => void) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (!this.#process.alive) return reject(new SinkError('session_lost', 'killed'));
      const end = (settle: () => void) => {
        signal?.removeEventListener('abort', stop);
        this.#sim.cancel(timer);
        this.#process.woken();
        settle();
      };
      const answer = (value: () => T) =>
        end(() => {
          try {
            resolve(value());
          } catch (error) {
            reject(error);
          }
        });
      const stop = () => end(() => reject(signal?.reason));
      const timer = this.#sim.timer(this.#process, ANSWER_MS, () => {
        if (unanswered) answer(unanswered);
        else end(() => reject(new SinkError('maxcompute_unreachable', `no answer to: ${what}`)));
      });
      signal?.addEventListener('abort', stop, { once: true });
      begin(answer);
    });
  }
}

/** Rows are pairs of 32-bit numbers; the footer behind them is of no interest. */
export function rowsOf(body: readonly Uint8Array[]): Row[] {
  return body.slice(0, -1).flatMap((bytes) => {
    const numbers = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    return Array.from({ length: numbers.length / 2 }, (_, i) => ({
      ...{ partition: numbers[2 * i]!, offset: numbers[2 * i + 1]! },
    }));
  });
}
