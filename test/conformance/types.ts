/** A type with the values that are written and have to come back. */
export interface Sample {
  readonly type: string;
  /**
   * In the one text form that both programs read and write: numbers, days and times as texts (DATETIME ms,
   * TIMESTAMP and INTERVAL_DAY_TIME ns, INTERVAL_YEAR_MONTH months), FLOAT and DOUBLE their bits, BINARY
   * hexadecimal, MAP pairs, STRUCT by position.
   */
  readonly values: readonly Value[];
}

export type Value = string | boolean | null | readonly Value[];

export const float = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  return bytes.toString('hex');
};
export const double = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
};
const whole = (bits: number): string[] => [
  `${-(2n ** BigInt(bits - 1))}`,
  '-1',
  '0',
  `${2n ** BigInt(bits - 1) - 1n}`,
];
export const millis = (text: string): string => `${Date.parse(`${text}Z`)}`;
/** `2026-11-20T08:30:00` and nanoseconds. */
export const nanos = (text: string, more = 0): string =>
  `${BigInt(Date.parse(`${text}Z`)) * 1_000_000n + BigInt(more)}`;

const TEXTS = [
  '',
  ' ',
  'a',
  'it\'s "quoted", a\tb\\n',
  'line\nbreak\r',
  'größe 中文 😀',
  'nul\0inside',
  '\\N',
];
const STAMPS = [
  nanos('1970-01-01T00:00:00'),
  nanos('2026-11-20T08:30:00', 123_456_789),
  nanos('1969-12-31T23:59:59', 999_999_999),
  nanos('1900-01-01T00:00:00', 1),
  nanos('1678-01-01T00:00:00'),
  nanos('2261-12-31T23:59:59', 999_999_999),
];
const nines = (n: number): string => '9'.repeat(n);

/** Every type of the service at its edges; the last value is always NULL. */
export const SAMPLES: readonly Sample[] = [
  { type: 'boolean', values: [true, false] },
  { type: 'tinyint', values: whole(8) },
  { type: 'smallint', values: whole(16) },
  { type: 'int', values: whole(32) },
  { type: 'bigint', values: ['-9223372036854775807', '-1', '0', '9007199254740993', '9223372036854775807'] },
  {
    type: 'float',
    values: [0, -0, 1.5, 3.4028234663852886e38, 1.401298464324817e-45, Number.NaN, Infinity, -Infinity].map(
      float,
    ),
  },
  {
    type: 'double',
    values: [0, -0, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, Number.NaN, Infinity, -Infinity].map(double),
  },
  {
    type: 'decimal(38,18)',
    values: [
      `${nines(20)}.${nines(18)}`,
      `-${nines(20)}.${nines(18)}`,
      `0.${'0'.repeat(17)}1`,
      `0.${'0'.repeat(18)}`,
    ],
  },
  { type: 'decimal(38,0)', values: [nines(38), `-${nines(38)}`, '0'] },
  { type: 'decimal(10,2)', values: ['12345678.99', '-0.01', '0.00'] },
  { type: 'string', values: TEXTS },
  { type: 'varchar(20)', values: TEXTS },
  { type: 'char(20)', values: ['a', '12345678901234567890', 'größe 中文 😀'] },
  { type: 'binary', values: ['', '00', 'ff00fe80', '6162'] },
  {
    type: 'date',
    values: ['0001-01-01', '1582-10-15', '1969-12-31', '1970-01-01', '2026-11-20', '9999-12-31'],
  },
  {
    type: 'datetime',
    values: [
      '0001-01-01T00:00:00',
      '1900-01-01T00:00:00',
      '1969-12-31T23:59:59.999',
      '2026-11-20T08:30:00.123',
      '9999-12-31T23:59:59.999',
    ].map(millis),
  },
  { type: 'timestamp', values: STAMPS },
  { type: 'timestamp_ntz', values: STAMPS },
  { type: 'interval_day_time', values: ['0', '1000000', '86400000000000', '93784123000000', '-1000000000'] },
  { type: 'interval_year_month', values: ['0', '14', '-1'] },
  { type: 'json', values: ['{"a":[1,null,"x"],"b":{"c":1.5}}', '[]', '"text"', '12', 'true'] },
  { type: 'array<bigint>', values: [[], ['1', null, '-9223372036854775807'], [null]] },
  { type: 'array<string>', values: [['', 'a', null, 'größe "中文"']] },
  {
    type: 'map<string,bigint>',
    values: [
      [],
      [
        ['k', '1'],
        ['', null],
      ],
    ],
  },
  {
    type: 'map<bigint,string>',
    values: [
      [
        ['-1', 'a'],
        ['2', null],
      ],
    ],
  },
  {
    type: 'struct<a:bigint,b:string,c:double>',
    values: [
      ['7', 'x', double(1.5)],
      [null, null, null],
    ],
  },
  {
    type: 'array<struct<x:map<string,array<bigint>>,y:string>>',
    values: [
      [
        [
          [
            ['k', ['1', null]],
            ['l', []],
          ],
          'y',
        ],
        null,
      ],
      [],
    ],
  },
  { type: 'array<decimal(10,2)>', values: [['1.50', null]] },
  { type: 'array<timestamp>', values: [[STAMPS[1]!, null]] },
  {
    type: 'struct<d:date,t:datetime,n:binary>',
    values: [['2026-11-20', millis('2026-11-20T08:30:00.123'), 'ff00']],
  },
].map(({ type, values }) => ({ type, values: [...values, null] }));
