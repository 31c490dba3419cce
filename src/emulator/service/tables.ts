import { bodyText, type Call, type Core, schemaOf, tableOf } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import { DEFAULT_SCHEMA, type Table } from '../model/catalog.ts';
import { tableJson } from '../model/schema-json.ts';
import { httpDate } from '../times.ts';
import { cdata, element, elements, elementText, fields } from '../xml.ts';
import { listing, page, xml } from './answers.ts';
import { known } from './schemas.ts';

/** `GET .../tables/T[?extended]` (protocol 3.1). */
export function getTable(core: Core, call: Call, name: string, schema?: string): Reply {
  return xml(tableXml(core, serviceTable(core, call, name, schema), call.query.has('extended')));
}

/** A table of a service call: 404 in this family's words when there is none. */
export function serviceTable(core: Core, call: Call, name: string, schema?: string): Table {
  try {
    return tableOf(core, call, name, schema);
  } catch (error) {
    if (error instanceof Refusal)
      throw new Refusal(404, 'NoSuchObject', `ODPS-0130131:Table not found - ${error.message}`);
    throw error;
  }
}

function tableXml(core: Core, table: Table, extended: boolean): string {
  const json = JSON.stringify(tableJson(table, extended));
  const created = httpDate(table.createdAt);
  const modified = httpDate(table.lastModifiedAt);
  const parts = [
    fields({ Name: table.name, TableId: table.id }),
    `<Schema format="Json">${cdata(json)}</Schema>`,
    fields({ Comment: table.comment, Owner: table.owner, Project: core.project }),
    schemaName(core, table),
    '<TableLabel/>',
    fields({ CreationTime: created, LastModifiedTime: modified, LastAccessTime: modified, Type: table.kind }),
  ];
  return `<Table format="Json">${parts.join('')}</Table>`;
}

/** A client that speaks two-part names would take the schema for one that it has to name. */
const schemaName = (core: Core, table: Table): string =>
  core.threeLayers || table.schema !== DEFAULT_SCHEMA ? element('SchemaName', table.schema) : '';

/** `GET /projects/P/tables?expectmarker=true[&name=prefix][&owner=][&type=][&extended][&curr_schema=]`. */
export function listTables(core: Core, call: Call, schema?: string): Reply {
  const { query } = call;
  const prefix = (query.get('name') ?? '').toLowerCase();
  const type = query.get('type')?.toUpperCase();
  const all = core.catalog.list(known(core, schemaOf(call, schema)));
  const wanted = all.filter(
    (table) =>
      (query.get('owner') ?? table.owner) === table.owner &&
      table.name.startsWith(prefix) &&
      (!type || table.kind === type),
  );
  const xmlOf = (table: Table) => (query.has('extended') ? tableXml(core, table, true) : brief(core, table));
  return page(call, 'Tables', wanted, { keyOf: ({ name }) => name }, xmlOf);
}

function brief(core: Core, table: Table): string {
  const names = fields({ Name: table.name, Owner: table.owner });
  return `<Table>${names}${schemaName(core, table)}${element('Type', table.kind)}</Table>`;
}

/** Tables that may be asked for at once. */
const LOADED_AT_ONCE = 100;

/** `POST /projects/P/tables?query` (Java `loadTables`): those of a list, each once; 404 when one is missing. */
export async function loadTables(core: Core, call: Call): Promise<Reply> {
  const asked = elements(await bodyText(call), 'Table');
  if (asked.length > LOADED_AT_ONCE) {
    const text = `${asked.length} tables exceed the limit of ${LOADED_AT_ONCE} tables in one request.`;
    throw new Refusal(400, 'InvalidArgument', text);
  }
  const found = new Set(asked.map((one) => askedFor(core, call, one)));
  return listing(
    'Tables',
    [...found].map((table) => tableXml(core, table, false)),
  );
}

function askedFor(core: Core, call: Call, asked: string): Table {
  const project = elementText(asked, 'Project') ?? core.project;
  const schema = schemaOf(call, elementText(asked, 'Schema') || undefined);
  const name = elementText(asked, 'Name') ?? '';
  if (project.toLowerCase() === core.project.toLowerCase())
    return serviceTable(core, call, name, schema.toLowerCase());
  throw new Refusal(404, 'NoSuchObject', `ODPS-0420095: Project not found - ${project}`);
}
