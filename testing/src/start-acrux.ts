import { readFileSync } from 'node:fs'
import type { Acrux, AcruxOptions, Decision, Principal, RecordedRequest } from './api/api.ts'
import { onFailure } from './members/attach.ts'
import { createClock } from './members/clock.ts'
import { variablesOf } from './members/environment.ts'
import { createFaults } from './members/faults.ts'
import { createPrincipals } from './members/principals.ts'
import { openRegistry } from './members/registry.ts'
import { type EmulatorProcess, startEmulator } from './process/emulator-process.ts'
import { tempFolder } from './process/temp-folder.ts'
import { trustAuthority } from './process/trust.ts'
import { textAt } from './wire/fields.ts'
import { type Session, armScope, openSession } from './wire/session.ts'

/**
 * Starts an emulator of Azure Container Registry as a child process. The child process ends when this process ends.
 *
 * @throws AcruxStartError
 */
export async function startAcrux(options: AcruxOptions = {}): Promise<Acrux> {
  const emulator = await startEmulator(options)
  try {
    return await openAcrux(emulator, options)
  } catch (cause) {
    await emulator.stop()
    throw cause
  }
}

async function openAcrux({ ready, output, stop }: EmulatorProcess, options: AcruxOptions): Promise<Acrux> {
  const ca = ready.caFile ? readFileSync(ready.caFile, 'utf8') : ''
  if (ca !== '' && options.trust !== false) trustAuthority(ca)
  const session = openSession(ready, ca === '' ? undefined : ca)
  const owner = await ownerOf(session)
  const clock = createClock(session)
  const files = tempFolder()
  let isAttached = false
  /** The data that a failed test reports. A test may stop the emulator before the test runner knows that the test failed. */
  let denials = () => decisions(session, 10).catch(() => [])
  const stopAll = async () => {
    files.remove()
    if (isAttached) {
      const last = await denials()
      denials = async () => last
    }
    await stop()
  }
  return {
    url: ready.url,
    loginServer: ready.loginServer,
    tenantId: ready.tenantId,
    subscriptionId: ready.subscriptionId,
    ca,
    caFile: ready.caFile ?? '',
    owner,
    clock,
    ...createPrincipals(session, owner, clock),
    ...createState(session),
    registry: (name = ready.registry) => openRegistry(session, name, clock),
    env: (client) => variablesOf(client, ready, files.folderOf),
    faults: createFaults(session),
    logs: output.text,
    attach: (t) => {
      if (options.log === 'silent') return
      isAttached = true
      const start = output.position()
      onFailure(t, async () => {
        process.stderr.write(failureReport(output.since(start), await denials()))
      })
    },
    stop: stopAll,
    [Symbol.asyncDispose]: stopAll,
  }
}

/** The owner, with the object id from the tokens of the owner. */
async function ownerOf({ ready, signIn }: Session): Promise<Principal> {
  const owner: Principal = { kind: 'ServicePrincipal', objectId: '', ...ready.owner }
  const { token } = await signIn(owner, armScope)
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return { ...owner, objectId: textAt(claims, 'oid') }
}

type State = Pick<Acrux, 'requests' | 'lastDenial' | 'reset' | 'snapshot' | 'restore' | 'workloadToken'>

/** The members that send requests to the control API. */
function createState(session: Session): State {
  const { control } = session
  let snapshots = 0
  return {
    requests: async () => (await control('GET', '/requests')).json as RecordedRequest[],
    lastDenial: async () => (await decisions(session, 1)).at(-1),
    reset: async () => void (await control('POST', '/state/reset')),
    snapshot: async (name = `snapshot-${(snapshots += 1)}`) => {
      await control('POST', `/state/snapshots/${encodeURIComponent(name)}`)
      return name
    },
    restore: async (name) => void (await control('POST', `/state/snapshots/${encodeURIComponent(name)}/restore`)),
    workloadToken: async (claims) => textAt((await control('POST', '/workload-tokens', claims)).json, 'token'),
  }
}

async function decisions({ control }: Session, last: number): Promise<Decision[]> {
  return (await control('GET', `/decisions?last=${last}`)).json as Decision[]
}

/** The text that a failed test writes. */
function failureReport(log: string, denials: readonly Decision[]): string {
  const lines = denials.map(({ at, principal, action, repository, reason, remedy }) => {
    const what = [principal ?? 'anonymous', action, repository ?? ''].filter((each) => each !== '').join(' ')
    return `  ${at} ${what}: ${reason ?? 'denied'}${remedy === null ? '' : `. ${remedy}`}\n`
  })
  const denied = lines.length === 0 ? '' : `acrux: the last denials:\n${lines.join('')}`
  return `acrux: the log during the test:\n${log}${denied}`
}
