import type { HttpResponse } from '../../../clients/http/http.ts'
import { type Access, askDataPlane } from '../../../clients/registry/data-plane.ts'

const accepted = [
  'application/vnd.oci.artifact.manifest.v1+json',
  'application/vnd.cncf.oras.artifact.manifest.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/** Gets a manifest by its tag or digest. @throws RegistryError */
export function getManifest(access: Access, repository: string, reference: string): Promise<HttpResponse> {
  const accept = ['*/*', ...accepted].join(', ')
  return askDataPlane(access, { method: 'GET', path: `/v2/${repository}/manifests/${reference}`, accept })
}
