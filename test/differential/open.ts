/** Cases in which the two programs still differ and are not meant to: shown as skipped. */
const open: readonly string[] = [];

export function isOpen(name: string): boolean {
  return open.includes(name);
}
