import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decoderOf } from '../../../src/emulator/compress/codecs.ts';
import { parseType } from '../../../src/emulator/model/types.ts';
import { readRows } from '../../../src/emulator/record/cells.ts';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, clientClock, createUpload, encode, sql, start, type TestValue, upload } from '../harness.ts';
import { createDownload, downloadData, downloadStatus, open, refusal } from './download-calls.ts';

const { vectors } = JSON.parse(
  readFileSync(new URL('../../vectors/records.json', import.meta.url), 'utf8'),
) as {
  vectors: { name: string; schema: { name: string; type: string }[]; hex: string; recordCount: number }[];
};
const EMPTY = 'f0ffff7f00f8ffff7f00';
const t = { table: 't' };
const p = { table: 'p', tablePartition: 'dt=a,hr=1' };
const ROWS: TestValue[][] = [
  [1, 'one', null],
  [2, null, 22],
  [3, 'three', 33],
];

let emulator: Emulator;
let time = Date.now();
beforeEach(async () => {
  time = Date.now();
  clientClock.now = () => time;
  emulator = await start({
    now: () => time,
    tables: [
      'CREATE TABLE t (id BIGINT, name STRING, n INT)',
      'CREATE TABLE p (id BIGINT, name STRING, n INT) PARTITIONED BY (dt STRING, hr BIGINT)',
      "ALTER TABLE p ADD PARTITION (dt='a',hr='1') PARTITION (dt='b',hr='2')",
      'CREATE VIEW v AS SELECT * FROM t',
    ],
  });
  await upload(emulator, t, encode(ROWS));
});
afterEach(() => emulator.stop());

const data = async (id: string, range: string, query: Record<string, string> = {}, target = t) =>
  (await downloadData(emulator, target, id, range, query)).bytes;

describe('a download session', () => {
  it.each([{}, { asyncmode: 'true' }])('is ready at once with its schema and count (%j)', async (query) => {
    const { status, json } = await createDownload(emulator, t, { ...query, quotaName: 'q1' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...{ Status: 'normal', RecordCount: 3, QuotaName: 'q1', Owner: 'ALIYUN$local' },
      Schema: {
        columns: [
          { name: 'id', type: 'bigint' },
          { name: 'name', type: 'string' },
          { name: 'n', type: 'int' },
        ],
        partitionKeys: [],
      },
    });
    const again = await downloadStatus(emulator, t, String(json.DownloadID));
    expect(again.json).toEqual(json);
  });

  it('answers the rows of a range byte for byte', async () => {
    const { id } = await open(emulator, t);
    expect(await data(id, '(0,3)')).toEqual(encode(ROWS));
    expect(await data(id, '(1,1)')).toEqual(encode(ROWS.slice(1, 2)));
    expect(await data(id, '( 2 , 1 )')).toEqual(encode(ROWS.slice(2)));
  });

  it('answers the rows that there are for a range that ends behind them', async () => {
    const { id } = await open(emulator, t);
    expect(await data(id, '(0,4)')).toEqual(encode(ROWS));
    expect(await data(id, '(2,100)')).toEqual(encode(ROWS.slice(2)));
    expect((await data(id, '(3,1)', { arrow: '' })).toString('hex')).toBe('0001000000000000');
  });

  it.each(['(0,0)', '(3,0)', '(3,1)'])('answers only a footer for the empty range %s', async (range) => {
    const { id } = await open(emulator, t);
    expect((await data(id, range)).toString('hex')).toBe(EMPTY);
  });

  it.each(['(4,0)', '(4,1)', '', '0,3', '(0)', '(-1,2)', '(0,-1)', '(0,1.5)', '(a,b)', '(0,3)x'])(
    'refuses the range "%s"',
    async (range) => {
      const { id } = await open(emulator, t);
      expect(refusal(await downloadData(emulator, t, id, range))).toEqual([400, 'InvalidRowRange']);
    },
  );

  it('numbers columns in the order in which they are asked for', async () => {
    const { id } = await open(emulator, t);
    expect(await data(id, '(0,3)', { columns: 'n,ID' })).toEqual(encode(ROWS.map(([a, , c]) => [c!, a!])));
    expect(await data(id, '(2,1)', { columns: 'name' })).toEqual(encode([['three']]));
  });

  it.each(['nothing', 'id,', 'id,id', 'id,ID'])('refuses the columns "%s"', async (columns) => {
    const { id } = await open(emulator, t);
    expect(refusal(await downloadData(emulator, t, id, '(0,1)', { columns }))).toEqual([
      400,
      'InvalidColumnSpec',
    ]);
  });

  it('keeps rows and columns as they were when it was made', async () => {
    const { id } = await open(emulator, t);
    await upload(emulator, t, encode([[4, 'four', 44]]));
    expect(await data(id, '(0,3)')).toEqual(encode(ROWS));
    await sql(emulator, 'TRUNCATE TABLE t;');
    expect(await data(id, '(0,3)')).toEqual(encode(ROWS));
    await sql(emulator, 'ALTER TABLE t ADD COLUMNS (extra STRING);');
    expect((await downloadStatus(emulator, t, id)).json).toMatchObject({ RecordCount: 3 });
    expect(await data(id, '(0,3)')).toEqual(encode(ROWS));
    expect((await open(emulator, t)).count).toBe(0);
  });

  it('can be read while rows are written and by several at once', async () => {
    const { id } = await open(emulator, t);
    const many = Array.from({ length: 20 }, (_, at) => data(id, `(${at % 3},1)`));
    await upload(emulator, t, encode([[9, 'nine', 9]]));
    for (const [at, body] of (await Promise.all(many)).entries())
      expect(body).toEqual(encode([ROWS[at % 3]!]));
  });

  it('answers HEAD without a body', async () => {
    const { id } = await open(emulator, t);
    const query = { data: '', downloadid: id, rowrange: '(0,3)' };
    const head = await call(emulator.tunnelEndpoint, '/projects/demo/tables/t', { method: 'HEAD', query });
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
  });
});

describe('a download of a table partition', () => {
  beforeEach(async () => {
    await upload(emulator, p, encode(ROWS));
    await upload(emulator, { table: 'p', tablePartition: 'dt=b,hr=2' }, encode([[7, 'seven', 77]]));
  });

  it.each(['dt=a,hr=1', "dt='a',hr='1'", 'HR=01,dt=a'])('is named by %s', async (tablePartition) => {
    const { id, count } = await open(emulator, { table: 'p', tablePartition });
    expect(count).toBe(3);
    expect(await data(id, '(0,3)', {}, p)).toEqual(encode(ROWS));
  });

  it('never holds the table partition columns, and refuses them as columns', async () => {
    const { id } = await open(emulator, p);
    expect(refusal(await downloadData(emulator, p, id, '(0,1)', { columns: 'id,dt' }))).toEqual([
      400,
      'InvalidColumnSpec',
    ]);
  });

  it.each([
    ['p', undefined, 400, 'MissingPartitionSpec'],
    ['p', 'dt=a', 400, 'InvalidPartitionSpec'],
    ['p', 'dt=a,hr=1,x=1', 400, 'InvalidPartitionSpec'],
    ['p', 'dt=a,hr=9', 404, 'NoSuchPartition'],
    ['t', 'dt=a', 400, 'InvalidPartitionSpec'],
    ['none', undefined, 404, 'NoSuchTable'],
    ['v', undefined, 400, 'MethodNotAllowed'],
  ])('of table %s named by %s is refused with %i %s', async (table, tablePartition, status, code) => {
    const target = { table, ...(tablePartition ? { tablePartition } : {}) };
    expect(refusal(await createDownload(emulator, target))).toEqual([status, code]);
  });

  it('is of no use for another table or table partition', async () => {
    const { id } = await open(emulator, p);
    for (const target of [t, { table: 'p', tablePartition: 'dt=b,hr=2' }, { table: 'p' }]) {
      expect(refusal(await downloadStatus(emulator, target, id))).toEqual([400, 'InvalidResourceSpec']);
      const rows = await downloadData(emulator, target, id, '(0,1)');
      expect(refusal(rows)).toEqual([400, 'InvalidResourceSpec']);
    }
  });
});

describe('an id of no session', () => {
  it('is refused with NoSuchDownload, whatever it is the id of', async () => {
    const uploadId = String((await createUpload(emulator, t)).json.UploadID);
    for (const id of ['none', uploadId]) {
      expect(refusal(await downloadStatus(emulator, t, id))).toEqual([404, 'NoSuchDownload']);
      expect(refusal(await downloadData(emulator, t, id, '(0,1)'))).toEqual([404, 'NoSuchDownload']);
    }
  });

  it('refuses other methods with 405', async () => {
    const { id } = await open(emulator, t);
    for (const method of ['PUT', 'DELETE', 'POST']) {
      const query = { downloadid: id };
      const answer = await call(emulator.tunnelEndpoint, '/projects/demo/tables/t', { method, query });
      expect(refusal(answer)).toEqual([405, 'MethodNotAllowed']);
    }
  });
});

describe('the life of a download', () => {
  it('ends after 24 hours, and its memory after 48', async () => {
    const { id } = await open(emulator, t);
    time += 24 * 3600_000 - 1;
    expect(await data(id, '(0,3)')).toEqual(encode(ROWS));
    time += 1;
    expect((await downloadStatus(emulator, t, id)).json.Status).toBe('expired');
    expect(refusal(await downloadData(emulator, t, id, '(0,1)'))).toEqual([400, 'StatusConflict']);
    time += 24 * 3600_000;
    expect(refusal(await downloadStatus(emulator, t, id))).toEqual([404, 'NoSuchDownload']);
  });

  it('is under control like that of an upload', async () => {
    const { id } = await open(emulator, p);
    const shown = {
      kind: 'download',
      id,
      table: 'p',
      tablePartition: 'dt=a,hr=1',
      status: 'normal',
      rows: 0,
    };
    expect(emulator.sessions().filter(({ kind }) => kind === 'download')).toEqual([shown]);
    await expect(emulator.setSession(id, 'closed')).rejects.toThrow('cannot be closed');
    await emulator.setSession(id, 'expired');
    expect((await downloadStatus(emulator, p, id)).json.Status).toBe('expired');
    await emulator.setSession(id, 'gone');
    expect(refusal(await downloadStatus(emulator, p, id))).toEqual([404, 'NoSuchDownload']);
  });

  it('is ended by a fault: the one that a call names', async () => {
    const [one, other] = [await open(emulator, t), await open(emulator, t)];
    const end = emulator.control('download_data', { action: 'session', state: 'gone' }, { times: 1 });
    expect(refusal(await downloadData(emulator, t, one.id, '(0,1)'))).toEqual([404, 'NoSuchDownload']);
    expect((await downloadData(emulator, t, other.id, '(0,1)')).status).toBe(200);
    end();
  });

  it('counts 500 open ones at most, of which the oldest expires', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 501; index += 1) ids.push((await open(emulator, t)).id);
    expect((await downloadStatus(emulator, t, ids[0]!)).json.Status).toBe('expired');
    expect((await downloadStatus(emulator, t, ids[1]!)).json.Status).toBe('normal');
  });
});

describe('faults of downloads', () => {
  it('cut the rows in the middle, and the next time they come whole', async () => {
    const { id } = await open(emulator, t);
    emulator.control('download_data', { action: 'cut', when: 'body' }, { times: 1 });
    await expect(downloadData(emulator, t, id, '(0,3)')).rejects.toThrow();
    expect(await data(id, '(0,3)')).toEqual(encode(ROWS));
  });

  it('answer a status on each of the routes', async () => {
    const { id } = await open(emulator, t);
    for (const route of ['download_create', 'download_status', 'download_data'] as const) {
      const end = emulator.control(route, { action: 'status', status: 503 });
      const answers = [
        await createDownload(emulator, t),
        await downloadStatus(emulator, t, id),
        await downloadData(emulator, t, id, '(0,1)'),
      ];
      const at = ['download_create', 'download_status', 'download_data'].indexOf(route);
      expect(answers.map(({ status }) => status)).toEqual([0, 1, 2].map((each) => (each === at ? 503 : 200)));
      end();
    }
  });
});

describe('compressed rows', () => {
  it('are deflated when that is asked for', async () => {
    const { id } = await open(emulator, t);
    const answer = await downloadData(emulator, t, id, '(0,3)', {}, { 'Accept-Encoding': 'deflate' });
    expect(answer.headers['content-encoding']).toBe('deflate');
    expect(inflateSync(answer.bytes)).toEqual(encode(ROWS));
  });

  it.each(['zstd', 'x-lz4-frame', 'x-odps-lz4-frame', 'x-snappy-framed'])('come as %s', async (encoding) => {
    const { id } = await open(emulator, t);
    const answer = await downloadData(emulator, t, id, '(0,3)', {}, { 'Accept-Encoding': encoding });
    expect(answer.headers['content-encoding']).toBe(encoding);
    const pieces: Buffer[] = [];
    const body = (async function* () {
      yield answer.bytes;
    })();
    for await (const piece of decoderOf(encoding)(body)) pieces.push(piece);
    expect(Buffer.concat(pieces)).toEqual(encode(ROWS));
  });

  it.each(['identity', 'gzip', 'br', ''])('are plain without a word for "%s"', async (encoding) => {
    const { id } = await open(emulator, t);
    const answer = await downloadData(emulator, t, id, '(0,3)', {}, { 'Accept-Encoding': encoding });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.bytes).toEqual(encode(ROWS));
  });
});

/** How texts come back that the service keeps in another form: DECIMAL(10,2), CHAR(5). */
const KEPT: Readonly<Record<string, (text: string) => string>> = {
  type_decimal: (text) => Number(text).toFixed(2),
  type_char: (text) => text.padEnd(5),
};

describe('every type', () => {
  const storable = vectors.filter(({ name }) => name !== 'upsert_records');
  it.each(storable.map((vector) => [vector.name, vector] as const))('%s comes back', async (name, vector) => {
    const columns = vector.schema.map((column) => `\`${column.name}\` ${column.type}`).join(', ');
    expect((await sql(emulator, `CREATE TABLE every_${name} (${columns});`)).status).toBe('Success');
    const target = { table: `every_${name}` };
    await upload(emulator, target, Buffer.from(vector.hex, 'hex'));
    const { id, count } = await open(emulator, target);
    expect(count).toBe(vector.recordCount);
    const types = vector.schema.map(({ type }) => parseType(type));
    const sent = readRows(types, Buffer.from(vector.hex, 'hex'));
    const came = readRows(types, await data(id, `(0,${count})`, {}, target));
    const kept = KEPT[name];
    expect(came).toEqual(kept ? sent.map(([cell]) => [cell === null ? cell : kept(String(cell))]) : sent);
  });
});

describe('an emulator that only counts', () => {
  it('refuses downloads with its reason, and no client repeats them', async () => {
    const counting = await start({ countOnly: true, tables: ['CREATE TABLE t (id BIGINT)'] });
    const answer = await createDownload(counting, t);
    expect(refusal(answer)).toEqual([400, 'InvalidArgument']);
    expect(answer.json.Message).toContain('--count-only');
    await counting.stop();
  });
});
