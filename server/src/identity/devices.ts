import type { Credentials } from '../credentials/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import { type KnownSenders, createSenderBudget } from '../platform/limits/sender-budget.ts'
import type { Database } from '../platform/sql/database.ts'
import type { Clients } from './clients.ts'
import { EntraError } from './entra-errors.ts'
import { type Handle, type Handles, makeHandle, makeUserCode, parseUserCode } from './handles.ts'
import { recordPerson } from './person-standing.ts'
import type { RequestedResource } from './scopes.ts'
import type { SignInProtocol } from './sign-in-protocol.ts'
import { deviceCodeSeconds, devicePollSeconds } from './token-parameters.ts'

export type DevicesOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly credentials: Credentials
  readonly clients: Clients
  readonly handles: Handles
  readonly senders: KnownSenders
}

/** What a device asked to be let in to. */
export type DeviceAuthorization = {
  readonly tenantId: string
  readonly clientId: string
  readonly scope: string
  readonly resource: RequestedResource
  readonly remoteAddress: string
}

/** The codes that a device is given: one to show, one to keep. [RFC 8628 §3.2] */
export type DeviceCodes = {
  readonly deviceCode: string
  readonly userCode: string
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

/** How many device codes an address may ask for: each is a row until it expires. */
const requestAllowance = { burst: 120, perSecond: 0.2 }

/**
 * How many user codes an address may try, right ones too, or trying would still tell which are right. Against 41 bits and
 * a hundred codes that people wait for, all that strangers may try together finds one in some fifteen years.
 * [RFC 8628 §5.1]
 */
const guessAllowance = { burst: 120, perSecond: 1 }

/** How many devices are watched for asking too often. */
const pollMemory = 10_000
const longestIntervalMs = 60_000

export type Devices = ReturnType<typeof createDevices>

/** The devices that wait for their person. */
export function createDevices(options: DevicesOptions) {
  const { database, clock, credentials, clients, handles, senders } = options
  const requests = createSenderBudget(clock, requestAllowance, senders)
  const guesses = createSenderBudget(clock, guessAllowance, senders)
  const polls = new Map<string, { nextAtMs: number; intervalMs: number }>()

  async function findOpen(userCodeText: string, remoteAddress: string) {
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
      const found = await findOpen(userCode, remoteAddress)
      if (found === undefined || found === 'throttled') return found
      const { resource, scope, requestedFrom } = found.device.data
      return { client: found.client, resource, scope, requestedFrom, expiresAtMs: found.device.expiresAtMs }
    },
    answerDeviceRequest: async (userCodeText, answer, remoteAddress) => {
      const found = await findOpen(userCodeText, remoteAddress)
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
        const { user, methods, authenticatedAtMs } = person
        const bound = { objectId: user.objectId, methods, authenticatedAtMs }
        const lifetimeMs = Math.max(0, device.expiresAtMs - clock.now())
        const proof = { user, methods, authenticatedAtMs, clientId: data.clientId, lifetimeMs }
        const signIn = await recordPerson(credentials, transaction, proof)
        const owner = { objectId: user.objectId, signInId: signIn.id }
        return handles.bind(transaction, 'device_code', hash, { data: { ...data, answer: bound }, ...owner })
      })
    },
  }

  return {
    ...protocol,

    /** Makes the codes for a device. @throws EntraError 429 */
    authorize: async ({ remoteAddress, ...asked }: DeviceAuthorization): Promise<DeviceCodes> => {
      if (!requests.spend(remoteAddress)) throw new EntraError('tooManyDeviceCodes')
      const deviceCode = makeHandle('device_code')
      const userCode = makeUserCode()
      const lifetimeMs = deviceCodeSeconds * 1000
      await database.transaction(async (transaction) => {
        const data = { ...asked, requestedFrom: remoteAddress, answer: undefined }
        const deviceHash = await handles.put(transaction, 'device_code', deviceCode, { data, lifetimeMs })
        await handles.put(transaction, 'user_code', userCode, { data: { deviceHash }, lifetimeMs })
      })
      return { deviceCode, userCode, expiresInSeconds: deviceCodeSeconds, intervalSeconds: devicePollSeconds }
    },

    /** A device that has been answered asks no more. */
    forget: (hash: string): void => void polls.delete(hash),

    /** Refuses a device that asks again too soon, and lets it wait longer from then on. [RFC 8628 §3.5] @throws EntraError */
    pace: ({ hash }: Handle<'device_code'>): void => {
      const nowMs = clock.now()
      const poll = polls.get(hash)
      if (poll === undefined) {
        if (polls.size >= pollMemory) polls.clear()
        polls.set(hash, { nextAtMs: nowMs + devicePollSeconds * 1000, intervalMs: devicePollSeconds * 1000 })
        return
      }
      // A client's clock, and the way here, may take a little from the interval.
      const tooSoon = nowMs < poll.nextAtMs - 1000
      if (tooSoon) poll.intervalMs = Math.min(poll.intervalMs + 5000, longestIntervalMs)
      poll.nextAtMs = nowMs + poll.intervalMs
      if (tooSoon) throw new EntraError('slowDown')
    },
  }
}
