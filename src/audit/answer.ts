/** CSV of a query (protocol 3.6): a header line, texts in quotes, `\N` for NULL. Pure. */
export type Field = string | null;

const FIELD = /(?:"((?:[^"]|"")*)"|([^,"\n]*))(,|\n|$)/gy;

/** Rows without the header. */
export function parseAnswer(csv: string): Field[][] {
  const rows: Field[][] = [];
  let row: Field[] = [];
  for (const { 1: quoted, 2: plain = '', 3: end, index } of csv.matchAll(FIELD)) {
    if (index === csv.length) break;
    const text = quoted?.replaceAll('""', '"') ?? plain;
    row.push(quoted === undefined && (plain === '\\N' || plain === '') ? null : text);
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows.slice(1);
}

/** Throws a SyntaxError for what is no whole number: an answer that is not understood must not look like a clean one. */
export function numberOf(field: Field | undefined): number {
  if (field == null || !/^-?\d+$/.test(field))
    throw new SyntaxError(`expected a number in the answer of a query, received ${JSON.stringify(field)}`);
  return Number(field);
}
