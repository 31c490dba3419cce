// What becomes of a value of each kind in a column of each type: the tables of docs/types.md, by the converters
// that the service runs. `reference.mjs` gives the built code, the test the sources.

const TABLES = {
  'types-values': {
    types: ['BIGINT', 'DOUBLE', 'DECIMAL(10,2)', 'STRING', 'BOOLEAN', 'BINARY', 'JSON'],
    texts: ['1', 'true', 'abc', '["a"]'],
  },
  'types-times': {
    types: ['DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ', 'INTERVAL_DAY_TIME', 'INTERVAL_YEAR_MONTH'],
    texts: ['1', '2026-11-20', '2026-11-20T08:30:00.123+08:00', 'P1DT2H', 'P1Y2M'],
  },
  'types-nested': {
    types: ['ARRAY<STRING>', 'MAP<STRING,STRING>', 'STRUCT<a:STRING>'],
    texts: ['abc', '["a"]', '{"a":"b"}'],
  },
};

/**
 * Each table as Markdown lines, by the name of its section.
 *
 * @param code `{ cells, createConverter, createRowCollector, parseColumnType, jsonTree }`
 */
export function typesTables(code) {
  const tables = Object.entries(TABLES).map(([name, { types, texts }]) => [
    name,
    [
      `| source | ${types.map(quoted).join(' | ')} |`,
      `|---|${'---|'.repeat(types.length)}`,
      ...samples(code, texts)
        .map(([label, cell]) => [label, ...types.map((type) => result(code, type, cell))])
        .filter(([, ...found]) => found.some((text) => text !== REFUSED))
        .map((row) => `| ${row.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`),
    ],
  ]);
  return Object.fromEntries(tables);
}

const REFUSED = '–';
const quoted = (text) => `\`${text}\``;

/** The stored value, with a star where strict refuses it; a dash for wrong_type; any other code as it is. */
function result(code, type, cell) {
  const lenient = converted(code, type, cell, 'lenient');
  if (lenient.code) return lenient.code === 'wrong_type' ? REFUSED : lenient.code;
  const strict = converted(code, type, cell, 'strict').code ? ' \\*' : '';
  const { value } = lenient;
  return `${quoted(typeof value === 'object' ? JSON.stringify(value) : String(value))}${strict}`;
}

function converted({ createConverter, createRowCollector, parseColumnType }, typeText, cell, coercion) {
  const type = parseColumnType(typeText);
  const time = { format: null, zone: 'UTC' };
  const convert = createConverter({ type, time, round: false, trim: false, coercion }, 8 * 2 ** 20);
  const collector = createRowCollector({ columns: [{ number: 1, type }] });
  const row = collector.find('');
  row.begin();
  const problem = convert(cell, row, 1);
  if (problem) return problem;
  row.end();
  return { value: collector.take()[0].values.get(1) };
}

/** A sample of each kind, in the order of the page. */
function samples({ cells, jsonTree }, texts) {
  const make = (fill) => {
    const cell = new cells.Cell();
    fill(cell);
    return cell;
  };
  const bytes = (kind, content) => make((cell) => cell.setBytes(kind, content, 0, content.length));
  const plain = (kind, num, nanos = 0) => make((cell) => Object.assign(cell, { kind, num, nanos }));
  const text = (content) => [`text ${quoted(content)}`, bytes(cells.STRING, Buffer.from(content))];
  const number = (content) => [`number ${quoted(content)}`, bytes(cells.NUMBER, Buffer.from(content))];
  const binary = (...content) => bytes(cells.BYTES, Uint8Array.from(content));
  const tree = (content) => jsonTree(Buffer.from(content), 0, Buffer.byteLength(content));
  const container = (name, content) => [`${name} ${quoted(content)}`, tree(content)];
  return [
    ['boolean `true`', plain(cells.BOOLEAN, 1)],
    ['integer `1`', make((cell) => cell.setInteger(1))],
    ['integer `9223372036854775807`', make((cell) => cell.setInteger(2n ** 63n - 1n))],
    ['double `1.5`', plain(cells.DOUBLE, 1.5)],
    ['double `NaN`', plain(cells.DOUBLE, Number.NaN)],
    number('1'),
    number('12.50'),
    number('0.001'),
    ...texts.map(text),
    ['bytes `61`', binary(0x61)],
    ['bytes `ff`', binary(0xff)],
    ['instant `2026-11-20T00:30:00.123Z`', plain(cells.INSTANT, 1_795_134_600, 123_000_000)],
    ['local time `2026-11-20T08:30:00`', plain(cells.LOCAL, 1_795_163_400)],
    ['date `2026-11-20`', plain(cells.DAY, 20_777)],
    ['time of day `08:30:00.123`', plain(cells.TIME, 30_600, 123_000_000)],
    container('array', '[1,"b"]'),
    container('array', '[["a",1]]'),
    container('array', '[{"key":"a","value":1}]'),
    container('object', '{"a":1,"b":null}'),
  ];
}
