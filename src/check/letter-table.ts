import type { Config } from '../config/schema.ts';
import { SinkError } from '../errors.ts';
import { letterTableStatement, placesIn } from '../letter-table.ts';
import { tableName } from '../maxcompute/wire.ts';
import { fail, failed, type Item, ok, warn } from './report.ts';
import type { Service } from './service.ts';
import { withinStep } from './step.ts';

const CREATE = 'create an upload session';

/** The table of dead letters: its columns, and the right to write, by a session that is never committed. */
export async function letterTableItem(config: Config, service: Service, name: string): Promise<Item> {
  const what = 'dead letters';
  const full = tableName(config.maxcompute, name);
  try {
    const session = await withinStep('maxcompute_unreachable', `the table ${full}`, async (signal) => {
      placesIn(config, await service.client.table(name, signal));
      return service.client.upload(name).create('', signal);
    });
    const text = `the table ${full} takes them: upload session ${session.id} opened, never committed`;
    return ok(what, `${text}: ${service.evidence(CREATE)}`);
  } catch (error) {
    if (!(error instanceof SinkError) || error.code !== 'table_missing') return failed(what, error);
    const statement = letterTableStatement(config, name);
    if (config.table.create === 'if_missing')
      return warn(
        what,
        `the table ${full} is missing; a start creates it (table.create: if_missing):\n${statement}`,
      );
    return fail(what, `the table ${full} is missing`, `Create it:\n${statement}`, error.code);
  }
}
