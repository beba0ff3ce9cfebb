import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure, WrongUsageError } from '../../framework/command/failure.ts'
import { parseServer } from '../../framework/values/server-host.ts'
import { type Authority, downloadAuthority, readAuthority } from './authority.ts'
import { authorityText, confirmAuthority, parseFingerprint } from './confirm.ts'
import { exitCodes } from './failure.ts'
import type { Place, Subject } from './place.ts'
import { places } from './places.ts'

const about = `
SERVER is HOST or HOST:PORT, as in the names of images. The command downloads the certificate authority from
https://SERVER/ca.pem, shows the SHA-256 fingerprint, and asks for a confirmation. Compare this fingerprint with the
fingerprint on the server. Without a terminal, pass the fingerprint with --fingerprint.

Without a flag for a program, the command changes the lists of all installed programs. Files in /etc require sudo;
Chromium has a list for each user, so run the command for Chromium without sudo.

With --undo, the command removes only the files that it added for the same SERVER or CA file.`

type Flags = Readonly<Record<string, unknown>> & {
  readonly server?: string
  readonly caFile?: string
  readonly fingerprint?: string
  readonly undo?: true
  readonly dryRun?: true
  readonly yes?: true
}

/** `acrux trust`. */
export const command = defineCommand<Flags>({
  about,
  arguments: [{ name: '[server]', description: 'HOST or HOST:PORT of the server' }],
  examples: [
    'acrux trust registry.example.com',
    'acrux trust registry.example.com --dry-run',
    'sudo acrux trust registry.example.com --docker --containerd --fingerprint 3A:...:9F',
    'acrux trust --ca-file ca.pem --chromium',
    'sudo acrux trust registry.example.com --undo',
  ],
  exitCodes: {
    0: 'success',
    1: 'at least one list could not be changed',
    2: 'wrong option or value',
    3: 'the fingerprint was not confirmed, or differs',
    22: 'the server cannot be reached, or provides no certificate authority',
  },
  flags: [
    {
      flags: '--ca-file <file>',
      description: 'use the certificate authority in a PEM file instead of a downloaded certificate authority',
    },
    ...places.map(({ name, description }) => ({ flags: `--${name}`, description })),
    { flags: '--fingerprint <sha256>', description: 'the expected fingerprint; the command then asks no question' },
    { flags: '--undo', description: 'remove the certificate authority that this command added' },
    { flags: '--dry-run', description: 'only show the changes' },
    { flags: '--yes', description: 'trust the certificate authority without a confirmation' },
  ],
  run: trust,
})

async function trust(flags: Flags, context: CommandContext): Promise<void> {
  const { server, fingerprint, chosen } = readArguments(flags)
  // All users must be able to read the written files.
  process.umask(0o022)
  if (flags.undo) {
    const authority = server === undefined && flags.caFile !== undefined ? await readAuthority(flags.caFile) : undefined
    await change(context, chosen, (place) => place.undo(subjectOf(server, authority), flags.dryRun === true))
    return
  }
  const authority = await obtain(server, flags.caFile)
  context.print(authorityText(authority, server ?? flags.caFile ?? ''))
  if (!flags.dryRun) await confirmAuthority(authority, { fingerprint, yes: flags.yes === true })
  await change(context, chosen, (place) => place.trust(subjectOf(server, authority), authority, flags.dryRun === true))
}

function readArguments(flags: Flags) {
  if (process.platform !== 'linux') throw new WrongUsageError('acrux trust works on Linux only')
  const server = flags.server === undefined ? undefined : parseServer(flags.server)
  if (flags.server !== undefined && server === undefined)
    throw new WrongUsageError(`${flags.server} is not HOST or HOST:PORT`)
  if (server === undefined && flags.caFile === undefined)
    throw new WrongUsageError('name a server, or a file with --ca-file')
  const fingerprint = flags.fingerprint === undefined ? undefined : parseFingerprint(flags.fingerprint)
  if (flags.fingerprint !== undefined && fingerprint === undefined) {
    throw new WrongUsageError('--fingerprint must be a SHA-256 fingerprint of 64 hexadecimal digits')
  }
  const named = places.filter(({ name }) => flags[name] === true)
  const withoutServer = named.find(({ isPerServer }) => isPerServer && server === undefined)
  if (withoutServer !== undefined) throw new WrongUsageError(`--${withoutServer.name} needs a server`)
  const installed = places.filter((place) => place.isInstalled() && (server !== undefined || !place.isPerServer))
  return { server, fingerprint, chosen: named.length > 0 ? named : installed }
}

async function obtain(server: string | undefined, caFile: string | undefined): Promise<Authority> {
  if (caFile !== undefined) return readAuthority(caFile)
  if (server === undefined) throw new Error('neither a server nor a file')
  return downloadAuthority(server)
}

function subjectOf(server: string | undefined, authority: Authority | undefined): Subject {
  const short = authority?.fingerprint.replaceAll(':', '').slice(0, 16).toLowerCase()
  return { server, label: server ?? short ?? '' }
}

/** Changes every place, even if another place fails, and prints a line for each place. */
async function change(
  { print, log, exitWith }: CommandContext,
  chosen: readonly Place[],
  work: (place: Place) => Promise<readonly string[]>,
): Promise<void> {
  if (chosen.length === 0) print('No program with a list of certificate authorities is installed on this machine.\n')
  for (const place of chosen) {
    try {
      for (const line of await work(place)) print(`${place.name.padEnd(11)} ${line}\n`)
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error
      log.error(`${place.name}: ${error.message}`, error.nextStep)
      exitWith(exitCodes.incomplete)
    }
  }
}
