import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDaemon } from './daemon.ts'

/** A containerd of its own. */
export interface Containerd extends AsyncDisposable {
  /** The path of its socket. */
  readonly socket: string
}

/** Turns a command into one that runs somewhere else, in a mount namespace for instance. */
export type Enter = (command: string, args: readonly string[]) => readonly [string, readonly string[]]

/** Starts containerd on a root, state and socket below `dir`, without the plug-in for Kubernetes. Needs root. */
export async function startContainerd(
  dir: string,
  env: Readonly<Record<string, string>>,
  enter: Enter = (command, args) => [command, args],
): Promise<Containerd> {
  mkdirSync(dir, { recursive: true })
  const socket = join(dir, 'containerd.sock')
  const config = join(dir, 'config.toml')
  const lines = [
    'version = 2',
    `root = "${join(dir, 'root')}"`,
    `state = "${join(dir, 'state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
    '[grpc]',
    `  address = "${socket}"`,
    '[ttrpc]',
    `  address = "${socket}.ttrpc"`,
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  const [command, args] = enter('containerd', ['--config', config])
  const probe = ['ctr', ['--address', socket, 'version']] as const
  const daemon = await startDaemon({ command, args, env, logFile: join(dir, 'log'), probe })
  return { socket, [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() }
}

/** Writes the settings of a host for `--hosts-dir`. Without an authority, containerd trusts those of the machine. */
export function writeHosts(dir: string, host: string, caFile?: string): void {
  mkdirSync(join(dir, host), { recursive: true })
  const capabilities = '  capabilities = ["pull", "resolve", "push"]\n'
  const ca = caFile === undefined ? '' : `  ca = "${caFile}"\n`
  writeFileSync(
    join(dir, host, 'hosts.toml'),
    `server = "https://${host}"\n[host."https://${host}"]\n${capabilities}${ca}`,
  )
}
