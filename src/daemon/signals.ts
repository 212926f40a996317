/** Signals the program acts upon. */
export type HandledSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGUSR1' | 'SIGUSR2';

const numbers: Readonly<Record<HandledSignal, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
};

/** Exit status of a program ended by a signal. */
export function signalStatus(signal: HandledSignal): number {
  return 128 + numbers[signal];
}

/** Calls `handle` for each signal until the returned function is called. */
export function onSignals(handle: (signal: HandledSignal) => void): () => void {
  const names = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
  const handlers = names.map((name) => [name, () => handle(name)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}
