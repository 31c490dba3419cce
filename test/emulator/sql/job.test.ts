import { describe, expect, it } from 'vitest';
import { readJob } from '../../../src/emulator/sql/job.ts';

const job = (task: string, more = '') =>
  `<Instance><Job><Name>the job</Name>${more}<Tasks>${task}</Tasks></Job></Instance>`;
const property = (name: string, value: string) =>
  `<Property><Name>${name}</Name><Value>${value}</Value></Property>`;

describe('the job of an instance', () => {
  it('has the name, the properties and the query of its task', () => {
    const config = `<Config>${property(' settings ', '<![CDATA[{"a":"1"}]]>')}<Property><Name>lost</Name></Property></Config>`;
    const xml = job(
      `<SQL>${config}<Name>t</Name><Query>SELECT &lt;1</Query></SQL>`,
      '<Guid>g</Guid><Priority>9</Priority>',
    );
    const { source, properties, ...read } = readJob(xml);
    expect(read).toEqual({ guid: 'g', kind: 'SQL', taskName: 't', query: 'SELECT <1' });
    expect([...properties]).toEqual([['settings', '{"a":"1"}']]);
    expect(source).toBe(xml.slice('<Instance>'.length, -'</Instance>'.length));
  });

  it('takes markup inside of its query for text', () => {
    const inside = `<Guid>no</Guid><SQL>${property('settings', '{}')}</SQL>]]]]><![CDATA[></Job>`;
    const read = readJob(job(`<SQL><Query><![CDATA[${inside}]]></Query></SQL>`));
    expect(read.query).toBe(inside.replace(']]]]><![CDATA[>', ']]>'));
    expect([read.guid, read.properties.size, read.taskName]).toEqual([undefined, 0, 'AnonymousSQLTask']);
  });

  it('merges the files of a table', () => {
    const read = readJob(job('<Merge><Name>n</Name><TableName>a.b</TableName></Merge>'));
    expect([read.kind, read.query]).toEqual(['Merge', 'ALTER TABLE a.b MERGE SMALLFILES']);
    expect(() => readJob(job('<Merge><Name>n</Name></Merge>'))).toThrow('no <TableName>');
  });

  it('is refused without a query, with several tasks, and for another kind', () => {
    const sql = '<SQL><Query>SELECT 1</Query></SQL>';
    expect(() => readJob(job('<SQL><Name>n</Name></SQL>'))).toThrow('no <Query>');
    expect(() => readJob(job(sql + sql))).toThrow('The job has 2 tasks');
    expect(() => readJob(job('<LOT><Name>n</Name></LOT>'))).toThrow('A task of kind LOT');
    const flow = '<Instance><XflowInstance><Xflow>AppendID</Xflow></XflowInstance></Instance>';
    expect(() => readJob(flow)).toThrow('A task of kind XFlow');
  });

  it.each(['<Job>', '<Config>', '<SQL><Config>', '<![CDATA[', '<Property><Value>', '</Job>'])(
    'is read once through, whatever does not end: %s',
    (text) => {
      const query = '<Query>SELECT 1</Query>';
      expect(readJob(`${query}${text.repeat(200_000)}`).query).toBe('SELECT 1');
    },
  );
});
