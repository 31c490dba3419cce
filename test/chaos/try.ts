import { startOwnKafka } from '../support/kafka.ts';
import { runScenario } from './scenario.ts';
import { kills, stalls } from './strikes.ts';
const kafka = await startOwnKafka({});
try {
  const r = await runScenario({ name: 'try', members: Number(process.argv[2] ?? 1), options: { guarantee: 'at_least_once' },
    campaign: process.argv[3] === 'stall' ? stalls(['after:commit:1']) : kills(['before:session', 'after:block', 'after:letters', 'before:commit:1', 'after:commit:2', 'after:commit:3', 'after:publish', 'after:advance']) }, kafka.bootstrap);
  console.log(r);
} finally { await kafka.stop(); }
