import type { Clock } from '../../platform/process/clock.ts'
import { type KnownSenders, createSenderBudget, oncePerRequest } from '../../platform/limits/sender-budget.ts'
import type { Database } from '../../platform/sql/database.ts'
import { type Handles, makeHandle, makeUserCode, parseUserCode } from '../grants/handles.ts'
import { recordSignIn } from '../grants/record-sign-in.ts'
import type { Clients } from '../tokens/clients.ts'
import { EntraError } from '../tokens/errors.ts'
import type { RequestedResource } from '../tokens/scopes.ts'
import { deviceCodeSeconds, devicePollSeconds } from '../tokens/token-parameters.ts'
import type { Credentials } from '../../credentials/index.ts'
import type { SignInProtocol } from './sign-in-protocol.ts'

export type DevicesOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly credentials: Credentials
  readonly clients: Clients
  readonly handles: Handles
  readonly senders: KnownSenders
}

/** The request of a device. */
export type DeviceAuthorization = {
  readonly tenantId: string
  readonly clientId: string
  readonly scope: string
  readonly resource: RequestedResource
  readonly remoteAddress: string
}

/** The codes of a device: it displays one and keeps the other secret. [RFC 8628 §3.2] */
export type DeviceCodes = {
  readonly deviceCode: string
  readonly userCode: string
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

/** How many device codes an address may request. Each device code is a row until it expires. */
const requestAllowance = { burst: 120, perSecond: 0.2 }

/**
 * How many user codes an address may try. Correct ones are limited too, otherwise the limit would reveal them. With codes of
 * 41 bits and a hundred devices waiting, all unauthenticated senders together find one code in about fifteen years.
 * [RFC 8628 §5.1]
 */
const guessAllowance = { burst: 120, perSecond: 1 }

export type Devices = ReturnType<typeof createDevices>

/** The devices that wait until a person signs in for them. */
export function createDevices(options: DevicesOptions) {
  const { database, clock, credentials, clients, handles, senders } = options
  const requests = oncePerRequest(createSenderBudget(clock, requestAllowance, senders))
  const guesses = oncePerRequest(createSenderBudget(clock, guessAllowance, senders))

  async function findWaiting(userCodeText: string, remoteAddress: string) {
    if (!guesses.spend(remoteAddress)) return 'throttled'
    const userCode = parseUserCode(userCodeText)
    if (userCode === undefined) return undefined
    const code = await handles.find('user_code', userCode)
    if (code === undefined) return undefined
    const device = await handles.findByHash('device_code', code.data.deviceHash)
    if (device === undefined || device.data.answer !== undefined) return undefined
    const client = await clients.find(device.data.clientId)
    return client && { userCode, device, client }
  }

  const protocol: Pick<SignInProtocol, 'findDeviceRequest' | 'answerDeviceRequest'> = {
    findDeviceRequest: async (userCode, remoteAddress) => {
      const found = await findWaiting(userCode, remoteAddress)
      if (found === undefined || found === 'throttled') return found
      const { resource, scope, requestedFrom } = found.device.data
      return { client: found.client, resource, scope, requestedFrom, expiresAtMs: found.device.expiresAtMs }
    },
    answerDeviceRequest: async (userCodeText, answer, remoteAddress) => {
      const found = await findWaiting(userCodeText, remoteAddress)
      if (found === undefined || found === 'throttled') return false
      const { userCode, device } = found
      const person = answer === 'declined' ? undefined : answer.person
      return database.transaction(async (transaction) => {
        const use = await handles.use(transaction, 'user_code', userCode)
        if (use.outcome !== 'used') return false
        const { data, hash } = device
        if (person === undefined) {
          return handles.bind(transaction, 'device_code', hash, { data: { ...data, answer: 'declined' } })
        }
        const { user, methods, authenticatedAtMs, signInId } = person
        const bound = { objectId: user.objectId, methods, authenticatedAtMs }
        const lifetimeMs = Math.max(0, device.expiresAtMs - clock.now())
        const newSignIn = { user, methods, authenticatedAtMs, clientId: data.clientId, lifetimeMs }
        const signIn = await recordSignIn(credentials, transaction, newSignIn, signInId)
        const owner = { objectId: user.objectId, signInId: signIn.id }
        return handles.bind(transaction, 'device_code', hash, { data: { ...data, answer: bound }, ...owner })
      })
    },
  }

  return {
    ...protocol,

    /** Creates the codes of a device. @throws EntraError 429 */
    authorize: async ({ remoteAddress, ...request }: DeviceAuthorization): Promise<DeviceCodes> => {
      if (!requests.spend(remoteAddress)) throw new EntraError('tooManyDeviceCodes')
      const deviceCode = makeHandle('device_code')
      const userCode = makeUserCode()
      const lifetimeMs = deviceCodeSeconds * 1000
      await database.transaction(async (transaction) => {
        const data = { ...request, requestedFrom: remoteAddress, answer: undefined }
        const deviceHash = await handles.put(transaction, 'device_code', deviceCode, { data, lifetimeMs })
        await handles.put(transaction, 'user_code', userCode, { data: { deviceHash }, lifetimeMs })
      })
      return { deviceCode, userCode, expiresInSeconds: deviceCodeSeconds, intervalSeconds: devicePollSeconds }
    },
  }
}
