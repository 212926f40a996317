import { readFileSync } from 'node:fs';

const DAY = 86_400;

/** A point in time, broken down. */
export interface BrokenTime {
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly min: number;
  readonly sec: number;
  /** 0–6 from Sunday. */
  readonly wday: number;
  /** 1–366. */
  readonly yday: number;
  readonly isdst: boolean;
  /** Seconds east of Greenwich. */
  readonly offset: number;
  readonly zone: string;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** The fields of a point in time, in the local zone or in UTC. */
export function breakTime(epoch: number, utc: boolean): BrokenTime {
  const local = new Date(epoch * 1000);
  const offset = utc ? 0 : -Math.round(local.getTimezoneOffset() * 60);
  const shifted = new Date((epoch + offset) * 1000);
  const year = shifted.getUTCFullYear();
  const isdst = !utc && offset > standardOffset(year) + 0.5;
  const start = new Date(0).setUTCFullYear(year, 0, 1) / 1000;
  return {
    year,
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    min: shifted.getUTCMinutes(),
    sec: shifted.getUTCSeconds(),
    wday: shifted.getUTCDay(),
    yday: Math.floor((epoch + offset - start) / DAY) + 1,
    isdst,
    offset,
    zone: utc ? 'GMT' : zoneName(local, isdst),
    epoch,
  };
}

/** C's `mktime`: fields of any size → seconds since 1970. NaN when out of range. */
export function makeTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  min: number,
  sec: number,
  isdst: boolean | undefined,
): number {
  const date = new Date(2000, 0, 1);
  date.setHours(0, 0, 0, 0);
  date.setFullYear(year, month - 1, day);
  date.setHours(hour, min, sec, 0);
  const epoch = date.getTime() / 1000;
  if (isdst === undefined) return epoch;
  const there = breakTime(epoch, false);
  if (there.isdst === isdst) return epoch;
  // The caller counts in the other kind of time than the one in force then.
  const shift = dstShift(there.year) || 3600;
  return isdst ? epoch - shift : epoch + shift;
}

/** Offset east of Greenwich of the year's standard time: the smaller of January's and July's. */
function standardOffset(year: number): number {
  const at = (month: number) => {
    const date = new Date(2000, month, 1);
    date.setFullYear(year);
    return -date.getTimezoneOffset() * 60;
  };
  return Math.min(at(0), at(6));
}

function dstShift(year: number): number {
  const july = -new Date(year, 6, 1).getTimezoneOffset() * 60;
  const january = -new Date(year, 0, 1).getTimezoneOffset() * 60;
  return Math.abs(july - january);
}

/** Names of standard and daylight saving time. */
type ZoneNames = readonly (string | undefined)[];

let zones: { readonly key: string; readonly names: ZoneNames } | undefined;

/** `CET`, `CEST`: from the zone file's POSIX rule, as C has it; ICU would say `GMT+1`. */
function zoneName(date: Date, isdst: boolean): string {
  const key = process.env['TZ'] ?? '';
  if (zones?.key !== key) zones = { key, names: readZoneNames(key) };
  return zones.names[isdst ? 1 : 0] ?? shortName(date);
}

function readZoneNames(tz: string): ZoneNames {
  const name = tz.replace(/^:/, '');
  const path = name === '' ? '/etc/localtime' : name.startsWith('/') ? name : `/usr/share/zoneinfo/${name}`;
  let rule = name;
  try {
    rule = readFileSync(path, 'latin1').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    // no such zone file: TZ may itself be a POSIX rule
  }
  const found = /^(?:<([^>]+)>|([A-Za-z]{3,}))[-+]?[0-9:]+(?:(?:<([^>]+)>|([A-Za-z]{3,})))?/.exec(rule);
  return found === null ? [] : [found[1] ?? found[2], found[3] ?? found[4]];
}

function shortName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];
const two = (n: number): string => String(n).padStart(2, '0');
const blank = (n: number): string => String(n).padStart(2, ' ');
const twelve = (hour: number): number => hour % 12 || 12;

/** Year and week of ISO 8601. */
function isoWeek(t: BrokenTime): { readonly year: number; readonly week: number } {
  const monday = (t.wday + 6) % 7;
  const week = Math.floor((t.yday - 1 - monday + 10) / 7);
  const leap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const weeks = (year: number) => {
    const first = new Date(0).setUTCFullYear(year, 0, 1) / 1000 / DAY;
    const wday = (((Math.floor(first) + 4) % 7) + 7) % 7;
    return wday === 4 || (wday === 3 && leap(year)) ? 53 : 52;
  };
  if (week < 1) return { year: t.year - 1, week: weeks(t.year - 1) };
  if (week > weeks(t.year)) return { year: t.year + 1, week: 1 };
  return { year: t.year, week };
}

/** strftime's conversions in the C locale. */
const conversions: Readonly<Record<string, (t: BrokenTime) => string>> = {
  a: (t) => days[t.wday]!.slice(0, 3),
  A: (t) => days[t.wday]!,
  b: (t) => months[t.month - 1]!.slice(0, 3),
  B: (t) => months[t.month - 1]!,
  c: (t) => format('%a %b %e %H:%M:%S %Y', t),
  C: (t) => two(Math.floor(t.year / 100)),
  d: (t) => two(t.day),
  D: (t) => format('%m/%d/%y', t),
  e: (t) => blank(t.day),
  F: (t) => format('%Y-%m-%d', t),
  g: (t) => two(((isoWeek(t).year % 100) + 100) % 100),
  G: (t) => String(isoWeek(t).year),
  h: (t) => months[t.month - 1]!.slice(0, 3),
  H: (t) => two(t.hour),
  I: (t) => two(twelve(t.hour)),
  j: (t) => String(t.yday).padStart(3, '0'),
  m: (t) => two(t.month),
  M: (t) => two(t.min),
  n: () => '\n',
  p: (t) => (t.hour < 12 ? 'AM' : 'PM'),
  r: (t) => format('%I:%M:%S %p', t),
  R: (t) => format('%H:%M', t),
  s: (t) => String(t.epoch),
  S: (t) => two(t.sec),
  t: () => '\t',
  T: (t) => format('%H:%M:%S', t),
  u: (t) => String(t.wday || 7),
  U: (t) => two(Math.floor((t.yday - 1 + 7 - t.wday) / 7)),
  V: (t) => two(isoWeek(t).week),
  w: (t) => String(t.wday),
  W: (t) => two(Math.floor((t.yday - 1 + 7 - ((t.wday + 6) % 7)) / 7)),
  x: (t) => format('%m/%d/%y', t),
  X: (t) => format('%H:%M:%S', t),
  y: (t) => two(((t.year % 100) + 100) % 100),
  Y: (t) => String(t.year),
  z: (t) => {
    const minutes = Math.abs(Math.trunc(t.offset / 60));
    return (t.offset < 0 ? '-' : '+') + two(Math.floor(minutes / 60)) + two(minutes % 60);
  },
  Z: (t) => t.zone,
  '%': () => '%',
};

/** Fills a strftime format that has been checked. */
export function format(text: string, t: BrokenTime): string {
  return text.replace(/%[EO]?([a-zA-Z%])/g, (whole, letter: string) => conversions[letter]?.(t) ?? whole);
}

/** The first conversion C99 does not have and all behind it, as Lua shows it; undefined when all are good. */
export function badConversion(text: string): string | undefined {
  const good = /^%(?:[aAbBcCdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%]|E[cCxXyY]|O[deHImMSuUVwWy])/;
  for (let i = text.indexOf('%'); i >= 0;) {
    const found = good.exec(text.slice(i));
    if (found === null) return text.slice(i).split('\0', 1)[0];
    i = text.indexOf('%', i + found[0].length);
  }
  return undefined;
}
