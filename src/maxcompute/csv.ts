/** CSV of a query (protocol 3.6): a header line, texts in quotes, `\N` for NULL. Pure. */
export type Field = string | null;

/** Rows without the header. Fields may be megabytes long. */
export function parseCsv(csv: string): Field[][] {
  const rows: Field[][] = [];
  let row: Field[] = [];
  for (let at = 0; at < csv.length; ) {
    const { field, end } = csv[at] === '"' ? quoted(csv, at) : plain(csv, at);
    row.push(field);
    at = end + 1;
    if (csv[end] === ',') {
      if (at === csv.length) row.push(null);
      else continue;
    }
    rows.push(row);
    row = [];
  }
  return rows.slice(1);
}

/** `end`: of the comma or line feed behind it, or of the text. */
function quoted(csv: string, start: number): { field: Field; end: number } {
  let end = csv.indexOf('"', start + 1);
  while (end >= 0 && csv[end + 1] === '"') end = csv.indexOf('"', end + 2);
  if (end < 0) end = csv.length;
  return { field: csv.slice(start + 1, end).replaceAll('""', '"'), end: end + 1 };
}

function plain(csv: string, start: number): { field: Field; end: number } {
  let end = start;
  while (end < csv.length && csv[end] !== ',' && csv[end] !== '\n') end++;
  const text = csv.slice(start, end);
  return { field: text === '\\N' || text === '' ? null : text, end };
}
