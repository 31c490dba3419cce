import { StatementError } from '../errors.ts';
import type { TableName } from '../model/catalog.ts';

/** Texts of failed statements by the service's published codes; `at` is `line,column`. */

export const semantic = (at: string, text: string): StatementError =>
  new StatementError(`ODPS-0130071:[${at}] Semantic analysis exception - ${text}`);

export const illegalType = (at: string, text: string): StatementError =>
  new StatementError(`ODPS-0130151:[${at}] Illegal data type - ${text}`);

export const invalidColumn = (at: string, text: string): StatementError =>
  new StatementError(`ODPS-0130191:[${at}] Invalid column or partition key - ${text}`);

export const illegalCast = (at: string, from: string, to: string): StatementError =>
  new StatementError(`ODPS-0130141:[${at}] Illegal implicit type cast - cannot cast from ${from} to ${to}`);

/** Something that MaxCompute has and this has not. */
export const unsupported = (at: string, what: string): StatementError =>
  semantic(at, `${what} is not supported by this local MaxCompute`);

export const tableNotFound = (at: string, full: string): StatementError =>
  new StatementError(`ODPS-0130131:[${at}] Table not found - table ${full} cannot be resolved`);

export const viewNotFound = (at: string, full: string): StatementError =>
  new StatementError(`ODPS-0130201:[${at}] View not found - view ${full} cannot be resolved`);

export const alreadyExists = (at: string, full: string): StatementError =>
  new StatementError(
    `ODPS-0130211:[${at}] Table or view already exists - table or view ${full} already exists`,
  );

/** A statement that was understood and that the catalogue refuses. */
export const ddlFailed = (text: string): StatementError =>
  new StatementError(`ODPS-0110061: Failed to run ddltask - ${text}`);

export const noSuchTablePartition = (spec: string): StatementError =>
  ddlFailed(`NoSuchObjectException(message:Partition not found, ${spec})`);

export const wrongTablePartition = (text: string): StatementError =>
  new StatementError(`ODPS-0123031:Partition exception - ${text}`);

/** `project.table` or `project.schema.table`, as messages name it. */
export function fullName(project: string, { schema, name }: TableName): string {
  return `${project}.${schema === 'default' ? '' : `${schema}.`}${name.toLowerCase()}`;
}
