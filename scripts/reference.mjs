// Writes the reference tables of docs/ from the built code: `npm run build && node scripts/reference.mjs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { configKeys } from '../dist/config/keys.js';
import * as cells from '../dist/decode/cell/cell.js';
import { jsonTree } from '../dist/decode/json/tree.js';
import { ERRORS, REJECTIONS } from '../dist/errors.js';
import { createConverter } from '../dist/mapping/convert/convert.js';
import { parseColumnType } from '../dist/mapping/parse-type.js';
import { METRICS } from '../dist/ops/metrics.js';
import { createRowCollector } from '../dist/preview/row-collector.js';
import { typesTables } from './types-table.mjs';

const code = (text) => `\`${text}\``;
const cell = (text) => text.replaceAll('|', '/').replaceAll('\n', ' ');
const table = (head, rows) => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
];

const sections = {
  configuration: table(
    ['key', 'type', 'default', 'meaning'],
    configKeys().map((k) => [
      code(k.key),
      k.type,
      k.default === null ? '' : code(k.default),
      k.secret ? `${k.description} Never printed.` : k.description,
    ]),
  ),
  metrics: table(
    ['metric', 'type', 'unit', 'labels', 'meaning'],
    Object.values(METRICS).map((m) => [code(m.name), m.type, m.unit, m.labels.map(code).join(' '), m.help]),
  ),
  errors: table(
    ['code', 'exit', 'the service', 'what to do'],
    Object.entries(ERRORS).map(([name, e]) => [
      code(name),
      String(e.exit),
      e.action === 'stop' ? 'stops' : 'waits or reads again',
      e.hint,
    ]),
  ),
  ...typesTables({ cells, createConverter, createRowCollector, jsonTree, parseColumnType }),
  rejections: table(
    ['code', 'why the record became a dead letter'],
    Object.entries(REJECTIONS).map(([name, why]) => [code(name), why]),
  ),
};

const pages = {
  'docs/configuration.md': ['configuration'],
  'docs/metrics.md': ['metrics'],
  'docs/errors.md': ['errors', 'rejections'],
  'docs/types.md': ['types-values', 'types-times', 'types-nested'],
};

for (const [page, names] of Object.entries(pages)) {
  const file = new URL(`../${page}`, import.meta.url);
  const text = names.reduce((page, name) => replaced(page, name, sections[name]), readFileSync(file, 'utf8'));
  writeFileSync(file, text);
}

function replaced(text, name, lines) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const at = text.indexOf(begin);
  const to = text.indexOf(end);
  if (at < 0 || to < at) throw new Error(`there is no ${begin} ... ${end}`);
  return `${text.slice(0, at + begin.length)}\n${lines.join('\n')}\n${text.slice(to)}`;
}
