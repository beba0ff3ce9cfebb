import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseReference, type Tag } from '../../standards/oci/reference.ts'
import type { RepositoryName } from '../../standards/oci/repository-name.ts'
import type { HostedRegistry } from '../surface/ports.ts'
import type { ImportCredentials, ImportFrom } from './import-source.ts'
import type { Imports, ImportRequest, ImportStatus } from './imports.ts'

/** The repository of a test's source registry. */
export function fromElsewhere(host: string, credentials: ImportCredentials | undefined): ImportFrom {
  return { kind: 'elsewhere', host, repository: 'up/app' as RepositoryName, credentials }
}

/** A request of `me`, by a service principal with every right. */
export function importRequest(
  registry: HostedRegistry,
  from: ImportFrom,
  reference: string,
  targets: Readonly<Record<string, readonly string[]>>,
  force = false,
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
        mayPull: () => false,
      },
      origin: { correlationId: 'c', remoteAddress: '127.0.0.1', userAgent: undefined },
    },
    targets: new Map(repositories),
    force,
    asker: 'me',
  }
}

/** How an import of `me` ended. */
export async function untilEnded(imports: Imports, id: string): Promise<ImportStatus> {
  for (;;) {
    const status = await imports.find(id, 'me')
    assert.ok(status)
    if (status.state !== 'running') return status
    await sleep(5)
  }
}
