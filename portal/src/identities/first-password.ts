/** Letters and digits that cannot be confused with each other. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789'

/** A random password of 20 characters, in groups that are easy to read aloud. */
export function firstPassword(): string {
  const groups = Array.from({ length: 4 }, () => Array.from({ length: 5 }, randomCharacter).join(''))
  return groups.join('-')
}

function randomCharacter(): string {
  const [byte = 255] = crypto.getRandomValues(new Uint8Array(1))
  // The bytes that would make some characters more likely are drawn again.
  return byte < 256 - (256 % alphabet.length) ? (alphabet[byte % alphabet.length] ?? '') : randomCharacter()
}
