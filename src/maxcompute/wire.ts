/** Addresses, resources and common parameters of the calls (protocol 1.2 to 1.5). Pure. */
import { SinkError } from '../errors.ts';
import type { MaxComputeOptions } from './options.ts';

type Place = Pick<MaxComputeOptions, 'project' | 'schema'>;

/** `https://host/api/` as the origin and the prefix `/api`, which is sent but not signed. */
export function parseEndpoint(endpoint: string): { origin: string; prefix: string } {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new SinkError(
      'config_invalid',
      `the endpoint ${JSON.stringify(endpoint)} is not an http or https address`,
    );
  }
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') };
}

/** Percent-encoded path and query of a decoded resource; a space is `%20`, never `+`. */
export function encodeTarget(resource: string, query: Readonly<Record<string, string | null>>): string {
  const path = resource.split('/').map(encode).join('/');
  const pairs = Object.entries(query).map(([name, value]) =>
    value === null || value === '' ? encode(name) : `${encode(name)}=${encode(value)}`,
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Table resource of the tunnel: the schema is part of the path. */
export function tunnelTable({ project, schema }: Place, table: string): string {
  const schemaPath = schema === null ? '' : `/schemas/${schema}`;
  return `/projects/${project}${schemaPath}/tables/${table}`;
}

/** Table resource of the metadata service: the schema goes into `curr_schema`. */
export function serviceTable({ project }: Place, table: string): string {
  return `/projects/${project}/tables/${table}`;
}

/** Parameters of every service call. */
export function serviceQuery({ project, schema }: Place): Record<string, string> {
  return { curr_project: project, ...(schema === null ? {} : { curr_schema: schema }) };
}

/** Headers of every tunnel call; one trace id over the attempts of one operation. */
export function tunnelHeaders(traceId: string, attempt: number): Record<string, string> {
  return {
    'x-odps-tunnel-version': '6',
    'odps-tunnel-date-transform': 'v1',
    'odps-tunnel-sdk-support-schema-evolution': 'true',
    'odps-tunnel-retry-trace-id': traceId,
    'odps-tunnel-retry-index': String(attempt),
  };
}

/** The table's full name, for messages. */
export function tableName({ project, schema }: Place, table: string): string {
  return [project, schema, table].filter((part) => part !== null).join('.');
}

/** The table's full name in a statement. */
export function sqlTableName({ project, schema }: Place, table: string): string {
  return [project, schema, table]
    .filter((part) => part !== null)
    .map(quoteName)
    .join('.');
}

/** A name in a statement. */
export const quoteName = (name: string) => `\`${name.replaceAll('`', '``')}\``;
