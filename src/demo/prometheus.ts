export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of one metric in a Prometheus text; label values without escapes. */
export function samples(text: string, name: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith(name)) return [];
    const [, labels = '', value = ''] = /^(?:\{(.*)\})? (\S+)$/.exec(line.slice(name.length)) ?? [];
    return value === '' ? [] : [{ labels: parseLabels(labels), value: Number(value) }];
  });
}

export const total = (text: string, name: string): number =>
  samples(text, name).reduce((sum, { value }) => sum + value, 0);

const parseLabels = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
