import { homedir } from 'node:os';
import type { LuaProgram } from '../config/program.js';
import type { ConfiguredSync } from '../config/sync.js';
import { toText } from '../core/bytes.js';
import type { Logger } from '../report/logger.js';
import { nativeChoice } from './native-choice.js';
import { NativeSyncRuntime } from './native-sync.js';
import type { RunningSync, Surroundings } from './running-sync.js';
import { ScriptSyncRuntime } from './script-sync.js';
import { stateDirectory } from './state-dir.js';

/** Makes a sync's runtime once its surroundings exist. */
export type SyncMaker = (around: Surroundings) => RunningSync;

export interface PrepareOptions {
  readonly logger: Logger;
  /** Startups that fail are retried. */
  readonly insist: boolean;
}

/**
 * Decides for every sync whether it runs natively, and opens what that needs (credentials, buckets).
 * @throws LsyncdError for native syncs that can not work
 */
export async function prepareSyncs(program: LuaProgram, options: PrepareOptions): Promise<SyncMaker[]> {
  const makers: SyncMaker[] = [];
  for (const sync of program.syncs) makers.push(await prepare(sync, program, options));
  return makers;
}

async function prepare(
  sync: ConfiguredSync,
  program: LuaProgram,
  { logger, insist }: PrepareOptions,
): Promise<SyncMaker> {
  const choice = await nativeChoice(sync, program.settings, {
    insist,
    stateDir: stateDirectory({
      setting: program.settings.stateDir,
      env: process.env,
      uid: process.geteuid?.() ?? -1,
      home: process.env['HOME'] ?? homedir(),
    }),
    warn: (message) => logger.text('Warn', message),
    exec: (category, message) => logger.text(category, message),
  });
  if ('setup' in choice) return (around) => new NativeSyncRuntime(sync, choice.setup, around);
  if (choice.reason !== undefined)
    logger.text('Normal', `${toText(sync.name)}: qsctl is run as a command: ${choice.reason}`);
  return (around) => new ScriptSyncRuntime(sync, around);
}
