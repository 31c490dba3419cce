import { afterEach, describe, expect, it } from 'vitest';
import { planFor } from '../src/plan.ts';
import { parse, SMALLEST } from './config/support.ts';
import { type TempDir, tempDir } from './support/process.ts';

const SCHEMA = '{"type":"record","name":"Order","fields":[{"name":"id","type":"long"}]}';
const TABLE = { columns: [{ name: 'id', type: 'BIGINT', nullable: true }], partitionKeys: [] };

let folder: TempDir;
afterEach(() => folder.remove());

/** A configuration whose schema file was there when it was read. */
function configured(name: string) {
  folder = tempDir();
  const file = folder.write('order.avsc', SCHEMA).replace('order.avsc', name);
  const text = `${SMALLEST}decode: {value: {format: avro, schemaFile: ${file}}}\n`;
  return parse(text, {}, { [file]: SCHEMA });
}

describe('the plan', () => {
  it('has the schema itself, not the name of its file', () => {
    const { plan } = planFor(configured('order.avsc'), TABLE);
    expect(plan!.decoders.value).toMatchObject({ schema: { type: 'AVRO', text: SCHEMA, references: [] } });
    expect(JSON.stringify(plan)).not.toContain('order.avsc');
  });

  it('cannot be made when the file has gone meanwhile', () => {
    expect(() => planFor(configured('gone.avsc'), TABLE)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringMatching(/gone\.avsc cannot be read/),
      }),
    );
  });
});
