import { asBytes, fromText } from '../core/bytes.js';
import { LsyncdError } from '../core/errors.js';
import type { ScriptHost } from '../lua/objects/host.js';
import type { WatchdogOptions } from '../lua/watchdog.js';
import { processorTime } from '../sys/clock.js';

/** Seconds of computing after which a script is taken for stuck. */
const usualSeconds = 30;

/** Environment variable with other seconds. */
const variable = 'LSYNCD_TS_LOAD_SECONDS';

function limit(env: NodeJS.ProcessEnv): number {
  const seconds = Number(env[variable]);
  return seconds > 0 ? seconds : usualSeconds;
}

/**
 * What is done about Lua code that does not come to an end. Only time spent computing counts: a config that waits for
 * something with `os.execute("sleep 1")` is patient, not stuck. While the config loads nothing else can be going on,
 * so the start ends; a callback may be at something long, and ending it would lose its event, so it is only told of.
 */
export class StuckScripts {
  readonly watchdog: WatchdogOptions;
  private loading = true;

  constructor(host: Pick<ScriptHost, 'log'>, env: NodeJS.ProcessEnv = process.env) {
    const seconds = limit(env);
    this.watchdog = {
      clock: processorTime,
      stuckAfter: seconds * 1000,
      onStuck: (place) => {
        if (this.loading)
          throw new LsyncdError(
            'LSY_LUA_STUCK',
            `the config has been computing for ${seconds} seconds and does not end: it is at ${place}`,
            `end the loop there, or give it more seconds with ${variable}`,
          );
        host.log(
          asBytes('Warn'),
          fromText(`Lua code does not end: it has been computing ${seconds} seconds more, now at ${place}`),
        );
      },
    };
  }

  /** The config has run: from now on it is callbacks. */
  loaded(): void {
    this.loading = false;
  }
}
