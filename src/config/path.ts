import { isMap } from './leaf.ts';

/** Keys from the top of the configuration down; list entries by number. */
export type Path = readonly string[];

/** One text per path, for maps and sets. */
export const pathKey = (path: Path): string => path.join('\0');

/** A segment that is no plain word stands in quotes: `kafka.options."client.id"`. */
export const keyPath = (path: Path): string =>
  path.map((part) => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part))).join('.');

export function valueAt(data: unknown, path: Path): unknown {
  let value = data;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else value = isMap(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

/** A copy with the value at the path. What is no map above it stays, and is reported where maps are expected. */
export function withValue(data: unknown, path: Path, value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (data !== undefined && data !== null && !isMap(data)) return data;
  return { ...data, [name]: withValue(data?.[name], rest, value) };
}
