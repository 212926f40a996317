/** The layer 3 strings of a sync → what the native engine does instead of spawning them. */
import { asBytes, toTextStrict, type BytePath, type ByteString } from '../core/bytes.js';
import type { EventType } from '../core/event.js';
import type { EngineChoices } from './engine-state.js';
import { normalisePrefix } from './keys.js';
import { recognizeQsctl, type CommandContext, type Generation, type QsctlSync } from './qsctl-command.js';

export { parseQsTarget } from './qs-target.js';

/** A sync's layer 3 strings by callback. */
export type CommandStrings = Readonly<
  Partial<
    Record<'onAttrib' | 'onCreate' | 'onModify' | 'onDelete' | 'onMove' | 'onStartup' | 'onFull', ByteString>
  >
>;

/** How a bucket is reached; what is not given is qsctl's config file's or our own default. */
export interface Reach {
  /** Path of qsctl's config file. */
  readonly config?: string;
  readonly zone?: string;
  readonly endpoint?: string;
  /** Transfers at once. */
  readonly workers?: number;
  readonly partSize?: number;
  readonly partThreshold?: number;
  /** Bytes per second. */
  readonly rateLimit?: number;
  readonly retries?: number;
  /** Seconds. */
  readonly timeout?: number;
}

/** What the native engine does in place of a sync's commands. */
export interface QingStorPlan {
  /** `qs://bucket/prefix`. */
  readonly target: string;
  readonly reach: Reach;
  readonly engine: EngineChoices;
  /** Events that do anything. */
  readonly handles: ReadonlySet<EventType>;
  /** Events that may delete at the target. */
  readonly mayDelete: ReadonlySet<EventType>;
  /** The comparison at the start; none without `onStartup`. */
  readonly startup: { readonly delete: boolean } | undefined;
}

const running: Readonly<Record<string, EventType>> = {
  onAttrib: 'Attrib',
  onCreate: 'Create',
  onModify: 'Modify',
  onDelete: 'Delete',
  onMove: 'Move',
};

/**
 * Makes one plan of a sync's strings, if all are native and go to the same place in the same way; else the reason
 * why not, for the log.
 *
 * Each `qsctl sync` compares the whole tree, whatever event it is for. The engine works on the event's path alone and
 * comes to the same state:
 * - `Create` and `Modify` upload also when only other events have a command (qsctl would with the next of those);
 * - a deletion its own command does not allow, or for which there is no command, waits until an event whose command
 *   says `--delete` comes (`rememberDeletes`);
 * - `Attrib` without a command does nothing, as no content has changed.
 * @param target the sync's target
 * @param source the sync's source, absolute
 */
export function planQingStorSync(
  callbacks: CommandStrings,
  target: ByteString,
  source: BytePath,
): { readonly plan: QingStorPlan } | { readonly reason: string } {
  const [sourceText, targetText] = [toTextStrict(source), toTextStrict(target)];
  if (sourceText === undefined || targetText === undefined)
    return { reason: 'source and target must be valid UTF-8' };
  const commands = readAll(callbacks, { source: sourceText, target: targetText });
  if (typeof commands === 'string') return { reason: commands };
  const [first] = commands.keys();
  if (first === undefined) return { reason: 'it has no layer 3 action' };
  const generations = new Set([...commands.values()].map(({ generation }) => generation));
  if (generations.has(1) && generations.has(2)) return { reason: 'its commands are for qsctl 1 and qsctl 2' };
  const generation = generations.has(2) ? 2 : 1;
  for (const [name, command] of commands) {
    const difference = differenceOf(commands.get(first)!, command, generation);
    if (difference !== undefined) return { reason: `${first} and ${name} differ in their ${difference}` };
  }
  return { plan: merge(commands, generation) };
}

function readAll(callbacks: CommandStrings, context: CommandContext): Map<string, QsctlSync> | string {
  const commands = new Map<string, QsctlSync>();
  for (const [name, bytes] of Object.entries(callbacks)) {
    const text = toTextStrict(asBytes(bytes));
    if (text === undefined) return `${name}: it is not valid UTF-8`;
    const found = recognizeQsctl(text, context);
    if ('spawn' in found) return `${name}: ${found.spawn}`;
    commands.set(name, found.native);
  }
  return commands;
}

/** What decides where objects go and how they are compared; in it all commands must agree. */
function meaning(
  command: QsctlSync,
  generation: Generation,
): Readonly<Record<string, string | boolean | undefined>> {
  const { target, config, zone, globs } = command;
  const common = { target: `${target.bucket}/${normalisePrefix(target.prefix)}`, config, zone };
  if (generation === 1) return { ...common, '--exclude': globs.exclude, '--include': globs.include };
  return {
    ...common,
    '--recursive': command.recursive,
    '--update': command.update,
    '--existing': command.existing,
    '--ignore-existing': command.ignoreExisting,
  };
}

function differenceOf(one: QsctlSync, other: QsctlSync, generation: Generation): string | undefined {
  const theirs = meaning(other, generation);
  return Object.entries(meaning(one, generation)).find(([key, value]) => theirs[key] !== value)?.[0];
}

function engineOptions(command: QsctlSync, generation: Generation): EngineChoices {
  if (generation === 1) return { globs: command.globs, overwrite: 'changed', markers: true, subdirs: true };
  return {
    overwrite: command.ignoreExisting ? 'never' : command.update ? 'changed' : 'always',
    create: !command.existing,
    markers: false,
    subdirs: command.recursive,
  };
}

function merge(commands: ReadonlyMap<string, QsctlSync>, generation: Generation): QingStorPlan {
  const all = [...commands.values()];
  const first = all[0]!;
  const handles = new Set<EventType>();
  const mayDelete = new Set<EventType>();
  for (const [name, kind] of Object.entries(running)) {
    const command = commands.get(name);
    if (command === undefined) continue;
    handles.add(kind);
    if (command.delete) mayDelete.add(kind);
  }
  if (handles.size > 0) handles.add('Create').add('Modify');
  if (mayDelete.size > 0) handles.add('Delete');
  const startup = commands.get('onStartup');
  const { bucket, prefix } = first.target;
  return {
    target: `qs://${bucket}${prefix === '' ? '' : '/'}${prefix}`,
    reach: {
      ...(first.config === undefined ? {} : { config: first.config }),
      ...(first.zone === undefined ? {} : { zone: first.zone }),
      ...pick(all, 'rateLimit', Math.min),
      ...pick(all, 'workers', Math.max),
      ...pick(all, 'partSize', Math.max),
      ...pick(all, 'partThreshold', Math.max),
    },
    engine: {
      ...engineOptions(first, generation),
      rememberDeletes: mayDelete.size > 0 && mayDelete.size < handles.size,
    },
    handles,
    mayDelete,
    startup: startup && { delete: startup.delete },
  };
}

/** One of the values given, if any is. */
function pick<K extends 'rateLimit' | 'workers' | 'partSize' | 'partThreshold'>(
  commands: readonly QsctlSync[],
  key: K,
  choose: (...values: number[]) => number,
): Partial<Record<K, number>> {
  const values = commands.map((command) => command[key]).filter((value) => value !== undefined);
  return values.length === 0 ? {} : ({ [key]: choose(...values) } as Record<K, number>);
}
