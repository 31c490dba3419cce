/** Parts of TO_CHAR's formats as DuckDB's strftime writes them. */
const PARTS: Record<string, string> = {
  yyyy: '%Y',
  mm: '%m',
  dd: '%d',
  hh24: '%H',
  hh: '%H',
  mi: '%M',
  ss: '%S',
  ff3: '%g',
  ff6: '%f',
};

/** `yyyymmdd hh:mi:ss` for strftime. */
export function timePattern(format: string): string {
  return format
    .replaceAll('%', '%%')
    .replace(/yyyy|mm|dd|hh24|hh|mi|ss|ff3|ff6/gi, (part) => PARTS[part.toLowerCase()]!);
}

const JAVA: Record<string, string> = {
  yyyy: '%Y',
  yy: '%y',
  MMMM: '%B',
  MMM: '%b',
  MM: '%m',
  dd: '%d',
  HH: '%H',
  hh: '%I',
  mm: '%M',
  ss: '%S',
  SSS: '%g',
  SSSSSS: '%f',
  EEEE: '%A',
  E: '%a',
  a: '%p',
};

/** `yyyy-MM-dd HH:mm:ss` for strftime; undefined when a part is none of its own. */
export function javaPattern(format: string): string | undefined {
  let known = !format.includes("'");
  const pattern = format.replaceAll('%', '%%').replace(/([A-Za-z])\1*/g, (part) => {
    known &&= part in JAVA;
    return JAVA[part] ?? part;
  });
  return known ? pattern : undefined;
}
