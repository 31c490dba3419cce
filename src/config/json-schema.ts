import { argv, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { facts } from './leaf.ts';
import { options } from './schema.ts';

/**
 * The JSON Schema that editors use. To renew the committed file after a build:
 * `node dist/config/json-schema.js > config/maxsink.schema.json && npx biome format --write config`.
 */
export function configJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(options, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      Object.assign(jsonSchema, facts.get(zodSchema)?.json);
    },
  });
  return { title: 'maxsink configuration', ...schema };
}

if (argv[1] === fileURLToPath(import.meta.url))
  // On one line: what the formatter breaks is then what does not fit.
  stdout.write(`${JSON.stringify(configJsonSchema())}\n`);
