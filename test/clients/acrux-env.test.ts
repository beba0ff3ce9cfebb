import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requireRoot, run, type Ran } from '../harness/clients.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { acruxInPath } from './acrux/acrux-in-path.ts'
import { step } from './az/az.ts'
import { makeImage } from './az/podman.ts'
import { startDocker } from './lib/docker.ts'

const server = await startServer()
const { registry, loginServer, resourceManager, servicePrincipal, tenantId } = server.firstRun
/** Its environment names no authority, and no directory of az. */
const acrux = acruxClient()
after(async () => {
  acrux[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})
before(async () => {
  await acrux.text(principalLogin(server), { input: servicePrincipal.password })
  await pushImage(server, 'samples/hello', 'v1', basic(servicePrincipal.appId, servicePrincipal.password))
  writeFileSync(join(acrux.home.path, 'secret'), servicePrincipal.password, { mode: 0o600 })
})

/** Runs a script in a shell whose environment has nothing of the server but the profile of acrux. */
function shell(script: string, variables: Readonly<Record<string, string>> = {}, program = 'bash'): Promise<Ran> {
  const {
    AZURE_CONFIG_DIR: _azure,
    AZURE_CORE_INSTANCE_DISCOVERY: _discovery,
    PODMAN_IGNORE_CGROUPSV1_WARNING: _warning,
    ...home
  } = acruxInPath(acrux.home)
  const env = { ...home, ACRUX_CONFIG_DIR: acrux.configDir }
  const args = program === 'bash' ? ['-euo', 'pipefail', '-c', script] : ['-c', script]
  return run(program, args, { env: { ...env, ...variables }, cwd: acrux.home.path, timeoutMs: 600_000 })
}

async function succeeds(script: string, variables?: Readonly<Record<string, string>>): Promise<string> {
  const ran = await shell(script, variables)
  assert.equal(ran.code, 0, `${script}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

const azLogin = `az login --service-principal -u ${servicePrincipal.appId} -p @secret --tenant ${tenantId} -o none`

step('az works after eval "$(acrux env az)", and its own configuration is not changed', ['az'], async () => {
  const own = join(acrux.home.path, '.azure')
  const listed = await succeeds(`eval "$(acrux env az)"; ${azLogin}; az acr repository list -n ${registry} -o tsv`)
  assert.equal(listed, 'samples/hello\n')
  assert.ok(!existsSync(own), 'az wrote to its own directory')
  const cloud = await succeeds('eval "$(acrux env az)"; az cloud show --query endpoints.resourceManager -o tsv')
  assert.equal(cloud.trim(), `${resourceManager}/`)
})

step('podman pushes and pulls after eval "$(acrux env podman)", and az signs it in', ['podman', 'az'], async () => {
  await makeImage(acrux.home, 'localhost/tiny:1', 'by acrux env\n')
  const image = `${loginServer}/team/app:1`
  const use = 'eval "$(acrux env podman)"'
  const denied = await shell(`podman push localhost/tiny:1 ${image}`)
  assert.match(denied.stderr, /certificate signed by unknown authority/)
  await succeeds(`${use}; acrux acr login -n ${registry}; podman push localhost/tiny:1 ${image}; podman pull ${image}`)
  await succeeds(
    `${use}; eval "$(acrux env az)"; podman logout ${loginServer}; az acr login -n ${registry}; podman pull ${image}`,
  )
})

step('docker pushes and pulls after eval "$(acrux env docker)"', ['dockerd', 'docker', 'containerd'], async (t) => {
  if (!requireRoot(t)) return
  const { caFile } = server
  const store = 'the classic image store'
  await using docker = await startDocker({ hostname: 'localhost', host: loginServer, store, caFile })
  const image = `${loginServer}/team/docker:1`
  await succeeds(
    [
      'eval "$(acrux env docker)"',
      `acrux acr login -n ${registry}`,
      'echo hello > text && tar -cf layer.tar text',
      `docker import layer.tar ${image}`,
      `docker push ${image}`,
      `docker image rm ${image}`,
      `docker pull ${image}`,
      `docker manifest inspect ${image}`,
    ].join('\n'),
    { DOCKER_HOST: docker.dockerHost },
  )
})

test('acrux env docker says how the daemon is made to trust the server, on standard error alone', async () => {
  const ran = await acrux.run(['env', 'docker'])
  assert.match(ran.stderr, new RegExp(`sudo acrux trust ${loginServer} --docker`))
  assert.match(ran.stdout, /^(?:export [A-Z_]+=\S+\n)+$/)
})

test('a program with an Azure SDK works after eval "$(acrux env sdk)"', async () => {
  const program = fileURLToPath(new URL('./az/environment-sdk-program.ts', import.meta.url))
  const script = `eval "$(acrux env sdk)"; exec '${process.execPath}' '${program}' 'https://${loginServer}'`
  const credential = { AZURE_CLIENT_ID: servicePrincipal.appId, AZURE_CLIENT_SECRET: servicePrincipal.password }
  assert.match(await succeeds(script, credential), /^samples\/hello$/m)
})

test('acrux env needs no sign-in if the server is named', async () => {
  using other = acruxClient()
  const named = ['env', 'az', '--server', resourceManager]
  const printed = await other.text([...named, '--ca-file', server.caFile])
  assert.match(printed, /^export ARM_CLOUD_METADATA_URL=/m)
  await other.fails(1, /issued by an untrusted certificate authority[^]*--ca-file/, named)
  await other.fails(1, /AzureCloud is not an Acrux server\n +.*acrux login --server/, ['env', 'az'])
  await other.fails(2, /there is no client nerdctl\n +use one of az, docker, podman, sdk/, ['env', 'nerdctl'])
})

test('--unset removes what acrux env has set, and nothing else', async () => {
  const script = [
    'env -0 | sort -z > before',
    'for each in az podman sdk; do eval "$(acrux env $each)"; done',
    'for each in az podman sdk; do eval "$(acrux env $each --unset)"; done',
    'env -0 | sort -z > after',
    'cmp before after',
  ]
  await succeeds(script.join('\n'))
})

step('fish reads the variables as bash does', ['fish'], async () => {
  const shown = 'env | grep -E "^(ARM_CLOUD|AZURE_CONFIG|AZURE_CORE_INSTANCE|REQUESTS_|SSL_)" | sort'
  const inBash = await succeeds(`eval "$(acrux env az)"; ${shown}`)
  const inFish = await shell(`acrux env az --shell fish | source; ${shown}`, {}, 'fish')
  assert.equal(inFish.stdout, inBash, inFish.stderr)
  assert.equal(inBash.trim().split('\n').length, 5)
})
