import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clientHome, run, type ClientHome, type Ran } from '../../harness/clients.ts'
import { startConnectProxy } from './connect-proxy.ts'
import { startContainerd } from './containerd.ts'
import { startDaemon } from './daemon.ts'
import { openMountNamespace } from './mount-namespace.ts'

/** Where dockerd keeps its images: its own store, or that of containerd. */
export const imageStores = ['the classic image store', "containerd's image store"] as const

/** One of `imageStores`. */
export type ImageStore = (typeof imageStores)[number]

/** A dockerd of its own, and the docker client that speaks to it. */
export interface Docker extends AsyncDisposable {
  /** The value of `DOCKER_HOST` for programs that run docker themselves. */
  readonly dockerHost: string
  /** Runs `docker` with the configuration of `home`, and returns what it said, whatever its exit code. */
  run(home: ClientHome, args: readonly string[], input?: string): Promise<Ran>
}

/** The registry that dockerd is to reach. */
export interface DockerOptions {
  hostname: string
  /** The host name and port. */
  host: string
  /** The port of 127.0.0.1 that the proxy leads to; that of `host` by default. */
  port?: number
  store: ImageStore
  /** The PEM file of the authority to trust; without it, dockerd and the client trust only those of the system. */
  caFile?: string
}

/**
 * Starts dockerd so that the resolver does not know the registry's host name, and a proxy on the loopback interface
 * leads to it: dockerd does not verify the certificates of hosts in 127.0.0.0/8, but it verifies the certificate of
 * this host. dockerd and its containerd see an `/etc/docker` and a `resolv.conf` of their own. Needs root.
 *
 * With containerd's image store, dockerd uses `certs.d` everywhere except at the token endpoint. There, it uses only
 * the system's authorities, which `SSL_CERT_FILE` replaces.
 */
export async function startDocker({ hostname, host, store, caFile, ...more }: DockerOptions): Promise<Docker> {
  await using stack = new AsyncDisposableStack()
  const home = stack.use(clientHome())
  const at = (...parts: string[]): string => join(home.path, ...parts)
  const certificates = at('etc-docker', 'certs.d', host)
  mkdirSync(certificates, { recursive: true })
  if (caFile !== undefined) copyFileSync(caFile, join(certificates, 'ca.crt'))
  writeFileSync(at('resolv.conf'), '')
  mkdirSync('/etc/docker', { recursive: true })
  const proxy = stack.use(
    await startConnectProxy((name, port) => (name === hostname ? (more.port ?? port) : undefined)),
  )
  const proxied = { HTTPS_PROXY: proxy.url, https_proxy: proxy.url, NO_PROXY: '', no_proxy: '' }
  const view = stack.use(
    await openMountNamespace([
      { from: at('resolv.conf'), to: '/etc/resolv.conf' },
      { from: at('etc-docker'), to: '/etc/docker' },
    ]),
  )
  const containerd = stack.use(await startContainerd(at('containerd'), home.env, (...what) => view.enter(...what)))
  const inContainerd = store === "containerd's image store"
  const config = at('daemon.json')
  writeFileSync(
    config,
    JSON.stringify({
      'data-root': at('data'),
      'exec-root': at('exec'),
      pidfile: at('docker.pid'),
      hosts: [`unix://${at('docker.sock')}`],
      containerd: containerd.socket,
      'storage-driver': inContainerd ? 'native' : 'vfs',
      features: { 'containerd-snapshotter': inContainerd },
      bridge: 'none',
      iptables: false,
      ip6tables: false,
    }),
  )
  const trusting = caFile === undefined ? {} : { SSL_CERT_FILE: caFile }
  const env = { ...home.env, ...proxied, ...(inContainerd ? trusting : {}) }
  const [command, args] = view.enter('dockerd', ['--config-file', config])
  const socket = { DOCKER_HOST: `unix://${at('docker.sock')}` }
  const probe = ['docker', ['version']] as const
  stack.use(await startDaemon({ command, args, env: { ...env, ...socket }, logFile: at('dockerd.log'), probe }))
  const whole = stack.move()
  return {
    dockerHost: socket.DOCKER_HOST,
    run: (client, args, input) => {
      const [docker, entered] = view.enter('docker', args)
      const clientEnv = { ...client.env, ...proxied, ...socket, ...trusting }
      return run(docker, entered, { env: clientEnv, cwd: client.path, ...(input !== undefined && { input }) })
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  }
}
