import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const logFile = JSON.stringify(new URL('log.ts', import.meta.url).href)
const head = `const { createLog, droppedLogLines } = await import(${logFile}); const log = createLog('info');`
const args = (script: string) => ['--input-type=module', '--eval', head + script]
/** A statement that waits until `count` lines were dropped. */
const untilDropped = (count: number) =>
  `while (droppedLogLines() < ${count}) await new Promise((resolve) => setTimeout(resolve, 10))`
/** This timeout is longer than any process needs, unless the process hangs. */
const timeout = 120_000

test('Lines that fail on a full disk are dropped and counted, and the process continues and ends', () => {
  const full = openSync('/dev/full', 'w')
  try {
    const script = `
      for (let number = 0; number < 1000; number += 1) log.info({ number, text: 'x'.repeat(100) })
      log.error('trouble')
      ${untilDropped(1001)}
      process.stdout.write(String(droppedLogLines()))
      process.exit(0)`
    const { status, stdout } = spawnSync(process.execPath, args(script), {
      stdio: ['ignore', 'pipe', full],
      encoding: 'utf8',
      timeout,
    })
    assert.deepEqual([status, stdout], [0, '1001'])
  } finally {
    closeSync(full)
  }
})

test('A process whose log is on a full disk exits with its own exit code', () => {
  const full = openSync('/dev/full', 'w')
  try {
    for (const end of ['process.exit(3)', "process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 60_000)"]) {
      const script = `process.on('SIGTERM', () => process.exit(3)); log.info('x'); ${end}`
      const ended = spawnSync(process.execPath, args(script), { stdio: ['ignore', 'ignore', full], timeout })
      assert.equal(ended.status, 3, end)
    }
  } finally {
    closeSync(full)
  }
})

test('A reader that hangs blocks neither the process nor its exit', async () => {
  const script = `
    for (let number = 0; number < 50_000; number += 1) log.info({ number, text: 'x'.repeat(100) })
    ${untilDropped(10_000)}
    process.exit(4)`
  for (const stderr of ['pipe', 'fifo'] as const) {
    const command =
      stderr === 'pipe'
        ? ([process.execPath, args(script)] as const)
        : (['bash', ['-c', '"$@" 2> >(sleep 300)', 'bash', process.execPath, ...args(script)]] as const)
    const child = spawn(command[0], [...command[1]], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout)
    const [code] = (await once(child, 'exit')) as [number | null]
    clearTimeout(timer)
    if (child.pid !== undefined && stderr === 'fifo') process.kill(-child.pid, 'SIGKILL')
    child.stderr.destroy()
    assert.equal(code, 4, stderr)
  }
})

test('At a terminal the last line is written while another line is still being written', (t) => {
  // An error is written at once, and the process exits before this write is finished.
  const code = head + "log.error('first'); log.info('last'); process.exit(0)"
  const command = `'${process.execPath}' --input-type=module --eval "$CODE"`
  const options = { env: { ...process.env, CODE: code }, encoding: 'utf8', timeout } as const
  const { error, stdout } = spawnSync('script', ['-qefc', command, '/dev/null'], options)
  if (error !== undefined) {
    t.skip('the program script is not installed')
    return
  }
  assert.match(stdout, /first[^\n]*\n[^\n]*last/)
})

test('The log reports the number of dropped lines when it can be written again', () => {
  const directory = mkdtempSync(join(tmpdir(), 'acrux-log-'))
  try {
    // The limit on the size of files has the same effect as a disk that is full for some time.
    const file = join(directory, 'log')
    writeFileSync(file, '')
    const script = `
      const { readFileSync, truncateSync } = await import('node:fs')
      const file = ${JSON.stringify(file)}
      process.on('SIGXFSZ', () => {})
      for (let number = 0; number < 400; number += 1) log.info({ number, text: 'x'.repeat(100) })
      log.error('full')
      ${untilDropped(301)}
      truncateSync(file)
      log.error('room again')
      while (!readFileSync(file, 'utf8').includes('room again')) await new Promise((resolve) => setTimeout(resolve, 10))
      process.exit(0)`
    const shell = ['-c', `ulimit -f 8; "$@" 2>>${file}`, 'bash', process.execPath, ...args(script)]
    // The limit applies to all files of the process. A coverage report would be cut off, and the whole report would be
    // unreadable.
    const env = { ...process.env, NODE_V8_COVERAGE: '' }
    const { status } = spawnSync('bash', shell, { stdio: 'ignore', timeout, env })
    assert.equal(status, 0)
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { msg?: string; droppedLines?: number })
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['log lines were dropped', 'room again'],
    )
    assert.ok((lines[0]?.droppedLines ?? 0) > 300)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
