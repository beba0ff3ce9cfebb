import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { principalWithRole, roles } from '../harness/arm.ts'
import {
  findProgram,
  requireClient,
  requirePort443,
  requireRoot,
  type ClientHome,
  type Ran,
} from '../harness/clients.ts'
import { startServer } from '../harness/server.ts'
import { azHome, signIn, step } from './az/az.ts'
import { startDocker } from './lib/docker.ts'

/** az looks a login server up as if it were a host name, so one with a port is never found. [az-cli-wire §4.5] */
const port = 443

/** The names of the errors that a run reported. */
function errorsOf({ stderr }: Ran): string[] {
  return [...stderr.matchAll(/\b(?:DOCKER|HELM|NOTARY|CONNECTIVITY|LOGIN|CMK)_\w+(?=\b)/g)].map(([name]) => name)
}

/** Holds that az got through to the registry, to the token that it asked for last. */
function assertConnected({ stderr }: Ran, loginServer: string, token: string): void {
  for (const line of [
    `DNS lookup to ${loginServer} at IP 127.0.0.1 : OK`,
    `Challenge endpoint https://${loginServer}/v2/ : OK`,
    `Fetch refresh token for registry '${loginServer}' : OK`,
    `Fetch access token for ${token} : OK`,
  ]) {
    assert.ok(stderr.includes(line), `${line}\n${stderr}`)
  }
}

/** Writes programs that are content with everything, for what is not the registry's: a PATH on which they come first. */
function contentPrograms({ path, env }: ClientHome): string {
  const folder = join(path, 'content')
  mkdirSync(folder)
  const says = { docker: 'Docker version 1', helm: 'version.BuildInfo{Version:"v3.16.0"}', notary: 'Version:    0.6.0' }
  for (const [name, text] of Object.entries(says)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${text}'\n`)
    chmodSync(join(folder, name), 0o700)
  }
  return `${folder}:${env['PATH'] ?? ''}`
}

const missingTools = ['helm', 'notary'].filter((name) => findProgram(name) === undefined)

step('az acr check-health finds a registry on port 443 healthy, and reports the permissions', ['az'], async (t) => {
  if (!(await requirePort443(t))) return
  await using server = await startServer({
    port,
    args: ['--public-host', 'localhost', '--suffix', '.azurecr.localhost'],
  })
  const { registry, loginServer } = server.firstRun
  assert.doesNotMatch(loginServer, /:/)
  using az = azHome(server.caFile)
  await signIn(az, server)
  const content = { PATH: contentPrograms(az.home) }
  const check = ['acr', 'check-health', '-n', registry, '--yes']

  await t.test('with docker, helm and notary content, it ends with 0', async () => {
    const ran = await az.run(check, content)
    assert.equal(ran.code, 0, ran.stderr)
    assertConnected(ran, loginServer, `registry '${loginServer}'`)
    assert.deepEqual(errorsOf(ran), [])
  })

  await t.test('with --repository, somebody who may do everything there is told so', async () => {
    const ran = await az.run([...check, '--repository', 'team/app'], content)
    assert.equal(ran.code, 0, ran.stderr)
    assertConnected(ran, loginServer, `repository 'team/app' in registry '${loginServer}'`)
  })

  await t.test('with --repository, somebody who may only read is told what is missing', async () => {
    // Who may pull and not read the registry itself crashes az's own check.
    using reader = azHome(server.caFile)
    await signIn(reader, server, await principalWithRole(server, 'reader', roles.reader))
    const ran = await reader.run([...check, '--repository', 'team/app'], content)
    assert.equal(ran.code, 1, ran.stderr)
    const sentence = /You have (.+) permissions to the repository\. You are lacking (.+) repository permissions\./
    const [, has = '', lacks = ''] = sentence.exec(ran.stderr) ?? assert.fail(ran.stderr)
    // az writes them in the order of a set, which is another each time.
    const named = (text: string): string[] => text.split(/, | and /).toSorted()
    assert.deepEqual(named(has), ['metadata_read', 'pull'])
    assert.deepEqual(named(lacks), ['delete', 'metadata_write', 'push'])
    assert.deepEqual(errorsOf(ran), ['CONNECTIVITY_ACCESS_TOKEN_ERROR'])
  })

  await t.test('a real docker is there; what else the machine lacks is told, and only told', async (inner) => {
    if (!requireRoot(inner) || !requireClient(inner, 'dockerd', 'docker', 'containerd', 'unshare', 'nsenter')) return
    await using docker = await startDocker({
      hostname: 'registry.test',
      host: 'registry.test',
      store: 'the classic image store',
    })
    const ran = await az.run([...check, '--ignore-errors'], { DOCKER_HOST: docker.dockerHost })
    assert.equal(ran.code, 0, ran.stderr)
    assert.match(ran.stderr, /Docker daemon status: available/)
    assert.match(ran.stderr, /Docker version: 'Docker version \d+\./)
    assertConnected(ran, loginServer, `registry '${loginServer}'`)
    const errors = errorsOf(ran).filter((name) => name !== 'DOCKER_PULL_ERROR')
    assert.deepEqual(
      errors,
      missingTools.map((name) => `${name.toUpperCase()}_COMMAND_ERROR`),
    )
  })

  await t.test('without --ignore-errors it ends at the first thing that the machine lacks', async () => {
    const ran = await az.run(check, { DOCKER_COMMAND: 'no-such-docker' })
    assert.equal(ran.code, 1, ran.stderr)
    assert.deepEqual(errorsOf(ran), ['DOCKER_COMMAND_ERROR'])
  })
})
