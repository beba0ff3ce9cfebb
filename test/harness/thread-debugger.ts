import { setTimeout as sleep } from 'node:timers/promises'
import { request } from './http.ts'
import { listAt, stringAt } from './json.ts'

/** Runs code in the threads of a Node process that was started with `--inspect`, by the protocol of its debugger. */
export interface ThreadDebugger extends Disposable {
  /** The titles of the threads that run now, by session. */
  threads(): ReadonlyMap<string, string>
  /** Evaluates an expression in a thread, and does not wait for it. */
  run(session: string, expression: string): void
}

/** Connects to the debugger of a process on a port of 127.0.0.1. */
export async function debugThreads(port: number): Promise<ThreadDebugger> {
  const listed = await request({ url: `http://127.0.0.1:${port}/json/list` })
  const [target] = listAt({ targets: listed.json() }, 'targets')
  const socket = new WebSocket(stringAt(target, 'webSocketDebuggerUrl'))
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  const threads = new Map<string, string>()
  let id = 0
  const send = (method: string, params: object): void => socket.send(JSON.stringify({ id: ++id, method, params }))
  socket.addEventListener('message', ({ data }) => {
    const { method, params } = JSON.parse(String(data)) as { method?: string; params?: unknown }
    if (method === 'NodeWorker.attachedToWorker') {
      threads.set(stringAt(params, 'sessionId'), stringAt(params, 'workerInfo', 'url'))
    }
    if (method === 'NodeWorker.detachedFromWorker') threads.delete(stringAt(params, 'sessionId'))
  })
  send('NodeWorker.enable', { waitForDebuggerOnStart: false })
  while (threads.size === 0) await sleep(20)
  return {
    threads: () => threads,
    run: (sessionId, expression) => {
      const message = JSON.stringify({ id: ++id, method: 'Runtime.evaluate', params: { expression } })
      send('NodeWorker.sendMessageToWorker', { sessionId, message })
    },
    [Symbol.dispose]: () => socket.close(),
  }
}
