import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/cli/program.ts';
import { configKeys } from '../src/config/keys.ts';
import * as cells from '../src/decode/cell/cell.ts';
import { jsonTree } from '../src/decode/json/tree.ts';
import { ERRORS, REJECTIONS } from '../src/errors.ts';
import { createConverter } from '../src/mapping/convert/convert.ts';
import { parseColumnType } from '../src/mapping/parse-type.ts';
import { METRICS } from '../src/ops/metrics.ts';
import { createRowCollector } from '../src/preview/row-collector.ts';
import { ROOT } from './support/project.ts';
import { filesBelow, read } from './support/sources.ts';

/**
 * The pages name what the code has, and nothing else. A name counts as written when it stands in back-quotes;
 * the reference tables stand between `<!-- NAME -->` and `<!-- /NAME -->` (`node scripts/reference.mjs` writes them).
 */
const README = read('README.md');
const ARCHITECTURE = read('ARCHITECTURE.md');
const PAGES: Record<string, string> = Object.fromEntries(
  ['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', ...filesBelow('docs', '.md')].map((name) => [
    name,
    read(name),
  ]),
);

const quoted = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/(`+)(.+?)\1/g)].map(([, , inside]) => inside!.trim());

/** The rows of a reference table, header left out. */
function rowsOf(page: string, name: string): string[] {
  const section = new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(PAGES[page]!)?.[1];
  if (section === undefined) throw new Error(`${page} lacks <!-- ${name} --> ... <!-- /${name} -->`);
  return section.split('\n').filter((line) => line.startsWith('| `'));
}

/** What only one side has; both empty when the page and the code agree. */
const difference = (written: readonly string[], real: readonly string[]) => ({
  'in the code, not in the docs': real.filter((name) => !written.includes(name)),
  'in the docs, not in the code': written.filter((name) => !real.includes(name)),
});
const AGREE = { 'in the code, not in the docs': [], 'in the docs, not in the code': [] };

const metricNames = Object.values(METRICS).map(({ name }) => name);
const keys = configKeys().map(({ key }) => key);

describe('the reference tables', () => {
  it.each([
    ['docs/errors.md', 'errors', Object.keys(ERRORS)],
    ['docs/errors.md', 'rejections', Object.keys(REJECTIONS)],
    ['docs/metrics.md', 'metrics', metricNames],
    ['docs/configuration.md', 'configuration', keys],
  ])('%s: %s', (page, section, real) => {
    const written = rowsOf(page, section).map((row) => quoted(row)[0]!);
    expect(difference(written, real)).toEqual(AGREE);
    expect(written, 'each name once').toHaveLength(new Set(written).size);
  });

  it('say of each error how the process ends and what to do', () => {
    const stale = Object.entries(ERRORS).filter(([code, { exit, hint }]) => {
      const row = rowsOf('docs/errors.md', 'errors').find((line) => line.startsWith(`| \`${code}\` |`)) ?? '';
      return !row.includes(`| ${exit} |`) || !row.includes(hint);
    });
    expect(stale.map(([code]) => code)).toEqual([]);
  });

  it('say of each key what its default is', () => {
    const stale = configKeys().filter((key) => {
      const rows = rowsOf('docs/configuration.md', 'configuration');
      const row = rows.find((line) => line.startsWith(`| \`${key.key}\` |`)) ?? '';
      return key.default !== null && !row.includes(`\`${key.default}\``);
    });
    expect(stale.map(({ key }) => key)).toEqual([]);
  });
});

describe('docs/types.md', () => {
  it('has the tables that the converters give', async () => {
    const script = new URL('../scripts/types-table.mjs', import.meta.url).href;
    const { typesTables } = (await import(script)) as {
      typesTables: (code: object) => Record<string, string[]>;
    };
    const tables = typesTables({ cells, createConverter, createRowCollector, jsonTree, parseColumnType });
    for (const [name, lines] of Object.entries(tables))
      expect(PAGES['docs/types.md']).toContain(
        [`<!-- ${name} -->`, ...lines, `<!-- /${name} -->`].join('\n'),
      );
    expect(Object.keys(tables)).toHaveLength(3);
  });
});

describe('commands', () => {
  const { commands } = createProgram(() => {});
  const written = quoted(README).filter((text) => /^maxsink [a-z]/.test(text));

  it('are those of the program', () => {
    const inReadme = [...new Set(written.map((text) => text.split(' ')[1]!))];
    expect(
      difference(
        inReadme,
        commands.map((command) => command.name()),
      ),
    ).toEqual(AGREE);
  });

  it.each(commands.map((command) => [command.name(), command] as const))(
    '%s has its options written',
    (name, command) => {
      const text = written.filter((line) => line.startsWith(`maxsink ${name}`)).join(' ');
      const inReadme = [...new Set(text.match(/(?<=[\s[])--?[a-z][a-z-]*/g))];
      const options = [command, ...command.commands].flatMap((one) => one.options);
      const real = options.map(({ long, short }) => (short && inReadme.includes(short) ? short : long!));
      expect(difference(inReadme, [...new Set(real)])).toEqual(AGREE);
    },
  );

  it('and make targets are those of the Makefile', () => {
    const targets = [...read('Makefile').matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, name]) => name!);
    const text = Object.values(PAGES).flatMap(quoted);
    const inDocs = new Set(
      text.flatMap((one) =>
        [...one.matchAll(/\bmake ((?:[a-z][a-z0-9-]*\s?)+)/g)].flatMap(([, names]) =>
          names!.trim().split(/\s/),
        ),
      ),
    );
    expect(
      difference(
        [...inDocs],
        targets.filter((name) => name !== 'help'),
      ),
    ).toEqual(AGREE);
  });
});

describe.each(Object.entries(PAGES))('%s', (_, text) => {
  const names = [...new Set(quoted(text))];

  it('names metrics that exist', () => {
    const mentioned = names.flatMap((name) => name.match(/\bmaxsink_[a-z_]+\b/g) ?? []);
    expect(
      mentioned.filter((name) => !metricNames.includes(name.replace(/_(?:bucket|sum|count)$/, ''))),
    ).toEqual([]);
  });

  it('names configuration keys that exist', () => {
    const sections = new Set(keys.filter((key) => key.includes('.')).map((key) => key.split('.')[0]!));
    const dotted = names.filter(
      (name) =>
        /^[a-z]\w*(?:\.[a-z]\w*)+(?::.*)?$/i.test(name) &&
        !name.endsWith('.ts') &&
        sections.has(name.split('.')[0]!),
    );
    const known = (name: string): boolean => keys.some((key) => key === name || key.startsWith(`${name}.`));
    expect(dotted.map((name) => name.replace(/:.*/, '')).filter((name) => !known(name))).toEqual([]);
  });

  it('names environment variables of keys that exist', () => {
    const variables = configKeys().map(({ variable }) => variable);
    const mentioned = names.filter(
      (name) => /^MAXSINK_[A-Z_]*[A-Z]$/.test(name) && name !== 'MAXSINK_COMPILE',
    );
    expect(mentioned.filter((name) => !variables.includes(name))).toEqual([]);
  });

  it('names codes that the code has', () => {
    const source = filesBelow('src', '.ts').map(read).join('\n');
    const codes = names.filter((name) => /^(?!(?:maxsink|process|nodejs)_)[a-z]+(?:_[a-z]+)+$/.test(name));
    expect(codes.filter((name) => !new RegExp(`\\b${name}\\b`).test(source))).toEqual([]);
  });

  it('names files that exist', () => {
    const isFile = /^(?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|sh|yaml|json|md)$/;
    const folder = /^(?:src|test|config|scripts|docs|deploy|\.ci)(?:\/[\w-]+)*\/$/;
    const files = names.filter((name) => (isFile.test(name) && name.includes('/')) || folder.test(name));
    const there = (name: string): boolean =>
      ['', 'src', 'docs'].some((base) => existsSync(path.join(ROOT, base, name)));
    expect(files.filter((name) => !there(name))).toEqual([]);
  });
});

describe('links', () => {
  /** The anchor that a heading gets where the pages are shown. */
  const anchors = (text: string): string[] =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    );

  it.each(Object.entries(PAGES))('of %s lead somewhere', (page, text) => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target]) => target!);
    const broken = targets.filter((target) => {
      const [file = '', anchor] = target.split('#');
      const name = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
      if (!existsSync(path.join(ROOT, name))) return true;
      return anchor !== undefined && !anchors(PAGES[name] ?? '').includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

describe('the file map of ARCHITECTURE', () => {
  it('has every folder of the sources', () => {
    const folders = [...new Set(filesBelow('src', '.ts').flatMap((file) => file.split('/').slice(1, -1)))];
    expect(folders.filter((name) => !ARCHITECTURE.includes(`${name}/`))).toEqual([]);
  });
});

describe('the holes of exactly once', () => {
  const named = [...PAGES['docs/exactly-once.md']!.matchAll(/^\| (H\d+) \|.*`(test\/[^`]+)`: "(.+?)" \|$/gm)];

  it.each(named.map(([, hole, file, name]) => [hole!, file!, name!]))(
    '%s has its test: %s',
    (_, file, name) => {
      expect(read(file)).toContain(name);
    },
  );

  it('are all answered, one of them by a limit', () => {
    expect(named.map(([, hole]) => hole)).toEqual(
      [...Array(16).keys()].map((i) => `H${i + 1}`).filter((h) => h !== 'H11'),
    );
  });
});
