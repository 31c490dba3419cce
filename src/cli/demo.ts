import { runDemo } from '../demo/demo.ts';
import { createTerminal } from '../demo/terminal.ts';
import { SinkError } from '../errors.ts';

export interface DemoCommandOptions {
  /** host:port of a real Kafka. */
  readonly brokers?: string;
  /** How long the producer runs. */
  readonly seconds?: number;
  /** Orders to produce, in that time. */
  readonly records?: number;
}

const SECONDS = 15;
/** What the built-in Kafka holds between two flushes allows about twice as much. */
const RECORDS_PER_SECOND = 3_000;
const INTERRUPTED = 130;

/** `maxsink demo`: 0 when every record came where it belongs, 1 when not, 130 after Ctrl-C. */
export async function demoCommand({
  brokers,
  seconds = SECONDS,
  records = seconds * RECORDS_PER_SECOND,
}: DemoCommandOptions): Promise<number> {
  if (!(seconds > 0 && seconds <= 3600))
    throw new SinkError('usage', '--seconds must be a number from 1 to 3600');
  if (!(records >= 1 && records <= 10_000_000))
    throw new SinkError('usage', '--records must be a number from 1 to 10000000');
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error('interrupted'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // A terminal that was closed must not keep the processes from being ended.
  process.stdout.on('error', onSignal);
  const terminal = createTerminal(process.stdout);
  try {
    const options = { seconds, records: Math.round(records), ...(brokers === undefined ? {} : { brokers }) };
    return (await runDemo(options, terminal, stop.signal)) ? 0 : 1;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    terminal.line(terminal.bad(`maxsink demo: ${message}`));
    return stop.signal.aborted ? INTERRUPTED : 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, onSignal);
  }
}
