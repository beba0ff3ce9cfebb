import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ClientHome, clientHome, mustRun, type Ran, run } from '../harness/clients.ts'
import { forwardTo } from '../harness/forward.ts'
import { freePort } from '../harness/free-port.ts'
import { at, stringAt } from '../harness/json.ts'
import { atProcessEnd } from '../harness/process-end.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { until } from '../harness/until.ts'
import { type Scene, requireBuilt, version } from './scene.ts'

/** For machines that have neither cgroups v2 nor crun. */
const podmanFlags = ['--runtime=runc', '--cgroup-manager=cgroupfs']

/** The container gets no permissions, and no file outside of its volume is writable. */
const confined = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--network=host']

/** Tests the image with real clients. */
export function testImage(scene: Scene): void {
  test('the image is pushed with its bill of materials, pulled, keeps its data when it is killed, and runs the emulator', async (t) => {
    const built = requireBuilt(t, scene, 'oras', 'podman', 'runc')
    if (built === undefined) return
    // oras takes localhost for a registry without TLS.
    await using registry = await startServer({ publicHost: '127.0.0.1' })
    using home = clientHome(registry.caFile)
    const image = await publish(registry, home, built.file(/-image\.tar$/))
    await pull(registry, home, image)
    await keepsData(home, image)
    await runsEmulator(home, image)
  })
}

function podman({ env }: ClientHome, ...args: readonly string[]): Promise<Ran> {
  return mustRun('podman', [...podmanFlags, ...args], { env })
}

/** Copies the image with what refers to it into the registry, and returns its name there. */
async function publish(registry: RunningServer, { env }: ClientHome, archive: string): Promise<string> {
  const { loginServer, servicePrincipal } = registry.firstRun
  const image = `${loginServer}/acrux:${version}`
  const login = ['login', '-u', servicePrincipal.appId, '--password-stdin', loginServer]
  await mustRun('oras', login, { env, input: servicePrincipal.password })
  await mustRun('oras', ['cp', '--recursive', '--from-oci-layout', `${archive}:${version}`, image], { env })
  const discovered = await mustRun('oras', ['discover', '--format', 'json', image], { env })
  const bill = at(JSON.parse(discovered.stdout), 'manifests', 0)
  assert.equal(at(bill, 'artifactType'), 'application/vnd.cyclonedx+json')
  const index: unknown = JSON.parse((await mustRun('oras', ['manifest', 'fetch', image], { env })).stdout)
  const architectures = [0, 1].map((number) => at(index, 'manifests', number, 'platform', 'architecture'))
  assert.deepEqual(architectures, ['amd64', 'arm64'])
  return image
}

/** Pulls the image, and checks how its containers run. */
async function pull({ firstRun }: RunningServer, home: ClientHome, image: string): Promise<void> {
  const { loginServer, servicePrincipal } = firstRun
  const login = ['login', '-u', servicePrincipal.appId, '--password-stdin', loginServer]
  await mustRun('podman', login, { env: home.env, input: servicePrincipal.password })
  await podman(home, 'pull', '--quiet', image)
  const inspected = at(JSON.parse((await podman(home, 'inspect', image)).stdout), 0)
  assert.equal(at(inspected, 'Config', 'User'), '65532:65532')
  assert.deepEqual(at(inspected, 'Config', 'Volumes'), { '/data': {} })
  assert.equal(at(inspected, 'Labels', 'org.opencontainers.image.version'), version)
}

/** Pushes to a container, kills it, and pulls from another container with the same volume. */
async function keepsData(home: ClientHome, image: string): Promise<void> {
  const port = await freePort()
  const host = `127.0.0.1:${port}`
  const name = `acrux-test-${port}`
  const remove = [...podmanFlags, 'rm', '--force', '--time=0', name]
  const removeNow = () => void spawnSync('podman', remove, { env: home.env })
  const forget = atProcessEnd(removeNow)
  const variables = [`--env=ACRUX_LISTEN=${host}`, `--env=ACRUX_PUBLIC_HOST=${host}`]
  const start = () =>
    podman(home, 'run', '--detach', `--name=${name}`, ...confined, ...variables, `--volume=${name}:/data`, image)
  const isHealthy = async () => {
    return (await run('podman', [...podmanFlags, 'healthcheck', 'run', name], { env: home.env })).code === 0
  }
  const firstRun = async () =>
    (await podman(home, 'exec', name, '/usr/bin/acrux', 'owner', 'first-run', '--json')).stdout
  try {
    await start()
    await until('the container is healthy', isHealthy)
    const before = await firstRun()
    const { appId, password } = credentialsIn(before)
    const env = { ...home.env, SSL_CERT_FILE: join(home.path, 'own-ca.pem') }
    await podman(home, 'cp', `${name}:/data/tls/ca.pem`, env.SSL_CERT_FILE)
    await mustRun('oras', ['login', '-u', appId, '--password-stdin', host], { env, input: password })
    writeFileSync(join(home.path, 'note.txt'), 'kept')
    await mustRun('oras', ['push', `${host}/note:1`, 'note.txt'], { env, cwd: home.path })

    await podman(home, 'kill', '--signal=KILL', name)
    await podman(home, 'rm', '--force', name)
    await start()
    await until('the container is healthy again', isHealthy)
    assert.equal(await firstRun(), before)
    using pulled = tempDir('pulled')
    await mustRun('oras', ['pull', `${host}/note:1`], { env, cwd: pulled.path })
    assert.equal(readFileSync(join(pulled.path, 'note.txt'), 'utf8'), 'kept')
  } finally {
    forget()
    removeNow()
  }
}

/** Runs the emulator in a container whose port outside of it is another one, and pulls an image from there. */
async function runsEmulator(home: ClientHome, image: string): Promise<void> {
  const [port, controlPort] = [await freePort(), await freePort()]
  const name = `acrux-emulator-${port}`
  const removeNow = () =>
    void spawnSync('podman', [...podmanFlags, 'rm', '--force', '--time=0', name], { env: home.env })
  const forget = atProcessEnd(removeNow)
  const token = 'a-token-of-the-control-api'
  const tokenFile = join(home.path, 'control-token')
  writeFileSync(tokenFile, token, { mode: 0o644 })
  const mounts = ['--tmpfs=/tmp', `--volume=${tokenFile}:/run/control-token:ro`]
  const addresses = ['--listen', `0.0.0.0:${port}`, '--control', `0.0.0.0:${controlPort}`, '--allow-network']
  const options = [...addresses, '--control-token', '@/run/control-token', '--public-host', 'from-request']
  const control = async (method: string, path: string, body?: string): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}` }
    const url = `http://127.0.0.1:${controlPort}/_acrux/${path}`
    return fetch(url, { method, headers, body: body ?? null })
  }
  await using outside = await forwardTo(port)
  try {
    await podman(home, 'run', '--detach', `--name=${name}`, ...confined, ...mounts, image, 'emulator', ...options)
    await until('the emulator is ready', () =>
      control('GET', 'health').then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    await podman(home, 'healthcheck', 'run', name)
    assert.equal((await fetch(`http://127.0.0.1:${controlPort}/_acrux/ca`)).status, 401)
    const env = { ...home.env, SSL_CERT_FILE: join(home.path, 'emulator-ca.pem') }
    writeFileSync(env.SSL_CERT_FILE, await (await control('GET', 'ca')).text())
    const seed = 'version: 1\nimages: [{ ref: acrux/team/app:1 }]\n'
    assert.equal((await control('POST', 'seed', seed)).status, 200)
    const host = `localhost:${outside.port}`
    const { appId, secret } = { appId: 'acacacac-0000-4000-8000-000000000003', secret: 'acrux-emulator-owner' }
    await mustRun('podman', ['login', '-u', appId, '--password-stdin', host], { env, input: secret })
    const pulled = ['pull', '--quiet', `${host}/team/app:1`]
    await mustRun('podman', [...podmanFlags, ...pulled], { env })
    assert.equal((await control('POST', 'clock/advance', '{"by":"3h"}')).status, 200)
    assert.equal((await control('POST', 'state/reset')).status, 204)
    assert.notEqual((await run('podman', [...podmanFlags, ...pulled], { env })).code, 0)
  } finally {
    forget()
    removeNow()
  }
}

function credentialsIn(firstRun: string): { appId: string; password: string } {
  const read: unknown = JSON.parse(firstRun)
  return {
    appId: stringAt(read, 'servicePrincipal', 'appId'),
    password: stringAt(read, 'servicePrincipal', 'password'),
  }
}
