import { asBytes, type ByteString } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import { isFunction, isTable, type LuaTable, type LuaVm } from '../lua/vm.js';

/** A sync given on the command line (spec/cli.md, "Synopsis"). */
export interface CommandLineSync {
  readonly layer: 'rsync' | 'rsyncssh' | 'direct';
  readonly args: readonly ByteString[];
}

/**
 * Splits a string into words as a shell does: quotes group, a backslash outside of single quotes escapes.
 * @throws LsyncdError for a quote that is not closed
 */
export function shellWords(text: ByteString): ByteString[] {
  const words: string[] = [];
  const piece = /\s+|'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\([^])|([^\s'"\\]+)/gy;
  let word: string | undefined;
  let at = 0;
  for (let match = piece.exec(text); match !== null; match = piece.exec(text)) {
    at = piece.lastIndex;
    const [whole, single, double, escaped, plain] = match;
    if (/^\s/.test(whole)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + (single ?? double?.replace(/\\([\\"$`])/g, '$1') ?? escaped ?? plain ?? '');
  }
  if (at < text.length)
    throw new LsyncdError('LSY_SSHOPTS', 'option -sshopts holds a quote that is not closed', 'close it');
  if (word !== undefined) words.push(word);
  return words.map(asBytes);
}

/** The fields of a command-line sync beside what it inherits. */
function fields(vm: LuaVm, { layer, args }: CommandLineSync, sshopts: ByteString | undefined): LuaTable {
  const [source, second, third] = args;
  if (layer !== 'rsyncssh') return vm.table({ source, target: second });
  const ssh = sshopts === undefined ? undefined : vm.table({ _extra: vm.table(shellWords(sshopts)) });
  return vm.table({ source, host: second, targetdir: third, ssh });
}

/** Calls the config's `sync` function for every sync of the command line, as a config would. */
export function declareSyncs(
  vm: LuaVm,
  syncs: readonly CommandLineSync[],
  sshopts: ByteString | undefined,
): void {
  const declare = vm.globals.get('sync');
  const defaults = vm.globals.get('default');
  if (!isFunction(declare) || !isTable(defaults))
    throw new LsyncdError('LSY_SCRIPT', 'a -script has replaced "sync" or "default" by something else');
  for (const sync of syncs) {
    const table = fields(vm, sync, sshopts);
    table.set(1, defaults.get(asBytes(sync.layer)));
    vm.call(declare, [table]);
  }
}
