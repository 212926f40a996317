import type { Case, Difference, Observation } from './harness/case.js';
import { eachLine } from './harness/normalise.js';
import { improveQueue } from './harness/improvements.js';

/** A difference shown by a change of every line of log and console. */
const byLine = (id: string, change: (line: string) => string | undefined): Difference => ({
  id,
  improve: (seen) => eachLine(seen, change),
});

/** A difference shown in a way that only the case knows. */
const as =
  (id: string) =>
  (improve: (real: Observation) => Observation): Difference => ({ id, improve });

/** A difference shown by the queue in the status file, unless the case knows better. */
const queued =
  (id: string, how: Parameters<typeof improveQueue>[1]) =>
  (
    improve = (seen: Observation): Observation => ({ ...seen, status: improveQueue(seen.status, how) }),
  ): Difference => ({ id, improve });

/**
 * What ours does better than lsyncd 2.2.3, by the row of docs/differences.md that says so: what lsyncd did is
 * turned into what ours is to do. A case names the differences it meets; one it does not meet fails it.
 */
export const differences = {
  /** Two delays on one path: the later one is blocked in the status file. */
  'one-at-a-time': queued('one-at-a-time', { block: true }),
  /** Two waiting delays alike are one. */
  'merge-same-kind': queued('merge-same-kind', { merge: true }),
  'status-lists-excludes': as('status-lists-excludes'),
  'direct-native': as('direct-native'),
  'shell-name': as('shell-name'),
  'shell-tenth': as('shell-tenth'),
  'single-quote': as('single-quote'),
  'variable-twice': as('variable-twice'),
  'stdin-from-nul': as('stdin-from-nul'),
  'signal-is-failure': as('signal-is-failure'),
  'swap-lost-create': as('swap-lost-create'),
  'accepted-everywhere': as('accepted-everywhere'),
  'help-status': as('help-status'),
  'hup-bad-config': as('hup-bad-config'),
  'settings-delay': as('settings-delay'),
  'source-error-one-line': byLine('source-error-one-line', (line) =>
    /^Error: (?:failure getting absolute path of|cannot get absolute path of dir)/.test(line)
      ? undefined
      : line,
  ),
  /** lsyncd names a line of its own Lua text, or none, where the config's line is meant. */
  'error-position': byLine('error-position', (line) =>
    line.replace(/^(Error: error preparing (\S+): )(?:\/build\S+\.lua:\d+: )?(?!\/S)/, '$1$2:1: '),
  ),
  'error-object': as('error-object'),
  'own-words': as('own-words'),
  'computed-text': as('computed-text'),
  'log-nul': as('log-nul'),
  'config-path': as('config-path'),
  'exec-log': byLine('exec-log', (line) => (/Exec: one-sweeped pipe$/.test(line) ? undefined : line)),
  'moved-watches-kept': as('moved-watches-kept'),
  'vanished-quietly': byLine('vanished-quietly', (line) =>
    /Error: cannot open dir \[/.test(line) ? undefined : line,
  ),
  'exitcodes-keep-keys': as('exitcodes-keep-keys'),
  'callback-type': as('callback-type'),
  'discard-in-callback': as('discard-in-callback'),
  'again-without-delay': as('again-without-delay'),
  'moved-out-unwatched': as('moved-out-unwatched'),
  'moved-between-syncs': as('moved-between-syncs'),
  'subdirs-nothing-inside': as('subdirs-nothing-inside'),
  usr1: as('usr1'),
  'rsync-23': as('rsync-23'),
  'suspended-alone': as('suspended-alone'),
  'startup-explained': as('startup-explained'),
  rewatched: as('rewatched'),
  'ssh-for-rsync': as('ssh-for-rsync'),
  'rsync-keys': as('rsync-keys'),
} as const;

/** Differences that some of a table's cases meet and others do not. */
export const perhaps = (difference: Difference): Difference => ({ ...difference, optional: true });

/** Ends lsyncd; ours suspends the sync, and tries again after a second. */
export const suspends: Pick<Case, 'compare' | 'prune' | 'differs'> = {
  compare: ['calls', 'exit'],
  prune: (seen) => ({ ...seen, calls: [...new Set(seen.calls)] }),
  differs: [differences['suspended-alone']((seen) => ({ ...seen, exit: 143 }))],
};

/** After a startup that failed ours goes on to say what ended with what. */
export const explained = (code: number | string, binary = 'act'): Difference =>
  differences['startup-explained']((seen) => {
    const after = (lines: readonly string[]): string[] =>
      lines.flatMap((line) => {
        const at = /^(<\w+> Error: ).*[Ff]ailure on startup of/.exec(line)?.[1];
        if (at === undefined) return [line];
        return [
          line,
          `${at}Sync1: /S/bin/${binary} ended with exit code ${code}.`,
          `${at}With "insist" (or -insist) a startup is retried whose exit code means "again".`,
        ];
      });
    return { ...seen, log: after(seen.log), stderr: after(seen.stderr) };
  });

/** Ours says that something was not transferred. */
export const notAll = differences['rsync-23']((seen) => ({
  ...seen,
  log: seen.log.flatMap((line) =>
    line.includes('Startup of')
      ? ['<ctime> Warn: Sync1: rsync could not transfer everything (23).', line].reverse()
      : [line],
  ),
}));
