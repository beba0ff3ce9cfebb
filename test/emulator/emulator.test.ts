import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { tar } from '../clients/lib/tar.ts'
import { armToken, enableAdmin } from '../harness/arm.ts'
import { EmulatorEnded, type RunningEmulator, startEmulator } from '../harness/emulator.ts'
import { request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { accessToken, pushImage } from '../harness/registry.ts'
import { sendHalf } from '../harness/send-half.ts'
import { StartFailed, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'

const emulator = await startEmulator()
after(() => emulator[Symbol.asyncDispose]())

const { ready } = emulator
const server = emulator.server()

const foldersIn = (directory: string) => readdirSync(directory).filter((name) => name.startsWith('acrux-emulator-'))

async function push(tag: string): Promise<void> {
  const admin = await enableAdmin(server)
  const token = await accessToken(server, admin, ['repository:team/app:pull,push'])
  await pushImage(server, 'team/app', tag, `Bearer ${token}`)
}

/** The status of a pull by the owner. */
async function pull(tag: string): Promise<number> {
  const admin = await enableAdmin(server)
  const token = await accessToken(server, admin, ['repository:team/app:pull'])
  // With the rules of ACR, a client must accept the type of the manifest.
  const headers = { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.manifest.v1+json' }
  const url = `${ready.url}/v2/team/app/manifests/${tag}`
  return (await request({ url, headers, caFile: server.caFile })).status
}

async function expectControl(status: number, method: string, path: string, body?: Uint8Array<ArrayBuffer>) {
  const answer = await emulator.control(method, `/_acrux/${path}`, body)
  assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.json)}`)
  return answer
}

/** The codes of errors, and their status. */
const codes = { InvalidRequest: 400, NotFound: 404, Conflict: 409 } as const

async function expectError(code: keyof typeof codes, method: string, path: string, body?: Uint8Array<ArrayBuffer>) {
  const { json } = await expectControl(codes[code], method, path, body)
  assert.equal(stringAt(json, 'error', 'code'), code)
  assert.ok(stringAt(json, 'error', 'message').length > 10)
}

test('the ready file has the addresses, the fixed ids and the secret, and only its user can read it', () => {
  const { url, control, controlToken, caFile, caBundleFile, trustStoreFile, ...fixed } = ready
  assert.deepEqual(fixed, {
    pid: emulator.child.pid,
    resourceGroup: 'default',
    tenantId: 'acacacac-0000-4000-8000-000000000001',
    subscriptionId: 'acacacac-0000-4000-8000-000000000002',
    registry: 'acrux',
    loginServer: new URL(url).host,
    owner: { appId: 'acacacac-0000-4000-8000-000000000003', secret: 'acrux-emulator-owner' },
  })
  assert.match(url, /^https:\/\/localhost:\d+$/)
  assert.match(control, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.ok(controlToken.length >= 43)
  for (const file of [caFile, caBundleFile, trustStoreFile]) assert.ok(file !== null && existsSync(file))
  assert.equal(statSync(emulator.readyFile).mode & 0o777, 0o600)
  const printed = emulator
    .output()
    .split('\n')
    .filter((line) => line.startsWith('acrux: '))
  assert.equal(printed.at(-1), `acrux: ready at ${url}`)
})

test('the control API requires its token, except for the health', async () => {
  const health = await fetch(`${ready.control}/_acrux/health`)
  assert.deepEqual([health.status, await health.json()], [200, { status: 'ready' }])
  for (const token of ['', 'wrong', ready.controlToken.slice(1)]) {
    const { status, json } = await emulator.control('POST', '/_acrux/state/reset', undefined, token)
    assert.deepEqual([status, stringAt(json, 'error', 'code')], [401, 'Unauthorized'])
  }
  await expectError('NotFound', 'GET', 'state/reset')
  await expectError('NotFound', 'GET', 'nothing')
  const { status } = await request({ url: `${ready.url}/_acrux/health`, caFile: server.caFile })
  assert.equal(status, 404, 'the public listener has none of it')
})

test('the control API returns the certificate authority', async () => {
  const { bytes } = await expectControl(200, 'GET', 'ca')
  assert.equal(bytes.toString(), readFileSync(server.caFile, 'utf8'))
  const { status } = await emulator.control('GET', '/_acrux/ca', undefined, 'wrong')
  assert.equal(status, 401)
})

test('a reset removes what tests did, and keeps the port, the ids and connections that wait', async () => {
  await push('reset')
  assert.equal(await pull('reset'), 200)
  const { hostname, port } = new URL(ready.url)
  const waits = connect(Number(port), hostname)
  await once(waits, 'connect')
  await expectControl(204, 'POST', 'state/reset')
  waits.destroy()
  assert.equal(await pull('reset'), 404)
  await push('reset')
  assert.equal(await pull('reset'), 200)
})

test('a snapshot is restored, also from its archive', async () => {
  await expectControl(204, 'POST', 'state/reset')
  await push('first')
  await expectControl(201, 'POST', 'state/snapshots/one')
  await push('second')
  await expectControl(204, 'POST', 'state/snapshots/one/restore')
  assert.deepEqual([await pull('first'), await pull('second')], [200, 404])
  const { bytes } = await expectControl(200, 'GET', 'state/snapshots/one')
  await expectControl(201, 'PUT', 'state/snapshots/two', bytes)
  await expectControl(204, 'POST', 'state/reset')
  assert.equal(await pull('first'), 404)
  await expectControl(204, 'POST', 'state/snapshots/two/restore')
  assert.equal(await pull('first'), 200)
  assert.ok(!bytes.includes('PRIVATE KEY'), 'the archive has no key of the authority')
})

test('snapshots that do not exist, and archives that are none, are rejected', async () => {
  for (const [method, path] of [
    ['POST', 'state/snapshots/none/restore'],
    ['GET', 'state/snapshots/none'],
  ] as const) {
    await expectError('NotFound', method, path)
  }
  const put = (name: string, content: Uint8Array<ArrayBuffer>, code: keyof typeof codes) =>
    expectError(code, 'PUT', `state/snapshots/${name}`, content)
  await put('..%2Fbase', Buffer.from(''), 'InvalidRequest')
  await put('bad', Buffer.from('no archive'), 'InvalidRequest')
  await put('bad', Buffer.alloc(512, 'x'), 'InvalidRequest')
  for (const path of ['../escaped', '/escaped', 'a/../../escaped', '.hidden']) {
    const file = Buffer.from(tar([{ path, content: Buffer.from('x') }]))
    await put('bad', file, 'InvalidRequest')
  }
  const archive = (content: string) => Buffer.from(tar([{ path: 'emulator.json', content: Buffer.from(content) }]))
  const version = stringAt(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')), 'version')
  await put('bad', archive('{}'), 'InvalidRequest')
  await put('bad', archive('{"version":"0.0.1"}'), 'Conflict')
  await put('bad', archive(JSON.stringify({ version })), 'InvalidRequest')
  await expectError('NotFound', 'GET', 'state/snapshots/bad')
  const [folder = ''] = foldersIn(emulator.temporary)
  assert.ok(!readdirSync(join(emulator.temporary, folder)).some((name) => name.startsWith('part-')))
})

test('a snapshot whose server cannot be started changes nothing', async () => {
  await push('kept')
  const version = stringAt(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')), 'version')
  const files = [
    { path: 'emulator.json', content: Buffer.from(JSON.stringify({ version })) },
    { path: 'acrux.db', content: Buffer.from(`SQLite format 3\0${'x'.repeat(8192)}`) },
  ]
  await expectControl(201, 'PUT', 'state/snapshots/broken', Buffer.from(tar(files)))
  await expectError('Conflict', 'POST', 'state/snapshots/broken/restore')
  await expectControl(200, 'GET', 'health')
  assert.equal(await pull('kept'), 200)
})

test('acrux serve denies the data directory of an emulator', async () => {
  await expectControl(201, 'POST', 'state/snapshots/stolen')
  const { bytes } = await expectControl(200, 'GET', 'state/snapshots/stolen')
  using folder = tempDir('stolen')
  const dataDir = join(folder.path, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  writeFileSync(join(folder.path, 'data.tar'), bytes)
  spawnSync('tar', ['-xf', join(folder.path, 'data.tar'), '-C', dataDir])
  assert.ok(existsSync(join(dataDir, 'acrux.db')))
  await assert.rejects(startServer({ dataDir }), (error) => {
    assert.ok(error instanceof StartFailed)
    assert.equal(error.code, 13)
    assert.match(error.output, /is a data directory of acrux emulator.*\n.*choose another directory with --data-dir/)
    return true
  })
})

const wrongUsage: readonly { args: readonly string[]; env?: Record<string, string>; says: RegExp }[] = [
  { args: ['--listen', '0.0.0.0:0'], says: /--allow-network/ },
  { args: ['--control', '0.0.0.0:0'], says: /--allow-network/ },
  { args: ['--control', '0.0.0.0:0', '--allow-network'], says: /--control-token/ },
  { args: ['--listen', 'nowhere'], says: /HOST:PORT/ },
  { args: ['--control-token', 'a-secret-on-the-command-line'], says: /@FILE/ },
  { args: ['--clock', 'tomorrow'], says: /2027-01-01T00:00:00Z/ },
  { args: ['--ca-cert', 'ca.pem'], says: /--ca-key/ },
  { args: ['--public-host', 'a b'], says: /must be a host.*not a b\n.*such as registry\.test/ },
  { args: ['--workers', '2'], says: /unknown option/ },
  { args: ['--realism', 'some'], says: /instant, azure/ },
  { args: ['--data-dir', '/tmp'], says: /unknown option/ },
  { args: ['--database', 'postgres://localhost/acrux'], says: /unknown option/ },
  { args: [], env: { ACRUX_DATABASE: 'postgres://localhost/acrux' }, says: /unset ACRUX_DATABASE/ },
  { args: [], env: { ACRUX_TLS_ACME_DIRECTORY: 'https://acme.example' }, says: /unset ACRUX_TLS_ACME_DIRECTORY/ },
]

for (const { args, env = {}, says } of wrongUsage) {
  test(`an emulator does not start with ${[...args, ...Object.keys(env)].join(' ')}`, async () => {
    await assert.rejects(startEmulator({ args, env }), (error) => {
      assert.ok(error instanceof EmulatorEnded)
      assert.equal(error.code, 2, error.output)
      assert.match(error.output, says)
      return true
    })
  })
}

test('an emulator on the network, with a token of a file, warns that its secrets are public', async () => {
  using folder = tempDir('token')
  const token = 'a-token-of-the-user-1234'
  writeFileSync(join(folder.path, 'token'), `${token}\n`)
  const network = ['--listen', '0.0.0.0:0', '--control', '0.0.0.0:0', '--allow-network']
  await using open = await startEmulator({ args: [...network, '--control-token', `@${join(folder.path, 'token')}`] })
  assert.match(open.output(), /acrux: warning: other machines can reach this emulator/)
  assert.equal(open.ready.controlToken, token)
  assert.equal((await open.control('POST', '/_acrux/state/reset')).status, 204)
})

test('a silent emulator over HTTP prints one line', async () => {
  await using silent = await startEmulator({ args: ['--silent', '--http'] })
  assert.match(silent.ready.url, /^http:\/\/localhost:\d+$/)
  assert.equal((await fetch(`${silent.ready.url}/v2/`)).status, 401)
  assert.equal(silent.output(), `acrux: ready at ${silent.ready.url}\n`)
  assert.equal(silent.ready.caFile, null)
})

for (const time of ['2020-01-01T00:00:00Z', '2060-01-01T00:00:00Z']) {
  test(`the owner can sign in while the clock shows ${time}`, async () => {
    await using other = await startEmulator({ args: ['--clock', time] })
    assert.ok((await armToken(other.server())).length > 100)
  })
}

test('eight emulators that start together have one authority, and ports and data of their own', async () => {
  using folder = tempDir('eight')
  const shared = { home: folder.path, temporary: folder.path }
  const all = await Promise.all(Array.from({ length: 8 }, () => startEmulator({ shared })))
  try {
    assert.equal(new Set(all.map((each) => each.ready.url)).size, 8)
    assert.equal(new Set(all.map((each) => each.ready.caFile)).size, 1)
    assert.equal(foldersIn(folder.path).length, 8)
    for (const each of all) assert.ok((await armToken(each.server())).length > 100)
  } finally {
    await Promise.all(all.map((each) => each[Symbol.asyncDispose]()))
  }
  assert.deepEqual(foldersIn(folder.path), [])
})

async function assertLeavesNothing(running: RunningEmulator, end: () => Promise<unknown>): Promise<void> {
  assert.equal(foldersIn(running.temporary).length, 1)
  await end()
  assert.deepEqual(foldersIn(running.temporary), [])
  assert.ok(!existsSync(running.readyFile), 'the ready file is deleted')
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} leaves no files`, async () => {
    await using running = await startEmulator()
    await assertLeavesNothing(running, async () =>
      assert.deepEqual(await running.end(signal), { code: 0, signal: null }),
    )
  })
}

test('the end of standard input stops an emulator that watches it', async () => {
  await using running = await startEmulator({ args: ['--until-stdin-closes'] })
  await assertLeavesNothing(running, async () => {
    running.child.stdin?.end()
    await once(running.child, 'close')
    assert.equal(running.child.exitCode, 0)
  })
})

test('an emulator that is stopped while it starts leaves no files, and one that cannot start does not wait', async () => {
  using folder = tempDir('early')
  const env = { ...process.env, HOME: folder.path, TMPDIR: folder.path }
  const start = (...args: readonly string[]) =>
    spawn(process.execPath, [mainFile, 'emulator', '--silent', ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const early = start()
  await until('there is a folder', () => foldersIn(folder.path).length > 0)
  early.kill('SIGTERM')
  assert.deepEqual(await once(early, 'close'), [0, null])
  assert.deepEqual(foldersIn(folder.path), [])
  const failed = start('--until-stdin-closes', '--seed', join(folder.path, 'missing.yaml'))
  assert.deepEqual(await once(failed, 'close'), [20, null])
  assert.deepEqual(foldersIn(folder.path), [])
})

test('an emulator whose port is in use says so', async () => {
  const { host } = new URL(ready.url)
  await assert.rejects(startEmulator({ args: ['--listen', host] }), (error) => {
    assert.ok(error instanceof EmulatorEnded)
    assert.equal(error.code, 10)
    return true
  })
})

test('the next emulator removes the files of one that was killed, and of no other', async () => {
  using folder = tempDir('shared')
  const shared = { home: folder.path, temporary: folder.path }
  await using living = await startEmulator({ shared })
  await using killed = await startEmulator({ shared })
  await killed.end('SIGKILL')
  assert.equal(foldersIn(folder.path).length, 2)
  await using next = await startEmulator({ shared })
  assert.equal(foldersIn(folder.path).length, 2)
  for (const each of [living, next]) assert.equal((await each.control('POST', '/_acrux/state/reset')).status, 204)
})

test('an emulator ends, and its files are removed, when its parent is killed', async () => {
  using folder = tempDir('parent')
  const readyFile = join(folder.path, 'ready.json')
  const code = `const { spawn } = require('node:child_process')
    const args = ${JSON.stringify([mainFile, 'emulator', '--until-stdin-closes', '--ready-file', readyFile])}
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdout.on('data', (text) => String(text).includes('ready at') && process.kill(process.pid, 'SIGKILL'))`
  const env = { ...process.env, HOME: folder.path, TMPDIR: folder.path }
  assert.equal(spawnSync(process.execPath, ['-e', code], { env }).signal, 'SIGKILL')
  // The pipe of standard error closes with the emulator, so the call above has waited for it.
  assert.deepEqual(foldersIn(folder.path), [])
  assert.ok(!existsSync(readyFile))
})

test('a client that stalls delays neither a reset nor the stop', async () => {
  await using stalled = await startEmulator()
  const seen = stalled.server()
  const begin = async () => {
    const admin = await enableAdmin(seen)
    const token = await accessToken(seen, admin, ['repository:team/app:pull,push'])
    const url = `${stalled.ready.url}/v2/team/app/manifests/1`
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
    return sendHalf(seen, { method: 'PUT', url, headers }, Buffer.alloc(1000, ' '))
  }
  const first = await begin()
  assert.equal((await stalled.control('POST', '/_acrux/state/reset')).status, 204)
  await assert.rejects(first.answer)
  const second = await begin()
  assert.deepEqual(await stalled.end(), { code: 0, signal: null })
  await assert.rejects(second.answer)
  assert.doesNotMatch(stalled.output(), /did not finish/, 'nobody waited for the client')
})

/** What grows if a reset keeps something. Memory is that of the process alone. */
function usageOf(pid: number) {
  const [, kib = '0'] = /RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    mib: Math.round(Number(kib) / 1024),
  }
}

/** `ACRUX_TEST_RESETS=200` also measures the memory, which reaches its level after about a hundred resets. */
const resets = Number(process.env['ACRUX_TEST_RESETS'] ?? 10)

test('resets keep the files, threads and memory of the process', { skip: !existsSync('/proc/self/fd') }, async (t) => {
  const reset = async (times: number) => {
    for (let count = 0; count < times; count += 1) await expectControl(204, 'POST', 'state/reset')
  }
  await reset(resets / 2)
  const before = usageOf(ready.pid)
  await reset(resets / 2)
  const now = usageOf(ready.pid)
  const report = JSON.stringify({ before, now })
  t.diagnostic(report)
  assert.ok(now.descriptors <= before.descriptors + 3, report)
  assert.ok(now.threads <= before.threads + 2, report)
  if (resets >= 200) assert.ok(now.mib <= before.mib + 30, report)
})
