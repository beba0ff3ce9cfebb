import { randomInt } from 'node:crypto'

/** Without letters and digits that look alike. */
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz'

const groups = 6
const groupLength = 4

/**
 * A code that people read and type: 24 of 31 characters, 118 random bits. From 112 bits on, a fast hash protects a stored
 * code. [ASVS 5.0, 6.5.2]
 */
export function newReadableCode(): string {
  const character = () => alphabet.charAt(randomInt(alphabet.length))
  const group = () => Array.from({ length: groupLength }, character).join('')
  return Array.from({ length: groups }, group).join('-')
}
