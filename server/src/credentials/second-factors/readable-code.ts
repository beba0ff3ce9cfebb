import { randomInt } from 'node:crypto'

/** Without letters and digits that look alike. */
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz'

/** A code that people read and type: 16 of 31 characters, 79 random bits, too many to guess and enough for a fast hash. */
export function newReadableCode(): string {
  const characters = Array.from({ length: 16 }, () => alphabet.charAt(randomInt(alphabet.length)))
  return [0, 4, 8, 12].map((at) => characters.slice(at, at + 4).join('')).join('-')
}
