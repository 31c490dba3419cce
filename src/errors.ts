/**
 * Two catalogues: what can stop or delay the service, and why a record can be rejected.
 * Each code stands in docs/errors.md; a test compares both ways.
 */
export type Action = 'retry' | 'stop';

interface ErrorKind {
  readonly action: Action;
  /** Exit code of the process when this error ends it. */
  readonly exit: number;
  /** What the operator does about it. */
  readonly hint: string;
}

const kind = (action: Action, exit: number, hint: string): ErrorKind => ({ action, exit, hint });

export const ERRORS = {
  unexpected: kind('stop', 1, 'This is a fault of maxsink: report it with the log lines before it.'),
  config_invalid: kind('stop', 2, 'Mend the listed keys; config/example.yaml shows every key.'),
  usage: kind('stop', 2, 'See maxsink --help.'),
  kafka_unreachable: kind(
    'stop',
    1,
    'Check kafka.brokers, the network and the listeners that the brokers advertise.',
  ),
  kafka_auth: kind(
    'stop',
    1,
    'Check kafka.security: protocol, mechanism, username, password, caFile, certFile.',
  ),
  kafka_denied: kind(
    'stop',
    1,
    'Grant Read and Describe on the topic and Read on the group, and Write on deadLetters.topic.',
  ),
  kafka_fenced: kind(
    'stop',
    1,
    'Another process joined with the same kafka.instanceId: give each process its own, and end the old one first.',
  ),
  topic_missing: kind('stop', 1, 'Create the topic, or mend kafka.topics or deadLetters.topic.'),
  offset_lost: kind(
    'stop',
    4,
    'Stop every process of the group, then choose with kafka-consumer-groups.sh --reset-offsets --execute: --to-earliest reads what is left, --to-latest skips it, --to-offset N starts at N; start again.',
  ),
  kafka_commit_refused: kind(
    'retry',
    1,
    'Usually the group has moved on and the records are read again by their new owner. If it repeats, the reason is in the message: rights on the group, the coordinator, offset.metadata.max.bytes.',
  ),
  metadata_too_long: kind(
    'stop',
    1,
    'Set offset.metadata.max.bytes of the brokers to 4096, their default, or more.',
  ),
  group_taken: kind(
    'stop',
    2,
    'Two pipelines must not share a consumer group: give this one its own name or kafka.groupId.',
  ),
  ledger_unreadable: kind(
    'stop',
    4,
    'The metadata of the committed offset is broken or of a newer version: run the version that wrote it, or look with `maxsink resolve`.',
  ),
  decision_needed: kind(
    'stop',
    4,
    'Whether these rows are in the table cannot be known: stop every process of the group, run `maxsink resolve`, which shows both readings and settles them, and start again.',
  ),
  registry_unreachable: kind(
    'retry',
    1,
    'Check schemaRegistry.url; the service holds its place and asks again.',
  ),
  registry_auth: kind('stop', 1, 'Check schemaRegistry.url, username, password, token and caFile.'),
  table_missing: kind(
    'stop',
    1,
    'Create the table (or set table.create: if_missing), or mend maxcompute.project, schema and table.name.',
  ),
  project_missing: kind(
    'stop',
    1,
    'Mend maxcompute.project; is the project in the region of maxcompute.endpoint?',
  ),
  table_unsupported: kind(
    'stop',
    2,
    'Write to an ordinary table: no view, no external table, no primary key.',
  ),
  mapping_mismatch: kind('stop', 2, 'Mend table.columns, or the table: every mismatch is listed.'),
  table_changed: kind(
    'retry',
    1,
    'The table has other columns than before: its columns are matched anew and the records of the open batch are read again.',
  ),
  maxcompute_auth: kind(
    'stop',
    1,
    'Check maxcompute.credentials, and region when the project asks for V4 signatures.',
  ),
  maxcompute_denied: kind(
    'stop',
    1,
    'Grant Describe, Update and Alter on the table to the account; table.create: if_missing needs CreateTable on the project.',
  ),
  maxcompute_unreachable: kind(
    'retry',
    1,
    'Check maxcompute.endpoint, tunnelEndpoint, proxy and the network.',
  ),
  maxcompute_tls: kind(
    'stop',
    1,
    'Check maxcompute.caFile, the host names of endpoint and tunnelEndpoint, and that https is spoken there.',
  ),
  maxcompute_proxy: kind('stop', 1, 'Check maxcompute.proxy, its user name and its password.'),
  maxcompute_over_quota: kind(
    'retry',
    1,
    'The service asks to slow down: raise flush.interval or buy a tunnel quota.',
  ),
  maxcompute_transient: kind('retry', 1, 'The service failed for the moment; the request is sent again.'),
  maxcompute_refused: kind(
    'stop',
    1,
    'The service refused the request; its code and request id are in the message.',
  ),
  session_lost: kind('retry', 1, 'The upload session is gone; its range is read again into new sessions.'),
  commit_unknown: kind(
    'retry',
    4,
    'Whether the rows are in the table could not be learned for the moment: the group is joined again, and recovery settles the batch (with at_least_once its rows may be there twice).',
  ),
  block_mismatch: kind(
    'retry',
    1,
    'The server holds other blocks than were sent: nothing was committed, the records are read again.',
  ),
  dead_letter_unwritable: kind(
    'stop',
    1,
    'Make room or rights where deadLetters points, as the message says; nothing was acknowledged.',
  ),
  dirty_limit: kind(
    'stop',
    6,
    'Nothing of the batch in hand was acknowledged: a restart reads the same records again (the counts begin at zero) and stops again unless the producer or the mapping is mended, dirty.limit raised, or another choice made for the class in dirty.classes.',
  ),
  worker_failed: kind('retry', 1, 'A worker thread died or hung; its records are read again.'),
  http_port: kind('stop', 1, 'Another process holds http.port: choose another, or null to switch it off.'),
  shutdown_deadline: kind(
    'stop',
    5,
    'The last batch was abandoned and is read again; raise shutdown if this repeats.',
  ),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** The one error class: a code of the catalogue, a message that says what and where, and the cause. */
export class SinkError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SinkError';
    this.code = code;
  }

  get action(): Action {
    return ERRORS[this.code].action;
  }

  get exit(): number {
    return ERRORS[this.code].exit;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }
}

/** Anything thrown, as a SinkError; what is not one is `unexpected`. */
export function asSinkError(error: unknown): SinkError {
  if (error instanceof SinkError) return error;
  return new SinkError('unexpected', error instanceof Error ? error.message : String(error), error);
}

/** Why a record becomes a dead letter. */
export const REJECTIONS = {
  invalid_json: 'the value is not valid JSON',
  invalid_utf8: 'the text is not valid UTF-8',
  invalid_avro: 'the bytes do not match the writer schema',
  invalid_csv: 'the value is no single line of delimited text with at most the named fields',
  not_an_envelope: 'the value is not what decode.value.envelope says',
  no_row: 'the change event has no row: a truncation, a message, or a change of the table itself',
  invalid_protobuf: 'the bytes are no message of the Protobuf schema',
  unknown_schema: 'the registry does not know the schema id',
  invalid_jsonschema: 'the value does not fit its JSON Schema, or that cannot be used',
  bad_compression: 'the value cannot be inflated, or is too long when it is',
  invalid_encoding: 'the bytes are no text in the character encoding of the configuration',
  wrong_length: 'the value has not the number of bytes that its format has',
  invalid_envelope: 'the payload does not fit the schema in its envelope',
  tombstone: 'the value is null and a field of it is mapped',
  not_an_object: 'the value is not an object and a field of it is mapped',
  unknown_field: 'a field of the value has no column, and table.unknownFields is dead_letter or stop',
  too_deep: 'the value is nested deeper than the limit',
  wrong_type: 'the source cannot be converted to the column type',
  out_of_range: 'the number is outside the range of the column type',
  not_exact: 'digits would be lost',
  too_long: 'the text is longer than the column allows',
  bad_time: 'the text does not match the time format',
  bad_json_text: 'a JSON column needs JSON text',
  null_not_allowed: 'the column does not take NULL',
  no_event_time: 'the record has no event time',
  absurd_time: 'the event time is before the lower limit or too far after the record timestamp',
  late: 'the record is later than late.after and late.to is dead_letter',
  future: 'the event time is further ahead than future.after and future.to is dead_letter',
  bad_partition_value: 'the table partition value is empty, too long or has unsafe characters',
  too_many_table_partitions: 'the rows of one record need more table partitions than a batch may have',
  row_too_large: 'the row, or all rows of the record together, are larger than the limit of one row',
  expr_failed: 'the expression of the column cannot be worked out for this record',
  filter_failed: 'table.filter cannot be worked out for this record',
  worker_crash: 'the record ended the worker twice',
} as const;

export type RejectionCode = keyof typeof REJECTIONS;
