import type { ServerResponse } from 'node:http'
import { type BodyFault, limitBody } from './body-limit.ts'

type Callback = (error?: Error | null) => void

/** The bytes of a piece, and its callback, from the arguments of `write` and `end`. */
function readArguments(args: readonly unknown[]): {
  readonly bytes: Buffer | undefined
  readonly done: Callback | undefined
} {
  const [chunk, encoding] = args
  const done = args.find((argument) => typeof argument === 'function') as Callback | undefined
  if (typeof chunk === 'string') {
    return { bytes: Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'), done }
  }
  return {
    bytes: chunk instanceof Uint8Array ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : undefined,
    done,
  }
}

/** Forwards the body of a response to the client according to the fault. */
export function limitResponse(response: ServerResponse, fault: BodyFault): void {
  const write = response.write.bind(response)
  const end = response.end.bind(response)
  const pass = limitBody(fault, {
    pass: (bytes) => new Promise((resolve) => void write(bytes, () => resolve())),
    cut: () => {
      // Sends the head of a response without a byte of its body.
      response.flushHeaders()
      response.socket?.destroySoon()
    },
    isOpen: () => !response.destroyed,
  })
  let turn: Promise<unknown> = Promise.resolve()
  const passAfter = async (earlier: Promise<unknown>, bytes: Uint8Array | undefined, finish: () => void) => {
    await earlier
    if (bytes !== undefined && bytes.byteLength > 0) await pass(bytes)
    finish()
  }
  response.write = (...args: readonly unknown[]) => {
    const { bytes, done } = readArguments(args)
    turn = passAfter(turn, bytes, () => {
      done?.()
      response.emit('drain')
    })
    return false
  }
  response.end = (...args: readonly unknown[]) => {
    const { bytes, done } = readArguments(args)
    turn = passAfter(turn, bytes, () => end(done))
    return response
  }
}

/**
 * The position of the byte that a corrupt body changes, if the first piece is long enough. In gzip, this byte belongs to a time that
 * programs ignore, so only the digest reveals the change.
 */
const changedByte = 4

/** Changes a byte in the body of a response. The length and the headers stay the same. */
export function corruptResponse(response: ServerResponse): void {
  const write = response.write.bind(response)
  const end = response.end.bind(response)
  let isChanged = false
  const corrupt = (args: readonly unknown[]): unknown[] => {
    const { bytes } = readArguments(args)
    if (isChanged || bytes === undefined || bytes.byteLength === 0) return [...args]
    isChanged = true
    // The bytes may belong to a cache, so the code changes a copy.
    const changed = Buffer.from(bytes)
    const at = Math.min(changedByte, changed.byteLength - 1)
    changed[at] = (changed[at] ?? 0) ^ 1
    return [changed, ...args.slice(typeof args[1] === 'string' ? 2 : 1)]
  }
  response.write = (...args: readonly unknown[]) => Reflect.apply(write, undefined, corrupt(args)) as boolean
  response.end = (...args: readonly unknown[]) => {
    Reflect.apply(end, undefined, corrupt(args))
    return response
  }
}
