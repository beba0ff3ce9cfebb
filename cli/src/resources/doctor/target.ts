import { randomUUID } from 'node:crypto'
import { findPlace, isHost } from '../../clients/registry/place.ts'
import { type ServerFlags, namedServer } from '../../clients/servers/named-cloud.ts'
import { findAccount, httpClientOf } from '../../clients/session/account.ts'
import { originOf } from '../../clients/session/registered-clouds.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure, WrongUsageError } from '../../framework/command/failure.ts'
import type { Scene } from './step.ts'

/** The subject of the checks. */
export type TargetFlags = ServerFlags & {
  readonly name?: string
  readonly resourceGroup?: string
  readonly repository?: string
  readonly push: boolean
}

/** The data that the checks start with. @throws CommandFailure if no server can be selected */
export async function sceneOf(context: CommandContext, flags: TargetFlags): Promise<Scene> {
  const { name, server, repository, push: isPushWanted } = flags
  if (name !== undefined && server !== undefined) throw new WrongUsageError('--name and --server cannot be combined')
  const account = await findAccount(context)
  const shared = {
    context,
    repository: {
      name: repository ?? `acrux-doctor/${randomUUID().slice(0, 8)}`,
      isTemporary: repository === undefined,
    },
    isPushWanted,
  }
  if (name !== undefined) {
    const { loginServer: host, cloud } = await placeOf(context, flags, name)
    return { ...shared, host, ca: cloud.ca, http: httpClientOf(context, cloud), account }
  }
  const { origin, ca } = await namedServer(context, flags)
  return {
    ...shared,
    host: new URL(origin).host,
    ca,
    http: httpClientOf(context, { ...(ca !== undefined && { ca }) }),
    account: account !== undefined && originOf(account.cloud) === origin ? account : undefined,
  }
}

/**
 * The login server of a registry. If the account cannot read it, the command derives the login server from the cloud,
 * and the checks report the reason.
 */
async function placeOf(context: CommandContext, flags: TargetFlags, name: string) {
  const account = await findAccount(context)
  try {
    return await findPlace(context, account, { ...flags, name })
  } catch (error) {
    if (!(error instanceof CommandFailure) || isHost(name)) throw error
    context.log.warning(`the login server of ${name} is unknown: ${error.message}`)
    const place = await findPlace(context, undefined, { name })
    const { cloud } = place
    const { host } = new URL(cloud.endpoints.resourceManager)
    return cloud.isAcrux === true ? { ...place, loginServer: host } : place
  }
}
