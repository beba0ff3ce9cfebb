import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { atProcessEnd } from '../harness/process-end.ts'
import { until } from '../harness/until.ts'

/** One system call that succeeded, in the order in which they were completed. */
export type SystemCall = {
  readonly name: string
  /** The file that it was made on, or its first path. */
  readonly path: string
  /** The second path of a rename or a link, or the flags of an open. */
  readonly second: string
  /** What was written. */
  readonly data: Buffer
  /** Where it was written; undefined for the place of the descriptor. */
  readonly offset: number | undefined
}

/** The calls that change files or make them durable. */
export const fileCalls =
  'openat,write,pwrite64,pwritev,writev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat'

/** Decodes a text that strace writes with `-xx`. */
function unhex(text: string): Buffer {
  return Buffer.from(text.replaceAll(String.raw`\x`, ''), 'hex')
}

const resumed = /^(\d+) +<\.\.\. (\w+) resumed>(.*)$/
const whole = /^(\d+) +(\w+)\((.*)$/

/** Puts calls together that strace writes in two parts because another thread's came between. */
function* joinParts(text: string): Generator<WrittenCall> {
  const begun = new Map<string, string>()
  for (const line of text.split('\n')) {
    const end = resumed.exec(line)
    if (end !== null) {
      const [, thread = '', name = '', rest = ''] = end
      yield { name, rest: `${begun.get(thread) ?? ''}${rest}` }
      begun.delete(thread)
      continue
    }
    const [, thread = '', name = '', rest = ''] = whole.exec(line) ?? []
    if (rest.endsWith(' <unfinished ...>')) begun.set(thread, rest.slice(0, -' <unfinished ...>'.length))
    else if (name !== '') yield { name, rest }
  }
}

/** Reads what strace wrote, with `-f -yy -xx`, up to a length in bytes. */
export function readSystemCalls(file: string, lengthBytes = Infinity): SystemCall[] {
  const bytes = readFileSync(file)
  const text = bytes.subarray(0, Math.min(bytes.length, lengthBytes)).toString('latin1')
  return [...joinParts(text)].flatMap((call) => (hasSucceeded(call) ? [parseCall(call)] : []))
}

/** A call as strace writes it: its name, and all that follows the parenthesis. */
type WrittenCall = { readonly name: string; readonly rest: string }

/** What strace writes for the result, after the last parenthesis. */
function resultOf({ rest }: WrittenCall): number {
  return Number(/\) += (-?\d+)/.exec(rest.slice(Math.max(0, rest.lastIndexOf(')'))))?.[1] ?? '-1')
}

function hasSucceeded(call: WrittenCall): boolean {
  return resultOf(call) >= 0
}

function parseCall(call: WrittenCall): SystemCall {
  const { name, rest } = call
  const onFile = /^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(rest)?.[1]
  const texts = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => unhex(hex))
  const [first = '', next = ''] = texts
  return {
    name,
    path: String(onFile === undefined ? first : unhex(onFile)),
    second: name === 'openat' ? (/, (O_[A-Z_|]+)/.exec(rest)?.[1] ?? '') : String(next),
    data: onFile === undefined ? Buffer.alloc(0) : Buffer.concat(texts).subarray(0, resultOf(call)),
    offset: offsetOf(call),
  }
}

function offsetOf({ name, rest }: WrittenCall): number | undefined {
  if (name !== 'pwrite64' && name !== 'pwritev' && name !== 'ftruncate') return undefined
  const place = /, (\d+)\) += -?\d+[^,]*$/.exec(rest)?.[1]
  return place === undefined ? undefined : Number(place)
}

/** strace, attached to a process. Disposing of it detaches, and the process continues. */
export interface Tracing extends AsyncDisposable {
  readonly file: string
}

/** Attaches strace to all threads of a process, and returns when it has. */
export async function attach(pid: number, file: string, args: readonly string[]): Promise<Tracing> {
  const child: ChildProcess = spawn('strace', ['-f', '-yy', '-xx', '-o', file, ...args, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const forget = atProcessEnd(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await until(`strace: ${said}`, () => /attached/.test(said) || child.exitCode !== null)
  if (child.exitCode !== null) throw new Error(`strace could not attach: ${said}`)
  return {
    file,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.kill('SIGINT')
      await ended
      forget()
    },
  }
}
