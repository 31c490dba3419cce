import { ask } from './calls.js';
import { byId, grid, h, morphChildren, show } from './dom.js';
import { ago, bytes, clock, count, plural } from './figures.js';
import { run, write } from './sql.js';

const KINDS = { VIRTUAL_VIEW: 'view', EXTERNAL_TABLE: 'external' };

const nameOf = ({ schema, name }) => (schema === 'default' ? name : `${schema}.${name}`);

/** What each open table last showed: it is asked for again only when something of it has changed. */
const shown = new Map();

export function showTables(state, refresh) {
  const filter = byId('filter').value.trim().toLowerCase();
  const wanted = state.tables.filter((table) => nameOf(table).includes(filter));
  if (state.tableCount === 0) {
    const example = 'CREATE TABLE IF NOT EXISTS orders (id BIGINT, name STRING) PARTITIONED BY (dt STRING);';
    const button = h(
      'button',
      { type: 'button', class: 'plain', onclick: () => write(example) },
      'write a CREATE TABLE',
    );
    return show('tables', h('p', { class: 'quiet' }, 'No table yet.'), button);
  }
  const none =
    wanted.length === 0 ? h('p', { class: 'quiet' }, `No table has "${filter}" in its name.`) : null;
  const cut = state.tables.length < state.tableCount;
  const more = cut
    ? h(
        'p',
        { class: 'quiet small' },
        `The first ${count(state.tables.length)} of ${count(state.tableCount)}.`,
      )
    : null;
  show('tables', none, ...wanted.map((table) => line(table, state, refresh)), more);
  for (const table of wanted) void fill(table, state, refresh);
}

const idOf = (table) => `table-${table.schema}-${table.name}`;

function line(table, state, refresh) {
  const { kind, transactional, rows, partitioned, tablePartitions, modifiedAt } = table;
  const word = KINDS[kind] ?? (transactional ? 'transactional' : null);
  const name = h(
    'span',
    { class: 'name' },
    nameOf(table),
    word ? ' ' : null,
    word ? h('span', { class: 'badge' }, word) : null,
  );
  const figures = [
    h('span', { class: 'n wide quiet' }, partitioned ? plural(tablePartitions, 'table partition') : ''),
    h('span', { class: 'n' }, kind === 'VIRTUAL_VIEW' ? '' : plural(rows, 'row')),
    h('span', { class: 'n wide quiet' }, table.bytes > 0 ? bytes(table.bytes) : ''),
    h('span', { class: 'n wide quiet', title: `${clock(modifiedAt)} UTC` }, ago(modifiedAt, state.now)),
  ];
  const summary = h('summary', {}, name, ...figures);
  const opened = (event) => event.target.open && void fill(table, state, refresh);
  const body = h('div', { class: 'body', 'data-own': true });
  return h('details', { class: 'one-table', id: idOf(table), ontoggle: opened }, summary, body);
}

async function fill(table, state, refresh) {
  const details = byId(idOf(table));
  if (!details?.open) return shown.delete(idOf(table));
  const version = JSON.stringify(table);
  if (shown.get(idOf(table)) === version) return;
  shown.set(idOf(table), version);
  const body = details.querySelector('.body');
  try {
    const found = await ask(
      `table?schema=${encodeURIComponent(table.schema)}&name=${encodeURIComponent(table.name)}`,
    );
    morphChildren(body, detail(table, found, state, refresh));
  } catch (error) {
    shown.delete(idOf(table));
    morphChildren(body, [h('p', { class: 'alarm' }, error.message)]);
  }
}

function detail(table, found, state, refresh) {
  const facts = [
    found.comment,
    found.lifecycle > 0 ? `lifecycle ${found.lifecycle} days` : '',
    found.primaryKey.length ? `primary key ${found.primaryKey.join(', ')}` : '',
    `created ${clock(found.createdAt)} UTC`,
  ].filter(Boolean);
  const quoted = [state.project, ...(table.schema === 'default' ? [] : [table.schema]), table.name].map(
    (part) => `\`${part}\``,
  );
  const look = () => {
    write(`SELECT * FROM ${quoted.join('.')};`);
    void run(refresh);
  };
  return [
    h('p', { class: 'quiet small' }, facts.join(' · ')),
    h('p', {}, h('button', { type: 'button', class: 'plain', onclick: look }, 'Show rows')),
    columnTable(found),
    ...tablePartitionTable(found, state),
    h('h3', {}, 'DDL'),
    h('pre', {}, found.ddl),
  ].filter(Boolean);
}

function columnTable({ columns }) {
  const lines = columns.map(({ name, type, comment, nullable, partition }) => {
    const badge = partition ? [' ', h('span', { class: 'badge' }, 'table partition')] : [];
    return h('tr', {}, [
      h('td', { class: 'text' }, name, badge),
      h('td', { class: 'text' }, type, nullable ? '' : h('span', { class: 'quiet' }, ' NOT NULL')),
      h('td', { class: 'text quiet' }, comment),
    ]);
  });
  const heads = [
    ['', 'column'],
    ['', 'type'],
    ['', 'comment'],
  ];
  return grid(heads, lines);
}

function tablePartitionTable({ tablePartitions, tablePartitionCount }, state) {
  if (tablePartitionCount === 0) return [];
  const lines = tablePartitions.map(({ spec, rows, bytes: size, modifiedAt }) =>
    h('tr', {}, [
      h('td', { class: 'text' }, spec),
      h('td', { class: 'n' }, count(rows)),
      h('td', { class: 'n wide' }, size > 0 ? bytes(size) : ''),
      h('td', { class: 'n' }, ago(modifiedAt, state.now)),
    ]),
  );
  const heads = [
    ['', 'table partition'],
    ['n', 'rows'],
    ['n wide', 'size'],
    ['n', 'changed'],
  ];
  const title = `${plural(tablePartitionCount, 'table partition')}, the newest first`;
  return [h('h3', {}, title), grid(heads, lines, title)];
}
