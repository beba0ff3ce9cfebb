import { AppLink } from '../elements/app-link.tsx'
import { ParentLink } from '../elements/parent-link.tsx'
import { texts } from '../texts/texts.ts'

/** A link from a view to the repositories of its registry. */
export function RepositoriesLink({ registry }: { readonly registry: string }) {
  return (
    <ParentLink>
      <AppLink inline to="/registries/$registry/repositories" params={{ registry }}>
        {texts.repositories}
      </AppLink>
    </ParentLink>
  )
}
