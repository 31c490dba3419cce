import { ask } from './calls.js';
import { byId, grid, h } from './dom.js';
import { count, duration, plural } from './figures.js';

/** Characters of a value that a cell shows. */
const CELL = 500;
const NUMBERS = /^(?:tinyint|smallint|int|bigint|float|double|decimal\b)/;

let running;

/** Runs what stands in the box; a second run waits for nothing, it ends the first. */
export async function run(refresh) {
  const sql = byId('sql-text').value.trim();
  if (!sql) return byId('sql-text').focus();
  running?.abort();
  const mine = new AbortController();
  running = mine;
  busy(true);
  try {
    const asked = { sql, limit: Number(byId('limit').value), schema: byId('schema').value || 'default' };
    present(sql, await ask('sql', asked, mine.signal));
  } catch (error) {
    const text = error.name === 'AbortError' ? 'Stopped.' : error.message;
    if (running === mine) replace(h('p', { class: 'note bad' }, text));
  }
  if (running !== mine) return;
  busy(false);
  refresh();
}

function busy(is) {
  byId('stop').hidden = !is;
  byId('run').textContent = is ? 'Running …' : 'Run';
}

/** Shows a result; its first line is said to those who do not see it. */
function replace(...parts) {
  byId('result').replaceChildren(...parts.filter((part) => part !== null));
  byId('said').textContent = parts[0].textContent;
}

function present(sql, answer) {
  if (answer.error !== undefined) return replace(...failure(sql, answer));
  const took = `in ${duration(answer.ms)}`;
  if (answer.columns === undefined) {
    const done = h('p', { class: 'quiet small', id: 'outcome' }, `Done ${took}.`);
    return replace(done, answer.text ? h('pre', { class: 'result scroll note' }, answer.text) : null);
  }
  const { columns, rows, rowCount } = answer;
  const cut = rows.length < rowCount ? `; the first ${count(rows.length)} are shown` : '';
  replace(
    h('p', { class: 'quiet small', id: 'outcome' }, `${plural(rowCount, 'row')} ${took}${cut}.`),
    resultGrid(columns, rows),
  );
}

function resultGrid(columns, rows) {
  const right = columns.map(({ type }) => NUMBERS.test(type ?? ''));
  const heads = columns.map(({ name, type }, at) => [right[at] ? 'n' : '', h('b', {}, name), type ?? '']);
  const lines = rows.map((row) =>
    h(
      'tr',
      {},
      row.map((value, at) => cell(value, right[at])),
    ),
  );
  return grid(heads, lines, 'Rows', 'result scroll');
}

function cell(value, right) {
  const shown = value === null ? [h('span', { class: 'null' }, 'NULL')] : textOf(value);
  return h('td', { class: right ? 'n' : '' }, h('div', { class: 'value' }, ...shown));
}

function textOf(value) {
  if (value.length <= CELL) return [value];
  return [value.slice(0, CELL), h('span', { class: 'null' }, ` … ${count(value.length)} characters`)];
}

/** The error; where its place is known, the line with a mark, and the caret put there. */
function failure(sql, { error, line, column, ms }) {
  const text = h('p', { class: 'note bad', id: 'outcome' }, error);
  const took = h('p', { class: 'quiet small' }, `Failed after ${duration(ms)}.`);
  const written = sql.split('\n')[line - 1];
  if (written === undefined || column > written.length + 1) return [text, took];
  const word = /^[\w`"']+|^./.exec(written.slice(column - 1))?.[0] ?? ' ';
  const before = written.slice(0, column - 1);
  const after = written.slice(column - 1 + word.length);
  moveCaret(sql, line, column);
  return [text, h('pre', { class: 'place' }, `${line} │ ${before}`, h('mark', {}, word), after), took];
}

function moveCaret(sql, line, column) {
  const box = byId('sql-text');
  const above = sql.split('\n').slice(0, line - 1);
  const lead = box.value.length - box.value.trimStart().length;
  const at = lead + above.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  if (document.activeElement === box) box.setSelectionRange(at, at);
}

/** Puts a statement into the box and goes there. */
export function write(sql) {
  const box = byId('sql-text');
  box.value = sql;
  box.scrollIntoView({ block: 'center' });
  box.focus();
}

export function listen(refresh) {
  byId('sql').addEventListener('submit', (event) => {
    event.preventDefault();
    void run(refresh);
  });
  byId('stop').addEventListener('click', () => running?.abort());
  byId('sql-text').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void run(refresh);
  });
}
