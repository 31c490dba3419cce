import { bodyText, type Call, type Core } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import { OWNER } from '../model/catalog.ts';
import { element, elementText, fields } from '../xml.ts';
import { notImplemented, ownership, page, text, xml } from './answers.ts';

/** `GET /projects?expectmarker=true[&name=prefix][&owner=]`: the one project. */
export function listProjects(core: Core, call: Call): Reply {
  const matches =
    core.project.toLowerCase().startsWith((call.query.get('name') ?? '').toLowerCase()) &&
    (call.query.get('owner') ?? OWNER) === OWNER;
  const names = matches ? [core.project] : [];
  return page(
    call,
    'Projects',
    names,
    { keyOf: (name) => name },
    () => `<Project>${summary(core)}</Project>`,
  );
}

/**
 * `GET /projects/P`, with `properties=all` the same (requests 3); `extended` adds what the rows take;
 * `policy` and `security_configuration` ask for parts that are empty here.
 */
export function getProject(core: Core, call: Call): Reply {
  const { query } = call;
  if (query.has('policy') || query.has('security_policy')) return text('');
  if (query.has('security_configuration') || query.has('security_configuration_without_exception_policy'))
    return securityConfiguration();
  const extended = query.has('extended') ? properties('ExtendedProperties', sizes(core)) : '';
  const body = `${summary(core)}${properties('Properties', settings(core))}${extended}`;
  const created = core.catalog.createdAt();
  return xml(`<Project>${body}</Project>`, ownership(created, created));
}

function properties(tag: string, values: Readonly<Record<string, string>>): string {
  const list = Object.entries(values).map(
    ([name, value]) => `<Property>${fields({ Name: name, Value: value })}</Property>`,
  );
  return `<${tag}>${list.join('')}</${tag}>`;
}

/** Bytes by storage tier, as PyODPS knows them; there is one tier here. */
function sizes(core: Core): Record<string, string> {
  const bytes = core.catalog.list().reduce((sum, table) => sum + table.bytes, 0);
  return {
    chargableAliveDataSize: String(bytes),
    chargableLowFreqStorageSize: '0',
    chargableLongTermStorageSize: '0',
  };
}

/** `PUT /projects/P`: nothing of the project can be changed. */
export function changeProject(): never {
  throw notImplemented('Changing a project');
}

const summary = (core: Core): string =>
  fields({
    Name: core.project,
    Type: 'managed',
    Comment: '',
    Owner: OWNER,
    State: 'AVAILABLE',
    Region: 'local',
    TenantId: 'local',
    DefaultQuotaNickname: 'default',
  });

/** Both clients decide by the first whether names have three parts. */
const settings = (core: Core): Record<string, string> => ({
  'odps.schema.model.enabled': String(core.threeLayers),
  'odps.sql.timezone': core.timeZone,
  'odps.sql.type.system.odps2': 'true',
  'odps.sql.decimal.odps2': 'true',
});

function securityConfiguration(): Reply {
  const flags = fields({
    CheckPermissionUsingAcl: 'true',
    CheckPermissionUsingPolicy: 'true',
    ObjectCreatorHasAccessPermission: 'true',
    LabelSecurity: 'false',
    ProjectProtection: 'false',
    ObjectCreatorHasGrantPermission: 'false',
  });
  return xml(`<SecurityConfiguration>${flags}</SecurityConfiguration>`);
}

/** `GET /projects/P/tunnel?service[&quotaName=Q]`: host:port and nothing else (protocol 1.2). */
export const getTunnel = (_core: Core, call: Call): Reply => text(call.address);

/**
 * `POST /projects/P/authorization`: a bearer token (`?sign_bearer_token`), of which the policy means nothing
 * here, and the one security statement that has an answer without users and rights: who one is.
 */
export async function authorize(core: Core, call: Call): Promise<Reply> {
  const body = await bodyText(call);
  if (call.query.has('sign_bearer_token')) return authorization(core.tokens.issue(hoursOf(body)));
  const query = elementText(body, 'Query')?.trim().replace(/;$/, '') ?? '';
  if (!/^whoami$/i.test(query)) throw notImplemented(`The security statement "${query.slice(0, 100)}"`);
  // In JSON also to a client that does not ask for it, as Java's console commands expect.
  const who = { ID: 'local', DisplayName: OWNER, ProjectName: core.project };
  return authorization(JSON.stringify(who));
}

/** `{"policy": …, "expires_in_hours": n}`; a day when it does not say. */
function hoursOf(body: string): number {
  const hours = Number(/"expires_in_hours"\s*:\s*"?(\d{1,6})/.exec(body)?.[1] ?? 24);
  if (hours > 0) return hours;
  throw new Refusal(400, 'InvalidArgument', 'expires_in_hours has to be 1 or more.');
}

const authorization = (result: string): Reply =>
  xml(`<Authorization>${element('Result', result)}</Authorization>`);

const USER = `<User><ID>local</ID>${element('DisplayName', OWNER)}<Comment/></User>`;

/** `GET /projects/P/users[/U]`: the one account. */
export function getUsers(name: string | undefined, roles: boolean): Reply {
  if (name === undefined) return xml(`<Users>${USER}</Users>`);
  if (name !== 'local' && name !== OWNER)
    throw new Refusal(404, 'NoSuchObject', `The user ${name} does not exist.`);
  return roles ? xml('<Roles/>') : xml(USER);
}

/** `GET /projects/P/system`. */
export const getSystem = (core: Core): Reply => json({ project: core.project, local: true });
