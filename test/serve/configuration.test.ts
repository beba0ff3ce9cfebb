import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sourceFile } from '../harness/program.ts'
import { freePlace, readyLine, runAcrux, startAcrux } from './acrux.ts'

test('A key of the file that is no setting stops the process, and the line that it stands on is named', async () => {
  using place = await freePlace()
  const config = join(place.folder, 'acrux.yaml')
  await writeFile(config, `dataDir: ${place.dataDir}\nlogLevle: debug\ngc:\n  intervallSeconds: 5\n`)
  const finished = await runAcrux(['serve', '--config', config])
  assert.equal(finished.code, 2)
  assert.match(finished.stderr, /acrux\.yaml:2: logLevle: no such setting; did you mean logLevel\?/)
  assert.match(finished.stderr, /acrux\.yaml:4: gc\.intervallSeconds: no such setting/)
  assert.equal(existsSync(place.dataDir), false, 'nothing is made before the settings are good')
})

test('A variable that is no setting stops the process', async () => {
  using place = await freePlace()
  const finished = await runAcrux(['serve', ...place.args], { env: { ACRUX_LOGLEVEL: 'debug' } })
  assert.equal(finished.code, 2)
  assert.match(finished.stderr, /ACRUX_LOGLEVEL: no such setting; did you mean ACRUX_LOG_LEVEL\?/)
})

test('The variables of a CI login do not disturb a server or a health check on the same machine', async () => {
  using place = await freePlace()
  const env = { ACRUX_LOGIN_SERVER: 'registry.example.com', ACRUX_CLIENT: 'podman', ACRUX_ID_TOKEN: 'a.b.c' }
  await using server = await startAcrux(place.args, { env })
  const health = await runAcrux(['health', '--data-dir', place.dataDir], { env })
  assert.equal(health.code, 0, health.stderr)
  server.signal('SIGTERM')
  assert.equal((await server.ended).code, 0)
})

test('An invalid value of a setting stops the process, and all of them are reported together', async () => {
  using place = await freePlace()
  const finished = await runAcrux(['serve', ...place.args, '--log-level', 'loud'], { env: { ACRUX_REGISTRY: 'a b' } })
  assert.equal(finished.code, 2)
  assert.match(finished.stderr, /--log-level/)
  assert.match(finished.stderr, /ACRUX_REGISTRY/)
})

test('A flag weighs more than a variable, a variable more than the file, the file more than the default', async () => {
  using place = await freePlace()
  const config = join(place.folder, 'acrux.yaml')
  await writeFile(
    config,
    `dataDir: ${place.dataDir}\nlisten: 127.0.0.1:${place.port}\npublicHost: file.example.com\nlogLevel: silent\n`,
  )
  const env = { ACRUX_CONFIG: config }
  const table = [
    [[], env, 'https://file.example.com'],
    [['--renew-ca'], { ...env, ACRUX_PUBLIC_HOST: 'variable.example.com' }, 'https://variable.example.com'],
    [
      ['--renew-ca', '--public-host', 'flag.example.com'],
      { ...env, ACRUX_PUBLIC_HOST: 'variable.example.com' },
      'https://flag.example.com',
    ],
  ] as const
  for (const [flags, variables, expected] of table) {
    await using server = await startAcrux(flags, { env: variables })
    assert.equal(readyLine(server), expected)
    server.signal('SIGTERM')
    assert.equal((await server.ended).code, 0)
  }
  using other = await freePlace()
  await using server = await startAcrux(other.args)
  assert.equal(readyLine(server), `https://localhost:${other.port}`)
})

test('In a checkout, the data directory is `acrux-data` in the working directory by default', async () => {
  using place = await freePlace()
  const surroundings = { cwd: place.folder, program: sourceFile }
  await using _server = await startAcrux(['--listen', `127.0.0.1:${place.port}`], surroundings)
  assert.ok(existsSync(join(place.folder, 'acrux-data', 'first-run.json')))
})

test('The server listens on every address that is named', async () => {
  using place = await freePlace()
  using other = await freePlace()
  await using _server = await startAcrux([...place.args, '--listen', `127.0.0.1:${other.port}`])
  for (const port of [place.port, other.port]) {
    const finished = await runAcrux(['serve', '--data-dir', other.dataDir, '--listen', `127.0.0.1:${port}`])
    assert.equal(finished.code, 10)
  }
})
