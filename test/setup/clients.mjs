import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian's folder of PostgreSQL, with a folder for each major version. None of them is on the PATH. */
const postgresRoot = '/usr/lib/postgresql'

/** Runs `apt-get` without questions, and starts none of the services that it installs. */
const quiet = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', LC_ALL: 'C.UTF-8' }

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @param {string} name */
function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => dir !== '' && isExecutable(join(dir, name)))
}

/** The folder of PostgreSQL's programs, of the newest version; undefined if PostgreSQL is not installed. */
export function postgresBin() {
  const versions = existsSync(postgresRoot) ? readdirSync(postgresRoot) : []
  const dirs = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(postgresRoot, version, 'bin'))
  dirs.push(...(process.env.PATH ?? '').split(delimiter), '/opt/homebrew/bin')
  return dirs.find((dir) => dir !== '' && isExecutable(join(dir, 'initdb')) && isExecutable(join(dir, 'postgres')))
}

/** PgBouncer's program, which Debian has in a folder of the administrator; undefined if it is not installed. */
export function pgbouncerProgram() {
  const dirs = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/opt/homebrew/bin']
  return dirs.map((dir) => join(dir, 'pgbouncer')).find((file) => isExecutable(file))
}

/**
 * Whether Debian's Python has a package.
 *
 * @param {string} name
 */
function isPythonPackage(name) {
  return existsSync(join('/usr/lib/python3/dist-packages', name))
}

function hasBuildx() {
  const dirs = ['/usr/libexec/docker/cli-plugins', '/usr/lib/docker/cli-plugins', '/usr/local/lib/docker/cli-plugins']
  return dirs.some((dir) => isExecutable(join(dir, 'docker-buildx')))
}

/** Whether the resolver knows every name below `localhost`, itself or through systemd-resolved. */
function resolvesLocalhostNames() {
  if (!existsSync('/etc/nsswitch.conf')) return true
  return /^hosts:.*\b(myhostname|resolve)\b/m.test(readFileSync('/etc/nsswitch.conf', 'utf8'))
}

/** The Debian packages that the tests need, and whether their programs are installed. */
const packages = [
  { name: 'podman', isThere: () => onPath('podman') },
  { name: 'skopeo', isThere: () => onPath('skopeo') },
  { name: 'buildah', isThere: () => onPath('buildah') },
  { name: 'oras', isThere: () => onPath('oras') },
  { name: 'docker.io', isThere: () => onPath('dockerd') },
  { name: 'docker-cli', isThere: () => onPath('docker') },
  { name: 'docker-buildx', isThere: hasBuildx },
  { name: 'containerd', isThere: () => onPath('containerd') && onPath('ctr') },
  { name: 'runc', isThere: () => onPath('runc') },
  { name: 'crun', isThere: () => onPath('crun') },
  { name: 'cosign', isThere: () => onPath('cosign') },
  { name: 'umoci', isThere: () => onPath('umoci') },
  { name: 'azure-cli', isThere: () => onPath('az') },
  { name: 'kubernetes-client', isThere: () => onPath('kubectl') },
  { name: 'busybox-static', isThere: () => onPath('busybox') },
  { name: 'jq', isThere: () => onPath('jq') },
  { name: 'chromium', isThere: () => onPath('chromium') },
  { name: 'pebble', isThere: () => onPath('pebble') },
  { name: 'libnss3-tools', isThere: () => onPath('certutil') },
  { name: 'fish', isThere: () => onPath('fish') },
  { name: 'zsh', isThere: () => onPath('zsh') },
  { name: 'strace', isThere: () => onPath('strace') },
  { name: 'openssl', isThere: () => onPath('openssl') },
  { name: 'nginx', isThere: () => onPath('nginx') || isExecutable('/usr/sbin/nginx') },
  { name: 'caddy', isThere: () => onPath('caddy') },
  { name: 'prometheus', isThere: () => onPath('promtool') },
  { name: 'postgresql', isThere: () => postgresBin() !== undefined },
  { name: 'pgbouncer', isThere: () => pgbouncerProgram() !== undefined },
  { name: 'python3-moto', isThere: () => isPythonPackage('moto') },
  { name: 'python3-flask-cors', isThere: () => isPythonPackage('flask_cors') },
  { name: 'python3-pytest', isThere: () => isPythonPackage('pytest') },
  { name: 'python3-setuptools', isThere: () => isPythonPackage('setuptools') },
  { name: 'golang-go', isThere: () => onPath('go') },
  { name: 'default-jdk-headless', isThere: () => onPath('javac') },
  { name: 'junit5', isThere: () => existsSync('/usr/share/java/junit-platform-console.jar') },
  { name: 'mmdebstrap', isThere: () => onPath('mmdebstrap') },
  { name: 'binutils', isThere: () => onPath('strip') },
  { name: 'binutils-aarch64-linux-gnu', isThere: () => onPath('aarch64-linux-gnu-strip') },
  { name: 'qemu-user', isThere: () => onPath('qemu-aarch64') },
  { name: 'systemd', isThere: () => onPath('systemd-analyze') },
  { name: 'libnss-myhostname', isThere: resolvesLocalhostNames },
]

/** The packages of the list above whose programs are missing. */
export function missingPackages() {
  return packages.filter(({ isThere }) => !isThere()).map(({ name }) => name)
}

/**
 * @param {readonly string[]} args
 * @param {number} timeoutMs
 * @returns {Promise<{ code: number, output: string }>}
 */
function aptGet(args, timeoutMs) {
  return new Promise((resolve) => {
    const child = spawn('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...quiet },
      timeout: timeoutMs,
    })
    let output = ''
    const take = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-4000)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', (error) => resolve({ code: 1, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** @param {readonly string[]} names */
function install(names) {
  return aptGet(['install', '--yes', '--no-install-recommends', ...names], 1_800_000)
}

/**
 * Installs the missing clients if that is possible: as root, on a machine with apt-get. Says why a client could not be
 * installed; tests that need it are reported as not run.
 *
 * @param {(line: string) => void} say
 */
export async function installMissingClients(say) {
  const missing = missingPackages()
  if (missing.length === 0) return
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    say(`missing, and installed by the test set-up only as root on Debian: ${missing.join(', ')}`)
    return
  }
  say(`installing with apt-get: ${missing.join(', ')} …`)
  const updated = await aptGet(['update'], 600_000)
  if (updated.code !== 0) say(`apt-get update failed: ${updated.output.trim()}`)
  const all = await install(missing)
  if (all.code === 0) return
  for (const name of missingPackages()) {
    const one = await install([name])
    if (one.code !== 0) say(`apt-get cannot install ${name}: ${one.output.trim().split('\n').slice(-3).join(' ')}`)
  }
}
