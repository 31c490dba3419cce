import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to the bytes; all connections, the open ones too, see a change at once. */
export interface Faults {
  /** Each piece of data waits this long, in each direction. */
  readonly latencyMs?: number;
  /** Nothing goes through and nothing is closed: a hung peer. */
  readonly blackhole?: boolean;
  /** A connection is reset (RST) once the client has sent this many bytes since `set`. */
  readonly cutAfterSent?: number;
  /** A connection is reset once the server has answered this many bytes since `set`. */
  readonly cutAfterReceived?: number;
  /** New connections are reset at once. */
  readonly refuse?: boolean;
}

export interface FaultyProxy {
  readonly port: number;
  /** Replaces the faults; `{}` heals. Data held by a black hole then goes through. */
  readonly set: (faults: Faults) => void;
  /** Resets every open connection. */
  readonly cut: () => void;
  /** Accepted since the start. */
  readonly connections: () => number;
  readonly stop: () => Promise<void>;
}

interface State {
  faults: Faults;
  /** Wakes the flows that a black hole holds. */
  healed: () => void;
  change: Promise<void>;
  accepted: number;
  readonly pairs: Set<Pair>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  sent: number;
  received: number;
}

/**
 * A TCP proxy on 127.0.0.1 in front of `port`. Kafka clients go to the address that the broker advertises:
 * for them give the broker a listener of its own that advertises the proxy's port.
 */
export async function startFaultyProxy(target: number, listenAt = 0): Promise<FaultyProxy> {
  const state: State = {
    faults: {},
    healed: () => {},
    change: Promise.resolve(),
    accepted: 0,
    pairs: new Set(),
  };
  const set = (faults: Faults): void => {
    state.healed();
    state.faults = faults;
    state.change = new Promise((resolve) => {
      state.healed = resolve;
    });
    for (const pair of state.pairs) Object.assign(pair, { sent: 0, received: 0 });
  };
  set({});
  const server = createServer({ pauseOnConnect: true }, (client) => accept(client, target, state));
  const port = await listen(server, listenAt);
  const cut = (): void => {
    for (const pair of state.pairs) reset(pair, state);
  };
  const stop = async (): Promise<void> => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, set, cut, stop, connections: () => state.accepted };
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });

function accept(client: Socket, target: number, state: State): void {
  state.accepted++;
  if (state.faults.refuse) return void client.resetAndDestroy();
  const server = connect(target, '127.0.0.1');
  const pair: Pair = { client, server, sent: 0, received: 0 };
  state.pairs.add(pair);
  const gone = () => reset(pair, state);
  for (const socket of [client, server]) socket.once('error', gone).setNoDelay(true);
  pump(client, server, pair, 'sent', state).catch(gone);
  pump(server, client, pair, 'received', state).catch(gone);
}

function reset(pair: Pair, state: State): void {
  state.pairs.delete(pair);
  pair.client.resetAndDestroy();
  pair.server.resetAndDestroy();
}

async function pump(
  from: Socket,
  to: Socket,
  pair: Pair,
  count: 'sent' | 'received',
  state: State,
): Promise<void> {
  for await (const data of from as AsyncIterable<Buffer>) {
    if (state.faults.latencyMs) await new Promise((resolve) => setTimeout(resolve, state.faults.latencyMs));
    while (state.faults.blackhole) await state.change;
    pair[count] += data.length;
    const limit = count === 'sent' ? state.faults.cutAfterSent : state.faults.cutAfterReceived;
    if (limit !== undefined && pair[count] >= limit) return reset(pair, state);
    if (!to.write(data))
      await Promise.race([new Promise((resolve) => to.once('drain', resolve)), state.change]);
  }
  to.end();
}
