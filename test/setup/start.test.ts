import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../harness/free-port.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { tempDir } from '../harness/temp-dir.ts'

const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url))

/** Runs what `npm start` runs, by the Node that runs this. */
function start(...args: string[]): { child: ChildProcess; output: () => string; ended: Promise<unknown[]> } {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
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

async function untilReady(started: ReturnType<typeof start>): Promise<void> {
  while (!started.output().includes('acrux: ready at ')) {
    const event = await Promise.race([once(started.child.stdout ?? started.child, 'data'), started.ended])
    if (event.length === 2) throw new Error(`it ended instead: ${started.output()}`)
  }
}

test('`npm start` is up within a second when it starts again, and ends with 0 on SIGTERM', async () => {
  using dir = tempDir('start')
  const args = ['--data-dir', join(dir.path, 'data'), '--listen', `127.0.0.1:${await freePort()}`]
  const secondsUntilReady: number[] = []
  for (const _ of ['first', 'second', 'third', 'fourth']) {
    const began = performance.now()
    const started = start(...args)
    await untilReady(started)
    secondsUntilReady.push((performance.now() - began) / 1000)
    started.child.kill('SIGTERM')
    assert.deepEqual(await started.ended, [0, null], started.output())
  }
  const again = Math.min(...secondsUntilReady.slice(1))
  assert.ok(again < 1, `${again} seconds, the best of three`)
})

test("`npm start` ends with the server's own exit code", async () => {
  const started = start('--no-such-flag')
  const [code] = await started.ended
  assert.notEqual(code, 0)
  assert.match(started.output(), /no-such-flag/)
})
