import { describe, expect, it } from 'vitest';
import type { BrokerTrouble } from '../../../src/source/client/broker-log.ts';
import { type BrokerStatistics, createOutage } from '../../../src/source/client/outage.ts';

const SILENT_MS = 8_000;
const refused = { broker: 'b:1', kind: 'network', why: 'Connection refused' } as const;

const leader: BrokerStatistics = {
  nodename: 'b:1',
  source: 'learned',
  state: 'UP',
  waitresp_cnt: 1,
  rxidle: 400_000,
  toppars: { 't-0': {}, 't-1': {} },
};
const coordinator: BrokerStatistics = { ...leader, source: 'logical', waitresp_cnt: 0, toppars: {} };
const bystander: BrokerStatistics = { ...leader, nodename: 'c:1', toppars: {} };
const unknown: BrokerStatistics = { ...coordinator, nodename: ':0', state: 'INIT' };

/** Judges one list of brokers after the other, 5 s apart; what was found at each. */
function judged(
  steps: readonly (readonly BrokerStatistics[])[],
  troubles = [] as (typeof refused)[],
  join_state = 'steady',
) {
  const outage = createOutage(SILENT_MS);
  for (const trouble of troubles) outage.note(trouble);
  return steps.map((brokers, i) =>
    outage.judge({ brokers: Object.fromEntries(brokers.entries()), cgrp: { join_state } }, i * 5_000),
  );
}
const silentFor = (seconds: number): BrokerStatistics => ({ ...leader, rxidle: seconds * 1e6 });

describe('a refusal by every broker', () => {
  const away: BrokerStatistics = { ...leader, state: 'TRY_CONNECT' };
  const denied = { broker: 'b:1', kind: 'credentials', why: 'user name or password refused' } as const;
  const closed = { broker: 'b:1', kind: 'closed', why: 'it closes the connection' } as const;

  /** What is noted before each look, 5 s apart; since when all of them have refused. */
  const refusedSince = (noted: readonly BrokerTrouble[], brokers: readonly BrokerStatistics[] = [away]) => {
    const outage = createOutage(SILENT_MS);
    return noted.map((trouble, i) => {
      outage.note(trouble);
      return outage.judge({ brokers: Object.fromEntries(brokers.entries()) }, i * 5_000)?.refusedSince;
    });
  };

  it('counts from its first word on, not from the beginning of the outage', () => {
    expect(refusedSince([refused, refused, denied, denied])).toEqual([null, null, 10_000, 10_000]);
    expect(refusedSince([closed, denied])).toEqual([null, 5_000]);
  });

  it('goes on when the broker hangs up in between, and not when it cannot be reached', () => {
    expect(refusedSince([denied, closed, denied])).toEqual([0, 0, 0]);
    expect(refusedSince([denied, refused, denied])).toEqual([0, null, 10_000]);
  });

  it('is none while another broker answers', () => {
    expect(refusedSince([denied], [away, bystander])).toEqual([null]);
  });
});

describe('an outage', () => {
  it('is none while brokers answer, or nothing is asked of them', () => {
    const idle = { ...silentFor(600), waitresp_cnt: 0 };
    expect(
      judged([
        [leader, coordinator],
        [idle, coordinator],
        [{ ...leader, state: 'INIT' }, unknown],
      ]),
    ).toEqual([null, null, null]);
  });

  it('begins when the last byte came, and is told when the silence is long enough', () => {
    const [, first, second] = judged([
      [leader, coordinator],
      [silentFor(4), coordinator],
      [silentFor(9), coordinator],
    ]);
    expect(first).toBeNull();
    expect(second).toEqual({
      since: 1_000,
      brokers: new Map([['b:1', 'no answer']]),
      topicPartitions: 2,
      coordinator: false,
      troubles: [],
      refusedSince: null,
    });
  });

  it('is seen although the client connects again and again', () => {
    const trying = (state: string) => ({ ...leader, state, waitresp_cnt: 0 });
    const found = judged([[leader], [trying('TRY_CONNECT')], [trying('APIVERSION_QUERY')]]);
    expect(found.map((one) => one?.since)).toEqual([undefined, undefined, 0]);
  });

  it('is told at once when a connection has failed, with the reason', () => {
    const [found] = judged(
      [
        [
          { ...leader, state: 'INIT' },
          { ...coordinator, state: 'TRY_CONNECT' },
        ],
      ],
      [refused],
    );
    expect(found).toMatchObject({
      brokers: new Map([['b:1', 'Connection refused']]),
      coordinator: true,
      troubles: [refused],
    });
  });

  it('is over when the group coordinator is back too', () => {
    const away = { ...coordinator, state: 'TRY_CONNECT' };
    const found = judged(
      [
        [{ ...leader, state: 'INIT' }, away],
        [leader, away],
        [leader, coordinator],
      ],
      [refused],
    );
    expect(found.map((one) => one !== null)).toEqual([true, true, false]);
  });

  it('is none for a broker that is not needed', () => {
    const gone = { ...bystander, state: 'INIT' };
    expect(judged([[leader, coordinator, gone]], [{ ...refused, broker: 'c:1' } as never])).toEqual([null]);
  });

  it('is none while other members are waited for', () => {
    const waiting = { ...coordinator, waitresp_cnt: 1, rxidle: 60e6 };
    expect(judged([[leader, waiting]], [], 'wait-join')).toEqual([null]);
    expect(judged([[leader, waiting]])[0]).toMatchObject({ coordinator: true });
  });

  it('is seen before the client has learned of any broker', () => {
    const bootstrap = { ...leader, source: 'configured', state: 'INIT', toppars: {} } as const;
    expect(judged([[bootstrap, unknown]], [refused])[0]).toMatchObject({
      topicPartitions: 0,
      coordinator: false,
    });
  });
});
