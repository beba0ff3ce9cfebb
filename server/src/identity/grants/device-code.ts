import type { Clock } from '../../platform/process/clock.ts'
import type { Devices } from '../devices.ts'
import { EntraError, type EntraErrorKind } from '../entra-errors.ts'
import type { Handle, HandlePerson } from '../handles.ts'
import { type PersonGrantOptions, mayAsk } from './authorization-code.ts'
import type { Grant, GrantRequest } from './grant.ts'
import { type PersonClient, requirePersonClient, requirePublicFlows } from './person-client.ts'
import type { BegunSignIn } from './person-tokens.ts'
import { readRequestedAccess } from './requested-access.ts'

type Options = PersonGrantOptions & { readonly clock: Clock; readonly devices: Devices }

type Redemption =
  { readonly ok: true; readonly begun: BegunSignIn } | { readonly ok: false; readonly kind: EntraErrorKind }

/** Makes the grant of devices whose person answers in a browser elsewhere. [RFC 8628 §3.4, §3.5] */
export function createDeviceCodeGrant(options: Options): Grant {
  const { database, clients, handles, tokens, clock } = options
  return async (request) => {
    const { form, progress } = request
    const by = await requirePersonClient(clients, request)
    requirePublicFlows(by)
    // MSAL sends it under both names.
    const deviceCode = form.get('device_code') ?? form.get('code') ?? ''
    if (deviceCode === '') throw new EntraError('missingParameter', ['device_code'])
    const found = await handles.findAny('device_code', deviceCode)
    if (found === undefined) throw new EntraError('badDeviceCode')
    const { data, signInId, hash } = found
    requireSame(request, by, found)
    if (!found.used && clock.now() >= found.expiresAtMs) throw new EntraError('expiredDeviceCode')
    const person = requireAnswer(options, found)
    // Device codes are sent for with the scope of the sign-in; what the poll says besides is the same or less.
    const access = readRequestedAccess(request, options, data)
    progress.resource = access.resource.aud
    if (!mayAsk(by, data, access.resource)) throw new EntraError('anotherResource', [by.client.clientId])
    const user = found.used ? undefined : await tokens.requireStanding(person.objectId, signInId)

    const redemption = await database.transaction(async (transaction): Promise<Redemption> => {
      const use = await handles.use(transaction, 'device_code', deviceCode)
      if (use.outcome !== 'used') return { ok: false, kind: refusals[use.outcome] }
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
      return { ok: true, begun: await tokens.begin(transaction, signIn) }
    })
    if (!redemption.ok) throw new EntraError(redemption.kind)
    options.devices.forget(hash)
    if (user === undefined || signInId === undefined) throw new EntraError('redeemedCode')
    return tokens.answer(request, { ...redemption.begun, user, by, person, signInId, access, nonce: undefined })
  }
}

const refusals = { unknown: 'badDeviceCode', expired: 'expiredDeviceCode', replayed: 'redeemedCode' } as const

function requireSame({ addressed }: GrantRequest, { client }: PersonClient, { data }: Handle<'device_code'>): void {
  const isSame = client.clientId === data.clientId && addressed.tenant.tenantId === data.tenantId
  if (!isSame) throw new EntraError('codeOfAnother')
}

/** Who let the device in. @throws EntraError as long as nobody has, or when it was turned away */
function requireAnswer({ devices }: Options, device: Handle<'device_code'>): HandlePerson {
  const { answer } = device.data
  if (answer === 'declined') throw new EntraError('declined')
  if (answer !== undefined) return answer
  devices.pace(device)
  throw new EntraError('pending')
}
