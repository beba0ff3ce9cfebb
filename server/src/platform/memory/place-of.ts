/**
 * Returns the index of a name in a table that threads share. Several names can have the same index.
 *
 * @param places the size of the table: a power of two
 * @param seed a secret number, if clients can choose the names
 */
export function placeOf(name: string, places: number, seed = 0): number {
  // [FNV-1a, 32 bits, http://www.isthe.com/chongo/tech/comp/fnv/]
  let hash = 0x811c9dc5 ^ seed
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return (hash ^ (hash >>> 16)) & (places - 1)
}
