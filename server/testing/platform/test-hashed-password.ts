import { hashPassword } from '../../src/platform/keys/password-hash.ts'

const hashed = new Map<string, Promise<string>>()

/**
 * The password of a test user with its hash, for the creation of the user. A hash takes 40 ms of processor time, and most tests create the
 * same users. Therefore each password is hashed once per process.
 */
export async function hashedPassword(password: string): Promise<{ readonly passwordHash: string }> {
  const known = hashed.get(password) ?? hashPassword(password)
  hashed.set(password, known)
  return { passwordHash: await known }
}
