import type { Clock } from '../../platform/process/clock.ts'
import type { PortalSession, PortalSignIns } from '../sessions/model.ts'
import type { ApiTarget } from './api-target.ts'

/** A dangerous request: it deletes or replaces content, gives, shows or withdraws access, or fills a disk. */
type DangerousRow = { readonly surface: ApiTarget['surface']; readonly methods: string; readonly path: RegExp }

// prettier-ignore
/** Which requests are dangerous. Paths are those of the surface, without the query, in lower case. */
const dangerousRows: readonly DangerousRow[] = [
  { surface: 'arm',      methods: 'POST',              path: /\/(?:listcredentials|regeneratecredential|generatecredentials)$/ },
  { surface: 'arm',      methods: 'POST',              path: /\/(?:rotatesigningkeys|withdrawsigningkeys)$/ },
  { surface: 'arm',      methods: 'POST',              path: /\/acrux\.server\/(?:backup|garbagecollection)$/ },
  { surface: 'arm',      methods: 'PUT DELETE',        path: /\/auditwebhooks\/[^/]+$/ },
  { surface: 'arm',      methods: 'POST',              path: /\/auditwebhooks\/[^/]+\/(?:rotatesecret|getcallbackconfig)$/ },
  { surface: 'arm',      methods: 'DELETE',            path: /\/registries\/[^/]+$/ },
  { surface: 'arm',      methods: 'DELETE',            path: /\/resourcegroups\/[^/]+$/ },
  { surface: 'arm',      methods: 'DELETE',            path: /\/acrux\.server\/uploads\/[^/]+$/ },
  { surface: 'arm',      methods: 'PUT DELETE',        path: /\/microsoft\.authorization\/role(?:assignments|definitions)\/[^/]+$/ },
  { surface: 'arm',      methods: 'PUT PATCH',         path: /\/registries\/[^/]+$/ },
  { surface: 'arm',      methods: 'PUT PATCH DELETE',  path: /\/registries\/[^/]+\/(?:scopemaps|tokens)\/[^/]+$/ },
  { surface: 'arm',      methods: 'PUT DELETE',        path: /\/acrux\.server\/(?:anonymousaccess|quotas)\/[^/]+$/ },
  { surface: 'arm',      methods: 'POST',              path: /\/registries\/[^/]+\/importimage$/ },
  { surface: 'graph',    methods: 'POST',              path: /\/(?:addpassword|removepassword)$/ },
  { surface: 'arm',      methods: 'PUT PATCH DELETE',  path: /\/(?:userassignedidentities|machines|federatedidentitycredentials)\/[^/]+$/ },
  { surface: 'arm',      methods: 'POST',              path: /\/enrollmentcode$/ },
  { surface: 'graph',    methods: 'POST',              path: /\/users$/ },
  { surface: 'graph',    methods: 'PATCH DELETE',      path: /\/(?:users|applications|serviceprincipals|groups|directoryobjects)\/[^/]+$/ },
  { surface: 'graph',    methods: 'POST DELETE',       path: /\/users\/[^/]+\/authentication\/./ },
  { surface: 'graph',    methods: 'POST DELETE',       path: /\/(?:members|owners)\/(?:[^/]+\/)?\$ref$/ },
  { surface: 'graph',    methods: 'POST DELETE',       path: /\/directory\/roleassignments(?:\/[^/]+)?$/ },
  { surface: 'graph',    methods: 'POST PATCH DELETE', path: /\/federatedidentitycredentials(?:\/[^/]+)?$/ },
  { surface: 'registry', methods: 'POST PUT PATCH DELETE', path: /./ },
]

/** How long an authentication suffices for dangerous requests. */
export const freshMs = 10 * 60 * 1000

/**
 * Whether the person must authenticate again before a dangerous request. People with a second factor must; for others, it
 * would only ask for the password that the same browser may have stored.
 */
export async function needsStepUp(
  { clock, signIns }: { readonly clock: Clock; readonly signIns: Pick<PortalSignIns, 'hasSecondFactor'> },
  session: Pick<PortalSession, 'objectId' | 'authenticatedAtMs'>,
): Promise<boolean> {
  return clock.now() - session.authenticatedAtMs >= freshMs && signIns.hasSecondFactor(session.objectId)
}

/** Whether a request deletes or replaces content, gives, shows or withdraws access, or fills a disk. */
export function isDangerous(method: string, { surface, url }: Pick<ApiTarget, 'surface' | 'url'>): boolean {
  // The router of ARM and Graph ignores case, repeated slashes, a slash at the end and percent-encoding.
  const path = decoded(url.split('?')[0] ?? '')
    .toLowerCase()
    .replaceAll(/\/{2,}/g, '/')
    .replace(/\/$/, '')
  return dangerousRows.some(
    (row) => row.surface === surface && row.methods.split(' ').includes(method) && row.path.test(path),
  )
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
