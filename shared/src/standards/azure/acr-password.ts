/** The number of random bytes in a password of a registry. */
export const acrPasswordRandomBytes = 37

/**
 * Formats random bytes as a password of an admin account or a scoped token: 52 characters with 284 random bits, in the format
 * that secret scanners recognise as a container registry's password. [Microsoft security-utilities, rule SEC101/176]
 */
export function acrPassword(random: Uint8Array): string {
  if (random.length !== acrPasswordRandomBytes) throw new RangeError(`needs ${acrPasswordRandomBytes} random bytes`)
  const characters = Buffer.from(random.subarray(1)).toString('base64')
  const letter = 'ABCD'.charAt((random[0] ?? 0) & 3)
  return `${characters.slice(0, 42)}+ACR${letter}${characters.slice(42, 47)}`
}
