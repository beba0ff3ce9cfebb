import assert from 'node:assert/strict'
import { once } from 'node:events'
import { renameSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startEmulator } from '../harness/emulator.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { freePlace, runAcrux, startAcrux, startProgram } from './acrux.ts'

test('`acrux health` finds the server of this machine by the same settings, and reports that it is ready', async () => {
  using place = await freePlace()
  await using _server = await startAcrux(place.args)
  const env = { ACRUX_DATA_DIR: place.dataDir, ACRUX_LISTEN: `0.0.0.0:${place.port}` }
  const finished = await runAcrux(['health'], { env })
  assert.equal(finished.code, 0, finished.stderr)
  assert.equal(finished.stdout, `acrux: the server at https://127.0.0.1:${place.port} is ready\n`)
})

test('`acrux health` finds the server of a data directory at an address that only a flag set', async () => {
  using place = await freePlace()
  await using server = await startAcrux(place.args)
  const finished = await runAcrux(['health', '--data-dir', place.dataDir])
  assert.equal(finished.code, 0, finished.stderr)
  assert.equal(finished.stdout, `acrux: the server at https://127.0.0.1:${place.port} is ready\n`)
  server.signal('SIGTERM')
  await server.ended
  assert.equal((await runAcrux(['health', '--data-dir', place.dataDir])).code, 1)
})

test('`acrux health --server` requires that the certificate has the name and is signed by the authority', async () => {
  await using server = await startServer()
  const trusted = await runAcrux(['health', '--server', server.baseUrl, '--ca', server.caFile])
  assert.equal(trusted.code, 0, trusted.stderr)
  const untrusted = await runAcrux(['health', '--server', server.baseUrl])
  assert.equal(untrusted.code, 1)
  assert.match(untrusted.stderr, /cannot be reached: .*certificate/)
  await using other = await startServer({ publicHost: 'registry.example.com' })
  const wrongAuthority = await runAcrux(['health', '--server', server.baseUrl, '--ca', other.caFile])
  assert.equal(wrongAuthority.code, 1)
  const wrongName = await runAcrux(['health', '--server', `https://127.0.0.2:${other.port}`, '--ca', other.caFile])
  assert.equal(wrongName.code, 1)
})

test('`acrux health --container` asks the emulator, also while all public requests fail, and without an emulator the server', async () => {
  await using emulator = await startEmulator()
  assert.equal((await emulator.control('POST', '/_acrux/faults', '{"then":{"status":503}}')).status, 201)
  const env = { TMPDIR: emulator.temporary, ACRUX_DATA_DIR: join(emulator.temporary, 'none') }
  const finished = await runAcrux(['health', '--container'], { env })
  assert.equal(finished.code, 0, finished.stderr)
  assert.equal(finished.stdout, `acrux: the server at ${emulator.ready.control} is ready\n`)
  await emulator.end()
  const ended = await runAcrux(['health', '--container'], { env })
  assert.equal(ended.code, 1)
  assert.match(ended.stderr, /cannot be reached/)
})

test('`acrux health` does not trust another server at the address of its own', async () => {
  await using server = await startServer()
  using other = await freePlace()
  await using mine = await startAcrux(other.args)
  mine.signal('SIGTERM')
  await mine.ended
  const env = { ACRUX_DATA_DIR: other.dataDir, ACRUX_LISTEN: `127.0.0.1:${server.port}` }
  const finished = await runAcrux(['health'], { env })
  assert.equal(finished.code, 1)
  assert.match(finished.stderr, /cannot be reached/)
})

test('`acrux health` exits with 1 and names the component that makes the server unavailable', async () => {
  await using server = await startServer()
  renameSync(join(server.dataDir, 'blobs'), join(server.dataDir, 'blobs-away'))
  const finished = await runAcrux(['health', '--server', server.baseUrl, '--ca', server.caFile])
  assert.equal(finished.code, 1)
  assert.match(finished.stderr, /is not ready\n {7}blob-store is unavailable: /)
})

test('`acrux health` exits with 1 where nothing listens, and where another program answers', async () => {
  using place = await freePlace()
  const env = { ACRUX_DATA_DIR: place.dataDir, ACRUX_LISTEN: `127.0.0.1:${place.port}`, ACRUX_HTTP: 'true' }
  const nothing = await runAcrux(['health'], { env })
  assert.equal(nothing.code, 1)
  assert.match(nothing.stderr, /cannot be reached: .*\n {7}check that the server is running/)
  const noAuthority = await runAcrux(['health'], { env: { ...env, ACRUX_HTTP: 'false' } })
  assert.equal(noAuthority.code, 1)
  assert.match(noAuthority.stderr, /cannot be reached: the certificate \S+ca\.pem cannot be read: /)
  const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  await once(other, 'listening')
  try {
    const { port } = other.address() as AddressInfo
    const finished = await runAcrux(['health', '--server', `http://127.0.0.1:${port}`])
    assert.equal(finished.code, 1)
    assert.match(finished.stderr, /the response is not from an Acrux server/)
  } finally {
    other.close()
  }
})

test('`acrux health --wait` waits for a server that starts later, and gives up after the time', async () => {
  using place = await freePlace()
  const env = { ACRUX_DATA_DIR: place.dataDir, ACRUX_LISTEN: `127.0.0.1:${place.port}` }
  const late = await runAcrux(['health', '--wait', '1'], { env })
  assert.equal(late.code, 1)
  await using waiting = startProgram(['health', '--wait', '120'], { env })
  await using _server = await startAcrux(place.args)
  const finished = await waiting.ended
  assert.equal(finished.code, 0, finished.stderr)
})

test('`acrux health` exits with 2 for wrong options', async () => {
  using folder = tempDir('health')
  const wrong = [
    ['--wait', '0'],
    ['--wait', 'soon'],
    ['--server', 'registry.example.com'],
    ['--ca', 'ca.pem'],
    ['--config', join(folder.path, 'missing.yaml')],
  ]
  for (const args of wrong) {
    const finished = await runAcrux(['health', ...args])
    assert.equal(finished.code, 2, `${args.join(' ')}: ${finished.stderr}`)
  }
})
