import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { readyLine, runAcrux, startAcrux } from './acrux.ts'

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** The status of the challenge at the URL of a server with its own authority. */
async function statusAt(url: string, caFile: string): Promise<{ status: number; challenge: string }> {
  const { status, headers } = await request({ url: new URL('/v2/', url), caFile })
  return { status, challenge: String(headers['www-authenticate']) }
}

for (const workers of [1, 2]) {
  test(`With port 0 the server takes a free port, and reports it in its output and in the ready file, with ${workers} workers`, async () => {
    using directory = tempDir('free-port')
    const dataDir = join(directory.path, 'data')
    const ready = join(directory.path, 'ready.json')
    writeFileSync(ready, 'of an earlier run')
    const args = ['--listen', '127.0.0.1:0', '--data-dir', dataDir, '--ready-file', ready, '--workers', String(workers)]
    await using server = await startAcrux(args)
    const content = readJson(ready)
    const url = stringAt(content, 'url')
    const { port, hostname } = new URL(url)
    assert.equal(hostname, 'localhost')
    assert.equal(url, readyLine(server))
    assert.equal(statSync(ready).mode & 0o777, 0o600)
    assert.deepEqual(content, {
      url,
      loginServer: `localhost:${port}`,
      listen: [`127.0.0.1:${port}`],
      pid: server.pid,
      dataDir,
      caFile: join(dataDir, 'tls', 'ca.pem'),
    })
    const { status, challenge } = await statusAt(url, stringAt(content, 'caFile'))
    assert.equal(status, 401)
    assert.match(challenge, new RegExp(`realm="https://localhost:${port}/oauth2/token",service="localhost:${port}"`))
    assert.equal(stringAt(readJson(join(dataDir, 'first-run.json')), 'loginServer'), `localhost:${port}`)
    server.signal('SIGTERM')
    assert.equal((await server.ended).code, 0)
    assert.equal(existsSync(ready), false)
  })
}

test('`first-run.json` has the port of the last start, and its other content', async () => {
  using directory = tempDir('free-port')
  const dataDir = join(directory.path, 'data')
  const start = async () => {
    await using server = await startAcrux(['--listen', '127.0.0.1:0', '--data-dir', dataDir])
    return new URL(readyLine(server) ?? '').host
  }
  const file = join(dataDir, 'first-run.json')
  const first = await start()
  const before = readJson(file)
  const second = await start()
  assert.notEqual(second, first)
  assert.deepEqual(readJson(file), {
    ...(before as object),
    loginServer: second,
    resourceManager: `https://${second}`,
  })
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('A ready file that cannot be written is an error before the server starts', async () => {
  using directory = tempDir('free-port')
  writeFileSync(join(directory.path, 'file'), '')
  const args = ['--data-dir', join(directory.path, 'data'), '--ready-file', join(directory.path, 'file', 'ready.json')]
  const { code, stderr } = await runAcrux(['serve', '--listen', '127.0.0.1:0', ...args])
  assert.equal(code, 2)
  assert.match(stderr, /the ready file .* cannot be written/)
})
