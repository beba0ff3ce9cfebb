import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { mainFile } from '../harness/program.ts'
import { until } from '../harness/until.ts'
import { freePlace, startAcrux } from './acrux.ts'

type Line = { readonly level: number; readonly msg?: string; readonly listening?: readonly string[] }

test('The log of a first start and a stop says both, with the addresses, and nothing alarming', async () => {
  using place = await freePlace()
  await using server = await startAcrux(place.args)
  server.signal('SIGTERM')
  const { code, stderr } = await server.ended
  assert.equal(code, 0)
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
  assert.deepEqual(
    lines.map(({ msg }) => msg).filter((msg) => msg?.startsWith('server') === true || msg === 'shutting down'),
    ['server started', 'shutting down', 'server stopped'],
  )
  const started = lines.find(({ msg }) => msg === 'server started')
  assert.deepEqual(started?.listening, [`127.0.0.1:${place.port}`])
  assert.deepEqual(
    lines.filter(({ level }) => level > 30),
    [],
    'no warning and no error',
  )
})

test('At a terminal the log is for a person to read', async (t) => {
  using place = await freePlace()
  const command = [process.execPath, mainFile, 'serve', ...place.args].map((part) => `'${part}'`).join(' ')
  // The terminal of `script` is the standard error of the server.
  const script = spawn('script', ['-qefc', `echo "process $$"; exec ${command}`, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<unknown>((resolve) => {
    script.once('error', resolve)
    script.once('close', () => resolve(undefined))
  })
  let shown = ''
  script.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text))
  try {
    await Promise.race([ended, until('the server starts', () => shown.includes('server started'))])
  } finally {
    const pid = /^process (\d+)/.exec(shown)?.[1]
    if (pid !== undefined && script.exitCode === null) process.kill(Number(pid), 'SIGTERM')
  }
  if ((await ended) !== undefined) {
    t.skip('the program script is not installed')
    return
  }
  assert.match(shown, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}server started listening=/m)
  assert.match(shown, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}server stopped/m)
  assert.doesNotMatch(shown, /\{"level"/)
})
