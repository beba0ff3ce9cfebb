import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { attach } from '../durability/system-calls.ts'
import { mountSmallDisk, type SmallDisk } from '../faults/small-disk.ts'
import { createRegistry } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { debugThreads, type ThreadDebugger } from '../harness/thread-debugger.ts'
import { until } from '../harness/until.ts'
import { type Break, type Installation, policyRegistry, serverArguments } from './part.ts'

const diskMebibytes = 2048
const workers = 2

/** Starts one server with two worker threads, on a disk of its own where this process may mount one. */
export async function startNode(): Promise<Installation> {
  await using stack = new AsyncDisposableStack()
  const disk = process.getuid?.() === 0 ? stack.use(mountSmallDisk(diskMebibytes)) : undefined
  const scratch = stack.use(tempDir('chaos'))
  const inspectPort = await freePort()
  const dataDir = join(disk?.path ?? scratch.path, 'data')
  const args = [...serverArguments, '--workers', String(workers)]
  const env = { NODE_OPTIONS: `--inspect=127.0.0.1:${inspectPort}` }
  const server = stack.use(await startServer({ dataDir, args, env }))
  const { loginServer: policyLoginServer } = await createRegistry(server, policyRegistry)
  const kept = stack.move()
  return {
    servers: [server],
    policyLoginServer,
    parts: {
      server: () => killServer(server),
      worker: (random) => endWorker(inspectPort, random.pick(waysToEnd)),
      ...(disk !== undefined && { 'disk-full': () => fillDisk(disk) }),
      ...(process.platform === 'linux' && { 'disk-error': failingCalls(server, join(scratch.path, 'calls')) }),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function killServer(server: RunningServer): Promise<() => Promise<void>> {
  await server.kill('SIGKILL')
  return () => server.restart()
}

const waysToEnd = ['process.exit(1)', 'setTimeout(() => { throw new Error("a fault") })'] as const

function workersOf(threads: ThreadDebugger): string[] {
  return [...threads.threads()].filter(([, url]) => url.includes('reading-thread')).map(([session]) => session)
}

/** A thread has no SIGKILL: it ends in the middle of its work by an expression that its debugger evaluates. */
async function endWorker(inspectPort: number, expression: string): Promise<() => Promise<void>> {
  using threads = await debugThreads(inspectPort)
  await until('the workers run', () => workersOf(threads).length === workers)
  const one = workersOf(threads)[0] ?? ''
  threads.run(one, expression)
  await until('the worker is gone', () => !threads.threads().has(one))
  return async () => undefined
}

/** Leaves no space by shrinking the file system, because filling it takes memory. */
async function fillDisk({ path }: SmallDisk): Promise<() => Promise<void>> {
  const resize = (kibibytes: number): unknown =>
    execFileSync('mount', ['-o', `remount,size=${kibibytes}k`, path], { stdio: 'ignore' })
  for (let spare = 0; ; spare += 256) {
    try {
      const { blocks, bfree, bsize } = statfsSync(path)
      resize(((blocks - bfree) * bsize) / 1024 + spare)
      break
    } catch (error) {
      // It has grown in the meantime.
      if (spare > 8192) throw error
    }
  }
  return async () => void resize(diskMebibytes * 1024)
}

/** Some of the writes and flushes of the server fail, of rows and of blobs. */
function failingCalls(server: RunningServer, file: string): Break {
  const calls = 'pwrite64,fsync,fdatasync'
  return async (random) => {
    const when = `${random.integer(1, 20)}+${random.integer(2, 9)}`
    const args = ['-e', `trace=${calls}`, '-e', `inject=${calls}:error=EIO:when=${when}`]
    const tracing = await attach(server.pid, file, args)
    return async () => tracing[Symbol.asyncDispose]()
  }
}
