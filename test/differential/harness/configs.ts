import type { Paths } from './sandbox.js';

/** Text of a config: settings that log and report into the sandbox, then syncs. */
export const settings = (p: Paths, more = ''): string =>
  `settings { logfile = "${p.log}", statusFile = "${p.status}", statusInterval = 0${more === '' ? '' : `, ${more}`} }\n`;

/** One sync from the sandbox's source to its target. */
export const plain =
  (keys: string | ((p: Paths) => string), more = '', before = '') =>
  (p: Paths): string => {
    const own = typeof keys === 'string' ? keys : keys(p);
    return `${before}${settings(p, more)}sync { source = "${p.src}", target = "${p.dst}", ${own.trim()} }\n`;
  };

/** Callbacks of every kind, each a call of the recording binary with the kind and the path. */
export const everyKind = (p: Paths, binary = 'act'): string =>
  [
    ...['Attrib', 'Create', 'Modify', 'Delete'].map(
      (kind) => `on${kind} = "${p.bin}/${binary} ${kind} ^path"`,
    ),
    `onMove = "${p.bin}/${binary} Move ^o.path ^d.path"`,
  ].join(', ');

/** The same without `onMove`. */
export const withoutMoves = (p: Paths): string => everyKind(p).replace(/, onMove.*/, '');
