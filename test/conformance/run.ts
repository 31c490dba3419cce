import { type EmulatorChild, startEmulatorChild, tempDir } from '../support/process.ts';
import { type Answer, CLIENTS, type ClientName, type Program, startPrograms } from './clients.ts';
import { MANY, type Operation, PAGES, SECTIONS } from './operations.ts';
import { readTypes, type TypeResults, writeTypes } from './type-run.ts';

export interface Verdicts {
  of(operation: Operation, client: ClientName): Answer;
  /** Many rows that one client wrote, read by the other. */
  readonly crossed: Readonly<Record<ClientName, Answer>>;
  readonly types: TypeResults;
}

type Emulators = Record<NonNullable<Operation['at']>, EmulatorChild>;

/** Starts the local MaxCompute and both clients, and lets each do everything; both at once. */
export async function judge(): Promise<Verdicts> {
  const folder = tempDir();
  const emulators: Emulators = {
    plain: await startEmulatorChild(),
    sts: await startEmulatorChild(['--sts-token', 'temporary']),
    schemas: await startEmulatorChild(['--schemas']),
  };
  const programs = await startPrograms(emulators.plain, folder.path);
  try {
    return await inOrder(programs, emulators);
  } finally {
    for (const name of CLIENTS) programs[name].stop();
    await Promise.all(Object.values(emulators).map((emulator) => emulator.stop()));
    folder.remove();
  }
}

async function inOrder(programs: Record<ClientName, Program>, emulators: Emulators): Promise<Verdicts> {
  const answers = new Map<string, Answer>();
  const { PyODPS, Java } = programs;
  const ask = async (program: Program, late: boolean): Promise<void> => {
    for (const operation of OPERATIONS.filter((one) => (one.late ?? false) === late)) {
      const emulator = emulators[operation.at ?? 'plain'];
      answers.set(key(operation, program.name), await program.ask(operation.name, operation.given, emulator));
    }
  };
  const own = async (program: Program) => {
    await ask(program, false);
    return {
      uploaded: await program.ask('upload.many-rows', many(program)),
      written: await writeTypes(program),
    };
  };
  const [python, java] = await Promise.all([own(PyODPS), own(Java)]);
  const prepared = PyODPS.ask('prepare.pages', PREPARED);
  const written = [...python.written, ...java.written];
  const other = async (program: Program, by: Program, uploaded: Answer) => {
    if (program === PyODPS) await prepared;
    const read = await readTypes(program, written);
    required(await prepared);
    await ask(program, true);
    return { read, crossed: uploaded.ok ? await program.ask('download.many-rows', many(by)) : uploaded };
  };
  const [byPython, byJava] = await Promise.all([
    other(PyODPS, Java, java.uploaded),
    other(Java, PyODPS, python.uploaded),
  ]);
  return {
    of: (operation, client) => answers.get(key(operation, client)) ?? MISSING,
    crossed: { PyODPS: byPython.crossed, Java: byJava.crossed },
    types: { written, read: [...byPython.read, ...byJava.read] },
  };
}

const OPERATIONS = SECTIONS.flatMap(({ operations }) => operations);
const many = ({ prefix }: Program) => ({ table: `${prefix}_many`, count: MANY.rows });
const PREPARED = {
  ...{ prefix: PAGES.prefix, tables: MANY.tables },
  ...{ table: PAGES.table, partitions: MANY.tablePartitions },
};
const MISSING: Answer = { ok: false, outcome: 'missing', detail: 'it was not run' };
const key = ({ name, given }: Operation, client: ClientName): string => JSON.stringify([name, given, client]);

function required(answer: Answer): void {
  if (!answer.ok) throw new Error(answer.detail);
}
