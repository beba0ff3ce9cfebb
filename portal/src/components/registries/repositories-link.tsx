import { AppLink } from '../elements/app-link.tsx'
import { ParentLink } from '../elements/parent-link.tsx'
import { texts } from '../texts/texts.ts'
import { useAddressedRegistry } from './addressed-registry.ts'

/** A link from a view to the repositories of its registry. */
export function RepositoriesLink() {
  const { name } = useAddressedRegistry()
  return (
    <ParentLink>
      <AppLink inline to="/r/$registry/repositories" params={{ registry: name }}>
        {texts.repositories}
      </AppLink>
    </ParentLink>
  )
}
