import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import { readBlobText, readManifest, readManifestProperties, readReferrers, readTag } from '../../api/registry.ts'
import { parseImageConfig, parseIndex, parseManifest } from './parse-manifest.ts'

export type ManifestAddress = { readonly loginServer: string; readonly repository: string; readonly reference: string }

/** A configuration that is larger is not read. */
const maxConfigBytes = 4 * 1024 * 1024

const configTypes = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])

/** A manifest, and what it contains. */
export function useManifest({ loginServer, repository, reference }: ManifestAddress) {
  return useRead(['manifest', loginServer, repository, reference], async (signal) => {
    const raw = await readManifest(loginServer, repository, reference, signal)
    return { raw, content: parseManifest(raw.text) }
  })
}

/** The properties of a manifest: tags, times, locks. Null: the person may not read them. */
export function useManifestProperties({ loginServer, repository }: ManifestAddress, digest: string | undefined) {
  return useRead(
    ['manifest-properties', loginServer, repository, digest],
    digest !== undefined && ((signal) => orHidden(readManifestProperties(loginServer, repository, digest, signal))),
  )
}

/** The properties of the tag of an address: locks, last pull. Null: there is none, or the person may not read them. */
export function useTag({ loginServer, repository, reference }: ManifestAddress, isNeeded: boolean) {
  return useRead(
    ['tag', loginServer, repository, reference],
    isNeeded &&
      (async (signal) =>
        reference.includes(':') ? null : orHidden(readTag(loginServer, repository, reference, signal))),
  )
}

/** The configuration of an image. Null if the manifest has none that the portal can read. */
export function useImageConfig(
  { loginServer, repository }: ManifestAddress,
  config: { readonly digest: string; readonly mediaType: string; readonly size: number } | undefined,
) {
  return useRead(
    ['config', loginServer, repository, config?.digest],
    async (signal) => {
      if (config === undefined || !configTypes.has(config.mediaType) || config.size > maxConfigBytes) return null
      return parseImageConfig(await readBlobText(loginServer, repository, config.digest, signal))
    },
    { staleTime: Infinity },
  )
}

/** The manifests that refer to a manifest: signatures, SBOMs, attestations. */
export function useReferrers({ loginServer, repository }: Omit<ManifestAddress, 'reference'>, digest: string) {
  return useRead(['referrers', loginServer, repository, digest], async (signal) =>
    parseIndex(await readReferrers(loginServer, repository, digest, signal)),
  )
}
