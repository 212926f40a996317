#!/usr/bin/env node

/** The program's entry. Ends the process itself: idle connections or timers must not keep it. */
import { main } from '../daemon/start.js';

process.exit(await main());
