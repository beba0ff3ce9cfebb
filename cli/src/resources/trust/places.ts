import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { chromium } from './chromium.ts'
import { filePlace } from './file-place.ts'
import { type Place, type Subject, findProgram, hasProgram } from './place.ts'

const pemItself = (pem: string) => pem

const docker = filePlace({
  name: 'docker',
  description: 'docker, for the daemon of this machine',
  isPerServer: true,
  isInstalled: () => hasProgram('dockerd', 'docker'),
  files: (subject) => [{ path: join('/etc/docker/certs.d', serverOf(subject), 'ca.crt'), text: pemItself }],
})

const podman = filePlace({
  name: 'podman',
  description: 'podman, skopeo and buildah: as root for all users, without root for this user',
  isPerServer: true,
  isInstalled: () => hasProgram('podman', 'skopeo', 'buildah'),
  files: (subject) => {
    const directory = process.getuid?.() === 0 ? '/etc/containers' : join(homedir(), '.config', 'containers')
    return [{ path: join(directory, 'certs.d', serverOf(subject), 'ca.crt'), text: pemItself }]
  },
})

const containerdConfig = '/etc/containerd/config.toml'
const containerdHosts = '/etc/containerd/certs.d'

const containerd = filePlace({
  name: 'containerd',
  description: 'containerd, for Kubernetes nodes, nerdctl and ctr',
  isPerServer: true,
  isInstalled: () => hasProgram('containerd', 'nerdctl', 'ctr'),
  files: (subject) => {
    const server = serverOf(subject)
    const certificate = join(containerdHosts, server, 'ca.crt')
    const hosts = [
      `server = "https://${server}"`,
      '',
      `[host."https://${server}"]`,
      '  capabilities = ["pull", "resolve", "push"]',
      `  ca = "${certificate}"`,
      '',
    ].join('\n')
    return [
      { path: certificate, text: pemItself },
      { path: join(containerdHosts, server, 'hosts.toml'), text: () => hosts },
    ]
  },
  note: async () => {
    const config = await readFile(containerdConfig, 'utf8').catch(() => '')
    if (/^\s*config_path\s*=\s*["'][^"']*\/etc\/containerd\/certs\.d/m.test(config)) return undefined
    return `on a Kubernetes node, set config_path in ${containerdConfig} to ${containerdHosts}, and restart containerd; with ctr, add --hosts-dir ${containerdHosts}`
  },
})

/** The tools that update the system's list, and the directories that these tools read. */
const systemLayouts = [
  {
    program: 'update-ca-certificates',
    trust: [],
    // Without this call, the links to the removed file remain.
    undo: ['--fresh'],
    directory: '/usr/local/share/ca-certificates',
    extension: 'crt',
  },
  {
    program: 'update-ca-trust',
    trust: ['extract'],
    undo: ['extract'],
    directory: '/etc/pki/ca-trust/source/anchors',
    extension: 'pem',
  },
] as const

function systemLayout() {
  return systemLayouts.find(({ program }) => findProgram(program) !== undefined) ?? systemLayouts[0]
}

const system = filePlace({
  name: 'system',
  description: 'the certificate authorities of the system, for curl, oras, helm and most other programs',
  isPerServer: false,
  isInstalled: () => systemLayouts.some(({ program }) => hasProgram(program)),
  files: ({ label }) => {
    const { directory, extension } = systemLayout()
    const name = label.replaceAll(/[^a-z0-9.-]/g, '_')
    return [{ path: join(directory, `acrux-${name}.${extension}`), text: pemItself }]
  },
  refresh: (change) => {
    const layout = systemLayout()
    return [layout.program, ...layout[change]]
  },
})

/** Every place, in the order of the changes. */
export const places: readonly Place[] = [docker, podman, containerd, system, chromium]

function serverOf({ server }: Subject): string {
  if (server === undefined) throw new Error('the place needs a server')
  return server
}
