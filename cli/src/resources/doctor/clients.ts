import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { recordOf } from '../../clients/session/account.ts'
import { findProgram } from '../trust/place.ts'
import { type Outcome, type Scene, type Step, failed, ok, skipped, warning } from './step.ts'

const execFileText = promisify(execFile)
const timeoutMs = 30_000

type Version = readonly [major: number, minor: number]

/** A client, how it shows its version, and the oldest version that works. */
type ClientProgram = {
  readonly name: string
  readonly args: readonly string[]
  readonly minimum?: { readonly version: Version; readonly why: string }
  /** The directories with an authority for each server. */
  readonly authorities?: readonly string[]
  /** The command that makes the client trust a server. */
  readonly trust?: (host: string) => string
}

const containersDirectories = [
  path.join(homedir(), '.config/containers/certs.d'),
  '/etc/containers/certs.d',
  '/etc/docker/certs.d',
]
const trustPodman = (host: string) => `acrux trust ${host} --podman, or eval "$(acrux env podman)"`

const programs: readonly ClientProgram[] = [
  {
    name: 'docker',
    args: ['--version'],
    minimum: { version: [17, 7], why: 'older versions cannot read a password from standard input' },
    authorities: ['/etc/docker/certs.d'],
    trust: (host) => `sudo acrux trust ${host} --docker`,
  },
  { name: 'podman', args: ['--version'], authorities: containersDirectories, trust: trustPodman },
  { name: 'skopeo', args: ['--version'], authorities: containersDirectories, trust: trustPodman },
  { name: 'buildah', args: ['--version'], authorities: containersDirectories, trust: trustPodman },
  { name: 'nerdctl', args: ['--version'] },
  { name: 'oras', args: ['version'] },
  {
    name: 'helm',
    args: ['version', '--short'],
    minimum: { version: [3, 8], why: 'older versions do not push charts to registries' },
  },
  {
    name: 'az',
    args: ['version', '--output', 'json'],
    minimum: { version: [2, 59], why: 'older versions ignore DOCKER_COMMAND' },
  },
]

/** One check for each installed client, and one check for the credential helper of docker. */
export function clientSteps(): readonly Step[] {
  const installed = programs.filter(({ name }) => findProgram(name) !== undefined)
  return [
    ...installed.map((program): Step => ({
      check: program.name,
      needs: [],
      run: (scene) => checkProgram(program, scene),
    })),
    { check: 'credential helper', needs: [], run: (scene) => Promise.resolve(checkCredentialHelper(scene)) },
  ]
}

async function checkProgram(program: ClientProgram, { host, ca, context }: Scene): Promise<Outcome> {
  const { name, args, minimum, trust } = program
  const version = await versionOf(program, context.env)
  if (version === undefined) return warning(`${name} ${args.join(' ')} failed`, `check the installation of ${name}`)
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (minimum !== undefined && isBefore([major, minor], minimum.version)) {
    return failed(`${version} is too old: ${minimum.why}`, `install ${name} ${minimum.version.join('.')} or newer`)
  }
  if (trust === undefined || ca === undefined || isTrusted(program, host, ca)) return ok(version)
  return warning(`${version}; ${name} does not trust the certificate authority of ${host}`, trust(host))
}

async function versionOf(
  { name, args }: ClientProgram,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  try {
    const quiet = { AZURE_CORE_COLLECT_TELEMETRY: 'false' }
    const { stdout } = await execFileText(name, args, { env: { ...env, ...quiet }, timeout: timeoutMs })
    return /\d+\.\d+(?:\.\d+)?/.exec(stdout)?.[0]
  } catch {
    return undefined
  }
}

function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major < otherMajor || (major === otherMajor && minor < otherMinor)
}

/** Docker does not verify certificates of servers at loopback addresses. [clients.md] */
function isTrusted({ name, authorities = [] }: ClientProgram, host: string, ca: string): boolean {
  if (name === 'docker' && /^(?:localhost|127\.\d+\.\d+\.\d+|.+\.localhost)(?::\d+)?$/.test(host)) return true
  const own = withoutSpace(ca)
  const ofServer = authorities
    .map((directory) => path.join(directory, host, 'ca.crt'))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
  return [...tls.getCACertificates('system'), ...ofServer].some((pem) => withoutSpace(pem).includes(own))
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, '')
}

/** docker and podman read the name of the helper from config.json. [docker, cli/config/configfile] */
function checkCredentialHelper({ host, context }: Scene): Outcome {
  const file = path.join(context.env['DOCKER_CONFIG'] ?? path.join(homedir(), '.docker'), 'config.json')
  if (!existsSync(file)) return skipped(`${file} does not exist`)
  const config = recordOf(parsed(readFileSync(file, 'utf8')))
  const helper = recordOf(config['credHelpers'])[host] ?? config['credsStore']
  if (typeof helper !== 'string' || helper === '') {
    return skipped(
      `${file} configures no credential helper for ${host}, so a login is valid for only 3 hours. To keep clients signed in: acrux acr login -n ${host} --helper`,
    )
  }
  const program = `docker-credential-${helper}`
  return findProgram(program) === undefined
    ? failed(
        `${file} names the program ${program}, which is not installed`,
        `install this program, or remove the line from ${file}`,
      )
    : ok(`${program} is installed`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
