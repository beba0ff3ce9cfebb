import { operationsTexts } from '../texts/operations.ts'
import { AppLink } from './app-link.tsx'

/** A link to the explanation of a denial. */
export function ExplainLink({ id, registry }: { readonly id: string; readonly registry: string | undefined }) {
  if (registry === undefined) {
    return (
      <AppLink to="/denials/$id" params={{ id }}>
        {operationsTexts.explain}
      </AppLink>
    )
  }
  return (
    <AppLink to="/r/$registry/denials/$id" params={{ registry, id }}>
      {operationsTexts.explain}
    </AppLink>
  )
}
