import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { registryOptions } from '../connections.ts';
import { openRegistry, type Registry } from '../decode/registry.ts';
import { fail, failed, type Item, notChecked, ok, type Section } from './report.ts';
import { withinStep } from './step.ts';
import { plural, took } from './words.ts';

/** One request of the registry's client, ms. */
const REQUEST_MS = 7_000;

/** `values`: of recent records, for a schema id that is really used. */
export async function checkRegistry(config: Config, values: readonly Buffer[]): Promise<Section> {
  const { schemaRegistry, decode } = config;
  if (schemaRegistry === null) {
    return { step: 'schema_registry', items: [notChecked('registry', 'schemaRegistry is not configured')] };
  }
  const registry = openRegistry(registryOptions(schemaRegistry), {
    clock: systemClock,
    requestMs: REQUEST_MS,
  });
  const reached = await checkSubjects(registry);
  const items = [reached];
  if (decode.value.format === 'avro') items.push(await checkSchema(registry, reached, values));
  return { step: 'schema_registry', items };
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

async function checkSchema(registry: Registry, reached: Item, values: readonly Buffer[]): Promise<Item> {
  const what = 'schema in use';
  const id = values.map(schemaId).findLast((one) => one !== null) ?? null;
  if (id === null) {
    const why = values.length === 0 ? 'no recent record was read' : 'the recent records have no schema id';
    return notChecked(what, why);
  }
  if (reached.status === 'fail') return notChecked(what, `the registry cannot be asked for schema id ${id}`);
  try {
    const ask = (signal: AbortSignal) => registry.schema(id, signal);
    const found = await withinStep('registry_unreachable', `schema id ${id}`, ask);
    if (found !== null)
      return ok(
        what,
        `schema id ${id} of the latest record that was read: ${found.type.toLowerCase()}, ${plural(found.text.length, 'character')}`,
      );
    const advice = 'Its records would become dead letters (unknown_schema): check schemaRegistry.url.';
    return fail(what, `the registry does not know schema id ${id}, which a recent record names`, advice);
  } catch (error) {
    return failed(what, error);
  }
}

/** Of the Confluent wire format: a zero byte, then the id; null: it is something else. */
const schemaId = (value: Buffer): number | null =>
  value.length >= 5 && value[0] === 0 ? value.readInt32BE(1) : null;
