import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { Authority } from './authority.ts'
import { incomplete } from './failure.ts'
import { type Place, hasProgram } from './place.ts'

const run = promisify(execFile)

/** Chromium and Chrome read the database of the user who runs them. [Chromium docs/linux/cert_management.md] */
const directory = () => join(homedir(), '.pki', 'nssdb')
const database = () => `sql:${directory()}`

/**
 * The name of the certificate in the database. `undo` removes only a certificate with this name. NSS reads a text before a
 * colon as the name of a token.
 */
const nameOf = (label: string) => `acrux trust ${label.replaceAll(':', '_')}`

/** The certificates of Chromium and Chrome on Linux, which each user has separately. */
export const chromium: Place = {
  name: 'chromium',
  description: 'Chromium, Chrome and Edge, for this user',
  isPerServer: false,
  isInstalled: () =>
    hasProgram('chromium', 'chromium-browser', 'google-chrome', 'microsoft-edge') || existsSync(directory()),
  trust: async ({ label }, authority, isDryRun) => {
    const name = nameOf(label)
    const present = await find(name)
    if (present === authority.fingerprint) return [`${database()}: already has "${name}"`]
    const verb = present === undefined ? 'added' : 'replaced'
    if (isDryRun) return [`${database()}: "${name}" would be ${verb}`]
    if (!existsSync(join(directory(), 'cert9.db'))) await createDatabase()
    if (present !== undefined) await remove(name)
    await add(name, authority)
    if ((await find(name)) === undefined)
      return [`${database()}: already contains the certificate authority under a different name`]
    return [`${database()}: "${name}" ${verb}; restart the browser`]
  },
  undo: async ({ label }, isDryRun) => {
    const name = nameOf(label)
    if ((await find(name)) === undefined) return [`${database()}: nothing to remove`]
    if (isDryRun) return [`${database()}: "${name}" would be removed`]
    await remove(name)
    return [`${database()}: "${name}" removed; restart the browser`]
  },
}

async function certutil(...args: readonly string[]): Promise<string> {
  requireUser()
  try {
    return (await run('certutil', [...args])).stdout
  } catch (error) {
    if (!hasProgram('certutil')) {
      const nextStep = 'install the package libnss3-tools (Debian, Ubuntu) or nss-tools (Fedora)'
      throw incomplete('certutil is not installed', nextStep, error)
    }
    throw incomplete(`certutil failed for ${database()}: ${plainReason(error)}`, 'check the database', error)
  }
}

/** With sudo, the command would change the database of root, and root would own new files. */
function requireUser(): void {
  if (process.getuid?.() !== 0 || process.env['SUDO_USER'] === undefined) return
  throw incomplete(
    'browsers use a separate list of certificate authorities for each user, and no list for root',
    'run acrux trust --chromium without sudo',
  )
}

/** The fingerprint of the certificate with a name; undefined if the certificate does not exist. */
async function find(name: string): Promise<string | undefined> {
  if (!existsSync(join(directory(), 'cert9.db'))) return undefined
  const listed = await certutil('-L', '-d', database())
  if (!listed.split('\n').some((line) => line.trimEnd().replace(/\s+\S+$/, '') === name)) return undefined
  return new X509Certificate(await certutil('-L', '-d', database(), '-n', name, '-a')).fingerprint256
}

async function createDatabase(): Promise<void> {
  try {
    await mkdir(directory(), { recursive: true, mode: 0o700 })
  } catch (error) {
    throw incomplete(`${directory()} cannot be created: ${plainReason(error)}`, 'check the path', error)
  }
  await certutil('-N', '-d', database(), '--empty-password')
}

async function add(name: string, { pem }: Authority): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'acrux-trust-'))
  try {
    const file = join(scratch, 'ca.pem')
    await writeFile(file, pem)
    await certutil('-A', '-d', database(), '-n', name, '-t', 'C,,', '-i', file)
  } finally {
    await rm(scratch, { recursive: true })
  }
}

async function remove(name: string): Promise<void> {
  await certutil('-D', '-d', database(), '-n', name)
}
