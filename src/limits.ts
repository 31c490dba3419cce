/** Every bound of the service, with its unit in the name and the reason beside it. */
const KiB = 1024;
const MiB = 1024 * KiB;

export const LIMITS = {
  // configuration
  /** The file itself, and each one that it names. */
  configFileBytes: 4 * MiB,

  // source
  /** One consume call; small batches win because the message objects die young. */
  pollRecords: 1000,
  /** Wait of one consume call on a quiet topic, ms: also the reaction time to signals. */
  pollWaitMs: 100,
  /** Data region of an ordinary chunk; a larger record travels alone. */
  chunkBytes: 4 * MiB,
  chunkBytesMin: 256 * KiB,
  /** An unfilled chunk is handed over after this time: latency of a quiet topic. */
  chunkLingerMs: 200,
  /** Waiting for a free chunk this long pauses the topic partitions, ms. */
  pressureGraceMs: 250,

  /** A broker that keeps a request waiting this long without a byte is called unreachable, ms. */
  brokerSilenceMs: 8_000,
  /** Brokers that refuse a running service's credentials this long end it, ms. */
  refusedMs: 15_000,

  // workers
  /** A worker that stands at one record for longer is taken for hung, ms. */
  recordDeadlineMs: 10_000,
  /** The same for what a chunk needs beside its records: schemas, compression; ms. */
  workerDeadlineMs: 60_000,
  /** Both grow by this with each MiB of the chunk: a record of 100 MB alone takes seconds on a slow machine. */
  workerMsPerMiB: 1_000,
  workersMax: 8,
  /** Characters of an expression, nodes of its tree and their nesting. */
  expressionChars: 10_000,
  expressionNodes: 2_000,
  expressionDepth: 100,
  /** Steps of comprehensions (`map`, `exists`...) in one evaluation, nested ones together; about 20 ms. */
  expressionSteps: 100_000,
  /** Nesting of a decoded value; deeper is dirty (`too_deep`). */
  depth: 500,
  /** Nesting of a column's type (ARRAY, MAP, STRUCT). */
  typeDepth: 100,
  /** Values of the trees of one record, about 100 bytes each: two bytes on the wire can ask for hundreds of them. */
  treeCells: 1_000_000,
  /** Bytes of one row in record format; the service takes 200 MB at most for one record. */
  rowBytes: 200 * MiB,
  /** Rows of one record; they stand or fall together, and their places are kept meanwhile. */
  rowsPerRecord: 1_000_000,
  /** Text sample kept with a rejection, characters. */
  sampleChars: 200,
  /** A compressed value when it is inflated; longer is dirty. */
  inflatedBytes: 128 * MiB,
  /** Text of another encoding up to this length is searched for the byte that is wrong. */
  faultSearchBytes: 64 * KiB,
  /** A JSON Schema with all that it refers to, characters. */
  jsonSchemaChars: MiB,
  /** The same where values are validated, and patterns in it: compiling takes up to 10 s for as much. */
  validatorChars: 256 * KiB,
  validatorPatterns: 1_000,
  /**
   * The code of a validator that ends with the first problem is nested as deep as an object has fields; from this
   * length on it goes on to the end.
   */
  nestedValidatorChars: 16 * KiB,
  /** Validators that a worker keeps ready; each takes some 100 KB. */
  validators: 64,
  /** A value that is validated becomes objects in memory, many times its bytes. */
  validatedBytes: 16 * MiB,
  /** References that one validation follows, besides one for each byte of the value: schemas can make them multiply. */
  validationSteps: 1_000_000,
  /** Schemas of Connect's JSON that a decoder remembers, and the longest such text. */
  rememberedSchemas: 64,
  rememberedSchemaBytes: 256 * KiB,

  /** Fields without a column that are told; more is a topic without a schema. */
  unmappedFields: 1_000,

  // schema registry
  /** Schema ids that a worker or the registry client remembers; more than one chunk can name. */
  schemaIds: 16_384,
  /** How long "no such schema id" is believed, ms. */
  schemaMissingMs: 60_000,
  /** Text of one schema with all that it refers to, characters: reading the worst of that size takes less than a second. */
  schemaChars: 4 * MiB,
  registryRetryCapMs: 10_000,
  registryRequestMs: 10_000,

  // tunnel (protocol 4.5)
  blocksPerSession: 20_000,
  commitsAtOnce: 32,
  uploadsAtOnce: 8,
  requestTimeoutMs: 60_000,
  /** A call without an answer, or a commit under way, is told after this time, ms. */
  slowMs: 20_000,
  connectTimeoutMs: 10_000,
  /** The service cuts an upload after 120 s without data. */
  uploadIdleMs: 110_000,
  /** An upload may last this long, plus the time of its bytes at the slowest useful speed. */
  uploadGraceMs: 60_000,
  uploadFloorBytesPerSecond: 64 * KiB,
  /** One write of an upload: small enough to see progress on a slow line. */
  uploadSliceBytes: 64 * KiB,
  /** An idle connection is closed by us before the service does it at 120 s. */
  keepAliveMs: 30_000,
  keepAliveMaxMs: 90_000,
  connectionsPerEndpoint: 64,
  /** Longest answer that is read: 20,000 blocks take about 3 MB. */
  answerBytes: 32 * MiB,
  /** A wait that the service asks for (`HoldClientMillis`, protocol 10.1) is honoured up to this, ms. */
  holdMaxMs: 10_000,
  /** The same for `Retry-After`, which gateways send too, ms. */
  retryAfterMaxMs: 60_000,
  /** Text of the server kept in an error message, characters. */
  serverMessageChars: 400,
  /** Failed attempts of a call whose caller can wait by itself, because it has all that it needs to go on. */
  callerAttempts: 3,
  /** One SQL statement, from submission to result, ms. */
  sqlMs: 600_000,
  /** A commit that stays undecided this long needs a decision. */
  commitDecisionMs: 600_000,
  tunnelEndpointCacheMs: 900_000,
  retryBaseMs: 1_000,
  retryCapMs: 64_000,
  /** Attempts for transient failures; over-quota answers are repeated until the caller gives up. */
  transientAttempts: 8,
  maxFieldBytes: 8 * MiB,

  // table.create
  /** Tries to create the table, and to read it once it is created: about half a minute of waits at most. */
  createTableAttempts: 12,
  createTableBaseMs: 250,
  createTableCapMs: 5_000,

  // table.unknownFields
  /** A member that may not add columns waits this long for the one that may, ms. */
  addColumnsWaitMs: 60_000,
  /** Time between two looks for a column that is being added, ms. */
  addColumnsLookMs: 2_000,

  // sink
  /** Share of `memory` for the keys of a batch's rows (`table.deduplicate`) at which the batch is sealed. */
  keysShare: 0.25,
  /** Sealed batches that may wait for their commit while the next one fills. */
  settlingBatches: 2,
  /** Share of `memory` in use at which the largest open block is uploaded at once. */
  pressureUploadShare: 0.75,
  /**
   * Share of `memory` below which paused topic partitions resume: above the one that is uploaded down to,
   * else in between nothing would be read and nothing sent until the batch is old enough.
   */
  resumeShare: 0.85,
  revokeMs: 20_000,
  /** Letters of another start are removed only when nobody has written them for this long, ms; other hosts' are not touched before. */
  staleLettersMs: 3_600_000,
  /** Time between two looks at them, which date the own files too: well below that, ms. */
  lettersLookMs: 900_000,
  /** Time between two looks at an intent that is being settled, ms. */
  recoveryLookMs: 1_000,
  /** The same while its sessions have to expire. */
  recoveryWaitMs: 30_000,
  /** Settling an intent is told this often, and from then on as a warning, ms. */
  recoveryTellMs: 60_000,
  /** No answer to an offset commit for this long counts as unanswered, ms. */
  offsetCommitMs: 15_000,
  /** Before the client sends a request again whose connection was lost (give or take a fifth), ms. */
  resendMs: 1_000,
  /**
   * Characters of one topic partition's commit metadata: brokers take 4,096 (`offset.metadata.max.bytes`), the
   * client adds one.
   */
  metadataChars: 4_095,
  /** Of these, for the intent; the rest is for the note beside it. */
  intentChars: 3_300,
  /** Sessions whose intent fits, unless their table partitions have names without anything in common. */
  intentSessions: 40,
  /** Longest session id that an intent is planned for; the service's have about 38. */
  sessionIdChars: 40,
  /** Longest wait before a group that takes no offset commit is asked again, ms. */
  commitProofCapMs: 60_000,

  /** Longest wait of the start between two looks for MaxCompute, ms. */
  startRetryCapMs: 15_000,
  /** A decision that is needed stays in sight of `/ready` and the metrics this long before the process ends, ms. */
  decisionLingerMs: 30_000,
  /** A stopped process that something still holds is ended after this time, ms. */
  exitMs: 5_000,

  // audit trail
  /** Entries that wait for the topic, and their characters in all; the oldest go first. */
  trailEntries: 1_000,
  trailChars: 8 * MiB,
  /** Waits between two attempts to write to the topic, ms. */
  trailRetryBaseMs: 1_000,
  trailRetryCapMs: 30_000,
  /** Least time for what waits when the service ends, ms. */
  trailFlushMs: 2_000,

  // dead letters in a topic
  /** Messages that are on their way at once, and their bytes; one larger than these goes alone. */
  lettersInFlight: 1_000,
  letterBytesInFlight: 8 * MiB,
  /** Waits between two attempts to write to the topic, ms. */
  letterRetryBaseMs: 500,
  letterRetryCapMs: 15_000,
  /** Least time for the connection to end, ms. */
  letterCloseMs: 2_000,

  // dead letters in a table
  /** Of a key, value or headers in one row: in base64 a value of SQL still holds it. */
  letterPartBytes: 2 * MiB,
  /** Rows that are compressed together, and compressed bytes of one block; the budget does not know of them. */
  letterPieceBytes: 4 * MiB,
  letterBlockBytes: 4 * MiB,

  // replay of dead letters
  /** Letters that are encoded together, and bytes of their keys and values. */
  replaySliceLetters: 5_000,
  replaySliceBytes: 16 * MiB,
  /** Letters that are committed together. */
  replayBatchLetters: 100_000,
  replayBlockBytes: 8 * MiB,
  replayBytesInFlight: 32 * MiB,

  // health
  liveMs: 60_000,
  stuckIntervals: 3,
  stuckMinMs: 180_000,

  // status
  /** Table partitions with metrics of their own: two days of hours. */
  freshTablePartitions: 50,
  /** Acknowledged batches that are remembered. */
  rememberedBatches: 10,
  /** Different warnings and errors that are remembered, and characters of each. */
  problems: 20,
  problemChars: 600,
} as const;
