import { chmodSync, copyFileSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { otherNames } from '../../cli/src/called-as.ts'
import { nodeBinary, root } from '../set-up.mjs'
import { version } from './bundle.ts'
import { completionFiles, writeCompletions } from './completions.ts'
import { executablePath } from './executable.ts'
import { mustRun } from './must-run.ts'

/** Debian's names of the processors. */
export const architectures = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' } as const

/** Where Debian's shells look for completion scripts. */
const completionFolders = {
  bash: 'usr/share/bash-completion/completions',
  zsh: 'usr/share/zsh/vendor-completions',
  fish: 'usr/share/fish/vendor_completions.d',
}

const control = `Package: acrux
Version: ${version}
Section: net
Priority: optional
Maintainer: The Acrux maintainers <maintainers@example.com>
Depends: libc6 (>= 2.28), libstdc++6, libatomic1, ca-certificates
Description: container registry that supports Azure Container Registry's authentication
 Acrux is a self-hosted container registry with its own identity provider,
 role-based access control, repository-scoped tokens and a management API.
 docker, podman, az and the Azure SDKs work with it unchanged.
`

/** The service is enabled and started like that of every Debian package: machines without systemd only get the files. */
const afterInstallation = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if command -v deb-systemd-helper >/dev/null; then
    deb-systemd-helper unmask acrux.service >/dev/null || true
    if deb-systemd-helper --quiet was-enabled acrux.service; then
      deb-systemd-helper enable acrux.service >/dev/null || true
    else
      deb-systemd-helper update-state acrux.service >/dev/null || true
    fi
  fi
  if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    if [ -n "$2" ]; then action=restart; else action=start; fi
    deb-systemd-invoke $action acrux.service >/dev/null || true
  fi
fi
`

const beforeRemoval = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  deb-systemd-invoke stop acrux.service >/dev/null || true
fi
`

/** The data in /var/lib/acrux is never removed, also not by a purge. */
const afterRemoval = `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
  if command -v deb-systemd-helper >/dev/null; then deb-systemd-helper purge acrux.service >/dev/null || true; fi
  if [ -e /var/lib/private/acrux ] || [ -e /var/lib/acrux ]; then
    echo "acrux: /var/lib/acrux keeps the data; remove it yourself if you do not need it" >&2
  fi
fi
`

/** Writes a Debian package of each executable. */
export async function buildDebianPackages({
  dist,
  work,
  isFast,
}: {
  readonly dist: string
  readonly work: string
  readonly isFast: boolean
}): Promise<string[]> {
  const completions = join(work, 'completions')
  writeCompletions([nodeBinary(), join(root, 'cli/src/main.ts')], completions)
  return (Object.keys(architectures) as (keyof typeof architectures)[]).map((platform) => {
    const folder = join(work, `deb-${platform}`)
    const files = [
      { to: 'usr/bin/acrux', from: executablePath(dist, platform), mode: 0o755 },
      { to: 'usr/lib/systemd/system/acrux.service', from: join(root, 'deploy/systemd/acrux.service') },
      { to: 'etc/acrux/acrux.yaml', from: join(root, 'deploy/systemd/acrux.yaml') },
      { to: 'usr/share/doc/acrux/README.md', from: join(root, 'README.md') },
      { to: 'usr/share/doc/acrux/copyright', from: join(root, 'LICENSE') },
      { to: 'usr/share/doc/acrux/THIRD-PARTY-NOTICES', from: join(dist, 'THIRD-PARTY-NOTICES') },
      ...Object.entries(completionFolders).map(([shell, to]) => {
        const name = completionFiles[shell as keyof typeof completionFiles]
        return { to: join(to, shell === 'bash' ? 'acrux' : name), from: join(completions, name) }
      }),
    ]
    for (const { to, from, mode } of files) install(join(folder, to), (path) => copyFileSync(from, path), mode)
    for (const name of otherNames) symlinkSync('acrux', join(folder, 'usr/bin', name))
    const sizeKiB = Math.ceil(files.reduce((sum, { from }) => sum + statSync(from).size, 0) / 1024)
    const description = `${control.trim()}\n`.replace(
      'Depends:',
      `Architecture: ${architectures[platform]}\nInstalled-Size: ${sizeKiB}\nDepends:`,
    )
    const write = (name: string, text: string, mode = 0o644) =>
      install(join(folder, 'DEBIAN', name), (path) => writeFileSync(path, text), mode)
    write('control', description)
    write('conffiles', '/etc/acrux/acrux.yaml\n')
    write('postinst', afterInstallation, 0o755)
    write('prerm', beforeRemoval, 0o755)
    write('postrm', afterRemoval, 0o755)
    const output = join(dist, `acrux_${version}_${architectures[platform]}.deb`)
    mustRun('dpkg-deb', ['--root-owner-group', '-Zzstd', isFast ? '-z1' : '-z9', '--build', folder, output])
    rmSync(folder, { recursive: true })
    return output
  })
}

function install(path: string, write: (path: string) => void, mode: number = 0o644) {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  write(path)
  chmodSync(path, mode)
}
