import assert from 'node:assert/strict'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { arm, expectStatus } from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from '../serve/acrux.ts'
import { enroll, machineId, newCode, putMachine } from './machine.ts'

const server = await startServer()
await putMachine(server, 'build-1')
const folder = tempDir('enroll')
after(async () => {
  folder.remove()
  await server[Symbol.asyncDispose]()
})

let count = 0
const newStateDir = () => join(folder.path, `state-${(count += 1)}`)
const endpoint = (command: string, ...args: readonly string[]) => runAcrux(['identity-endpoint', command, ...args])

test('a machine is enrolled, its key is for its owner alone, and status says that it is accepted', async () => {
  const stateDir = newStateDir()
  const code = await newCode(server, 'build-1')
  const enrolled = await enroll(server, code, stateDir)
  assert.equal(enrolled.code, 0, enrolled.stderr)
  assert.ok(enrolled.stdout.includes(machineId(server, 'build-1')))
  assert.equal(statSync(join(stateDir, 'machine.json')).mode & 0o777, 0o600)
  assert.equal(statSync(stateDir).mode & 0o777, 0o700)
  const kept = readFileSync(join(stateDir, 'machine.json'), 'utf8')
  assert.match(kept, /BEGIN PRIVATE KEY/)
  assert.ok(!kept.includes(code))
  assert.ok(!server.output().includes(code), 'the server logs no code')
  const status = await endpoint('status', '--state-dir', stateDir)
  assert.deepEqual([status.code, /accepted: {2}yes/.test(status.stdout)], [0, true], status.stderr)
  assert.ok(!status.stdout.includes('PRIVATE KEY'))
})

test('forget removes the key, and nothing is left to serve', async () => {
  const stateDir = newStateDir()
  await enroll(server, await newCode(server, 'build-1'), stateDir)
  assert.equal((await endpoint('forget', '--state-dir', stateDir)).code, 0)
  assert.equal((await endpoint('forget', '--state-dir', stateDir)).code, 0)
  for (const command of ['serve', 'status']) {
    const rejected = await endpoint(command, '--state-dir', stateDir)
    assert.equal(rejected.code, 20)
    assert.match(rejected.stderr, /not enrolled.*\n.*acrux identity-endpoint enroll/)
  }
})

test('a wrong code and a used code enroll no machine, and change nothing', async () => {
  const stateDir = newStateDir()
  const code = await newCode(server, 'build-1')
  assert.equal((await enroll(server, code, stateDir)).code, 0)
  for (const wrong of [code, 'AAAA-BBBB-CCCC-DDDD-EEEE']) {
    const rejected = await enroll(server, wrong, stateDir)
    assert.equal(rejected.code, 21)
    assert.match(rejected.stderr, /did not enroll.*\n.*new code/)
  }
  assert.equal((await endpoint('status', '--state-dir', stateDir)).code, 0)
})

test('of ten machines with one code, one is enrolled', async () => {
  const code = await newCode(server, 'build-1')
  const stateDirs = Array.from({ length: 10 }, newStateDir)
  const ended = await Promise.all(stateDirs.map((stateDir) => enroll(server, code, stateDir)))
  assert.deepEqual(
    ended.map((one) => one.code).toSorted((one, other) => Number(one) - Number(other)),
    [0, ...Array.from({ length: 9 }, () => 21)],
  )
})

test('a server that is not the trusted one, or no Acrux server, gets no code', async () => {
  const stateDir = newStateDir()
  const code = await newCode(server, 'build-1')
  const to = (url: string, ...more: readonly string[]) =>
    endpoint('enroll', '--server', url, '--code', code, '--state-dir', stateDir, ...more)
  const untrusted = await to(server.baseUrl)
  assert.equal(untrusted.code, 22)
  assert.match(untrusted.stderr, /certificate/)
  assert.equal((await to('https://localhost:9')).code, 22)
  for (const url of [
    'http://registry.example.com',
    'ftp://localhost',
    'localhost:5443',
    `${server.baseUrl}/x`,
    'https://u:p@localhost',
  ]) {
    assert.equal((await to(url)).code, 2, url)
  }
  const bad = join(folder.path, 'no.pem')
  writeFileSync(bad, 'no certificate')
  assert.equal((await to(server.baseUrl, '--ca', bad)).code, 2)
  assert.equal((await enroll(server, code, stateDir)).code, 0, 'the code is still good')
})

test('an unwritable folder is reported before the code is used up', async () => {
  const file = join(folder.path, 'a-file')
  writeFileSync(file, '')
  const code = await newCode(server, 'build-1')
  const rejected = await enroll(server, code, join(file, 'state'))
  assert.equal(rejected.code, 2)
  assert.match(rejected.stderr, /cannot be written.*\n.*--state-dir/)
  assert.equal((await enroll(server, code, newStateDir())).code, 0)
})

test('a key that others can read, or that is damaged, is not used', async () => {
  const stateDir = newStateDir()
  await enroll(server, await newCode(server, 'build-1'), stateDir)
  const file = join(stateDir, 'machine.json')
  chmodSync(file, 0o640)
  const open = await endpoint('serve', '--state-dir', stateDir)
  assert.deepEqual([open.code, /other users can access/.test(open.stderr)], [20, true])
  chmodSync(file, 0o600)
  for (const damage of ['', '{}', '{"server":1}', 'x']) {
    writeFileSync(file, damage)
    assert.equal((await endpoint('serve', '--state-dir', stateDir)).code, 20)
  }
})

test('tokens are served on the loopback interface alone', async () => {
  const stateDir = newStateDir()
  await enroll(server, await newCode(server, 'build-1'), stateDir)
  for (const address of [
    '0.0.0.0:0',
    '[::]:0',
    '192.0.2.1:80',
    'example.com:80',
    '127.0.0.1',
    '127.0.0.1:99999',
    ':80',
  ]) {
    const rejected = await endpoint('serve', '--state-dir', stateDir, '--listen', address)
    assert.equal(rejected.code, 2, address)
    assert.match(rejected.stderr, /loopback/)
  }
  const taken = await endpoint('serve', '--state-dir', stateDir, '--listen', `127.0.0.1:${server.port}`)
  assert.equal(taken.code, 10, taken.stderr)
})

test('the help of each command has its options, examples and exit codes', async () => {
  const help = await endpoint('--help')
  assert.equal(help.code, 0)
  assert.match(help.stdout, /Examples:[\s\S]*enroll --server/)
  for (const [command, option] of [
    ['enroll', '--ca'],
    ['serve', '--app-service-header-file'],
    ['status', '--state-dir'],
    ['forget', '--state-dir'],
  ] as const) {
    const shown = await endpoint(command, '--help')
    assert.deepEqual([shown.code, shown.stdout.includes(option)], [0, true])
    assert.match(shown.stdout, /Examples:[\s\S]*Exit codes:/, command)
  }
  assert.notEqual((await endpoint('enroll')).code, 0)
})

test('a machine created under the name of a deleted one is another machine', async () => {
  const first = await putMachine(server, 'again')
  expectStatus(await arm(server, 'DELETE', machineId(server, 'again')), 200)
  const second = expectStatus(await arm(server, 'PUT', machineId(server, 'again'), { location: 'local' }), 201).json()
  assert.notEqual(stringAt(second, 'identity', 'principalId'), first)
})
