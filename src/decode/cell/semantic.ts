/**
 * What a schema says a plain value means, whatever the format: Avro's logical types, and the names that Kafka Connect
 * and Debezium give to schemas (`connect.name` in Avro, `name` in Connect's JSON).
 *
 * kind             | the value is                                         | cell
 * day              | an integer: days since 1970-01-01                     | DAY
 * time             | an integer: units since midnight                      | TIME
 * instant          | an integer: units since 1970-01-01T00:00Z             | INSTANT
 * local            | an integer: units since 1970-01-01T00:00, no zone     | LOCAL
 * decimal          | bytes: two's complement, most significant byte first  | NUMBER
 * variable_decimal | an object {scale: integer, value: bytes as above}     | NUMBER
 */
export type Semantic =
  | { readonly kind: 'day' }
  | { readonly kind: 'time' | 'instant' | 'local'; readonly perSecond: PerSecond }
  /** `scale`: digits behind the point; below 0: zeros in front of it. */
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'variable_decimal' };

/** Units in a second: milliseconds, microseconds, nanoseconds. */
export type PerSecond = 1e3 | 1e6 | 1e9;

const [MILLIS, MICROS, NANOS] = [1e3, 1e6, 1e9] as const;
const CONNECT = 'org.apache.kafka.connect.data.';

/**
 * Debezium's timestamps without a zone are local times: they come from columns without one. Names that are not here
 * mean what their plain type means: ZonedTimestamp, ZonedTime, Enum, Json, Uuid, Xml are text, Year is a number.
 */
const NAMES: ReadonlyMap<string, Semantic> = new Map<string, Semantic>([
  [`${CONNECT}Date`, { kind: 'day' }],
  [`${CONNECT}Time`, { kind: 'time', perSecond: MILLIS }],
  [`${CONNECT}Timestamp`, { kind: 'instant', perSecond: MILLIS }],
  ['io.debezium.time.Date', { kind: 'day' }],
  ['io.debezium.time.Time', { kind: 'time', perSecond: MILLIS }],
  ['io.debezium.time.MicroTime', { kind: 'time', perSecond: MICROS }],
  ['io.debezium.time.NanoTime', { kind: 'time', perSecond: NANOS }],
  ['io.debezium.time.Timestamp', { kind: 'local', perSecond: MILLIS }],
  ['io.debezium.time.MicroTimestamp', { kind: 'local', perSecond: MICROS }],
  ['io.debezium.time.NanoTimestamp', { kind: 'local', perSecond: NANOS }],
  ['io.debezium.data.VariableScaleDecimal', { kind: 'variable_decimal' }],
]);

/** The meaning of a name; null: that of the plain type. `parameters`: as the schema has them (`scale` of a Decimal). */
export function semanticOf(
  name: string,
  parameters: Readonly<Record<string, unknown>> | null | undefined,
): Semantic | null {
  if (name !== `${CONNECT}Decimal`) return NAMES.get(name) ?? null;
  const scale = Number(parameters?.scale ?? Number.NaN);
  return Number.isInteger(scale) ? { kind: 'decimal', scale } : null;
}
