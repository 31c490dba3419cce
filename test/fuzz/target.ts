import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseConfig } from '../../src/config/load.ts';
import { parseType } from '../../src/emulator/model/types.ts';
import { createRecordReader } from '../../src/emulator/record/record-reader.ts';
import { joinPieces } from '../../src/encode/block.ts';
import type { EncodeJob, EncodeResult, WriterSchema } from '../../src/encode/job.ts';
import { createTransform } from '../../src/encode/transform.ts';
import { draftSchema } from '../../src/mapping/create-table.ts';
import { planFor } from '../../src/plan.ts';
import { viewChunk } from '../../src/source/chunk/chunk.ts';
import { jobOf } from '../encode/records.ts';
import { FORMATS, type FormatSamples } from '../formats/samples.ts';

/** The worker's code for one example of config/formats, and records to begin with. */
export interface Target {
  readonly name: string;
  readonly seeds: readonly Buffer[];
  /** Values through decoder, mapping and encoder. */
  run(values: readonly Buffer[]): Omit<EncodeResult, 'cpuMicros'>;
  /** Rows of a result as the emulator's reader, which shares no code, finds them; throws for what it refuses. */
  read(result: Pick<EncodeResult, 'pieces'>): number;
}

const IDS = { value: 1, key: 2 };
const ENV = { ODPS_ACCESS_ID: 'i', ODPS_ACCESS_KEY: 'k' };

export const targets = (): Target[] => FORMATS.map(targetOf);

function targetOf(format: FormatSamples): Target {
  const file = path.join(process.cwd(), `config/formats/${format.name}.yaml`);
  const readFile = (name: string) => readFileSync(name, 'utf8');
  const config = parseConfig(readFile(file), { file, env: ENV, readFile });
  const { plan, problems } = planFor(config, draftSchema(config.table));
  if (!plan) throw new Error(problems.join('\n'));
  const transform = createTransform({ ...plan, compression: 'none' });
  const schemas = [
    { id: IDS.value, schema: schemaOf(format.schema) },
    { id: IDS.key, schema: schemaOf(format.keySchema) },
  ];
  const types = draftSchema(config.table).columns.map(({ type }) => parseType(type));
  return {
    name: format.name,
    read: ({ pieces }) =>
      pieces.reduce((rows, piece) => {
        const reader = createRecordReader(types);
        for (const part of joinPieces([piece], 'none').body) reader.push(part);
        return rows + reader.end();
      }, 0),
    seeds: format.records(IDS).flatMap(({ value }) => (value ? [value] : [])),
    run(values) {
      const result = transform.run(timed(values, schemas));
      if (result.unknownSchemas.length === 0) return result;
      // What mutated ids name is in no registry.
      const unknown = result.unknownSchemas.map((id) => ({ id, schema: null }));
      return transform.run(timed(values, [...schemas, ...unknown]));
    },
  };
}

/** Record timestamps after the samples' event times. */
function timed(values: readonly Buffer[], schemas: readonly WriterSchema[]): EncodeJob {
  const job = jobOf(values, { schemas });
  viewChunk(job.chunk, job.capacity).timestamps.fill(Date.UTC(2026, 10, 22));
  return job;
}

const schemaOf = (registered: FormatSamples['schema']) =>
  registered ? { ...registered, references: [] } : null;
