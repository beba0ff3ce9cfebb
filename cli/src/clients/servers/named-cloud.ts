import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { openProfile } from '../../framework/profile/profile.ts'
import { httpClientOf, requireCloud } from '../session/account.ts'
import { findByOrigin, originOf } from '../session/registered-clouds.ts'
import { fetchCloud, readAuthority, requireServer } from './select-server.ts'

/** Selects an Acrux server. Without a URL, the server of the active cloud is selected. */
export type ServerFlags = { readonly server?: string; readonly caFile?: string }

/** Describes {@link ServerFlags}. */
export const serverFlags: readonly FlagDescription[] = [
  {
    flags: '--server <server>',
    description: 'HOST, HOST:PORT or the URL of the server. Default: the server of the active cloud',
  },
  {
    flags: '--ca-file <file>',
    description:
      'with --server: a PEM file with the certificate authority of the server; the command trusts no other authority',
  },
]

/** The URL of a server, and the certificate authority that acrux trusts for it. The server may be unreachable. */
type NamedServer = {
  /** Without a path. */
  readonly origin: string
  /** The only authority to trust, as PEM. Without this property, acrux trusts the authorities of the system. */
  readonly ca: string | undefined
  /** Undefined if the server is not registered as a cloud. */
  readonly cloud: Cloud | undefined
}

/** The server that the flags select. @throws CommandFailure if the URL or the file cannot be used, or the active cloud is Azure */
export async function namedServer(context: CommandContext, { server, caFile }: ServerFlags): Promise<NamedServer> {
  const profile = await openProfile(context.env).read()
  if (server === undefined) {
    if (caFile !== undefined) throw new WrongUsageError('--ca-file needs --server')
    const cloud = requireCloud(profile, profile.activeCloud)
    const origin = originOf(cloud)
    if (cloud.isAcrux === true && origin !== undefined) return { origin, ca: cloud.ca, cloud }
    throw failure(
      `the active cloud ${cloud.name} is not an Acrux server`,
      'sign in to an Acrux server with acrux login --server URL, or name the server with --server URL',
    )
  }
  const { origin } = requireServer(server)
  const cloud = findByOrigin(profile, origin)
  const ca = caFile === undefined ? cloud?.ca : await readAuthority(caFile)
  return { origin, ca, cloud }
}

/** The cloud of the server that the flags select; an unknown server is asked. @throws CommandFailure as {@link namedServer} */
export async function namedCloud(context: CommandContext, flags: ServerFlags): Promise<Cloud> {
  const { origin, ca, cloud } = await namedServer(context, flags)
  const trust = ca !== undefined && { ca }
  const known = cloud ?? (await fetchCloud(httpClientOf(context, { ...trust }), new URL(origin).host, origin))
  return { ...known, ...trust }
}
