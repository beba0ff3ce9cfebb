import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { StorageUnavailableError } from '../contract/errors.ts'
import type { ByteRange } from '../contract/model.ts'
import type { ObjectBody, ObjectStore } from './object-store.ts'

/** How often a read continues in a row without having received a byte. */
const maxFutileAttempts = 3

/** An object or a range of it, which is read to its end even if the store interrupts the response. */
export type ObjectRead = Omit<ObjectBody, 'body'> & {
  /** The bytes, as they arrive. The caller must end the iteration. */
  readonly chunks: AsyncGenerator<Uint8Array, void, void>
  /** Ends the read, whether it has begun or not. */
  readonly cancel: () => void
}

/** Begins to read an object; undefined if there is none. @throws StorageUnavailableError */
export async function beginRead(objects: ObjectStore, key: string, range?: ByteRange): Promise<ObjectRead | undefined> {
  const first = await request(objects, key, range, undefined)
  if (first === undefined) return undefined
  const { body, cancel, ...properties } = first
  const { start, end } = range ?? { start: 0, end: properties.sizeBytes - 1 }
  const current = { body, cancel }
  return {
    ...properties,
    chunks: chunksOf(objects, { key, etag: properties.etag, start, end }, current),
    cancel: () => current.cancel(),
  }
}

/** A small object as a whole; undefined if there is none. @throws StorageUnavailableError */
export async function readWhole(objects: ObjectStore, key: string): Promise<Buffer | undefined> {
  const read = await beginRead(objects, key)
  return read === undefined ? undefined : buffer(Readable.from(read.chunks))
}

type Part = { readonly key: string; readonly etag: string | undefined; readonly start: number; readonly end: number }
type Current = { body: Readable; cancel: () => void }

async function* chunksOf(objects: ObjectStore, part: Part, current: Current): AsyncGenerator<Uint8Array, void, void> {
  let position = part.start
  let futileAttempts = 0
  try {
    for (;;) {
      let failure: unknown = new Error('the response was shorter than expected')
      const chunks = current.body.iterator({ destroyOnReturn: true })
      try {
        for (;;) {
          const next = await patiently(chunks.next(), current, objects.timeoutMs)
          if (next.done) break
          const chunk = (next.value as Uint8Array).subarray(0, part.end + 1 - position)
          if (chunk.byteLength === 0) break
          position += chunk.byteLength
          futileAttempts = 0
          yield chunk
        }
      } catch (error) {
        failure = error
      }
      if (position > part.end) return
      futileAttempts += 1
      if (futileAttempts > maxFutileAttempts) {
        throw new StorageUnavailableError('the object store interrupted the response several times', { cause: failure })
      }
      current.cancel()
      const again = await request(objects, part.key, { start: position, end: part.end }, part.etag)
      if (again === undefined) throw new StorageUnavailableError('an object was deleted during a read')
      current.body = again.body
      current.cancel = again.cancel
    }
  } finally {
    current.cancel()
  }
}

async function patiently<Result>(work: Promise<Result>, { cancel }: Current, timeoutMs: number): Promise<Result> {
  const timer = setTimeout(cancel, timeoutMs)
  try {
    return await work
  } finally {
    clearTimeout(timer)
  }
}

async function request(
  objects: ObjectStore,
  key: string,
  range: ByteRange | undefined,
  etag: string | undefined,
): Promise<(ObjectBody & { readonly cancel: () => void }) | undefined> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), objects.timeoutMs)
  try {
    const got = await objects.get(key, { range, etag, signal: controller.signal })
    if (got === undefined) return undefined
    // Without a listener, an error after the last chunk would end the process.
    got.body.on('error', () => undefined)
    return { ...got, cancel: () => got.body.destroy() }
  } finally {
    clearTimeout(timer)
  }
}
