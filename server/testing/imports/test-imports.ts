import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLog } from '../../src/platform/log/log.ts'
import type { Database, DatabaseKind } from '../../src/platform/sql/database.ts'
import { createRegistry, type HostedRegistry, type RegistryContent } from '../../src/registry/index.ts'
import { openTestRegistry, type TestRegistry } from '../registry/test-registry.ts'
import { parseReference, type Tag } from '@acrux/shared/standards/oci/reference.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import { createImports, type Imports, type ImportsOptions } from '../../src/imports/imports.ts'
import { importMigrations } from '../../src/imports/migrations.ts'
import type { ImportCredentials, ImportFrom, ImportRequest, ImportStatus } from '../../src/imports/model.ts'

/** A registry with imports, which runs one import at a time. */
export type TestImports = TestRegistry & { readonly imports: Imports }

/** Opens a registry with imports. */
export async function openTestImports(
  kind: DatabaseKind,
  options: Pick<ImportsOptions, 'outbound' | 'tokenServices' | 'processes'> = {},
): Promise<TestImports> {
  const test = await openTestRegistry(kind, { migrations: importMigrations })
  return { ...test, imports: importsOf(test, { content: test.registry.content, ...options }) }
}

/** The imports of another process with the same database and blobs. */
export function importsOf(test: TestRegistry, options: Partial<ImportsOptions> = {}): Imports {
  const { database = test.database, content = contentOf(test, database) } = options
  const clock = { now: () => test.clock.nowMs }
  const log = createLog('silent')
  return createImports({ database, clock, log, audit: test.audit, content, maxConcurrent: 1, ...options })
}

/** The content of the registry, in the view of another process. */
export function contentOf(test: TestRegistry, database: Database = test.database): RegistryContent {
  return createRegistry({
    database,
    clock: { now: () => test.clock.nowMs },
    log: createLog('silent'),
    audit: test.audit,
    blobs: test.blobs,
    gate: {
      admit: () => Promise.reject(new Error('no surface is mounted')),
      admitAgain: () => Promise.reject(new Error('no surface is mounted')),
      denyOutdated: () => Promise.reject(new Error('no surface is mounted')),
    },
    registries: { byHost: () => Promise.resolve(undefined) },
    acceptsSparseImages: false,
  }).content
}

/** The repository of a test's source registry. */
export function fromRemote(host: string, credentials: ImportCredentials | undefined): ImportFrom {
  return { kind: 'remote', host, repository: 'up/app' as RepositoryName, credentials }
}

/** A repository of this server. */
export function fromLocal({ rid, loginServer }: HostedRegistry, repository: string) {
  return { kind: 'local', rid, host: loginServer, repository: repository as RepositoryName } as const
}

/** The source, the reference in the source, the tags by target repository, and whether the import replaces existing tags. */
export type ImportArguments = readonly [
  from: ImportFrom,
  reference: string,
  targets: Readonly<Record<string, readonly string[]>>,
  force?: boolean,
]

/** A request by `me`, a service principal with all permissions. */
export function importRequest(
  registry: HostedRegistry,
  ...[from, reference, targets, force = false]: ImportArguments
): ImportRequest {
  const parsed = parseReference(reference)
  assert.ok(parsed)
  const repositories = Object.entries(targets) as [RepositoryName, Tag[]][]
  return {
    from,
    reference: parsed,
    into: {
      registry,
      caller: {
        key: 'importer',
        actor: { kind: 'service-principal', id: 'importer' },
        deletionsSeen: Infinity,
        mayPull: () => Promise.resolve(false),
        identify: () => Promise.resolve({ kind: 'servicePrincipal', id: 'importer', name: 'Importer' } as const),
      },
      origin: { correlationId: 'c', remoteAddress: '127.0.0.1', userAgent: undefined },
    },
    targets: new Map(repositories),
    force,
    requester: 'me',
    explainDenial: () => Promise.resolve(undefined),
    pace: () => Promise.resolve(),
  }
}

/** The result of an import by `me`. */
export async function untilEnded(imports: Imports, id: string): Promise<ImportStatus> {
  for (;;) {
    const status = await imports.find(id, 'me')
    assert.ok(status)
    if (status.state !== 'running') return status
    await sleep(5)
  }
}
