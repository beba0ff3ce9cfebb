import { join } from 'node:path'
import { arm, assignRole, createServicePrincipal, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import type { TestDatabase } from '../harness/postgres.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer, type FirstRun } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { trustArguments, type TokenIssuer } from '../harness/token-issuer.ts'
import { startSubject } from './children.ts'
import type { Target } from './jobs.ts'
import { seedPostgres, seedSqlite } from './seed-database.ts'
import { appIdOf, seed, subjectOf, type Sizes } from './seed.ts'

/** A filled data directory, and everything that is needed to send requests to its server. */
export interface Filled extends Disposable {
  readonly dataDir: string
  readonly port: number
  readonly firstRun: FirstRun
  readonly sizes: Sizes
  /** The secret of every seeded principal. */
  readonly secret: string
  /** The external issuer that every seeded application trusts, if there is one. */
  readonly issuer: TokenIssuer | undefined
  /** The arguments of `acrux serve` that select its database and its object store. */
  readonly placeArgs: readonly string[]
  /** The main file of the server, if it is not that of this tree. */
  readonly main?: string | undefined
  /** The digest of the image of every repository. */
  readonly digest: string
}

/** A server on a filled data directory. */
export interface Subject {
  readonly filled: Filled
  readonly target: Target
  /** The certificate and key that the server shows, in one file. */
  readonly pairFile: string
  /** The value of `Authorization` with which a seeded principal authenticates. */
  basicOf(number: number): string
  /** Its application id. */
  appIdOf(number: number): string
  /** A token of the external issuer with which it authenticates. Throws if there is no issuer. */
  assertionOf(number: number): string
  ask(method: string, path: string, headers?: Record<string, string>, body?: Buffer | string): Promise<HttpResponse>
}

/** Where a server keeps its rows and blobs, if not in its data directory. */
interface Place {
  readonly database?: TestDatabase
  /** Arguments of the server, and its variables. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The main file of the server, if it is not that of this tree. */
  readonly main?: string
}

const exchangeAudience = 'api://AzureADTokenExchange'

/** Creates a registry through the server, stops the server, and fills the database, which is SQLite by default. */
export async function fill(sizes: Sizes, issuer?: TokenIssuer, place: Place = {}): Promise<Filled> {
  const { database: inPostgres, args = [], env = {}, main } = place
  const folder = tempDir('bench')
  try {
    const dataDir = join(folder.path, 'data')
    const placeArgs = [...(inPostgres?.args ?? []), ...args]
    const program = main === undefined ? {} : { program: [process.execPath, main] }
    await using server = await startServer({ dataDir, args: ['--log-level', 'error', ...placeArgs], env, ...program })
    const { firstRun, port } = server
    const principal = await createServicePrincipal(server, 'bench')
    await assignRole(server, principal.objectId, roles.acrPush, registryId(server))
    if (issuer !== undefined) {
      const credential = { name: 'bench', issuer: issuer.origin, subject: subjectOf(0), audiences: [exchangeAudience] }
      const path = `/applications/${principal.applicationObjectId}/federatedIdentityCredentials`
      expectStatus(await graph(server, 'POST', path, credential), 201)
    }
    const repository = 'bench/template'
    const { appId, password } = firstRun.servicePrincipal
    const { digest } = await pushImage(server, repository, '1', basic(appId, password))
    if (sizes.conditions !== undefined) {
      const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
      expectStatus(await arm(server, 'PATCH', registryId(server), mode), 200)
    }
    await server.stop()
    {
      using database = inPostgres === undefined ? seedSqlite(dataDir) : seedPostgres(inPostgres)
      seed(database, sizes, { repository, federated: issuer !== undefined, ...principal })
    }
    const made = { dataDir, port, firstRun, sizes, issuer, placeArgs, digest, main }
    return { ...made, secret: principal.password, [Symbol.dispose]: () => folder.remove() }
  } catch (cause) {
    folder.remove()
    throw cause
  }
}

/** Starts the server on a filled data directory, bound to a core. */
export async function startOn(
  filled: Filled,
  core: number,
  args: readonly string[],
): Promise<Subject & AsyncDisposable> {
  const { issuer, placeArgs } = filled
  const trust = issuer === undefined ? [] : trustArguments(issuer)
  const child = await startSubject(filled, core, [...placeArgs, ...trust, ...args])
  return { ...runningOn(filled, child.pid), [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
}

/** The server that runs on a filled data directory as a process. */
export function runningOn(filled: Filled, pid: number): Subject {
  const { dataDir, port, firstRun, secret, issuer } = filled
  return {
    filled,
    target: { port, servername: 'localhost', caFile: firstRun.caFile, pid },
    pairFile: join(dataDir, 'tls', 'server.pem'),
    basicOf: (number) => basic(appIdOf(number), secret),
    appIdOf,
    assertionOf: (number) => {
      if (issuer === undefined) throw new Error('no application trusts an external issuer')
      return issuer.token({ sub: subjectOf(number), aud: exchangeAudience })
    },
    ask: (method, path, headers = {}, body) => {
      const url = `https://localhost:${port}${path}`
      return request({ method, url, headers, caFile: firstRun.caFile, ...(body !== undefined && { body }) })
    },
  }
}
