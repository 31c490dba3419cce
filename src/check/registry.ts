import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { schemaTypeOf } from '../config/schema-file.ts';
import { registryOptions } from '../connections.ts';
import { avroOpinion } from '../decode/avro/opinion.ts';
import { Cell } from '../decode/cell/cell.ts';
import { createDecoder } from '../decode/create-decoder.ts';
import { openRegistry, type Registry } from '../decode/schema/registry.ts';
import type { SchemaText } from '../decode/schema/schema.ts';
import { HEADER_BYTES } from '../decode/schema/schema-cache.ts';
import { decodeOptions } from '../plan.ts';
import { plural, took } from '../terminal/words.ts';
import { fail, failed, type Item, notChecked, ok, type Section, warn } from './report.ts';
import { withinStep } from './step.ts';

/** One request of the registry's client, ms. */
const REQUEST_MS = 7_000;

/** `values`: of recent records, for a schema id that is really used, and as a proof that they can be read. */
export async function checkRegistry(config: Config, values: readonly Buffer[]): Promise<Section> {
  const { schemaRegistry, decode } = config;
  const file = decode.value.schemaFile === null ? [] : [checkFile(config, values)];
  if (schemaRegistry === null) {
    const items = [notChecked('registry', 'schemaRegistry is not configured'), ...file];
    return { step: 'schema_registry', items };
  }
  const registry = openRegistry(registryOptions(schemaRegistry), {
    clock: systemClock,
    requestMs: REQUEST_MS,
  });
  const reached = await checkSubjects(registry);
  const items = [reached, ...file];
  if (file.length === 0 && schemaTypeOf(decode.value.format) !== null)
    items.push(await checkSchema(config, registry, reached, values));
  return { step: 'schema_registry', items };
}

/** The configuration was read, so the schema can be used: what remains is whether it is that of the values. */
function checkFile(config: Config, values: readonly Buffer[]): Item {
  const what = 'schema file';
  const value = values.at(-1);
  if (value === undefined) return notChecked(what, 'no recent record was read');
  const wrong = unreadable(config, value, null);
  if (wrong === null) return agreed(what, 'the latest record that was read fits it', config, value, null);
  return fail(
    what,
    `the latest record that was read does not fit: ${wrong}`,
    'Check decode.value.schemaFile.',
  );
}

/** Why the value cannot be decoded; null: it can. */
function unreadable(
  config: Config,
  value: Buffer,
  found: { readonly id: number; readonly schema: SchemaText } | null,
): string | null {
  const decoder = createDecoder({ ...decodeOptions(config, 'value'), paths: [] });
  if (found !== null) decoder.schemas?.add(found.id, found.schema);
  return decoder.decode(value, 0, value.length, [])?.message ?? null;
}

async function checkSubjects(registry: Registry): Promise<Item> {
  const began = systemClock.now();
  try {
    const subjects = await withinStep('registry_unreachable', 'the subjects', registry.subjects);
    const ms = took(systemClock.now() - began);
    return ok('registry', `reached, credentials accepted: it lists ${plural(subjects, 'subject')}, ${ms}`);
  } catch (error) {
    return failed('registry', error);
  }
}

async function checkSchema(
  config: Config,
  registry: Registry,
  reached: Item,
  values: readonly Buffer[],
): Promise<Item> {
  const what = 'schema in use';
  const value = values.findLast((one) => schemaId(one) !== null);
  const id = value === undefined ? null : schemaId(value);
  if (value === undefined || id === null) {
    const why = values.length === 0 ? 'no recent record was read' : 'the recent records have no schema id';
    return notChecked(what, why);
  }
  if (reached.status === 'fail') return notChecked(what, `the registry cannot be asked for schema id ${id}`);
  try {
    const ask = (signal: AbortSignal) => registry.schema(id, signal);
    const found = await withinStep('registry_unreachable', `schema id ${id}`, ask);
    if (found !== null) return checkRead(config, value, { id, schema: found });
    const advice = 'Its records would become dead letters (unknown_schema): check schemaRegistry.url.';
    return fail(what, `the registry does not know schema id ${id}, which a recent record names`, advice);
  } catch (error) {
    return failed(what, error);
  }
}

function checkRead(config: Config, value: Buffer, found: { id: number; schema: SchemaText }): Item {
  const { type, text, references } = found.schema;
  const size = plural(text.length, 'character');
  const others = references.length > 0 ? `, ${plural(references.length, 'reference')}` : '';
  const schema = `schema id ${found.id} of the latest record that was read: ${type.toLowerCase()}, ${size}${others}`;
  const wrong = unreadable(config, value, found);
  if (wrong === null) return agreed('schema in use', schema, config, value, found);
  const advice = 'Such records would become dead letters: check decode.value and the schema.';
  return fail('schema in use', `${schema}; the record cannot be read with it: ${wrong}`, advice);
}

/** The reader of records has taken the value; a second one may differ about it or its schema. */
function agreed(
  what: string,
  evidence: string,
  config: Config,
  value: Buffer,
  found: { readonly id: number; readonly schema: SchemaText } | null,
): Item {
  const options = decodeOptions(config, 'value');
  const schema = found?.schema ?? options.schema;
  if (options.format !== 'avro' || !schema || (options.compression ?? 'none') !== 'none')
    return ok(what, evidence);
  // As a whole first: what is read whole is not larger than it should be.
  const decoder = createDecoder({ format: 'avro', schema: options.schema ?? null, paths: [[]] });
  if (found !== null) decoder.schemas?.add(found.id, found.schema);
  if (decoder.decode(value, 0, value.length, [new Cell()]) !== null) return ok(what, evidence);
  const other = avroOpinion(schema, found === null ? value : value.subarray(HEADER_BYTES));
  if (other === null) return ok(what, `${evidence}; a second reader of Avro agrees`);
  const advice =
    'Records are read all the same. Compare one with what it should be (maxsink preview), and mend the schema.';
  return warn(what, `${evidence}; a second reader of Avro, avsc, refuses it: ${other}`, advice);
}

/** Of the Confluent wire format: a zero byte, then the id; null: it is something else. */
const schemaId = (value: Buffer): number | null =>
  value.length >= HEADER_BYTES && value[0] === 0 ? value.readUInt32BE(1) : null;
