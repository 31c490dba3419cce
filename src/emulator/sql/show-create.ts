import type { Clustering, ColumnDefinition, ExternalStorage, Properties, Table } from '../model/catalog.ts';
import { typeText } from '../model/types.ts';
import { quoted } from './names.ts';
import { fullName } from './statement-errors.ts';

/** The statement that makes the table again. */
export function createStatement(project: string, table: Table): string {
  return `${table.kind === 'VIRTUAL_VIEW' ? createViewText(project, table) : createTableText(project, table)};\n`;
}

function createViewText(project: string, view: Table): string {
  const columns = view.columns.map(({ name, comment }) => `${quoted(name)}${commentText(comment)}`);
  const clauses = [
    `CREATE VIEW IF NOT EXISTS ${fullName(project, view)} (${columns.join(', ')})`,
    ...(view.comment ? [`COMMENT ${text(view.comment)}`] : []),
    ...propertiesClause(view.properties),
  ];
  return `${clauses.join('\n')}\nAS ${view.viewText}`;
}

function createTableText(project: string, table: Table): string {
  const { external, primaryKey, tablePartitionColumns: levels, clustering } = table;
  const key = primaryKey.length ? [`PRIMARY KEY (${primaryKey.map(quoted).join(', ')})`] : [];
  const clauses = [
    `CREATE ${external ? 'EXTERNAL ' : ''}TABLE IF NOT EXISTS ${fullName(project, table)} ${list([...table.columns.map(columnText), ...key])}`,
    ...(table.comment ? [`COMMENT ${text(table.comment)}`] : []),
    ...levelsClause(levels),
    ...(clustering ? [clusteringText(clustering)] : []),
    ...(external ? externalClauses(external) : ['STORED AS ALIORC']),
    ...propertiesClause(table.properties),
    ...(table.lifecycle > 0 ? [`LIFECYCLE ${table.lifecycle}`] : []),
  ];
  return clauses.join('\n');
}

function levelsClause(levels: readonly ColumnDefinition[]): string[] {
  const auto = levels.find(({ generated }) => generated);
  if (auto?.generated) {
    const { column, unit } = auto.generated;
    return [
      `AUTO PARTITIONED BY (TRUNC_TIME(${quoted(column)}, '${unit}') AS ${quoted(auto.name)}${commentText(auto.comment)})`,
    ];
  }
  return levels.length ? [`PARTITIONED BY ${list(levels.map(columnText))}`] : [];
}

const list = (items: readonly string[]): string => `(\n  ${items.join(',\n  ')}\n)`;

function columnText({ name, type, nullable, defaultValue, comment }: ColumnDefinition): string {
  const fallback = defaultValue === undefined ? '' : ` DEFAULT ${defaultValue}`;
  return `${quoted(name)} ${typeName(typeText(type))}${nullable ? '' : ' NOT NULL'}${fallback}${commentText(comment)}`;
}

/** Upper case as the service shows types, but names of fields as they are. */
const typeName = (lower: string): string =>
  /struct/.test(lower)
    ? lower.replace(/\b(struct|array|map)(?=<)/g, (word) => word.toUpperCase())
    : lower.toUpperCase();

const commentText = (comment: string): string => (comment ? ` COMMENT ${text(comment)}` : '');

const ESCAPED: Record<string, string> = {
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\0': '\\0',
  '\b': '\\b',
};

/** A literal with the escapes that the parser resolves. */
const text = (value: string): string => `'${[...value].map((char) => ESCAPED[char] ?? char).join('')}'`;

function clusteringText({ kind, columns, sorted, buckets }: Clustering): string {
  const order = sorted.map(({ name, descending }) => `${quoted(name)} ${descending ? 'DESC' : 'ASC'}`);
  return [
    `${kind === 'range' ? 'RANGE ' : ''}CLUSTERED BY (${columns.map(quoted).join(', ')})`,
    ...(order.length ? [`SORTED BY (${order.join(', ')})`] : []),
    ...(buckets ? [`INTO ${buckets} BUCKETS`] : []),
  ].join(' ');
}

function externalClauses({
  serde,
  serdeProperties,
  storedAs,
  handler,
  location,
  resources,
}: ExternalStorage): string[] {
  return [
    ...(handler ? [`STORED BY ${text(handler)}`] : []),
    ...(serde ? [`ROW FORMAT SERDE ${text(serde)}`] : []),
    ...(serdeProperties ? [`WITH SERDEPROPERTIES ${pairs(serdeProperties)}`] : []),
    ...(storedAs ? [`STORED AS ${/^\w+$/.test(storedAs) ? storedAs : text(storedAs)}`] : []),
    ...(location ? [`LOCATION ${text(location)}`] : []),
    ...(resources ? [`USING ${text(resources)}`] : []),
  ];
}

const propertiesClause = (properties: Properties): string[] =>
  Object.keys(properties).length ? [`TBLPROPERTIES ${pairs(properties)}`] : [];

const pairs = (properties: Properties): string =>
  `(${Object.entries(properties)
    .map(([key, value]) => `${text(key)}=${text(value)}`)
    .join(', ')})`;
