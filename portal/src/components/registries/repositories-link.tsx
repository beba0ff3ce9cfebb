import { TrailLink } from '../elements/trail-link.tsx'
import { texts } from '../texts/texts.ts'
import { useAddressedRegistry } from './addressed-registry.ts'

/** A link from a view to the repositories of its registry, for the path to the view. */
export function RepositoriesLink() {
  const { name } = useAddressedRegistry()
  return (
    <TrailLink to="/r/$registry/repositories" params={{ registry: name }}>
      {texts.repositories}
    </TrailLink>
  )
}
