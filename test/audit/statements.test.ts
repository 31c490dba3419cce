import { describe, expect, it } from 'vitest';
import { numberOf, parseAnswer } from '../../src/audit/answer.ts';
import { countStatement, duplicateStatement, gapStatement } from '../../src/audit/statements.ts';

const column = (name: string, isText = false) => ({ name, isText });
const columns = { topic: null, partition: column('kafka_partition'), offset: column('kafka_offset') };
const table = { name: 'orders', columns, partitionKeys: ['dt', 'hr'], topic: 'orders' };
const several = { ...table, columns: { ...columns, topic: column('kafka_topic', true) } };
const bounds = (topic: string, partition: number, first: number | null, end: number | null) => ({
  ...{ topic, partition, first, end },
});
const P = 'CAST(`kafka_partition` AS BIGINT)';
const O = 'CAST(`kafka_offset` AS BIGINT)';

describe('statements', () => {
  it('count rows and different offsets, below the committed one and above it', () => {
    const committed = [bounds('orders', 0, null, 12), bounds('orders', 1, null, null)];
    expect(countStatement(table, committed, [bounds('orders', 0, null, null)])).toBe(
      `SELECT kt, kp, acked, COUNT(*) AS row_count, COUNT(DISTINCT ko) AS offset_count, MIN(ko) AS lowest, MAX(ko) AS highest
FROM (SELECT 'orders' AS kt, ${P} AS kp, ${O} AS ko, CASE WHEN ${O} < CASE WHEN ${P} = 0 THEN 12 END THEN 1 ELSE 0 END AS acked FROM \`orders\`) r
GROUP BY kt, kp, acked`,
    );
  });

  it('look only at the window of each topic partition', () => {
    const window = [bounds('a', 0, 5, 9), bounds('b', 0, 6, 8)];
    const text = countStatement(several, [], window);
    expect(text).toContain('`kafka_topic` AS kt');
    expect(text).toContain('0 AS acked');
    const side = (a: number, b: number) =>
      `CASE WHEN \`kafka_topic\` = 'a' AND ${P} = 0 THEN ${a} WHEN \`kafka_topic\` = 'b' AND ${P} = 0 THEN ${b} END`;
    expect(text).toContain(` WHERE ${O} >= ${side(5, 6)} AND ${O} < ${side(9, 8)}`);
  });

  it('tell rows of one record apart by their number', () => {
    const numbered = { ...table, columns: { ...columns, row: column('n', true) } };
    const count = countStatement(numbered, [], []);
    expect(count).toContain(', CAST(`n` AS BIGINT) AS kr, 0 AS acked');
    expect(count).toContain("COUNT(DISTINCT CONCAT(CAST(ko AS STRING), '.', CAST(kr AS STRING)))");
    const twice = duplicateStatement(numbered, []);
    expect(twice).toContain('GROUP BY kt, kp, ko, kr HAVING COUNT(*) > 1');
    expect(twice).toContain(
      'WHERE CAST(`kafka_offset` AS BIGINT) IS NOT NULL AND CAST(`n` AS BIGINT) IS NOT NULL',
    );
    const nameless = { ...table, columns: { ...columns, row: null } };
    expect(countStatement(nameless, [], [])).toBe(countStatement(table, [], []));
  });

  it('find gaps with a window function and a limit', () => {
    expect(gapStatement(table, [{ topic: 'orders', partition: 3, first: 0, end: 9 }])).toBe(
      `SELECT kt, kp, ko + 1 AS gap_first, next_ko AS gap_end, next_ko - ko AS gap_size
FROM (SELECT kt, kp, ko, LEAD(ko, 1) OVER (PARTITION BY kt, kp ORDER BY ko) AS next_ko FROM (SELECT 'orders' AS kt, ${P} AS kp, ${O} AS ko FROM \`orders\` WHERE ${O} >= CASE WHEN ${P} = 3 THEN 0 END AND ${O} < CASE WHEN ${P} = 3 THEN 9 END) r) g
WHERE next_ko > ko + 1
ORDER BY gap_size DESC, kt, kp, gap_first LIMIT 10000`,
    );
  });

  it('join duplicates to runs and name their table partitions', () => {
    const text = duplicateStatement(table, []);
    expect(text).toContain("CONCAT('dt=', CAST(`dt` AS STRING), ',hr=', CAST(`hr` AS STRING)) AS spec");
    expect(text).toContain('HAVING COUNT(*) > 1');
    expect(text).toMatch(/LIMIT 1000$/);
    expect(duplicateStatement({ ...table, partitionKeys: [] }, [])).toContain("'' AS spec");
  });
});

describe('answers', () => {
  it('are read with quotes, line feeds and nulls', () => {
    expect(parseAnswer('"a","b"\n1,"x ""y"", z\nend"\n\\N,"\\N"\n')).toEqual([
      ['1', 'x "y", z\nend'],
      [null, '\\N'],
    ]);
    expect(parseAnswer('"a"\n')).toEqual([]);
  });

  it('that are not understood do not look like a clean table', () => {
    expect(numberOf('12')).toBe(12);
    for (const field of [null, undefined, '', '1.5', 'x']) expect(() => numberOf(field)).toThrow(SyntaxError);
  });
});
