import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parse, problems, SMALLEST } from './support.ts';

/** The smallest configuration with more in the sections kafka, maxcompute and table (two spaces) and at the end. */
const written = (more: { kafka?: string; maxcompute?: string; table?: string; top?: string }): string =>
  SMALLEST.replace('  topics: [orders]', `  topics: [orders]${more.kafka ? `\n  ${more.kafka}` : ''}`)
    .replace('  project: demo', `  project: demo${more.maxcompute ? `\n  ${more.maxcompute}` : ''}`)
    .concat(more.table ? `  ${more.table}\n` : '', more.top ? `${more.top}\n` : '');

const PEM = '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----';

describe('what comes later is refused as such', () => {
  it.each([
    [{ top: 'routes: []' }, /^13:1 routes: comes with a later version/],
    [{ maxcompute: 'region: {provider: x}' }, /region: expected/],
    [{ kafka: 'security: {mechanism: OAUTHBEARER}' }, /OAUTHBEARER comes with a later version/],
  ])('%j', (more, expected) => expect(problems(written(more)).join('\n')).toMatch(expected));

  it('credentials from a provider', () => {
    const text = SMALLEST.replace('accessKeyId: id', 'provider: ecs');
    expect(problems(text)).toContainEqual(
      expect.stringMatching(/credentials\.provider: comes with a later version/),
    );
  });

  it('an absent guarantee means exactly_once', () => expect(parse(SMALLEST).guarantee).toBe('exactly_once'));
});

describe('keys that must stand together', () => {
  it.each([
    [
      'topics and topicPattern',
      { kafka: 'topicPattern: ^a' },
      ['5:17 kafka.topicPattern: give either kafka.topics or kafka.topicPattern'],
    ],
    [
      'SASL',
      { kafka: 'security: {protocol: sasl_ssl, username: u}' },
      [
        '5:3 kafka.security.mechanism: protocol sasl_ssl needs it',
        '5:3 kafka.security.password: protocol sasl_ssl needs it',
      ],
    ],
    [
      'a password that is never used',
      { kafka: 'security: {password: p}' },
      [expect.stringMatching(/password: never used with protocol plaintext/)],
    ],
    [
      'a client certificate',
      { kafka: 'security: {protocol: ssl, certFile: /pem}' },
      ['5:3 kafka.security.keyFile: certFile needs it'],
    ],
    [
      'its key',
      { kafka: 'security: {protocol: ssl, keyFile: /pem}' },
      ['5:3 kafka.security.certFile: keyFile needs it'],
    ],
    [
      'avro',
      { top: 'decode: {key: {format: avro}}' },
      ['1:1 schemaRegistry: decode format avro needs it: give schemaRegistry.url, or decode.key.schemaFile'],
    ],
    [
      'a schema that is never used',
      { top: 'decode: {key: {format: text, schemaFile: /a.avsc}}' },
      ['13:42 decode.key.schemaFile: format text reads no schema: choose another format, or remove it'],
    ],
    [
      'an envelope and its formats',
      { top: 'decode: {value: {format: csv, envelope: debezium}}' },
      ['13:41 decode.value.envelope: debezium is written in json, jsonschema, avro, protobuf, not in csv'],
    ],
    [
      'canal and its format',
      { top: 'decode: {value: {format: text, envelope: canal}}' },
      [expect.stringMatching(/value\.envelope: canal is written in json, not in text/)],
    ],
    [
      'the characters of csv',
      { top: "decode: {value: {csv: {delimiter: '\"'}}, key: {csv: {quote: null, escape: x}}}" },
      [
        expect.stringMatching(/value\.csv\.delimiter: must differ from quote/),
        expect.stringMatching(/key\.csv\.escape: works between quotes only/),
      ],
    ],
    [
      'the names of csv fields',
      { top: 'decode: {value: {csv: {fields: [a, b, a], delimiter: "||"}}}' },
      [
        expect.stringMatching(/csv\.fields: a stands there twice/),
        expect.stringMatching(/csv\.delimiter: expected one character/),
      ],
    ],
    [
      'JSON Schema',
      { top: 'decode: {value: {format: jsonschema}}' },
      [
        '1:1 schemaRegistry: decode format jsonschema needs it: give schemaRegistry.url, or decode.value.schemaFile',
      ],
    ],
    [
      'an encoding and its formats',
      { top: 'decode: {value: {format: long, encoding: gbk}, key: {format: bytes, encoding: latin1}}' },
      [
        '13:42 decode.value.encoding: format long has its own encoding: remove it, or choose format json, csv or text',
        expect.stringMatching(/key\.encoding: format bytes has its own encoding/),
      ],
    ],
    [
      'validate and its format',
      { top: 'decode: {value: {validate: true}, key: {validate: true}}' },
      [
        '13:28 decode.value.validate: format json has no JSON Schema: remove it, or choose format jsonschema',
        expect.stringMatching(/key\.validate: format text has no JSON Schema/),
      ],
    ],
    [
      'connect and its format',
      { top: 'decode: {value: {format: text, envelope: connect}}' },
      [expect.stringMatching(/value\.envelope: connect is written in json, not in text/)],
    ],
    [
      'an encoding that nobody knows',
      { top: 'decode: {value: {encoding: gbk18}, key: {encoding: iso-2022-cn}}' },
      [
        expect.stringMatching(
          /value\.encoding: "gbk18" is no character encoding that can be decoded strictly/,
        ),
        expect.stringMatching(/key\.encoding: "iso-2022-cn" is no character encoding/),
      ],
    ],
    [
      'a compression that nobody knows',
      { top: 'decode: {value: {compression: lz4}}' },
      [expect.stringMatching(/value\.compression: expected none, gzip or zstd, received "lz4"/)],
    ],
    [
      'protobuf',
      { top: 'decode: {value: {format: protobuf}}' },
      [
        '1:1 schemaRegistry: decode format protobuf needs it: give schemaRegistry.url, or decode.value.schemaFile',
      ],
    ],
    [
      'a message of no schema file',
      {
        top: 'schemaRegistry: {url: http://r}\ndecode: {value: {format: protobuf, message: a.B}, key: {message: a.B}}',
      },
      [
        '14:45 decode.value.message: goes with a schemaFile: records with schema ids name their message themselves',
        '14:66 decode.key.message: goes with format protobuf',
      ],
    ],
    [
      'registry',
      { top: 'schemaRegistry: {url: http://r, username: u}' },
      ['13:1 schemaRegistry.password: username needs it'],
    ],
    [
      'two destinations of dead letters',
      { top: 'deadLetters: {file: f, topic: t}' },
      ['13:14 deadLetters: give one of file, topic, not more'],
    ],
    [
      'a table of dead letters that is the table of the rows',
      { top: 'deadLetters: {table: ODS_ORDERS}' },
      ['13:22 deadLetters.table: is the table of the rows: name another one'],
    ],
    [
      'a destination of dead letters that is read',
      { top: 'deadLetters: {topic: orders}' },
      ['13:22 deadLetters.topic: is read by this pipeline: name another topic'],
    ],
    [
      'late without partitions',
      { table: 'late: {to: {partition: {dt: late}}}' },
      ['13:26 table.late.to.partition: table.partitions is not given'],
    ],
    [
      'late with other partitions',
      { table: 'late: {to: {partition: {dt: late}}}\n  partitions: {dt: a, hr: b}' },
      ['13:26 table.late.to.partition: expected exactly dt, hr'],
    ],
    [
      'a future beyond absurd',
      { table: 'future: {after: 2d}' },
      [expect.stringMatching(/^13:19 table\.future\.after: has no effect beyond table\.absurd/)],
    ],
    [
      'time and from',
      { table: 'partitions: {dt: {time: a, from: b, format: HH}}' },
      [expect.stringMatching(/dt\.time: give either/), expect.stringMatching(/format: goes with time/)],
    ],
    [
      'time without format',
      { table: 'partitions: {dt: {time: a}}' },
      [expect.stringMatching(/dt\.format: expected a time pattern .* received nothing/)],
    ],
    ['neither', { table: 'partitions: {dt: {}}' }, [expect.stringMatching(/dt\.time: give either time/)]],
    [
      'a floor that does not divide a day',
      { table: 'partitions: {dt: {time: a, format: HH, floor: 7m}}' },
      [expect.stringMatching(/floor: expected a duration that divides a day/)],
    ],
    [
      'two words for one',
      { table: 'columns: {a: {from: b, format: iso, timeFormat: iso}}' },
      [expect.stringMatching(/a\.format: it means timeFormat here/)],
    ],
    [
      'one column twice',
      { table: 'columns: {a: b, A: c}' },
      [expect.stringMatching(/^13:22 table\.columns\.A: the same column/)],
    ],
  ])('%s', (_, more, expected) => expect(problems(written(more), {}, { '/pem': PEM })).toEqual(expected));

  it('are judged even when other keys are wrong', () => {
    const found = problems(
      written({ kafka: 'security: {protocol: sasl_ssl, foo: 1, username: [1]}', top: 'memory: 1' }),
    );
    expect(found).toContainEqual(expect.stringMatching(/mechanism: protocol sasl_ssl needs it/));
    expect(found.filter((problem) => problem.includes('security.username'))).toHaveLength(1);
  });

  it('characters of csv may be written as escapes', () => {
    const delimiters = ['"\\t"', "'\\t'", "'\\x01'", "'\\u0001'", "'，'", "'\\\\'"].map(
      (text) =>
        parse(written({ top: `decode: {value: {csv: {delimiter: ${text}}}}` })).decode.value.csv.delimiter,
    );
    expect(delimiters).toEqual(['\t', '\t', '\u0001', '\u0001', '，', '\\']);
  });

  it("formats may be called by Kafka's and DataWorks' words", () => {
    const decode = parse(
      written({ top: 'decode: {value: {format: bytearray}, key: {format: string}}' }),
    ).decode;
    expect([decode.value.format, decode.key.format]).toEqual(['bytes', 'text']);
  });

  it('options of decode fit together', () => {
    const value = '{format: json, envelope: connect, encoding: GB18030, compression: zstd}';
    const key = '{format: text, encoding: utf-16le, compression: gzip}';
    const { decode } = parse(written({ top: `decode:\n  value: ${value}\n  key: ${key}` }));
    expect(decode).toMatchObject({
      value: { envelope: 'connect', encoding: 'GB18030', compression: 'zstd', validate: false },
      key: { encoding: 'utf-16le', compression: 'gzip' },
    });
    const validated =
      'decode: {value: {format: jsonschema, validate: true, encoding: UTF8}}\nschemaRegistry: {url: http://r}';
    expect(parse(written({ top: validated })).decode.value.validate).toBe(true);
  });

  it('fit when they should', () => {
    const table =
      'late: {after: 1h, to: {partition: {DT: late}}}\n  partitions: {dt: {time: a, format: yyyyMMdd}}';
    expect(parse(written({ table })).table.late).toEqual({
      after: 3_600_000,
      to: { partition: { DT: 'late' } },
    });
    expect(problems(written({ table: 'future: {after: 2d}\n  absurd: {afterRecord: null}' }))).toEqual([]);
    expect(problems(written({ table: 'absurd: {afterRecord: 1h}' }))).toEqual([]);
    expect(
      problems(
        written({ top: 'decode: {value: {format: avro}}\nschemaRegistry: {url: http://r, token: t}' }),
      ),
    ).toEqual([]);
  });
});

describe('a table that is created', () => {
  const CREATE = 'create: if_missing\n  ';
  it.each([
    [
      'needs columns',
      `${CREATE}columns: null`,
      ['14:12 table.columns: create: if_missing needs the columns, each with its type'],
    ],
    [
      'needs the type of every column',
      `${CREATE}columns:\n    a: b\n    c: {from: d, type: BIGINT}\n    e: {from: f}`,
      [
        '15:5 table.columns.a.type: create: if_missing needs it, such as BIGINT, DECIMAL(18,2), STRING or ARRAY<STRING>',
        '17:5 table.columns.e.type: create: if_missing needs it, such as BIGINT, DECIMAL(18,2), STRING or ARRAY<STRING>',
      ],
    ],
    [
      'has a column once',
      `${CREATE}columns: {DT: {from: a, type: STRING}}\n  partitions: {dt: b}`,
      ['14:17 table.columns.DT: it is a table partition column: it stands in table.partitions only'],
    ],
    [
      'tells wrong and missing types together, each once',
      `${CREATE}columns: {a: b, c: {from: d, type: NUMBER}, e: {from: f, type: 6}, g: {from: 7}}`,
      [
        expect.stringMatching(/^14:13 table\.columns\.a\.type: create: if_missing needs it/),
        expect.stringMatching(/^14:38 table\.columns\.c\.type: expected a column type .* received "NUMBER"/),
        expect.stringMatching(/^14:66 table\.columns\.e\.type: expected a column type .* received 6/),
        expect.stringMatching(/^14:70 table\.columns\.g\.type: create: if_missing needs it/),
        expect.stringMatching(/^14:80 table\.columns\.g\.from: expected a source/),
      ],
    ],
    [
      'says nothing more of columns that are no map',
      `${CREATE}columns: [a]`,
      [expect.stringMatching(/a map/)],
    ],
  ])('%s', (_, table, expected) => expect(problems(written({ table }))).toEqual(expected));

  it.each([
    ['columns: {a: {from: b, type: "ARRAY<STRINGS>"}}', /columns\.a\.type: expected a column type/],
    ['columns: {a: {from: b, type: "DECIMAL(39,1)"}}', /columns\.a\.type: expected a column type/],
    ['partitions: {dt: {from: b, type: DOUBLE}}', /partitions\.dt\.type: expected STRING, VARCHAR/],
    ['partitions: {dt: {time: b, format: HH, type: DECIMAL}}', /partitions\.dt\.type: expected STRING/],
  ])('types are judged without it too: %s', (table, expected) =>
    expect(problems(written({ table })).join()).toMatch(expected),
  );

  it('is complete with a type for every column', () => {
    const table = `${CREATE}columns: {a: {from: b, type: "decimal(18, 2)"}}\n  partitions: {dt: a, hr: {from: c, type: BIGINT}}`;
    expect(parse(written({ table })).table).toMatchObject({
      create: 'if_missing',
      columns: { a: { from: 'b', type: 'decimal(18, 2)' } },
      partitions: { dt: { from: 'a' }, hr: { from: 'c', type: 'BIGINT' } },
    });
  });
});

describe('values', () => {
  it.each([
    [{ top: 'memory: 15MiB' }, /memory: expected a size of at least 16MiB/],
    [{ top: 'flush: {rows: 0}' }, /flush\.rows: expected a whole number from 1/],
    [{ top: 'flush: {interval: 999ms}' }, /flush\.interval: expected a duration from 1s/],
    [
      { top: 'flush: {maxTablePartitions: 1001}' },
      /maxTablePartitions: expected a whole number from 1 to 1000/,
    ],
    [{ top: 'http: {port: 65536}' }, /http\.port: expected a whole number from 0 to 65535/],
    [{ top: 'workers: 1.5' }, /workers: expected a whole number/],
    [{ maxcompute: 'schema: a.b' }, /maxcompute\.schema: expected letters/],
    [{ maxcompute: 'tunnelEndpoint: dt.example.com' }, /tunnelEndpoint: expected an http or https URL/],
    [{ table: 'columns: {"a;drop": b}' }, /table\.columns\."a;drop": expected a name/],
    [{ table: 'columns: {2024: b}' }, /table\.columns\.2024: expected a name/],
    [
      { table: 'columns: {a: {from: b, timeZone: Mars/X}}' },
      /timeZone: expected a time zone .* received "Mars\/X"/,
    ],
    [
      { table: 'late: {to: {partition: {dt: 0}}}\n  partitions: {dt: a}' },
      /late\.to\.partition\.dt: expected text \(digits in quotes\).* received 0/,
    ],
    [
      { table: "late: {to: {partition: {dt: 'a/b'}}}\n  partitions: {dt: a}" },
      /late\.to\.partition\.dt: expected/,
    ],
    [{ table: 'late: {to: elsewhere}' }, /late\.to: expected true_partition or dead_letter/],
    [{ kafka: 'instanceId: a b' }, /instanceId: expected/],
  ])('%j is refused', (more, expected) => expect(problems(written(more)).join('\n')).toMatch(expected));

  it.each(['[a b]', '[""]', '[]', '"a,,b"', '[[a]]'])('topics %s are refused', (topics) =>
    expect(problems(SMALLEST.replace('[orders]', topics))[0]).toMatch(
      /^4:11 kafka\.topics: expected a list of topic names/,
    ),
  );

  it.each(['orders.*', '^', '"^("', '5'])('topicPattern %s is refused', (pattern) =>
    expect(problems(SMALLEST.replace('topics: [orders]', `topicPattern: ${pattern}`))[0]).toMatch(
      /topicPattern: expected a regular expression that starts with \^/,
    ),
  );

  it('zstd needs a Node that has it', () => {
    const found = problems(written({ maxcompute: 'compression: zstd' }));
    const refused = `8:16 maxcompute.compression: zstd needs Node 22.15 or later, this is Node ${process.versions.node}: use deflate`;
    expect(found).toEqual('createZstdCompress' in zlib ? [] : [refused]);
  });

  it('files must hold what they are for', () => {
    const files = 'security: {protocol: ssl, caFile: /key, certFile: /cert, keyFile: /cert}';
    const found = problems(
      written({ kafka: files }),
      {},
      {
        '/key': '-----BEGIN EC PRIVATE KEY-----',
        '/cert': 'Bag Attributes\n-----BEGIN CERTIFICATE-----',
      },
    );
    expect(found).toEqual([
      '5:37 kafka.security.caFile: the file "/key" is no PEM file with a certificate',
      '5:69 kafka.security.keyFile: the file "/cert" is no PEM file with a private key',
    ]);
  });

  it('schemas must be readable and usable; they are looked for beside the configuration', () => {
    const text = written({
      top: `decode:
  value: {format: avro, schemaFile: order.avsc}
  key: {format: avro, schemaFile: /key.avsc}`,
    });
    const order = '{"type": "record", "name": "Order", "fields": [{"name": "item", "type": "Item"}]}';
    expect(problems(text, {}, { '/etc/maxsink/order.avsc': order, '/key.avsc': '{"type":' })).toEqual([
      '14:37 decode.value.schemaFile: the file "/etc/maxsink/order.avsc" is no schema that format avro can use: type "Item" is not defined (avsc says: undefined type name: Item)',
      expect.stringMatching(/^15:35 decode\.key\.schemaFile: the file "\/key\.avsc" is no JSON: /),
    ]);
    expect(problems(text)).toEqual([
      '14:37 decode.value.schemaFile: the file "/etc/maxsink/order.avsc" cannot be read: there is no such file',
      '15:35 decode.key.schemaFile: the file "/key.avsc" cannot be read: there is no such file',
    ]);
    const config = parse(text, {}, { '/etc/maxsink/order.avsc': '"int"', '/key.avsc': '"long"' });
    expect([config.decode.value.schemaFile, config.decode.key.schemaFile]).toEqual([
      '/etc/maxsink/order.avsc',
      '/key.avsc',
    ]);
  });

  it('files must be readable; they are looked for beside the configuration', () => {
    const text = written({
      kafka: 'security: {protocol: ssl, caFile: ca.pem}',
      maxcompute: 'caFile: /abs.pem',
    });
    expect(problems(text)).toEqual([
      '5:37 kafka.security.caFile: the file "/etc/maxsink/ca.pem" cannot be read: there is no such file',
      '9:11 maxcompute.caFile: the file "/abs.pem" cannot be read: there is no such file',
    ]);
    const config = parse(text, {}, { '/etc/maxsink/ca.pem': PEM, '/abs.pem': PEM });
    expect([config.kafka.security.caFile, config.maxcompute.caFile]).toEqual([
      '/etc/maxsink/ca.pem',
      '/abs.pem',
    ]);
  });
});

describe('librdkafka properties', () => {
  it.each([
    ['group.id', 'use kafka.groupId'],
    ['bootstrap.servers', 'use kafka.brokers'],
    ['auto.offset.reset', 'use kafka.startAt'],
    ['group.instance.id', 'use kafka.instanceId'],
    ['security.protocol', 'use kafka.security.protocol'],
    ['sasl.password', 'use kafka.security.password'],
    ['sasl.oauthbearer.config', 'use kafka.security'],
    ['ssl.ca.location', 'use kafka.security.caFile'],
    ['queued.max.messages.kbytes', 'use memory'],
    ['enable.auto.commit', 'leave it out'],
    ['enable.auto.offset.store', 'leave it out'],
    ['partition.assignment.strategy', 'with the eager range assignor only'],
    ['retry.backoff.ms', 'leave it out'],
    ['isolation.level', 'leave it out'],
    ['fetch.queue.backoff.ms', 'leave it out'],
    ['enable.partition.eof', 'leave it out'],
    [
      'group.protocol',
      'exactly once is proven for the classic group protocol with the eager range assignor only',
    ],
    ['rebalance_cb', 'leave it out'],
  ])('%s is refused: %s', (name, advice) => {
    const found = problems(written({ kafka: `options: {${name}: hunter2}` }));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`kafka.options."${name}":`.replace('"rebalance_cb"', 'rebalance_cb'));
    expect(found[0]?.endsWith(advice)).toBe(true);
    expect(found[0]).not.toContain('hunter2');
  });

  it('others pass through as they are', () => {
    const options = '{session.timeout.ms: 6000, debug: "cgrp", socket.keepalive.enable: true, toString: x}';
    expect(parse(written({ kafka: `options: ${options}` })).kafka.options).toEqual({
      'session.timeout.ms': 6000,
      debug: 'cgrp',
      'socket.keepalive.enable': true,
      toString: 'x',
    });
  });
});
