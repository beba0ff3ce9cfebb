import { constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { systemErrorCode } from './exit.ts'

/** Lines are written together: as soon as they are so many, so old, or one of them reports trouble. */
const gatheredLength = 32 * 1024
const gatheredMs = 50

/** How much may wait for a reader that does not keep up. What is beyond is dropped. */
const maxWaitingLength = 1024 * 1024

/** How long a full pipe is left alone, and how long the end of the process waits for its reader at most. */
const retryMs = 20
const maxExitMs = 500

const lineFeed = 10

/** Where log lines go. It never throws and never blocks: what cannot be written is dropped and counted. */
export type LogOutput = {
  /** Takes whole lines, each with its line feed. */
  readonly write: (lines: string) => void
  /** Begins to write what waits. */
  readonly flush: () => void
  /** How many lines were dropped since the start. */
  readonly droppedLines: () => number
}

/**
 * Opens the output for a file descriptor. What waits when the process ends is written as far as that is possible at
 * once: a full disk or a reader that hangs must not keep the process alive.
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
  /** Whether a write returns at once: a pipe or a socket. */
  #isNonBlocking: boolean
  #isFile: boolean
  #waiting = ''
  /** What is being written, and what of it is left. */
  #chunk = Buffer.alloc(0)
  #isWriting = false
  #timer: NodeJS.Timeout | undefined
  /** How many of the dropped lines were reported in the log itself. */
  #reportedDrops = 0
  /** How many the text that is being written reports; 0 where it is the lines themselves. */
  #reporting = 0
  #isLineBroken = false

  constructor(descriptor: number) {
    const pipe = openNonBlocking(descriptor)
    this.#descriptor = pipe ?? descriptor
    this.#isNonBlocking = pipe !== undefined
    this.#isFile = isFile(descriptor)
  }

  add(lines: string): void {
    if (this.#waiting.length + lines.length > maxWaitingLength) {
      this.droppedLines += countLines(lines)
      return
    }
    this.#waiting += lines
    if (this.#waiting.length >= gatheredLength) this.flush()
    else this.#flushWithin(gatheredMs)
  }

  flush(): void {
    if (this.#isWriting) return
    if (this.#isNonBlocking) this.#writeNow()
    else this.#writeBeside()
  }

  /** The last chance: each write is tried once, a full pipe for a moment. */
  writeRest(): void {
    if (this.#isNonBlocking) {
      const untilMs = performance.now() + maxExitMs
      while (!this.#writeNow() && performance.now() < untilMs) pause(5)
      return
    }
    // A terminal that has not taken the write before would hold up this one for ever.
    if (this.#isWriting && !this.#isFile) return
    this.#writeOnce()
    this.#writeOnce()
  }

  #writeOnce(): void {
    const rest = Buffer.from(this.#takeWaiting())
    try {
      if (rest.length > 0) writeSync(this.#descriptor, rest)
    } catch {
      // Nobody is left to tell.
    }
  }

  /** Writes to a pipe until it is full; true where nothing is left. */
  #writeNow(): boolean {
    for (;;) {
      if (this.#chunk.length === 0) this.#chunk = Buffer.from(this.#takeWaiting())
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

  /** Writes on a thread beside this one, one chunk at a time: a disk may take its time. */
  #writeBeside(): void {
    if (this.#chunk.length === 0) this.#chunk = Buffer.from(this.#takeWaiting())
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
      this.#writeBeside()
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

  /** The next text to write: before all others, how many lines were dropped since that was last written. */
  #takeWaiting(): string {
    if (this.#waiting === '') return ''
    const brokenLine = this.#isLineBroken ? '\n' : ''
    // Reported by itself: where it is dropped too, it is reported again.
    this.#reporting = this.#reporting === 0 ? this.droppedLines - this.#reportedDrops : 0
    if (this.#reporting > 0) {
      const time = new Date().toISOString()
      return `${brokenLine}{"level":40,"time":"${time}","droppedLines":${this.#reporting},"msg":"log lines were dropped"}\n`
    }
    const lines = this.#waiting
    this.#waiting = ''
    return brokenLine + lines
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
 * The descriptor by which writes to a pipe or socket never block; undefined where it is neither. A pipe is opened once
 * more, since the mode of the given descriptor is shared with other processes. A socket cannot be, so its mode is changed:
 * Node does that for a stream over it, and restores it at the end.
 */
function openNonBlocking(descriptor: number): number | undefined {
  try {
    const kind = fstatSync(descriptor)
    if (kind.isFIFO()) return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK)
    if (!kind.isSocket()) return undefined
    // Made before ours, or Node would make the socket blocking again with the first warning that it prints.
    if (descriptor === process.stderr.fd) keptOpen.push(process.stderr)
    keptOpen.push(new Socket({ fd: descriptor, readable: false, writable: true }).unref())
    return descriptor
  } catch {
    return undefined
  }
}

/** A stream that is collected closes its descriptor. */
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
