import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.ts';

/** The command line. Each command loads its own code, so that none pays for the others. */
export function createProgram(exit: Exit): Command {
  const program = new Command('maxsink')
    .description('Moves Kafka topics into Alibaba MaxCompute tables.')
    .version(VERSION)
    .showHelpAfterError('(maxsink --help lists the commands)')
    .exitOverride();
  addPipelineCommands(program, exit);
  addLocalCommands(program, exit);
  return program;
}

type Exit = (code: number) => void;

/** What is done with a configuration. */
function addPipelineCommands(program: Command, exit: Exit): void {
  program
    .command('run')
    .description('run the service until SIGTERM')
    .requiredOption('-c, --config <file>', 'configuration (YAML)')
    .action(async (options) => exit(await (await import('./run.ts')).runCommand(options)));

  program
    .command('check')
    .description('prove everything that a start needs: configuration, Kafka, registry, table, rights')
    .requiredOption('-c, --config <file>', 'configuration (YAML)')
    .option('--json', 'one JSON document instead of text')
    .option('--write', 'prove the right to alter the table too; creates a table partition when there is none')
    .option('--replicas <n>', 'processes that will run, for the quota arithmetic', Number)
    .action(async (options) => exit(await (await import('./check.ts')).checkCommand(options)));

  program
    .command('preview')
    .description('show some records as the rows that they would become, and why others are rejected')
    .requiredOption('-c, --config <file>', 'configuration (YAML)')
    .option('-n, --records <n>', 'records to read', Number, 20)
    .option('--from <where>', 'committed, earliest, latest (the newest records) or a time', 'committed')
    .option('--timeout <duration>', 'longest wait for the table, the records and the schemas', '15s')
    .option('--json', 'one JSON document')
    .action(async (options) => exit(await (await import('./preview.ts')).previewCommand(options)));

  addAudit(program, exit);
  addDeadLetters(program, exit);

  program
    .command('resolve')
    .description('show batches whose commit is pending, and settle what nobody else can decide')
    .requiredOption('-c, --config <file>', 'configuration (YAML)')
    .option('--assume-committed', 'go on behind the batch: rows that are not in the table are lost')
    .option('--replay', 'read the batch again: rows that are in the table come twice')
    .option('--batch <id>', 'this one only, even when the service would settle it by itself')
    .option('--json', 'one JSON document')
    .action(async (options) => exit(await (await import('./resolve.ts')).resolveCommand(options)));
}

/** What needs nothing but this machine. */
function addLocalCommands(program: Command, exit: Exit): void {
  program
    .command('demo')
    .description('show the whole route on this machine: Kafka, maxsink, a local MaxCompute')
    .option('--brokers <list>', 'a real Kafka instead of the built-in one')
    .option('--seconds <n>', 'how long the producer runs', Number)
    .option('--records <n>', 'orders to produce', Number)
    .action(async (options) => exit(await (await import('./demo.ts')).demoCommand(options)));

  program
    .command('emulator')
    .description('run the local MaxCompute alone')
    .option('--port <port>', 'port to listen at; 0: any', Number, 8090)
    .option('--project <name>', 'project', 'demo')
    .option('--access-id <id>', 'access key id that is accepted', 'local')
    .option('--access-key <key>', 'access key secret (default: "local", where --host is this machine only)')
    .option('--sts-token <token>', 'security token that the key needs, as a temporary one does')
    .option('--data <dir>', 'keep the data in this folder')
    .option('--count-only', 'check and count rows, keep none')
    .option('--quotas <kind>', 'real: enforce the quotas of the service')
    .option('--host <host>', 'address to listen at; 0.0.0.0: all', '127.0.0.1')
    .option('--public <host:port>', 'address that clients are told: in a container, or behind a proxy')
    .option('--schemas', 'tell clients that names have three parts: project, schema, table')
    .option('--init <file>', 'SQL statements to execute at the start')
    .action(async (options) => exit(await (await import('./emulator.ts')).emulatorCommand(options)));
}

function addAudit(program: Command, exit: (code: number) => void): void {
  program
    .command('audit')
    .description('compare the table with the offsets: every record once, or where not')
    .requiredOption('-c, --config <file>', 'configuration (YAML)')
    .option('--from <time>', 'only records with timestamps from this time on')
    .option('--to <time>', 'only records with timestamps before this time')
    .option('--timeout <duration>', 'longest time of each query, and of reading the log', '30m')
    .option('--journal <folder>', 'where replays of dead letters are written down')
    .option('--json', 'one JSON document instead of text')
    .action(async (options) => exit(await (await import('./audit.ts')).auditCommand(options)));
}

function addDeadLetters(program: Command, exit: Exit): void {
  const letters = program
    .command('deadletters')
    .description('list and show rejected records, and replay them once the mapping takes them');
  const command = (name: string, description: string) =>
    letters
      .command(name)
      .description(description)
      .requiredOption('-c, --config <file>', 'configuration (YAML)')
      .option('--json', 'JSON instead of text');
  const some = (one: Command) =>
    one
      .option('--code <code...>', 'only those rejected with one of these codes')
      .option('--column <name>', 'only those rejected for this column')
      .option('--since <when>', 'only records with timestamps from then on: 6h, or a time')
      .option('--journal <folder>', 'where replays are written down');
  const load = () => import('./deadletters.ts');
  some(command('list', 'count them by reason and topic partition, with the newest of each')).action(
    async (options) => exit(await (await load()).listCommand(options)),
  );
  command('show', 'everything of these letters, with the original bytes')
    .argument('<id...>', 'topic-number-offset, as list shows it')
    .option('--key <file>', 'private key (PEM) that opens sealed letters')
    .action(async (ids, options) => exit(await (await load()).showCommand(ids, options)));
  some(command('replay', 'send them through the present mapping into the table, each at most once'))
    .argument('[id...]', 'only these; topic-number-offset, as list shows it')
    .option('--key <file>', 'private key (PEM) that opens sealed letters')
    .option('--dry-run', 'say what would happen; write nothing')
    .action(async (ids, options) => exit(await (await load()).replayCommand(ids, options)));
}

/** Null when the error is not about the command line; `help`: the user asked for help or the version. */
export const isUsageError = (error: unknown): { help: boolean } | null =>
  error instanceof CommanderError ? { help: error.exitCode === 0 } : null;
