import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { writeFileDurably } from '@acrux/server/durable-file'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { trustedCertificates } from '../../clients/http/http.ts'
import { type ServerFlags, namedCloud, serverFlags } from '../../clients/servers/named-cloud.ts'
import { subscriptionsOf } from '../../clients/session/account.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { configDirectory, openProfile } from '../../framework/profile/profile.ts'
import { warnOfOtherHost } from '../cloud/cloud-flags.ts'
import { type Shell, setText, shells, unsetText } from './shell.ts'
import { type AuthorityFiles, type Client, type Facts, clients, variableNames, variablesOf } from './variables.ts'

type Flags = ServerFlags & { readonly client: string; readonly shell: Shell; readonly unset?: true }

/** `acrux env`. */
export const command = defineCommand<Flags>({
  about: `
The command prints shell commands that set variables, for eval. With these variables, a client in this shell uses and
trusts the server of the active cloud. The variables set a separate configuration directory for az, so that you stay
signed in to Azure. No variable contains a secret. If the system does not trust the server's certificate, the variables
name a file with the certificate authorities of the system and of the server.`,
  arguments: [{ name: '<client>', description: `the client: ${clients.join(', ')}` }],
  flags: [
    ...serverFlags,
    { flags: '--shell <shell>', description: 'the shell that evaluates the output', choices: shells, default: 'sh' },
    { flags: '--unset', description: 'print the commands that remove the variables' },
  ],
  examples: [
    'eval "$(acrux env az)" && az login',
    'eval "$(acrux env podman)" && acrux acr login -n contoso',
    'acrux env sdk --shell fish | source',
    'acrux env az --shell powershell | Out-String | Invoke-Expression',
    'eval "$(acrux env az --unset)"',
  ],
  exitCodes: { 0: 'success', 1: 'the command failed', 2: 'wrong option or argument' },
  run: async (flags, context) => {
    const client = requireClient(flags.client)
    if (flags.unset === true) {
      context.print(unsetText(flags.shell, variableNames(client)))
      return
    }
    const cloud = await namedCloud(context, flags)
    warnOfOtherHost(context, cloud)
    if (client === 'docker') warnOfDaemon(context, cloud)
    context.print(setText(flags.shell, variablesOf(client, await factsOf(context, cloud))))
  },
})

function requireClient(name: string): Client {
  const client = clients.find((each) => each === name)
  if (client === undefined) throw new WrongUsageError(`there is no client ${name}`, `use one of ${clients.join(', ')}`)
  return client
}

async function factsOf(context: CommandContext, cloud: Cloud): Promise<Facts> {
  const { resourceManager, activeDirectory } = cloud.endpoints
  // In variables that are lists, a colon separates paths. No host contains a plus sign, so no two hosts share a directory.
  const directory = path.join(configDirectory(context.env), 'env', hostOf(cloud).replaceAll(':', '+'))
  const profile = await openProfile(context.env).read()
  const active = cloud.name === profile.activeCloud ? subscriptionsOf(profile) : []
  return {
    resourceManager: resourceManager.replace(/\/+$/, ''),
    authorityHost: activeDirectory,
    authority: cloud.ca === undefined ? undefined : await writeAuthority(directory, cloud.ca),
    azureConfigDir: await writable(directory, async () => {
      const azure = path.join(directory, 'azure')
      await mkdir(azure, { recursive: true, mode: 0o700 })
      return azure
    }),
    tenantId: active.find(({ subscription }) => subscription.isDefault)?.subscription.tenantId,
  }
}

/**
 * Writes the authority of the server, and a bundle, because a client that reads a bundle trusts only the authorities in
 * the bundle.
 */
function writeAuthority(directory: string, ca: string): Promise<AuthorityFiles> {
  const files = { own: path.join(directory, 'ca.pem'), bundle: path.join(directory, 'ca-bundle.pem') }
  return writable(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const own = `${ca.trim()}\n`
    const others = trustedCertificates().map((pem) => `${pem.trim()}\n`)
    // Clients of other shells may be reading these files.
    await writeFileDurably(files.own, own, 0o644)
    await writeFileDurably(files.bundle, [...new Set([...others, own])].join(''), 0o644)
    return files
  })
}

async function writable<Result>(directory: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write()
  } catch (error) {
    throw failure(
      `the directory ${directory} cannot be written: ${plainReason(error)}`,
      'set ACRUX_CONFIG_DIR to a writable directory',
      error,
    )
  }
}

/** The docker daemon does not read the variables of this shell. */
function warnOfDaemon({ log }: CommandContext, cloud: Cloud): void {
  const host = hostOf(cloud)
  if (cloud.ca === undefined || existsSync(path.join('/etc/docker/certs.d', host, 'ca.crt'))) return
  log.warning(
    `the docker daemon reads authorities only from /etc/docker/certs.d; run: sudo acrux trust ${host} --docker`,
  )
}

function hostOf({ endpoints }: Cloud): string {
  return new URL(endpoints.resourceManager).host
}
