import { ltable, Slot, tags, type LuaState, type RawTable, type TValue } from './engine.js';
import type { LuaKey, LuaTable, LuaValue } from './values.js';

/** A fresh nil. */
export const nilSlot = (): TValue => new Slot(tags.LUA_TNIL, null);

/** What a table needs of the machine it lives in. */
export interface TableHost {
  state(): LuaState;
  toLua(value: LuaKey): TValue;
  toJs(slot: TValue): LuaValue;
  tableOf(raw: RawTable): TableRef;
  /** `table[key]`, with metamethods. */
  indexed(table: TValue, key: TValue): LuaValue;
  /** `a == b`, with metamethods. */
  compared(a: TValue, b: TValue): boolean;
}

/** The bridge's view of one Lua table. */
export class TableRef implements LuaTable {
  readonly type = 'table';

  constructor(
    private readonly host: TableHost,
    readonly identity: RawTable,
  ) {}

  get(key: LuaKey): LuaValue {
    if (typeof key === 'string') {
      // The patched hash of a string is a bar and its bytes.
      const entry = this.identity.strong.get('|' + key);
      return entry?.value === undefined ? undefined : this.host.toJs(entry.value);
    }
    return this.host.toJs(ltable.luaH_get(this.host.state(), this.identity, this.host.toLua(key)));
  }

  /** @throws RangeError when the key is nil or NaN. */
  set(key: LuaKey, value: LuaValue): void {
    const at = this.host.toLua(key);
    if (at.type === tags.LUA_TNIL || Number.isNaN(at.value))
      throw new RangeError(`table index is ${at.type === tags.LUA_TNIL ? 'nil' : 'NaN'}`);
    ltable.luaH_setfrom(this.host.state(), this.identity, at, this.host.toLua(value));
    ltable.invalidateTMcache(this.identity);
  }

  get length(): number {
    return ltable.luaH_getn(this.identity);
  }

  *entries(): IterableIterator<[LuaValue, LuaValue]> {
    let entry = this.identity.f;
    for (; entry !== undefined; entry = entry.n) {
      // A removed entry keeps its link, so that the walk goes on behind it.
      if (entry.value !== undefined) yield [this.host.toJs(entry.key), this.host.toJs(entry.value)];
    }
  }

  index(key: LuaKey): LuaValue {
    const raw = this.get(key);
    if (raw !== undefined || this.identity.metatable === null) return raw;
    return this.host.indexed(this.slot(), this.host.toLua(key));
  }

  setMetatable(metatable: LuaTable | undefined): void {
    this.identity.metatable = metatable === undefined ? null : rawOf(metatable);
  }

  getMetatable(): TableRef | undefined {
    const { metatable } = this.identity;
    return metatable === null ? undefined : this.host.tableOf(metatable);
  }

  equals(other: LuaValue): boolean {
    if (other === this) return true;
    if (!(other instanceof TableRef)) return false;
    if (this.identity.metatable === null && other.identity.metatable === null) return false;
    return this.host.compared(this.slot(), other.slot());
  }

  /** The table as a Lua value. */
  slot(): TValue {
    return new Slot(tags.LUA_TTABLE, this.identity);
  }
}

/** The table itself. @throws TypeError when it is none of the bridge's. */
export function rawOf(table: LuaTable): RawTable {
  if (table instanceof TableRef) return table.identity;
  throw new TypeError('not a table of this Lua machine');
}
