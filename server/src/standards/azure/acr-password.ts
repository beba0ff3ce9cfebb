/** How many random bytes a password of a registry is made of. */
export const acrPasswordRandomBytes = 37

/**
 * A password of an admin account or a scoped token, made of random bytes: 52 characters with 284 random bits, in the format
 * by which secret scanners recognise a container registry's password. [Microsoft security-utilities, rule SEC101/176]
 */
export function acrPassword(random: Uint8Array): string {
  if (random.length !== acrPasswordRandomBytes) throw new RangeError(`needs ${acrPasswordRandomBytes} random bytes`)
  const characters = Buffer.from(random.subarray(1)).toString('base64')
  const letter = 'ABCD'.charAt((random[0] ?? 0) & 3)
  return `${characters.slice(0, 42)}+ACR${letter}${characters.slice(42, 47)}`
}
