import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requireClient } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { at } from '../harness/json.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { assertStartsWithin, processorSeconds } from '../harness/processor-time.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What `npm start` runs, by the Node that runs this: what npm itself takes is not ours to answer for. */
const script = [process.execPath, 'scripts/start.mjs'] as const

/** This environment without the variables of the tests: the server rejects unknown settings. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ACRUX_')))

interface Started {
  child: ChildProcess
  output: () => string
  ended: Promise<unknown[]>
}

function start([program, ...lead]: readonly [string, ...string[]], ...args: string[]): Started {
  const child = spawn(program, [...lead, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const forget = atProcessEnd(() => child.kill('SIGTERM'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = once(child, 'close').finally(forget)
  return { child, output: () => output, ended }
}

async function untilReady(started: Started): Promise<void> {
  while (!started.output().includes('acrux: ready at ')) {
    const event = await Promise.race([once(started.child.stdout ?? started.child, 'data'), started.ended])
    if (event.length === 2) throw new Error(`it ended instead: ${started.output()}`)
  }
}

const linux = process.platform === 'linux'

test(
  '`npm start` takes little more of a processor than loading its code when it starts again',
  { skip: !linux },
  async (t) => {
    using dir = tempDir('start')
    const args = ['--data-dir', join(dir.path, 'data'), '--listen', `127.0.0.1:${await freePort()}`]
    const startAndStop = async (): Promise<number> => {
      const started = start(script, ...args)
      await untilReady(started)
      const seconds = processorSeconds(started.child.pid ?? 0)
      started.child.kill('SIGTERM')
      assert.deepEqual(await started.ended, [0, null], started.output())
      return seconds
    }
    await startAndStop()
    await assertStartsWithin(7, t, startAndStop)
  },
)

test('a SIGTERM that reaches npm alone ends the server too', async (t) => {
  if (!requireClient(t, 'npm')) return
  using dir = tempDir('start')
  const port = await freePort()
  const args = ['--data-dir', join(dir.path, 'data'), '--listen', `127.0.0.1:${port}`]
  const started = start(['npm', 'start', '--silent', '--'], ...args)
  await untilReady(started)
  started.child.kill('SIGTERM')
  await started.ended
  await until('nothing listens any more', async () => {
    const socket = connect(port, '127.0.0.1')
    const code = await once(socket, 'connect').then(
      () => undefined,
      (error: unknown) => at(error, 'code'),
    )
    socket.destroy()
    return code === 'ECONNREFUSED'
  })
})

test("`npm start` ends with the server's own exit code", async () => {
  const started = start(script, '--no-such-flag')
  const [code] = await started.ended
  assert.notEqual(code, 0)
  assert.match(started.output(), /no-such-flag/)
})
