import type { Clock } from '../../platform/process/clock.ts'
import type { DevicePolls } from './device-polls.ts'
import { EntraError, type EntraErrorKind } from '../tokens/errors.ts'
import type { Handle, HandlePerson } from './handles.ts'
import { type PersonGrantOptions, mayRequest } from './authorization-code-grant.ts'
import type { Grant, GrantRequest } from './grant.ts'
import { type PersonClient, requirePersonClient, requirePublicFlows } from './person-client.ts'
import type { StartedSignIn } from './person-tokens.ts'
import { requireRequestedAccess } from './requested-access.ts'

type Options = PersonGrantOptions & { readonly clock: Clock; readonly devicePolls: DevicePolls }

type Redemption =
  { readonly ok: true; readonly started: StartedSignIn } | { readonly ok: false; readonly kind: EntraErrorKind }

/** Creates the device code grant: the user signs in with a browser on any device. [RFC 8628 §3.4, §3.5] */
export function createDeviceCodeGrant(options: Options): Grant {
  const { database, clients, handles, tokens, clock } = options
  return async (request) => {
    const { form, progress } = request
    const caller = await requirePersonClient(clients, request)
    requirePublicFlows(caller)
    // Some versions of MSAL name the parameter `code`.
    const deviceCode = form.get('device_code') ?? form.get('code') ?? ''
    if (deviceCode === '') throw new EntraError('missingParameter', ['device_code'])
    const found = await handles.findAny('device_code', deviceCode)
    if (found === undefined) throw new EntraError('badDeviceCode')
    const { data, signInId, hash } = found
    requireSameClient(request, caller, found)
    if (!found.used && clock.now() >= found.expiresAtMs) throw new EntraError('expiredDeviceCode')
    const person = requireAnswer(options, found)
    // The device code has the scope of the sign-in. The poll may repeat or narrow it.
    const access = requireRequestedAccess(request, options, data)
    progress.resource = access.resource.aud
    if (!mayRequest(caller, data, access.resource)) throw new EntraError('anotherResource', [caller.client.clientId])
    const user = found.used ? undefined : await tokens.requireStanding(person.objectId, signInId)

    const redemption = await database.transaction(async (transaction): Promise<Redemption> => {
      const use = await handles.use(transaction, 'device_code', deviceCode)
      if (use.outcome !== 'used') return { ok: false, kind: rejections[use.outcome] }
      if (signInId === undefined) return { ok: false, kind: 'revoked' }
      const { tenantId, clientId } = data
      const signIn = {
        tenantId,
        clientId,
        platform: 'publicClient',
        person,
        signInId,
        access,
        origin: request.origin,
      } as const
      return { ok: true, started: await tokens.start(transaction, signIn) }
    })
    if (!redemption.ok) throw new EntraError(redemption.kind)
    options.devicePolls.remove(hash)
    if (user === undefined || signInId === undefined) throw new EntraError('redeemedCode')
    return tokens.issue(request, {
      ...redemption.started,
      user,
      caller,
      person,
      signInId,
      access,
      nonce: undefined,
    })
  }
}

const rejections = { unknown: 'badDeviceCode', expired: 'expiredDeviceCode', replayed: 'redeemedCode' } as const

function requireSameClient(
  { addressed }: GrantRequest,
  { client }: PersonClient,
  { data }: Handle<'device_code'>,
): void {
  const isSame = client.clientId === data.clientId && addressed.tenant.tenantId === data.tenantId
  if (!isSame) throw new EntraError('codeOfAnother')
}

/** The person who approved the device. @throws EntraError if nobody has yet, or the person declined */
function requireAnswer({ devicePolls }: Options, device: Handle<'device_code'>): HandlePerson {
  const { answer } = device.data
  if (answer === 'declined') throw new EntraError('declined')
  if (answer !== undefined) return answer
  devicePolls.pace(device)
  throw new EntraError('pending')
}
