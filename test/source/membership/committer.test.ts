import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/limits.ts';
import type { RawPosition } from '../../../src/source/client/client.ts';
import { createCommitter } from '../../../src/source/membership/committer.ts';
import { handClock } from '../../support/hand-clock.ts';

const at = (partition: number, offset: number) => ({ topic: 't', partition, offset });

function setUp() {
  const sent: RawPosition[][] = [];
  const clock = handClock();
  const time = { now: 0 };
  const committer = createCommitter(
    (positions) => sent.push(positions),
    clock,
    undefined,
    () => time.now,
  );
  return { sent, clock, time, committer };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('an offset commit', () => {
  it('is confirmed only by the broker’s answer to the same positions', async () => {
    const { committer } = setUp();
    let done = false;
    const commit = committer.commit([at(0, 5), at(1, 7)]).then(() => {
      done = true;
    });
    await settled();
    committer.answered(null, [at(0, 5)]);
    committer.answered(null, [at(0, 5), at(1, 6)]);
    await settled();
    expect(done).toBe(false);
    committer.answered(null, [at(1, 7), at(0, 5)]);
    await commit;
  });

  it('waits for the one before it', async () => {
    const { committer, sent } = setUp();
    const first = committer.commit([at(0, 1)]);
    const second = committer.commit([at(0, 2)]);
    await settled();
    expect(sent).toEqual([[at(0, 1)]]);
    committer.answered(null, [at(0, 1)]);
    await first;
    await settled();
    expect(sent).toHaveLength(2);
    committer.answered(null, [at(0, 2)]);
    await second;
  });

  it('fails with the broker’s reason when refused', async () => {
    const { committer } = setUp();
    const commit = committer.commit([at(0, 1)]);
    const failed = expect(commit).rejects.toMatchObject({
      code: 'kafka_commit_refused',
      message: /Unknown member/,
    });
    await settled();
    committer.answered({ code: 25, message: 'Unknown member' }, [at(0, 1)]);
    await failed;
  });

  it('counts as unanswered after the deadline; nothing follows until the generation is another', async () => {
    const { committer, clock, sent } = setUp();
    const unanswered = { code: 'kafka_commit_refused', message: /no answer/ };
    const failed = expect(committer.commit([at(0, 1)])).rejects.toMatchObject(unanswered);
    await settled();
    await clock.pass(LIMITS.offsetCommitMs);
    await failed;
    expect(committer).toMatchObject({
      undecided: true,
      refusals: 1,
      refusal: expect.stringMatching(/no answer/),
    });
    await expect(committer.commit([at(0, 1)])).rejects.toMatchObject({ message: /not sent after/ });
    expect(sent).toHaveLength(1);
  });

  it('waits for the answer to one that was given up, and does not take it for its own', async () => {
    const { committer, clock, sent } = setUp();
    const failed = expect(committer.commit([at(0, 1)])).rejects.toMatchObject({ message: /no answer/ });
    await settled();
    await clock.pass(LIMITS.offsetCommitMs);
    await failed;
    committer.forget('rejoin');
    committer.renew();
    let done = false;
    const next = committer.commit([at(0, 1)]).then(() => {
      done = true;
    });
    await settled();
    expect(sent).toHaveLength(1);
    committer.answered(null, [at(0, 1)]);
    await settled();
    expect(sent).toHaveLength(2);
    expect(done).toBe(false);
    committer.answered(null, [at(0, 1)]);
    await next;
    expect(committer).toMatchObject({ undecided: false, refusals: 0, refusal: null });
  });

  it('is not sent when the one that was given up stays without an answer', async () => {
    const { committer, clock, sent } = setUp();
    for (const _ of [1, 2]) {
      const failed = expect(committer.commit([at(0, 1)])).rejects.toMatchObject({ message: /no answer/ });
      await settled();
      await clock.pass(LIMITS.offsetCommitMs);
      await failed;
      committer.forget('rejoin');
      committer.renew();
    }
    expect(sent).toHaveLength(1);
  });

  it('that was answered late counts when the client sent it once', async () => {
    const { sent, committer, time } = setUp();
    for (const [total, outcome] of [
      [1, 'confirmed'],
      [3, 'refused'],
      [4, 'confirmed'],
    ] as const) {
      const results: string[] = [];
      void committer.commit([at(0, total)]).then(
        () => results.push('confirmed'),
        (error) => results.push(error.code === 'kafka_commit_refused' ? 'refused' : 'wrong'),
      );
      await settled();
      expect(sent.at(-1)).toEqual([at(0, total)]);
      time.now += LIMITS.resendMs;
      committer.answered(null, [at(0, total)]);
      await settled();
      expect(results).toEqual([]);
      committer.counted(time.now, total);
      await settled();
      expect(results).toEqual([outcome]);
      committer.renew();
    }
  });

  it('fails when the assignment is forgotten meanwhile', async () => {
    const { committer } = setUp();
    const failed = expect(committer.commit([at(0, 1)])).rejects.toMatchObject({ message: /revoked/ });
    await settled();
    committer.forget('revoked');
    await failed;
  });

  it('is not sent any more when the assignment was forgotten while it waited for its turn', async () => {
    const { committer, sent } = setUp();
    const first = expect(committer.commit([at(0, 1)])).rejects.toMatchObject({ message: /revoked/ });
    const second = expect(committer.commit([at(0, 2)])).rejects.toMatchObject({ message: /revoked/ });
    await settled();
    committer.forget('revoked');
    await first;
    await second;
    expect(sent).toEqual([[at(0, 1)]]);
  });

  it('tells when the client itself refuses to send', async () => {
    const committer = createCommitter(() => {
      throw new Error('disconnected');
    }, handClock());
    await expect(committer.commit([at(0, 1)])).rejects.toMatchObject({
      code: 'kafka_commit_refused',
      message: /disconnected/,
    });
  });
});
