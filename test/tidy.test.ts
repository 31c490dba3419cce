import { describe, expect, it } from 'vitest';
import { filesBelow, partOf, read, type SourceFile, sourceFiles } from './support/sources.ts';

/** Style as a test: what is said about the layout in ARCHITECTURE.md holds, or this fails. */
const FILES = sourceFiles();

const names = (files: readonly SourceFile[]): string[] => files.map(({ name }) => name);

/** `file: what` for each file whose text, read by `find`, has something that is not allowed. */
const offences = (find: (file: SourceFile) => readonly string[]): string[] =>
  FILES.flatMap((file) => find(file).map((what) => `${file.name}: ${what}`));

/** What each part may import of the others; `types` besides for `import type`. */
const DIRECTIONS: Record<string, { readonly code: readonly string[]; readonly types: readonly string[] }> = {
  source: {
    code: ['errors.ts', 'limits.ts', 'clock.ts', 'seldom.ts'],
    types: ['budget.ts', 'log.ts'],
  },
  decode: { code: ['errors.ts', 'limits.ts', 'retry.ts', 'regex.ts'], types: ['clock.ts'] },
  mapping: { code: ['decode', 'source', 'errors.ts', 'limits.ts', 'regex.ts'], types: ['encode'] },
  encode: { code: ['decode', 'mapping', 'source', 'errors.ts', 'limits.ts'], types: [] },
  // Could be published alone.
  maxcompute: { code: ['errors.ts', 'retry.ts', 'limits.ts'], types: ['clock.ts'] },
  sink: {
    code: ['source', 'encode', 'ledger', 'errors.ts', 'limits.ts', 'retry.ts'],
    types: ['clock.ts', 'budget.ts', 'deadletter', 'decode', 'log.ts'],
  },
  // The protocol: pure but for its ports.
  ledger: { code: ['source', 'errors.ts', 'limits.ts'], types: ['clock.ts', 'log.ts'] },
  deadletter: {
    code: ['source', 'maxcompute', 'errors.ts', 'limits.ts', 'retry.ts', 'seldom.ts'],
    types: ['clock.ts', 'encode', 'log.ts'],
  },
  terminal: { code: [], types: [] },
  ops: { code: ['mapping', 'errors.ts', 'limits.ts'], types: ['log.ts'] },
  check: {
    code: [
      ...[
        'config',
        'source',
        'decode',
        'mapping',
        'encode',
        'maxcompute',
        'deadletter',
        'terminal',
        'plan.ts',
        'tunnel.ts',
        'letter-table.ts',
      ],
      ...['connections.ts', 'errors.ts', 'limits.ts', 'clock.ts', 'version.ts'],
    ],
    types: [],
  },
  audit: {
    code: [
      ...['config', 'source', 'mapping', 'maxcompute', 'deadletter', 'replay', 'terminal'],
      ...['connections.ts', 'plan.ts'],
      ...['errors.ts', 'clock.ts', 'version.ts', 'preview', 'ops', 'log.ts'],
    ],
    types: [],
  },
  replay: {
    code: [
      ...['config', 'deadletter', 'encode', 'maxcompute', 'ops', 'sink', 'source', 'terminal'],
      ...['budget.ts', 'connections.ts', 'errors.ts', 'limits.ts', 'plan.ts', 'sessions.ts', 'tunnel.ts'],
    ],
    types: ['decode', 'ledger', 'clock.ts', 'log.ts'],
  },
  trail: { code: ['limits.ts', 'seldom.ts'], types: ['ledger', 'sink', 'source', 'clock.ts', 'log.ts'] },
  // Sources and patterns are checked where they are written, by the parsers that will read them.
  config: {
    code: ['errors.ts', 'limits.ts', 'deadletter', 'decode', 'mapping', 'regex.ts'],
    types: [],
  },
  preview: {
    code: [
      ...['source', 'decode', 'mapping', 'encode', 'maxcompute', 'sink', 'ops', 'terminal'],
      ...['errors.ts', 'limits.ts'],
      ...['budget.ts', 'connections.ts', 'plan.ts', 'table.ts'],
    ],
    types: ['config', 'deadletter', 'clock.ts', 'log.ts'],
  },
  resolve: {
    code: [
      ...['config', 'ledger', 'mapping', 'maxcompute', 'source', 'terminal'],
      ...[
        'connections.ts',
        'plan.ts',
        'provenance.ts',
        'sessions.ts',
        'errors.ts',
        'limits.ts',
        'clock.ts',
        'log.ts',
        'version.ts',
      ],
    ],
    types: [],
  },
  // Shares no code with the client: a shared mistake would agree with itself.
  emulator: { code: [], types: [] },
};
/**
 * The same inside the local MaxCompute, from the formats at the bottom to the page on top. The store knows nothing of
 * SQL, SQL nothing of calls; files that are not listed put the parts together, and nothing that is imports them.
 */
const EMULATOR_DIRECTIONS: typeof DIRECTIONS = {
  'xml.ts': { code: [], types: [] },
  'errors.ts': { code: ['xml.ts'], types: [] },
  'lanes.ts': { code: [], types: [] },
  'order.ts': { code: [], types: [] },
  'sleep.ts': { code: [], types: [] },
  'times.ts': { code: [], types: [] },
  'tokens.ts': { code: [], types: [] },
  'request-body.ts': { code: ['errors.ts'], types: [] },
  model: { code: ['errors.ts', 'order.ts', 'times.ts'], types: [] },
  record: { code: ['errors.ts', 'model'], types: [] },
  arrow: { code: ['errors.ts', 'model', 'record'], types: [] },
  // A checksum of the record format is the one of snappy.
  compress: { code: ['errors.ts', 'record'], types: [] },
  store: { code: ['errors.ts', 'lanes.ts', 'model', 'record'], types: [] },
  'core.ts': {
    code: ['errors.ts', 'model', 'request-body.ts'],
    types: ['control', 'lanes.ts', 'sql', 'store', 'tokens.ts', 'tunnel'],
  },
  sql: { code: ['errors.ts', 'model', 'store', 'xml.ts'], types: ['core.ts', 'record'] },
  tunnel: {
    code: [
      'arrow',
      'compress',
      'core.ts',
      'errors.ts',
      'model',
      'record',
      'sleep.ts',
      'sql',
      'store',
      'times.ts',
    ],
    types: ['control'],
  },
  service: {
    code: ['core.ts', 'errors.ts', 'model', 'order.ts', 'sql', 'times.ts', 'tunnel', 'xml.ts'],
    types: ['control'],
  },
  control: { code: ['errors.ts', 'model', 'request-body.ts', 'sleep.ts', 'tunnel'], types: ['core.ts'] },
  page: {
    code: ['control', 'errors.ts', 'model', 'order.ts', 'sql'],
    types: ['auth.ts', 'core.ts'],
  },
};
/**
 * The same inside the decoders, from the cells that come out to the formats that fill them; no format knows another,
 * but that a JSON Schema and the envelope of Connect say what JSON means.
 */
const DECODE_DIRECTIONS: typeof DIRECTIONS = {
  cell: { code: [], types: [] },
  path: { code: ['cell'], types: [] },
  'format.ts': { code: [], types: ['csv', 'schema'] },
  'decoder.ts': { code: [], types: ['cell', 'format.ts', 'path', 'schema'] },
  'wrap.ts': { code: [], types: ['decoder.ts'] },
  'whole.ts': { code: ['encoding'], types: ['format.ts'] },
  schema: { code: [], types: ['cell', 'decoder.ts'] },
  encoding: { code: ['cell', 'wrap.ts'], types: ['decoder.ts'] },
  compression: { code: ['wrap.ts'], types: ['cell', 'decoder.ts', 'format.ts'] },
  scalar: { code: ['cell', 'encoding'], types: ['decoder.ts', 'path'] },
  csv: { code: ['cell', 'encoding', 'path'], types: ['decoder.ts'] },
  json: { code: ['cell', 'encoding', 'path'], types: ['decoder.ts'] },
  jsonschema: { code: ['cell', 'json', 'schema'], types: ['decoder.ts'] },
  avro: { code: ['cell', 'encoding', 'path', 'schema'], types: ['decoder.ts'] },
  protobuf: { code: ['cell', 'encoding', 'path', 'schema'], types: ['decoder.ts'] },
  envelope: { code: ['cell', 'encoding', 'json', 'path'], types: ['decoder.ts'] },
};
/** The same inside the source: from the client library over the group's membership to the loop on top. */
const SOURCE_DIRECTIONS: typeof DIRECTIONS = {
  'source.ts': { code: [], types: [] },
  client: { code: [], types: [] },
  topics: { code: ['client'], types: [] },
  membership: { code: ['client', 'source.ts'], types: ['topics'] },
  chunk: { code: [], types: ['client', 'membership', 'source.ts'] },
  lag: { code: ['client', 'membership', 'source.ts'], types: ['topics'] },
  read: { code: ['client', 'membership', 'source.ts', 'topics'], types: [] },
  admin: { code: ['client', 'read', 'source.ts'], types: [] },
  producer: { code: ['admin', 'client'], types: [] },
};
/** What every other file may import: they put the parts together. */
const ANYTHING = /^(?!check|cli|demo|emulator)/;
const TOP = { cli: /^/, 'cli.ts': /^/, demo: /^(?!emulator|cli|main)/ } as Record<string, RegExp>;

describe('import directions', () => {
  it('each part imports only what it may', () => {
    const wrong = offences(({ name, imports }) => {
      const from = partOf(name);
      const rule = DIRECTIONS[from];
      const allowed = (target: string, typeOnly: boolean): boolean => {
        const to = partOf(target);
        if (to === from) return true;
        if (!rule) return (TOP[from] ?? ANYTHING).test(target);
        return rule.code.includes(to) || (typeOnly && rule.types.includes(to));
      };
      return imports
        .filter(({ target, typeOnly }) => target !== null && !allowed(target, typeOnly))
        .map(({ specifier, typeOnly }) => `may not import ${typeOnly ? 'types of ' : ''}${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  it.each([
    ['emulator', EMULATOR_DIRECTIONS],
    ['decode', DECODE_DIRECTIONS],
    ['source', SOURCE_DIRECTIONS],
  ])('each part inside %s imports only what it may', (folder, directions) => {
    const inside = (name: string): string => partOf(name.slice(folder.length + 1));
    const wrong = offences(({ name, imports }) => {
      const rule = name.startsWith(`${folder}/`) ? directions[inside(name)] : undefined;
      const allowed = (to: string, typeOnly: boolean): boolean =>
        !rule || to === inside(name) || rule.code.includes(to) || (typeOnly && rule.types.includes(to));
      return imports
        .filter(({ target }) => target?.startsWith(`${folder}/`))
        .filter(({ target, typeOnly }) => !allowed(inside(target!), typeOnly))
        .map(({ specifier }) => `may not import ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  it('no part may import what it does not need', () => {
    const needless = (rules: typeof DIRECTIONS, inside: (name: string) => string | null): string[] =>
      Object.entries(rules).flatMap(([from, { code, types }]) => {
        const imported = FILES.filter(({ name }) => inside(name) === from).flatMap(({ imports }) => imports);
        const needed = (to: string, typeOnly: boolean): boolean =>
          imported.some((one) => one.target && inside(one.target) === to && (typeOnly || !one.typeOnly));
        return [
          ...code.filter((to) => !needed(to, false)).map((to) => `${from}: ${to}`),
          ...types.filter((to) => !needed(to, true)).map((to) => `${from}: types of ${to}`),
        ];
      });
    const within = (folder: string) => (name: string) =>
      name.startsWith(`${folder}/`) ? partOf(name.slice(folder.length + 1)) : null;
    expect(needless(DIRECTIONS, partOf)).toEqual([]);
    expect(needless(EMULATOR_DIRECTIONS, within('emulator'))).toEqual([]);
    expect(needless(DECODE_DIRECTIONS, within('decode'))).toEqual([]);
    expect(needless(SOURCE_DIRECTIONS, within('source'))).toEqual([]);
  });

  it('each outside package has one importer', () => {
    const packages: Record<string, readonly string[]> = {
      '@confluentinc/kafka-javascript': ['source/client/client.ts', 'demo/cluster.ts'],
      '@duckdb/node-api': ['emulator/store/duckdb.ts'],
      '@marcbachmann/cel-js': ['mapping/expr/cel.ts'],
      '@hono/node-server': ['ops/server.ts'],
      '@kafkajs/confluent-schema-registry': ['decode/schema/registry-calls.ts'],
      ajv: ['decode/jsonschema/validate.ts'],
      avsc: ['decode/avro/opinion.ts'],
      commander: ['cli/program.ts'],
      fzstd: ['emulator/compress/zstd-portable.ts'],
      hono: ['ops/server.ts'],
      'p-limit': ['sink/upload.ts'],
      pino: ['log.ts'],
      piscina: ['encode/pool.ts'],
      'prom-client': ['ops/metrics.ts'],
      re2js: ['regex.ts'],
      undici: ['maxcompute/http.ts'],
      yaml: ['config/document.ts'],
      zod: names(FILES).filter((name) => name.startsWith('config/')),
    };
    const packageOf = (specifier: string): string =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
    const wrong = offences(({ name, imports }) =>
      imports
        .filter(({ specifier, target }) => target === null && !specifier.startsWith('node:'))
        .map(({ specifier }) => packageOf(specifier))
        .filter((wanted) => !packages[wanted]?.includes(name))
        .map((wanted) => `imports ${wanted}`),
    );
    expect(wrong).toEqual([]);
    expect(Object.keys(packages).sort()).toEqual(dependencies());
  });

  it('loads DuckDB, an optional dependency, only when it is needed', () => {
    const file = FILES.find(({ name }) => name === 'emulator/store/duckdb.ts')!;
    expect(file.text).toContain("await import('@duckdb/node-api')");
    expect(
      file.imports.filter(({ specifier, typeOnly }) => specifier === '@duckdb/node-api' && !typeOnly),
    ).toHaveLength(1);
  });

  it('reaches every file from an entry point', () => {
    const reached = new Set<string>();
    const visit = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const { target } of FILES.find((file) => file.name === name)?.imports ?? [])
        if (target) visit(target);
    };
    for (const entry of ENTRIES) visit(entry);
    expect(names(FILES).filter((name) => !reached.has(name))).toEqual([]);
    expect(ENTRIES.filter((entry) => !names(FILES).includes(entry))).toEqual([]);
  });
});

/** Files that a process or a thread starts with; the last writes the JSON Schema for editors. */
const ENTRIES = [
  'cli.ts',
  'encode/worker.ts',
  'source/admin/group-process.ts',
  'demo/cluster-process.ts',
  'demo/producer-process.ts',
  'demo/end-with-parent.ts',
  'config/json-schema.ts',
];

function dependencies(): string[] {
  const { dependencies: always, optionalDependencies: optional } = JSON.parse(read('package.json'));
  return Object.keys({ ...always, ...optional }).sort();
}

/** decode, mapping and encode run in worker threads, except these files of the main thread. */
const MAIN_SIDE = [
  'decode/avro/opinion.ts',
  'decode/schema/registry.ts',
  'decode/schema/registry-calls.ts',
  'encode/pool.ts',
  'encode/watchdog.ts',
  'encode/cpu.ts',
];
/** The one importer of the pool's library also gives the worker the library's way to move its result. */
const MOVES_RESULTS = 'encode/worker.ts';
/** A thread measures its own CPU time; the rows do not depend on it. */
const MEASURES_ITSELF = 'encode/thread-cpu.ts';
const WORKER_SIDE = FILES.filter(
  ({ name }) => /^(decode|mapping|encode)\//.test(name) && ![...MAIN_SIDE, MEASURES_ITSELF].includes(name),
);

describe('purity', () => {
  const found = (files: readonly SourceFile[], pattern: RegExp): string[] =>
    files.flatMap(({ name, code }) => (code.match(pattern) ?? []).map((what) => `${name}: ${what}`));

  it('the worker side has no clock, no chance, no environment, no log and waits for nothing', () => {
    const impure =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\b|\bprocess\.|\bconsole\.|\bawait\b|\basync\b(?!:)|\bset(?:Timeout|Interval|Immediate)\b|\bfetch\(/g;
    expect(found(WORKER_SIDE, impure)).toEqual([]);
  });

  it('the worker side uses no input or output, and nothing of the main side', () => {
    // `node:module`: a library that few need is loaded by the first who does.
    const builtins = ['node:buffer', 'node:crypto', 'node:module', 'node:zlib', 'node:worker_threads'];
    const wrong = WORKER_SIDE.flatMap(({ name, imports }) =>
      imports
        .filter(({ specifier, target, typeOnly }) =>
          target === null
            ? specifier.startsWith('node:') && !builtins.includes(specifier)
            : !typeOnly && MAIN_SIDE.includes(target) && name !== MOVES_RESULTS,
        )
        .map(({ specifier }) => `${name}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  /** The local MaxCompute and the demo are processes of their own, with clocks of their own. */
  const service = FILES.filter(({ name }) => !/^(emulator|demo)\//.test(name));

  it('the wall clock is read in one place, and chance has one', () => {
    expect(found(service, /\bDate\.now\b|\bnew Date\(\)/g)).toEqual(['clock.ts: Date.now']);
    expect(found(service, /\bMath\.random\b/g)).toEqual(['retry.ts: Math.random']);
  });

  it('only the configuration reads the environment, handed over by the commands', () => {
    const commands = ['run', 'check', 'preview', 'audit', 'resolve', 'deadletters'].map(
      (name) => `cli/${name}.ts`,
    );
    const readers = service.filter(({ name }) => partOf(name) !== 'config' && !commands.includes(name));
    expect(found(readers, /\bprocess\.env\b/g)).toEqual([]);
  });
});

/** Lines of a file and of a function. An exception needs a reason, and goes when it is no longer needed. */
const FILE_LINES = 300;
const FUNCTION_LINES = 60;
const LONGER: Record<string, { readonly lines: number; readonly why: string }> = {};

describe('size', () => {
  const linesOf = (text: string): number => text.trimEnd().split('\n').length;

  it(`no file is longer than ${FILE_LINES} lines without a reason`, () => {
    const long = FILES.filter(({ name, text }) => linesOf(text) > (LONGER[name]?.lines ?? FILE_LINES));
    expect(long.map(({ name, text }) => `${name}: ${linesOf(text)} lines`)).toEqual([]);
    const needless = Object.keys(LONGER).filter((name) =>
      FILES.every((file) => file.name !== name || linesOf(file.text) <= FILE_LINES),
    );
    expect(needless, 'exceptions that are no longer needed').toEqual([]);
  });

  it(`no function is longer than ${FUNCTION_LINES} lines`, () => {
    expect(offences(({ text }) => longFunctions(text.split('\n')))).toEqual([]);
  });
});

const STARTS = /\bfunction\b.*\{$|=> \{$|^\s*(?:async )?[\w$]+\(.*\).*\{$/;
const NO_FUNCTION = /^\s*(?:\} )?(?:if|for|while|switch|else|catch)\b/;

/** Line numbers of each function, by the formatter's indentation: it ends at the first closing line of its own depth. */
function functionsIn(lines: readonly string[]): { start: number; end: number }[] {
  return lines.flatMap((line, start) => {
    if (!STARTS.test(line) || NO_FUNCTION.test(line)) return [];
    const indent = /^\s*/.exec(line)![0];
    const length = lines.slice(start + 1).findIndex((next) => next.startsWith(`${indent}}`));
    return [{ start, end: start + 1 + length }];
  });
}

/** A function that holds others in a closure counts without them. */
function longFunctions(lines: readonly string[]): string[] {
  const functions = functionsIn(lines);
  return functions.flatMap(({ start, end }) => {
    const inner = functions.filter((other) => other.start > start && other.end < end);
    const own = lines
      .slice(start, end + 1)
      .filter((_, index) => !inner.some((one) => start + index >= one.start && start + index <= one.end));
    return own.length > FUNCTION_LINES ? [`line ${start + 1}: ${own.length} lines`] : [];
  });
}

describe('vocabulary', () => {
  const SHIPPED = ['src', 'test', 'scripts'].flatMap((folder) => [
    ...filesBelow(folder, '.ts'),
    ...filesBelow(folder, '.mjs'),
    ...filesBelow(folder, '.sh'),
  ]);
  const DOCS = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'docs/runbook.md'];
  const OTHERS = ['Makefile', '.ci/run', 'package.json', ...filesBelow('config', '.yaml')];
  const own = 'test/tidy.test.ts';
  const hits = (files: readonly string[], pattern: RegExp): string[] =>
    files
      .filter((file) => file !== own)
      .flatMap((file) => (read(file).match(pattern) ?? []).map((what) => `${file}: ${what}`));

  it('has no drawer for odds and ends', () => {
    const drawers = /(?:^|\/)(?:utils?|helpers?|misc|common)(?:\/|\.ts$|\.mjs$)/;
    expect(SHIPPED.filter((file) => drawers.test(file))).toEqual([]);
    expect(hits(SHIPPED, /\bUtils\b|\butils\b/g)).toEqual([]);
  });

  it('leaves nothing to do', () => {
    expect(hits([...SHIPPED, ...DOCS, ...OTHERS], /\bTODO\b|\bFIXME\b|\bHACK\b/g)).toEqual([]);
    expect(
      hits(
        SHIPPED.filter((file) => file.endsWith('.test.ts')),
        /\b(?:it|describe|test)\.(?:skip|todo|only)\b/g,
      ),
    ).toEqual([]);
  });

  it("names no folder of somebody's machine", () => {
    expect(
      hits([...SHIPPED, ...DOCS, ...OTHERS], /(?<![\w.])\/(?:work|root|home)\/\w+|["'`\s]\/tmp\/\w+/g),
    ).toEqual([]);
  });

  it('is strictly typed', () => {
    expect(
      FILES.filter(({ code }) => /\bas any\b|: any\b(?!['\w])|<any[,>]|\bany\[\]/.test(code)).map(
        ({ name }) => name,
      ),
    ).toEqual([]);
    expect(hits(SHIPPED, /@ts-(?:ignore|nocheck)/g)).toEqual([]);
  });

  /** Names on somebody else's wire, and MaxCompute's own terms. */
  const PARTITION_NAMES = new Set([
    'partition', // Kafka's field beside topic, the tunnel's parameter
    'partitions', // the configuration key; Kafka's and MaxCompute's field
    'Partition',
    'Partitions', // MaxCompute's XML
    'PartitionSize',
    'partitionSize',
    'PartitionRecordCount',
    'partitionRecordNum',
    'num_partitions', // Kafka's admin call
    'create_partition', // the tunnel's parameter
    'partition_exists', // MaxCompute's function
    'kafka_partition', // a column of the demo
    'partitionKeys', // MaxCompute's table schema
    'partitionSpec',
    'PartitionSpec', // MaxCompute: the text dt=...,hr=...
    'partitionValue',
    'PartitionValue', // MaxCompute: the value of one partition column
    'bad_partition_value',
    'partitionOptions', // options of the configuration key
    'partitioned',
    'partitioner',
    'partitioning',
  ]);

  it('says topic partition or table partition in names', () => {
    const wrong = offences(({ code }) =>
      (code.match(/[\w$]*[pP]artition[\w$]*/g) ?? []).filter(
        (name) => !/(?:topic|table)_?partition/i.test(name) && !PARTITION_NAMES.has(name),
      ),
    );
    expect(wrong).toEqual([]);
    const declared = offences(
      ({ code }) => code.match(/\b(?:const|let|var|function|class|interface|type) partition\b/g) ?? [],
    );
    expect(declared).toEqual([]);
  });

  it('says topic partition or table partition in prose', () => {
    const bare = /(?<!(?:topic|table)(?:'s)?[ -])\bpartitions?\b(?! (?:keys?|columns?|values?)\b)/gi;
    // "map, type, partition or size": the stage of a rejection is called so.
    const prose = (text: string): string[] =>
      [
        ...text
          .replace(/```[\s\S]*?```|`[^`\n]*`|<!--[\s\S]*?-->/g, ' ')
          .replace(/type, partition or size/, '')
          .replace(/\s+/g, ' ')
          .matchAll(bare),
      ].map(({ 0: word, index, input }) => `…${input.slice(Math.max(0, index - 30), index)}${word}…`);
    expect(offences(({ comments }) => comments.flatMap(prose))).toEqual([]);
    // README's reference of keys comes from the code, where the same words name the key `partitions`.
    const written = DOCS.flatMap((file) =>
      prose(
        read(file)
          .replace(/<!-- configuration -->[\s\S]*?<!-- \/configuration -->/, '')
          .replace(/"partition" alone/, ''),
      ).map((hit) => `${file}: ${hit}`),
    );
    expect(written).toEqual([]);
  });
});
