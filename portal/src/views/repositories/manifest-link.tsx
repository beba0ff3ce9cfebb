import { AppLink } from '../../components/elements/app-link.tsx'
import { Digest } from '../../components/registries/digest.tsx'

type ManifestLinkProps = { readonly registry: string; readonly repository: string; readonly reference: string }

/** A link to a manifest by tag or digest. */
export function ManifestLink({ registry, repository, reference }: ManifestLinkProps) {
  return (
    <AppLink
      to="/r/$registry/repositories/$repository/manifests/$reference"
      params={{ registry, repository, reference }}
    >
      {reference.includes(':') ? <Digest digest={reference} /> : reference}
    </AppLink>
  )
}
