import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { type Place, createFairQueue } from '../limits/fair-queue.ts'
import { WorkerThread } from '../process/worker-thread.ts'
import type { Cost, HashQuestion } from './password-hash-worker.ts'

/** The minimum cost that OWASP recommends for argon2id. [OWASP Password Storage Cheat Sheet] */
const cost: Cost = { memoryKiB: 19_456, passes: 2, parallelism: 1 }

const saltSizeBytes = 16

const tagSizeBytes = 32

/** The maximum length of a password in bytes of UTF-8, so that clients cannot make the server hash megabytes. */
export const maxPasswordBytes = 1024

/** On two cores or fewer, one hash runs at a time: the main thread needs the other core. Each hash uses 19 MiB. */
const concurrency = availableParallelism() > 2 ? 2 : 1

const idleMs = 60_000

const worker = new URL('./password-hash-worker.ts', import.meta.url)

/** The idle threads. The queue runs at most as many hashes as there are threads. */
const freeThreads = Array.from(
  { length: concurrency },
  () => new WorkerThread<HashQuestion, Uint8Array>(worker, idleMs),
)

const queue = createFairQueue({
  concurrency,
  maxWaiting: 256,
  retryAfterSeconds: 5,
})

/** The figures for metrics: running and waiting password hashes, and password hashes rejected since startup. */
export const passwordHashFigures = queue.figures

/** The place in the queue for work of the server itself, such as when an administrator creates users. */
const ownPlace: Place = { lane: 'ordinary', group: '', block: '' }

/**
 * Hashes a user's password with argon2id into a PHC string, with a random salt and the current parameters.
 *
 * @throws RangeError if the password is empty or longer than `maxPasswordBytes`; BusyError if too many hashes are
 * waiting
 */
export async function hashPassword(password: string, place: Place = ownPlace): Promise<string> {
  const message = parsePassword(password)
  if (message === undefined) throw new RangeError(`a password must have 1 to ${maxPasswordBytes} bytes`)
  const salt = randomBytes(saltSizeBytes)
  const tag = await derive({ message, salt, cost, tagSizeBytes }, place)
  const { memoryKiB, passes, parallelism } = cost
  return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

/**
 * Whether the password matches the stored hash. If the user does not exist, pass undefined. The result is then false
 * after the same time, so that the time does not reveal which users exist.
 *
 * @throws Error if `encoded` is not a result of `hashPassword` or `hashGeneratedPassword`; BusyError if too many hashes
 * are waiting
 */
export async function verifyPassword(
  password: string,
  encoded: string | undefined,
  place: Place = ownPlace,
): Promise<boolean> {
  const isGenerated = encoded?.startsWith(generatedPrefix) === true
  const stored = encoded === undefined || isGenerated ? unmatchable : parseEncoded(encoded)
  if (stored === undefined) throw new Error('the stored password hash is malformed')
  const message = parsePassword(password)
  const tag = await derive(questionOf(message ?? Buffer.from('-'), stored), place)
  if (isGenerated) return isGeneratedPassword(password, encoded)
  return timingSafeEqual(tag, stored.tag) && message !== undefined && encoded !== undefined
}

const generatedPrefix = '$sha256$'

/**
 * Hashes a password that this server generated from at least 128 random bits. Nobody can guess such a password, so a
 * fast hash is safe. The verification also does not use capacity of the queue, which other people's guesses could
 * exhaust.
 */
export function hashGeneratedPassword(password: string): string {
  return generatedPrefix + hash('sha256', password, 'base64url')
}

/**
 * Whether the stored hash is the hash of a generated password, and the given password matches. The check takes
 * microseconds.
 */
export function isGeneratedPassword(password: string, encoded: string): boolean {
  if (!encoded.startsWith(generatedPrefix)) return false
  const [given, stored] = [Buffer.from(hashGeneratedPassword(password)), Buffer.from(encoded)]
  return given.length === stored.length && timingSafeEqual(given, stored)
}

/** The hash for a user without a stored hash. No password matches this hash. */
const unmatchable = { cost, salt: randomBytes(saltSizeBytes), tag: randomBytes(tagSizeBytes) }

/** Normalizes the password, because keyboards compose accents in different ways. [RFC 8265 §4.2.2] */
function parsePassword(password: string): Buffer | undefined {
  if (password.length === 0 || password.length > maxPasswordBytes) return undefined
  const message = Buffer.from(password.normalize('NFC'))
  return message.length <= maxPasswordBytes ? message : undefined
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

function questionOf(message: Buffer, { cost, salt, tag }: { cost: Cost; salt: Buffer; tag: Buffer }): HashQuestion {
  return { message, salt, cost, tagSizeBytes: tag.length }
}

function derive(question: HashQuestion, place: Place): Promise<Buffer> {
  return queue.run(place, async () => {
    const thread = freeThreads.pop()
    if (thread === undefined) throw new Error('more hashes are running than there are threads')
    try {
      return Buffer.from(await thread.ask(question))
    } finally {
      freeThreads.push(thread)
    }
  })
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
