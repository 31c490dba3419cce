import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addTablePartitionStatement, parseTablePartition } from '../../src/maxcompute/table-partitions.ts';
import { errorOf, openClient, sendError, sendXml, startServer } from './support.ts';

describe('the name of a table partition', () => {
  it('is parsed into columns and values in their order', () => {
    expect(parseTablePartition('dt=20261121,hr=09')).toEqual([
      { column: 'dt', value: '20261121' },
      { column: 'hr', value: '09' },
    ]);
    expect(parseTablePartition('name=a b/ü')).toEqual([{ column: 'name', value: 'a b/ü' }]);
    expect(parseTablePartition('')).toEqual([]);
  });

  it.each([
    'dt',
    'dt=',
    '=x',
    'dt=1,',
    'dt=1,,hr=2',
    'dt=1=2',
    "dt='1'",
    'dt=a"b',
    'dt=a\\',
    'dt=a`b',
    'dt= 1',
    'dt=1 ',
    'dt=a\nb',
    'dt=a\u0000b',
    'dt=a\u2028b',
    'dt=\ud800',
    '1dt=1',
    'd t=1',
    `dt=${'x'.repeat(256)}`,
    `dt=${'ü'.repeat(128)}`,
  ])('is refused when it cannot be sent safely: %j', (text) => {
    expect(() => parseTablePartition(text)).toThrow(/^table partition/);
  });

  it('is either refused or reaches a statement as exactly its own values, quoted', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.stringMatching(/^[\w '",=\\;)(-]{1,12}$/),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 3 }), (values) => {
        const spec = values.map((text, index) => `c${index}=${text}`).join(',');
        let statement: string;
        try {
          statement = addTablePartitionStatement('`p`.`t`', spec);
        } catch {
          return;
        }
        const quotedTexts = [...statement.matchAll(/'([^']*)'/g)].map(([, text]) => text);
        expect(quotedTexts).toEqual(values);
        expect(statement.replace(/'[^']*'/g, '?')).toBe(
          `ALTER TABLE \`p\`.\`t\` ADD IF NOT EXISTS PARTITION (${values.map((_, i) => `c${i}=?`).join(',')});`,
        );
      }),
    );
  });
});

describe('a table partition', () => {
  it('is looked up with quoted values', async () => {
    const server = await startServer((_, response) => sendXml(response, '<Partition/>'));
    const { client } = openClient(server.origin);
    expect(await client.hasTablePartition('t', 'dt=20261121,hr=09')).toBe(true);
    expect(server.seen[0]!.query.get('partition')).toBe("dt='20261121',hr='09'");
  });

  it('is missing only when the service says so', async () => {
    const answers: [number, string][] = [
      [404, 'NoSuchPartition'],
      [404, 'NoSuchObject'],
    ];
    const server = await startServer((_, response) => sendError(response, ...answers.shift()!));
    const { client } = openClient(server.origin);
    expect(await client.hasTablePartition('t', 'dt=1')).toBe(false);
    expect((await errorOf(client.hasTablePartition('t', 'dt=1'))).code).toBe('table_missing');
  });
});

describe('the list of table partitions', () => {
  const item = (dt: string, hr: string) =>
    `<Partition><Column Name="dt" Value="${dt}"/><Column Name="hr" Value="${hr}"/><CreationTime>1</CreationTime></Partition>`;
  const page = (marker: string, ...items: string[]) =>
    `<Partitions><Marker>${marker}</Marker><MaxItems>100</MaxItems>${items.join('')}</Partitions>`;

  it('follows the marker until there are enough', async () => {
    const pages = [page('m1', item('1', '01')), page('m2'), page('m3', item('2', '02'), item('3', '03'))];
    const server = await startServer((_, response) => sendXml(response, pages.shift()!));
    const { client } = openClient(server.origin, { schema: 's' });
    expect(await client.listTablePartitions('t', 2)).toEqual(['dt=1,hr=01', 'dt=2,hr=02']);
    expect(server.seen.map(({ url }) => url)).toEqual(
      ['', '&marker=m1', '&marker=m2'].map(
        (marker) =>
          `/api/projects/demo/tables/t?partitions&expectmarker=true&maxitems=2${marker}&curr_project=demo&curr_schema=s`,
      ),
    );
  });

  it('ends with the last page, and leaves out what cannot be addressed', async () => {
    const answer = page('', item('a,b', '1'), item('a,x=b', '1'), item('', '2'), item('ok', '3'));
    const server = await startServer((_, response) => sendXml(response, answer));
    expect(await openClient(server.origin).client.listTablePartitions('t', 5)).toEqual(['dt=ok,hr=3']);
  });

  it('must be one', async () => {
    const server = await startServer((_, response) => sendXml(response, '<Table/>'));
    const { client } = openClient(server.origin);
    expect(await errorOf(client.listTablePartitions('t', 5))).toMatchObject({ code: 'maxcompute_transient' });
  });
});
