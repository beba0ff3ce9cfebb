import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { arm, expectStatus, resourceGroupId } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import type { RunningServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux, startUntilReady, type Finished, type Started } from '../serve/acrux.ts'

/** The resource that az and the SDKs request for ARM. */
export const armResource = 'https://management.core.windows.net/'

/** A managed identity: a machine's own, or a user-assigned one. */
export interface Identity {
  /** The resource id. */
  id: string
  objectId: string
  clientId: string
}

/** The resource id of a machine of the first resource group. */
export function machineId(server: RunningServer, name: string): string {
  return `${resourceGroupId(server)}/providers/Microsoft.HybridCompute/machines/${name}`
}

/** Makes a user-assigned identity in the first resource group. */
export async function createIdentity(server: RunningServer, name: string): Promise<Identity> {
  const id = `${resourceGroupId(server)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
  const made = expectStatus(await arm(server, 'PUT', id, { location: 'local' }), 200, 201).json()
  return {
    id,
    objectId: stringAt(made, 'properties', 'principalId'),
    clientId: stringAt(made, 'properties', 'clientId'),
  }
}

/** Makes a machine, or changes what is attached to it. Returns the object id of its own identity. */
export async function putMachine(
  server: RunningServer,
  name: string,
  attached: readonly Identity[] = [],
): Promise<string> {
  const type = attached.length === 0 ? 'SystemAssigned' : 'SystemAssigned,UserAssigned'
  const userAssignedIdentities = Object.fromEntries(attached.map(({ id }) => [id, {}]))
  const body = { location: 'local', identity: { type, userAssignedIdentities } }
  const made = expectStatus(await arm(server, 'PUT', machineId(server, name), body), 200, 201).json()
  return stringAt(made, 'identity', 'principalId')
}

/** A code for the machine. */
export async function newCode(server: RunningServer, name: string): Promise<string> {
  const made = await arm(server, 'POST', `${machineId(server, name)}/enrollmentCode`)
  return stringAt(expectStatus(made, 200).json(), 'code')
}

/** Runs `acrux identity-endpoint enroll` to its end and does not check the result. */
export function enroll(server: RunningServer, code: string, stateDir: string): Promise<Finished> {
  const where = ['--server', server.baseUrl, '--ca', server.caFile, '--state-dir', stateDir]
  return runAcrux(['identity-endpoint', 'enroll', ...where, '--code', code])
}

/** A machine whose identity endpoint runs. Dispose of it, and neither the process nor its files are left. */
export interface RunningMachine extends AsyncDisposable {
  readonly stateDir: string
  readonly started: Started
  /** `http://127.0.0.1:PORT` */
  readonly origin: string
  /** The machine's own identity. */
  readonly own: Identity
  /** The header that programs send in the shape of App Service. */
  readonly header: string
  /** The variables of the two shapes. */
  readonly imds: Readonly<Record<string, string>>
  readonly appService: Readonly<Record<string, string>>
  readonly azureMl: Readonly<Record<string, string>>
  /** Asks as on a virtual machine, unchecked; the query follows the API version. */
  readonly ask: (query: string, headers?: Readonly<Record<string, string>>) => Promise<HttpResponse>
  /** A token of one of the identities; throws unless there is one. */
  readonly token: (query?: string, resource?: string) => Promise<string>
}

/** Makes a machine, enrolls it here and starts its identity endpoint. */
export async function startMachine(
  server: RunningServer,
  name: string,
  attached: readonly Identity[] = [],
  args: readonly string[] = [],
): Promise<RunningMachine> {
  const objectId = await putMachine(server, name, attached)
  const dir = tempDir('machine')
  const stateDir = join(dir.path, 'state')
  const enrolled = await enroll(server, await newCode(server, name), stateDir)
  if (enrolled.code !== 0) throw new Error(`the machine was not enrolled: ${enrolled.stderr}`)
  const started = await startEndpoint(stateDir, args)
  const origin = readyAt(started)
  const header = readFileSync(join(stateDir, 'identity-header'), 'utf8').trim()
  const state: unknown = JSON.parse(readFileSync(join(stateDir, 'machine.json'), 'utf8'))
  const ask: RunningMachine['ask'] = (query, headers = { metadata: 'true' }) =>
    request({ url: `${origin}/metadata/identity/oauth2/token?api-version=2018-02-01${query}`, headers })
  return {
    stateDir,
    started,
    origin,
    header,
    own: { id: machineId(server, name), objectId, clientId: stringAt(state, 'clientId') },
    imds: { AZURE_POD_IDENTITY_AUTHORITY_HOST: origin },
    appService: { IDENTITY_ENDPOINT: `${origin}/msi/token`, IDENTITY_HEADER: header },
    azureMl: { MSI_ENDPOINT: `${origin}/msi/token`, MSI_SECRET: header },
    ask,
    token: async (query = '', resource = armResource) =>
      stringAt(
        expectStatus(await ask(`&resource=${encodeURIComponent(resource)}${query}`), 200).json(),
        'access_token',
      ),
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]()
      dir.remove()
    },
  }
}

/** Starts `acrux identity-endpoint serve` on a free port. */
export function startEndpoint(stateDir: string, args: readonly string[] = []): Promise<Started> {
  const all = ['identity-endpoint', 'serve', '--listen', '127.0.0.1:0', '--state-dir', stateDir, ...args]
  return startUntilReady(all, readyPattern)
}

const readyPattern = /^acrux: identity endpoint ready at (http:\S+)$/m

/** The address of a running endpoint. */
export function readyAt(started: Started): string {
  const [, origin] = readyPattern.exec(started.stdout()) ?? []
  if (origin === undefined) throw new Error('the endpoint is not ready')
  return origin
}
