import { systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { isatty } from 'node:tty'

/**
 * Lines are written in batches. A batch is written at this length, at this age, or when a line is a warning or an
 * error.
 */
const gatheredLength = 256 * 1024
const gatheredMs = 50
/** The buffer also has room for the last line of a batch, which exceeds the length of the batch. */
const roomLength = 1.25 * gatheredLength

/** The maximum length of the buffer for a slow reader. Further lines are dropped. */
const maxWaitingLength = 1024 * 1024

/**
 * The delay before the next write to a full pipe, and the maximum time that the process waits for the pipe's reader at
 * exit.
 */
const retryMs = 20
const maxExitMs = 500

const lineFeed = 10

/** The maximum number of bytes of a UTF-16 code unit in UTF-8. */
const maxBytesPerUnit = 3

/**
 * The destination of log lines. The output never throws or blocks. Lines that cannot be written are dropped and
 * counted. sonic-boom, which is part of pino, is not used. It stores lines that a full disk rejects, and at exit tries
 * to write these lines forever.
 */
export type LogOutput = {
  /** Accepts complete lines, which end with a line feed. */
  readonly write: (lines: string) => void
  /** Starts writing the buffered lines. */
  readonly flush: () => void
  /** The number of dropped lines since startup. */
  readonly droppedLines: () => number
}

/**
 * Opens the output for a file descriptor. At exit, buffered lines are written only if this is possible without a long
 * wait, because a full disk or a reader that hangs must not prevent the exit.
 */
export function openLogOutput(descriptor: number): LogOutput {
  const output = new Output(descriptor)
  process.on('exit', () => output.writeRest())
  return {
    write: (lines) => output.add(lines),
    flush: () => output.flush(),
    droppedLines: () => output.droppedLines,
  }
}

class Output {
  droppedLines = 0
  #descriptor: number
  /** Whether writes are non-blocking. Writes to a pipe, a terminal, or a socket are non-blocking. */
  #isNonBlocking: boolean
  #isFile: boolean
  /** The buffered lines. Each batch is encoded at once, while the text is still in the caches of the processor. */
  #waiting = Buffer.allocUnsafe(roomLength)
  #waitingLength = 0
  /** The rest of the text that is being written. */
  #chunk = Buffer.alloc(0)
  #isWriting = false
  #timer: NodeJS.Timeout | undefined
  /** The number of dropped lines that the log has reported. */
  #reportedDrops = 0
  /** The number of dropped lines that the current text reports. 0 if the current text consists of log lines. */
  #reporting = 0
  #isLineBroken = false

  constructor(descriptor: number) {
    const pipe = openNonBlocking(descriptor)
    this.#descriptor = pipe ?? descriptor
    this.#isNonBlocking = pipe !== undefined
    this.#isFile = isFile(descriptor)
  }

  add(lines: string): void {
    if (this.#waitingLength + lines.length > maxWaitingLength) {
      this.droppedLines += countLines(lines)
      return
    }
    const neededLength = this.#waitingLength + lines.length * maxBytesPerUnit
    if (neededLength > this.#waiting.length) this.#makeRoom(neededLength)
    this.#waitingLength += this.#waiting.write(lines, this.#waitingLength)
    if (this.#waitingLength >= gatheredLength) this.flush()
    else this.#flushWithin(gatheredMs)
  }

  #makeRoom(neededLength: number): void {
    const larger = Buffer.allocUnsafe(2 * neededLength)
    larger.set(this.#waiting.subarray(0, this.#waitingLength))
    this.#waiting = larger
  }

  flush(): void {
    if (this.#isWriting) return
    if (this.#isNonBlocking) this.#writeNow()
    else this.#writeBeside()
  }

  /** The last writes at exit. Each write is tried once, but writes to a full pipe are repeated for a short time. */
  writeRest(): void {
    if (this.#isNonBlocking) {
      const untilMs = performance.now() + maxExitMs
      while (!this.#writeNow() && performance.now() < untilMs) pause(5)
      return
    }
    // If the previous write to another device has not finished, the next write could block forever.
    if (this.#isWriting && !this.#isFile) return
    this.#writeOnce()
    this.#writeOnce()
  }

  #writeOnce(): void {
    const rest = this.#takeWaiting()
    try {
      if (rest.length > 0) writeSync(this.#descriptor, rest)
    } catch {
      // There is no place to report the error.
    }
  }

  /** Writes to a pipe or a terminal until the pipe or terminal is full. Returns whether all lines were written. */
  #writeNow(): boolean {
    for (;;) {
      if (this.#chunk.length === 0) this.#chunk = this.#takeWaiting()
      if (this.#chunk.length === 0) return true
      try {
        this.#take(writeSync(this.#descriptor, this.#chunk))
      } catch (error) {
        if (systemErrorCode(error) === 'EAGAIN') {
          this.#flushWithin(retryMs)
          return false
        }
        this.#drop()
      }
    }
  }

  /** Writes on another thread, one chunk at a time, because a disk may be slow. */
  #writeBeside(): void {
    if (this.#chunk.length === 0) this.#chunk = this.#takeWaiting()
    if (this.#chunk.length === 0) return
    this.#isWriting = true
    write(this.#descriptor, this.#chunk, (error, written) => {
      this.#isWriting = false
      if (error === null) this.#take(written)
      else if (error.code !== 'EAGAIN') this.#drop()
      else {
        this.#flushWithin(retryMs)
        return
      }
      // Under load, an immediate write of only the newly arrived lines would add 4 µs of processor time to each
      // request.
      if (this.#chunk.length > 0 || this.#waitingLength >= gatheredLength) this.#writeBeside()
      else if (this.#waitingLength > 0) this.#flushWithin(gatheredMs)
    })
  }

  #take(written: number): void {
    if (written === 0) return
    this.#isLineBroken = this.#chunk[written - 1] !== lineFeed
    this.#chunk = this.#chunk.subarray(written)
    if (this.#chunk.length === 0) this.#reportedDrops += this.#reporting
  }

  #drop(): void {
    if (this.#reporting === 0) this.droppedLines += countLines(this.#chunk.toString())
    this.#chunk = Buffer.alloc(0)
  }

  /** The next text to write: first a report of newly dropped lines, then the buffered lines. */
  #takeWaiting(): Buffer<ArrayBuffer> {
    if (this.#waitingLength === 0) return Buffer.alloc(0)
    const brokenLine = this.#isLineBroken ? '\n' : ''
    // The report is a separate text. If the report is dropped too, the next text reports the lines again.
    this.#reporting = this.#reporting === 0 ? this.droppedLines - this.#reportedDrops : 0
    if (this.#reporting > 0) {
      const time = new Date().toISOString()
      return Buffer.from(
        `${brokenLine}{"level":40,"time":"${time}","droppedLines":${this.#reporting},"msg":"log lines were dropped"}\n`,
      )
    }
    const lines = this.#waiting.subarray(0, this.#waitingLength)
    this.#waiting = Buffer.allocUnsafe(roomLength)
    this.#waitingLength = 0
    return this.#isLineBroken ? Buffer.concat([Buffer.from(brokenLine), lines]) : lines
  }

  #flushWithin(milliseconds: number): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.flush()
    }, milliseconds).unref()
  }
}

/**
 * Returns a descriptor for non-blocking writes to a pipe, a terminal, or a socket. Returns undefined for other files. A
 * pipe or a terminal is opened again, because other processes share the mode of the given descriptor. A socket cannot
 * be opened again, so its mode is changed. Node changes the mode when a stream is created on the socket, and restores
 * the mode at exit.
 */
function openNonBlocking(descriptor: number): number | undefined {
  try {
    const kind = fstatSync(descriptor)
    if (kind.isFIFO() || isatty(descriptor))
      return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    if (!kind.isSocket()) return undefined
    // Node's own stream is created before the stream of the log. Otherwise Node would make the socket blocking again
    // with the first warning.
    if (descriptor === process.stderr.fd) keptOpen.push(process.stderr)
    keptOpen.push(new Socket({ fd: descriptor, readable: false, writable: true }).unref())
    return descriptor
  } catch {
    return undefined
  }
}

/** References to the streams, because a stream closes its descriptor when it is garbage-collected. */
const keptOpen: unknown[] = []

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile()
  } catch {
    return false
  }
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
