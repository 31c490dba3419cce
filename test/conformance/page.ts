import { type Answer, CLIENTS } from './clients.ts';
import { MANY, SECTIONS } from './operations.ts';
import type { Verdicts } from './run.ts';
import { FORMS, type Read, ROUTES, type Written } from './type-run.ts';
import { SAMPLES } from './types.ts';

const HEAD = `# Official clients against the local MaxCompute

Each cell is what a run of the tests found: PyODPS 0.13.2 and the Java client (odps-sdk-core 0.57.1-public), both unchanged, against
\`maxsink emulator\`. **works**: it does what the title says, and what was read was compared with what was written. **refused**: the
service refuses it as it should; the error that the client raises follows. **–**: the client itself cannot do it, and why.

This page is written by \`OFFICIAL_CLIENTS=write npx vitest run test/conformance/conformance.clients.test.ts\` (after \`scripts/setup.sh --tests\`
and \`npm run build\`); the tests fail when it says something else than their run.
`;

/** docs/official-clients.md as this run has it. */
export function pageOf(verdicts: Verdicts): string {
  const sections = SECTIONS.flatMap(({ title, operations }) => [
    `\n## ${title}\n`,
    '| operation | PyODPS | Java |',
    '|---|---|---|',
    ...operations.map((operation) => {
      const cells = CLIENTS.map((client) => cell(verdicts.of(operation, client)));
      return `| ${operation.title} | ${cells.join(' | ')} |`;
    }),
  ]);
  const crossed = CLIENTS.map((client) => cell(verdicts.crossed[client])).join(' | ');
  const more = [
    `\n## Each with the other's data\n`,
    '| operation | PyODPS | Java |',
    '|---|---|---|',
    `| read ${MANY.rows.toLocaleString('en')} rows that the other client wrote, in ranges | ${crossed} |`,
  ];
  return `${[HEAD.trimEnd(), ...sections, ...more, ...typesTable(verdicts)].join('\n')}\n`;
}

function cell({ outcome, detail }: Answer): string {
  if (outcome === 'works') return 'works';
  if (outcome === 'refused') return `refused: \`${text(detail)}\``;
  return outcome === 'impossible' ? `– ${text(detail)}` : '**FAILS**';
}

const text = (detail: string): string => detail.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Types: written in four ways, each of these tables read in every way by both clients. */
function typesTable({ types }: Verdicts): string[] {
  const notes: string[] = [];
  const mark = (answers: readonly Answer[]): string => {
    if (answers.some(({ ok }) => !ok) || answers.length === 0) return '**FAILS**';
    const why = answers.find(({ outcome }) => outcome === 'impossible')?.detail;
    if (why === undefined) return 'yes';
    if (!notes.includes(why)) notes.push(why);
    return `– (${notes.indexOf(why) + 1})`;
  };
  const writes = CLIENTS.flatMap((client) => FORMS.map((form) => ({ client, form })));
  const reads = CLIENTS.flatMap((client) => ROUTES[client].map((route) => ({ client, route })));
  const rows = SAMPLES.map(({ type }) => {
    const written = types.written.filter((one: Written) => one.sample.type === type);
    const read = types.read.filter((one: Read) => one.written.sample.type === type);
    const cells = [
      ...writes.map(({ client, form }) =>
        mark(written.filter((one) => one.client === client && one.form === form).map(({ answer }) => answer)),
      ),
      ...reads.map(({ client, route }) =>
        mark(read.filter((one) => one.client === client && one.route === route).map(({ answer }) => answer)),
      ),
    ];
    return `| \`${type.toUpperCase()}\` | ${cells.join(' | ')} |`;
  });
  const heads = [
    ...writes.map(({ client, form }) => `${client} writes ${form}`),
    ...reads.map(({ client, route }) => `${client} reads ${route}`),
  ];
  return [
    '\n## Types\n',
    'Values at the edges of each type. A table that one client wrote is read by both in every way: as records and as Arrow from a download',
    'session, as the result of SQL (by the instance tunnel, also as Arrow, and as CSV) and as a preview. Read means: equal to what was written.\n',
    `| type | ${heads.join(' | ')} |`,
    `|---|${heads.map(() => '---|').join('')}`,
    ...rows,
    ...(notes.length > 0 ? ['', ...notes.map((note, at) => `${at + 1}. ${note}`)] : []),
  ];
}
