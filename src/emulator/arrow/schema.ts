import type { ColumnType } from '../model/types.ts';
import { byte, type Flat, int, short } from './flatbuffer-writer.ts';
import { isTimeStruct, type TimeForm } from './time-form.ts';

interface NamedType {
  readonly name: string;
  readonly type: ColumnType;
}

type Table = readonly (Flat | undefined)[];

/** Numbers of the types in Arrow's Schema.fbs. */
const KIND = {
  int: 2,
  floatingPoint: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  interval: 11,
  list: 12,
  struct: 13,
  map: 17,
};
const SINGLE = 1;
const DOUBLE = 2;
const MILLISECOND = 1;
const NANOSECOND = 3;
const DAY = 0;
const YEAR_MONTH = 0;
const DAY_TIME = 1;
const LITTLE_ENDIAN = 0;

interface ArrowType {
  readonly kind: number;
  readonly table: Table;
  readonly children?: readonly Table[];
}

/** The header of a Schema message for columns whose times have this form. */
export const schemaHeader = (columns: readonly NamedType[], form: TimeForm): Flat[] => [
  short(LITTLE_ENDIAN),
  { tables: columns.map((column) => field(column, form)) },
];

function field({ name, type }: NamedType, form: TimeForm, nullable = true): Table {
  return fieldOf(name, arrowType(type, form), nullable);
}

const fieldOf = (name: string, { kind, table, children = [] }: ArrowType, nullable: boolean): Table => [
  { text: name },
  byte(nullable ? 1 : 0),
  byte(kind),
  { table },
  undefined,
  { tables: children },
];

/** Protocol 7.3; DATETIME as the clients read it where a schema is sent: milliseconds without a zone. */
function arrowType(type: ColumnType, form: TimeForm): ArrowType {
  if (isTimeStruct(type, form)) return timeStruct(form);
  switch (type.name) {
    case 'TINYINT':
      return integer(8);
    case 'SMALLINT':
      return integer(16);
    case 'INT':
      return integer(32);
    case 'BIGINT':
      return integer(64);
    case 'FLOAT':
      return { kind: KIND.floatingPoint, table: [short(SINGLE)] };
    case 'DOUBLE':
      return { kind: KIND.floatingPoint, table: [short(DOUBLE)] };
    case 'BOOLEAN':
      return { kind: KIND.bool, table: [] };
    case 'BINARY':
      return { kind: KIND.binary, table: [] };
    case 'DATE':
      return { kind: KIND.date, table: [short(DAY)] };
    case 'DATETIME':
      return { kind: KIND.timestamp, table: [short(MILLISECOND)] };
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return { kind: KIND.timestamp, table: [short(NANOSECOND)] };
    case 'INTERVAL_DAY_TIME':
      return { kind: KIND.interval, table: [short(DAY_TIME)] };
    case 'INTERVAL_YEAR_MONTH':
      return { kind: KIND.interval, table: [short(YEAR_MONTH)] };
    case 'DECIMAL':
      return { kind: KIND.decimal, table: [int(type.precision), int(type.scale), int(128)] };
    case 'ARRAY':
      return { kind: KIND.list, table: [], children: [field({ name: 'element', type: type.element }, form)] };
    case 'MAP':
      return { kind: KIND.map, table: [byte(0)], children: [entries(type.key, type.value, form)] };
    case 'STRUCT':
      return { kind: KIND.struct, table: [], children: type.fields.map((one) => field(one, form)) };
    default:
      return { kind: KIND.utf8, table: [] };
  }
}

const integer = (bits: number): ArrowType => ({ kind: KIND.int, table: [int(bits), byte(1)] });

function timeStruct(form: TimeForm): ArrowType {
  const children = [
    field({ name: 'sec', type: { name: 'BIGINT' } }, form),
    field({ name: 'nano', type: { name: 'INT' } }, form),
  ];
  return { kind: KIND.struct, table: [], children };
}

function entries(key: ColumnType, value: ColumnType, form: TimeForm): Table {
  const children = [
    field({ name: 'key', type: key }, form, false),
    field({ name: 'value', type: value }, form),
  ];
  return fieldOf('entries', { kind: KIND.struct, table: [], children }, false);
}
