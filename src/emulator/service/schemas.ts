import { bodyText, type Call, type Core } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import { DEFAULT_SCHEMA, OWNER } from '../model/catalog.ts';
import { ascending } from '../order.ts';
import { createSchema as makeSchema } from '../sql/create.ts';
import { forgetSchema } from '../sql/drop.ts';
import { httpDate } from '../times.ts';
import { elementText, fields } from '../xml.ts';
import { ownership, page, xml } from './answers.ts';

/** `GET /projects/P/schemas?expectmarker=true[&name=prefix][&owner=]`. */
export function listSchemas(core: Core, call: Call): Reply {
  const prefix = (call.query.get('name') ?? '').toLowerCase();
  const own = (call.query.get('owner') ?? OWNER) === OWNER;
  const names = [...core.catalog.schemas.keys()]
    .filter((name) => own && name.startsWith(prefix))
    .sort(ascending);
  return page(call, 'Schemas', names, { keyOf: (name) => name }, (name) => schemaXml(core, name));
}

/** `GET /projects/P/schemas/S`: both clients read the times from headers. */
export function getSchema(core: Core, name: string): Reply {
  const schema = known(core, name);
  const { createdAt } = core.catalog.schemas.get(schema)!;
  return xml(schemaXml(core, schema), ownership(createdAt, createdAt));
}

/** `POST /projects/P/schemas` with `<Schema><Name/>[<Comment/>][<IfNotExists/>]</Schema>`; PyODPS says Description. */
export async function createSchema(core: Core, call: Call): Promise<Reply> {
  const body = await bodyText(call);
  const name = checkedName(elementText(body, 'Name')?.trim() ?? '');
  if (core.catalog.schemas.has(name)) {
    if (elementText(body, 'IfNotExists')?.trim() === 'true') return { status: 200 };
    throw new Refusal(409, 'ObjectAlreadyExists', `The schema ${core.project}.${name} already exists.`);
  }
  const comment = elementText(body, 'Comment') ?? elementText(body, 'Description') ?? '';
  await makeSchema(core, name, comment);
  return { status: 201 };
}

/** `DELETE /projects/P/schemas/S`: only an empty one, and never `default`. */
export async function dropSchema(core: Core, given: string): Promise<Reply> {
  const name = known(core, given);
  const tables = core.catalog.list(name).length;
  if (tables > 0)
    throw new Refusal(400, 'InvalidArgument', `The schema ${name} still holds ${tables} tables or views.`);
  if (name === DEFAULT_SCHEMA)
    throw new Refusal(400, 'InvalidArgument', 'The schema default cannot be dropped.');
  await forgetSchema(core, name);
  return { status: 200 };
}

/** The name as it is known; refuses one that is not (404). */
export function known(core: Core, given: string): string {
  const name = given.toLowerCase();
  if (core.catalog.schemas.has(name)) return name;
  throw new Refusal(404, 'NoSuchObject', `ODPS-0130131:Schema not found - ${core.project}.${given}`);
}

function checkedName(name: string): string {
  if (/^[a-z]\w{0,127}$/i.test(name)) return name.toLowerCase();
  throw new Refusal(
    400,
    'InvalidArgument',
    `"${name}" is no name of a schema: a letter, then letters, digits, _.`,
  );
}

function schemaXml(core: Core, name: string): string {
  const { comment, createdAt } = core.catalog.schemas.get(name)!;
  const time = httpDate(createdAt);
  const names = { Name: name, Project: core.project, Owner: OWNER };
  // Java and PyODPS name the comment and the second time differently.
  const comments = { Comment: comment, Description: comment };
  const times = { CreateTime: time, ModifiedTime: time, ModifyTime: time };
  return `<Schema>${fields({ ...names, ...comments, Type: 'MANAGED', ...times })}</Schema>`;
}
