#!/usr/bin/env node
import { createProgram, isUsageError } from './cli/program.ts';
import { asSinkError } from './errors.ts';

// The exit code is only set: the process ends by itself, since the Kafka client crashes on a hard exit.
try {
  await createProgram((code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  const usage = isUsageError(error);
  if (usage) process.exitCode = usage.help ? 0 : 2;
  else fail(error);
}

function fail(thrown: unknown): void {
  const error = asSinkError(thrown);
  process.stderr.write(`maxsink: ${error.code}: ${error.message}\n${error.hint}\n`);
  process.exitCode = error.exit;
}
