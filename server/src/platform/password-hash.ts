import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const deriveKey = promisify(argon2)

type Cost = { readonly memoryKiB: number; readonly passes: number; readonly parallelism: number }

/** The least that is held safe for argon2id. [OWASP Password Storage Cheat Sheet] */
const cost: Cost = { memoryKiB: 19_456, passes: 2, parallelism: 1 }
const saltSizeBytes = 16
const tagSizeBytes = 32

/** Longer passwords are refused, so that nobody can make the server hash megabytes. In bytes of UTF-8. */
export const longestPasswordBytes = 1024

/** At most so many at a time: each holds 19 MiB and one of the four threads that file access needs too. */
const concurrentHashes = 2

/**
 * Hashes a person's password with argon2id, for storing: a PHC string, with its own salt and parameters.
 *
 * @throws RangeError when the password is empty or longer than `longestPasswordBytes`.
 */
export async function hashPassword(password: string): Promise<string> {
  const message = parsePassword(password)
  if (message === undefined) throw new RangeError(`a password has 1 to ${longestPasswordBytes} bytes`)
  const salt = randomBytes(saltSizeBytes)
  const tag = await derive(message, salt, cost, tagSizeBytes)
  const { memoryKiB, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

/**
 * Whether the password is the one that was hashed. Pass undefined for a user that does not exist: the answer is false and
 * takes as long, so that the time does not tell which users there are.
 *
 * @throws Error when `encoded` is not a string of `hashPassword`.
 */
export async function verifyPassword(password: string, encoded: string | undefined): Promise<boolean> {
  const stored = encoded === undefined ? nobody : parseEncoded(encoded)
  if (stored === undefined) throw new Error('the stored password hash is malformed')
  const message = parsePassword(password)
  const tag = await derive(message ?? Buffer.from('-'), stored.salt, stored.cost, stored.tag.length)
  return timingSafeEqual(tag, stored.tag) && message !== undefined && encoded !== undefined
}

const nobody = { cost, salt: randomBytes(saltSizeBytes), tag: randomBytes(tagSizeBytes) }

/** One spelling of each character, since keyboards differ in how they compose accents. [RFC 8265 §4.2.2] */
function parsePassword(password: string): Buffer | undefined {
  if (password.length === 0 || password.length > longestPasswordBytes) return undefined
  const message = Buffer.from(password.normalize('NFC'))
  return message.length <= longestPasswordBytes ? message : undefined
}

const encodedForm =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

function parseEncoded(encoded: string): { cost: Cost; salt: Buffer; tag: Buffer } | undefined {
  const [, memoryKiB, passes, parallelism, salt, tag] = encodedForm.exec(encoded) ?? []
  if (salt === undefined || tag === undefined) return undefined
  return {
    cost: { memoryKiB: Number(memoryKiB), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

let running = 0
const waiting: (() => void)[] = []

async function derive(message: Buffer, nonce: Buffer, { memoryKiB, passes, parallelism }: Cost, tagLength: number) {
  if (running >= concurrentHashes) await new Promise<void>((resolve) => waiting.push(resolve))
  else running += 1
  try {
    return await deriveKey('argon2id', { message, nonce, memory: memoryKiB, passes, parallelism, tagLength })
  } finally {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
