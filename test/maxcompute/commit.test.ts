import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { decideCommit } from '../../src/maxcompute/commit.ts';
import { contentDifference } from '../../src/maxcompute/session.ts';
import { errorOf, openClient, type Seen, sendError, sendJson, sessionJson, startServer } from './support.ts';

describe('the decision about a session', () => {
  const row = (status: string, equal = true) => [
    decideCommit(status, 'no', equal),
    decideCommit(status, 'maybe', equal),
    decideCommit(status, 'yes', equal),
  ];

  it.each([
    ['NORMAL', true, ['post', 'post', 'post']],
    ['NORMAL', false, ['mismatch', 'mismatch', 'unknown']],
    ['COMMITTING', true, ['wait', 'wait', 'wait']],
    ['CLOSING', false, ['wait', 'wait', 'wait']],
    ['CLOSED', true, ['done', 'done', 'done']],
    ['CLOSED', false, ['unknown', 'done', 'done']],
    ['EXPIRED', true, ['lost', 'unknown', 'unknown']],
    ['CANCELED', true, ['lost', 'unknown', 'unknown']],
    ['CRITICAL', true, ['lost', 'unknown', 'unknown']],
    ['GONE', true, ['lost', 'unknown', 'unknown']],
    ['PONDERING', true, ['wait', 'wait', 'wait']],
  ])('%s with equal blocks %s, when no, maybe or one commit was sent: %j', (status, equal, steps) => {
    expect(row(status, equal)).toEqual(steps);
  });

  it('that was not asked for: only a verified one that nobody can have committed is sent to at once', () => {
    const first = (verified: boolean) =>
      (['no', 'maybe', 'yes'] as const).map((posted) => decideCommit(null, posted, verified));
    expect(first(true)).toEqual(['post', 'ask', 'ask']);
    expect(first(false)).toEqual(['ask', 'ask', 'ask']);
  });
});

type Step = (response: ServerResponse) => void;
const session =
  (status: string, blocks: Record<number, number> = BLOCKS): Step =>
  (response) =>
    sendJson(response, 200, sessionJson(status, blocks));
const failing =
  (status: number, code: string): Step =>
  (response) =>
    sendError(response, status, code);
const cut: Step = (response) => response.destroy();
const hang: Step = () => {};

const BLOCKS = { 0: 10, 1: 20 };
const OURS = new Map([
  [0, 10],
  [1, 20],
]);

/** A clock on which waits pass at once, but count. */
function quickClock(): Clock {
  let now = 1_790_000_000_000;
  return {
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
      await new Promise(setImmediate);
    },
  };
}

interface Options {
  attached?: boolean;
  /** Blocks that are verified before the commit. */
  verified?: Map<number, number>;
  blocks?: Map<number, number>;
  requestTimeoutMs?: number;
}

/** One session whose calls get scripted answers; the last of each list repeats. */
async function openSession(looks: Step[], posts: Step[], options: Options) {
  const next = (steps: Step[]) => (steps.length > 1 ? steps.shift()! : steps[0]!);
  const isPost = (seen: Seen) => seen.method === 'POST' && seen.query.has('uploadid');
  let opened = false;
  const server = await startServer((seen, response) => {
    if (!opened) {
      opened = true;
      return sendJson(response, 200, sessionJson());
    }
    (isPost(seen) ? next(posts) : next(looks))(response);
  });
  const clock = quickClock();
  const limits = { requestTimeoutMs: options.requestTimeoutMs ?? 60_000, commitDecisionMs: 60_000 };
  const { client, retries, waits } = openClient(server.origin, { clock, limits });
  const upload = client.upload('t');
  const session = await (options.attached ? upload.attach('S1', 'dt=1') : upload.create('dt=1'));
  const counts = () => ({
    posts: server.seen.filter(isPost).length,
    looks: server.seen.filter(({ method }) => method === 'GET').length,
  });
  return { session, counts, retries, waits };
}

async function commit(looks: Step[], posts: Step[], options: Options = {}) {
  const { session, counts, retries, waits } = await openSession(looks, posts, options);
  if (options.verified) await session.verify(options.verified);
  const error = await errorOf(session.commit(options.blocks ?? OURS));
  return { ...error, ...counts(), retries, waits };
}

describe('the content of a session that another process filled', () => {
  const two = { blocks: 2, rows: 30 };
  it.each([
    ['as it is to be', { 0: 10, 1: 20 }, null],
    ['a block too few', { 0: 30 }, 'missing: block 1'],
    ['a block too many', { 0: 10, 1: 20, 2: 0 }, 'not ours: block 2'],
    ['a gap', { 0: 10, 2: 20 }, 'missing: block 1; not ours: block 2'],
    ['other rows', { 0: 10, 1: 21 }, 'other row count: 30, there 31'],
    ['rows that are not told', { 0: 10, 1: null }, null],
    ['a block too few, rows not told', { 0: null }, 'missing: block 1'],
  ])('%s: %j', (_, blocks, difference) => {
    const theirs = new Map(Object.entries(blocks).map(([id, rows]) => [Number(id), rows]));
    expect(contentDifference(two, theirs)).toBe(difference);
  });
});

describe('a session that is verified', () => {
  const verify = async (...looks: Step[]) => {
    const { session, counts } = await openSession(looks, [cut], {});
    return { ...(await errorOf(session.verify(OURS))), ...counts() };
  };

  it('costs one look when it is open and holds exactly our blocks', async () => {
    expect(await verify(session('normal'))).toMatchObject({ code: 'none', looks: 1, posts: 0 });
  });

  it.each([
    ['misses a block', session('normal', { 0: 10 }), 'block_mismatch', 'missing: block 1'],
    ['has a stray one', session('normal', { ...BLOCKS, 7: 1 }), 'block_mismatch', 'not ours: block 7'],
    ['counts other rows', session('normal', { 0: 10, 1: 21 }), 'block_mismatch', '1 (20, there 21)'],
    ['has expired', session('expired'), 'session_lost', 'the session is EXPIRED'],
    ['was cancelled', session('canceled'), 'session_lost', 'the session is CANCELED'],
    ['has failed', session('critical'), 'session_lost', 'the session is CRITICAL'],
    ['is gone', failing(404, 'NoSuchUpload'), 'session_lost', 'NoSuchUpload (HTTP 404)'],
    ['was committed by a stranger', session('closed'), 'commit_unknown', 'the session is CLOSED'],
    ['was committed with other blocks', session('closed', { 9: 9 }), 'commit_unknown', 'is CLOSED'],
  ])('and %s is refused', async (_, look, code, text) => {
    expect(await verify(look)).toMatchObject({ code, looks: 1, message: expect.stringContaining(text) });
  });

  it.each([
    ['the service fails', failing(503, 'ServiceUnavailable'), 'maxcompute_transient'],
    ['the service is over quota', failing(429, 'FlowExceeded'), 'maxcompute_over_quota'],
    ['the connection is cut', cut, 'maxcompute_unreachable'],
    ['its word decides nothing', session('pondering'), 'maxcompute_transient'],
  ])('is left to the caller to ask again when %s', async (_, look, code) => {
    expect(await verify(look)).toMatchObject({ code });
  });

  it('is committed without another look, one that was attached is not', async () => {
    const looks = () => [session('normal')];
    const verified = { verified: OURS };
    expect(await commit(looks(), [session('closed')], verified)).toMatchObject({ looks: 1, posts: 1 });
    const attached = await commit(looks(), [session('closed')], { ...verified, attached: true });
    expect(attached).toMatchObject({ code: 'none', looks: 3, posts: 1 });
  });

  it('is looked at again when other blocks are to be committed, or one was sent since', async () => {
    const other = new Map([[0, 10]]);
    const result = await commit([session('normal')], [session('closed')], { verified: OURS, blocks: other });
    expect(result).toMatchObject({ code: 'block_mismatch', looks: 2, posts: 0 });
    const { session: sent, counts } = await openSession([session('normal')], [session('closed')], {});
    await sent.verify(OURS);
    await sent.putBlock(1, [new Uint8Array(1)], null);
    await sent.commit(OURS);
    // The block's own answer is one of the scripted looks.
    expect(counts()).toEqual({ looks: 2, posts: 1 });
  });

  it('and whose commit is in doubt is asked for as any other', async () => {
    const verified = { verified: OURS };
    const closed = [session('normal'), session('closed')];
    expect(await commit(closed, [cut], verified)).toMatchObject({ code: 'none', looks: 2, posts: 1 });
    const again = [failing(429, 'FlowExceeded'), cut, session('closed')];
    expect(await commit([session('normal')], again, verified)).toMatchObject({ code: 'none', posts: 3 });
    const gone = [session('normal'), session('expired')];
    expect(await commit(gone, [failing(400, 'StatusConflict')], verified)).toMatchObject({
      ...{ code: 'commit_unknown', posts: 1 },
    });
    const refused = [failing(403, 'NoPermission')];
    expect(await commit([session('normal')], refused, verified)).toMatchObject({ code: 'maxcompute_denied' });
  });
});

describe('a commit', () => {
  it('is sent once when the server holds exactly our blocks', async () => {
    expect(await commit([session('normal')], [session('closed')])).toMatchObject({
      code: 'none',
      posts: 1,
      retries: [],
    });
  });

  it('of no blocks is sent too', async () => {
    const empty = { blocks: new Map() };
    expect(await commit([session('normal', {})], [session('closed')], empty)).toMatchObject({
      code: 'none',
      posts: 1,
    });
  });

  it('is polled while the server is at it', async () => {
    const looks = [session('normal'), session('committing'), session('CLOSING'), session('closed', {})];
    expect(await commit(looks, [session('committing')])).toMatchObject({ code: 'none', posts: 1 });
  });

  it.each([
    ['missing', { 0: 10 }, 'missing: block 1'],
    ['not ours', { ...BLOCKS, 7: 1 }, 'not ours: block 7'],
    ['of other length', { 0: 10, 1: 21 }, 'other row count: block 1 (20, there 21)'],
  ])('is never sent when a block is %s', async (_, blocks, text) => {
    const result = await commit([session('normal', blocks as Record<number, number>)], [session('closed')]);
    expect(result).toMatchObject({
      code: 'block_mismatch',
      posts: 0,
      message: expect.stringContaining(text),
    });
  });

  it('is never sent when the server does not tell the rows', async () => {
    const noRows: Step = (response) =>
      sendJson(
        response,
        200,
        sessionJson('normal', {}, { UploadedBlockList: [{ BlockID: 0 }, { BlockID: 1 }] }),
      );
    expect(await commit([noRows], [session('closed')])).toMatchObject({ code: 'block_mismatch', posts: 0 });
  });

  it.each([
    ['the connection is cut', cut],
    ['no answer comes', hang],
    ['the service fails', failing(500, 'InternalServerError')],
    ['a gateway answers', (response: ServerResponse) => response.writeHead(502).end('<html>')],
    ['the session is said to be in another state', failing(409, 'StatusConflict')],
    ['the answer is unreadable', (response: ServerResponse) => response.end('{')],
  ])('whose reply is lost is found done by its status: %s', async (_, lost) => {
    const looks = [session('normal'), session('closed')];
    const limits = lost === hang ? { requestTimeoutMs: 500 } : {};
    expect(await commit(looks, [lost as Step], limits)).toMatchObject({ code: 'none', posts: 1 });
  });

  it('that had no effect is sent again', async () => {
    const posts = [cut, failing(400, 'MetaTransactionFailed'), session('closed')];
    const result = await commit([session('normal')], posts);
    expect(result).toMatchObject({ code: 'none', posts: 3 });
    expect(result.retries).toMatchObject([
      { call: 'commit the upload session' },
      { code: 'MetaTransactionFailed' },
    ]);
  });

  it('goes on for as long as the service only throttles it', async () => {
    const posts = [...Array<Step>(40).fill(failing(429, 'FlowExceeded')), session('closed')];
    expect(await commit([session('normal')], posts)).toMatchObject({ code: 'none', posts: 41 });
  });

  it('that is clearly refused throws the refusal, when the session is still open', async () => {
    const result = await commit([session('normal')], [failing(403, 'NoPermission')]);
    expect(result).toMatchObject({ code: 'maxcompute_denied', posts: 1 });
  });

  it.each(['SchemaModified', 'TableModified'])('that %s makes useless is given up at once', async (code) => {
    const result = await commit([session('normal')], [failing(412, code)]);
    expect(result).toMatchObject({ code: 'session_lost', posts: 1 });
  });

  it('that is clearly refused after one in doubt stays in doubt', async () => {
    const result = await commit([session('normal')], [cut, failing(403, 'NoPermission')]);
    expect(result.code).toBe('commit_unknown');
  });

  it.each(['EXPIRED', 'CANCELED', 'CRITICAL'])(
    'of a session that is %s before it is lost, after it unknown',
    async (word) => {
      expect(await commit([session(word)], [cut])).toMatchObject({ code: 'session_lost', posts: 0 });
      expect(await commit([session('normal'), session(word)], [cut])).toMatchObject({
        code: 'commit_unknown',
        posts: 1,
      });
    },
  );

  it('of a session that is gone before it is lost, after it unknown', async () => {
    const gone = failing(404, 'NoSuchUpload');
    expect(await commit([gone], [cut])).toMatchObject({ code: 'session_lost', posts: 0 });
    const after = await commit([session('normal'), gone], [cut]);
    expect(after).toMatchObject({ code: 'commit_unknown', posts: 1 });
    expect(after.message).toContain('NoSuchUpload (HTTP 404) "said so" [request id req-404]');
  });

  it('of a session that another process may have committed is never called lost', async () => {
    const attached = { attached: true };
    expect(await commit([session('EXPIRED')], [cut], attached)).toMatchObject({
      code: 'commit_unknown',
      posts: 0,
    });
    expect(await commit([session('closed', {})], [cut], attached)).toMatchObject({ code: 'none', posts: 0 });
  });

  it('found done with other blocks, although none was sent, is unknown', async () => {
    expect(await commit([session('closed', { 9: 9 })], [cut])).toMatchObject({
      code: 'commit_unknown',
      posts: 0,
    });
  });

  it('that stays undecided ends as unknown', async () => {
    const result = await commit([session('normal'), session('pondering')], [cut]);
    expect(result).toMatchObject({ code: 'commit_unknown', posts: 1 });
    expect(result.message).toContain('commit the upload session (demo.t, table partition dt=1, session S1)');
    expect(result.message).toContain('a commit was sent, the session is PONDERING');
  });

  it('that has no outcome is told: a word nobody knows at once, a commit that runs after a while', async () => {
    const running = [...Array<Step>(8).fill(session('closing')), session('closed')];
    const long = await commit([session('normal'), ...running], [session('closing')]);
    expect(long.waits.map(({ code }) => code)).toEqual(['CLOSING']);
    expect(long.waits[0]).toMatchObject({
      call: 'commit the upload session',
      about: 'demo.t, table partition dt=1, session S1',
      what: 'the session is CLOSING',
    });
    expect(long.waits[0]!.forMs).toBeGreaterThanOrEqual(20_000);
    const strange = await commit([session('normal'), session('pondering'), session('closed')], [cut]);
    expect(strange.waits.map(({ code, forMs }) => [code, forMs < 2_000])).toContainEqual(['PONDERING', true]);
    const refused = [session('normal'), failing(403, 'AccessDenied'), session('closed')];
    expect((await commit(refused, [cut])).waits).toContainEqual(
      expect.objectContaining({ code: 'AccessDenied' }),
    );
  });

  it('whose status cannot be read before it is sent throws why, and was not sent', async () => {
    expect(await commit([failing(403, 'AccessDenied')], [cut])).toMatchObject({
      code: 'maxcompute_denied',
      posts: 0,
    });
    expect(await commit([failing(503, 'ServiceUnavailable')], [cut])).toMatchObject({
      code: 'maxcompute_transient',
      posts: 0,
    });
  });

  it('whose status cannot be read after it was sent goes on asking', async () => {
    const looks = [session('normal'), failing(403, 'AccessDenied'), cut, session('closed')];
    expect(await commit(looks, [cut])).toMatchObject({ code: 'none', posts: 1 });
  });

  it('ends with the reason of the signal', async () => {
    const server = await startServer((seen, response) =>
      seen.method === 'POST'
        ? sendJson(response, 200, sessionJson())
        : sendError(response, 503, 'ServiceUnavailable'),
    );
    const { client } = openClient(server.origin);
    const started = await client.upload('t').create('');
    const controller = new AbortController();
    const reason = new Error('shutdown');
    const running = started.commit(OURS, controller.signal);
    setTimeout(() => controller.abort(reason), 20);
    await expect(running).rejects.toBe(reason);
  });
});
