import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { otherNames } from '../../cli/src/called-as.ts'
import { mustRun } from './must-run.ts'

const suite = 'trixie'

/** What the executable needs, and what makes the image a Debian system that scanners recognise. */
const packages = [
  'libc6',
  'libstdc++6',
  'libgcc-s1',
  'libatomic1',
  'ca-certificates',
  'tzdata',
  'base-files',
  'netbase',
]

/** What the server does not use: all programs among it, so there is no shell. */
const unused = [
  'usr/bin',
  'usr/sbin',
  'usr/share/doc',
  'usr/share/man',
  'usr/share/perl5',
  'usr/share/lintian',
  'var/cache',
  'var/lib/apt',
  'var/log',
]

/** The user of the server. */
export const user = 65_532

/** A Debian package in the image. */
export type DebianPackage = { readonly name: string; readonly version: string; readonly architecture: string }

/** Makes the root file system of the image without the program, and returns the packages that it contains. `folder` must not exist. */
export function makeImageRoot(folder: string, architecture: string): DebianPackage[] {
  const archives = `${folder}.archives`
  mustRun('mmdebstrap', [
    '--quiet',
    '--variant=extract',
    '--format=directory',
    `--architectures=${architecture}`,
    `--include=${packages.join(',')}`,
    // A failed download must not end the build.
    '--aptopt=Acquire::Retries "3"',
    `--extract-hook=ls "$1/var/cache/apt/archives" >${archives}`,
    suite,
    folder,
  ])
  const contained = readFileSync(archives, 'utf8').split('\n').flatMap(parseArchiveName)
  rmSync(archives)
  for (const path of unused) rmSync(join(folder, path), { recursive: true, force: true })
  // No script of a package has run: these files are what they would have written.
  const certificates = join(folder, 'usr/share/ca-certificates/mozilla')
  const bundle = readdirSync(certificates)
    .sort()
    .map((name) => readFileSync(join(certificates, name), 'utf8').trim())
  mkdirSync(join(folder, 'etc/ssl/certs'), { recursive: true })
  writeFileSync(join(folder, 'etc/ssl/certs/ca-certificates.crt'), `${bundle.join('\n')}\n`)
  writeFileSync(
    join(folder, 'etc/passwd'),
    `root:x:0:0:root:/root:/sbin/nologin\nacrux:x:${user}:${user}:acrux:/data:/sbin/nologin\n`,
  )
  writeFileSync(join(folder, 'etc/group'), `root:x:0:\nacrux:x:${user}:\n`)
  writeFileSync(join(folder, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n')
  return contained
}

/** The name is such as `libc6_2.41-12_amd64.deb`. */
function parseArchiveName(name: string): DebianPackage[] {
  const [, found, version, architecture] = /^([^_]+)_([^_]+)_([^_]+)\.deb$/.exec(name) ?? []
  if (found === undefined || version === undefined || architecture === undefined) return []
  return [{ name: found, version: decodeURIComponent(version), architecture }]
}

/** Makes the folders of the program, for a layer of its own. */
export function makeProgramRoot(folder: string, executable: string) {
  mkdirSync(join(folder, 'usr/bin'), { recursive: true })
  copyFileSync(executable, join(folder, 'usr/bin/acrux'))
  for (const name of otherNames) symlinkSync('acrux', join(folder, 'usr/bin', name))
}
