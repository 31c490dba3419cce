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
