import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { SystemCall } from './system-calls.ts'

/** A file or directory: what programs see of it, and what is left after a power failure. */
type Node = {
  now: Buffer
  flushed: Buffer
  readonly entries: Map<string, Node> | undefined
  flushedEntries: ReadonlyMap<string, Node>
  /** Where the next write without an offset goes. */
  position: number
}

function newNode(isDirectory: boolean): Node {
  const entries = isDirectory ? new Map<string, Node>() : undefined
  return { now: Buffer.alloc(0), flushed: Buffer.alloc(0), entries, flushedEntries: new Map(), position: 0 }
}

type Operation = 'make directory' | 'open' | 'rename' | 'link' | 'remove' | 'flush' | 'resize' | 'write'

/** What a system call does. All others write. */
const operations: Readonly<Record<string, Operation | undefined>> = {
  mkdir: 'make directory',
  mkdirat: 'make directory',
  openat: 'open',
  rename: 'rename',
  renameat: 'rename',
  renameat2: 'rename',
  link: 'link',
  linkat: 'link',
  unlink: 'remove',
  unlinkat: 'remove',
  fsync: 'flush',
  fdatasync: 'flush',
  ftruncate: 'resize',
}

/**
 * Replays recorded system calls below a directory as the strictest file system would: after a power failure, a file
 * has the content of its last flush, and a directory the names of its last flush.
 */
export class FlushedFiles {
  #top: string
  #root = newNode(true)

  constructor(top: string) {
    this.#top = top
  }

  replay(calls: Iterable<SystemCall>): void {
    for (const call of calls) if (call.path.startsWith(`${this.#top}/`) || call.path === this.#top) this.#carryOut(call)
  }

  /** Writes what survived below another directory. */
  writeTo(directory: string): void {
    write(this.#root, directory)
  }

  #carryOut(call: SystemCall): void {
    const operation = operations[call.name] ?? 'write'
    const found = this.#find(call.path)
    const directory = this.#find(dirname(call.path))?.entries
    if (found !== undefined) changeContent(found, operation, call)
    if (directory !== undefined) this.#changeNames(directory, operation, call)
  }

  #changeNames(directory: Map<string, Node>, operation: Operation, { path, second }: SystemCall): void {
    const name = basename(path)
    const found = directory.get(name)
    if (operation === 'make directory') directory.set(name, newNode(true))
    if (operation === 'open' && found === undefined && second.includes('O_CREAT')) directory.set(name, newNode(false))
    if (operation === 'rename' || operation === 'remove') directory.delete(name)
    if ((operation === 'rename' || operation === 'link') && found !== undefined) {
      this.#find(dirname(second))?.entries?.set(basename(second), found)
    }
  }

  #find(path: string): Node | undefined {
    if (path === this.#top) return this.#root
    if (!path.startsWith(`${this.#top}/`)) return undefined
    let node: Node | undefined = this.#root
    for (const part of path.slice(this.#top.length + 1).split('/')) node = node?.entries?.get(part)
    return node
  }
}

function changeContent(node: Node, operation: Operation, { second, data, offset }: SystemCall): void {
  if (operation === 'open') open(node, second)
  if (operation === 'flush') flush(node)
  if (operation === 'resize') node.now = resized(node.now, offset ?? 0)
  if (operation === 'write') overwrite(node, data, offset)
}

function open(node: Node, flags: string): void {
  if (flags.includes('O_TRUNC')) node.now = Buffer.alloc(0)
  node.position = flags.includes('O_APPEND') ? node.now.length : 0
}

function flush(node: Node): void {
  if (node.entries === undefined) node.flushed = Buffer.from(node.now)
  else node.flushedEntries = new Map(node.entries)
}

function resized(bytes: Buffer, sizeBytes: number): Buffer {
  const other = Buffer.alloc(sizeBytes)
  bytes.copy(other)
  return other
}

function overwrite(node: Node, data: Buffer, offset: number | undefined): void {
  const start = offset ?? node.position
  if (offset === undefined) node.position += data.length
  if (node.now.length < start + data.length) node.now = resized(node.now, start + data.length)
  data.copy(node.now, start)
}

function write(node: Node, path: string): void {
  if (node.entries === undefined) {
    writeFileSync(path, node.flushed, { mode: 0o600 })
    return
  }
  mkdirSync(path, { recursive: true, mode: 0o700 })
  // The index of the write-ahead log is memory that is shared through a file; SQLite makes it again.
  for (const [name, child] of node.flushedEntries) if (!name.endsWith('-shm')) write(child, join(path, name))
}
