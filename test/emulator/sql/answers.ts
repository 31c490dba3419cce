import { expect } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, sql } from '../harness.ts';

/** What the tests of statements ask of one emulator. */
export interface Answers {
  /** Text of the statement's result; it must succeed. */
  ok(statement: string): Promise<string>;
  /** Text of its error; it must fail. */
  fails(statement: string): Promise<string>;
  /** The schema JSON of a table, as both clients read it. */
  json(table: string): Promise<Record<string, unknown>>;
  /** The rows of a query without the line of names. */
  rows(query: string): Promise<string[]>;
}

export function answersOf(emulator: () => Emulator): Answers {
  const ok = async (statement: string) => {
    const { status, text } = await sql(emulator(), statement);
    expect(`${status} ${status === 'Success' ? '' : text}`, statement).toBe('Success ');
    return text;
  };
  return {
    ok,
    fails: async (statement) => {
      const { status, text } = await sql(emulator(), statement);
      expect(status, statement).toBe('Failed');
      return text;
    },
    json: async (table) => {
      const path = `/projects/demo/tables/${table}`;
      const { body } = await call(emulator().endpoint, path, { query: { extended: '' } });
      return JSON.parse(/<!\[CDATA\[(.*)\]\]>/s.exec(body)![1]!.replaceAll(']]]]><![CDATA[>', ']]>'));
    },
    rows: async (query) => (await ok(query)).trimEnd().split('\n').slice(1),
  };
}
